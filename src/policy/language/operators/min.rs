//! `min`: A number that is at least this.

use crate::model::value::Value;
use crate::policy::language::context::At;
use crate::policy::language::operator::{Example, Operator, is_number, number, number_schema, read_number};
use crate::policy::language::test::Test;
use crate::policy::language::truth::Truth;

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "min",
    about: "A number that is at least this.",
    takes: "a number",
    on: is_number,
    schema: number_schema,
    example: Example {
        rule: "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {min: 1}}}",
        passes: "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}}",
        fails: "{DefaultRouteSettings: {ThrottlingBurstLimit: 0}}",
    },
    read: |context, node| Some(Box::new(Min(read_number(context, node)?))),
};

#[derive(Debug)]
struct Min(f64);

impl Test for Min {
    fn holds(&self, value: &Value<'_>, _: &At<'_>) -> Truth {
        value.as_number().is_some_and(|number| number >= self.0).into()
    }

    fn words(&self) -> Option<String> {
        Some(format!("at least {}", number(self.0)))
    }
}
