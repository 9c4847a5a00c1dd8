//! Help for people who write policies: the language described, rules in words, and warnings of probable mistakes.

pub mod describe;
pub mod learn;
pub mod lint;
pub mod mutation;
pub mod outline;
pub mod reference;
pub mod schema;
