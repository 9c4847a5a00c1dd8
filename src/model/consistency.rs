//! Consistency of counts, lists and gaps: where they disagree, a verdict rests on nothing. Pure; it must not know where
//! the numbers come from.

use std::collections::BTreeSet;

use super::results::{Results, Summary};
use super::state::{Explained, Gap, Scope};

/// The first inconsistency of results, if any: each stage is in one scope and governed or not, each scope is listed
/// once and accounts for its APIs, and everything unread or undecided is listed.
#[must_use]
pub fn inconsistency(results: &Results) -> Option<String> {
    let Summary {
        stages,
        governed,
        undecided: checks,
        ..
    } = results.summary;
    let in_scopes = sum(results.scopes.iter().map(|scope| scope.stages));
    let ungoverned = results.coverage.ungoverned.len() as u64;
    let undecided = results.undecided.len();
    if in_scopes != Some(stages) {
        let in_scopes = in_scopes.map_or_else(
            || "too many to count".to_owned(),
            |stages| stages.to_string(),
        );
        Some(format!(
            "there are {stages} stages, and {in_scopes} in all scopes"
        ))
    } else if governed.checked_add(ungoverned) != Some(stages) {
        Some(format!(
            "of {stages} stages {governed} are governed and {ungoverned} are not"
        ))
    } else if (checks > 0) != (undecided > 0) {
        Some(format!(
            "{checks} checks are undecided, and {undecided} questions are listed"
        ))
    } else {
        of_scopes(&results.scopes, &results.gaps)
    }
}

/// The first inconsistency of the scopes.
fn of_scopes(scopes: &[Scope], gaps: &[Gap]) -> Option<String> {
    let missing = Explained::of(gaps);
    let mut seen = BTreeSet::new();
    scopes.iter().find_map(|scope| {
        let place = format!(
            "{} {}",
            scope.account.as_deref().unwrap_or("-"),
            scope.region.as_deref().unwrap_or("-")
        );
        let (outcome, unread) = (scope.outcome.name(), scope.is_unread());
        let counts = [
            scope.checked_apis,
            scope.skipped_apis,
            scope.deleted_apis,
            scope.unchecked_apis,
        ];
        let apis = sum(counts.into_iter());
        // Parts of a run that found different things of one account have a row without a Region each.
        if scope.region.is_some() && !seen.insert((&scope.account, &scope.region)) {
            Some(format!("{place} is there twice"))
        } else if apis != Some(scope.apis) {
            Some(format!(
                "{place} lists {} APIs and accounts for {}",
                scope.apis,
                apis.unwrap_or(u64::MAX)
            ))
        } else if unread && !missing.covers(scope) {
            Some(format!("{place} is {outcome} and nothing says why"))
        } else if scope.unchecked_apis > 0 && !unread {
            Some(format!(
                "{place} is {outcome} with {} APIs unread",
                scope.unchecked_apis
            ))
        } else {
            None
        }
    })
}

/// The sum, where it can be held: numbers that others wrote may be any.
fn sum(mut numbers: impl Iterator<Item = u64>) -> Option<u64> {
    numbers.try_fold(0, u64::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::ScopeOutcome;

    type Alter = fn(&mut Results);

    fn scope(region: &str, stages: u64) -> Scope {
        let (account, region) = (Some("111122223333".to_owned()), Some(region.to_owned()));
        Scope {
            account,
            region,
            apis: 3,
            checked_apis: 2,
            skipped_apis: 1,
            stages,
            outcome: ScopeOutcome::Checked,
            ..Scope::default()
        }
    }

    fn good() -> Results {
        let scopes = vec![scope("us-east-1", 2), scope("us-west-2", 3)];
        Results {
            summary: Summary {
                stages: 5,
                governed: 5,
                ..Summary::default()
            },
            scopes,
            ..Results::default()
        }
    }

    #[test]
    fn what_does_not_agree_is_said() {
        assert_eq!(inconsistency(&good()), None);
        assert_eq!(inconsistency(&Results::default()), None);
        let cases: [(Alter, &str); 11] = [
            (
                |it| drop(it.scopes.remove(0)),
                "there are 5 stages, and 3 in all scopes",
            ),
            (
                |it| it.scopes[0].stages = u64::MAX,
                "there are 5 stages, and too many to count",
            ),
            (
                |it| it.summary.stages = 99_999_999,
                "there are 99999999 stages, and 5",
            ),
            (
                |it| it.summary.governed = 4,
                "of 5 stages 4 are governed and 0 are not",
            ),
            (
                |it| it.summary.undecided = 1,
                "1 checks are undecided, and 0 questions are listed",
            ),
            (
                |it| it.scopes[1].region = it.scopes[0].region.clone(),
                "111122223333 us-east-1 is there twice",
            ),
            (
                |it| it.scopes[0].apis = 4,
                "111122223333 us-east-1 lists 4 APIs and accounts for 3",
            ),
            (
                |it| it.scopes[0].checked_apis = u64::MAX,
                "lists 3 APIs and accounts for",
            ),
            (
                |it| it.scopes[0].outcome = ScopeOutcome::Unchecked,
                "is unchecked and nothing says why",
            ),
            (
                |it| it.scopes[1].outcome = ScopeOutcome::Partial,
                "us-west-2 is partial and nothing says why",
            ),
            (
                |it| (it.scopes[0].checked_apis, it.scopes[0].unchecked_apis) = (1, 1),
                "is checked with 1 APIs unread",
            ),
        ];
        for (alter, words) in cases {
            let mut results = good();
            alter(&mut results);
            let message = inconsistency(&results).unwrap_or_default();
            assert!(message.contains(words), "{words}: {message}");
        }
    }

    #[test]
    fn a_gap_explains_the_scope_that_it_names_or_the_account_of_it() {
        let mut results = good();
        results.scopes[0].outcome = ScopeOutcome::Partial;
        let account = || Some("111122223333".to_owned());
        for (account, region, explains) in [
            (account(), Some("us-east-1"), true),
            (account(), None, true),
            (None, Some("us-east-1"), true),
            (None, None, true),
            (account(), Some("us-west-2"), false),
            (Some("444455556666".to_owned()), None, false),
        ] {
            results.gaps = vec![Gap {
                account,
                region: region.map(str::to_owned),
                ..Gap::default()
            }];
            assert_eq!(
                inconsistency(&results).is_none(),
                explains,
                "{:?}",
                results.gaps
            );
        }
    }

    /// Each of several parts may have found something else.
    #[test]
    fn an_account_may_have_rows_without_a_region() {
        let mut results = good();
        let row = Scope {
            region: None,
            outcome: ScopeOutcome::Excluded,
            ..scope("", 0)
        };
        results.scopes.extend([row.clone(), row]);
        assert_eq!(inconsistency(&results), None);
    }
}
