//! The answer of a rule's `assert` on a stage, under each reading of partial route entries that counts.

use std::sync::Arc;

use super::options::Options;
use super::routes::in_force;
use crate::model::Document;
use crate::model::finding::{Actual, Origin, Reading};
use crate::model::protocol::Protocol;
use crate::policy::cel::Assertion;
use crate::policy::language::explain::{Asserted, Failure, OpenQuestion};
use crate::policy::language::truth::Truth;

/// The outcome of an assertion on a stage.
pub enum AssertOutcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails(Failure),
    /// It cannot be decided.
    Open(Vec<OpenQuestion>),
}

impl AssertOutcome {
    /// The outcome on a stage of a protocol on which the assertion applies.
    pub fn of(
        assertion: &Assertion,
        document: &Document<'_>,
        protocol: Protocol,
        options: Options,
    ) -> Self {
        let answer = |reading: Reading| {
            assertion.answer(document, protocol, |entry, default| {
                in_force(entry, default, reading)
            })
        };
        let readings = options.inheritance.readings();
        let readings = if assertion.reads_routes() {
            readings
        } else {
            &readings[..1]
        };
        let (mut reasons, mut open) = (Vec::new(), None);
        for reading in readings {
            match answer(*reading) {
                Asserted::Fails(because) => reasons.push((*reading, because)),
                Asserted::Holds => {}
                Asserted::Open(questions) => open = Some(questions),
            }
        }
        let (actual, reading) = match reasons.as_slice() {
            [] => return open.map_or(Self::Holds, Self::Open),
            [(reading, because)] => {
                let fails_otherwise = || matches!(answer(reading.other()), Asserted::Fails(_));
                let hangs_on_it = assertion.reads_routes() && !fails_otherwise();
                (because.to_string(), hangs_on_it.then_some(*reading))
            }
            [(_, one), (_, other), ..] if one == other => (one.to_string(), None),
            // Under each reading other routes may fail: all are named.
            several => {
                let named = several.iter().filter(|(_, because)| !because.is_empty());
                let because = named.map(|(reading, because)| match reading {
                    Reading::Inherit => format!("{because}, if entries inherit"),
                    Reading::Replace => format!("{because}, if entries replace the stage default"),
                });
                (because.collect::<Vec<_>>().join("; "), None)
            }
        };
        let actual = if actual.is_empty() {
            Actual::Unset
        } else {
            Actual::Text(actual.into())
        };
        Self::Fails(Failure {
            actual,
            reading,
            ..failure(assertion)
        })
    }

    /// The outcome as a truth.
    pub const fn truth(&self) -> Truth {
        match self {
            Self::Holds => Truth::True,
            Self::Fails(_) => Truth::False,
            Self::Open(_) => Truth::Unknown,
        }
    }
}

/// An expression that does not hold: it is at no setting.
pub fn failure(assertion: &Assertion) -> Failure {
    Failure::of(Arc::default(), Arc::clone(assertion.words()), Origin::Stage)
}
