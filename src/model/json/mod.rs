//! JSON that others wrote: read strictly, and with mistakes that never quote a value.

mod keys;
mod mistake;
mod unique;

pub use keys::{EachOnce, Key, ObjectKeys};
pub use mistake::{describe, kind_of};
pub use unique::parse;
