//! The lines of a spool. It must not know files.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::model::json;
use crate::model::state::{FoundNames, Scope, Warning};

pub const FORMAT: &str = "driftgate.spool";
pub const VERSION: u64 = 2;
/// The member that ends each line but the first and those of stages: the digest of everything before it.
pub const DIGEST: &str = "sha256";
/// The settings that decide which stages are fetched and kept, by name. A spool serves only runs with equal settings.
pub type RunKey = BTreeMap<String, String>;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    pub format: String,
    pub version: u64,
    /// The time when the first run began it, as RFC 3339.
    pub begun: String,
    #[serde(default, rename = "asked")]
    pub key: RunKey,
}

/// The last line of an account's Region.
#[derive(Debug, Serialize, Deserialize)]
pub struct Closing {
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The names of flags that were found.
    #[serde(default)]
    pub found: FoundNames,
    pub lines: u64,
}

/// The first line of a further run.
#[derive(Debug, Serialize, Deserialize)]
pub struct NextRun {
    pub run: u64,
}

/// The last line of a run that ended with gaps.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    pub ended: bool,
}

pub type RegionKey = (String, String);

/// A line but the first. Each kind begins in its own way.
pub enum SpoolLine {
    Stage(RegionKey),
    Closing(Box<Closing>),
    NextRun(u64),
    Ended,
}

#[derive(Deserialize)]
struct StageKey<'l> {
    #[serde(borrow)]
    account: Cow<'l, str>,
    #[serde(borrow)]
    region: Cow<'l, str>,
    #[serde(rename = "api")]
    _api: IgnoredAny,
    #[serde(rename = "stage")]
    _stage: IgnoredAny,
}

impl SpoolLine {
    pub fn read(line: &[u8]) -> Result<Self, String> {
        let words = |error: serde_json::Error| json::describe(&error);
        if line.starts_with(b"{\"account\":") {
            let StageKey {
                account, region, ..
            } = serde_json::from_slice(line).map_err(words)?;
            Ok(Self::Stage((account.into_owned(), region.into_owned())))
        } else if line.starts_with(b"{\"scope\":") {
            serde_json::from_slice(line)
                .map(Self::Closing)
                .map_err(words)
        } else if line.starts_with(b"{\"ended\":") {
            serde_json::from_slice(line)
                .map(|Ended { .. }| Self::Ended)
                .map_err(words)
        } else {
            serde_json::from_slice(line)
                .map(|NextRun { run }| Self::NextRun(run))
                .map_err(words)
        }
    }
}
