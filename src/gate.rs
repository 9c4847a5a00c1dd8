//! The gate: results and a tolerance become a verdict and an exit code. Never prints.

pub use crate::model::judgement::Tolerance;
use crate::model::judgement::{Judgement, Signal, Verdict};
use crate::model::{Results, Severity};

/// Everything in scope was checked, at least one stage was governed, nothing fails.
pub const CONFORMS: u8 = 0;
/// A violation reaches the threshold.
pub const VIOLATIONS: u8 = 1;
/// Usage, policy or input error: nothing was audited.
pub const USAGE: u8 = 2;
/// Nothing fails, but something is unchecked or undecided, or no stage was governed.
pub const INCOMPLETE: u8 = 3;
/// The run itself failed: no credentials, no Region, a report that could not be written.
pub const FAILED: u8 = 4;
/// Interrupted by SIGINT.
pub const INTERRUPTED: u8 = Signal::Interrupt.code();
/// Ended by SIGTERM.
pub const TERMINATED: u8 = Signal::Terminate.code();

/// An exit code of an audit.
#[derive(Debug)]
pub struct Code {
    /// The code.
    pub code: u8,
    /// Its meaning, in a line.
    pub brief: &'static str,
    /// Its meaning in full, as Markdown.
    pub meaning: &'static str,
}

/// Every exit code of an audit, for help and reference.
pub const CODES: [Code; 7] = [
    Code {
        code: CONFORMS,
        brief: "everything in scope was checked, a stage was governed, nothing fails",
        meaning: "everything in scope was read, at least one stage was governed, nothing fails",
    },
    Code {
        code: VIOLATIONS,
        brief: "a violation reaches --fail-on, or coverage is below --min-coverage",
        meaning: "a violation reaches `--fail-on`, or fewer of the stages are governed than `--min-coverage` asks",
    },
    Code {
        code: USAGE,
        brief: "a usage, policy, waiver or input error: nothing was audited",
        meaning: "wrong usage, a mistake in a policy, a waiver or the run file, no policy found, an output folder that \
                  does not exist, two reports to one file, an input that is missing, empty, damaged, cut off or of no \
                  known kind: nothing was audited",
    },
    Code {
        code: INCOMPLETE,
        brief: "nothing fails, but something was not read or decided, or nothing governed",
        meaning: "nothing fails, but something was not read or not decided, or no stage was governed",
    },
    Code {
        code: FAILED,
        brief: "the run failed: no credentials, no Region, a report not written",
        meaning: "the run failed: no credentials, no Region, a report that could not be written (the others still \
                  are), an internal error",
    },
    Code {
        code: INTERRUPTED,
        brief: "interrupted (SIGINT)",
        meaning: "ended by SIGINT",
    },
    Code {
        code: TERMINATED,
        brief: "terminated (SIGTERM)",
        meaning: "ended by SIGTERM",
    },
];

/// Judges an audit. The one place that decides between the exit codes of a run that came to its end.
#[must_use]
pub fn judge(results: &Results, tolerance: Tolerance, signal: Option<Signal>) -> Judgement {
    let failing = tolerance.fail_on.map_or(0, |threshold| {
        Severity::WORST_FIRST
            .into_iter()
            .filter(|severity| *severity >= threshold)
            .map(|severity| results.count(severity))
            .sum()
    });
    let counts = !tolerance.allow_incomplete;
    let unchecked = if counts { results.gaps.len() } else { 0 };
    let undecided = if counts { results.summary.undecided } else { 0 };
    let nothing_governed = results.summary.governed == 0 && !tolerance.allow_empty;

    let coverage = coverage(results);
    let below = tolerance
        .min_coverage
        .filter(|least| coverage.is_some_and(|coverage| coverage < *least));

    let (verdict, exit) = if failing > 0 || below.is_some() {
        (Verdict::Violations, VIOLATIONS)
    } else if unchecked > 0 || undecided > 0 || nothing_governed {
        (Verdict::Incomplete, INCOMPLETE)
    } else {
        (Verdict::Conforms, CONFORMS)
    };
    let (verdict, exit) = match signal {
        None if results.failed.is_some() => (Verdict::Incomplete, FAILED),
        None => (verdict, exit),
        Some(signal) => (Verdict::Incomplete, signal.code()),
    };
    Judgement {
        verdict,
        exit,
        tolerance,
        failing,
        below_coverage: below,
        unchecked,
        undecided,
        nothing_governed,
        signal,
    }
}

