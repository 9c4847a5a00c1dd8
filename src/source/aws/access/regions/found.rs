//! Regions that an account has, as a list names them. It must not know who listed them.

use crate::model::document::partition_of;
use crate::source::aws::call::{Failure, Operation};

/// A Region that an account has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedRegion {
    pub name: String,
    /// False only where the Region is surely disabled.
    pub enabled: bool,
}

/// The source of a list of Regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    ListRegions,
    DescribeRegions,
    /// Neither could be called: all Regions of the partition that this version knows.
    BuiltIn,
}

/// The Regions, sorted and each once, and the calls that failed before one was answered.
#[derive(Debug)]
pub struct RegionList {
    pub regions: Vec<ListedRegion>,
    pub from: Origin,
    pub failures: Vec<(Operation, Failure)>,
}

impl RegionList {
    /// Sorts the Regions. A Region that is listed as enabled and as disabled is enabled.
    pub fn new(mut regions: Vec<ListedRegion>, from: Origin, failures: Vec<(Operation, Failure)>) -> Self {
        regions.sort_unstable();
        regions.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            kept.enabled |= same && later.enabled;
            same
        });
        Self { regions, from, failures }
    }
}

/// Checks the name of a Region in an answer. It becomes part of a host name: an answer must not lead signed requests
/// elsewhere.
pub fn checked(name: Option<String>) -> Result<String, Failure> {
    let plausible = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.filter(|name| !name.is_empty() && name.bytes().all(plausible))
        .ok_or_else(|| Failure::broken("the answer holds a Region without a valid name"))
}

/// Returns the Regions of the partition. There is at least one, the Region that answered. AWS names no others, as
/// credentials are of one partition, but an emulation of AWS may.
pub fn in_partition(mut regions: Vec<ListedRegion>, home: &str) -> Result<Vec<ListedRegion>, Failure> {
    regions.retain(|region| partition_of(&region.name) == partition_of(home));
    if regions.is_empty() { Err(Failure::broken("the answer lists no Regions")) } else { Ok(regions) }
}
