//! Files of policies and waivers to compiled ones: every mistake with its place, or what can be trusted.

pub mod builtin;
pub mod compile;
pub mod example;
pub mod files;
pub mod load;
pub mod policies;
mod replaces;
mod rule;
pub mod tuning;
pub mod values;
pub mod waiver;
