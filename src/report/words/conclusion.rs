//! The conclusion of an audit in plain words: the reason for its exit code. It must not know any format.

use super::{apis, count, number, unknown};
use crate::model::Severity;
use crate::model::judgement::Verdict;
use crate::report::facts::Facts;

/// The reason for the exit code: what fails or is not known, or else what was verified.
pub(in crate::report) fn conclusion(facts: &Facts<'_>) -> String {
    let judged = facts.judgement;
    let mut sentences = Vec::new();
    if let Some(signal) = judged.signal {
        sentences.push(format!(
            "interrupted by {}; the audit is incomplete and shows what was known until then.",
            signal.name()
        ));
    }
    let unknown = unknown(judged.unchecked, judged.undecided);
    match (judged.verdict, judged.tolerance.fail_on) {
        (Verdict::Conforms, _) => sentences.push(verified(facts)),
        _ if judged.failing > 0 => {
            let threshold = judged.tolerance.fail_on.map_or("info", Severity::name);
            sentences.push(format!(
                "{} at or above {threshold}.",
                count(judged.failing as u64, "violation")
            ));
            sentences.extend(unknown.map(|unknown| format!("Also, {unknown}.")));
        }
        _ if judged.signal.is_some() => {
            sentences.extend(unknown.map(|unknown| format!("{unknown}.")));
        }
        _ => sentences.extend(unknown.map(|unknown| format!("nothing fails, but {unknown}."))),
    }
    if let Some(least) = judged.below_coverage {
        let governed = number(facts.results.summary.governed);
        let stages = count(facts.results.summary.stages, "stage");
        sentences.push(format!(
            "a rule governs {governed} of {stages}, less than the {least} % that this run demands."
        ));
    }
    if judged.nothing_governed {
        sentences.push(nothing_governed(facts));
    }
    for later in sentences.iter_mut().skip(1) {
        if let Some(first) = later.get_mut(..1) {
            first.make_ascii_uppercase();
        }
    }
    sentences.join(" ")
}

/// The reason for which nothing was verified.
fn nothing_governed(facts: &Facts<'_>) -> String {
    match facts.results.summary.stages {
        // What could not be read may hold any number of them.
        0 if !facts.results.gaps.is_empty() => {
            "no stage was read, so nothing was verified.".to_owned()
        }
        0 => {
            let what = if apis(facts) == 0 && !facts.results.scopes.is_empty() {
                "API"
            } else {
                "stage"
            };
            format!("no {what} was found, so nothing was verified.")
        }
        1 => "no rule governs the 1 stage that was read, so nothing was verified.".to_owned(),
        stages => {
            format!(
                "no rule governs any of the {} stages that were read, so nothing was verified.",
                number(stages)
            )
        }
    }
}

