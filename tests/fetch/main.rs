//! The fetch through the real SDK against the emulator: what is read, what becomes a gap, and how many requests it takes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed, as it should")]

mod accounts;
mod faults;
mod harness;
mod narrowing;
mod pacing;
mod starting;
