//! A result that was saved, and what makes one unusable.

use std::fmt;

use crate::model::Outcome;
use crate::model::judgement::{Signal, Tolerance};
use crate::report::facts::Run;

/// A result as it was saved.
#[derive(Debug)]
pub struct Saved {
    /// What messages call it: a path, or `stdin`.
    pub name: String,
    /// What was found.
    pub outcome: Outcome,
    /// What was tolerated.
    pub tolerance: Tolerance,
    /// The signal that ended the run early.
    pub signal: Option<Signal>,
    /// The run that found it. One that tells no circumstances is reproducible.
    pub run: Run,
}

/// Why a result cannot be used. The message says what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}
