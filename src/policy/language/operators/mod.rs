//! The tests of the language. A new one is a file here and a line in [`OPERATORS`].

use std::borrow::Cow;
use std::fmt;

use serde_json::Value as Json;

use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;
use crate::policy::author::describe::Example;
use crate::policy::language::explain::NOT_STATED_REASON;
use crate::policy::language::pattern::At;
use crate::policy::language::truth::Truth;
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::yaml::Node;

pub mod above;
pub mod below;
pub mod contains;
pub mod each;
pub mod equals;
pub mod like;
pub mod log_format;
pub mod looks_secret;
pub mod matches;
pub mod max;
pub mod min;
pub mod present;

/// A compiled test of one setting.
pub trait Test: fmt::Debug + Send + Sync {
    /// Whether a value passes. It is a value: neither unset nor unknown, unless [`Self::answers`] says otherwise.
    fn holds(&self, value: &Value<'_>, at: &At<'_>) -> Truth;

    /// What is demanded, in words such as `at most 500`, when they are the same on every stage.
    fn words(&self) -> Option<String> {
        None
    }

    /// What is demanded, in words, with `${…}` as it was written.
    fn demand(&self) -> String {
        self.words().unwrap_or_default()
    }

    /// What is demanded of one stage, in words.
    fn expected(&self, _at: &At<'_>) -> String {
        self.words().unwrap_or_default()
    }

    /// What a value that fails misses of the demand, for a test that demands several things.
    fn missed(&self, _value: &Value<'_>) -> Option<String> {
        None
    }

    /// The fields of the document that the test reads besides its own setting.
    fn reads(&self) -> Vec<String> {
        Vec::new()
    }

    /// Which of the values that are none the test answers itself.
    fn answers(&self) -> Answers {
        Answers::Values
    }

    /// Why the test cannot be decided on a value, if it cannot.
    fn unknown(&self, value: &Value<'_>, at: &At<'_>) -> Option<String> {
        match (self.asked(value, at), value) {
            (Truth::Unknown, Value::Digest(_)) => Some(DIGEST_REASON.to_owned()),
            (Truth::Unknown, _) => Some(NOT_STATED_REASON.to_owned()),
            _ => None,
        }
    }

    /// What the test says of anything: on an unset value every test fails, but those that are about being set.
    fn asked(&self, value: &Value<'_>, at: &At<'_>) -> Truth {
        match (value, self.answers()) {
            (_, Answers::Everything) => self.holds(value, at),
            (Value::NotStated, _) => Truth::Unknown,
            (Value::Digest(_), Answers::Values) => Truth::Unknown,
            // An unset list is an empty one, which is a value.
            (Value::Unset, _) if matches!(at.field.kind, Kind::List(_)) => self.holds(&EMPTY_LIST, at),
            // So is the empty value of a key that fits a glob.
            (Value::Unset, _) if at.empty_is_text => self.holds(&EMPTY_TEXT, at),
            (Value::Unset, _) => Truth::False,
            _ => self.holds(value, at),
        }
    }
}

/// Why a test cannot be decided on a digest.
pub(crate) const DIGEST_REASON: &str =
    "the snapshot holds only a digest of the value; this test needs the value itself";

static EMPTY_TEXT: Value<'static> = Value::Text(Cow::Borrowed(""));
static EMPTY_LIST: std::sync::LazyLock<Value<'static>> = std::sync::LazyLock::new(|| Value::List(Box::default()));

/// What a test answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// Only values that are known.
    Values,
    /// Digests as well.
    Digests,
    /// Whatever there is, or is not.
    Everything,
}

/// A test as the loader knows it.
pub struct Operator {
    /// Its name in a policy.
    pub name: &'static str,
    /// What it demands, in one sentence.
    pub about: &'static str,
    /// What may stand at its key.
    pub takes: &'static str,
    /// The kinds of field that it may be asked of.
    pub on: fn(&Kind) -> bool,
    /// The JSON Schema of what may stand at its key, at a field that it may be asked of.
    pub schema: fn(&Field) -> Json,
    /// A demand, and what meets it and what does not.
    pub example: Example,
    /// Reads what stands at its key; notes what is wrong with it.
    pub read: fn(&mut Reading<'_>, &Node) -> Option<Box<dyn Test>>,
}

impl Operator {
    /// True if the test can be asked of a field. `present` says nothing where there always is a value.
    #[must_use]
    pub fn fits(&self, field: &Field) -> bool {
        (self.on)(&field.kind) && !(self.name == "present" && field.has_default())
    }
}

/// What the reading of a test needs to know.
pub struct Reading<'r> {
    /// The field that is tested.
    pub field: &'static Field,
    /// Where mistakes are noted.
    pub problems: &'r mut Problems,
}

/// The one list of tests: it feeds dispatch, suggestions and messages.
pub static OPERATORS: &[&Operator] = &[
    &min::OPERATOR,
    &max::OPERATOR,
    &above::OPERATOR,
    &below::OPERATOR,
    &like::OPERATOR,
    &matches::OPERATOR,
    &contains::OPERATOR,
    &each::OPERATOR,
    &present::OPERATOR,
    &log_format::OPERATOR,
    &looks_secret::OPERATOR,
];

/// A bound that is a number, for min, max, above and below.
fn read_number(reading: &mut Reading<'_>, node: &Node) -> Option<f64> {
    use crate::policy::text::yaml::Data;
    match node.data {
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        Data::Integer(number) => Some(number as f64),
        Data::Number(number) if number.is_finite() => Some(number),
        _ => {
            let what = match node.data {
                Data::Number(number) if number.is_nan() => "`.nan`",
                Data::Number(_) => "infinity",
                _ => node.kind(),
            };
            let title = format!("a number is needed, not {what}");
            reading.problems.note(&node.span, title, "not a number", []);
            None
        }
    }
}

/// The schema of a bound.
fn number_schema(_: &Field) -> Json {
    serde_json::json!({"type": "number"})
}

/// The schema of `true` or `false`.
fn boolean_schema(_: &Field) -> Json {
    serde_json::json!({"type": "boolean"})
}

/// Whether a field holds a number.
fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Number)
}

/// Whether a field holds a text.
fn is_text(kind: &Kind) -> bool {
    matches!(kind, Kind::Text | Kind::OneOf(_))
}

/// A number without a fraction that says nothing.
fn number(number: f64) -> String {
    number.to_string()
}

/// The text that comparisons see: a log group's ARN without the `:*` that some write behind it.
#[must_use]
pub(crate) fn compared<'t>(field: &Field, text: &'t str) -> &'t str {
    if field.log_group_arn { text.strip_suffix(":*").unwrap_or(text) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/policy/language/operators");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".rs", "").replace('_', "-"))
            .filter(|name| name != "mod" && name != "equals")
            .collect();
        files.sort();
        let mut names: Vec<&str> = OPERATORS.iter().map(|operator| operator.name).collect();
        names.sort_unstable();
        assert_eq!(files, names, "equality is written as the value itself and has no name");
    }
}
