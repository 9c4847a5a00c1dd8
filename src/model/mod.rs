//! The nouns: the stage document and its catalogue of fields, states, findings and outcomes. No I/O, no clock.

pub mod catalogue;
pub mod consistency;
pub mod decode;
pub mod digest;
pub mod document;
pub mod finding;
pub mod json;
pub mod judgement;
pub mod moment;
pub mod path;
pub mod projection;
pub mod protocol;
pub mod results;
pub mod scan;
pub mod secret;
pub mod severity;
pub mod state;
pub mod value;

pub use document::Document;
pub use json::EachOnce;
pub use path::Path;
pub use results::Results;
pub use severity::Severity;
pub use value::Value;
