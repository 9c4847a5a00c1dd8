//! The rules that tests show violated, and those that tests show conforming: a rule needs both.

use super::run::Tested;
use crate::check::Verdict;
use crate::policy::Rule;

/// The coverage of rules by tests.
pub struct Coverage<'p> {
    /// Number of rules.
    pub rules: usize,
    /// Rules that no test violates.
    pub never_violated: Vec<&'p Rule>,
    /// Rules that no test shows conforming.
    pub never_conforming: Vec<&'p Rule>,
}

impl<'p> Coverage<'p> {
    pub fn of(tested: &[Tested<'p>]) -> Self {
        let without = |shown: fn(&Verdict) -> bool| {
            let of_policy = |tested: &Tested<'p>| {
                let seen = |at: usize| {
                    tested
                        .runs
                        .iter()
                        .any(|run| run.verdicts.get(at).is_some_and(|(_, it)| shown(it)))
                };
                let rules = tested.policy.rules.iter().enumerate();
                rules
                    .filter(|(at, _)| !seen(*at))
                    .map(|(_, rule)| rule)
                    .collect::<Vec<_>>()
            };
            tested.iter().flat_map(of_policy).collect()
        };
        Self {
            rules: tested.iter().map(|tested| tested.policy.rules.len()).sum(),
            never_violated: without(|verdict| matches!(verdict, Verdict::Violates(_))),
            never_conforming: without(|verdict| *verdict == Verdict::Conforms),
        }
    }

    pub fn violated(&self) -> usize {
        self.rules - self.never_violated.len()
    }

    pub fn conforming(&self) -> usize {
        self.rules - self.never_conforming.len()
    }

    /// The share that is shown, rounded down: only all of it is 100.
    pub fn percent(&self) -> usize {
        (self.violated() + self.conforming()) * 100 / (2 * self.rules.max(1))
    }
}
