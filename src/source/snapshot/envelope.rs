//! The first and the last line of a snapshot.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::json;
use crate::model::state::{Gap, Narrowing, Scope, ScopeName, Warning};

pub const FORMAT: &str = "driftgate.snapshot";
pub const VERSION: u64 = 1;
/// The last member of the trailer: the digest of everything before it.
pub const TRAILER_CHECKSUM: &str = "trailer-sha256";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u64,
    /// The time of the snapshot, RFC 3339; absent in a reproducible one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    #[serde(default)]
    pub scopes: Option<Vec<ScopeName>>,
    /// The narrowing; nothing is known of the rest.
    #[serde(default, skip_serializing_if = "Narrowing::is_none")]
    pub narrowing: Narrowing,
}

/// The last line. Its last member is [`TRAILER_CHECKSUM`].
#[derive(Debug, Serialize, Deserialize)]
pub struct Trailer {
    pub stages: u64,
    #[serde(default)]
    pub scopes: Option<Vec<Scope>>,
    /// Everything that could not be read.
    #[serde(default)]
    pub unchecked: Vec<Gap>,
    /// The warnings of the run that took the snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// True if everything was read.
    pub complete: bool,
    /// SHA-256 over the lines before this one, the header among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Reads a header or a trailer. No member may be there twice, known or not.
pub fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, serde_json::Error> {
    json::parse(line)?;
    serde_json::from_slice(line)
}
