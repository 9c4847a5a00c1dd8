//! What every source yields: chunks of stages, then one close. No I/O here; a source implements [`Feed`].

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::lines;
use super::narrowing::Narrowing;
use super::register::Register;
use super::value::Value;
use super::wanted::Wanted;

/// Stages in the order of their source, until it has said everything.
pub trait Feed: Send {
    /// The next chunk, waiting for it; `None` when there is no more.
    fn next(&mut self) -> Option<Chunk>;

    /// The next chunk if it is there already.
    fn ready(&mut self) -> Option<Chunk>;

    /// What the source has to say at its end: the scopes it looked at and what it could not read.
    ///
    /// # Errors
    /// When the input turned out to be unusable, so that nothing was audited.
    fn close(self: Box<Self>) -> Result<Close, Unusable>;
}

/// A feed of what is there already.
pub struct Given {
    chunks: std::vec::IntoIter<Chunk>,
    close: Close,
}

impl Given {
    /// These chunks, and what is to be said at their end.
    #[must_use]
    pub fn new(chunks: Vec<Chunk>, close: Close) -> Self {
        Self { chunks: chunks.into_iter(), close }
    }
}

impl Feed for Given {
    fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}

/// An input that cannot be audited at all. The message says what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Some stages, not decoded where they came as text.
pub enum Chunk {
    /// The stages of one API.
    Api {
        /// The account; `None` when it is not stated.
        account: Option<Arc<str>>,
        /// The Region; `None` when it is not stated.
        region: Option<Arc<str>>,
        /// The API.
        api: Value<'static>,
        /// Its stages.
        stages: Vec<Value<'static>>,
    },
    /// Lines of a snapshot, whole ones.
    Lines {
        /// What messages call the input.
        name: Arc<str>,
        /// The lines, each ended by a newline or by the end.
        bytes: Vec<u8>,
        /// The number of the first line, counted from 1.
        first: u64,
        /// The stages that are wanted, and what is noted of all of them.
        register: Arc<Register>,
    },
}

/// The APIs and stages that an audit is narrowed to; empty lists mean all.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// Identifiers of APIs.
    pub apis: Vec<String>,
    /// Names of stages.
    pub stages: Vec<String>,
}

impl Selection {
    /// Whether an API is wanted. One whose identifier is not stated is not known to be another one.
    #[must_use]
    pub fn has_api(&self, api_id: Option<&str>) -> bool {
        self.apis.is_empty() || api_id.is_none_or(|id| self.apis.iter().any(|wanted| wanted == id))
    }

    /// Whether a stage of that name is wanted.
    #[must_use]
    pub fn has_stage(&self, name: Option<&str>) -> bool {
        self.stages.is_empty() || name.is_some_and(|name| self.stages.iter().any(|wanted| wanted == name))
    }
}

impl Chunk {
    /// Hands each stage to `each`: CPU work only, on whatever thread it is called.
    ///
    /// # Errors
    /// When a line is not what a snapshot holds.
    pub fn decode(&self, wanted: &Wanted, mut each: impl FnMut(&Document<'_>)) -> Result<(), Unusable> {
        match self {
            Self::Api { account, region, api, stages } => {
                for stage in stages {
                    each(&Document { account: account.as_deref(), region: region.as_deref(), api, stage });
                }
                Ok(())
            }
            Self::Lines { name, bytes, first, register } => lines::decode(name, bytes, *first, register, wanted, each),
        }
    }
}

/// What a source says at its end.
#[derive(Debug, Default)]
pub struct Close {
    /// Every account and Region that was asked for.
    pub scopes: Vec<Scope>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What is worth knowing and does not make the audit incomplete.
    pub warnings: Vec<Warning>,
    /// Why the run as a whole failed, in words, although it came to its end.
    pub failed: Option<String>,
    /// What was asked for as the source understood it, where the flags alone do not say it: the Regions, and the caller
    /// where accounts are not named. `None` where the source did not come to know it.
    pub asked: Option<String>,
    /// The narrowing of the source.
    pub narrowing: Narrowing,
    /// The time at which the stages were read from AWS.
    pub taken: Taken,
    /// Names given by flags that this part of a run did not find. Only all parts together can tell that they are nowhere.
    pub unfound: Vec<Gap>,
    /// How many stages were handed on, where the source counts them: as many must have been checked.
    pub handed_on: Option<u64>,
    /// How many scopes were meant, where the source counts them as it decides on them: as many must be there.
    pub scopes_meant: Option<u64>,
}

/// The time at which stages were read from AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Taken {
    /// The time of this run.
    #[default]
    Now,
    /// An earlier time, as RFC 3339.
    At(String),
    /// A time that the source does not state.
    Unknown,
}

/// One account and Region, and how far it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The account; `None` when it is not stated.
    pub account: Option<String>,
    /// The Region; `None` when it is not stated.
    pub region: Option<String>,
    /// APIs in scope that were found; each of them is in exactly one of the four counts that follow.
    #[serde(default)]
    pub apis: u64,
    /// APIs whose stages were read.
    #[serde(default)]
    pub checked_apis: u64,
    /// APIs that were not fetched because no rule can match their stages.
    #[serde(default)]
    pub skipped_apis: u64,
    /// APIs that were deleted after they were listed.
    #[serde(default)]
    pub deleted_apis: u64,
    /// APIs whose stages could not be read, or not all of them.
    #[serde(default)]
    pub unchecked_apis: u64,
    /// Stages that were read.
    #[serde(default)]
    pub stages: u64,
    /// Requests that were sent to API Gateway, retries included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How far it was read.
    pub outcome: Read,
}

/// How far a scope was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Read {
    /// All of it.
    Checked,
    /// Some of it.
    Partial,
    /// None of it.
    #[default]
    Unchecked,
    /// None of it, as configured.
    Excluded,
}

impl Read {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Partial => "partial",
            Self::Unchecked => "unchecked",
            Self::Excluded => "excluded",
        }
    }
}

/// Something that could not be read: where, what was tried, what came back, what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API; `None` when the Region's APIs could not be listed.
    pub api_id: Option<String>,
    /// The stage; `None` when all of the API's are missing.
    pub stage: Option<String>,
    /// The call that failed, by AWS's name.
    pub operation: String,
    /// AWS's error code, or ours (`Timeout`, `Interrupted`, …).
    pub code: String,
    /// What came back.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Something worth knowing that is neither a violation nor a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of warning, in kebab-case.
    pub kind: String,
    /// What happened, in words.
    pub message: String,
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API.
    pub api_id: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_without_names_is_everything() {
        let all = Selection::default();
        assert!(all.has_api(None) && all.has_api(Some("a")) && all.has_stage(Some("prod")) && all.has_stage(None));
        let some = Selection { apis: vec!["a".into()], stages: vec!["prod".into()] };
        assert!(some.has_api(Some("a")) && some.has_api(None) && !some.has_api(Some("b")));
        assert!(some.has_stage(Some("prod")) && !some.has_stage(Some("dev")) && !some.has_stage(None));
    }
}
