//! The command line of `driftgate report`. No logic beyond reading a value.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueHint};

use super::values::Threshold;
use crate::cli::terminal::output::{Report as Output, parse_report};
use crate::model::Severity;

pub const EXAMPLES: &str = "\
Examples:
  driftgate report drift.json                       what the audit said
  driftgate report drift.json --report markdown=drift.md
  driftgate report drift.json --fail-on critical
  driftgate report merge shard-*.json --report json=drift.json";

const MERGE_EXAMPLES: &str = "\
Examples:
  driftgate report merge shard-*.json --report json=drift.json
  driftgate report merge 1.json 2.json --fail-on high

Each FILE is what one of `driftgate audit --shard 1/N` to `--shard N/N` wrote with --report json=FILE.";

/// `driftgate report`.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub struct Report {
    /// What else to do with results.
    #[command(subcommand)]
    pub command: Option<ReportCommand>,
    /// What `--report json=FILE` wrote; - is stdin
    #[arg(value_name = "RESULT", required = true, value_hint = ValueHint::FilePath)]
    pub result: Option<String>,
    /// How it is judged and written.
    #[command(flatten)]
    pub rendering: Rendering,
}

/// What else to do with results.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Make one result of the results of all shards of a run
    #[command(after_help = MERGE_EXAMPLES)]
    Merge(Merge),
}

/// `driftgate report merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The result of each shard, in any order; - is stdin
    #[arg(value_name = "RESULT", required = true, value_hint = ValueHint::FilePath)]
    pub results: Vec<String>,
    /// How the whole is judged and written.
    #[command(flatten)]
    pub rendering: Rendering,
}

/// Flags that say how a saved result is judged and written.
#[derive(Debug, Args)]
pub struct Rendering {
    /// The lowest severity that fails [default: as the audit had it]
    #[arg(long, value_name = "SEVERITY", help_heading = "Gate", value_parser = PossibleValuesParser::new(
        ["info", "low", "medium", "high", "critical", "never"]).map(|name| Threshold(Severity::from_name(&name))))]
    pub fail_on: Option<Threshold>,
    /// Do not fail because something could not be read or decided
    #[arg(long, help_heading = "Gate")]
    pub allow_incomplete: bool,
    /// Do not fail because no stage was governed
    #[arg(long, help_heading = "Gate")]
    pub allow_empty: bool,
    /// text, json or markdown; without a PATH, or with -, to stdout; repeat for several [default: text]
    #[arg(long, value_name = "FORMAT[=PATH]", value_hint = ValueHint::FilePath, value_parser = parse_report, help_heading = "Reports")]
    pub report: Vec<Output>,
    /// No times, durations, request counts or command line in any output (also when SOURCE_DATE_EPOCH is set)
    #[arg(long, help_heading = "Reports")]
    pub reproducible: bool,
}

impl Rendering {
    /// Whether nothing is said.
    pub fn is_default(&self) -> bool {
        let Self { fail_on, allow_incomplete, allow_empty, report, reproducible } = self;
        fail_on.is_none() && report.is_empty() && !allow_incomplete && !allow_empty && !reproducible
    }
}
