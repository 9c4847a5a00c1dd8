//! driftgate audits Amazon API Gateway V2 stages against YAML policies.

pub mod check;
pub mod emulator;
pub mod gate;
pub mod model;
pub mod policy;
