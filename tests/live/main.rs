//! The binary against the control plane of the emulator: its faults, the fetch for coverage, and what shards make of it
//! together.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod coverage;
mod faults;
mod harness;
mod narrowed;
mod shards;
