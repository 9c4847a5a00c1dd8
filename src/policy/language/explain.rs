//! Failures and open questions of a pattern on a stage: the settings, the demands and the values found.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::catalogue::{API_FIELD, Kind, Unset, stage};
use crate::model::digest::Digest;
use crate::model::finding::{Actual, Origin, Reading};
use crate::model::path::{Path, Segment};
use crate::model::protocol::Protocol;
use crate::model::value::{Value, Written};
use crate::policy::language::context::Context;
use crate::policy::language::pattern::{Pattern, SettingTest, SettingTests, fitting};
use crate::policy::language::test::NOT_STATED_REASON;
use crate::policy::language::trail::Trail;
use crate::policy::language::truth::Truth;
use crate::policy::language::value::{presence, resolve};

/// A setting that is not as the pattern demands.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The setting; empty for the document as a whole.
    pub path: Arc<Path>,
    /// The tests that failed, in words.
    pub expected: Arc<str>,
    /// The value found.
    pub actual: Actual,
    /// The origin of the value.
    pub origin: Origin,
    /// The reading of a partial route entry that it rests on; `None` when it fails whichever way.
    pub reading: Option<Reading>,
    /// True for one of the settings in force of a route, which an entry may inherit.
    pub in_force: bool,
    /// The protocol that it rests on; `None` when it fails whichever way.
    pub on: Option<Protocol>,
}

impl Failure {
    /// The failure of a setting, or of the document as a whole, in which no value was found.
    #[must_use]
    pub fn of(path: Arc<Path>, expected: Arc<str>, origin: Origin) -> Self {
        Self {
            path,
            expected,
            actual: Actual::Unset,
            origin,
            reading: None,
            in_force: false,
            on: None,
        }
    }

    /// The route; `None` for the stage and its default.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.path.route()
    }
}

/// A question that cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The route; `None` for the stage and its default.
    pub route: Option<Arc<str>>,
    /// The setting.
    pub path: Arc<str>,
    /// The reason why it cannot be decided.
    pub reason: Arc<str>,
}

impl OpenQuestion {
    /// A setting that the source does not state.
    #[must_use]
    pub fn not_stated(path: Arc<str>) -> Self {
        Self {
            route: None,
            path,
            reason: NOT_STATED_REASON.into(),
        }
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
    Open(Vec<OpenQuestion>),
}

impl SettingTests {
    /// The tests that fail, in words.
    fn expected(&self, value: &Value<'_>, at: &Context<'_>) -> Arc<str> {
        let failed = self
            .tests
            .iter()
            .filter(|one| one.test.answer(value, at) == Truth::False);
        let mut words =
            failed.map(
                |SettingTest { test, words, .. }| match (test.missed(value), words) {
                    (Some(missed), _) => missed.into(),
                    (None, Some(words)) => Arc::clone(words),
                    (None, None) => test.expected(at).into(),
                },
            );
        let first = words.next().unwrap_or_default();
        let rest: Vec<Arc<str>> = words.collect();
        if rest.is_empty() {
            return first;
        }
        [&[first], rest.as_slice()].concat().join(", ").into()
    }

