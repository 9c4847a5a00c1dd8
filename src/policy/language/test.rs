//! A compiled test of one setting.

use std::borrow::Cow;
use std::fmt;

use super::context::Context;
use super::limit::Limit;
use super::truth::Truth;
use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;

/// A compiled test of one setting.
pub trait Test: fmt::Debug + Send + Sync {
    /// The answer on a value that is neither unset nor unknown, unless [`Self::answers`] allows it.
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth;

    /// The demand in words, such as `at most 500`, when they are the same on every stage.
    fn words(&self) -> Option<String> {
        None
    }

    /// The demand in words, with `${…}` as it was written.
    fn demand(&self) -> String {
        self.words().unwrap_or_default()
    }

    /// The demand on one stage, in words.
    fn expected(&self, _at: &Context<'_>) -> String {
        self.words().unwrap_or_default()
    }

    /// The part of the demand that a value fails, for a test that demands several things.
    fn missed(&self, _value: &Value<'_>) -> Option<String> {
        None
    }

    /// The fields of the document that the test reads beside its own setting.
    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    /// The values of a field that pass, as far as the test alone tells.
    fn passing(&self, _field: &Field) -> Passing<'_> {
        Passing::Perhaps(Vec::new())
    }

    /// The parts of the demand that are probably meant in another way.
    fn doubts(&self, _field: &Field) -> Vec<Doubt> {
        Vec::new()
    }

    /// The test in one form, in which no order counts: two with the same form are one test.
    fn form(&self) -> String {
        format!("{self:?}")
    }

    /// The states without a known value that the test answers itself.
    fn answers(&self) -> Answers {
        Answers::Values
    }

    /// The reason why the test cannot be decided on a value.
    fn unknown(&self, value: &Value<'_>, at: &Context<'_>) -> Option<String> {
        match (self.answer(value, at), value) {
            (Truth::Unknown, Value::Digest(_)) => Some(DIGEST_REASON.to_owned()),
            (Truth::Unknown, _) => Some(NOT_STATED_REASON.to_owned()),
            _ => None,
        }
    }

    /// The answer on any state: on an unset value every test fails, except those of presence.
    fn answer(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        match (value, self.answers()) {
            (_, Answers::Everything) => self.holds(value, at),
            (Value::NotStated | Value::SomeValue, _) => Truth::Unknown,
            (Value::Digest(_), Answers::Values) => Truth::Unknown,
            // An unset list is an empty one, which is a value.
            (Value::Unset, _) if matches!(at.field.kind, Kind::List(_)) => {
                self.holds(&EMPTY_LIST, at)
            }
            // So is the empty value of a key that fits a glob.
            (Value::Unset, _) if at.empty_is_text => self.holds(&EMPTY_TEXT, at),
            (Value::Unset, _) => Truth::False,
            _ => self.holds(value, at),
        }
    }
}

/// The reason of most undecided tests.
pub const NOT_STATED_REASON: &str = "the source does not state it";

/// The reason of a test that needs more than a digest.
pub const DIGEST_REASON: &str =
    "the snapshot holds only a digest of the value; this test needs the value itself";

static EMPTY_TEXT: Value<'static> = Value::Text(Cow::Borrowed(""));
static EMPTY_LIST: std::sync::LazyLock<Value<'static>> =
    std::sync::LazyLock::new(|| Value::List(Box::default()));

/// The states that a test answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Only values that are known.
    Values,
    /// Digests as well.
    Digests,
    /// Whatever there is, or is not.
    Everything,
}

/// A demand that is probably meant in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The reason, in one line.
    pub title: String,
    /// The form to write instead.
    pub help: String,
}

/// The values of a setting that pass a test, out of those that are not empty.
#[derive(Debug)]
pub enum Passing<'t> {
    /// Every value, or none.
    Every(bool),
    /// These and no other; `NotStated` for one that depends on the stage.
    Only(Vec<Value<'t>>),
    /// The numbers within a limit.
    Within(Limit),
    /// The dates whose age in seconds is within a limit.
    Aged(Limit),
    /// Perhaps these; which others is not known.
    Perhaps(Vec<Value<'t>>),
}

/// Parts in one form, in which their order does not count.
pub fn in_any_order(parts: impl IntoIterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.into_iter().collect();
    parts.sort();
    parts.dedup();
    if parts.len() == 1 {
        parts.concat()
    } else {
        format!("({})", parts.join(", "))
    }
}
