//! The flags of `driftgate audit`, and those about the gate and reports.

use clap::{Args, ValueHint};

use super::source::Source;
use super::values::{Threshold, percent, report_help, reproducible, threshold};
use crate::cli::terminal::output::{ReportOutput, parse_report};

pub const EXAMPLES: &str = "\
Examples:
  driftgate audit                                   the Region of your profile
  driftgate audit --region eu-west-1 --region us-east-1 --policy policies/
  driftgate audit --organization --all-regions      every account, in the role DriftgateAudit
  driftgate audit --policy builtin:foundation --fail-on high
  driftgate audit --rule foundation/tagged=high --rule 'foundation/detailed-*=off'
  driftgate audit --policy builtin:production --set 'production/stages=[prod, live]'
  driftgate audit --report markdown=drift.md --report json=drift.json
  driftgate audit --from fleet.jsonl.zst            a snapshot, without AWS
  aws apigatewayv2 get-stages --api-id a1b2c3d4e5 |
    driftgate audit --from - --api a1b2c3d4e5 --protocol HTTP --region eu-west-1";

/// `driftgate audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// A policy file, a folder of them, or builtin:NAME [default: policies/ if there, else builtin:foundation]
    #[arg(long, value_name = "PATH", value_hint = ValueHint::AnyPath, help_heading = "Policies")]
    pub policy: Vec<String>,
    /// Changes of the policies.
    #[command(flatten)]
    pub tuning: TuningFlags,
    /// A file of waivers; repeat for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Policies")]
    pub waivers: Vec<String>,
    /// Waive nothing, even if --waivers or the run file names a file
    #[arg(long, help_heading = "Policies")]
    pub no_waivers: bool,
    /// The source of stages.
    #[command(flatten)]
    pub source: Source,
    /// Read each violating stage again with GetStage before reporting it
    #[arg(long, help_heading = "Reading")]
    pub confirm: bool,
    /// The tolerance of the gate.
    #[command(flatten)]
    pub gate: Gate,
    /// The reports.
    #[command(flatten)]
    pub reports: Reports,
}

/// Flags that change policies for one run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policies")]
pub struct TuningFlags {
    /// Switch a rule off, or give it another severity; ID is POLICY/RULE, or a glob; repeat for several
    #[arg(long, value_name = "ID=off|SEVERITY")]
    pub rule: Vec<String>,
    /// Give a value of a policy another one, in YAML; repeat for several
    #[arg(long, value_name = "POLICY/NAME=VALUE")]
    pub set: Vec<String>,
}

/// Flags about the tolerance of the gate.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
pub struct Gate {
    /// The lowest severity that fails
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = threshold())]
    pub fail_on: Threshold,
    /// Do not fail because something could not be read or decided
    #[arg(long)]
    pub allow_incomplete: bool,
    /// Do not fail because no stage was governed
    #[arg(long)]
    pub allow_empty: bool,
    /// Fail if rules govern fewer of the stages; fetches every API
    #[arg(long, value_name = "PERCENT", value_parser = percent, allow_negative_numbers = true)]
    pub min_coverage: Option<f64>,
}

/// Flags about reports.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct Reports {
    /// The reports.
    #[arg(long, help = report_help(), value_name = "FORMAT[=PATH]", value_hint = ValueHint::FilePath, value_parser = parse_report)]
    pub report: Vec<ReportOutput>,
    /// No times, durations, request counts or command line in any output (also when SOURCE_DATE_EPOCH is set)
    #[arg(long)]
    pub reproducible: bool,
    /// Show the values of stage variables, and of what looks like a secret, instead of digests
    #[arg(long)]
    pub show_values: bool,
}

impl Reports {
    /// True if equal input must give equal bytes.
    pub fn reproducible(&self) -> bool {
        reproducible(self.reproducible)
    }
}
