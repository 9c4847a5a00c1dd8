//! The objects in a result. Their keys and the order of them are a promise (version 1): keys may be added, none is
//! removed. They must not follow the model's names.

use serde::Deserialize;

use super::actual::ActualValue;
use super::json::{Described, Hex, Json, Maybe, Name, Named, Null, Shareable, Text, Unspecified};
use crate::model::Severity;
use crate::model::finding::{Origin, Reading, Setting};
use crate::model::state::ScopeOutcome;

/// The `fail_on` of a gate that no severity fails.
pub const NEVER: &str = "never";

objects! {
    /// The counts.
    Summary {
        stages: u64,
        governed: u64,
        #[serde(skip_deserializing)]
        ungoverned: u64,
        rules: usize,
        checks: u64,
        not_applicable: u64,
        undecided: u64,
        violations: BySeverity,
        waived: usize,
        unchecked: usize,
    }

    /// The violations of each severity.
    BySeverity {
        critical: usize,
        high: usize,
        medium: usize,
        low: usize,
        info: usize,
    }

    /// The tolerance of the audit.
    Gate<'a> {
        #[serde(borrow)]
        fail_on: Text<'a> = {"enum": thresholds()},
        allow_incomplete: bool,
        allow_empty: bool,
        min_coverage: Option<f64> = {"minimum": 0, "maximum": 100},
    }

    /// The shard of a run that the result is of.
    Shard<'a> {
        index: u32 = {"minimum": 1},
        count: u32 = {"minimum": 1},
        /// Digest of flags, policies and waivers; the same in all shards of one run.
        #[serde(borrow)]
        of: Text<'a>,
        /// Digest of the caller and the Regions, likewise; null where the shard ended before it knew them.
        found as "where": Option<Text<'a>>,
        /// Waivers that this shard did not need.
        unused: Vec<UnusedWaiver<'a>>,
        /// APIs and stages that flags name and this shard did not find; unchecked if no shard did.
        #[serde(default)]
        unfound: Vec<Unchecked<'a>>,
    }

    /// The warning of a waiver that a shard did not need.
    UnusedWaiver<'a> {
        #[serde(borrow)]
        kind: Text<'a>,
        message: Text<'a>,
        account: Option<Text<'a>>,
        region: Option<Text<'a>>,
        api_id: Option<Text<'a>>,
        stage: Option<Text<'a>>,
        /// True if the waiver can be about anything in this shard.
        in_scope: bool,
    }

    /// A rule of the audit.
    Rule<'a> {
        #[serde(borrow)]
        rule: Text<'a>,
        title: Text<'a>,
        severity: Name<Severity>,
        why: Option<Text<'a>>,
        fix: Option<Text<'a>>,
        references: Vec<Text<'a>>,
        policy: Location<'a>,
        /// The changes of flags and the run file; null where there is none.
        #[serde(default)]
        tuned: Option<Tuned<'a>>,
    }

    /// The changes of a rule by flags or the run file.
    Tuned<'a> {
        /// Another severity, or off; null where only values were replaced.
        setting: Option<Name<Setting>>,
        /// The severity in the policy.
        written: Name<Severity>,
        /// The values that the rule depends on and that were replaced, as POLICY/NAME=VALUE.
        #[serde(borrow)]
        values: Vec<Text<'a>>,
    }

    /// A policy of the audit.
    Policy<'a> {
        #[serde(borrow)]
        policy: Text<'a>,
        file: Text<'a>,
        /// The reason for which it was read.
        why: Text<'a>,
        /// The pack that it replaces.
        replaces: Option<Text<'a>>,
        /// Number of its rules, without those that are off.
        rules: usize,
        /// Number of stages that its rules governed.
        stages: u64,
    }

    /// The file and the line of a rule.
    #[derive(Default)]
    Location<'a> as "place" {
        #[serde(borrow)]
        file: Text<'a>,
        line: usize,
    }

    /// A waiver of the audit.
    Waiver<'a> {
        #[serde(borrow)]
        rule: Text<'a>,
        reason: Text<'a>,
        owner: Text<'a>,
        expires: Text<'a> = {"format": "date"},
        file: Text<'a>,
        line: usize,
    }

    /// The waiver of a finding.
    WaiverOf<'a> as "waiver" {
        #[serde(borrow)]
        reason: Text<'a>,
        owner: Text<'a>,
        expires: Text<'a> = {"format": "date"},
        file: Text<'a>,
        line: usize,
    }

    /// An account and a Region.
    Scope<'a> {
        #[serde(borrow)]
        account: Option<Text<'a>>,
        region: Option<Text<'a>>,
        #[serde(default)]
        apis: u64,
        #[serde(default)]
        skipped_apis: u64,
        #[serde(default)]
        stages: u64,
        requests: Option<u64>,
        outcome: Name<ScopeOutcome>,
        #[serde(default)]
        checked_apis: u64,
        #[serde(default)]
        deleted_apis: u64,
        #[serde(default)]
        unchecked_apis: u64,
    }

    /// A stage; anything that the source does not state is null.
    Stage<'a> as "stage" {
        #[serde(borrow)]
        account: Option<Text<'a>>,
        region: Option<Text<'a>>,
        api_id: Option<Text<'a>>,
        api_name: Option<Text<'a>>,
        protocol: Option<Text<'a>>,
        name: Option<Text<'a>>,
        #[serde(skip_deserializing)]
        arn: Option<Text<'a>>,
    }

    /// A violation, waived or not.
    Finding<'a> as "violation" {
        #[serde(borrow)]
        rule: Text<'a>,
        severity: Name<Severity>,
        #[serde(skip_deserializing)]
        title: Shareable<'a, Text<'a>>,
        stage: Shareable<'a, Stage<'a>>,
        route: Option<Text<'a>>,
        /// Null for the stage as a whole.
        path: Option<Text<'a>>,
        /// The members and keys of the path, for tools: a key may hold dots.
        segments: Maybe<Vec<Text<'a>>>,
        expected: Text<'a>,
        /// The value that was found, with its type; null where there is none.
        actual: ActualValue<'a>,
        origin: Name<Origin>,
        /// The reading of a partial route entry under which it fails; left out where it fails under both.
        reading: Maybe<Name<Reading>>,
        /// The last day of the waiver that covered it; left out where there is none.
        #[serde(skip_deserializing)]
        waiver_expired: Maybe<Text<'a>> = {"format": "date"},
        /// The waiver that covered it until it expired; left out where there is none.
        expired_waiver: Maybe<WaiverOf<'a>>,
        #[serde(skip_deserializing)]
        status: Null = {"enum": ["new", "persisting", null]},
        #[serde(skip_deserializing)]
        first_seen: Null = {"type": ["string", "null"]},
        /// The same as long as rule, stage, route and setting are.
        #[serde(skip_deserializing)]
        fingerprint: Hex,
        #[serde(skip_deserializing)]
        policy: Shareable<'a, Location<'a>>,
        #[serde(skip_deserializing)]
        fix: Shareable<'a, Option<Text<'a>>>,
        #[serde(skip_deserializing)]
        commands: Vec<Unspecified>,
        /// The waiver that tolerates it, among `waived`.
        waiver: Maybe<WaiverOf<'a>>,
    }

    /// A check that could not be decided.
    Undecided<'a> {
        #[serde(borrow)]
        rule: Text<'a>,
        stage: Shareable<'a, Stage<'a>>,
        route: Option<Text<'a>>,
        path: Option<Text<'a>>,
        reason: Text<'a>,
    }

    /// Something that could not be read.
    Unchecked<'a> {
        #[serde(borrow)]
        account: Option<Text<'a>>,
        region: Option<Text<'a>>,
        api_id: Option<Text<'a>>,
        stage: Option<Text<'a>>,
        operation: Text<'a>,
        code: Text<'a>,
        message: Text<'a>,
        hint: Text<'a>,
    }

    /// Something worth knowing.
    Warning<'a> as "warning" {
        #[serde(borrow)]
        kind: Text<'a>,
        message: Text<'a>,
        account: Option<Text<'a>>,
        region: Option<Text<'a>>,
        api_id: Option<Text<'a>>,
        stage: Option<Text<'a>>,
    }

    /// The circumstances of a run, which no two runs share.
    Circumstances<'a> {
        #[serde(borrow)]
        generated_at: Option<Text<'a>> = {"format": "date-time"},
        duration_seconds: Option<f64> = {"minimum": 0},
        version: Text<'a>,
        command_line: Option<Vec<Text<'a>>>,
        #[serde(skip_deserializing)]
        source: Text<'a>,
    }
}

/// The values of `fail_on`.
fn thresholds() -> Vec<&'static str> {
    Severity::WORST_FIRST
        .into_iter()
        .map(Severity::name)
        .chain([NEVER])
        .collect()
}

impl Named for Severity {
    const ALL: &'static [Self] = &Self::WORST_FIRST;

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for Setting {
    const ALL: &'static [Self] = &[
        Self::Off,
        Self::Severity(Severity::Critical),
        Self::Severity(Severity::High),
        Self::Severity(Severity::Medium),
        Self::Severity(Severity::Low),
        Self::Severity(Severity::Info),
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for Origin {
    const ALL: &'static [Self] = &[
        Self::Route,
        Self::Stage,
        Self::Api,
        Self::Implied,
        Self::Unset,
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for Reading {
    const ALL: &'static [Self] = &[Self::Inherit, Self::Replace];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}

impl Named for ScopeOutcome {
    const ALL: &'static [Self] = &[
        Self::Checked,
        Self::Partial,
        Self::Unchecked,
        Self::Excluded,
    ];

    fn name(self) -> &'static str {
        Self::name(self)
    }
}
