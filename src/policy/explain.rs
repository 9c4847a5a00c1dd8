//! Why a pattern does not hold, or cannot be decided: the settings, what was demanded of them, and what is there.

use std::borrow::Cow;
use std::sync::Arc;

use super::operator::present::presence;
use super::pattern::{At, DOCUMENT, Pattern, Setting, fitting, push_segment, resolve};
use super::truth::Truth;
use crate::model::catalogue::{Field, Kind, Protocol, Unset};
use crate::model::digest::Digest;
use crate::model::finding::{Actual, Origin, Reading};
use crate::model::value::{UNSET, Value, Written};

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
    /// The reading of a partial route entry that it rests on; `None` when it fails whichever way.
    pub reading: Option<Reading>,
    /// Whether it is one of the settings in force of a route, which an entry may inherit.
    pub in_force: bool,
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

/// The answer of an `assert` on a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asserted {
    /// It holds.
    Holds,
    /// It does not hold; the quantifiers on which that hangs and what they failed for, empty without any.
    Fails(Arc<str>),
    /// It cannot be decided.
    Open(Vec<Open>),
}

/// Why most open questions are open.
pub const NOT_STATED_REASON: &str = "the source does not state it";

/// The path of a setting, as a walk through a pattern comes to it.
#[derive(Debug)]
pub struct Path {
    text: String,
    /// Whether the stage decided a part of it, such as a key that fits a glob.
    varies: bool,
}

impl Default for Path {
    fn default() -> Self {
        // Long enough for most paths, which then grow in place.
        Self { text: String::with_capacity(64), varies: false }
    }
}

impl Path {
    /// The path of something that every stage has, as the start of the paths below it.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        let mut path = Self::default();
        path.text.push_str(text);
        path
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

impl Setting {
    /// The tests that fail, in words.
    fn expected(&self, value: &Value<'_>, at: &At<'_>) -> Arc<str> {
        let mut failed = self.tests.iter().zip(&self.words).filter(|(test, _)| test.asked(value, at) == Truth::False);
        let mut words = failed.by_ref().map(|(test, words)| match (test.missed(value), words) {
            (Some(missed), _) => missed.into(),
            (None, Some(words)) => Arc::clone(words),
            (None, None) => test.expected(at).into(),
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

impl Pattern {
    /// The settings that fail, given that the pattern does.
    pub fn failures(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, out: &mut Vec<Failure>) {
        match self {
            Self::All(of) => {
                for pattern in of {
                    if pattern.truth(value, at) == Truth::False {
                        pattern.failures(value, at, path, out);
                    }
                }
            }
            Self::Any(_) => out.push(self.failure_here(value, at, path)),
            // A `not` over one setting is a demand on that setting; over several it is one on the place where it is.
            Self::Not(inner) if inner.is_one_setting() => inner.holds_though(value, at, path, out),
            Self::Not(_) => out.push(self.failure_here(value, at, path)),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.failures(value, at, path, out));
            }
            Self::Entries { glob, written, field, inner } => {
                for (key, value) in fitting(glob, written, value) {
                    let at = At { field, key: Some(key), ..*at };
                    if inner.truth(value, &at) == Truth::False {
                        path.below_key(key, |path| inner.failures(value, &at, path, out));
                    }
                }
            }
            Self::SomeEntry { glob, written, present: false } => {
                let Kind::Map(field) = at.field.kind else { return };
                let expected: Arc<str> = self.words(at).into();
                for (key, value) in fitting(glob, written, value).filter(|(_, value)| presence(value) == Truth::True) {
                    let at = At { field, key: Some(key), ..*at };
                    let found = path.below_key(key, |path| Self::failure_of(value, &at, path));
                    out.push(Failure { expected: Arc::clone(&expected), ..found });
                }
            }
            Self::SomeEntry { written, .. } => out.push(Failure {
                route: None,
                path: path.below(written, |path| path.text()),
                expected: self.words(at).into(),
                actual: Actual::Unset,
                origin: Origin::Unset,
                reading: None,
                in_force: false,
            }),
            Self::Tests(setting) => {
                let resolved = resolve(at.field, value);
                out.push(Failure {
                    route: None,
                    path: setting.path(path),
                    expected: setting.expected(resolved, at),
                    actual: actual(resolved, at),
                    origin: origin(value, at.field, &path.text),
                    reading: None,
                    in_force: false,
                });
            }
        }
    }

    /// Every setting of which the pattern demands something: what it is, and what is there, whether or not they agree.
    pub fn demands(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, out: &mut Vec<Failure>) {
        if self.truth(value, at) == Truth::Dropped {
            return;
        }
        match self {
            Self::All(of) => of.iter().for_each(|pattern| pattern.demands(value, at, path, out)),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.demands(value, at, path, out));
            }
            here => out.push(here.failure_here(value, at, path)),
        }
    }

