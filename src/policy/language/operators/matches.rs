//! `matches`: A text in which a regular expression (Rust's syntax) is found; anchor it with `^` and `$`.

use std::ops::Range;

use regex::Regex;
use serde_json::json;

use crate::model::catalogue::Field;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::dialect;
use crate::policy::language::holdable::Demand;
use crate::policy::language::operator::{Example, Operator, is_text};
use crate::policy::language::test::{Doubt, Test};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::compared;
use crate::policy::text::scalar::{text_of, written};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "matches",
    about: "A text in which a regular expression (Rust's syntax) is found; anchor it with `^` and `$`.",
    takes: "one regular expression",
    on: is_text,
    schema: |_| json!({"type": "string", "minLength": 1}),
    example: Example {
        rule: "expect: {Description: {matches: '^[A-Z]+-[0-9]+: '}}",
        passes: "{Description: 'SHOP-12: checkout'}",
        fails: "{Description: checkout}",
    },
    read: |context, node| {
        let text = text_of(node, context.problems)?;
        let (part, message) = match regex_of(text) {
            Ok(regex) => {
                let met = context.may_meet(Demand::Matches(text), node);
                return met.then(|| Box::new(Matches(regex)) as Box<dyn Test>);
            }
            Err(mistake) => mistake,
        };
        let at = context.problems.part_of(&node.span, text, &part);
        let help = if text.contains("${") {
            Some("`${…}` is read only in equality and in `like`".to_owned())
        } else if text.starts_with('*') {
            Some(format!(
                "this looks like a glob: write `like: {}`",
                written(text)
            ))
        } else {
            Some(
                "the syntax is that of Rust's crate regex: https://docs.rs/regex/#syntax"
                    .to_owned(),
            )
        };
        context
            .problems
            .note(&at, "this is not a regular expression", message, help);
        None
    },
};

/// A regular expression.
///
/// # Errors
/// The place of the mistake, and the mistake.
pub fn regex_of(text: &str) -> Result<Regex, (Range<usize>, String)> {
    Regex::new(text).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => (
            0..text.len(),
            "too large once its repetitions are written out".to_owned(),
        ),
        _ => mistake(text),
    })
}

/// The mistake in a regular expression, with its place.
fn mistake(text: &str) -> (Range<usize>, String) {
    let (span, message) = match regex_syntax::Parser::new().parse(text) {
        Err(regex_syntax::Error::Parse(error)) => (*error.span(), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (*error.span(), error.kind().to_string()),
        _ => return (0..text.len(), "it cannot be read".to_owned()),
    };
    (
        span.start.offset..span.end.offset.max(span.start.offset),
        message,
    )
}

#[derive(Debug)]
struct Matches(Regex);

impl Test for Matches {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        value
            .as_text()
            .is_some_and(|text| self.0.is_match(compared(at.field, text)))
            .into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("matching {}", self.0.as_str()))
    }

    fn doubts(&self, _: &Field) -> Vec<Doubt> {
        let text = self.0.as_str();
        let doubt = dialect::of_regex(text).map(|dialect| dialect.doubt(text));
        doubt
            .or_else(|| dialect::open_end(text))
            .into_iter()
            .collect()
    }
}
