//! The nouns: the stage document and its catalogue of fields, states, findings and outcomes. No I/O, no clock.

pub mod catalogue;
pub mod consistency;
pub mod decode;
pub mod digest;
pub mod document;
pub mod fault;
pub mod finding;
pub mod judgement;
pub mod lines;
pub mod outcome;
mod passed;
pub mod path;
pub mod projection;
pub mod register;
pub mod seal;
pub mod secret;
pub mod severity;
pub mod state;
pub mod value;

pub use document::Document;
pub use outcome::Outcome;
pub use passed::EachOnce;
pub use path::Path;
pub use severity::Severity;
pub use value::Value;
