//! Facts in plain words, for the reports that people read. It must not know any format: texts that others wrote are
//! returned as they are, for each format to escape.

mod conclusion;
mod hints;
mod names;
mod policies;

use std::borrow::Cow;

pub(super) use self::conclusion::conclusion;
pub(super) use self::hints::hints;
pub(super) use self::names::{api, details, place, regions, stage, stage_name};
pub(super) use self::policies::{policies, tuned};
use super::escape::visible;
use super::facts::Facts;
use crate::model::finding::{Actual, Origin, Reading, RuleFacts, Violation};
use crate::model::state::{Scope, ScopeOutcome};

/// A number with its thousands apart.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 stage`, `2,000 stages`.
pub(super) fn count(of: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(of), if of == 1 { "" } else { "s" })
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The value that was found; `None` when there is none.
pub(super) fn value(actual: &Actual) -> Option<Cow<'_, str>> {
    match actual {
        Actual::Unset => None,
        Actual::Boolean(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Actual::Integer(value) => Some(Cow::Owned(value.to_string())),
        Actual::Number(value) => Some(Cow::Owned(value.to_string())),
        // An empty text, under a glob key, is a value that is there.
        Actual::Text(text) if text.is_empty() => Some(Cow::Borrowed("\"\"")),
        Actual::Text(text) | Actual::Json(text) => Some(Cow::Borrowed(text)),
    }
}

/// A value that was found, in words and escaped; `None` when there is none.
#[must_use]
pub fn found(actual: &Actual) -> Option<String> {
    value(actual).map(|value| visible(&value))
}

/// The words where there is no value to show: the stage as a whole has none, and still is something else.
pub(super) fn no_value(violation: &Violation) -> &'static str {
    if violation.path.is_none() {
        "something else"
    } else {
        "not set"
    }
}

/// A remark about the origin of a value that a reader would otherwise get wrong.
pub(super) fn origin(violation: &Violation) -> Option<&'static str> {
    // An entry of `RouteSettings` that leaves the setting out.
    match violation.reading {
        Some(Reading::Replace) => {
            return Some("if the entry of the route replaces the stage default");
        }
        Some(Reading::Inherit) => {
            return Some("if the entry of the route inherits from the stage default");
        }
        None => {}
    }
    match violation.origin {
        Origin::Implied if violation.actual != Actual::Unset => Some("as it is not set"),
        Origin::Api => Some("on the API"),
        Origin::Stage if violation.route.is_some() => Some("from the stage default"),
        Origin::Route | Origin::Stage | Origin::Implied | Origin::Unset => None,
    }
}

/// The remark that a waiver covered a violation until it expired.
pub(super) fn expired(facts: &Facts<'_>, violation: &Violation) -> Option<String> {
    let waiver = facts.results.waivers.get(violation.expired? as usize)?;
    Some(format!("its waiver expired on {}", waiver.expires))
}

/// A duration in units that fit it.
pub(super) fn duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{seconds:.1} s"),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// The first characters of a long text, and how many more there are.
pub(super) fn shortened(text: &str, most: usize) -> (&str, usize) {
    match text.char_indices().nth(most) {
        None => (text, 0),
        Some((end, _)) => (&text[..end], text[end..].chars().count()),
    }
}

/// The number of violations of each severity: `3 violations: 1 critical, 2 low`.
pub(super) fn violations(facts: &Facts<'_>) -> String {
    let results = facts.results;
    let by_severity: Vec<String> = crate::model::Severity::WORST_FIRST
        .into_iter()
        .filter(|severity| results.count(*severity) > 0)
        .map(|severity| format!("{} {severity}", number(results.count(severity) as u64)))
        .collect();
    let found = match results.total() {
        0 => "no violation".to_owned(),
        total => format!(
            "{}: {}",
            count(total as u64, "violation"),
            by_severity.join(", ")
        ),
    };
    match results.waived.len() as u64 {
        0 => found,
        waived => format!("{found}; {} waived", number(waived)),
    }
}

/// The rules that are violated and how often, worst first, of equal severity the most violated first.
pub(super) fn violated_rules<'a>(facts: &Facts<'a>) -> Vec<(&'a RuleFacts, u64)> {
    let rules = &facts.results.rules;
    let mut counts = vec![0; rules.len()];
    for (_, violation) in facts.results.violations() {
        if let Some(count) = counts.get_mut(violation.rule as usize) {
            *count += 1;
        }
    }
    let mut violated: Vec<_> = rules
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect();
    violated.sort_by_key(|(rule, count)| (rule.severity.rank(), std::cmp::Reverse(*count)));
    violated
}

