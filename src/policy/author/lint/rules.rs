//! Rules as they are written, beside what was compiled of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::conjuncts::{Conjunct, Position, canonical};
use crate::policy::read::policies::{Policy, Rule};
use crate::policy::text::diagnostic::{Diagnostic, Excerpt, Problems};
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// A rule as it is written, beside what was compiled of it.
pub struct WrittenRule<'p> {
    pub policy: &'p Policy,
    pub rule: &'p Rule,
    /// The bytes of the identifier.
    pub id: Range<usize>,
    /// The conditions of the policy's `match` and its own.
    pub conditions: Vec<Conjunct>,
    /// The same as a set, in which equal conditions have one number.
    pub condition_set: BTreeSet<usize>,
    /// The demands of `expect`.
    pub demands: Vec<Conjunct>,
    /// The other keys that decide about stages, in one form.
    pub other_keys: String,
}

/// The keys of a rule that say nothing of stages, or that are read apart.
const KNOWN: [&str; 8] = ["id", "title", "severity", "why", "fix", "references", "match", "expect"];

/// The rules of a policy, which was loaded without a mistake: the text has as many, in the same order.
pub fn read<'p>(policy: &'p Policy, names: &mut Names) -> Vec<WrittenRule<'p>> {
    let Some(root) = yaml::read(&mut Problems::new(Arc::clone(&policy.file))) else { return Vec::new() };
    let Some(Data::List(nodes)) = entry(&root, "rules").map(|entry| &entry.value.data) else { return Vec::new() };
    let of_policy = entry(&root, "match");
    let rule = |(rule, node)| {
        let own = entry(node, "match");
        let conditions: Vec<Conjunct> =
            of_policy.into_iter().chain(own).flat_map(|entry| Position::of(&entry.value)).collect();
        let Data::Map(entries) = &node.data else { return None };
        let mut other_keys: Vec<String> = entries
            .iter()
            .filter(|entry| !KNOWN.contains(&entry.key.as_str()))
            .map(|entry| format!("{}: {}", entry.key, canonical(&entry.value)))
            .collect();
        other_keys.sort();
        Some(WrittenRule {
            policy,
            rule,
            id: entry(node, "id")?.value.span.clone(),
            condition_set: conditions.iter().map(|conjunct| names.number(&conjunct.canonical)).collect(),
            conditions,
            demands: entry(node, "expect").map(|entry| Position::of(&entry.value)).unwrap_or_default(),
            other_keys: other_keys.concat(),
        })
    };
    policy.rules.iter().zip(nodes).filter_map(rule).collect()
}

/// Numbers for texts, equal ones for equal texts.
#[derive(Default)]
pub struct Names(BTreeMap<String, usize>);

impl Names {
    fn number(&mut self, text: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

fn entry<'n>(node: &'n Node, key: &str) -> Option<&'n Entry> {
    match &node.data {
        Data::Map(entries) => entries.iter().find(|entry| entry.key == key),
        _ => None,
    }
}

impl WrittenRule<'_> {
    /// True if this rule looks at every stage that the other looks at, by what is written alone.
    pub fn is_as_wide_as(&self, other: &Self) -> bool {
        self.condition_set.is_subset(&other.condition_set)
    }

    /// A place in the rule's file.
    pub fn place(&self, span: &Range<usize>, label: impl Into<String>) -> Excerpt {
        let file = Arc::clone(&self.policy.file);
        Excerpt { span: file.first_line(span), file, label: label.into() }
    }

    /// A diagnostic at a place in the rule's file.
    pub fn diagnostic(
        &self,
        span: &Range<usize>,
        title: String,
        label: impl Into<String>,
        help: Vec<String>,
    ) -> Diagnostic {
        let Excerpt { file, span, label } = self.place(span, label);
        Diagnostic { file, span, title, label, help }
    }
}
