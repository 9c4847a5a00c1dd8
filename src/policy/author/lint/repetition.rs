//! A rule that repeats another one: its violations would be reported twice.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::SplitRule;
use super::warning::{Lint, LintKind};

pub fn warnings(rules: &[SplitRule<'_>]) -> Vec<Lint> {
    let mut first: BTreeMap<(&BTreeSet<usize>, BTreeSet<&str>, &str), &SplitRule<'_>> =
        BTreeMap::new();
    let mut found = Vec::new();
    for rule in rules {
        let demands = rule
            .demands
            .iter()
            .map(|conjunct| conjunct.form.as_str())
            .collect();
        match first.entry((&rule.condition_set, demands, rule.assertion())) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(rule);
            }
            std::collections::btree_map::Entry::Occupied(entry) => {
                let other = *entry.get();
                let title = format!("{} repeats {}", rule.rule.facts.name, other.rule.facts.name);
                let help =
                    "every violation would be reported twice; remove one of the two".to_owned();
                let label = "the same stages, the same demands";
                let diagnostic = rule.diagnostic(&rule.rule.id_span, title, label, vec![help]);
                let beside = Some(other.place(&other.rule.id_span, "as here"));
                found.push(Lint {
                    kind: LintKind::Repetition,
                    diagnostic,
                    beside,
                });
            }
        }
    }
    found
}
