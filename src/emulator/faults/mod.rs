//! Faults, the answers that they corrupt, and the request quota.

pub mod corrupt;
pub mod fault;
pub mod throttle;
