//! The age of a date: the test behind `older-than` and `newer-than`.

use serde_json::{Value as Json, json};

use super::context::Context;
use super::limit::Limit;
use super::operator::OperatorContext;
use super::test::{Passing, Test};
use super::truth::Truth;
use crate::model::catalogue::Field;
use crate::model::moment::Moment;
use crate::model::value::Value;
use crate::policy::text::yaml::{Data, Node};

/// The reason of a test of an age that the source gives no time for.
const NO_TIME_REASON: &str =
    "the source does not state when it was read, so that ages are not known";

/// The units of an age, with their seconds.
const UNITS: [(char, i64); 2] = [('d', 86_400), ('h', 3_600)];

/// A test of an age.
#[derive(Debug)]
struct Age {
    /// The name of the test, with its age as it is written.
    words: String,
    /// The ages, in seconds, that pass.
    limit: Limit,
}

/// Reads an age such as `90d`.
pub fn read_age(
    context: &mut OperatorContext<'_>,
    node: &Node,
    name: &str,
    limit: fn(f64) -> Limit,
) -> Option<Box<dyn Test>> {
    let written = context.problems.written(&node.span);
    let text = match &node.data {
        Data::Text(text) => &**text,
        _ => written,
    };
    if let Some(seconds) = seconds(text) {
        let words = format!("{} {text}", name.replace('-', " "));
        return Some(Box::new(Age {
            words,
            limit: limit(seconds),
        }));
    }
    let help = match text.parse::<u32>() {
        Ok(number) if number > 0 => {
            format!("write `{name}: {number}d` for days, `{name}: {number}h` for hours")
        }
        _ => format!("write a number of days or hours: `{name}: 90d`, `{name}: 12h`"),
    };
    let title = format!("`{name}` needs an age such as 90d");
    context
        .problems
        .note(&node.span, title, "not an age", [help]);
    None
}

/// The seconds of an age.
fn seconds(text: &str) -> Option<f64> {
    let (unit, each) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
    let number = text.strip_suffix(unit)?;
    let number: u32 = number
        .bytes()
        .all(|digit| digit.is_ascii_digit())
        .then(|| number.parse().ok())
        .flatten()?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "2^32 days are far below 2^53 seconds"
    )]
    (number > 0).then_some((i64::from(number) * each) as f64)
}

impl Test for Age {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        let Some(date) = value.as_text().and_then(Moment::of) else {
            return Truth::False;
        };
        match at.document.read_at {
            None => Truth::Unknown,
            #[expect(
                clippy::cast_precision_loss,
                reason = "the seconds of a date are far below 2^53"
            )]
            Some(now) => self.limit.allows(now.since(date) as f64).into(),
        }
    }

    fn words(&self) -> Option<String> {
        Some(self.words.clone())
    }

    fn missed(&self, value: &Value<'_>) -> Option<String> {
        let text = value.as_text()?;
        Moment::of(text).is_none().then(|| {
            format!(
                "{}; it is no date such as 2026-01-31 or 2026-01-31T12:00:00Z",
                self.words
            )
        })
    }

    fn passing(&self, _: &Field) -> Passing<'_> {
        Passing::Aged(self.limit)
    }

    fn unknown(&self, value: &Value<'_>, at: &Context<'_>) -> Option<String> {
        let unstated = super::test::NOT_STATED_REASON;
        (self.answer(value, at) == Truth::Unknown).then(|| match value {
            Value::Text(_) => NO_TIME_REASON.to_owned(),
            Value::Digest(_) => super::test::DIGEST_REASON.to_owned(),
            _ => unstated.to_owned(),
        })
    }
}

/// The schema of an age.
pub fn age_schema(_: &Field) -> Json {
    json!({"type": "string", "pattern": "^0*[1-9][0-9]*[dh]$"})
}
