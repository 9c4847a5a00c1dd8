//! The pattern, used by `match`, `expect` and `accept`, and its answer on a document.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::context::Context;
use super::glob::Glob;
use super::test::{Test, in_any_order};
use super::truth::{Truth, Use};
use super::value::{presence, resolve};
use crate::model::Path;
use crate::model::catalogue::{API_FIELD, Field, OURS, STAGE};
use crate::model::path::Segment;
use crate::model::value::{NOT_STATED, UNSET, Value};

/// A compiled pattern, at one place of the document. What tests something keeps its bytes in the file.
#[derive(Debug)]
pub enum Pattern {
    /// All of these hold.
    All(Vec<Pattern>),
    /// One of these holds.
    Any(Vec<Pattern>, Range<usize>),
    /// This does not hold.
    Not(Box<Pattern>, Range<usize>),
    /// A member of a struct fits.
    Member {
        /// The member's row.
        field: &'static Field,
        /// Its place among its siblings.
        at: usize,
        /// The pattern for its value.
        inner: Box<Pattern>,
    },
    /// The value of a key of a map fits.
    Entry {
        /// The key.
        key: Box<str>,
        /// The row of the map's values.
        field: &'static Field,
        /// The pattern for the value.
        inner: Box<Pattern>,
    },
    /// The value of every key that fits the glob fits.
    Entries {
        /// The keys.
        glob: Glob,
        /// The glob as it was written.
        written: Box<str>,
        /// The row of the map's values.
        field: &'static Field,
        /// The pattern for the values.
        inner: Box<Pattern>,
    },
    /// A key that fits is there, and not empty; or none is.
    SomeEntry {
        /// The keys.
        glob: Glob,
        /// The glob as it was written.
        written: Box<str>,
        /// True if there should be one.
        present: bool,
        /// The bytes of the test.
        span: Range<usize>,
    },
    /// The setting passes these tests.
    Tests(SettingTests),
    /// A member of the document fits.
    Top {
        /// The place.
        top: Top,
        /// Its row.
        field: &'static Field,
        /// The pattern for its value.
        inner: Box<Pattern>,
    },
}

/// The tests of one setting.
#[derive(Debug)]
pub struct SettingTests {
    pub(crate) tests: Vec<SettingTest>,
    /// The path of the setting, once it was needed, when it is the same on every stage.
    pub(crate) path: OnceLock<Arc<Path>>,
}

/// One test of a setting.
#[derive(Debug)]
pub struct SettingTest {
    pub(crate) test: Box<dyn Test>,
    /// Its words, when they are the same on every stage.
    pub(crate) words: Option<Arc<str>>,
    /// Its bytes in the file.
    pub(crate) span: Range<usize>,
}

impl SettingTest {
    /// A test with these bytes.
    #[must_use]
    pub fn new(test: Box<dyn Test>, span: Range<usize>) -> Self {
        Self {
            words: test.words().map(Arc::from),
            test,
            span,
        }
    }
}

