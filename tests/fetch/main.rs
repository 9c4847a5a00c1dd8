//! The fetch through the real SDK against the emulator: stages, gaps and numbers of requests.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

mod accounts;
mod faults;
mod harness;
mod narrowing;
mod pacing;
mod starting;
