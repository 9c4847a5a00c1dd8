//! The pattern: one picture of a stage, used by `match` and `expect`. What it says of a document, and why not.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::glob::Glob;
use super::operator::Test;
use super::operator::present::presence;
use super::truth::{Truth, Use};
use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, Kind, OURS, Protocol, STAGE, Unset};
use crate::model::digest;
use crate::model::document::STAGE_FIELD;
use crate::model::value::{NOT_STATED, UNSET, Value};

/// A compiled pattern, at one place of the document.
#[derive(Debug)]
pub enum Pattern {
    /// All of these hold.
    All(Vec<Pattern>),
    /// One of these holds.
    Any(Vec<Pattern>),
    /// This does not hold.
    Not(Box<Pattern>),
    /// A member of a struct is so.
    Member {
        /// The member's row.
        field: &'static Field,
        /// Its place among its siblings.
        at: usize,
        /// What it should be.
        inner: Box<Pattern>,
    },
    /// The value of a key of a map is so.
    Entry {
        /// The key.
        key: Box<str>,
        /// The row of the map's values.
        field: &'static Field,
        /// What the value should be.
        inner: Box<Pattern>,
    },
    /// The value of every key that fits is so.
    Entries {
        /// Which keys.
        glob: Glob,
        /// The glob as it was written.
        written: Box<str>,
        /// The row of the map's values.
        field: &'static Field,
        /// What the values should be.
        inner: Box<Pattern>,
    },
    /// A key that fits is there, and not empty; or none is.
    SomeEntry {
        /// Which keys.
        glob: Glob,
        /// The glob as it was written.
        written: Box<str>,
        /// Whether there should be one.
        present: bool,
    },
    /// The setting passes these tests.
    Tests(Setting),
    /// What stands at a place of the document's top is so.
    Top {
        /// The place.
        top: Top,
        /// Its row.
        field: &'static Field,
        /// What it should be.
        inner: Box<Pattern>,
    },
}

/// The tests of one setting.
#[derive(Debug)]
pub struct Setting {
    pub(super) tests: Vec<Box<dyn Test>>,
    /// The words of each test, when they are the same on every stage.
    pub(super) words: Vec<Option<Arc<str>>>,
    /// The path of the setting, once it was needed, when it is the same on every stage.
    pub(super) path: OnceLock<Arc<str>>,
}

impl Setting {
    /// A setting that passes these tests.
    #[must_use]
    pub fn new(tests: Vec<Box<dyn Test>>) -> Self {
        let words = tests.iter().map(|test| test.words().map(Arc::from)).collect();
        Self { tests, words, path: OnceLock::new() }
    }
}

/// What a pattern is asked about, and what the answer may depend on.
#[derive(Clone, Copy)]
pub struct At<'d> {
    /// The stage.
    pub document: &'d Document<'d>,
    /// The protocol that the stage is taken to have.
    pub protocol: Protocol,
    /// Whether the pattern stands in `match` or in `expect`.
    pub used: Use,
    /// The row of the value.
    pub field: &'static Field,
    /// The key, for a value of a map.
    pub key: Option<&'d str>,
    /// The key of the route looked at; unset for the stage default.
    pub route: &'d Value<'d>,
    /// Whether values that should not be read by everyone are shown as digests.
    pub hide: bool,
}

static FALSE: Value<'static> = Value::Boolean(false);
static OFF: Value<'static> = Value::Text(Cow::Borrowed("OFF"));

/// A value with its meaning filled in: what AWS leaves out is false, OFF or empty where the catalogue says so.
#[must_use]
pub fn resolve<'v>(field: &Field, value: &'v Value<'v>) -> &'v Value<'v> {
    match (value, field.unset) {
        (Value::Unset, Unset::False) => &FALSE,
        (Value::Unset, Unset::Text(text)) => {
            debug_assert_eq!(OFF.as_text(), Some(text), "LoggingLevel alone has a text for a default");
            &OFF
        }
        _ => value,
    }
}

