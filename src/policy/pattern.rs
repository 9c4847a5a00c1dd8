//! The pattern: one picture of a stage, used by `match` and `expect`. What it says of a document, and why not.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::glob::Glob;
use super::operator::Test;
use super::truth::{Truth, Use};
use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, OURS, Protocol, STAGE, Unset};
use crate::model::digest::Digest;
use crate::model::document::STAGE_FIELD;
use crate::model::finding::{Actual, Origin};
use crate::model::value::{NOT_STATED, UNSET, Value, Written};

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
    tests: Vec<Box<dyn Test>>,
    /// The words of each test, when they are the same on every stage.
    words: Vec<Option<Arc<str>>>,
    /// The path of the setting, once it was needed, when it is the same on every stage.
    path: OnceLock<Arc<str>>,
}

impl Setting {
    /// A setting that passes these tests.
    #[must_use]
    pub fn new(tests: Vec<Box<dyn Test>>) -> Self {
        let words = tests.iter().map(|test| test.words().map(Arc::from)).collect();
        Self { tests, words, path: OnceLock::new() }
    }

    /// The tests that fail, in words.
    fn expected(&self, value: &Value<'_>, at: &At<'_>) -> Arc<str> {
        let mut failed = self.tests.iter().zip(&self.words).filter(|(test, _)| test.asked(value, at) == Truth::False);
        let mut words = failed.by_ref().map(|(test, words)| match words {
            Some(words) => Arc::clone(words),
            None => test.expected(at).into(),
        });
        let first = words.next().unwrap_or_default();
        let rest: Vec<Arc<str>> = words.collect();
        if rest.is_empty() {
            return first;
        }
        [&[first], rest.as_slice()].concat().join(", ").into()
    }

    fn path(&self, path: &Path) -> Arc<str> {
        if path.varies {
            path.text.as_str().into()
        } else {
            Arc::clone(self.path.get_or_init(|| path.text.as_str().into()))
        }
    }
}

/// The path of a setting, as a walk through a pattern comes to it.
#[derive(Debug, Default)]
pub struct Path {
    text: String,
    /// Whether the stage decided a part of it, such as a key that fits a glob.
    varies: bool,
}

impl Path {
    /// The path of something that every stage has, as the start of the paths below it.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        Self { text: text.to_owned(), varies: false }
    }

    /// The path of something that only some stages have.
    #[must_use]
    pub fn varying(text: String) -> Self {
        Self { text, varies: true }
    }

    /// Goes one step down, for as long as `below` takes.
    fn below<T>(&mut self, segment: &str, below: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.text.len();
        if length > 0 {
            self.text.push('.');
        }
        self.text.push_str(segment);
        let result = below(self);
        self.text.truncate(length);
        result
    }

    /// Goes down to a key that the stage has.
    fn below_key<T>(&mut self, key: &str, below: impl FnOnce(&mut Self) -> T) -> T {
        let varies = std::mem::replace(&mut self.varies, true);
        let result = self.below(key, below);
        self.varies = varies;
        result
    }

    fn text(&self) -> Arc<str> {
        self.text.as_str().into()
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
}

/// A setting that is not as the pattern demands.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The route; `None` for the stage and its default.
    pub route: Option<Arc<str>>,
    /// The setting; empty for the document as a whole.
    pub path: Arc<str>,
    /// The tests that failed, in words.
    pub expected: Arc<str>,
    /// What is there.
    pub actual: Actual,
    /// Where it came from.
    pub origin: Origin,
}

/// A question that the source leaves open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The route; `None` for the stage and its default.
    pub route: Option<Arc<str>>,
    /// The setting.
    pub path: Arc<str>,
    /// Why it cannot be decided.
    pub reason: Arc<str>,
}

impl Open {
    /// What the source leaves open.
    #[must_use]
    pub fn not_stated(path: Arc<str>) -> Self {
        Self { route: None, path, reason: NOT_STATED_REASON.into() }
    }
}

