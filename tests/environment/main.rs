//! The environment and the profile: whatever they hold, the program reports the mistake in a line, or goes on.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod credentials;
mod run;
mod settings;
