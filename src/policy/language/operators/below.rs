//! `below`: A number that is smaller than this.

use crate::policy::language::limit::Limit;
use crate::policy::language::operator::{Example, Operator, is_number, number_schema, read_limit};

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
    read: |context, node| read_limit(context, node, Limit::Below),
};
