//! A rule that repeats another one: its violations would be reported twice.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::WrittenRule;
use super::warning::{Lint, LintKind};

pub fn warnings(read: &[WrittenRule<'_>]) -> Vec<Lint> {
    let mut first: BTreeMap<(&BTreeSet<usize>, BTreeSet<&str>, &str), &WrittenRule<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for rule in read {
        let demands = rule.demands.iter().map(|conjunct| conjunct.canonical.as_str()).collect();
        match first.entry((&rule.condition_set, demands, &rule.other_keys)) {
            std::collections::btree_map::Entry::Vacant(entry) => {
                entry.insert(rule);
            }
            std::collections::btree_map::Entry::Occupied(entry) => {
                let other = *entry.get();
                let title = format!("{} repeats {}", rule.rule.facts.name, other.rule.facts.name);
                let help = "every violation would be reported twice; remove one of the two".to_owned();
                found.push(Lint {
                    kind: LintKind::Repetition,
                    said: rule.diagnostic(&rule.id, title, "the same stages, the same demands", vec![help]),
                    beside: Some(other.place(&other.id, "as here")),
                });
            }
        }
    }
    found
}
