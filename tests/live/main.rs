//! The binary against the control plane of the emulator: what fails there, and what is fetched for coverage.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

mod coverage;
mod faults;
mod harness;