    fn path(&self, trail: &Trail) -> Arc<Path> {
        if trail.varies {
            trail.path()
        } else {
            Arc::clone(self.path.get_or_init(|| trail.path()))
        }
    }
}

impl Pattern {
    /// The settings that fail, given that the pattern does.
    pub fn failures(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        out: &mut Vec<Failure>,
    ) {
        match self {
            Self::All(of) => {
                for pattern in of {
                    if at.used.fails(pattern.truth(value, at)) {
                        pattern.failures(value, at, trail, out);
                    }
                }
            }
            Self::Any(..) => out.push(self.failure_here(value, at, trail)),
            // A `not` over one setting is a demand on that setting; over several it is one on the place where it is.
            Self::Not(inner, _) if inner.is_one_setting() => {
                inner.holds_though(value, at, trail, out);
            }
            Self::Not(..) => out.push(self.failure_here(value, at, trail)),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, trail, |inner, value, at, trail| {
                    inner.failures(value, at, trail, out);
                });
            }
            Self::Entries {
                glob,
                written,
                field,
                inner,
            } => {
                for (key, value) in fitting(glob, written, value) {
                    let at = at.at_key(key, field);
                    if at.used.fails(inner.truth(value, &at)) {
                        trail.below_key(key, |trail| inner.failures(value, &at, trail, out));
                    }
                }
            }
            Self::SomeEntry {
                glob,
                written,
                present: false,
                ..
            } => {
                let Kind::Map(field) = at.field.kind else {
                    return;
                };
                let expected: Arc<str> = self.words(at).into();
                for (key, value) in fitting(glob, written, value)
                    .filter(|(_, value)| presence(value) == Truth::True)
                {
                    let at = Context {
                        field,
                        key: Some(key),
                        ..*at
                    };
                    let found = trail.below_key(key, |trail| Self::failure_of(value, &at, trail));
                    out.push(Failure {
                        expected: Arc::clone(&expected),
                        ..found
                    });
                }
            }
            Self::SomeEntry { written, .. } => {
                let path = trail.below(Segment::Glob(written), |trail| trail.path());
                out.push(Failure::of(path, self.words(at).into(), Origin::Unset));
            }
            Self::Tests(setting) => {
                let resolved = resolve(at.field, value);
                let path = setting.path(trail);
                let (origin, actual) = (origin(value, at, &path), actual(resolved, at));
                out.push(Failure {
                    actual,
                    ..Failure::of(path, setting.expected(resolved, at), origin)
                });
            }
        }
    }

    /// Every setting on which the pattern has a demand: the demand and the value found, whether or not they agree.
    pub fn demands(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        out: &mut Vec<Failure>,
    ) {
        if self.truth(value, at) == Truth::Dropped {
            return;
        }
        match self {
            Self::All(of) => of
                .iter()
                .for_each(|pattern| pattern.demands(value, at, trail, out)),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, trail, |inner, value, at, trail| {
                    inner.demands(value, at, trail, out);
                });
            }
            here => out.push(here.failure_here(value, at, trail)),
        }
    }

    /// The settings that the pattern tests and the protocol lacks.
    pub fn lacking(&self, on: Protocol, path: &mut Path, out: &mut Vec<Path>) {
        let mut below = |segment: Segment<'_>, has: bool, inner: &Self| {
            path.push(segment);
            if has {
                inner.lacking(on, path, out);
            } else {
                out.push(path.clone());
            }
            path.pop();
        };
        match self {
            Self::All(of) | Self::Any(of, _) => {
                for pattern in of {
                    pattern.lacking(on, path, out);
                }
            }
            Self::Not(inner, _) => inner.lacking(on, path, out),
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                below(Segment::Member(field.name), field.on.include(on), inner);
            }
            Self::Entry { key, inner, .. } => below(Segment::Key(key), true, inner),
            Self::Entries { written, inner, .. } => below(Segment::Glob(written), true, inner),
            Self::SomeEntry { .. } | Self::Tests(_) => {}
        }
    }

    /// Takes the one step down that a pattern of one place takes, and calls `then` there.
    fn step<T>(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        then: impl FnOnce(&Self, &Value<'_>, &Context<'_>, &mut Trail) -> T,
    ) -> T {
        match self {
            Self::Member {
                field,
                at: place,
                inner,
            } => trail.below(Segment::Member(field.name), |trail| {
                then(
                    inner,
                    value.member(*place),
                    &Context { field, ..*at },
                    trail,
                )
            }),
            Self::Entry { key, field, inner } => {
                let at = Context {
                    field,
                    key: Some(key),
                    ..*at
                };
                trail.below(Segment::Key(key), |trail| {
                    then(inner, value.entry(key), &at, trail)
                })
            }
            Self::Top { top, field, inner } => trail.below(Segment::Member(field.name), |trail| {
                top.with(at, |value| {
                    then(inner, value, &Context { field, ..*at }, trail)
                })
            }),
            here => then(here, value, at, trail),
        }
    }

    fn failure_here(&self, value: &Value<'_>, at: &Context<'_>, trail: &Trail) -> Failure {
        Failure {
            expected: self.words(at).into(),
            ..Self::failure_of(value, at, trail)
        }
    }

    /// The value found at a place, whatever is expected there.
    fn failure_of(value: &Value<'_>, at: &Context<'_>, trail: &Trail) -> Failure {
        let path = trail.path();
        // The document as a whole is not a setting: nothing is "found" there.
        if path.is_whole() {
            return Failure::of(path, "".into(), Origin::Stage);
        }
        let (origin, actual) = (
            origin(value, at, &path),
            actual(resolve(at.field, value), at),
        );
        Failure {
            actual,
            ..Failure::of(path, "".into(), origin)
        }
    }

    /// The failure of a `not` over this pattern, at the one setting that the pattern is about.
    fn holds_though(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        out: &mut Vec<Failure>,
    ) {
        match self {
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, trail, |inner, value, at, trail| {
                    inner.holds_though(value, at, trail, out);
                });
            }
            Self::All(of) if of.len() == 1 => of[0].holds_though(value, at, trail, out),
            here => {
                let expected = format!("not {}", here.words(at)).into();
                out.push(Failure {
                    expected,
                    ..here.failure_here(value, at, trail)
                });
            }
        }
    }

    /// The questions that keep the pattern from being decided.
    pub fn open_questions(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        out: &mut Vec<OpenQuestion>,
    ) {
        if self.truth(value, at) != Truth::Unknown {
            return;
        }
        match self {
            Self::All(of) | Self::Any(of, _) => {
                for pattern in of {
                    pattern.open_questions(value, at, trail, out);
                }
            }
            Self::Not(inner, _) => inner.open_questions(value, &at.under_not(), trail, out),
            Self::Member { .. } | Self::Entry { .. } | Self::Top { .. } => {
                self.step(value, at, trail, |inner, value, at, trail| {
                    inner.open_questions(value, at, trail, out);
                });
            }
            Self::Entries {
                glob,
                written,
                field,
                inner,
            } if !matches!(value, Value::NotStated) => {
                for (key, value) in fitting(glob, written, value) {
                    let at = at.at_key(key, field);
                    trail.below_key(key, |trail| inner.open_questions(value, &at, trail, out));
                }
            }
            Self::Entries { .. } | Self::SomeEntry { .. } => {
                out.push(OpenQuestion::not_stated(trail.text()));
            }
            Self::Tests(setting) => {
                let resolved = resolve(at.field, value);
                let reason = setting
                    .tests
                    .iter()
                    .find_map(|one| one.test.unknown(resolved, at));
                let reason = reason.map_or_else(|| NOT_STATED_REASON.into(), Arc::from);
                out.push(OpenQuestion {
                    route: None,
                    path: trail.text(),
                    reason,
                });
            }
        }
    }

    /// The questions that are open beside the failures of a pattern that fails.
    pub fn questions_beside(
        &self,
        value: &Value<'_>,
        at: &Context<'_>,
        trail: &mut Trail,
        out: &mut Vec<OpenQuestion>,
    ) {
        match (self.truth(value, at), self) {
            (Truth::Unknown, _) => self.open_questions(value, at, trail, out),
            (Truth::False, Self::All(of)) => {
                for pattern in of {
                    pattern.questions_beside(value, at, trail, out);
                }
            }
            (Truth::False, Self::Member { .. } | Self::Entry { .. } | Self::Top { .. }) => {
                self.step(value, at, trail, |inner, value, at, trail| {
                    inner.questions_beside(value, at, trail, out);
                });
            }
            (
                Truth::False,
                Self::Entries {
                    glob,
                    written,
                    field,
                    inner,
                },
            ) => {
                for (key, value) in fitting(glob, written, value) {
                    let at = at.at_key(key, field);
                    trail.below_key(key, |trail| inner.questions_beside(value, &at, trail, out));
                }
            }
            _ => {}
        }
    }
}

