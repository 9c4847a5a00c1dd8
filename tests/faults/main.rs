//! Failure is a result: whatever goes wrong, what was not read is said, what was read is right, and the books balance.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed, as it should")]

mod audit;
mod credentials;
mod endpoint;
mod front;
mod matrix;
mod table;
mod world;
