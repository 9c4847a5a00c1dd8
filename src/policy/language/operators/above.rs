//! `above`: A number that is greater than this.

use crate::policy::language::limit::Limit;
use crate::policy::language::operator::{Example, Operator, is_number, number_schema, read_limit};

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
    read: |context, node| read_limit(context, node, Limit::Above),
};
