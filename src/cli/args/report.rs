//! The command line of `driftgate report`. No logic beyond reading a value.

use clap::{Args, Subcommand, ValueHint};

use super::values::{Threshold, report_help, threshold};
use crate::cli::terminal::output::{ReportOutput, parse_report};

pub const EXAMPLES: &str = "\
Examples:
  driftgate report drift.json                       the report of the audit
  driftgate report drift.json --report markdown=drift.md
  driftgate report drift.json --fail-on critical
  driftgate report merge shard-*.json --report json=drift.json";

const MERGE_EXAMPLES: &str = "\
Examples:
  driftgate report merge shard-*.json --report json=drift.json
  driftgate report merge 1.json 2.json --fail-on high

Each file is the one that `driftgate audit --shard 1/N` to `--shard N/N` wrote with --report json=FILE.";

/// `driftgate report`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub struct ReportArgs {
    /// A command about results.
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
    /// The file that `--report json=FILE` wrote; - is stdin
    #[arg(value_name = "RESULT", required = true, value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// Flags about the gate and the reports.
    #[command(flatten)]
    pub rendering: Rendering,
}

/// A command about results.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Merge the results of all shards of a run into one
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(Merge),
}

/// `driftgate report merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The result of each shard, in any order; - is stdin
    #[arg(value_name = "RESULT", required = true, value_hint = ValueHint::FilePath)]
    pub results: Vec<String>,
    /// Flags about the gate and the reports.
    #[command(flatten)]
    pub rendering: Rendering,
}

/// Flags about the gate and the reports of a saved result.
#[derive(Debug, Args)]
pub struct Rendering {
    /// The lowest severity that fails [default: that of the audit]
    #[arg(long, value_name = "SEVERITY", help_heading = "Gate", value_parser = threshold())]
    pub fail_on: Option<Threshold>,
    /// Do not fail because something could not be read or decided
    #[arg(long, help_heading = "Gate")]
    pub allow_incomplete: bool,
    /// Do not fail because no stage was governed
    #[arg(long, help_heading = "Gate")]
    pub allow_empty: bool,
    /// The reports.
    #[arg(long, help = report_help(), value_name = "FORMAT[=PATH]", value_hint = ValueHint::FilePath, value_parser = parse_report, help_heading = "Reports")]
    pub report: Vec<ReportOutput>,
    /// No times, durations, request counts or command line in any output (also when SOURCE_DATE_EPOCH is set)
    #[arg(long, help_heading = "Reports")]
    pub reproducible: bool,
}

impl Rendering {
    /// True if no flag is given.
    pub fn is_default(&self) -> bool {
        let Self {
            fail_on,
            allow_incomplete,
            allow_empty,
            report,
            reproducible,
        } = self;
        fail_on.is_none() && report.is_empty() && !allow_incomplete && !allow_empty && !reproducible
    }
}
