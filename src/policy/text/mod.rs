//! A YAML text as a tree in which every value knows its place, and the mistakes in it. It must not know the language.

pub mod aliases;
pub mod diagnostic;
pub mod foreign;
pub mod keys;
pub mod lines;
pub mod scalar;
pub mod yaml;