/// Why most open questions are open.
pub const NOT_STATED_REASON: &str = "the source does not state it";

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
            Self::All(of) => at.used.all(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Any(of) => at.used.any(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Not(inner) => inner.truth(value, at).not(),
            Self::Member { field, at: place, inner } => {
                if !field.on.include(at.protocol) {
                    return Truth::Dropped;
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
                _ => at.used.all(
                    value
                        .entries()
                        .iter()
                        .filter(|(key, _)| fits(glob, written, key))
                        .map(|(key, value)| inner.truth(value, &At { field, key: Some(key), ..*at })),
                ),
            },
            Self::SomeEntry { glob, written, present } => match value {
                Value::NotStated => Truth::Unknown,
                _ => Truth::from(some_entry(glob, written, value) == *present),
            },
            Self::Tests(setting) => {
                let value = resolve(at.field, value);
                at.used.all(setting.tests.iter().map(|test| test.asked(value, at)))
            }
            Self::Top { top, field, inner } => {
                if !field.on.include(at.protocol) {
                    return Truth::Dropped;
                }
                top.with(at.document, |value| inner.truth(value, &At { field, ..*at }))
            }
        }
    }

    /// The settings that fail, given that the pattern does.
    pub fn failures(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, hide: bool, out: &mut Vec<Failure>) {
        match self {
            Self::All(of) => {
                for pattern in of {
                    if pattern.truth(value, at) == Truth::False {
                        pattern.failures(value, at, path, hide, out);
                    }
                }
            }
            Self::Any(_) => out.push(self.failure_here(value, at, path, hide)),
            // A `not` over one setting is a demand on that setting; over several it is one on the place where it is.
            Self::Not(inner) if inner.is_one_setting() => inner.holds_though(value, at, path, hide, out),
            Self::Not(_) => out.push(self.failure_here(value, at, path, hide)),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.failures(value, at, path, hide, out));
            }
            Self::Entries { glob, written, field, inner } => {
                for (key, value) in value.entries().iter().filter(|(key, _)| fits(glob, written, key)) {
                    let at = At { field, key: Some(key), ..*at };
                    if inner.truth(value, &at) == Truth::False {
                        path.below_key(key, |path| inner.failures(value, &at, path, hide, out));
                    }
                }
            }
            Self::SomeEntry { written, .. } => out.push(Failure {
                route: None,
                path: path.below(written, |path| path.text()),
                expected: self.words(at).into(),
                actual: Actual::Unset,
                origin: Origin::Unset,
            }),
            Self::Tests(setting) => {
                let resolved = resolve(at.field, value);
                out.push(Failure {
                    route: None,
                    path: setting.path(path),
                    expected: setting.expected(resolved, at),
                    actual: actual(resolved, at, hide),
                    origin: origin(value, at.field, &path.text),
                });
            }
        }
    }

    /// Takes the one step down that a pattern of one place takes, and calls `then` there.
    fn step<T>(
        &self,
        value: &Value<'_>,
        at: &At<'_>,
        path: &mut Path,
        then: impl FnOnce(&Self, &Value<'_>, &At<'_>, &mut Path) -> T,
    ) -> T {
        match self {
            Self::Member { field, at: place, inner } => {
                path.below(field.name, |path| then(inner, value.member(*place), &At { field, ..*at }, path))
            }
            Self::Entry { key, field, inner } => {
                let at = At { field, key: Some(key), ..*at };
                path.below(key, |path| then(inner, value.entry(key), &at, path))
            }
            Self::Top { top, field, inner } => path.below(field.name, |path| {
                top.with(at.document, |value| then(inner, value, &At { field, ..*at }, path))
            }),
            here => then(here, value, at, path),
        }
    }

    fn failure_here(&self, value: &Value<'_>, at: &At<'_>, path: &Path, hide: bool) -> Failure {
        let (path, expected) = (path.text(), self.words(at).into());
        // The document as a whole is no setting: nothing is "found" there.
        if std::ptr::eq(at.field, &raw const DOCUMENT) {
            return Failure { route: None, path, expected, actual: Actual::Unset, origin: Origin::Stage };
        }
        let origin = origin(value, at.field, &path);
        Failure { route: None, path, expected, actual: actual(resolve(at.field, value), at, hide), origin }
    }

    /// The failure of a `not` over this pattern, at the one setting that the pattern is about.
    fn holds_though(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, hide: bool, out: &mut Vec<Failure>) {
        match self {
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.holds_though(value, at, path, hide, out));
            }
            Self::All(of) if of.len() == 1 => of[0].holds_though(value, at, path, hide, out),
            here => {
                let expected = format!("not {}", here.words(at)).into();
                out.push(Failure { expected, ..here.failure_here(value, at, path, hide) });
            }
        }
    }

    /// Whether the pattern is about one setting.
    fn is_one_setting(&self) -> bool {
        match self {
            Self::Member { inner, .. } | Self::Top { inner, .. } | Self::Entry { inner, .. } | Self::Not(inner) => {
                inner.is_one_setting()
            }
            Self::All(of) | Self::Any(of) if of.len() == 1 => of[0].is_one_setting(),
            Self::All(of) | Self::Any(of) => of.iter().all(|pattern| matches!(pattern, Self::Tests(_))),
            Self::Tests(_) => true,
            Self::Entries { .. } | Self::SomeEntry { .. } => false,
        }
    }

    /// What keeps the pattern from being decided, given that it is not.
    pub fn open_questions(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, out: &mut Vec<Open>) {
        if self.truth(value, at) != Truth::Unknown {
            return;
        }
        match self {
            Self::All(of) | Self::Any(of) => of.iter().for_each(|pattern| pattern.open_questions(value, at, path, out)),
            Self::Not(inner) => inner.open_questions(value, at, path, out),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.open_questions(value, at, path, out));
            }
            Self::Entries { glob, written, field, inner } if !matches!(value, Value::NotStated) => {
                for (key, value) in value.entries().iter().filter(|(key, _)| fits(glob, written, key)) {
                    let at = At { field, key: Some(key), ..*at };
                    path.below_key(key, |path| inner.open_questions(value, &at, path, out));
                }
            }
            Self::Entries { .. } | Self::SomeEntry { .. } => out.push(Open::not_stated(path.text())),
            Self::Tests(setting) => {
                let resolved = resolve(at.field, value);
                let reason = setting.tests.iter().find_map(|test| test.unknown(resolved, at));
                let reason = reason.map_or_else(|| NOT_STATED_REASON.into(), Arc::from);
                out.push(Open { route: None, path: setting.path(path), reason });
            }
        }
    }

    /// The pattern in words, for `expected`.
    #[must_use]
    pub fn words(&self, at: &At<'_>) -> String {
        let all = |of: &[Self]| {
            let left: Vec<String> = of
                .iter()
                .filter(|pattern| pattern.truth(&UNSET, at) != Truth::Dropped)
                .map(|pattern| pattern.words(at))
                .collect();
            left
        };
        match self {
            Self::All(of) => all(of).join(" and "),
            Self::Any(of) => match all(of).as_slice() {
                [one] => one.clone(),
                several => format!("any of: {}", several.join("; or ")),
            },
            Self::Not(inner) => format!("not {}", inner.words(at)),
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                inner.words_under(field.name, &At { field, key: at.key, ..*at })
            }
            Self::Entry { key, field, inner } => inner.words_under(key, &At { field, key: Some(key), ..*at }),
            Self::Entries { written, field, inner, .. } => {
                inner.words_under(&format!("every {written}"), &At { field, ..*at })
            }
            Self::SomeEntry { written, present, .. } => {
                let keys = if &**written == "*" { "key".to_owned() } else { format!("key like {written}") };
                if *present { format!("at least one {keys}") } else { format!("no {keys}") }
            }
            Self::Tests(setting) => {
                setting.tests.iter().map(|test| test.expected(at)).collect::<Vec<_>>().join(" and ")
            }
        }
    }

    fn words_under(&self, name: &str, at: &At<'_>) -> String {
        let words = self.words(at);
        match self {
            Self::Member { .. } | Self::Entry { .. } => format!("{name}.{words}"),
            Self::All(parts) if parts.iter().any(|part| !matches!(part, Self::Tests(_) | Self::Not(_))) => {
                format!("{name} ({words})")
            }
            _ => format!("{name}: {words}"),
        }
    }

    /// The paths that the pattern reads. A map, and a place whose value a violation would show, is read whole.
    pub fn reads(&self, path: &mut String, out: &mut Vec<String>) {
        let length = path.len();
        match self {
            Self::All(of) | Self::Any(of) => {
                if matches!(self, Self::Any(_)) {
                    out.push(path.clone());
                }
                for pattern in of {
                    pattern.reads(path, out);
                }
            }
            Self::Not(inner) => {
                if !inner.is_one_setting() {
                    out.push(path.clone());
                }
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
                _ => return None,
            };
            Some((top, field))
        });
        STAGE.iter().enumerate().map(|(at, field)| (Self::Stage(at), field)).chain(ours)
    }

    /// Hands the value that stands there to `then`.
    fn with<T>(self, document: &Document<'_>, then: impl FnOnce(&Value<'_>) -> T) -> T {
        match self {
            Self::Account => then(&document.account.map_or(Value::NotStated, Value::text)),
            Self::Region => then(&document.region.map_or(Value::NotStated, Value::text)),
            Self::Partition => then(&document.partition().map_or(Value::NotStated, Value::text)),
            Self::Arn => match document.arn() {
                Some(arn) => then(&Value::text(arn)),
                None => then(&NOT_STATED),
            },
            Self::Api => then(document.api),
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
        At { document, protocol, used, field: &DOCUMENT, key: None }
    }
}