impl Pattern {
    /// The answer on a value.
    #[must_use]
    pub fn truth(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        match self {
            Self::All(of) => at
                .used
                .all(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Any(of, _) => Truth::any(of.iter().map(|pattern| pattern.truth(value, at))),
            Self::Not(inner, _) => inner.truth(value, &at.under_not()).not(),
            Self::Member {
                field,
                at: place,
                inner,
            } => {
                if !field.on.include(at.protocol) {
                    return Truth::Dropped;
                }
                inner.truth(
                    value.member(*place),
                    &Context {
                        field,
                        key: at.key,
                        ..*at
                    },
                )
            }
            Self::Entry { key, field, inner } => inner.truth(
                value.entry(key),
                &Context {
                    field,
                    key: Some(key),
                    ..*at
                },
            ),
            Self::Entries {
                glob,
                written,
                field,
                inner,
            } => truth_of_entries((glob, written), field, inner, value, at),
            Self::SomeEntry {
                glob,
                written,
                present,
                ..
            } => match value {
                Value::NotStated => Truth::Unknown,
                _ => {
                    let there = some_entry(glob, written, value);
                    if *present { there } else { there.not() }
                }
            },
            Self::Tests(setting) => {
                let value = resolve(at.field, value);
                Truth::all(setting.tests.iter().map(|one| one.test.answer(value, at)))
            }
            Self::Top { top, field, inner } => {
                if !field.on.include(at.protocol) {
                    return Truth::Dropped;
                }
                top.with(at, |value| inner.truth(value, &Context { field, ..*at }))
            }
        }
    }

    /// True if the pattern, at the top of the document, may fail at a setting, and not only at the document as a whole.
    #[must_use]
    pub fn may_fail_at_a_setting(&self) -> bool {
        match self {
            Self::All(of) => of.iter().any(Self::may_fail_at_a_setting),
            Self::Any(..) => false,
            Self::Not(inner, _) => inner.is_one_setting(),
            _ => true,
        }
    }

    /// True if the pattern puts a test, a `not` or an `any-of` at a setting, below others too. A glob names the keys
    /// that the stage has and that fit; `present` under a glob also those that are missing.
    #[must_use]
    pub fn names(&self, setting: &[Segment<'_>], value: &Value<'_>, at: &Context<'_>) -> bool {
        match (self, setting) {
            (Self::All(of), _) => of.iter().any(|pattern| pattern.names(setting, value, at)),
            (Self::Any(..) | Self::Not(..) | Self::Tests(_), []) => true,
            (Self::Any(of, _), _) => of.iter().any(|pattern| pattern.names(setting, value, at)),
            (Self::Not(inner, _), _) => inner.names(setting, value, at),
            (
                Self::Member {
                    field,
                    at: place,
                    inner,
                },
                [Segment::Member(name), rest @ ..],
            ) => {
                field.name == *name
                    && inner.names(rest, value.member(*place), &Context { field, ..*at })
            }
            (Self::Top { top, field, inner }, [Segment::Member(name), rest @ ..]) => {
                field.name == *name
                    && top.with(at, |value| {
                        inner.names(rest, value, &Context { field, ..*at })
                    })
            }
            (Self::Entry { key, field, inner }, [Segment::Key(name), rest @ ..]) => {
                **key == **name
                    && inner.names(
                        rest,
                        value.entry(key),
                        &Context {
                            field,
                            key: Some(key),
                            ..*at
                        },
                    )
            }
            (
                Self::Entries {
                    glob,
                    written,
                    field,
                    inner,
                },
                [Segment::Key(name), rest @ ..],
            ) => {
                let mut entry = fitting(glob, written, value).filter(|(key, _)| key == name);
                entry.any(|(key, value)| inner.names(rest, value, &at.at_key(key, field)))
            }
            (Self::SomeEntry { glob, written, .. }, [Segment::Key(name)]) => {
                fits(glob, written, name)
            }
            (Self::SomeEntry { glob, written, .. }, [Segment::Glob(name)]) => {
                **written == **name || fits(glob, written, name)
            }
            _ => false,
        }
    }

    /// The pattern in one form, in which no order counts: two with the same form hold on the same values.
    #[must_use]
    pub fn form(&self) -> String {
        match self {
            Self::All(of) => in_any_order(of.iter().map(Self::form)),
            Self::Any(of, _) => format!("any of {}", in_any_order(of.iter().map(Self::form))),
            Self::Not(inner, _) => format!("not {}", inner.form()),
            Self::Member { field, inner, .. } | Self::Top { field, inner, .. } => {
                format!("{}: {}", field.name, inner.form())
            }
            Self::Entry { key, inner, .. } => format!("{key:?}: {}", inner.form()),
            Self::Entries { written, inner, .. } => format!("every {written:?}: {}", inner.form()),
            Self::SomeEntry {
                written, present, ..
            } => format!("some {written:?}: {present}"),
            Self::Tests(setting) => in_any_order(setting.tests.iter().map(|one| one.test.form())),
        }
    }

    /// True if the pattern is about one setting.
    pub(crate) fn is_one_setting(&self) -> bool {
        match self {
            Self::Member { inner, .. }
            | Self::Top { inner, .. }
            | Self::Entry { inner, .. }
            | Self::Not(inner, _) => inner.is_one_setting(),
            Self::All(of) | Self::Any(of, _) if of.len() == 1 => of[0].is_one_setting(),
            Self::All(of) | Self::Any(of, _) => {
                of.iter().all(|pattern| matches!(pattern, Self::Tests(_)))
            }
            Self::Tests(_) => true,
            Self::Entries { .. } | Self::SomeEntry { .. } => false,
        }
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
        STAGE
            .iter()
            .enumerate()
            .map(|(at, field)| (Self::Stage(at), field))
            .chain(ours)
    }

    /// Calls `then` with the value there.
    pub(crate) fn with<T>(self, at: &Context<'_>, then: impl FnOnce(&Value<'_>) -> T) -> T {
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

/// A glob fits a key; a tag of AWS's own only if the glob names it so.
pub(crate) fn fits(glob: &Glob, written: &str, key: &str) -> bool {
    (!key.starts_with("aws:") || written.starts_with("aws:")) && glob.fits(key)
}

/// The entries that a glob key is about, empty ones too.
pub(crate) fn fitting<'v>(
    glob: &Glob,
    written: &str,
    value: &'v Value<'v>,
) -> impl Iterator<Item = &'v (Cow<'v, str>, Value<'v>)> {
    value
        .entries()
        .iter()
        .filter(move |(key, _)| fits(glob, written, key))
}

/// The answer of a pattern on the value of every key that fits a glob.
fn truth_of_entries(
    (glob, written): (&Glob, &str),
    field: &'static Field,
    inner: &Pattern,
    value: &Value<'_>,
    at: &Context<'_>,
) -> Truth {
    match value {
        // A map that is not stated may have a key that fits, or none.
        Value::NotStated => match inner.truth(&NOT_STATED, &Context { field, ..*at }) {
            Truth::Dropped => Truth::Dropped,
            _ => Truth::Unknown,
        },
        _ => {
            let mut fitting = fitting(glob, written, value).peekable();
            if fitting.peek().is_none() {
                // None is fine, unless the protocol lacks the setting.
                return match inner.truth(
                    &UNSET,
                    &Context {
                        field,
                        used: Use::Expect,
                        ..*at
                    },
                ) {
                    Truth::Dropped => Truth::Dropped,
                    _ => Truth::True,
                };
            }
            at.used
                .all(fitting.map(|(key, value)| inner.truth(value, &at.at_key(key, field))))
        }
    }
}

/// True if a key that fits is there, and not empty.
fn some_entry(glob: &Glob, written: &str, value: &Value<'_>) -> Truth {
    let fitting = fitting(glob, written, value);
    Truth::any(
        [Truth::False]
            .into_iter()
            .chain(fitting.map(|(_, value)| presence(value))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_ours_but_each_route_is_a_place() {
        let places: Vec<_> = Top::all().map(|(_, field)| field.name).collect();
        for field in OURS {
            assert_eq!(
                places.contains(&field.name),
                field.name != "each-route",
                "{}",
                field.name
            );
        }
        assert_eq!(places.len(), STAGE.len() + OURS.len() - 1);
    }

    #[test]
    fn a_tag_of_awss_own_fits_only_a_glob_that_names_it() {
        assert!(!fits(&Glob::of("*"), "*", "aws:cloudformation:stack-name"));
        assert!(fits(
            &Glob::of("aws:*"),
            "aws:*",
            "aws:cloudformation:stack-name"
        ));
        assert!(fits(&Glob::of("*"), "*", "team"));
    }

    #[test]
    fn a_key_whose_value_is_not_stated_may_be_empty() {
        let there = |value: Value<'static>| {
            some_entry(
                &Glob::of("a*"),
                "a*",
                &Value::map(vec![("ab".into(), value)]),
            )
        };
        assert_eq!(there(Value::text("x")), Truth::True);
        assert_eq!(there(Value::Unset), Truth::False);
        assert_eq!(there(Value::NotStated), Truth::Unknown);
    }
}
