//! The interface of every source: batches of stages, then one close. No I/O here; a source implements [`State`].

mod codes;
mod gap;
mod narrowing;
mod scope;
mod shard;
mod warning;

use std::fmt;
use std::sync::Arc;

use super::document::Document;
use super::moment::Moment;
use super::projection::Projection;
use super::value::Value;

pub use gap::{Explained, Gap, GapCode};
pub use narrowing::{FoundNames, Narrowing, Selection, missing_names};
pub use scope::{Scope, ScopeName, ScopeOutcome};
pub use shard::Shard;
pub use warning::{Warning, WarningKind, WarningName};

/// Stages in the order of their source, until its end.
pub trait State: Send {
    /// The next batch, waiting for it; `None` when there is no more.
    fn next(&mut self) -> Option<Box<dyn Batch>>;

    /// The next batch if it is there already.
    fn ready(&mut self) -> Option<Box<dyn Batch>>;

    /// Ends the state; returns the scopes that it read and the gaps.
    ///
    /// # Errors
    /// When the input turned out to be unusable, so that nothing was audited.
    fn close(self: Box<Self>) -> Result<Close, Unusable>;
}

/// A state whose batches are in memory.
pub struct VecState {
    batches: std::vec::IntoIter<Box<dyn Batch>>,
    close: Close,
}

impl VecState {
    /// A state of these batches, which ends with this close.
    #[must_use]
    pub fn new<B: Batch + 'static>(batches: Vec<B>, close: Close) -> Self {
        let batches: Vec<Box<dyn Batch>> = batches
            .into_iter()
            .map(|batch| Box::new(batch) as _)
            .collect();
        Self {
            batches: batches.into_iter(),
            close,
        }
    }
}

impl State for VecState {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        self.batches.next()
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.batches.next()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}

/// An input that cannot be audited at all. The message names the problem, the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Some stages, not decoded where they came as text.
pub trait Batch: Send {
    /// Hands each stage to `each`: CPU work only, on whatever thread it is called.
    ///
    /// # Errors
    /// When the text is damaged.
    fn decode(
        &self,
        projection: &Projection,
        each: &mut dyn FnMut(&Document<'_>),
    ) -> Result<(), Unusable>;
}

/// The stages of one API.
#[derive(Debug)]
pub struct ApiBatch {
    /// The account; `None` when it is not stated.
    pub account: Option<Arc<str>>,
    /// The Region; `None` when it is not stated.
    pub region: Option<Arc<str>>,
    /// The API.
    pub api: Value<'static>,
    /// Its stages.
    pub stages: Vec<Value<'static>>,
    /// The time at which AWS returned them; `None` when it is not stated.
    pub read_at: Option<Moment>,
}

impl Batch for ApiBatch {
    fn decode(&self, _: &Projection, each: &mut dyn FnMut(&Document<'_>)) -> Result<(), Unusable> {
        let Self {
            account,
            region,
            api,
            stages,
            read_at,
        } = self;
        for stage in stages {
            each(&Document {
                read_at: *read_at,
                account: account.as_deref(),
                region: region.as_deref(),
                api,
                stage,
            });
        }
        Ok(())
    }
}

/// The end of a state.
#[derive(Debug, Default)]
pub struct Close {
    /// Every requested account and Region.
    pub scopes: Vec<Scope>,
    /// Everything that could not be read.
    pub gaps: Vec<Gap>,
    /// Warnings; the audit is complete in spite of them.
    pub warnings: Vec<Warning>,
    /// The error that failed the run as a whole, although it came to its end.
    pub failed: Option<String>,
    /// The resolved request, where flags alone do not determine it: the Regions, and the caller if no accounts are
    /// named. `None` if the source could not resolve it.
    pub resolved_request: Option<String>,
    /// The narrowing of the source.
    pub narrowing: Narrowing,
    /// The time at which the stages were read from AWS.
    pub taken: TakenAt,
    /// Names given by flags that this part of a run did not find. Only all parts together can tell that they are nowhere.
    pub unfound: Vec<Gap>,
    /// Number of stages in all batches, if the source counts them: as many must have been checked.
    pub handed_on: Option<u64>,
    /// Number of planned scopes, if the source counts them when it plans: as many must be listed.
    pub scopes_meant: Option<u64>,
}

/// The time at which stages were read from AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TakenAt {
    /// The time of this run.
    #[default]
    Now,
    /// An earlier time, as RFC 3339.
    At(String),
    /// A time that the source does not state.
    Unknown,
}