/// Number of values of narrowing flags that are shown.
const MOST_FLAGS: usize = 5;

/// The source of the stages: `AWS, shard 1 of 2, narrowed to --api a1`. `show` renders texts of others.
pub(super) fn source(facts: &Facts<'_>, show: impl Fn(&str) -> String) -> String {
    let mut source = show(&facts.run.source);
    if let Some(shard) = &facts.run.shard {
        source.push_str(&format!(", shard {} of {}", shard.index, shard.count));
    }
    let flags = facts.results.narrowing.flags();
    if !flags.is_empty() {
        let shown = flags
            .iter()
            .take(MOST_FLAGS)
            .map(|(flag, value)| show(&format!("--{flag} {value}")));
        source.push_str(&format!(
            ", narrowed to {}",
            shown.collect::<Vec<_>>().join(" ")
        ));
        if let Some(more) = flags.len().checked_sub(MOST_FLAGS).filter(|more| *more > 0) {
            source.push_str(&format!(" and {more} more"));
        }
    }
    source
}

/// The stages, APIs and Regions that were read: `9 stages of 4 APIs in 3 Regions, 7 governed by a rule, 2 by none`.
pub(super) fn looked_at(facts: &Facts<'_>) -> String {
    let results = facts.results;
    let mut text = format!(
        "{} of {}",
        count(results.summary.stages, "stage"),
        count(apis(facts), "API")
    );
    if let Some(regions) = regions(&results.scopes, "") {
        text.push_str(&format!(" in {regions}"));
    }
    let none = results
        .summary
        .stages
        .saturating_sub(results.summary.governed);
    match (results.summary.stages, results.summary.governed) {
        (0, _) => {}
        (1, 1) => text.push_str(", governed by a rule"),
        (_, 0) => text.push_str(", none governed by a rule"),
        (_, _) if none == 0 => text.push_str(", all governed by a rule"),
        (_, governed) => {
            text.push_str(&format!(
                ", {} governed by a rule, {} by none",
                number(governed),
                number(none)
            ));
        }
    }
    text
}

fn apis(facts: &Facts<'_>) -> u64 {
    facts.results.scopes.iter().map(|scope| scope.apis).sum()
}

/// The accounting: how far every account, Region and API was read. `None` if there is one Region and every API of it
/// was checked.
pub(super) fn accounting(facts: &Facts<'_>) -> Option<String> {
    let scopes = &facts.results.scopes;
    // An account that was not looked into has no Regions here.
    let (accounts, regions): (Vec<_>, Vec<_>) = scopes.iter().partition(|it| {
        it.region.is_none()
            && matches!(it.outcome, ScopeOutcome::Unchecked | ScopeOutcome::Excluded)
    });
    let read = read_whole(facts);
    let sorted = |scopes: &[&Scope], noun: &str| {
        let of = |results| {
            scopes
                .iter()
                .filter(|scope| scope.outcome == results)
                .count() as u64
        };
        let counts = [
            (of(ScopeOutcome::Checked), read),
            (of(ScopeOutcome::Partial), "read in part"),
            (of(ScopeOutcome::Unchecked), "not read"),
            (of(ScopeOutcome::Excluded), "excluded"),
        ];
        tallied(scopes.len() as u64, noun, &counts)
    };
    let sum = |count: fn(&Scope) -> u64| scopes.iter().map(count).sum::<u64>();
    let counts = [
        (sum(|scope| scope.checked_apis), "checked"),
        (
            sum(|scope| scope.skipped_apis),
            "skipped (no rule can match)",
        ),
        (sum(|scope| scope.deleted_apis), "deleted meanwhile"),
        (sum(|scope| scope.unchecked_apis), "not read in full"),
    ];
    // The reports show as much of one Region anyway.
    let whole = |scope: &Scope| scope.skipped_apis + scope.deleted_apis + scope.unchecked_apis == 0;
    if scopes.is_empty() || (scopes.len() == 1 && scopes.iter().all(whole)) {
        return None;
    }
    let mut text: Vec<String> = Vec::new();
    if !accounts.is_empty() {
        text.push(sorted(&accounts, "account"));
    }
    if !regions.is_empty() {
        text.push(sorted(&regions, "Region"));
    }
    if apis(facts) > 0 {
        text.push(tallied(apis(facts), "API", &counts));
    }
    Some(text.join("; "))
}