impl Pattern {
    /// What the pattern says of a value.
    #[must_use]
    pub fn truth(&self, value: &Value<'_>, at: &At<'_>) -> Truth {
        match self {
            Self::All(of) => Truth::all(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Any(of) => Truth::any(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Not(inner) => inner.truth(value, &at.under_not()).not(),
            Self::Member { field, at: place, inner } => {
                if !field.on.include(at.protocol) {
                    return at.used.lacking();
                }
                inner.truth(value.member(*place), &At { field, key: at.key, ..*at })
            }
            Self::Entry { key, field, inner } => inner.truth(value.entry(key), &At { field, key: Some(key), ..*at }),
            Self::Entries { glob, written, field, inner } => match value {
                // A map that is not stated may have a key that fits, or none.
                Value::NotStated => match inner.truth(&NOT_STATED, &At { field, ..*at }) {
                    Truth::Dropped => Truth::Dropped,
                    _ => Truth::Unknown,
                },
                _ => {
                    let mut fitting = fitting(glob, written, value).peekable();
                    if fitting.peek().is_none() {
                        // None is fine, unless the protocol lacks what is asked of it.
                        return match inner.truth(&UNSET, &At { field, used: Use::Expect, ..*at }) {
                            Truth::Dropped => at.used.lacking(),
                            _ => Truth::True,
                        };
                    }
                    Truth::all(fitting.map(|(key, value)| inner.truth(value, &At { field, key: Some(key), ..*at })))
                }
            },
            Self::SomeEntry { glob, written, present } => match value {
                Value::NotStated => Truth::Unknown,
                _ => {
                    let there = some_entry(glob, written, value);
                    if *present { there } else { there.not() }
                }
            },
            Self::Tests(setting) => {
                let value = resolve(at.field, value);
                Truth::all(setting.tests.iter().map(|test| test.asked(value, at)))
            }
            Self::Top { top, field, inner } => {
                if !field.on.include(at.protocol) {
                    return at.used.lacking();
                }
                top.with(at, |value| inner.truth(value, &At { field, ..*at }))
            }
        }
    }

    /// What the parts of the pattern that stand at a path say of the value there; `None` when none does.
    #[must_use]
    pub fn truth_at(&self, path: &str, value: &Value<'_>, at: &At<'_>) -> Option<Truth> {
        match self {
            Self::All(of) => {
                let mut said = of.iter().filter_map(|pattern| pattern.truth_at(path, value, at)).peekable();
                said.peek()?;
                Some(Truth::all(said))
            }
            Self::Any(_) | Self::Not(_) if path.is_empty() => Some(self.truth(value, at)),
            // An alternative counts as a whole: what stands beside the setting belongs to it.
            Self::Any(of) => {
                let mut named = of.iter().filter(|pattern| pattern.truth_at(path, value, at).is_some()).peekable();
                named.peek()?;
                Some(Truth::any(named.map(|pattern| pattern.truth(value, at))))
            }
            Self::Not(inner) => inner.truth_at(path, value, &at.under_not()).map(Truth::not),
            Self::Member { field, at: place, inner } => {
                inner.truth_at(below(path, field.name)?, value.member(*place), &At { field, ..*at })
            }
            Self::Entry { key, field, inner } => {
                inner.truth_at(below(path, key)?, value.entry(key), &At { field, key: Some(key), ..*at })
            }
            Self::Entries { glob, written, field, inner } => {
                let mut entries = fitting(glob, written, value);
                entries.find_map(|(key, value)| {
                    inner.truth_at(below(path, key)?, value, &At { field, key: Some(key), ..*at })
                })
            }
            Self::SomeEntry { glob, written, .. } => {
                // A key that is there, or one that is missing and would fit; what stands below a key is not meant.
                let of_structs = matches!(at.field.kind, Kind::Map(Field { kind: Kind::Struct(_), .. }));
                let is_key = !of_structs || value.entries().iter().any(|(key, _)| key == path);
                let named = path == &**written || (is_key && fits(glob, written, path));
                named.then(|| self.truth(value, at))
            }
            Self::Tests(_) => path.is_empty().then(|| self.truth(value, at)),
            Self::Top { top, field, inner } => {
                let path = below(path, field.name)?;
                top.with(at, |value| inner.truth_at(path, value, &At { field, ..*at }))
            }
        }
    }

    /// The paths that the pattern tests. A map is tested whole.
    pub fn reads(&self, path: &mut String, out: &mut Vec<String>) {
        let length = path.len();
        match self {
            Self::All(of) | Self::Any(of) => {
                for pattern in of {
                    pattern.reads(path, out);
                }
            }
            Self::Not(inner) => inner.reads(path, out),
            // The keys of the entries are the routes.
            Self::Top { top: Top::Route, inner, .. } => {
                path.push_str("RouteSettings");
                inner.reads(path, out);
            }
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                push_segment(path, field.name);
                inner.reads(path, out);
            }
            Self::Entry { inner, .. } | Self::Entries { inner, .. } => {
                out.push(path.clone());
                // A member below a map has the map's path: `RouteSettings.ThrottlingRateLimit`.
                inner.reads(path, out);
            }
            Self::SomeEntry { .. } => out.push(path.clone()),
            Self::Tests(setting) => {
                out.push(path.clone());
                out.extend(setting.tests.iter().flat_map(|test| test.reads()));
            }
        }
        path.truncate(length);
    }

    /// The paths of places that a violation shows whole, though only parts of them are tested.
    pub fn shows(&self, path: &mut String, out: &mut Vec<String>) {
        let length = path.len();
        match self {
            Self::Any(_) => out.push(path.clone()),
            Self::Not(inner) if !inner.is_one_setting() => out.push(path.clone()),
            Self::All(of) => {
                for pattern in of {
                    pattern.shows(path, out);
                }
            }
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                push_segment(path, field.name);
                inner.shows(path, out);
            }
            // What stands below a map is whole, since the map is; a setting shows itself.
            Self::Not(_) | Self::Entry { .. } | Self::Entries { .. } | Self::SomeEntry { .. } | Self::Tests(_) => {}
        }
        path.truncate(length);
    }
}

/// A place at the top of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// `account`.
    Account,
    /// `region`.
    Region,
    /// `partition`.
    Partition,
    /// `arn`.
    Arn,
    /// `api`.
    Api,
    /// `route`.
    Route,
    /// A member of the stage, by place in [`STAGE`].
    Stage(usize),
}

