//! Which Regions an account has: ListRegions of AWS's account service, where that fails EC2's DescribeRegions, where
//! that fails as well a built-in list. It must not know what is read in a Region.

mod built_in;
mod describe;

use std::collections::HashSet;

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_account::config::retry::RetryPartition;
use aws_sdk_account::types::RegionOptStatus;

pub use self::built_in::{home_of, is_opt_in};
use crate::model::document::partition_of;
use crate::source::aws::call::failure::{Failure, Operation};

/// Where AWS runs its account service. In AWS GovCloud and the isolated partitions there is none to ask.
const WITH_ACCOUNT_SERVICE: [&str; 2] = ["aws", "aws-cn"];

/// Whether a partition has AWS's account service to ask.
pub fn with_account_service(partition: &str) -> bool {
    WITH_ACCOUNT_SERVICE.contains(&partition)
}

/// More pages than this are a circle that the tokens do not show: they would hold 2,000 Regions.
const MOST_PAGES: usize = 100;

/// A Region that an account has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RegionFound {
    pub name: String,
    /// Whether it has to be looked at. Only a Region that is surely off is not.
    pub enabled: bool,
}

/// Who named the Regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    ListRegions,
    DescribeRegions,
    /// Nobody could be asked: all Regions of the partition, as far as this version knows them.
    BuiltIn,
}

/// The Regions, sorted and each once, and what failed before somebody named them.
#[derive(Debug)]
pub struct Found {
    pub regions: Vec<RegionFound>,
    pub from: Origin,
    pub failures: Vec<(Operation, Failure)>,
}

/// Finds the Regions of the account that the configuration's credentials belong to. `home` is a Region that works; it
/// names the partition as well.
pub async fn of_account(config: &SdkConfig, home: &str) -> Found {
    let mut failures = Vec::new();
    let found = |mut regions: Vec<RegionFound>, from, failures| {
        regions.sort_unstable();
        // Where an answer says both of a Region, it is looked at.
        regions.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            kept.enabled |= same && later.enabled;
            same
        });
        Found { regions, from, failures }
    };
    if with_account_service(partition_of(home)) {
        match list(config, home).await {
            Ok(regions) => return found(regions, Origin::ListRegions, failures),
            Err(failure) => failures.push((Operation::ListRegions, failure)),
        }
    }
    match describe::regions(config, home).await {
        Ok(regions) => found(regions, Origin::DescribeRegions, failures),
        Err(failure) => {
            failures.push((Operation::DescribeRegions, failure));
            // Which opt-in Regions are on is not known, so all are looked at: one that is off says so itself.
            let all = built_in::all(home).map(|name| RegionFound { name: name.to_owned(), enabled: true });
            found(all.collect(), Origin::BuiltIn, failures)
        }
    }
}

/// Asks the account service. A list that is not whole is no list: the Regions on pages that were not read would be
/// missed without a word.
async fn list(config: &SdkConfig, home: &str) -> Result<Vec<RegionFound>, Failure> {
    let client = aws_sdk_account::Client::from_conf(
        aws_sdk_account::config::Builder::from(config)
            .region(Region::new(home_of(home).to_owned()))
            .retry_config(RetryConfig::standard())
            // The SDK shares the tokens for retries among all clients of a Region: one account would use up another's.
            .retry_partition(RetryPartition::custom("account").build())
            .build(),
    );
    let (mut regions, mut token, mut seen) = (Vec::new(), None, HashSet::new());
    for number in 1.. {
        let page = client.list_regions().set_next_token(token).send().await.map_err(|error| Failure::of(&error))?;
        for region in page.regions.ok_or_else(|| Failure::broken("the answer lists no Regions"))? {
            let enabled = region.region_opt_status.is_none_or(|status| is_on(&status));
            regions.push(RegionFound { name: checked(region.region_name)?, enabled });
        }
        token = page.next_token.filter(|token| !token.is_empty());
        token.as_deref().map_or(Ok(()), Failure::check_token)?;
        match &token {
            Some(token) if !seen.insert(token.clone()) || number >= MOST_PAGES => {
                return Err(Failure::endless(Operation::ListRegions, number));
            }
            Some(_) => {}
            None => break,
        }
    }
    some(regions, home)
}

/// Whether a Region in this state is looked at. One that is being switched on or off may have stages that answer, and
/// so may one in a state that this version does not know. If it does not answer, that is seen then.
fn is_on(status: &RegionOptStatus) -> bool {
    *status != RegionOptStatus::Disabled
}

/// The name of a Region in an answer. It becomes part of a host name: an answer must not lead signed requests elsewhere.
fn checked(name: Option<String>) -> Result<String, Failure> {
    let plausible = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.filter(|name| !name.is_empty() && name.bytes().all(plausible))
        .ok_or_else(|| Failure::broken("the answer holds a Region without a name that can be one's"))
}

/// The Regions of the partition, which are never none: the Region that answered is one. AWS names no others, as
/// credentials are of one partition, but what stands in for AWS does.
fn some(mut regions: Vec<RegionFound>, home: &str) -> Result<Vec<RegionFound>, Failure> {
    regions.retain(|region| partition_of(&region.name) == partition_of(home));
    if regions.is_empty() { Err(Failure::broken("the answer lists no Regions")) } else { Ok(regions) }
}

#[cfg(test)]
mod tests;
