//! The runs of tests: each rule's verdict on the stage of a test, and what is wrong with it.

use crate::check::{Options, Verdict, verdict};
use crate::policy::read::example::{Example, Expected};
use crate::policy::{Policy, Rule};

/// A policy with the runs of its tests.
pub struct Tested<'p> {
    pub policy: &'p Policy,
    pub runs: Vec<TestRun<'p>>,
}

/// The run of one test.
pub struct TestRun<'p> {
    pub policy: &'p Policy,
    pub example: &'p Example,
    pub verdicts: Vec<(&'p Rule, Verdict)>,
}

/// The difference between a rule's verdict and the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// It is violated, and should not be.
    Violated,
    /// It is not violated, and should be.
    NotViolated,
    /// It governs the stage, and no rule should.
    Governs,
    /// No rule conforms, so that the test shows nothing; this is one of them.
    ShowsNothing,
}

impl<'p> Tested<'p> {
    pub fn of(policy: &'p Policy) -> Self {
        Self {
            policy,
            runs: policy
                .tests
                .iter()
                .map(|example| TestRun::of(policy, example))
                .collect(),
        }
    }
}

impl<'p> TestRun<'p> {
    pub fn of(policy: &'p Policy, example: &'p Example) -> Self {
        let document = example.document();
        let run = |rule| {
            (
                rule,
                verdict(
                    policy.selection.as_ref(),
                    rule,
                    &document,
                    Options::default(),
                ),
            )
        };
        Self {
            policy,
            example,
            verdicts: policy.rules.iter().map(run).collect(),
        }
    }

    pub fn passed(&self) -> bool {
        self.wrong().is_empty()
    }

    /// The rules that are violated.
    pub fn violated(&self) -> Vec<&'p str> {
        let violated = self
            .verdicts
            .iter()
            .filter(|(_, verdict)| matches!(verdict, Verdict::Violates(_)));
        violated.map(|(rule, _)| rule.id.as_str()).collect()
    }

    /// The rules with another verdict than the test expects, in the order of the policy.
    pub fn wrong(&self) -> Vec<(&'p Rule, &Verdict, Mismatch)> {
        let of = |wrong: &dyn Fn(&Rule, &Verdict) -> Option<Mismatch>| -> Vec<_> {
            let found = self
                .verdicts
                .iter()
                .filter_map(|(rule, verdict)| Some((*rule, verdict, wrong(rule, verdict)?)));
            found.collect()
        };
        match &self.example.expected {
            Expected::Ungoverned => of(&|_, verdict| match verdict {
                Verdict::NotGoverned | Verdict::NotApplicable => None,
                _ => Some(Mismatch::Governs),
            }),
            Expected::Violates(expected) => {
                let wrong = of(&|rule, verdict| match (
                    matches!(verdict, Verdict::Violates(_)),
                    expected.contains(&rule.id),
                ) {
                    (true, false) => Some(Mismatch::Violated),
                    (false, true) => Some(Mismatch::NotViolated),
                    _ => None,
                });
                let conforms = self
                    .verdicts
                    .iter()
                    .any(|(_, verdict)| *verdict == Verdict::Conforms);
                if wrong.is_empty() && expected.is_empty() && !conforms {
                    of(&|_, _| Some(Mismatch::ShowsNothing))
                } else {
                    wrong
                }
            }
        }
    }
}

/// A verdict's name in results.
pub fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotGoverned => "not_governed",
        Verdict::Conforms => "conforms",
        Verdict::Violates(_) => "violates",
        Verdict::NotApplicable => "not_applicable",
        Verdict::Undecided(_) => "undecided",
    }
}