fn verified(facts: &Facts<'_>) -> String {
    let (results, judged) = (facts.results, facts.judgement);
    if results.summary.governed == 0 {
        return "no stage was governed by a rule, which this run allows.".to_owned();
    }
    let decided = results
        .summary
        .checks
        .saturating_sub(results.summary.not_applicable)
        .saturating_sub(results.summary.undecided);
    let mut text = format!(
        "{} on {} of ",
        count(decided, "check"),
        number(results.summary.governed)
    );
    text.push_str(&count(results.summary.stages, "stage"));
    match (results.total() as u64, judged.tolerance.fail_on) {
        (0, _) => text.push_str(" found no violation."),
        (total, Some(threshold)) => {
            let verb = if total == 1 { "is" } else { "are" };
            text.push_str(&format!(
                " found no violation at or above {threshold}; {} {verb} below it.",
                number(total)
            ));
        }
        (total, None) => text.push_str(&format!(
            " found {}, which this run allows.",
            count(total, "violation")
        )),
    }
    if let Some(unknown) = unknown(results.gaps.len(), results.summary.undecided) {
        text.push_str(&format!(" Incomplete, which this run allows: {unknown}."));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Results;
    use crate::model::judgement::{Judgement, Signal};
    use crate::model::results::Summary;
    use crate::model::state::{Gap, Scope};
    use crate::report::facts::Run;
    use crate::report::sample;

    /// The conclusion for `governed` of nine stages, with the judgement changed by `change`.
    fn concluded(governed: u64, change: impl Fn(&mut Results, &mut Judgement)) -> String {
        let summary = Summary {
            stages: 9,
            governed,
            checks: 40,
            not_applicable: 3,
            undecided: 0,
        };
        let mut results = Results {
            summary,
            ..Results::default()
        };
        let mut judgement = sample::judgement(Verdict::Conforms, 0);
        change(&mut results, &mut judgement);
        conclusion(&Facts {
            results: &results,
            judgement: &judgement,
            run: &Run::default(),
        })
    }

    #[test]
    fn exit_0_says_what_was_verified() {
        assert_eq!(
            concluded(7, |_, _| ()),
            "37 checks on 7 of 9 stages found no violation."
        );
        assert_eq!(
            concluded(0, |_, _| ()),
            "no stage was governed by a rule, which this run allows."
        );
        let below = concluded(7, |results, judged| {
            results.violations[Severity::Low.rank()].push(sample::violation());
            judged.tolerance.fail_on = Some(Severity::High);
        });
        assert_eq!(
            below,
            "37 checks on 7 of 9 stages found no violation at or above high; 1 is below it."
        );
        let never = concluded(7, |results, judged| {
            results.violations[Severity::Low.rank()].push(sample::violation());
            judged.tolerance.fail_on = None;
        });
        assert_eq!(
            never,
            "37 checks on 7 of 9 stages found 1 violation, which this run allows."
        );
        let allowed = concluded(7, |results, _| results.gaps.push(Gap::default()));
        assert!(
            allowed.ends_with("Incomplete, which this run allows: 1 thing could not be read."),
            "{allowed}"
        );
    }

    #[test]
    fn every_other_exit_is_explained() {
        let failing = concluded(7, |_, judged| {
            (judged.verdict, judged.failing, judged.unchecked) = (Verdict::Violations, 12, 2);
        });
        assert_eq!(
            failing,
            "12 violations at or above low. Also, 2 things could not be read."
        );
        let incomplete = concluded(7, |_, judged| {
            (judged.verdict, judged.unchecked, judged.undecided) = (Verdict::Incomplete, 2, 1);
        });
        assert_eq!(
            incomplete,
            "nothing fails, but 2 things could not be read and 1 check could not be decided."
        );
        let nothing = |judged: &mut Judgement| {
            (judged.verdict, judged.nothing_governed) = (Verdict::Incomplete, true);
        };
        assert_eq!(
            concluded(0, |_, judged| nothing(judged)),
            "no rule governs any of the 9 stages that were read, so nothing was verified."
        );
        let empty = concluded(0, |results, judged| {
            results.summary.stages = 0;
            nothing(judged);
        });
        assert_eq!(empty, "no stage was found, so nothing was verified.");
        let unread = concluded(0, |results, judged| {
            results.summary.stages = 0;
            results.gaps.push(Gap::default());
            nothing(judged);
        });
        assert_eq!(unread, "no stage was read, so nothing was verified.");
        for (apis, what) in [(2, "stage"), (0, "API")] {
            let empty = concluded(0, |results, judged| {
                results.summary.stages = 0;
                results.scopes = vec![
                    sample::scope(Some("1"), Some("r")),
                    Scope {
                        apis,
                        ..sample::scope(None, None)
                    },
                ];
                nothing(judged);
            });
            assert_eq!(
                empty,
                format!("no {what} was found, so nothing was verified.")
            );
        }
        let stopped = concluded(7, |_, judged| {
            (judged.verdict, judged.signal) = (Verdict::Incomplete, Some(Signal::Interrupt));
        });
        assert_eq!(
            stopped,
            "interrupted by SIGINT; the audit is incomplete and shows what was known until then."
        );
    }
}
