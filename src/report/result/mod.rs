//! The JSON result, written, read and merged. Its keys and their order are a promise (version 1), so its types are its
//! own and must not follow the model's names.

mod actual;
mod blocks;
mod findings;
mod merge;
mod parts;
mod read;
mod saved;
mod schema;
mod shared;
#[cfg(test)]
mod tests;
mod types;
mod write;

pub use self::merge::merge;
pub use self::read::read;
pub use self::saved::{Error, Saved};
pub use self::schema::schema;
pub(super) use self::write::write;
