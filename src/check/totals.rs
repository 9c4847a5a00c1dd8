//! The sum of everything that was found so far, in the order in which stages come.

use std::cmp::Ordering;
use std::sync::Arc;

use super::names::SharedNames;
use super::rules::Rules;
use super::scopes::ScopeCounts;
use super::verdict::{PolicyMatch, Verdict, undecided_beside, verdict};
use super::waive::Ruling;
use crate::model::finding::{StageName, Undecided, Violation, Waived};
use crate::model::{Document, Results};
use crate::policy::language::explain::{Failure, OpenQuestion};
use crate::policy::{Policy, Rule};

/// The sum of some stages.
pub struct Totals {
    /// Everything that was found.
    pub results: Results,
    /// The stages and APIs of each account and Region.
    pub scopes: ScopeCounts,
    /// The rules that governed a stage, by number.
    pub used: Vec<bool>,
    /// The number of stages that each policy governed, by number.
    pub governed_by: Vec<u64>,
    /// The waivers that covered a violation, by number.
    pub waivers_used: Vec<bool>,
    /// True if the violations are in the order of reports. They are when the source yields its stages in order.
    pub ordered: bool,
    names: SharedNames,
    /// The first and the last stage with violations.
    ends: Option<(Arc<StageName>, Arc<StageName>)>,
}

impl Totals {
    /// The sum of no stages.
    pub fn new(rules: &Rules<'_>) -> Self {
        Self {
            results: Results::default(),
            scopes: ScopeCounts::default(),
            used: vec![false; rules.policies.rules],
            governed_by: vec![0; rules.policies.policies.len()],
            waivers_used: vec![false; rules.waiving.len()],
            ordered: true,
            names: SharedNames::default(),
            ends: None,
        }
    }

