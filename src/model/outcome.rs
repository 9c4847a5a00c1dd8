//! What an audit found, whole: the facts that the gate judges and the reports write.

use std::sync::Arc;

use super::feed::{Gap, Scope, Warning};
use super::finding::{RuleFacts, StageName, Undecided, Violation, Waived, WaiverFacts};
use super::severity::Severity;

/// The facts of one audit, in the order of every report.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The rules of the audit; findings name them by place.
    pub rules: Vec<RuleFacts>,
    /// Stages that were read.
    pub stages: u64,
    /// Stages on which a rule conforms, violates or is undecided.
    pub governed: u64,
    /// Pairs of a rule and a stage whose `match` holds or is undecided.
    pub checks: u64,
    /// Those of them in which nothing applies to the stage.
    pub not_applicable: u64,
    /// Those of them that could not be decided.
    pub undecided_checks: u64,
    /// Violations, worst severity first, each list in the order of reports.
    pub violations: [Vec<Violation>; 5],
    /// Violations that a waiver tolerates, worst first, in the order of reports.
    pub waived: Vec<Waived>,
    /// The waivers of the audit; what is waived names them by place.
    pub waivers: Vec<WaiverFacts>,
    /// What could not be decided.
    pub undecided: Vec<Undecided>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// The accounts and Regions.
    pub scopes: Vec<Scope>,
    /// What is worth knowing besides.
    pub warnings: Vec<Warning>,
    /// Why the run as a whole failed, in words.
    pub failed: Option<String>,
    /// What the policies do not cover.
    pub coverage: Coverage,
}

/// What the policies do not cover.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Stages that no rule governs.
    pub ungoverned: Vec<Arc<StageName>>,
    /// Names of rules that governed no stage.
    pub unused_rules: Vec<String>,
    /// Paths of fields that no rule reads.
    pub unread_fields: Vec<String>,
}

impl Outcome {
    /// Every violation, worst first.
    pub fn violations(&self) -> impl Iterator<Item = (Severity, &Violation)> {
        Severity::WORST_FIRST
            .into_iter()
            .zip(&self.violations)
            .flat_map(|(severity, list)| list.iter().map(move |violation| (severity, violation)))
    }

    /// How many violations there are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.violations[severity.rank()].len()
    }

    /// How many violations there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.violations.iter().map(Vec::len).sum()
    }

    /// The rule of a finding.
    #[must_use]
    pub fn rule(&self, rule: u32) -> Option<&RuleFacts> {
        self.rules.get(rule as usize)
    }
}