/// The origin of a value, by the first member of its path.
fn origin(value: &Value<'_>, at: &Context<'_>, path: &Path) -> Origin {
    if value.is_unset() && !at.empty_is_text {
        return match at.field.unset {
            Unset::False | Unset::Text(_) => Origin::Implied,
            Unset::Nothing | Unset::Empty => Origin::Unset,
        };
    }
    match path.segments().next().map(Segment::name) {
        Some(name) if name == stage::ROUTES.name => Origin::Route,
        Some(name) if name == API_FIELD.name => Origin::Api,
        _ => Origin::Stage,
    }
}

/// A value as a report may show it: a stage variable, and every text that looks like a secret, only as a digest.
fn actual(value: &Value<'_>, at: &Context<'_>) -> Actual {
    if value.is_unset() {
        return if at.empty_is_text {
            Actual::Text("".into())
        } else {
            Actual::Unset
        };
    }
    match value {
        Value::Boolean(value) => Actual::Boolean(*value),
        Value::Integer(value) => Actual::Integer(*value),
        Value::Number(value) => Actual::Number(*value),
        Value::Text(text) => Actual::Text(shown(text, at).into()),
        Value::Digest(digest) => Actual::Text(digest.short().into()),
        Value::Unset | Value::NotStated | Value::SomeValue => Actual::Unset,
        Value::Struct(_) | Value::Map(_) | Value::List(_) => {
            let shown = all_shown(value, at);
            let written = serde_json::to_string(&Written {
                field: at.field,
                value: &shown,
            });
            written.map_or(Actual::Unset, |json| Actual::Json(json.into()))
        }
    }
}