/// A glob fits a key; a tag of AWS's own only if the glob names it so.
fn fits(glob: &Glob, written: &str, key: &str) -> bool {
    (!key.starts_with("aws:") || written.starts_with("aws:")) && glob.fits(key)
}

fn some_entry(glob: &Glob, written: &str, value: &Value<'_>) -> bool {
    value.entries().iter().any(|(key, value)| fits(glob, written, key) && !value.is_unset())
}

fn push_segment(path: &mut String, segment: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(segment);
}

/// Where a value came from: the top of its path tells.
fn origin(value: &Value<'_>, field: &Field, path: &str) -> Origin {
    if value.is_unset() {
        return match field.unset {
            Unset::False | Unset::Text(_) => Origin::Implied,
            Unset::Nothing | Unset::Empty => Origin::Unset,
        };
    }
    if path.starts_with("RouteSettings") {
        Origin::Route
    } else if path == "api" || path.starts_with("api.") {
        Origin::Api
    } else {
        Origin::Stage
    }
}

/// A value as a report may show it: with `hide`, a stage variable only as a digest.
fn actual(value: &Value<'_>, at: &At<'_>, hide: bool) -> Actual {
    if value.is_unset() {
        return Actual::Unset;
    }
    match value {
        Value::Boolean(value) => Actual::Boolean(*value),
        Value::Integer(value) => Actual::Integer(*value),
        Value::Number(value) => Actual::Number(*value),
        Value::Text(text) if hide && at.field.sensitive => {
            Actual::Text(Digest::of(at.document.account, at.key.unwrap_or_default(), text).short().into())
        }
        Value::Text(text) => Actual::Text(text.as_ref().into()),
        Value::Digest(digest) => Actual::Text(digest.short().into()),
        Value::Unset | Value::NotStated => Actual::Unset,
        Value::Struct(_) | Value::Map(_) | Value::List(_) => {
            let shown = if at.field.sensitive { digests(value, at, hide) } else { value.clone() };
            let written = serde_json::to_string(&Written { field: at.field, value: &shown });
            written.map_or(Actual::Unset, |json| Actual::Json(json.into()))
        }
    }
}

/// The map of stage variables with a short digest in place of each value.
fn digests(value: &Value<'_>, at: &At<'_>, hide: bool) -> Value<'static> {
    let entries = value.entries().iter().map(|(key, value)| {
        let shown = match value {
            Value::Text(text) if hide => Value::text(Digest::of(at.document.account, key, text).short()),
            Value::Digest(digest) => Value::text(digest.short()),
            other => other.clone().into_owned(),
        };
        (Cow::Owned(key.clone().into_owned()), shown)
    });
    Value::map(entries.collect())
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
}
