//! The policy language: YAML to checked, compiled patterns, and what they say of a stage. After reading, no I/O.
//!
//! In the order of the arrows: [`text`] makes a tree of a YAML text, [`language`] has the patterns and their tests,
//! [`cel`] the expressions of `assert`, [`read`] compiles policies and waivers of them, and [`author`] helps the people
//! who write them.

pub mod author;
#[cfg(feature = "cel")]
pub mod cel;
pub mod language;
pub mod read;
pub mod text;
#[cfg(not(feature = "cel"))]
pub mod without_cel;

pub use read::load::{load, load_tuned};
pub use read::policies::{Policies, Policy, Rule};
#[cfg(not(feature = "cel"))]
pub use without_cel as cel;
