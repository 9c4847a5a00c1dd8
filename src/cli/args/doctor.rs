//! The flags of `driftgate doctor`.

use clap::{Args, ValueEnum};

use super::source::Source;

pub const EXAMPLES: &str = "\
Examples:
  driftgate doctor                                  your own account and Region
  driftgate doctor --organization --all-regions
  driftgate doctor --iam-policy                     what to set up, without a call to AWS
  driftgate doctor --iam-policy=stackset --external-id ID > driftgate-audit.yaml";

/// `driftgate doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print the policies that an audit needs and a template of its role, without asking AWS; with =WHAT one of them
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "all",
        help_heading = "Permissions")]
    pub iam_policy: Option<IamDocument>,
    /// The stages that would be audited.
    #[command(flatten)]
    pub source: Source,
}

/// A document about permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IamDocument {
    /// All of them, with headings.
    All,
    /// The policy of the role, to read what an audit reads.
    Policy,
    /// The trust policy of the role: who may assume it.
    Trust,
    /// The policy of the caller, who assumes it.
    Caller,
    /// A CloudFormation template of the role, for a StackSet.
    Stackset,
}
