//! The results of an audit: all that the gate and the reports see of it.

use std::sync::Arc;

use super::finding::{
    PolicyFacts, RuleFacts, StageName, Undecided, Violation, Waived, WaiverFacts,
};
use super::severity::Severity;
use super::state::{Gap, Narrowing, Scope, Warning, WarningKind};

/// The results of one audit: its rules and waivers, typed records in the order of every report, and a summary.
#[derive(Debug, Default)]
pub struct Results {
    /// The policies of the audit, by name.
    pub policies: Vec<PolicyFacts>,
    /// The rules of the audit, those that are off at the end; findings name them by place.
    pub rules: Vec<RuleFacts>,
    /// The counts.
    pub summary: Summary,
    /// Violations, worst severity first, each list in the order of reports.
    pub violations: [Vec<Violation>; 5],
    /// Violations that a waiver tolerates, worst first, in the order of reports.
    pub waived: Vec<Waived>,
    /// The waivers of the audit; waived violations name them by place.
    pub waivers: Vec<WaiverFacts>,
    /// Open questions of the checks that could not be decided.
    pub undecided: Vec<Undecided>,
    /// Everything that could not be read.
    pub gaps: Vec<Gap>,
    /// The accounts and Regions.
    pub scopes: Vec<Scope>,
    /// Anything else worth knowing.
    pub warnings: Vec<Warning>,
    /// The error that failed the run as a whole.
    pub failed: Option<String>,
    /// The request as the source understood it; `None` if it did not come to know it.
    pub resolved_request: Option<String>,
    /// The narrowing of the source, without its shard.
    pub narrowing: Narrowing,
    /// The stages, rules and fields that the policies do not cover.
    pub coverage: Coverage,
    /// Waivers that this shard did not need. Only the merged result shows if nothing needed them.
    pub unneeded: Vec<Unneeded>,
    /// Names given by flags that this shard did not find, as gaps of the merged result if no shard did.
    pub unfound: Vec<Gap>,
}

/// The counts of an audit that its records do not hold.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Stages that were read.
    pub stages: u64,
    /// Stages on which a rule conforms, violates or is undecided.
    pub governed: u64,
    /// Pairs of a rule and a stage whose `match` holds or is undecided.
    pub checks: u64,
    /// Checks in which nothing applies to the stage.
    pub not_applicable: u64,
    /// Checks that could not be decided.
    pub undecided: u64,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.stages += other.stages;
        self.governed += other.governed;
        self.checks += other.checks;
        self.not_applicable += other.not_applicable;
        self.undecided += other.undecided;
    }
}

/// A waiver that a shard did not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unneeded {
    /// The warning if no shard needed it.
    pub warning: Warning,
    /// True if it can be about anything that this shard read.
    pub in_scope: bool,
}

/// The stages, rules and fields that the policies do not cover.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Stages that no rule governs.
    pub ungoverned: Vec<Arc<StageName>>,
    /// Names of rules that governed no stage.
    pub unused_rules: Vec<String>,
    /// Paths of fields that no rule reads.
    pub unread_fields: Vec<String>,
}

impl Results {
    /// Every violation, worst first.
    pub fn violations(&self) -> impl Iterator<Item = (Severity, &Violation)> {
        Severity::WORST_FIRST
            .into_iter()
            .zip(&self.violations)
            .flat_map(|(severity, list)| list.iter().map(move |violation| (severity, violation)))
    }

    /// A warning for each policy whose rules governed no stage, although stages were read. A shard has none: the policy
    /// may govern stages of another.
    #[must_use]
    pub fn unused_policies(&self) -> Vec<Warning> {
        let of = match self.summary.stages {
            0 => return Vec::new(),
            1 => "does not govern the 1 stage that was read".to_owned(),
            stages => format!("governs none of the {stages} stages that were read"),
        };
        let others = if self.gaps.is_empty() {
            ""
        } else {
            "; what could not be read may hold stages that it governs"
        };
        let warning = |PolicyFacts {
                           name: policy, file, ..
                       }: &PolicyFacts| {
            let message = format!(
                "the policy {policy} ({file}) {of}: its `match` selects no such stage, or its rules do not apply{others}"
            );
            Warning::new(WarningKind::PolicyUnused, message)
        };
        // That a policy is off is no news to those who switched it off.
        self.policies
            .iter()
            .filter(|policy| policy.stages == 0 && policy.rules > 0)
            .map(warning)
            .collect()
    }