/// The words for a scope without gaps. A narrowed run has not read anything in full.
pub(super) fn read_whole(facts: &Facts<'_>) -> &'static str {
    if facts.results.narrowing.is_none() {
        "read in full"
    } else {
        "read as narrowed"
    }
}

/// `3 Regions: 2 read in full, 1 not read`, or `3 Regions read in full`.
fn tallied(all: u64, noun: &str, counts: &[(u64, &str)]) -> String {
    let shown: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).collect();
    match shown.as_slice() {
        [(_, what)] => format!("{} {what}", count(all, noun)),
        _ => {
            let parts: Vec<String> = shown
                .iter()
                .map(|(count, what)| format!("{} {what}", number(*count)))
                .collect();
            format!("{}: {}", count(all, noun), parts.join(", "))
        }
    }
}

/// The number of checks: `40 checks of 6 rules, 2 not applicable, 1 undecided`.
pub(super) fn checked(facts: &Facts<'_>) -> String {
    let results = facts.results;
    let mut text = format!(
        "{} of {}",
        count(results.summary.checks, "check"),
        count(results.rules_in_force() as u64, "rule")
    );
    for (number_of, what) in [
        (results.summary.not_applicable, "not applicable"),
        (results.summary.undecided, "undecided"),
    ] {
        if number_of > 0 {
            text.push_str(&format!(", {} {what}", number(number_of)));
        }
    }
    text
}

/// The number of gaps and undecided checks: `2 things could not be read and 1 check could not be decided`; `None` if
/// there is none.
pub(super) fn unknown(unread: usize, undecided: u64) -> Option<String> {
    let mut parts = Vec::new();
    if unread > 0 {
        parts.push(format!(
            "{} could not be read",
            count(unread as u64, "thing")
        ));
    }
    if undecided > 0 {
        parts.push(format!(
            "{} could not be decided",
            count(undecided, "check")
        ));
    }
    (!parts.is_empty()).then(|| list(&parts))
}

/// The requests and the duration: `312 requests, 4.2 s`; without requests if none was sent, `None` in a reproducible
/// report or if nothing is known.
pub(super) fn took(facts: &Facts<'_>) -> Option<String> {
    let run = facts.run;
    if run.reproducible {
        return None;
    }
    let requests: u64 = facts
        .results
        .scopes
        .iter()
        .filter_map(|scope| scope.requests)
        .sum();
    let requests = (requests > 0).then(|| count(requests, "request"));
    let parts: Vec<String> = requests
        .into_iter()
        .chain(run.duration.map(duration))
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Results;
    use crate::model::judgement::Verdict;
    use crate::model::state::Scope;
    use crate::report::facts::Run;
    use crate::report::sample;

    #[test]
    fn numbers_and_nouns_agree() {
        assert_eq!(count(0, "stage"), "0 stages");
        assert_eq!(count(1, "stage"), "1 stage");
        assert_eq!(count(999, "API"), "999 APIs");
        assert_eq!(count(1_234_567, "violation"), "1,234,567 violations");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn values_are_as_a_person_writes_them() {
        assert_eq!(value(&Actual::Number(1000.0)).unwrap(), "1000");
        assert_eq!(value(&Actual::Number(0.5)).unwrap(), "0.5");
        assert_eq!(value(&Actual::Integer(-1)).unwrap(), "-1");
        assert_eq!(value(&Actual::Unset), None);
    }

    #[test]
    fn an_empty_text_is_shown() {
        assert_eq!(value(&Actual::Text("".into())).as_deref(), Some("\"\""));
        assert_eq!(value(&Actual::Text("a".into())).as_deref(), Some("a"));
        assert_eq!(value(&Actual::Unset), None);
    }

    #[test]
    fn durations_have_a_fitting_unit() {
        let text = |millis| duration(std::time::Duration::from_millis(millis));
        assert_eq!(
            [text(12), text(4_230), text(125_000)],
            ["12 ms", "4.2 s", "2 min 5 s"]
        );
    }

    #[test]
    fn requests_are_shown_if_some_were_sent() {
        let text = |requests: &[Option<u64>]| {
            let scopes = requests
                .iter()
                .map(|requests| Scope {
                    requests: *requests,
                    ..sample::scope(None, None)
                })
                .collect();
            let run = Run {
                duration: Some(std::time::Duration::from_millis(10)),
                ..Run::default()
            };
            let (results, judgement) = (
                Results {
                    scopes,
                    ..Results::default()
                },
                sample::judgement(Verdict::Conforms, 0),
            );
            took(&Facts {
                results: &results,
                judgement: &judgement,
                run: &run,
            })
            .unwrap()
        };
        assert_eq!(text(&[Some(0)]), "10 ms");
        assert_eq!(text(&[None]), "10 ms");
        assert_eq!(text(&[Some(0), Some(2)]), "2 requests, 10 ms");
    }
}
