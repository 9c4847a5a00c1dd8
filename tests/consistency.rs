//! Stages and counts of a source must agree, or a run ends without a verdict; a saved source that states
//! less than it should is incomplete.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use driftgate::check::{self, Options};
use driftgate::gate::{FAILED, Tolerance, judge};
use driftgate::model::Results;
use driftgate::model::state::{ApiBatch, Close, Gap, Scope, ScopeOutcome, VecState};
use driftgate::policy::Policies;
use driftgate::policy::read::waiver::Waivers;

fn scope(region: &str, outcome: ScopeOutcome) -> Scope {
    let (account, region) = (Some("111122223333".to_owned()), Some(region.to_owned()));
    Scope {
        account,
        region,
        outcome,
        ..Scope::default()
    }
}

fn results(close: Close) -> Results {
    let state = Box::new(VecState::new(Vec::<ApiBatch>::new(), close));
    check::run(
        &Policies::default(),
        &Waivers::default(),
        state,
        Options::default(),
    )
    .unwrap()
}

/// Message on the counts of a source.
fn message(scopes: Vec<Scope>, meant: u64) -> Option<String> {
    let close = Close {
        scopes,
        handed_on: Some(0),
        scopes_meant: Some(meant),
        ..Close::default()
    };
    let results = results(close);
    let tolerance = Tolerance {
        fail_on: None,
        allow_incomplete: true,
        allow_empty: true,
        min_coverage: None,
    };
    assert_eq!(
        judge(&results, tolerance, None).exit == FAILED,
        results.failed.is_some()
    );
    results.failed
}

#[test]
fn a_scope_that_was_lost_or_doubled_fails_the_run() {
    let (east, west) = (
        scope("us-east-1", ScopeOutcome::Checked),
        scope("us-west-2", ScopeOutcome::Checked),
    );
    assert_eq!(message(vec![east.clone(), west.clone()], 2), None);
    for (scopes, meant, words) in [
        (
            vec![east.clone()],
            2,
            "2 scopes were meant, and 1 are there",
        ),
        (vec![], 1, "1 scopes were meant, and 0 are there"),
        (
            vec![east.clone(), west.clone()],
            1,
            "1 scopes were meant, and 2 are there",
        ),
        (
            vec![east.clone(), east.clone()],
            2,
            "111122223333 us-east-1 is there twice",
        ),
        (
            vec![scope("us-east-1", ScopeOutcome::Partial)],
            1,
            "is partial and nothing says why",
        ),
        (
            vec![Scope { apis: 1, ..west }],
            1,
            "lists 1 APIs and accounts for 0",
        ),
    ] {
        let message = message(scopes, meant).unwrap();
        assert!(
            message.contains(words) && message.contains("a bug of driftgate"),
            "{words}: {message}"
        );
    }
}

#[test]
fn a_saved_source_that_was_not_read_whole_says_so() {
    for read in [ScopeOutcome::Partial, ScopeOutcome::Unchecked] {
        let mut row = scope("us-east-1", read);
        (row.apis, row.unchecked_apis) = (1, 1);
        let results = results(Close {
            scopes: vec![row],
            ..Close::default()
        });
        assert_eq!(
            (
                results.failed,
                results.scopes[0].outcome,
                results.gaps.len()
            ),
            (None, read, 1)
        );
    }
    let gap = Gap {
        region: Some("us-east-1".to_owned()),
        ..Gap::default()
    };
    let close = Close {
        scopes: vec![scope("us-east-1", ScopeOutcome::Partial)],
        gaps: vec![gap.clone()],
        ..Close::default()
    };
    assert_eq!(results(close).gaps, [gap]);
}
