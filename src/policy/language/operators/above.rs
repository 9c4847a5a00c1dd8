//! `above`: A number that is greater than this.

use super::{Operator, Test, is_number, number, number_schema, read_number};
use crate::model::value::Value;
use crate::policy::author::describe::Example;
use crate::policy::language::pattern::At;
use crate::policy::language::truth::Truth;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "above",
    about: "A number that is greater than this.",
    takes: "a number",
    on: is_number,
    schema: number_schema,
    example: Example {
        rule: "expect: {DefaultRouteSettings: {ThrottlingRateLimit: {above: 0}}}",
        passes: "{DefaultRouteSettings: {ThrottlingRateLimit: 0.5}}",
        fails: "{DefaultRouteSettings: {ThrottlingRateLimit: 0}}",
    },
    read: |reading, node| Some(Box::new(Above(read_number(reading, node)?))),
};

#[derive(Debug)]
struct Above(f64);

impl Test for Above {
    fn holds(&self, value: &Value<'_>, _: &At<'_>) -> Truth {
        value.as_number().is_some_and(|number| number > self.0).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("above {}", number(self.0)))
    }
}
