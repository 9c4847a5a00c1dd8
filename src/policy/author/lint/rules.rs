//! Rules, taken apart into conditions and demands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::conjuncts::{Conjunct, PatternPlace};
use crate::model::catalogue::ours::{EACH_ROUTE, IN_FORCE};
use crate::policy::language::pattern::Pattern;
use crate::policy::read::policies::{Policy, Rule};
use crate::policy::text::diagnostic::{Diagnostic, Excerpt};

/// A rule, taken apart.
pub struct SplitRule<'p> {
    pub policy: &'p Policy,
    pub rule: &'p Rule,
    /// The conditions of the policy's `match` and its own.
    pub conditions: Vec<Conjunct<'p>>,
    /// The same as a set, in which equal conditions have one number.
    pub condition_set: BTreeSet<usize>,
    /// The demands of `expect`.
    pub demands: Vec<Conjunct<'p>>,
}

/// Numbers for texts, equal ones for equal texts.
#[derive(Default)]
pub struct Numbering(BTreeMap<String, usize>);

impl Numbering {
    fn number(&mut self, text: &str) -> usize {
        let next = self.0.len();
        *self.0.entry(text.to_owned()).or_insert(next)
    }
}

impl<'p> SplitRule<'p> {
    pub fn of(policy: &'p Policy, rule: &'p Rule, numbers: &mut Numbering) -> Self {
        let top = PatternPlace::top();
        let conditions: Vec<Conjunct<'p>> = policy
            .selection
            .iter()
            .chain(&rule.selection)
            .flat_map(|pattern| top.conjuncts(pattern))
            .collect();
        let routes = rule.routes.iter().flat_map(|demands| {
            let place = match &demands.route {
                Some(key) => top.below(IN_FORCE, EACH_ROUTE).below(key, EACH_ROUTE),
                None => top.below(EACH_ROUTE.name, EACH_ROUTE),
            };
            let parts = demands.parts.iter();
            parts.flat_map(move |part| place.conjuncts(&part.pattern))
        });
        let demands = rule
            .expect
            .iter()
            .flat_map(|pattern| top.conjuncts(pattern));
        Self {
            policy,
            rule,
            condition_set: conditions
                .iter()
                .map(|condition| numbers.number(&condition.form))
                .collect(),
            conditions,
            demands: demands.chain(routes).collect(),
        }
    }

    /// The patterns of a rule's `match` and its policy's.
    pub fn selections(&self) -> impl Iterator<Item = &'p Pattern> {
        self.policy.selection.iter().chain(&self.rule.selection)
    }

    /// The expression of `assert`; empty without one.
    pub fn assertion(&self) -> &str {
        self.rule
            .assertion
            .as_ref()
            .map_or("", |assertion| assertion.words())
    }

    /// True if this rule looks at every stage that the other looks at, by what is written alone.
    pub fn is_as_wide_as(&self, other: &Self) -> bool {
        self.condition_set.is_subset(&other.condition_set)
    }

    /// A place in the rule's file.
    pub fn place(&self, span: &Range<usize>, label: impl Into<String>) -> Excerpt {
        let file = Arc::clone(&self.policy.file);
        Excerpt {
            span: file.first_line(span),
            file,
            label: label.into(),
        }
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
        Diagnostic {
            file,
            span,
            title,
            label,
            help,
        }
    }
}
