//! The JSON result, written, read and merged. Its keys and their order are a promise (version 1), so its types are its
//! own and must not follow the model's names.

#[macro_use]
mod json;

mod actual;
mod blocks;
mod build;
mod document;
mod interner;
mod lists;
mod merge;
mod read;
mod rebuild;
mod records;
mod saved;
mod schema;
#[cfg(test)]
mod tests;
mod write;

pub use self::merge::merge;
pub use self::read::read;
pub use self::saved::{Error, Saved};
pub use self::schema::schema;
pub(super) use self::write::write;
