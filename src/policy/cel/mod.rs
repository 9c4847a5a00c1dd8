//! `assert`: expressions in CEL over one stage.

mod analyze;
mod assertion;
mod bind;
mod logic;
mod mistakes;
mod parse;
mod place;
mod program;
mod sample;
mod shape;
mod size;
#[cfg(test)]
mod tests;
mod why;

pub use assertion::Assertion;
