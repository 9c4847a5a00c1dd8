//! Limits that no number is within.

use crate::model::catalogue::{Field, Kind};
use crate::policy::language::limit::Limit;
use crate::policy::language::test::{Passing, Test};
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::yaml::Entry;

/// Notes the first two tests of a setting whose limits exclude each other.
pub fn check_range<'n>(
    tests: impl Iterator<Item = &'n (&'n Entry, Box<dyn Test>)>,
    field: &Field,
    problems: &mut Problems,
) {
    let whole = matches!(field.kind, Kind::Integer);
    let limit = |(entry, test): &'n (&'n Entry, Box<dyn Test>)| match test.passing(field) {
        Passing::Within(limit) => Some((*entry, limit)),
        _ => None,
    };
    let limits: Vec<(&Entry, Limit)> = tests.filter_map(limit).collect();
    let pairs = limits
        .iter()
        .enumerate()
        .flat_map(|(at, other)| limits[..at].iter().map(move |one| (one, other)));
    for ((first, one), (second, other)) in pairs {
        if one.excludes(*other, whole) {
            let number = if one.excludes(*other, false) {
                "number"
            } else {
                "whole number"
            };
            let written =
                |entry: &Entry| format!("{}: {}", entry.key, problems.written(&entry.value.span));
            let title = format!(
                "no {number} fits `{}` and `{}`",
                written(first),
                written(second)
            );
            let span = first.key_span.start..second.value.span.end;
            let help =
                "`min` and `max` include their number, `above` and `below` do not".to_owned();
            problems.note(&span, title, "an impossible range", [help]);
            return;
        }
    }
}
