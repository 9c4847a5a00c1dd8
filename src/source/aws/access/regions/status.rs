//! The status of an account's Regions, as far as AWS listed it. It must not know how Regions are read.

use std::collections::BTreeMap;

use super::built_in::is_opt_in;
use super::found::{Origin, RegionList};
use crate::source::aws::call::{Failure, FailureKind};

/// The status of an account's Regions.
#[derive(Debug, Default)]
pub struct RegionStatus {
    /// True if the Region is enabled; empty if AWS did not list the Regions.
    enabled: BTreeMap<String, bool>,
    /// True if AWS refused the credentials when it was to list the Regions.
    refused: bool,
}

impl RegionStatus {
    /// The status by AWS's list.
    pub fn of(found: &RegionList) -> Self {
        let refused =
            |failure: &Failure| matches!(failure.kind, FailureKind::UnknownCredentials | FailureKind::Expired);
        // The built-in list tells nothing about an account.
        let by_aws = found.regions.iter().filter(|_| !matches!(found.from, Origin::BuiltIn));
        Self {
            enabled: by_aws.map(|region| (region.name.clone(), region.enabled)).collect(),
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

    /// True if AWS lists the Region as disabled.
    pub fn is_disabled(&self, region: &str) -> bool {
        self.enabled(region) == Some(false)
    }

    /// True if the credentials are bad. `regions` has each Region that is not disabled, with true where it refuses the
    /// credentials: all must refuse, and one must surely be enabled, by AWS's list or because every account has it, or
    /// AWS refused the credentials elsewhere too.
    pub fn proves_bad_credentials<'r>(&self, regions: impl Iterator<Item = (&'r str, bool)> + Clone) -> bool {
        let enabled = |region: &str| self.enabled(region).unwrap_or_else(|| !is_opt_in(region));
        regions.clone().all(|(_, refuses)| refuses)
            && regions.map(|(region, _)| region).any(|region| self.refused || enabled(region))
    }
}
