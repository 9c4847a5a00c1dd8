//! The facts that every report gets, and the run that found them. It must not know any format.

use std::time::Duration;

use crate::model::Outcome;
use crate::model::judgement::Judgement;

/// The version of driftgate that writes the report.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Everything that a report can say.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What was found.
    pub outcome: &'a Outcome,
    /// What the gate concluded from it.
    pub judgement: &'a Judgement,
    /// The run that found it.
    pub run: &'a Run,
}

/// The circumstances of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Whether equal input must give equal bytes: no times, durations, request counts or command line.
    pub reproducible: bool,
    /// When the report was made, as RFC 3339 in UTC; `None` when reproducible.
    pub generated_at: Option<String>,
    /// How long the audit took.
    pub duration: Option<Duration>,
    /// The command line, as it was given.
    pub command_line: Option<Vec<String>>,
    /// The source of the stages: `AWS`, or the name of a file.
    pub source: String,
    /// The part of a run that this is; `None` for a whole one.
    pub shard: Option<Part>,
    /// The version of driftgate that audited, where it was not this one.
    pub version: Option<String>,
}

/// One of the parts of a run, cut by account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which one, counted from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// A digest of the flags and files that have to be the same in all of them.
    pub of: String,
    /// The same of what each found by itself, the Regions and the caller; `None` where it ended before it knew them.
    pub found: Option<String>,
}

impl Run {
    /// The version of driftgate that audited.
    pub(super) fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(VERSION)
    }
}

/// How a report for people looks. Formats for machines have one look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to write terminal colours.
    pub colour: bool,
    /// Columns of the terminal; `usize::MAX` for lines of any length.
    pub width: usize,
}
