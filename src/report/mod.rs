//! The reports: the facts of an audit in words and formats. They must not know policies, sources or the gate's rules;
//! they never decide anything.

pub(crate) mod escape;
mod facts;
mod format;
pub(crate) mod page;
pub mod result;
#[cfg(test)]
mod sample;
mod words;

pub use self::escape::json::escaped_json;
pub use self::escape::visible;
pub use self::facts::{Facts, Run, ShardInfo, Style};
pub use self::format::{FORMATS, Format, Render};
pub use self::page::Page;
pub use self::result::schema as result_schema;
pub use self::words::found;
