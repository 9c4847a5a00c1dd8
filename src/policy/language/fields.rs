//! The fields that patterns read. One walk over a pattern finds the fields that it tests and that its violations show:
//! the part of a stage that is decoded follows from it, and so does the description of a rule.

use std::collections::BTreeSet;

use crate::model::catalogue::stage;
use crate::model::projection::Projection;
use crate::policy::language::pattern::{Pattern, Top};

/// The places of the document at which a pattern for a route is tested.
const OF_ROUTES: [&str; 2] = [stage::DEFAULT_ROUTE.name, stage::ROUTES.name];

/// Fields by their names in the catalogue, with dots between them. The keys of maps are not fields.
#[derive(Debug, Default)]
pub struct Fields {
    tested: BTreeSet<String>,
    /// Places that a violation shows whole, though only parts of them are tested.
    shown: BTreeSet<String>,
}

impl Fields {
    /// The fields of a pattern at a place; the empty one is the top of the document.
    #[must_use]
    pub fn of(pattern: &Pattern, place: &str) -> Self {
        let mut fields = Self::default();
        fields.pattern(pattern, &mut place.to_owned());
        fields
    }

    /// The fields of a pattern of `each-route` or `in-force`.
    #[must_use]
    pub fn of_route(pattern: &Pattern) -> Self {
        OF_ROUTES.iter().fold(Self::default(), |fields, place| {
            fields.and(Self::of(pattern, place))
        })
    }

    /// These fields and others.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        self.tested.append(&mut other.tested);
        self.shown.append(&mut other.shown);
        self
    }

    /// These fields and others that are tested, by their names.
    #[must_use]
    pub fn and_tested(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.tested.extend(names);
        self
    }

    /// The fields that are tested, in the order of bytes.
    pub fn tested(&self) -> impl Iterator<Item = &str> {
        self.tested.iter().map(String::as_str)
    }

    /// True if a field is tested, by its own name.
    #[must_use]
    pub fn is_tested(&self, field: &str) -> bool {
        self.tested.contains(field)
    }

    /// True if a field is tested, or something in it.
    #[must_use]
    pub fn is_looked_into(&self, field: &str) -> bool {
        self.is_tested(field)
            || self
                .tested
                .iter()
                .any(|tested| below(tested, field).is_some())
    }

    /// The part of a stage that is worth decoding.
    #[must_use]
    pub fn projection(&self) -> Projection {
        Projection::of(self.tested.iter().chain(&self.shown).map(String::as_str))
    }

    /// The walk: notes what the pattern tests at a place and below, and what would be shown of it.
    fn pattern(&mut self, pattern: &Pattern, place: &mut String) {
        let length = place.len();
        match pattern {
            Pattern::All(of) | Pattern::Any(of, _) => {
                if matches!(pattern, Pattern::Any(..)) {
                    self.shown.insert(place.clone());
                }
                for pattern in of {
                    self.pattern(pattern, place);
                }
            }
            Pattern::Not(inner, _) => {
                if !inner.is_one_setting() {
                    self.shown.insert(place.clone());
                }
                self.pattern(inner, place);
            }
            // The keys of the entries are the routes.
            Pattern::Top {
                top: Top::Route,
                inner,
                ..
            } => {
                place.push_str(stage::ROUTES.name);
                self.pattern(inner, place);
            }
            Pattern::Member { field, inner, .. } | Pattern::Top { field, inner, .. } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(field.name);
                self.pattern(inner, place);
            }
            // A map is tested whole; a member below it has the map's name before its own.
            Pattern::Entry { inner, .. } | Pattern::Entries { inner, .. } => {
                self.tested.insert(place.clone());
                self.pattern(inner, place);
            }
            Pattern::SomeEntry { .. } => {
                self.tested.insert(place.clone());
            }
            Pattern::Tests(setting) => {
                self.tested.insert(place.clone());
                self.tested
                    .extend(setting.tests.iter().flat_map(|one| one.test.reads()));
            }
        }
        place.truncate(length);
    }
}

/// The rest of a path of catalogue names, which have no dots, below another.
pub fn below<'p>(path: &'p str, segment: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(segment)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('.')
    }
}