    /// Checks one stage against every rule.
    pub fn stage(&mut self, rules: &Rules<'_>, document: &Document<'_>) {
        self.results.summary.stages += 1;
        self.scopes.stage(document);
        let before = self.results.violations.each_ref().map(Vec::len);
        let mut governed: Option<usize> = None;
        let mut name: Option<Arc<StageName>> = None;
        let mut last: Option<(&Policy, PolicyMatch<'_>)> = None;
        for (policy, rule) in &rules.in_order {
            // The rules of a policy follow each other, and share the answer of its `match`.
            let selection = match last {
                Some((known, selection)) if std::ptr::eq(known, *policy) => selection,
                _ => {
                    last.insert((policy, PolicyMatch::of(policy.selection.as_ref(), document)))
                        .1
                }
            };
            let PolicyMatch::Rules(selects) = selection else {
                continue;
            };
            match verdict(selects, rule, document, rules.options) {
                Verdict::NotGoverned => continue,
                Verdict::NotApplicable => self.results.summary.not_applicable += 1,
                Verdict::Conforms => self.governs(policy, rule, &mut governed),
                Verdict::Violates(findings) => {
                    self.governs(policy, rule, &mut governed);
                    let name = Arc::clone(
                        name.get_or_insert_with(|| self.names.stage(document, rules.options)),
                    );
                    self.violations(rules, (policy, rule), &name, findings, document);
                }
                Verdict::Undecided(questions) => {
                    self.governs(policy, rule, &mut governed);
                    self.results.summary.undecided += 1;
                    let name = Arc::clone(
                        name.get_or_insert_with(|| self.names.stage(document, rules.options)),
                    );
                    self.undecided(rule, &name, questions);
                }
            }
            self.results.summary.checks += 1;
        }
        self.sort_since(before);
        if governed.is_some() {
            self.results.summary.governed += 1;
        } else {
            let name = name.unwrap_or_else(|| self.names.stage(document, rules.options));
            self.results.coverage.ungoverned.push(name);
        }
    }

    /// Sorts the violations of one stage, and notes if they follow those before.
    fn sort_since(&mut self, before: [usize; 5]) {
        let mut stage = None;
        for (list, before) in self.results.violations.iter_mut().zip(before) {
            let added = &mut list[before..];
            added.sort_by(Violation::order_on_a_stage);
            stage = added
                .first()
                .map(|violation| Arc::clone(&violation.stage))
                .or(stage);
        }
        if let Some(stage) = stage {
            self.follow((Arc::clone(&stage), stage));
        }
    }

    /// Notes that stages were added, given the first and the last of them.
    fn follow(&mut self, (first, last): (Arc<StageName>, Arc<StageName>)) {
        self.ends = Some(match self.ends.take() {
            None => (first, last),
            Some((start, end)) => {
                self.ordered &= end.order(&first) == Ordering::Less;
                (start, last)
            }
        });
    }

    /// Notes that a rule governs a stage. The rules of a policy follow each other, so the policy is counted once.
    fn governs(&mut self, policy: &Policy, rule: &Rule, governed: &mut Option<usize>) {
        if let Some(used) = self.used.get_mut(rule.number as usize) {
            *used = true;
        }
        if *governed != Some(policy.number) {
            *governed = Some(policy.number);
            if let Some(stages) = self.governed_by.get_mut(policy.number) {
                *stages += 1;
            }
        }
    }

    fn violations(
        &mut self,
        rules: &Rules<'_>,
        (policy, rule): (&Policy, &Rule),
        stage: &Arc<StageName>,
        failures: Vec<Failure>,
        document: &Document<'_>,
    ) {
        let mut all_waived = true;
        for failure in failures {
            let ruling =
                rules
                    .waiving
                    .ruling(rule.number, &failure, document, &mut self.waivers_used);
            let Failure {
                path,
                expected,
                actual,
                origin,
                reading,
                ..
            } = failure;
            let violation = Violation {
                rule: rule.number,
                origin,
                reading,
                expired: if let Ruling::Expired(waiver) = ruling {
                    Some(waiver)
                } else {
                    None
                },
                stage: Arc::clone(stage),
                route: path.route().map(|route| self.names.text(route.into())),
                path: (!path.is_whole()).then(|| self.names.path(path)),
                expected: self.names.text(expected),
                actual,
            };
            if let Ruling::Waived(waiver) = ruling {
                self.results.waived.push(Waived { violation, waiver });
            } else {
                all_waived = false;
                self.results.violations[rule.facts.severity.rank()].push(violation);
            }
        }
        // A failure decides the rule, so that open questions beside it can wait; a waived one does not.
        if all_waived {
            let questions =
                undecided_beside(policy.selection.as_ref(), rule, document, rules.options);
            self.results.summary.undecided += u64::from(!questions.is_empty());
            self.undecided(rule, stage, questions);
        }
    }

    fn undecided(&mut self, rule: &Rule, stage: &Arc<StageName>, questions: Vec<OpenQuestion>) {
        for OpenQuestion {
            route,
            path,
            reason,
        } in questions
        {
            let undecided = Undecided {
                rule: rule.number,
                stage: Arc::clone(stage),
                route: route.map(|route| self.names.text(route)),
                path: (!path.is_empty()).then(|| self.names.text(path)),
                reason: self.names.text(reason),
            };
            self.results.undecided.push(undecided);
        }
    }

    /// Adds the sum of other stages, which came later.
    pub fn add(&mut self, later: Self) {
        self.results.add(later.results);
        self.scopes.add(later.scopes);
        for (mine, theirs) in self.used.iter_mut().zip(later.used) {
            *mine |= theirs;
        }
        for (mine, theirs) in self.governed_by.iter_mut().zip(later.governed_by) {
            *mine += theirs;
        }
        for (mine, theirs) in self.waivers_used.iter_mut().zip(later.waivers_used) {
            *mine |= theirs;
        }
        self.ordered &= later.ordered;
        if let Some(ends) = later.ends {
            self.follow(ends);
        }
    }
}
