//! `min`: A number that is at least this.

use crate::policy::language::limit::Limit;
use crate::policy::language::operator::{Example, Operator, is_number, number_schema, read_limit};

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
    read: |context, node| read_limit(context, node, Limit::AtLeast),
};
