//! The steps of a run that commands share: policies, state, check, gate, reports.

mod clock;
pub mod judge;
pub mod policies;
pub mod shard;
pub mod source;
pub mod spool;

pub use self::clock::{moment_now, now, today};
