//! `matches`: A text in which a regular expression (Rust's syntax) is found; anchor it with `^` and `$`.

use regex::Regex;

use super::{Operator, Test, compared, is_text};
use crate::model::value::Value;
use crate::policy::compile::text_of;
use crate::policy::pattern::At;
use crate::policy::truth::Truth;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "matches",
    about: "A text in which a regular expression (Rust's syntax) is found; anchor it with `^` and `$`.",
    takes: "one regular expression",
    on: is_text,
    read: |reading, node| {
        let text = text_of(node, reading.problems)?;
        match Regex::new(text) {
            Ok(regex) => Some(Box::new(Matches(regex))),
            Err(error) => {
                // The crate's message draws the expression again; its last line says what is wrong.
                let error = error.to_string();
                let said = error.lines().last().unwrap_or(&error).trim().trim_start_matches("error: ").to_owned();
                let help = text.contains("${").then(|| "`${…}` is read only in equality and in `like`".to_owned());
                reading.problems.note(&node.span, "this is not a regular expression", said, help);
                None
            }
        }
    },
};

#[derive(Debug)]
struct Matches(Regex);

impl Test for Matches {
    fn holds(&self, value: &Value<'_>, at: &At<'_>) -> Truth {
        value.as_text().is_some_and(|text| self.0.is_match(compared(at.field, text))).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("matching {}", self.0.as_str()))
    }
}
