//! A pattern's YAML to a compiled pattern, by the type of its field. It notes every mistake and knows
//! no file but the one it reads.

mod compiler;
mod cure;
mod expectation;
mod literal;
mod names;
mod range;
mod setting;

pub use compiler::{Compiler, WAIVED};
pub use expectation::Expectation;
pub use literal::as_meant;
