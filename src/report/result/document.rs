//! The result as a whole: its members are a promise (version 1), as those of its objects are.

use serde::Deserialize;
use serde_json::{Value, json};

use super::json::{Described, Maybe, Text, Unspecified};
use super::lists::{Interned, WaivedFinding};
use super::records::{
    Circumstances, Finding, Gate, Policy, Rule, Scope, Shard, Stage, Summary, Unchecked, Undecided,
    Waiver, Warning,
};
use crate::model::state::Narrowing;

/// The name of the format in its own `format` member.
pub const FORMAT: &str = "driftgate.result";
/// The version of the format.
pub const FORMAT_VERSION: u64 = 1;
read! {
    /// The whole result.
    #[expect(dead_code, reason = "a member that is read nowhere is still described")]
    Document<'a> {
        #[serde(borrow)]
        format: Text<'a> = {"const": FORMAT},
        version: u64 = {"const": FORMAT_VERSION},
        #[serde(skip_deserializing)]
        verdict: Text<'a> = {"enum": ["conforms", "violations", "incomplete"]},
        /// The exit code of the audit.
        exit: u64 = {"enum": [0, 1, 3, 4, 130, 143]},
        /// The error that failed the run as a whole; left out where the run did not fail.
        failed: Maybe<Text<'a>>,
        /// The tolerance of the audit.
        gate: Gate<'a>,
        /// The shard that the result is of; left out for a whole run.
        shard: Maybe<Shard<'a>>,
        /// The source of the stages: AWS, or the name of a file.
        source: Text<'a>,
        /// The flags that leave out a part of the fleet, in the audit or in its snapshot; left out where none does.
        narrowing: Maybe<Narrowing>,
        summary: Summary,
        /// The policies of the audit.
        #[serde(default)]
        policies: Vec<Policy<'a>>,
        /// The rules of the audit.
        rules: Vec<Rule<'a>>,
        /// The waivers of the audit.
        waivers: Vec<Waiver<'a>>,
        /// Each account and Region, and how far it was read.
        scopes: Vec<Scope<'a>>,
        /// Worst first.
        violations: Interned<Finding<'a>>,
        /// Violations that a waiver tolerates.
        waived: Interned<WaivedFinding<'a>>,
        /// Checks that depend on a value that is not known.
        undecided: Interned<Undecided<'a>>,
        /// Everything that could not be read.
        unchecked: Vec<Unchecked<'a>>,
        /// Not used yet.
        #[serde(skip_deserializing)]
        fixed: Vec<Unspecified>,
        /// Unspecified else worth knowing.
        warnings: Vec<Warning<'a>>,
        /// Parts of the fleet and of the policies that have nothing to do with each other.
        coverage: Coverage<'a>,
        /// Not used yet.
        #[serde(skip_deserializing)]
        history: Vec<Unspecified>,
        /// The circumstances; left out with --reproducible.
        run: Maybe<Circumstances<'a>>,
    }

    /// The stages, rules and fields that the policies do not cover.
    Coverage<'a> {
        /// Stages that no rule governs.
        #[serde(borrow)]
        ungoverned: Interned<Stage<'a>>,
        /// Rules that governed no stage.
        unused_rules: Vec<Text<'a>>,
        /// Fields that no rule reads.
        unread_fields: Vec<Text<'a>>,
    }
}

/// A snapshot keeps it in its header, and reads it there, so it is the one object that is the model's.
impl Described for Narrowing {
    fn schema() -> Value {
        let names = json!({"type": "array", "items": {"type": "string"}});
        let kind = "The kind of file that holds one API or one stage.";
        json!({"type": "object", "required": [], "properties": {
            "api": names, "stage": names, "protocol": names, "shard": {"type": "string"},
            "from": {"type": "string", "description": kind},
        }})
    }
}
