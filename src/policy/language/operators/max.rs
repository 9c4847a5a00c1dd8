//! `max`: A number that is at most this.

use crate::policy::language::limit::Limit;
use crate::policy::language::operator::{Example, Operator, is_number, number_schema, read_limit};

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
    read: |context, node| read_limit(context, node, Limit::AtMost),
};
