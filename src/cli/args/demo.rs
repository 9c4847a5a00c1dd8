//! The flags of `driftgate demo`.

use clap::Args;

use super::audit::Reports;
use super::values::whole;
use crate::emulator::{Effect, Fault, Operation};

pub const EXAMPLES: &str = "\
Examples:
  driftgate demo                                    audit the sample fleet
  driftgate demo --report markdown                  the same as Markdown
  driftgate demo --serve                            leave the control plane running
  driftgate demo --serve --throttle --fault deny-region=eu-west-1
  driftgate demo --serve --apis 12 --accounts 500 --regions 17";

/// `driftgate demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// The reports.
    #[command(flatten)]
    pub reports: Reports,
    /// Leave the control plane running, and print how to use it
    #[arg(long, help_heading = "Control plane", conflicts_with_all = ["report", "reproducible", "show_values"])]
    pub serve: bool,
    /// The port to serve on [default: a free one]
    #[arg(long, help_heading = "Control plane", value_name = "PORT", requires = "serve", value_parser = whole::<u16>(0, u16::MAX.into()))]
    pub port: Option<u16>,
    /// Serve a generated fleet with this many APIs in each account and Region, instead of the sample
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "serve", value_parser = whole::<u32>(0, 100_000))]
    pub apis: Option<u32>,
    /// Accounts of the generated fleet
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "1", value_parser = whole::<u16>(1, 10_000))]
    pub accounts: u16,
    /// Regions of each account of the generated fleet, the first us-east-1
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "1", value_parser = whole::<u16>(1, 17))]
    pub regions: u16,
    /// Stages of each API of the generated fleet
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "apis", default_value = "3", value_parser = whole::<u32>(0, 300))]
    pub stages: u32,
    /// Items on a page
    #[arg(long, help_heading = "Control plane", value_name = "N", requires = "serve", value_parser = whole::<u16>(1, 500))]
    pub page_size: Option<u16>,
    /// Delay of each answer in milliseconds
    #[arg(long, help_heading = "Control plane", value_name = "MS", requires = "serve", default_value = "0", value_parser = whole::<u64>(0, u64::MAX))]
    pub latency: u64,
    /// Throttle as AWS does: 10 requests a second, burst 40
    #[arg(long, help_heading = "Control plane", requires = "serve")]
    pub throttle: bool,
    /// A fault to inject; repeat for several. KIND is one of deny-account=ID (its role cannot be assumed),
    /// deny-organization (its accounts cannot be listed), bad-token-region=REGION, deny-region=REGION, deny-api=ID,
    /// lose-api=ID, throttle=EVERY_NTH, error=EVERY_NTH, reset=EVERY_NTH, cut=EVERY_NTH
    #[arg(long, help_heading = "Control plane", value_name = "KIND[=WHAT]", requires = "serve", value_parser = parse_fault)]
    pub fault: Vec<Fault>,
}

/// Reads `--fault KIND=WHAT`; one kind needs nothing more.
fn parse_fault(text: &str) -> Result<Fault, String> {
    if text == "deny-organization" {
        return Ok(Fault::on(Operation::ListAccounts).always(Effect::Deny));
    }
    let (kind, what) = text
        .split_once('=')
        .ok_or("a fault is KIND=WHAT, for example deny-region=eu-west-1")?;
    let nth = || {
        what.parse::<u64>()
            .ok()
            .filter(|nth| *nth > 0)
            .ok_or(format!("{kind} needs a number: every so many calls"))
    };
    match kind {
        "deny-account" => Ok(Fault::on(Operation::AssumeRole).account(what).always(Effect::Deny)),
        "bad-token-region" => Ok(Fault::on_every_call().region(what).always(Effect::UnrecognizedClient)),
        "deny-region" => Ok(Fault::on_every_call().region(what).always(Effect::Deny)),
        "deny-api" => Ok(Fault::on_every_call().api(what).always(Effect::Deny)),
        "lose-api" => Ok(Fault::on(Operation::GetStages).api(what).always(Effect::Delete)),
        "throttle" => Ok(Fault::on_every_call().every(nth()?, Effect::Throttle)),
        "error" => Ok(Fault::on_every_call().every(nth()?, Effect::ServerError(500))),
        "reset" => Ok(Fault::on_every_call().every(nth()?, Effect::Reset)),
        "cut" => Ok(Fault::on_every_call().every(nth()?, Effect::Cut)),
        _ => {
            Err("kinds: deny-account, deny-organization, bad-token-region, deny-region, deny-api, lose-api, throttle, \
                  error, reset, cut"
                .to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_a_kind_and_what_it_needs() {
        for good in [
            "deny-account=444455556666",
            "deny-organization",
            "bad-token-region=eu-west-1",
            "deny-region=eu-west-1",
            "lose-api=a1b2c3d4e5",
            "throttle=7",
        ] {
            assert!(parse_fault(good).is_ok(), "{good}");
        }
        for bad in [
            "deny-account",
            "throttle=0",
            "error=often",
            "deny-all=x",
            "",
        ] {
            assert!(parse_fault(bad).is_err(), "{bad}");
        }
    }
}
