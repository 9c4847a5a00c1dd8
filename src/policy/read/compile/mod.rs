//! A pattern's YAML to a compiled pattern, by the type of its field. It notes every mistake and knows
//! no file but the one it reads.

mod compiler;
mod literal;
mod names;
mod range;
mod setting;

pub use compiler::{Compiler, Expectation, WAIVED};
pub use literal::as_meant;
