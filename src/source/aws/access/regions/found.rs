//! The Regions of an account as a list names them, and their status by AWS's list. It must not know who listed them, nor
//! how they are read.

use std::collections::BTreeMap;

use super::built_in::is_opt_in;
use crate::model::document::partition_of;
use crate::source::aws::call::{Failure, FailureKind, Operation};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListedRegion {
    pub name: String,
    /// False only where the Region is surely disabled.
    pub enabled: bool,
}

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
    pub fn new(
        mut regions: Vec<ListedRegion>,
        from: Origin,
        failures: Vec<(Operation, Failure)>,
    ) -> Self {
        regions.sort_unstable();
        regions.dedup_by(|later, kept| {
            let same = later.name == kept.name;
            kept.enabled |= same && later.enabled;
            same
        });
        Self {
            regions,
            from,
            failures,
        }
    }
}

#[derive(Debug, Default)]
pub struct RegionStatus {
    /// True if the Region is enabled; empty if AWS did not list the Regions.
    enabled: BTreeMap<String, bool>,
    /// True if AWS refused the credentials when it was to list the Regions.
    refused: bool,
}

impl RegionStatus {
    pub fn of(found: &RegionList) -> Self {
        let refused = |failure: &Failure| {
            matches!(
                failure.kind,
                FailureKind::UnknownCredentials | FailureKind::Expired
            )
        };
        // The built-in list tells nothing about an account.
        let by_aws = found
            .regions
            .iter()
            .filter(|_| !matches!(found.from, Origin::BuiltIn));
        Self {
            enabled: by_aws
                .map(|region| (region.name.clone(), region.enabled))
                .collect(),
            refused: found.failures.iter().any(|(_, failure)| refused(failure)),
        }
    }

    /// True if AWS lists the Region as enabled, false if as disabled.
    pub fn enabled(&self, region: &str) -> Option<bool> {
        self.enabled.get(region).copied()
    }

    /// True if AWS did not list the Regions.
    pub fn is_unknown(&self) -> bool {
        self.enabled.is_empty()
    }

    pub fn is_disabled(&self, region: &str) -> bool {
        self.enabled(region) == Some(false)
    }

    /// True if the credentials are bad. `regions` has each Region that is not disabled, with true where it refuses the
    /// credentials: all must refuse, and one must surely be enabled, by AWS's list or because every account has it, or
    /// AWS refused the credentials elsewhere too.
    pub fn proves_bad_credentials<'r>(
        &self,
        regions: impl Iterator<Item = (&'r str, bool)> + Clone,
    ) -> bool {
        let enabled = |region: &str| self.enabled(region).unwrap_or_else(|| !is_opt_in(region));
        regions.clone().all(|(_, refuses)| refuses)
            && regions
                .map(|(region, _)| region)
                .any(|region| self.refused || enabled(region))
    }
}

/// True for a text that can be the name of a Region. It becomes part of a host name: no other text may lead signed
/// requests elsewhere.
pub fn is_plausible(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

pub fn checked(name: Option<String>) -> Result<String, Failure> {
    name.filter(|name| is_plausible(name))
        .ok_or_else(|| Failure::broken("the answer holds a Region without a valid name"))
}

/// Returns the Regions of the partition. There is at least one, the Region that answered. AWS names no others, as
/// credentials are of one partition, but an emulation of AWS may.
pub fn in_partition(
    mut regions: Vec<ListedRegion>,
    home: &str,
) -> Result<Vec<ListedRegion>, Failure> {
    regions.retain(|region| partition_of(&region.name) == partition_of(home));
    if regions.is_empty() {
        Err(Failure::broken("the answer lists no Regions"))
    } else {
        Ok(regions)
    }
}
