//! Warnings of what is probably a mistake in policies. Each is proved from the text of the rules;
//! what is not understood is taken to be right. Pure.

mod conjuncts;
mod contradiction;
mod expectation;
mod limits;
mod never;
mod repetition;
mod rules;
mod together;
pub mod waivers;
mod warning;
mod zero;

use std::sync::Arc;

use self::rules::{Names, WrittenRule};
pub use self::warning::{Lint, LintKind};
use crate::policy::read::policies::Policies;

/// The probable mistakes in these policies, in the order of files and lines.
#[must_use]
pub fn warnings(policies: &Policies) -> Vec<Lint> {
    let mut names = Names::default();
    let read: Vec<WrittenRule<'_>> =
        policies.policies.iter().flat_map(|policy| rules::read(policy, &mut names)).collect();
    let mut found = zero::warnings(&read);
    found.extend(contradiction::warnings(&read));
    found.extend(repetition::warnings(&read));
    found.extend(never::warnings(&read));
    found.extend(expectation::warnings(&read));
    let order = |warning: &Lint| {
        let file = policies.policies.iter().position(|policy| Arc::ptr_eq(&policy.file, &warning.said.file));
        (file, warning.said.span.start)
    };
    found.sort_by_key(order);
    found
}

#[cfg(test)]
mod tests;
