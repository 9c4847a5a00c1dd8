//! What policies say that can hardly be meant: warnings, never mistakes. Each is proved from the text of the rules;
//! what is not understood is taken to be right. Pure.

mod conjuncts;
mod contradiction;
mod expectation;
mod limits;
mod never;
mod repetition;
mod together;
pub mod waivers;
mod zero;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use self::conjuncts::{Conjunct, Reading};
use crate::policy::read::policies::{Policies, Policy, Rule};
use crate::policy::text::diagnostic::{Diagnostic, Place, Problems};
use crate::policy::text::yaml::{self, Data, Entry, Node};

/// Something that can hardly be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Which kind it is.
    pub kind: Kind,
    /// Where it is, what it is, and what to do.
    pub said: Diagnostic,
    /// The other place that it is about.
    pub beside: Option<Place>,
}

/// The kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A throttling limit may be 0.
    ZeroPasses,
    /// Two rules demand what no stage can meet.
    Contradiction,
    /// A rule says what another one says.
    Repetition,
    /// The `match` of a rule excludes itself.
    NeverMatches,
    /// An expectation of a rule that is never tested on a protocol that its `assert` leaves out.
    ExpectationLeftOut,
    /// A waiver names no rule.
    WaiverWithoutRule,
    /// A waiver is over.
    WaiverExpired,
    /// The `accept` of a waiver can name nothing that its rules find.
    WaiverAcceptsNothing,
}

impl Kind {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZeroPasses => "zero-passes",
            Self::Contradiction => "contradiction",
            Self::Repetition => "repetition",
            Self::NeverMatches => "never-matches",
            Self::ExpectationLeftOut => "expectation-left-out",
            Self::WaiverWithoutRule => "waiver-without-rule",
            Self::WaiverExpired => "waiver-expired",
            Self::WaiverAcceptsNothing => "waiver-accepts-nothing",
        }
    }
}

/// Everything in these policies that can hardly be meant, in the order of files and lines.
#[must_use]
pub fn warnings(policies: &Policies) -> Vec<Warning> {
    let mut names = Names::default();
    let read: Vec<Read<'_>> = policies.policies.iter().flat_map(|policy| read(policy, &mut names)).collect();
    let mut found = zero::warnings(&read);
    found.extend(contradiction::warnings(&read));
    found.extend(repetition::warnings(&read));
    found.extend(never::warnings(&read));
    found.extend(expectation::warnings(&read));
    let order = |warning: &Warning| {
        let file = policies.policies.iter().position(|policy| Arc::ptr_eq(&policy.file, &warning.said.file));
        (file, warning.said.span.start)
    };
    found.sort_by_key(order);
    found
}

/// A rule as it is written, beside what was compiled of it.
struct Read<'p> {
    policy: &'p Policy,
    rule: &'p Rule,
    /// Where the identifier stands.
    id: Range<usize>,
    /// What must hold of a stage for the rule to look at it: the policy's `match` and its own.
    conditions: Vec<Conjunct>,
    /// The same as a set, in which equal conditions have one number.
    condition_set: BTreeSet<usize>,
    /// What the rule demands.
    demands: Vec<Conjunct>,
    /// What else the rule says that decides about stages, in one form.
    besides: String,
}

/// The keys of a rule that say nothing of stages, or that are read apart.
const KNOWN: [&str; 8] = ["id", "title", "severity", "why", "fix", "references", "match", "expect"];

/// The rules of a policy, which was loaded without a mistake: the text has as many, in the same order.
fn read<'p>(policy: &'p Policy, names: &mut Names) -> Vec<Read<'p>> {
    let Some(root) = yaml::read(&mut Problems::new(Arc::clone(&policy.file))) else { return Vec::new() };
    let Some(Data::List(nodes)) = entry(&root, "rules").map(|entry| &entry.value.data) else { return Vec::new() };
    let of_policy = entry(&root, "match");
    let rule = |(rule, node)| {
        let own = entry(node, "match");
        let conditions: Vec<Conjunct> =
            of_policy.into_iter().chain(own).flat_map(|entry| Reading::of(&entry.value)).collect();
        let Data::Map(entries) = &node.data else { return None };
        let mut besides: Vec<String> = entries
            .iter()
            .filter(|entry| !KNOWN.contains(&entry.key.as_str()))
            .map(|entry| format!("{}: {}", entry.key, conjuncts::canonical(&entry.value)))
            .collect();
        besides.sort();
        Some(Read {
            policy,
            rule,
            id: entry(node, "id")?.value.span.clone(),
            condition_set: conditions.iter().map(|conjunct| names.number(&conjunct.canonical)).collect(),
            conditions,
            demands: entry(node, "expect").map(|entry| Reading::of(&entry.value)).unwrap_or_default(),
            besides: besides.concat(),
        })
    };
    policy.rules.iter().zip(nodes).filter_map(rule).collect()
}

/// Numbers for texts, equal ones for equal texts.
#[derive(Default)]
struct Names(BTreeMap<String, usize>);

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

impl Read<'_> {
    /// Whether this rule looks at every stage that the other looks at, by what is written alone.
    fn is_as_wide_as(&self, other: &Self) -> bool {
        self.condition_set.is_subset(&other.condition_set)
    }

    /// A place in the rule's file.
    fn place(&self, span: &Range<usize>, label: impl Into<String>) -> Place {
        let file = Arc::clone(&self.policy.file);
        Place { span: file.first_line(span), file, label: label.into() }
    }

    /// What is said of a place in the rule's file.
    fn said(&self, span: &Range<usize>, title: String, label: impl Into<String>, help: Vec<String>) -> Diagnostic {
        let Place { file, span, label } = self.place(span, label);
        Diagnostic { file, span, title, label, help }
    }
}

#[cfg(test)]
mod tests;
