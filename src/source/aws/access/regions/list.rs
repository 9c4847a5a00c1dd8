//! ListRegions of AWS's account service. It must not know the use of the Regions.

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_account::config::retry::RetryPartition;
use aws_sdk_account::types::RegionOptStatus;

use super::built_in::home_of;
use super::found::{ListedRegion, checked, in_partition};
use crate::source::aws::call::{Failure, Operation, PageTokens};

/// More pages than this are a circle that the tokens do not show: they would hold 2,000 Regions.
const MOST_PAGES: usize = 100;

/// Calls the account service. Half a list is a failure: the Regions on pages that were not read would be missed silently.
pub async fn regions(config: &SdkConfig, home: &str) -> Result<Vec<ListedRegion>, Failure> {
    let client = aws_sdk_account::Client::from_conf(
        aws_sdk_account::config::Builder::from(config)
            .region(Region::new(home_of(home).to_owned()))
            .retry_config(RetryConfig::standard())
            // The SDK shares the tokens for retries among all clients of a Region: one account would use up another's.
            .retry_partition(RetryPartition::custom("account").build())
            .build(),
    );
    let mut tokens = PageTokens::new(Operation::ListRegions, MOST_PAGES);
    let (mut regions, mut token) = (Vec::new(), None);
    loop {
        let page = client
            .list_regions()
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| Failure::of(&error))?;
        for region in page
            .regions
            .ok_or_else(|| Failure::broken("the answer lists no Regions"))?
        {
            let enabled = region.region_opt_status.is_none_or(|status| is_on(&status));
            regions.push(ListedRegion {
                name: checked(region.region_name)?,
                enabled,
            });
        }
        token = tokens.next(page.next_token)?;
        if token.is_none() {
            return in_partition(regions, home);
        }
    }
}

/// True if a Region in this state is read. A Region that is being enabled or disabled may have stages that answer, and so
/// may a Region in a state that this version does not know. If it does not answer, that is noticed then.
fn is_on(status: &RegionOptStatus) -> bool {
    *status != RegionOptStatus::Disabled
}
