//! `contains`: An element of a list, or a part of a text.

use serde_json::json;

use crate::model::catalogue::{Field, Kind};
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::operator::{Example, Operator, OperatorContext, is_text};
use crate::policy::language::template::Template;
use crate::policy::language::test::{Passing, Test};
use crate::policy::language::truth::Truth;
use crate::policy::language::value::compared;
use crate::policy::text::scalar::text_of;
use crate::policy::text::yaml::Node;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "contains",
    about: "An element of a list, or a part of a text.",
    takes: "one literal value",
    on: |kind| is_text(kind) || matches!(kind, Kind::List(_)),
    schema: |_| json!({"type": "string", "minLength": 1}),
    example: Example {
        rule: "expect: {api: {CorsConfiguration: {AllowOrigins: {not: {contains: '*'}}}}}",
        passes: "{api: {CorsConfiguration: {AllowOrigins: ['https://example.com']}}}",
        fails: "{api: {CorsConfiguration: {AllowOrigins: ['*']}}}",
    },
    read,
};

#[derive(Debug)]
struct Contains(Box<str>);

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
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
    Some(Box::new(Contains(text.into())))
}

impl Test for Contains {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        match value {
            Value::List(elements) => elements
                .iter()
                .any(|element| element.as_text() == Some(&self.0))
                .into(),
            Value::Text(text) => {
                // The end of an ARN may be written as it is copied.
                let part = match compared(at.field, &self.0) {
                    "" => &self.0,
                    part => part,
                };
                compared(at.field, text).contains(part).into()
            }
            _ => Truth::False,
        }
    }

    fn words(&self) -> Option<String> {
        Some(format!("containing {}", self.0))
    }

    fn passing(&self, field: &Field) -> Passing<'_> {
        let text = Value::text(&*self.0);
        Passing::Perhaps(vec![if matches!(field.kind, Kind::List(_)) {
            Value::List([text].into())
        } else {
            text
        }])
    }
}
