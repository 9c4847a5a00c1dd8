//! Limits that no number is within, and ages that no date has.

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
    let (mut numbers, mut ages) = (Vec::new(), Vec::new());
    for (entry, test) in tests {
        match test.passing(field) {
            Passing::Within(limit) => numbers.push((*entry, limit)),
            Passing::Aged(limit) => ages.push((*entry, limit)),
            _ => {}
        }
    }
    let whole = matches!(field.kind, Kind::Integer);
    if let Some((first, second, any)) = exclusive(&numbers, whole) {
        let number = if any { "number" } else { "whole number" };
        let help = "`min` and `max` include their number, `above` and `below` do not";
        note(number, first, second, help, problems);
    }
    if let Some((first, second, _)) = exclusive(&ages, true) {
        let help = "for one or the other: `any-of`";
        note("date", first, second, help, problems);
    }
}

/// The first two limits that exclude each other; true if no number at all is within both.
fn exclusive<'n>(
    limits: &[(&'n Entry, Limit)],
    whole: bool,
) -> Option<(&'n Entry, &'n Entry, bool)> {
    let mut pairs = limits
        .iter()
        .enumerate()
        .flat_map(|(at, other)| limits[..at].iter().map(move |one| (one, other)));
    pairs.find_map(|((first, one), (second, other))| {
        let any = one.excludes(*other, false);
        one.excludes(*other, whole)
            .then_some((*first, *second, any))
    })
}

fn note(what: &str, first: &Entry, second: &Entry, help: &str, problems: &mut Problems) {
    let written = |entry: &Entry| format!("{}: {}", entry.key, problems.written(&entry.value.span));
    let title = format!(
        "no {what} fits `{}` and `{}`",
        written(first),
        written(second)
    );
    let span = first.key_span.start..second.value.span.end;
    problems.note(&span, title, "an impossible range", [help.to_owned()]);
}
