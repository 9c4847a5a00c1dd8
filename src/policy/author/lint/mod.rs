//! Warnings of what is probably a mistake in policies. Each is proved from the compiled rules; what is not understood is
//! taken to be right. Pure.

mod bounds;
mod conjuncts;
mod contradiction;
mod empty_match;
mod expectation;
mod literal_route;
mod overlap;
mod repetition;
mod rules;
mod suspicious;
pub mod waivers;
mod warning;
mod zero_throttle;

use std::sync::Arc;

use self::rules::{Numbering, SplitRule};
pub use self::warning::{Lint, LintKind};
use crate::policy::read::policies::Policies;

/// The probable mistakes in these policies, in the order of files and lines.
#[must_use]
pub fn warnings(policies: &Policies) -> Vec<Lint> {
    let mut numbers = Numbering::default();
    let rules = policies
        .policies
        .iter()
        .flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
    let rules: Vec<SplitRule<'_>> = rules
        .map(|(policy, rule)| SplitRule::of(policy, rule, &mut numbers))
        .collect();
    let mut found = zero_throttle::warnings(&rules);
    found.extend(contradiction::warnings(&rules));
    found.extend(repetition::warnings(&rules));
    found.extend(empty_match::warnings(&rules));
    found.extend(expectation::warnings(&rules));
    found.extend(literal_route::warnings(&rules));
    found.extend(suspicious::warnings(policies));
    let order = |warning: &Lint| {
        let file = policies
            .policies
            .iter()
            .position(|policy| Arc::ptr_eq(&policy.file, &warning.diagnostic.file));
        (file, warning.diagnostic.span.start)
    };
    found.sort_by_key(order);
    found
}

#[cfg(test)]
mod tests;
