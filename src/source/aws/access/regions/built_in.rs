//! The Regions that AWS had when this was written, for when neither call is answered. It must not know accounts.

use crate::model::catalogue::form::REGIONS;
use crate::model::document::partition_of;

/// The Regions of `aws` that every account has. The list is closed: those since 20 March 2019 are opt-in (account
/// reference guide, manage-acct-regions).
const BY_DEFAULT: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// Every Region of the partition that a Region is in, as far as it is known; of the isolated partitions that one alone.
pub fn all(region: &str) -> impl Iterator<Item = &str> {
    let partition = partition_of(region);
    let of_partition = move |one: &&str| partition_of(one) == partition;
    let other = (!REGIONS.iter().any(of_partition)).then_some(region);
    REGIONS.iter().copied().filter(of_partition).chain(other)
}

/// True if an account has to enable the Region. In `aws` these are all but the oldest Regions, those newer than this list
/// included. The other partitions have none.
pub fn is_opt_in(region: &str) -> bool {
    partition_of(region) == "aws" && !BY_DEFAULT.contains(&region)
}

/// The Region in which the services of a whole partition are: Organizations, and the account service.
pub fn home_of(region: &str) -> &'static str {
    match partition_of(region) {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        _ => "us-east-1",
    }
}

/// True if AWS runs its account service in the partition: not in AWS GovCloud and the isolated partitions.
pub fn has_account_service(partition: &str) -> bool {
    ["aws", "aws-cn"].contains(&partition)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_region_is_listed_once_in_its_partition() {
        for (region, count) in [
            ("us-west-2", 34),
            ("cn-north-1", 2),
            ("us-gov-east-1", 2),
            ("us-iso-west-1", 1),
        ] {
            let listed: Vec<&str> = all(region).collect();
            assert_eq!(
                (listed.len(), listed.iter().collect::<BTreeSet<_>>().len()),
                (count, count),
                "{region}"
            );
            assert!(listed.contains(&region), "{region}");
            for other in listed {
                assert_eq!(partition_of(other), partition_of(region), "{other}");
            }
        }
    }

    #[test]
    fn a_region_newer_than_the_list_is_opt_in_where_there_are_such() {
        for (region, opt_in) in [
            ("us-east-1", false),
            ("ap-northeast-3", false),
            ("eu-south-2", true),
            ("sa-west-1", true),
            ("cn-south-9", false),
            ("us-gov-west-1", false),
            ("eusc-de-east-1", false),
        ] {
            assert_eq!(is_opt_in(region), opt_in, "{region}");
        }
        assert_eq!(
            all("eu-west-1").filter(|region| is_opt_in(region)).count(),
            17
        );
    }

    #[test]
    fn the_home_of_a_partition_is_in_it() {
        for region in [
            "ap-east-1",
            "cn-north-1",
            "us-gov-east-1",
            "eusc-de-east-1",
            "us-iso-west-1",
            "us-isob-west-1",
        ] {
            assert_eq!(
                partition_of(home_of(region)),
                partition_of(region),
                "{region}"
            );
        }
    }
}
