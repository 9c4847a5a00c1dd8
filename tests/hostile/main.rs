//! A hostile server: raw bytes on a socket. Whatever it sends, unread parts are gaps, read stages are right, and
//! neither time nor memory grows.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

#[expect(
    dead_code,
    reason = "the control plane of tests/faults is not needed here"
)]
#[path = "../faults/audit.rs"]
mod audit;
mod bodies;
mod doubled;
mod members;
mod missing;
mod roles;
mod server;
mod world;
