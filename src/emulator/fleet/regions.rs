//! The Regions of each partition, and the ones that an account has to opt in to.

/// The Regions that every account of the partition `aws` has; a generated fleet takes the first of them.
pub const BY_DEFAULT: [&str; 17] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ca-central-1",
    "sa-east-1",
];

/// The Regions that an account of the partition `aws` has only when it opts in.
const OPT_IN: [&str; 17] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptIn {
    ByDefault,
    Enabled,
    Disabled,
}

pub fn is_opt_in(region: &str) -> bool {
    OPT_IN.contains(&region)
}

/// The Regions of a partition, in order.
pub fn of_partition(partition: &str) -> Vec<&'static str> {
    let mut regions = match partition {
        "aws-cn" => vec!["cn-north-1", "cn-northwest-1"],
        "aws-us-gov" => vec!["us-gov-east-1", "us-gov-west-1"],
        _ => [BY_DEFAULT, OPT_IN].concat(),
    };
    regions.sort_unstable();
    regions
}
