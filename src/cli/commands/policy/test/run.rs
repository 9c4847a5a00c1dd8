//! The runs of tests: each rule's verdict on the stage of a test, and what is wrong with it.

use crate::check::{Options, Verdict, verdict};
use crate::policy::read::example::{Example, Expected};
use crate::policy::{Policy, Rule};

/// A policy, and what became of its tests.
pub struct Tested<'p> {
    pub policy: &'p Policy,
    pub runs: Vec<Run<'p>>,
}

/// What became of one test.
pub struct Run<'p> {
    pub policy: &'p Policy,
    pub example: &'p Example,
    pub verdicts: Vec<(&'p Rule, Verdict)>,
}

/// What is wrong with a rule's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
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
        Self { policy, runs: policy.tests.iter().map(|example| Run::of(policy, example)).collect() }
    }
}

impl<'p> Run<'p> {
    pub fn of(policy: &'p Policy, example: &'p Example) -> Self {
        let document = example.document();
        let said = |rule| (rule, verdict(policy.selection.as_ref(), rule, &document, Options::default()));
        Self { policy, example, verdicts: policy.rules.iter().map(said).collect() }
    }

    pub fn passed(&self) -> bool {
        self.wrong().is_empty()
    }

    /// The rules that are violated.
    pub fn violated(&self) -> Vec<&'p str> {
        let violated = self.verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Violates(_)));
        violated.map(|(rule, _)| rule.id.as_str()).collect()
    }

    /// The rules with another verdict than the test says, in the order of the policy.
    pub fn wrong(&self) -> Vec<(&'p Rule, &Verdict, Wrong)> {
        let of = |wrong: &dyn Fn(&Rule, &Verdict) -> Option<Wrong>| -> Vec<_> {
            let found =
                self.verdicts.iter().filter_map(|(rule, verdict)| Some((*rule, verdict, wrong(rule, verdict)?)));
            found.collect()
        };
        match &self.example.expected {
            Expected::Ungoverned => of(&|_, verdict| match verdict {
                Verdict::NotGoverned | Verdict::NotApplicable => None,
                _ => Some(Wrong::Governs),
            }),
            Expected::Violates(expected) => {
                let wrong =
                    of(&|rule, verdict| match (matches!(verdict, Verdict::Violates(_)), expected.contains(&rule.id)) {
                        (true, false) => Some(Wrong::Violated),
                        (false, true) => Some(Wrong::NotViolated),
                        _ => None,
                    });
                let conforms = self.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Conforms);
                if wrong.is_empty() && expected.is_empty() && !conforms {
                    of(&|_, _| Some(Wrong::ShowsNothing))
                } else {
                    wrong
                }
            }
        }
    }
}

/// A verdict's name in results.
pub fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::NotGoverned => "not_governed",
        Verdict::Conforms => "conforms",
        Verdict::Violates(_) => "violates",
        Verdict::NotApplicable => "not_applicable",
        Verdict::Undecided(_) => "undecided",
    }
}
