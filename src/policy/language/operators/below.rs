//! `below`: A number that is smaller than this.

use crate::model::value::Value;
use crate::policy::language::context::At;
use crate::policy::language::operator::{Example, Operator, is_number, number, number_schema, read_number};
use crate::policy::language::test::Test;
use crate::policy::language::truth::Truth;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "below",
    about: "A number that is smaller than this.",
    takes: "a number",
    on: is_number,
    schema: number_schema,
    example: Example {
        rule: "expect: {DefaultRouteSettings: {ThrottlingRateLimit: {below: 1000}}}",
        passes: "{DefaultRouteSettings: {ThrottlingRateLimit: 999}}",
        fails: "{DefaultRouteSettings: {ThrottlingRateLimit: 1000}}",
    },
    read: |context, node| Some(Box::new(Below(read_number(context, node)?))),
};

#[derive(Debug)]
struct Below(f64);

impl Test for Below {
    fn holds(&self, value: &Value<'_>, _: &At<'_>) -> Truth {
        value.as_number().is_some_and(|number| number < self.0).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("below {}", number(self.0)))
    }
}
