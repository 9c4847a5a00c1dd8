//! The facts that every report gets, and the run that found them. It must not know any format.

use std::time::Duration;

use crate::model::Results;
use crate::model::judgement::Judgement;

/// The version of driftgate that writes the report.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything that a report can show.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The results of the audit.
    pub results: &'a Results,
    /// The gate's judgement of it.
    pub judgement: &'a Judgement,
    /// The run that found it.
    pub run: &'a Run,
}

/// The circumstances of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// True if equal input must give equal bytes: no times, durations, request counts or command line.
    pub reproducible: bool,
    /// The time of the report, as RFC 3339 in UTC; `None` if reproducible.
    pub generated_at: Option<String>,
    /// The duration of the audit.
    pub duration: Option<Duration>,
    /// The command line, as it was given.
    pub command_line: Option<Vec<String>>,
    /// The source of the stages: `AWS`, or the name of a file.
    pub source: String,
    /// The shard; `None` for a whole run.
    pub shard: Option<ShardInfo>,
    /// The version of driftgate that audited, if it was another one.
    pub version: Option<String>,
}

/// A shard of a run, which is split by account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardInfo {
    /// Its number, from 1.
    pub index: u32,
    /// Number of shards.
    pub count: u32,
    /// Digest of the flags and files, which have to be the same in all shards.
    pub of: String,
    /// Digest of the Regions and the caller that each shard found by itself; `None` if it ended before it knew them.
    pub found: Option<String>,
}

impl Run {
    /// The version of driftgate that audited.
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(VERSION)
    }
}

/// The look of a report for people. Formats for machines have one look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// True to write terminal colours.
    pub colour: bool,
    /// Columns of the terminal; `usize::MAX` for lines of any length.
    pub width: usize,
}