impl Top {
    /// The places and their rows: the stage's, then ours. `each-route` is not a place; the loader sets it apart.
    pub fn all() -> impl Iterator<Item = (Self, &'static Field)> {
        let ours = OURS.iter().filter_map(|field| {
            let top = match field.name {
                "account" => Self::Account,
                "region" => Self::Region,
                "partition" => Self::Partition,
                "arn" => Self::Arn,
                "api" => return Some((Self::Api, &API_FIELD)),
                "route" => Self::Route,
                _ => return None,
            };
            Some((top, field))
        });
        STAGE.iter().enumerate().map(|(at, field)| (Self::Stage(at), field)).chain(ours)
    }

    /// Hands the value that stands there to `then`.
    pub(super) fn with<T>(self, at: &At<'_>, then: impl FnOnce(&Value<'_>) -> T) -> T {
        let document = at.document;
        match self {
            Self::Account => then(&document.account.map_or(Value::NotStated, Value::text)),
            Self::Region => then(&document.region.map_or(Value::NotStated, Value::text)),
            Self::Partition => then(&document.partition().map_or(Value::NotStated, Value::text)),
            Self::Arn => match document.arn() {
                Some(arn) => then(&Value::text(arn)),
                None => then(&NOT_STATED),
            },
            Self::Api => then(document.api),
            Self::Route => then(at.route),
            Self::Stage(at) => then(document.stage.member(at)),
        }
    }
}

/// The row of the document as a whole.
pub static DOCUMENT: Field = STAGE_FIELD;

impl<'d> At<'d> {
    /// The top of a document.
    #[must_use]
    pub fn top(document: &'d Document<'d>, protocol: Protocol, used: Use) -> Self {
        At { document, protocol, used, field: &DOCUMENT, key: None, route: &UNSET, hide: true }
    }

    /// The same, with every value shown as it is if `show_values`.
    #[must_use]
    pub fn showing(self, show_values: bool) -> Self {
        At { hide: !show_values, ..self }
    }

    /// A text of the document as a report may show it, given the key that it has in a map.
    #[must_use]
    pub fn shown<'t>(&self, key: Option<&str>, text: &'t str) -> Cow<'t, str> {
        if self.hide { digest::shown(self.document.account, key, text) } else { Cow::Borrowed(text) }
    }

    /// The same under a `not`.
    #[must_use]
    pub fn under_not(self) -> Self {
        At { used: self.used.turned(), ..self }
    }

    /// The same while nothing is known of the routes.
    #[must_use]
    pub fn any_route(self) -> Self {
        At { route: &NOT_STATED, ..self }
    }
}

/// A glob fits a key; a tag of AWS's own only if the glob names it so.
pub(super) fn fits(glob: &Glob, written: &str, key: &str) -> bool {
    (!key.starts_with("aws:") || written.starts_with("aws:")) && glob.fits(key)
}

/// The entries that a glob key is about. A key with nothing at it is no key: AWS clears a stage variable so.
pub(super) fn fitting<'v>(
    glob: &Glob,
    written: &str,
    value: &'v Value<'v>,
) -> impl Iterator<Item = &'v (Cow<'v, str>, Value<'v>)> {
    let there =
        move |(key, value): &&(Cow<'_, str>, Value<'_>)| !matches!(value, Value::Unset) && fits(glob, written, key);
    value.entries().iter().filter(there)
}

/// Whether a key that fits is there, and not empty.
fn some_entry(glob: &Glob, written: &str, value: &Value<'_>) -> Truth {
    let fitting = fitting(glob, written, value);
    Truth::any([Truth::False].into_iter().chain(fitting.map(|(_, value)| presence(value))))
}

/// What is left of a path below its first segment. Keys may have dots, so the segment has to be known.
pub fn below<'p>(path: &'p str, segment: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(segment)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

pub(super) fn push_segment(path: &mut String, segment: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(segment);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_ours_but_each_route_is_a_place() {
        let places: Vec<_> = Top::all().map(|(_, field)| field.name).collect();
        for field in OURS {
            assert_eq!(places.contains(&field.name), field.name != "each-route", "{}", field.name);
        }
        assert_eq!(places.len(), STAGE.len() + OURS.len() - 1);
    }

    #[test]
    fn a_tag_of_awss_own_fits_only_a_glob_that_names_it() {
        assert!(!fits(&Glob::of("*"), "*", "aws:cloudformation:stack-name"));
        assert!(fits(&Glob::of("aws:*"), "aws:*", "aws:cloudformation:stack-name"));
        assert!(fits(&Glob::of("*"), "*", "team"));
    }

    #[test]
    fn a_key_whose_value_is_not_stated_may_be_empty() {
        let there = |value: Value<'static>| some_entry(&Glob::of("a*"), "a*", &Value::map(vec![("ab".into(), value)]));
        assert_eq!(there(Value::text("x")), Truth::True);
        assert_eq!(there(Value::Unset), Truth::False);
        assert_eq!(there(Value::NotStated), Truth::Unknown);
    }
}
