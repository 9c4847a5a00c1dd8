//! What goes wrong: faults, what they make of right answers, and the request quota.

pub mod corrupt;
pub mod fault;
pub mod throttle;
