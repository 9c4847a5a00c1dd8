//! Faults, the answers that they corrupt, and the request quota.

pub mod corrupt;
mod fault;
mod throttle;

pub use self::fault::{ArmedFault, Effect, Fault, Target, When};
pub use self::throttle::{Buckets, Throttle};
