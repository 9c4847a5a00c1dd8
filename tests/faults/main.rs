//! Failure is a result: whatever goes wrong, unread parts are gaps, read stages are right, and the counts agree.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

mod audit;
mod credentials;
mod endpoint;
mod front;
mod matrix;
mod table;
mod world;