/// A text as a report may show it.
fn shown<'t>(text: &'t str, at: &Context<'_>) -> Cow<'t, str> {
    if at.hide && at.field.sensitive {
        return Digest::of(at.document.account, at.key.unwrap_or_default(), text)
            .short()
            .into();
    }
    at.shown(at.key, text)
}

/// A value with every text and digest in it as a report may show it.
fn all_shown<'v>(value: &'v Value<'_>, at: &Context<'_>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(shown(text, at)),
        Value::Digest(digest) => Value::text(digest.short()),
        Value::Struct(values) => {
            let members = at.field.members().iter().zip(values);
            Value::Struct(
                members
                    .map(|(field, value)| all_shown(value, &Context { field, ..*at }))
                    .collect(),
            )
        }
        Value::Map(entries) => {
            let Kind::Map(field) = at.field.kind else {
                return Value::Unset;
            };
            let entries = entries.iter().map(|(key, value)| {
                let key = key.as_ref();
                (
                    Cow::Borrowed(key),
                    all_shown(
                        value,
                        &Context {
                            field,
                            key: Some(key),
                            ..*at
                        },
                    ),
                )
            });
            Value::Map(entries.collect())
        }
        Value::List(elements) => {
            let Kind::List(field) = at.field.kind else {
                return Value::Unset;
            };
            Value::List(
                elements
                    .iter()
                    .map(|element| all_shown(element, &Context { field, ..*at }))
                    .collect(),
            )
        }
        Value::Unset => Value::Unset,
        Value::NotStated => Value::NotStated,
        Value::SomeValue => Value::SomeValue,
        Value::Boolean(value) => Value::Boolean(*value),
        Value::Integer(value) => Value::Integer(*value),
        Value::Number(value) => Value::Number(*value),
    }
}
