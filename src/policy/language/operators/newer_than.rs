//! `newer-than`: A date, or a time as in RFC 3339, that is less far back than this, counted to the time of the reading.

use crate::policy::language::age::{age_schema, read_age};
use crate::policy::language::limit::Limit;
use crate::policy::language::operator::{Example, Operator, is_text};

/// The test as the loader knows it.
pub static OPERATOR: Operator = Operator {
    name: "newer-than",
    about: "A date, or a time as in RFC 3339, that is less far back than this, counted to the time of the reading.",
    takes: "days or hours: `90d`, `12h`",
    on: is_text,
    schema: age_schema,
    example: Example {
        rule: "expect: {Tags: {reviewed: {newer-than: 90d}}}",
        passes: "{read-at: 2026-06-30, Tags: {reviewed: '2026-06-01'}}",
        fails: "{read-at: 2026-06-30, Tags: {reviewed: '2026-01-31'}}",
    },
    read: |context, node| read_age(context, node, "newer-than", Limit::Below),
};
