//! `each`: A pattern that every element of a list meets; an empty list does.

use serde_json::json;

use crate::model::catalogue::Kind;
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::fields::Fields;
use crate::policy::language::operator::{Example, Operator, OperatorContext, reference};
use crate::policy::language::pattern::Pattern;
use crate::policy::language::test::Test;
use crate::policy::language::truth::Truth;
use crate::policy::text::yaml::Node;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "each",
    about: "A pattern that every element of a list meets; an empty list does.",
    takes: "a pattern",
    on: |kind| matches!(kind, Kind::List(_)),
    schema: |field| match field.kind {
        Kind::List(element) => reference(element),
        _ => json!({}),
    },
    example: Example {
        rule: "expect: {api: {CorsConfiguration: {AllowOrigins: {each: {like: 'https://*'}}}}}",
        passes: "{api: {CorsConfiguration: {AllowOrigins: ['https://example.com']}}}",
        fails: "{api: {CorsConfiguration: {AllowOrigins: ['https://example.com', 'http://example.com']}}}",
    },
    read,
};

#[derive(Debug)]
struct Each(Pattern);

fn read(context: &mut OperatorContext<'_>, node: &Node) -> Option<Box<dyn Test>> {
    let Kind::List(element) = context.field.kind else {
        return None;
    };
    Some(Box::new(Each((context.pattern)(
        node,
        element,
        context.problems,
    )?)))
}

impl Test for Each {
    fn holds(&self, value: &Value<'_>, at: &Context<'_>) -> Truth {
        let (Value::List(elements), Kind::List(field)) = (value, at.field.kind) else {
            return Truth::False;
        };
        Truth::all(
            elements
                .iter()
                .map(|element| self.0.truth(element, &Context { field, ..*at })),
        )
    }

    fn reads(&self) -> Vec<String> {
        // The pattern's reading of the element itself is not a field.
        Fields::of(&self.0, "")
            .tested()
            .filter(|field| !field.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn demand(&self) -> String {
        format!("every element {}", self.0.demand().unwrap_or_default())
    }

    fn expected(&self, at: &Context<'_>) -> String {
        let Kind::List(field) = at.field.kind else {
            return String::new();
        };
        format!("every element {}", self.0.words(&Context { field, ..*at }))
    }

    fn form(&self) -> String {
        format!("each {}", self.0.form())
    }
}
