//! The values that several demands leave of one setting, where they are plain: named values, limits, presence. Demands
//! that are not understood leave everything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;
use crate::policy::language::limit::Limit;
use crate::policy::language::pattern::Pattern;
use crate::policy::language::test::Passing;

/// The values that are left of a setting.
#[derive(Debug)]
pub struct Remaining<'p> {
    /// True if it may be without a value.
    pub unset: bool,
    /// True if it may have a value.
    pub set: bool,
    /// The value is one of these; anything when `None`.
    one_of: Option<BTreeSet<Named<'p>>>,
    /// The value is none of these.
    none_of: BTreeSet<Named<'p>>,
    /// The number is within these.
    limits: Vec<Limit>,
    /// The number is a whole one.
    whole: bool,
}

/// A value that a test names: there may be very many, and equal ones are looked up.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Named<'p> {
    Boolean(bool),
    /// The bits of a number.
    Number(u64),
    Text(Cow<'p, str>),
}

impl<'p> Named<'p> {
    fn of(value: Value<'p>) -> Option<Self> {
        match value {
            Value::Boolean(value) => Some(Self::Boolean(value)),
            // -0 is 0.
            Value::Number(number) => Some(Self::Number((number + 0.0).to_bits())),
            Value::Text(text) => Some(Self::Text(text)),
            _ => None,
        }
    }
}

/// True if no value of a setting satisfies all demands; each demand alone leaves these values.
pub fn nothing_left<'r, 'p: 'r>(all: impl IntoIterator<Item = &'r Remaining<'p>>) -> bool {
    let all: Vec<&Remaining<'_>> = all.into_iter().collect();
    if all.iter().all(|one| one.unset) {
        return false;
    }
    let passes = |value: &Named<'_>| all.iter().all(|one| one.has(value));
    let fewest = all
        .iter()
        .filter_map(|one| one.one_of.as_ref())
        .min_by_key(|values| values.len());
    let limits = || all.iter().flat_map(|one| &one.limits);
    all.iter().any(|one| !one.set)
        || fewest.is_some_and(|values| !values.iter().any(passes))
        || limits().any(|one| limits().any(|other| one.excludes(*other, all[0].whole)))
}

impl<'p> Remaining<'p> {
    /// Everything that a setting may be; `unset` tells if it may be without a value.
    pub fn all(field: &'static Field, unset: bool) -> Self {
        let booleans = || BTreeSet::from([true, false].map(Named::Boolean));
        Self {
            unset,
            set: true,
            one_of: matches!(field.kind, Kind::Boolean).then(booleans),
            none_of: BTreeSet::new(),
            limits: Vec::new(),
            whole: matches!(field.kind, Kind::Integer),
        }
    }

    /// Keeps the values on which a pattern holds, or on which it does not.
    pub fn narrow_by(&mut self, pattern: &'p Pattern, field: &'static Field, holds: bool) {
        match pattern {
            Pattern::Not(inner, _) => self.narrow_by(inner, field, !holds),
            Pattern::All(of) | Pattern::Any(of, _)
                if of.len() == 1 || holds == matches!(pattern, Pattern::All(_)) =>
            {
                for one in of {
                    self.narrow_by(one, field, holds);
                }
            }
            Pattern::Tests(setting) if holds || setting.tests.len() == 1 => {
                for one in &setting.tests {
                    self.narrow(one.test.passing(field), holds);
                }
            }
            _ => {}
        }
    }

    /// Keeps the values that pass, or those that do not.
    pub fn narrow(&mut self, passing: Passing<'p>, holds: bool) {
        match passing {
            Passing::Every(value) => self.set &= value == holds,
            Passing::Within(limit) => self.limits.push(if holds { limit } else { limit.not() }),
            Passing::Only(values) if !holds => self
                .none_of
                .extend(values.into_iter().filter_map(Named::of)),
            Passing::Only(values) => {
                // One that depends on the stage may be any.
                let Some(values) = values
                    .into_iter()
                    .map(Named::of)
                    .collect::<Option<BTreeSet<_>>>()
                else {
                    return;
                };
                self.one_of = Some(match self.one_of.take() {
                    Some(left) => left
                        .into_iter()
                        .filter(|value| values.contains(value))
                        .collect(),
                    None => values,
                });
            }
            Passing::Aged(_) | Passing::Perhaps(_) => {}
        }
    }

    fn has(&self, value: &Named<'_>) -> bool {
        let within = match value {
            Named::Number(bits) => self
                .limits
                .iter()
                .all(|limit| limit.allows(f64::from_bits(*bits))),
            Named::Boolean(_) | Named::Text(_) => true,
        };
        within
            && self
                .one_of
                .as_ref()
                .is_none_or(|values| values.contains(value))
            && !self.none_of.contains(value)
    }
}
