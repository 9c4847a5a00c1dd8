//! The fetch through the real SDK against the emulator: what is read, what becomes a gap, and how many requests it takes.

mod faults;
mod harness;
mod narrowing;
mod pacing;
mod starting;