    /// The settings that the pattern asks about and the protocol lacks.
    pub fn lacking(&self, on: Protocol, path: &mut String, out: &mut Vec<String>) {
        let length = path.len();
        match self {
            Self::All(of) | Self::Any(of) => of.iter().for_each(|pattern| pattern.lacking(on, path, out)),
            Self::Not(inner) => inner.lacking(on, path, out),
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                push_segment(path, field.name);
                if field.on.include(on) {
                    inner.lacking(on, path, out);
                } else {
                    out.push(path.clone());
                }
            }
            Self::Entry { key, inner, .. } | Self::Entries { written: key, inner, .. } => {
                push_segment(path, key);
                inner.lacking(on, path, out);
            }
            Self::SomeEntry { .. } | Self::Tests(_) => {}
        }
        path.truncate(length);
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
            Self::Top { top, field, inner } => {
                path.below(field.name, |path| top.with(at, |value| then(inner, value, &At { field, ..*at }, path)))
            }
            here => then(here, value, at, path),
        }
    }

    fn failure_here(&self, value: &Value<'_>, at: &At<'_>, path: &Path) -> Failure {
        Failure { expected: self.words(at).into(), ..Self::failure_of(value, at, path) }
    }

    /// What is found at a place, whatever is expected there.
    fn failure_of(value: &Value<'_>, at: &At<'_>, path: &Path) -> Failure {
        let (path, expected) = (path.text(), "".into());
        // The document as a whole is no setting: nothing is "found" there.
        if std::ptr::eq(at.field, &raw const DOCUMENT) {
            return Failure {
                route: None,
                path,
                expected,
                actual: Actual::Unset,
                origin: Origin::Stage,
                reading: None,
                in_force: false,
            };
        }
        let origin = origin(value, at.field, &path);
        let actual = actual(resolve(at.field, value), at);
        Failure { route: None, path, expected, actual, origin, reading: None, in_force: false }
    }

    /// The failure of a `not` over this pattern, at the one setting that the pattern is about.
    fn holds_though(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, out: &mut Vec<Failure>) {
        match self {
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.holds_though(value, at, path, out));
            }
            Self::All(of) if of.len() == 1 => of[0].holds_though(value, at, path, out),
            here => {
                let expected = format!("not {}", here.words(at)).into();
                out.push(Failure { expected, ..here.failure_here(value, at, path) });
            }
        }
    }

    /// Whether the pattern is about one setting.
    pub(super) fn is_one_setting(&self) -> bool {
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
            Self::Not(inner) => inner.open_questions(value, &at.under_not(), path, out),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, path, |inner, value, at, path| inner.open_questions(value, at, path, out));
            }
            Self::Entries { glob, written, field, inner } if !matches!(value, Value::NotStated) => {
                for (key, value) in fitting(glob, written, value) {
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

    /// What cannot be decided beside what fails, given that the pattern fails.
    pub fn questions_beside(&self, value: &Value<'_>, at: &At<'_>, path: &mut Path, out: &mut Vec<Open>) {
        match (self.truth(value, at), self) {
            (Truth::Unknown, _) => self.open_questions(value, at, path, out),
            (Truth::False, Self::All(of)) => {
                for pattern in of {
                    pattern.questions_beside(value, at, path, out);
                }
            }
            (Truth::False, Self::Member { .. } | Self::Entry { .. } | Self::Top { .. }) => {
                self.step(value, at, path, |inner, value, at, path| inner.questions_beside(value, at, path, out));
            }
            (Truth::False, Self::Entries { glob, written, field, inner }) => {
                for (key, value) in fitting(glob, written, value) {
                    let at = At { field, key: Some(key), ..*at };
                    path.below_key(key, |path| inner.questions_beside(value, &at, path, out));
                }
            }
            _ => {}
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

/// A value as a report may show it: a stage variable, and every text that looks like a secret, only as a digest.
fn actual(value: &Value<'_>, at: &At<'_>) -> Actual {
    if value.is_unset() {
        return Actual::Unset;
    }
    match value {
        Value::Boolean(value) => Actual::Boolean(*value),
        Value::Integer(value) => Actual::Integer(*value),
        Value::Number(value) => Actual::Number(*value),
        Value::Text(text) => Actual::Text(shown(text, at).into()),
        Value::Digest(digest) => Actual::Text(digest.short().into()),
        Value::Unset | Value::NotStated => Actual::Unset,
        Value::Struct(_) | Value::Map(_) | Value::List(_) => {
            let shown = all_shown(value, at);
            let written = serde_json::to_string(&Written { field: at.field, value: &shown });
            written.map_or(Actual::Unset, |json| Actual::Json(json.into()))
        }
    }
}

/// A text as a report may show it.
fn shown<'t>(text: &'t str, at: &At<'_>) -> Cow<'t, str> {
    if at.hide && at.field.sensitive {
        return Digest::of(at.document.account, at.key.unwrap_or_default(), text).short().into();
    }
    at.shown(at.key, text)
}

/// A value with every text and digest in it as a report may show it.
fn all_shown<'v>(value: &'v Value<'_>, at: &At<'_>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(shown(text, at)),
        Value::Digest(digest) => Value::text(digest.short()),
        Value::Struct(values) => {
            let members = at.field.members().iter().zip(values);
            Value::Struct(members.map(|(field, value)| all_shown(value, &At { field, ..*at })).collect())
        }
        Value::Map(entries) => {
            let Kind::Map(field) = at.field.kind else { return Value::Unset };
            let entries = entries.iter().map(|(key, value)| {
                let key = key.as_ref();
                (Cow::Borrowed(key), all_shown(value, &At { field, key: Some(key), ..*at }))
            });
            Value::Map(entries.collect())
        }
        Value::List(elements) => {
            let Kind::List(field) = at.field.kind else { return Value::Unset };
            Value::List(elements.iter().map(|element| all_shown(element, &At { field, ..*at })).collect())
        }
        Value::Unset => Value::Unset,
        Value::NotStated => Value::NotStated,
        Value::Boolean(value) => Value::Boolean(*value),
        Value::Integer(value) => Value::Integer(*value),
        Value::Number(value) => Value::Number(*value),
    }
}
