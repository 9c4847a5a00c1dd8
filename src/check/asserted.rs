//! What a rule's `assert` says of a stage, under each reading of partial route entries that counts.

use std::sync::Arc;

use super::Options;
use super::routes::in_force;
use crate::model::Document;
use crate::model::catalogue::Protocol;
use crate::model::finding::{Actual, Origin, Reading};
use crate::policy::assertion::Assertion;
use crate::policy::explain::{Failure, Open};
use crate::policy::truth::Truth;

/// What an assertion says of a stage.
pub enum Asserted {
    /// It holds, or drops out.
    Says(Truth),
    /// It does not hold.
    Fails(Failure),
    /// It cannot be decided.
    Open(Vec<Open>),
}

impl Asserted {
    /// Asks an assertion about a stage.
    pub fn of(assertion: &Assertion, document: &Document<'_>, protocol: Protocol, options: Options) -> Self {
        let says =
            |reading: Reading| assertion.truth(document, protocol, |entry, default| in_force(entry, default, reading));
        let readings = options.inheritance.readings();
        let readings = if assertion.reads_routes() { readings } else { &readings[..1] };
        let mut answer = Self::Says(Truth::True);
        for reading in readings {
            match says(*reading) {
                Ok(Truth::False) => {
                    let hangs_on_it = assertion.reads_routes() && says(reading.other()) != Ok(Truth::False);
                    return Self::Fails(Failure { reading: hangs_on_it.then_some(*reading), ..failure(assertion) });
                }
                Ok(truth) if !matches!(answer, Self::Open(_)) => answer = Self::Says(truth),
                Ok(_) => {}
                Err(open) => answer = Self::Open(open),
            }
        }
        answer
    }

    /// The same as a truth.
    pub const fn truth(&self) -> Truth {
        match self {
            Self::Says(truth) => *truth,
            Self::Fails(_) => Truth::False,
            Self::Open(_) => Truth::Unknown,
        }
    }
}

/// An expression that does not hold: it stands at no setting.
pub fn failure(assertion: &Assertion) -> Failure {
    Failure {
        route: None,
        path: "".into(),
        expected: Arc::clone(assertion.words()),
        actual: Actual::Unset,
        origin: Origin::Stage,
        reading: None,
        in_force: false,
    }
}
