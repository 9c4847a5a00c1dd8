//! driftgate audits Amazon API Gateway V2 stages against YAML policies.

pub mod gate;
pub mod model;
