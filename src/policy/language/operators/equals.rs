//! Equality, written as the value itself or as a list of values.

use crate::model::catalogue::Field;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::dialect;
use crate::policy::language::template::{Missing, Template};
use crate::policy::language::test::{
    Answers, Doubt, NOT_STATED_REASON, Passing, Test, in_any_order,
};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::compared;
use crate::policy::text::scalar::written;

/// A value that a policy names.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A boolean.
    Boolean(bool),
    /// A number, whole or not.
    Number(f64),
    /// A text, perhaps with values of the stage in it.
    Text(Template),
}

/// The setting is one of these.
#[derive(Debug)]
pub struct Equals(pub Vec<Literal>);

impl Literal {
    fn is(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        match (self, value) {
            (Self::Boolean(demand), Value::Boolean(found)) => (demand == found).into(),
            #[expect(
                clippy::float_cmp,
                reason = "the policy names the very number; JSON floats are read exactly"
            )]
            (Self::Number(demand), found) => found
                .as_number()
                .is_some_and(|found| found == *demand)
                .into(),
            (Self::Text(demand), found) => match (demand.text(at.document), found) {
                (Ok(demand), Value::Text(found)) => {
                    (compared(at.field, found) == compared(at.field, &demand)).into()
                }
                (Ok(demand), Value::Digest(found)) => found
                    .is_of(at.document.account, at.key.unwrap_or_default(), &demand)
                    .into(),
                (Err(Missing { unset: false, .. }), _) => Truth::Unknown,
                _ => Truth::False,
            },
            (Self::Boolean(_), _) => Truth::False,
        }
    }

    /// The value, with `${…}` as `value` gives it.
    fn words(&self, value: impl Fn(&Template) -> Option<String>) -> Option<String> {
        Some(match self {
            Self::Boolean(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(template) => match template.literal() {
                Some(text) => text.to_owned(),
                None => return value(template),
            },
        })
    }
}

impl Equals {
    fn in_words(&self, value: impl Fn(&Template) -> Option<String>) -> Option<String> {
        let words: Vec<String> = self
            .0
            .iter()
            .map(|literal| literal.words(&value))
            .collect::<Option<_>>()?;
        Some(if words.len() == 1 {
            words.concat()
        } else {
            format!("one of {}", words.join(", "))
        })
    }
}

/// The doubt about a text in a dialect, or of a form that is probably a slip; `instead` makes of tests what is written.
pub(super) fn doubt(
    text: &Template,
    field: &Field,
    instead: impl Fn(&str) -> String,
) -> Option<Doubt> {
    let text = text.written();
    if let Some(dialect) = dialect::of_text(text) {
        return Some(Doubt {
            title: dialect.title(text),
            help: format!("write `{}`", instead(&dialect.instead)),
        });
    }
    let meant = field.form.and_then(|form| (form.meant)(text))?;
    (meant != text).then(|| Doubt {
        title: format!("no {} `{text}` is known: probably a slip", field.name),
        help: format!("write `{}`", written(&meant)),
    })
}

/// The text of a template on a stage, or the template with the value that it lacks.
pub(super) fn text_or_missing(template: &Template, at: &Context<'_>) -> String {
    template.shown(at).unwrap_or_else(|missing| {
        let state = if missing.unset {
            "not set"
        } else {
            "not stated by the source"
        };
        format!("{} ({} is {state})", template.written(), missing.path)
    })
}

impl Test for Equals {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        Truth::any(self.0.iter().map(|literal| literal.is(value, at)))
    }

    fn words(&self) -> Option<String> {
        self.in_words(|_| None)
    }

    fn demand(&self) -> String {
        self.in_words(|template| Some(template.written().to_owned()))
            .unwrap_or_default()
    }

    fn expected(&self, at: &Context<'_>) -> String {
        self.in_words(|template| Some(text_or_missing(template, at)))
            .unwrap_or_default()
    }

    fn reads(&self) -> Vec<String> {
        let templates = self.0.iter().filter_map(|literal| match literal {
            Literal::Text(template) => Some(template),
            _ => None,
        });
        templates.flat_map(Template::reads).collect()
    }

    fn passing(&self, field: &Field) -> Passing<'_> {
        let values = self.0.iter().map(|literal| match literal {
            Literal::Boolean(value) => Value::Boolean(*value),
            Literal::Number(number) => Value::Number(*number),
            Literal::Text(text) => text
                .literal()
                .map_or(Value::NotStated, |text| Value::text(compared(field, text))),
        });
        Passing::Only(values.collect())
    }

    fn doubts(&self, field: &Field) -> Vec<Doubt> {
        let texts = self.0.iter().filter_map(|literal| match literal {
            Literal::Text(text) => Some(text),
            _ => None,
        });
        texts
            .filter_map(|text| doubt(text, field, |tests| format!("{{{tests}}}")))
            .collect()
    }

    fn form(&self) -> String {
        let literal = |literal: &Literal| match literal {
            Literal::Boolean(value) => value.to_string(),
            Literal::Number(number) => number.to_string(),
            Literal::Text(text) => format!("{:?}", text.written()),
        };
        in_any_order(self.0.iter().map(literal))
    }

    fn answers(&self) -> Answers {
        Answers::Digests
    }

    fn unknown(&self, value: &Value<'_>, at: &Context<'_>) -> Option<String> {
        let missing = self.0.iter().find_map(|literal| match literal {
            Literal::Text(template) => template
                .text(at.document)
                .err()
                .filter(|missing| !missing.unset),
            _ => None,
        });
        match (self.answer(value, at), missing) {
            (Truth::Unknown, Some(missing)) if !matches!(value, Value::NotStated) => {
                Some(format!("{} is not stated by the source", missing.path))
            }
            (Truth::Unknown, _) => Some(NOT_STATED_REASON.to_owned()),
            _ => None,
        }
    }
}
