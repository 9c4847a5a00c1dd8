//! `max`: A number that is at most this.

use crate::model::value::Value;
use crate::policy::language::context::At;
use crate::policy::language::operator::{Example, Operator, is_number, number, number_schema, read_number};
use crate::policy::language::test::Test;
use crate::policy::language::truth::Truth;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "max",
    about: "A number that is at most this.",
    takes: "a number",
    on: is_number,
    schema: number_schema,
    example: Example {
        rule: "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {max: 500}}}",
        passes: "{DefaultRouteSettings: {ThrottlingBurstLimit: 500}}",
        fails: "{DefaultRouteSettings: {ThrottlingBurstLimit: 5000}}",
    },
    read: |context, node| Some(Box::new(Max(read_number(context, node)?))),
};

#[derive(Debug)]
struct Max(f64);

impl Test for Max {
    fn holds(&self, value: &Value<'_>, _: &At<'_>) -> Truth {
        value.as_number().is_some_and(|number| number <= self.0).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("at most {}", number(self.0)))
    }
}
