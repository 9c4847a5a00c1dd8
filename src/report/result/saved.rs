//! A result that was saved, and what makes one unusable.

use std::fmt;

use crate::model::Results;
use crate::model::judgement::{Signal, Tolerance};
use crate::report::facts::Run;

/// A result as it was saved.
#[derive(Debug)]
pub struct Saved {
    /// The name of it in messages: a path, or `stdin`.
    pub name: String,
    /// The results of the audit.
    pub results: Results,
    /// The tolerance of the audit.
    pub tolerance: Tolerance,
    /// The signal that ended the run early.
    pub signal: Option<Signal>,
    /// The run. A result without circumstances is of a reproducible run.
    pub run: Run,
}

/// The reason for which a result cannot be used, its place, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
