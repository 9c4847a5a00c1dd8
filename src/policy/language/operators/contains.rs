//! `contains`: An element of a list, or a part of a text.

use serde_json::json;

use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::holdable::{Demand, Holdable};
use crate::policy::language::operator::{Example, Operator, OperatorContext, is_text};
use crate::policy::language::template::Template;
use crate::policy::language::test::{Passing, Test, in_any_order};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::compared;
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::{Data, Node};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "contains",
    about: "An element of a list, or a part of a text; a list of them: all of these.",
    takes: "a literal value, or a list of them",
    on: |kind| is_text(kind) || matches!(kind, Kind::List(_)),
    schema: |_| {
        let value = json!({"type": "string", "minLength": 1});
        json!({"anyOf": [value, {"type": "array", "minItems": 1, "items": value}]})
    },
    example: Example {
        rule: "expect: {api: {CorsConfiguration: {AllowOrigins: {not: {contains: '*'}}}}}",
        passes: "{api: {CorsConfiguration: {AllowOrigins: ['https://example.com']}}}",
        fails: "{api: {CorsConfiguration: {AllowOrigins: ['*']}}}",
    },
    read,
};

/// All of these are in there.
#[derive(Debug)]
struct Contains(Vec<Box<str>>);

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
    let nodes = match &node.data {
        Data::List(nodes) if nodes.is_empty() => {
            let title = "an empty list is in everything";
            context
                .problems
                .note(&node.span, title, "nothing in it", []);
            return None;
        }
        Data::List(nodes) => nodes.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let parts: Vec<Option<Box<str>>> = nodes.iter().map(|node| part(context, node)).collect();
    Some(Box::new(Contains(
        parts.into_iter().collect::<Option<_>>()?,
    )))
}

/// One value, read literally.
fn part(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<str>> {
    let text = text_of(node, context.problems)?;
    if Template::of(text).is_ok_and(|template| template.literal().is_none()) {
        let title = "`contains` takes a literal text, and `${…}` in it is one";
        let help = if is_text(&context.field.kind) {
            format!("write `like: \"*{text}*\"`")
        } else {
            "compare with `each` and `like`".to_owned()
        };
        context.problems.note(
            &node.span,
            title,
            "no value of the stage is put in here",
            [help],
        );
        return None;
    }
    let met = match context.field.kind {
        // An element is equal to it.
        Kind::List(element) => Template::of(text).is_ok_and(|text| {
            Holdable::elements(context.field, element).check(
                Demand::Is(&text),
                &node.span,
                context.problems,
            )
        }),
        _ => context.may_meet(Demand::Contains(text), node),
    };
    met.then(|| text.into())
}

impl Contains {
    /// True if a value has one of the parts.
    fn has(part: &str, value: &Value<'_>, field: &Field) -> bool {
        match value {
            Value::List(elements) => elements
                .iter()
                .any(|element| element.as_text() == Some(part)),
            Value::Text(text) => {
                // The end of an ARN may be written as it is copied.
                let part = match compared(field, part) {
                    "" => part,
                    part => part,
                };
                compared(field, text).contains(part)
            }
            _ => false,
        }
    }
}

fn in_words(parts: &[&str]) -> String {
    format!("containing {}", parts.join(" and "))
}

impl Test for Contains {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        self.0
            .iter()
            .all(|part| Self::has(part, value, at.field))
            .into()
    }

    fn words(&self) -> Option<String> {
        let parts: Vec<&str> = self.0.iter().map(AsRef::as_ref).collect();
        Some(in_words(&parts))
    }

    fn missed(&self, value: &Value<'_>) -> Option<String> {
        let lacking: Vec<&str> = self
            .0
            .iter()
            .map(AsRef::as_ref)
            .filter(|part| match value {
                Value::List(elements) => elements
                    .iter()
                    .all(|element| element.as_text() != Some(part)),
                Value::Text(text) => !text.contains(part),
                _ => false,
            })
            .collect();
        (!lacking.is_empty()).then(|| in_words(&lacking))
    }

    fn passing(&self, field: &Field) -> Passing<'_> {
        Passing::Perhaps(vec![if matches!(field.kind, Kind::List(_)) {
            Value::List(self.0.iter().map(|part| Value::text(&**part)).collect())
        } else {
            Value::text(self.0.concat())
        }])
    }

    fn form(&self) -> String {
        let parts = self.0.iter().map(|part| format!("{part:?}"));
        format!("contains {}", in_any_order(parts))
    }
}