    /// Number of violations that each waiver covered until it expired.
    #[must_use]
    pub fn expired_again(&self) -> Vec<u64> {
        let mut again = vec![0; self.waivers.len()];
        for expired in self
            .violations
            .iter()
            .flatten()
            .filter_map(|violation| violation.expired)
        {
            if let Some(count) = again.get_mut(expired as usize) {
                *count += 1;
            }
        }
        again
    }

    /// Number of violations of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.violations[severity.rank()].len()
    }

    /// Number of violations.
    #[must_use]
    pub fn total(&self) -> usize {
        self.violations.iter().map(Vec::len).sum()
    }

    /// Adds what was found on other stages, without bringing it into order. Rules and waivers are the same for both.
    pub fn add(&mut self, other: Self) {
        self.summary += other.summary;
        for (mine, theirs) in self.policies.iter_mut().zip(other.policies) {
            mine.stages += theirs.stages;
        }
        for (mine, theirs) in self.violations.iter_mut().zip(other.violations) {
            mine.extend(theirs);
        }
        self.waived.extend(other.waived);
        self.undecided.extend(other.undecided);
        self.gaps.extend(other.gaps);
        self.scopes.extend(other.scopes);
        self.warnings.extend(other.warnings);
        self.failed = match (self.failed.take(), other.failed) {
            (Some(one), Some(other)) if one != other => Some(format!("{one}\n{other}")),
            (one, other) => one.or(other),
        };
        self.coverage.ungoverned.extend(other.coverage.ungoverned);
        self.coverage
            .unused_rules
            .retain(|rule| other.coverage.unused_rules.contains(rule));
        self.coverage
            .unread_fields
            .retain(|field| other.coverage.unread_fields.contains(field));
    }

    /// Brings the violations into the order of reports.
    pub fn sort_violations(&mut self) {
        for list in &mut self.violations {
            list.sort_by(Violation::order);
        }
    }

    /// Brings everything but the violations into the order of reports.
    pub fn sort_others(&mut self) {
        let rules = &self.rules;
        let severity = |rule: u32| {
            rules
                .get(rule as usize)
                .map_or(Severity::Info, |rule| rule.severity)
        };
        self.waived
            .sort_by(|Waived { violation: a, .. }, Waived { violation: b, .. }| {
                severity(b.rule)
                    .cmp(&severity(a.rule))
                    .then_with(|| a.order(b))
            });
        self.undecided.sort_by(|a, b| {
            severity(b.rule)
                .cmp(&severity(a.rule))
                .then_with(|| a.stage.order(&b.stage))
                .then_with(|| a.route.cmp(&b.route))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a.path.cmp(&b.path))
        });
        self.coverage.ungoverned.sort_by(|a, b| a.order(b));
        self.scopes
            .sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
        self.gaps.sort();
        self.warnings.sort();
    }

    /// Number of rules that were checked.
    #[must_use]
    pub fn rules_in_force(&self) -> usize {
        self.rules.iter().filter(|rule| !rule.is_off()).count()
    }

    /// The rule of a finding.
    #[must_use]
    pub fn rule(&self, rule: u32) -> Option<&RuleFacts> {
        self.rules.get(rule as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_a_stage_is_named() {
        let policy = |(name, rules, stages): (&str, usize, u64)| PolicyFacts {
            name: name.to_owned(),
            file: "p.yaml".to_owned(),
            why: String::new(),
            replaces: None,
            rules,
            stages,
        };
        let mut results = Results {
            policies: [("a", 2, 1), ("b", 2, 0), ("off", 0, 0)].map(policy).into(),
            summary: Summary {
                stages: 2,
                ..Summary::default()
            },
            ..Results::default()
        };
        let texts = |results: &Results| {
            results
                .unused_policies()
                .into_iter()
                .map(|it| it.message)
                .collect::<Vec<_>>()
        };
        let why = "its `match` selects no such stage, or its rules do not apply";
        assert_eq!(
            texts(&results),
            [format!(
                "the policy b (p.yaml) governs none of the 2 stages that were read: {why}"
            )]
        );
        results.summary.stages = 1;
        results.gaps.push(Gap::default());
        let others = "what could not be read may hold stages that it governs";
        let one = format!(
            "the policy b (p.yaml) does not govern the 1 stage that was read: {why}; {others}"
        );
        assert_eq!(texts(&results), [one]);
        // That nothing was read is one warning, not one for each policy.
        results.summary.stages = 0;
        assert!(texts(&results).is_empty());
    }
}
