//! Help for people who write policies: what the language has, what a rule says, and what is probably a mistake.

pub mod describe;
pub mod learn;
pub mod lint;
pub mod mutation;
pub mod outline;
pub mod reference;
pub mod schema;
