//! The flags about the source of stages: accounts, Regions, APIs, stages, and the pace of reading.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser as _};
use clap::{Args, ValueHint};

use super::values::{account, external_id, rate, role_name, seconds, shard, whole};
use crate::check::Inheritance;
use crate::model::protocol::Protocol;
use crate::model::state::Shard;
use crate::source::SOURCES;

/// The help of `--from`: every kind of file that is read.
fn from_help() -> String {
    let kinds = SOURCES.map(|source| format!("{} ({})", source.name, source.about));
    format!(
        "aws, or a file: {}; KIND:PATH forces the kind, - is stdin",
        kinds.join(" or ")
    )
}

/// Flags about the source of stages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Stages")]
pub struct Source {
    /// AWS or a file.
    #[arg(long, value_name = "SOURCE", value_hint = ValueHint::FilePath, default_value = "aws", help = from_help())]
    pub from: String,
    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// A Region; repeat for several [default: as in the AWS CLI]
    #[arg(long, value_name = "REGION")]
    pub region: Vec<String>,
    /// Every Region that is enabled for the account
    #[arg(long, conflicts_with = "region")]
    pub all_regions: bool,
    /// Without this Region; repeat for several
    #[arg(long, value_name = "REGION")]
    pub exclude_region: Vec<String>,
    /// Only this API; repeat for several
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub api: Vec<String>,
    /// Only stages of this name; repeat for several
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub stage: Vec<String>,
    /// The account of AWS CLI output, which does not name it
    #[arg(long, value_name = "ID", value_parser = account)]
    pub account: Option<String>,
    /// Only APIs of this protocol; repeat for several; beside AWS CLI output, which names none, its protocol
    #[arg(long, value_name = "HTTP|WEBSOCKET", value_parser = PossibleValuesParser::new(["HTTP", "WEBSOCKET"])
        .try_map(|name| Protocol::from_name(&name).ok_or("not a protocol")))]
    pub protocol: Vec<Protocol>,
    /// The endpoint of every AWS call
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The reading of a partial route entry: missing members come from the stage default, are unset, or both must hold
    #[arg(long, value_name = "READING", default_value = "inherit", value_parser = PossibleValuesParser::new(
        ["inherit", "replace", "both"]).try_map(|name| Inheritance::from_name(&name).ok_or("not a reading")))]
    pub route_inheritance: Inheritance,
    /// The accounts.
    #[command(flatten)]
    pub accounts: AccountFlags,
    /// The pace of reading.
    #[command(flatten)]
    pub pace: PaceFlags,
}

/// Flags about accounts and the role in them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub struct AccountFlags {
    /// Accounts by id, each read in the role; with --organization also by name or organizational unit (ou-…), * and ?
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub accounts: Vec<String>,
    /// Every active account of the organization
    #[arg(long)]
    pub organization: bool,
    /// Without these accounts: by id, by name (* and ?), by organizational unit (ou-…)
    #[arg(long, value_name = "WHO,…", value_delimiter = ',')]
    pub exclude_account: Vec<String>,
    /// The role to assume in each account [default: DriftgateAudit]
    #[arg(long, value_name = "NAME", value_parser = role_name)]
    pub role_name: Option<String>,
    /// The external id that the role requires
    #[arg(long, value_name = "ID", value_parser = external_id)]
    pub external_id: Option<String>,
}

/// Flags about the pace of reading.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Reading")]
pub struct PaceFlags {
    /// Requests a second for each account and Region, at most; 0 switches the pacer off [default: 5]
    #[arg(long, value_name = "N", value_parser = rate, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Requests at once for each account and Region, at most [default: 20]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1, u64::MAX))]
    pub burst: Option<u32>,
    /// Requests in flight overall [default: 64]
    #[arg(long, value_name = "N", value_parser = whole::<u32>(1, 10_000))]
    pub concurrency: Option<u32>,
    /// Time for the whole fetch; what was not reached is unchecked
    #[arg(long, value_name = "SECS", value_parser = seconds, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
    /// Keep what is fetched in a file, so that a killed run can be resumed (removed on success)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub spool: Option<PathBuf>,
    /// Resume from the file of --spool; with --spool FILE as well, start it if it does not exist
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub resume: Option<PathBuf>,
    /// Only the I-th of N parts of the accounts and Regions; auto takes I from AWS Batch or a Kubernetes indexed Job
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
}

/// Long flags that only AWS can obey.
pub const AWS_ONLY: [&str; 16] = [
    "profile",
    "endpoint-url",
    "all-regions",
    "exclude-region",
    "accounts",
    "organization",
    "exclude-account",
    "role-name",
    "external-id",
    "rate",
    "burst",
    "concurrency",
    "timeout",
    "spool",
    "resume",
    "shard",
];

impl Source {
    /// The first flag given that only AWS can obey.
    pub fn aws_only(&self) -> Option<&'static str> {
        let Self { accounts, pace, .. } = self;
        let given = [
            self.profile.is_some(),
            self.endpoint_url.is_some(),
            self.all_regions,
            !self.exclude_region.is_empty(),
            !accounts.accounts.is_empty(),
            accounts.organization,
            !accounts.exclude_account.is_empty(),
            accounts.role_name.is_some(),
            accounts.external_id.is_some(),
            pace.rate.is_some(),
            pace.burst.is_some(),
            pace.concurrency.is_some(),
            pace.timeout.is_some(),
            pace.spool.is_some(),
            pace.resume.is_some(),
            pace.shard.is_some(),
        ];
        AWS_ONLY
            .into_iter()
            .zip(given)
            .find_map(|(flag, given)| given.then_some(flag))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        source: Source,
    }

    #[test]
    fn each_flag_that_only_aws_can_obey_is_found() {
        for flag in AWS_ONLY {
            let given = ["", "=12", "=1/2"]
                .map(|value| Flags::try_parse_from(["x", &format!("--{flag}{value}")]));
            let flags = given.into_iter().flatten().next().unwrap();
            assert_eq!(flags.source.aws_only(), Some(flag));
        }
    }
}
