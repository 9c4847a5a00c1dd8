//! The flags of `driftgate snapshot`.

use clap::{Args, ValueHint};

use super::source::Source;

pub const EXAMPLES: &str = "\
Examples:
  driftgate snapshot -o fleet.jsonl.zst
  driftgate snapshot --region eu-west-1 -o - | head -1
  driftgate audit --from fleet.jsonl.zst";

/// `driftgate snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    /// The file to write; compressed when it ends in .zst or .gz; - is stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: String,
    /// The source of stages.
    #[command(flatten)]
    pub source: Source,
    /// Exit 0 even if something could not be read; the snapshot lists it
    #[arg(long, help_heading = "Output")]
    pub allow_incomplete: bool,
    /// Leave the time of the snapshot out (also when SOURCE_DATE_EPOCH is set)
    #[arg(long, help_heading = "Output")]
    pub reproducible: bool,
    /// Write the values of stage variables instead of digests
    #[arg(long, help_heading = "Output")]
    pub show_values: bool,
}
