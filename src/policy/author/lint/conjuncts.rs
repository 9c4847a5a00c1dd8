//! A compiled pattern, taken apart into what must hold together, each with the setting that it is about.

use std::ops::Range;

use super::bounds::Remaining;
use crate::model::Document;
use crate::model::catalogue::{Field, Kind};
use crate::model::protocol::Protocols;
use crate::model::value::{NOT_STATED, UNSET, Value};
use crate::policy::language::context::{Context, DOCUMENT};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::test::Test;
use crate::policy::language::truth::{Truth, Use};
use crate::policy::language::value::resolve;

/// One demand on one setting; a pattern holds when all of its conjuncts do.
#[derive(Debug)]
pub struct Conjunct<'p> {
    /// The setting.
    pub place: PatternPlace<'p>,
    /// The demand.
    pub demand: Demand<'p>,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// The values that it leaves.
    pub remaining: Remaining<'p>,
    /// For a `not`: patterns that must all fail, each as the forms of its conjuncts.
    pub denied: Vec<Vec<String>>,
    /// Place and demand in one form: two conjuncts that are equal in it mean the same.
    pub form: String,
}

/// The demand of a conjunct.
#[derive(Clone, Copy, Debug)]
pub enum Demand<'p> {
    /// A test.
    Test(&'p dyn Test),
    /// A `not`, an `any-of`, or the presence of a key that fits a glob.
    Pattern(&'p Pattern),
}

/// The place of a pattern.
#[derive(Clone, Debug)]
pub struct PatternPlace<'p> {
    /// The names and keys that lead there.
    pub path: Vec<&'p str>,
    /// The row of the setting.
    pub field: &'static Field,
    /// True for every key that fits a glob; no key may fit.
    pub of_each_key: bool,
    /// The protocols that have the setting.
    pub on: Protocols,
    key: Option<&'p str>,
}

impl<'p> PatternPlace<'p> {
    /// The top of the document.
    pub fn top() -> Self {
        Self {
            path: Vec::new(),
            field: &DOCUMENT,
            of_each_key: false,
            on: Protocols::ALL,
            key: None,
        }
    }

    /// One step down.
    pub fn below(&self, segment: &'p str, field: &'static Field) -> Self {
        let mut below = self.clone();
        below.path.push(segment);
        Self {
            field,
            on: self.on.and(field.on),
            ..below
        }
    }

    /// The conjuncts of a pattern at this place.
    pub fn conjuncts(&self, pattern: &'p Pattern) -> Vec<Conjunct<'p>> {
        match pattern {
            Pattern::All(of) => of
                .iter()
                .flat_map(|pattern| self.conjuncts(pattern))
                .collect(),
            Pattern::Member { field, inner, .. } | Pattern::Top { field, inner, .. } => {
                self.below(field.name, field).conjuncts(inner)
            }
            Pattern::Entry { key, field, inner } => Self {
                key: Some(key),
                ..self.below(key, field)
            }
            .conjuncts(inner),
            Pattern::Entries {
                written,
                field,
                inner,
                ..
            } => Self {
                of_each_key: true,
                ..self.below(written, field)
            }
            .conjuncts(inner),
            Pattern::Tests(setting) => setting
                .tests
                .iter()
                .map(|one| self.conjunct(Demand::Test(&*one.test), &one.span))
                .collect(),
            Pattern::Any(_, span) => vec![self.conjunct(Demand::Pattern(pattern), span)],
            Pattern::Not(inner, span) => {
                vec![Conjunct {
                    denied: self.denied(inner),
                    ..self.conjunct(Demand::Pattern(pattern), span)
                }]
            }
            Pattern::SomeEntry {
                written,
                present,
                span,
                ..
            } => {
                let Kind::Map(field) = self.field.kind else {
                    return Vec::new();
                };
                let mut some = self.conjunct(Demand::Pattern(pattern), span);
                some.remaining.set = *present;
                some.place = self.below(written, field);
                vec![some]
            }
        }
    }

    fn conjunct(&self, demand: Demand<'p>, span: &Range<usize>) -> Conjunct<'p> {
        let mut remaining = Remaining::all(self.field, !self.fails(demand, &UNSET));
        let form = match demand {
            Demand::Test(test) => {
                remaining.narrow(test.passing(self.field), true);
                test.form()
            }
            Demand::Pattern(pattern) => {
                remaining.narrow_by(pattern, self.field, true);
                pattern.form()
            }
        };
        Conjunct {
            place: self.clone(),
            demand,
            span: span.clone(),
            remaining,
            denied: Vec::new(),
            form: format!("{}\0\0{form}", self.path.join("\0")),
        }
    }

    /// `not: [A, B]` denies A, and B, and either of them.
    fn denied(&self, pattern: &'p Pattern) -> Vec<Vec<String>> {
        let alternatives = if let Pattern::Any(of, _) = pattern {
            of.as_slice()
        } else {
            &[]
        };
        let forms = |pattern| {
            self.conjuncts(pattern)
                .into_iter()
                .map(|conjunct| conjunct.form)
                .collect()
        };
        alternatives.iter().chain([pattern]).map(forms).collect()
    }

    /// True if a value of the setting fails, whatever else the stage is.
    pub fn fails(&self, demand: Demand<'_>, value: &Value<'_>) -> bool {
        let document = Document {
            read_at: None,
            account: None,
            region: None,
            api: &NOT_STATED,
            stage: &NOT_STATED,
        };
        self.on.iter().all(|protocol| {
            let at = Context {
                field: self.field,
                key: self.key,
                ..Context::top(&document, protocol, Use::Expect)
            };
            let truth = match demand {
                Demand::Test(test) => test.answer(resolve(self.field, value), &at),
                Demand::Pattern(pattern) => pattern.truth(value, &at),
            };
            truth == Truth::False
        })
    }
}