/// The share of the stages that a rule governs, in percent; `None` when there are no stages.
#[expect(clippy::cast_precision_loss, reason = "no fleet has 2^53 stages")]
fn coverage(results: &Results) -> Option<f64> {
    (results.summary.stages > 0)
        .then(|| results.summary.governed as f64 * 100.0 / results.summary.stages as f64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::finding::{Actual, ApiName, Origin, RegionName, StageName, Violation};
    use crate::model::results::Summary;
    use crate::model::state::Gap;

    const STRICT: Tolerance = Tolerance {
        fail_on: Some(Severity::Low),
        allow_incomplete: false,
        allow_empty: false,
        min_coverage: None,
    };

    fn results(violations: &[Severity], gaps: usize, undecided: u64, governed: u64) -> Results {
        let stage = Arc::new(StageName {
            place: Arc::new(RegionName {
                account: None,
                region: None,
            }),
            api: Arc::new(ApiName {
                id: None,
                name: None,
                protocol: None,
            }),
            name: None,
        });
        let mut results = Results {
            summary: Summary {
                governed,
                undecided,
                ..Summary::default()
            },
            ..Results::default()
        };
        results.gaps = vec![Gap::default(); gaps];
        for severity in violations {
            results.violations[severity.rank()].push(Violation {
                rule: 0,
                origin: Origin::Unset,
                reading: None,
                expired: None,
                stage: Arc::clone(&stage),
                route: None,
                path: None,
                expected: "".into(),
                actual: Actual::Unset,
            });
        }
        results
    }

    #[test]
    fn only_a_complete_look_without_failures_is_clean() {
        assert_eq!(judge(&results(&[], 0, 0, 1), STRICT, None).exit, CONFORMS);
        assert_eq!(judge(&results(&[], 1, 0, 1), STRICT, None).exit, INCOMPLETE);
        assert_eq!(judge(&results(&[], 0, 1, 1), STRICT, None).exit, INCOMPLETE);
        assert_eq!(judge(&results(&[], 0, 0, 0), STRICT, None).exit, INCOMPLETE);
    }

    #[test]
    fn a_violation_outranks_a_gap_and_a_signal_outranks_both() {
        let mixed = results(&[Severity::Low], 1, 1, 1);
        assert_eq!(judge(&mixed, STRICT, None).exit, VIOLATIONS);
        let stopped = judge(&mixed, STRICT, Some(Signal::Interrupt));
        assert_eq!(
            (stopped.exit, stopped.verdict),
            (INTERRUPTED, Verdict::Incomplete)
        );
        assert_eq!(
            judge(&mixed, STRICT, Some(Signal::Terminate)).exit,
            TERMINATED
        );
    }

    #[test]
    fn the_threshold_is_the_lowest_severity_that_fails() {
        let medium = results(&[Severity::Medium, Severity::Info], 0, 0, 1);
        for (fail_on, exit, failing) in [
            (Some(Severity::Info), VIOLATIONS, 2),
            (Some(Severity::Medium), VIOLATIONS, 1),
            (Some(Severity::High), CONFORMS, 0),
            (None, CONFORMS, 0),
        ] {
            let judged = judge(&medium, Tolerance { fail_on, ..STRICT }, None);
            assert_eq!((judged.exit, judged.failing), (exit, failing));
        }
    }

    #[test]
    fn fewer_governed_stages_than_demanded_fail() {
        for (stages, governed, least, exit) in [
            (10, 9, 90.0, CONFORMS),
            (10, 9, 90.5, VIOLATIONS),
            (3, 2, 66.6, CONFORMS),
            (3, 0, 0.0, INCOMPLETE),
            (3, 0, 1.0, VIOLATIONS),
            (0, 0, 100.0, INCOMPLETE),
        ] {
            let mut results = results(&[], 0, 0, governed);
            results.summary.stages = stages;
            let judged = judge(
                &results,
                Tolerance {
                    min_coverage: Some(least),
                    ..STRICT
                },
                None,
            );
            assert_eq!(
                judged.exit, exit,
                "{governed} of {stages}, at least {least} %"
            );
            assert_eq!(judged.below_coverage.is_some(), exit == VIOLATIONS);
        }
    }

    #[test]
    fn each_tolerance_covers_its_own_cause_only() {
        let incomplete = Tolerance {
            allow_incomplete: true,
            ..STRICT
        };
        let empty = Tolerance {
            allow_empty: true,
            ..STRICT
        };
        assert_eq!(
            judge(&results(&[], 1, 1, 1), incomplete, None).exit,
            CONFORMS
        );
        assert_eq!(
            judge(&results(&[], 0, 0, 0), incomplete, None).exit,
            INCOMPLETE
        );
        assert_eq!(judge(&results(&[], 0, 0, 0), empty, None).exit, CONFORMS);
        assert_eq!(judge(&results(&[], 1, 0, 0), empty, None).exit, INCOMPLETE);
    }
}
