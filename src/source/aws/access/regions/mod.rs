//! The Regions of an account: ListRegions of AWS's account service, if that fails EC2's DescribeRegions, if that fails as
//! well a built-in list. It must not know what is read in a Region.

mod built_in;
mod describe;
mod found;
mod list;

use aws_config::SdkConfig;

pub use self::built_in::{has_account_service, home_of, is_opt_in};
pub use self::found::{ListedRegion, Origin, RegionList, RegionStatus, is_plausible};
use crate::model::document::partition_of;
use crate::source::aws::call::Operation;

/// Finds the Regions of the account that the credentials belong to. `home` is a Region that works, and names the
/// partition.
pub async fn of_account(config: &SdkConfig, home: &str) -> RegionList {
    let mut failures = Vec::new();
    if has_account_service(partition_of(home)) {
        match list::regions(config, home).await {
            Ok(regions) => return RegionList::new(regions, Origin::ListRegions, failures),
            Err(failure) => failures.push((Operation::ListRegions, failure)),
        }
    }
    match describe::regions(config, home).await {
        Ok(regions) => RegionList::new(regions, Origin::DescribeRegions, failures),
        Err(failure) => {
            failures.push((Operation::DescribeRegions, failure));
            // The enabled opt-in Regions are unknown, so all are read: a disabled one refuses.
            let all = built_in::all(home).map(|name| ListedRegion {
                name: name.to_owned(),
                enabled: true,
            });
            RegionList::new(all.collect(), Origin::BuiltIn, failures)
        }
    }
}

#[cfg(test)]
mod tests;
