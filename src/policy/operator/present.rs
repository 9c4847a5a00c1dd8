//! `present`: Whether there is a value: `true` for one that is not empty, `false` for none.

use super::{Answers, Operator, Test, boolean_schema};
use crate::model::value::Value;
use crate::policy::describe::Example;
use crate::policy::pattern::At;
use crate::policy::truth::Truth;
use crate::policy::yaml::Data;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "present",
    about: "Whether there is a value: `true` for one that is not empty, `false` for none.",
    takes: "true or false",
    on: |_| true,
    schema: boolean_schema,
    example: Example {
        rule: "expect: {AccessLogSettings: {DestinationArn: {present: true}}}",
        passes: "{AccessLogSettings: {DestinationArn: 'arn:aws:logs:us-east-1:111122223333:log-group:shop'}}",
        fails: "{AccessLogSettings: {}}",
    },
    read: |reading, node| {
        if let Data::Boolean(present) = node.data {
            return Some(Box::new(Present(present)));
        }
        let title = format!("`present` needs true or false, not {}", node.kind());
        reading.problems.note(&node.span, title, "neither true nor false", []);
        None
    },
};

#[derive(Debug)]
struct Present(bool);

/// Demands that there is a value; what a list of keys at a map stands for.
#[must_use]
pub fn present() -> Box<dyn Test> {
    Box::new(Present(true))
}

impl Test for Present {
    fn holds(&self, value: &Value<'_>, _: &At<'_>) -> Truth {
        let present = presence(value);
        if self.0 { present } else { present.not() }
    }

    fn words(&self) -> Option<String> {
        Some(if self.0 { "present" } else { "not present" }.to_owned())
    }

    fn answers(&self) -> Answers {
        Answers::Everything
    }
}

/// The presence of a value: of a struct, that some member is set; of a map, that some key that fits `*`, so none of
/// AWS's own, is not empty.
pub fn presence(value: &Value<'_>) -> Truth {
    let some = |found: &mut dyn Iterator<Item = Truth>| Truth::any([Truth::False].into_iter().chain(found));
    match value {
        Value::NotStated => Truth::Unknown,
        Value::Struct(members) => some(&mut members.iter().map(presence)),
        Value::Map(entries) => {
            some(&mut entries.iter().filter(|(key, _)| !key.starts_with("aws:")).map(|(_, value)| presence(value)))
        }
        other => Truth::from(!other.is_unset()),
    }
}
