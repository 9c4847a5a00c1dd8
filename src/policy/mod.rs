//! The policy language: YAML to checked, compiled patterns, and what they say of a stage. After reading, no I/O.

pub mod access_log;
#[cfg(feature = "cel")]
pub mod assertion;
#[cfg(not(feature = "cel"))]
#[path = "assertion/without.rs"]
pub mod assertion;
pub mod builtin;
pub mod compile;
pub mod describe;
pub mod diagnostic;
pub mod example;
pub mod explain;
pub mod fields;
pub mod files;
pub mod foreign;
pub mod glob;
mod keys;
pub mod learn;
pub mod lint;
pub mod load;
pub mod mutation;
pub mod operator;
pub mod outline;
pub mod pattern;
pub mod policies;
pub mod reference;
pub mod schema;
pub mod template;
pub mod truth;
pub mod waiver;
pub mod yaml;

pub use load::load;
pub use policies::{Policies, Policy, Rule};
