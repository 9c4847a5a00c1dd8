//! The Regions of an account that refuse the credentials: not enabled, if AWS lists them so, and unread otherwise. It
//! must not know how they were read.
//!
//! API Gateway answers a bad token and a Region that is not enabled with the same words, so a refusal alone decides
//! neither.

use std::collections::BTreeMap;

use super::tally::ScopeTally;
use crate::model::feed::{Read, Warning};
use crate::source::aws::access::regions::{Found, Origin, is_opt_in};
use crate::source::aws::call::failure::{Failure, FailureKind, Operation, Subject};

/// AWS's list of the Regions of an account.
#[derive(Debug, Default)]
pub struct RegionStatus {
    /// True if the Region is enabled; empty where AWS could not be asked.
    enabled: BTreeMap<String, bool>,
    /// True if AWS refused the credentials when it was asked.
    refused: bool,
}

impl RegionStatus {
    /// Takes what AWS listed.
    pub fn of(found: &Found) -> Self {
        let refused =
            |failure: &Failure| matches!(failure.kind, FailureKind::UnknownCredentials | FailureKind::Expired);
        // The built-in list says nothing about an account.
        let by_aws = found.regions.iter().filter(|_| !matches!(found.from, Origin::BuiltIn));
        Self {
            enabled: by_aws.map(|region| (region.name.clone(), region.enabled)).collect(),
            refused: found.failures.iter().any(|(_, failure)| refused(failure)),
        }
    }

    /// Returns true if AWS lists the Region as not enabled.
    pub fn is_disabled(&self, region: &str) -> bool {
        self.enabled.get(region) == Some(&false)
    }

    /// Returns true if these Regions, which all refuse the credentials, prove that the credentials are bad: one of them
    /// is enabled, by AWS's list or because every account has it, or AWS refused them elsewhere too.
    pub fn proves_bad_credentials<'r>(&self, mut regions: impl Iterator<Item = &'r str>) -> bool {
        let enabled = |region: &str| self.enabled.get(region).copied().unwrap_or_else(|| !is_opt_in(region));
        regions.any(|region| self.refused || enabled(region))
    }
}

/// Returns true if AWS should be asked which Regions are enabled: one that has to be enabled refused the credentials.
pub fn is_doubtful(tallies: &[ScopeTally]) -> bool {
    let region = |tally: &ScopeTally| tally.unknown_here.as_ref().and(tally.scope.region.clone());
    tallies.iter().filter_map(region).any(|region| is_opt_in(&region))
}

/// Leaves out the Regions that AWS lists as not enabled, and adds hints to the others that refused. Also returns the
/// refusal if it proves that the credentials are bad.
pub fn settle(mut tallies: Vec<ScopeTally>, said: &RegionStatus) -> (Vec<ScopeTally>, Option<Failure>) {
    let region_of = |tally: &ScopeTally| tally.scope.region.clone().unwrap_or_default();
    for tally in &mut tallies {
        let region = region_of(tally);
        if tally.unknown_here.is_some() && said.is_disabled(&region) {
            leave_out(tally, region);
        }
    }
    let looked_at = || tallies.iter().filter(|tally| tally.scope.outcome != Read::Excluded);
    let names: Vec<String> = looked_at().map(region_of).collect();
    let bad = looked_at().all(|tally| tally.unknown_here.is_some())
        && said.proves_bad_credentials(names.iter().map(String::as_str));
    let refusal = looked_at().find_map(|tally| tally.unknown_here.clone()).filter(|_| bad);
    for tally in &mut tallies {
        let Some(why) = tally.unknown_here.as_ref().filter(|_| tally.scope.outcome != Read::Excluded) else {
            continue;
        };
        if let Some(hint) = hint(why, tally.scope.account.as_deref(), &region_of(tally), said, bad) {
            tally.gaps.iter_mut().for_each(|gap| gap.hint.clone_from(&hint));
        }
    }
    (tallies, refusal)
}

/// Makes a tally that of a Region which is not enabled.
fn leave_out(tally: &mut ScopeTally, region: String) {
    tally.scope.outcome = Read::Excluded;
    tally.gaps.clear();
    let account = tally.scope.account.clone();
    let whose = account.as_deref().unwrap_or("the account");
    tally.warnings.push(Warning {
        kind: "region-disabled".to_owned(),
        message: format!("Region {region} is not enabled for {whose}: it is left out"),
        account,
        region: Some(region),
        ..Warning::default()
    });
}

/// The hint for a Region that refused the credentials; `None` where the usual one fits.
fn hint(why: &Failure, account: Option<&str>, region: &str, said: &RegionStatus, bad: bool) -> Option<String> {
    match said.enabled.get(region) {
        Some(true) if is_opt_in(region) => Some(
            "the Region is enabled, and does not know the token: one of STS's global endpoint is not good there; \
             take one of a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional)"
                .to_owned(),
        ),
        _ if bad => {
            // The hint of a call without a Region is about the credentials alone.
            let nowhere = Subject { account, region: None, api_id: None, stage: None };
            Some(why.gap(Operation::GetApis, nowhere).hint)
        }
        None if is_opt_in(region) && said.enabled.is_empty() => Some(format!(
            "the Region {region} may not be enabled for the account (leave it out, or enable it), or the credentials are \
             wrong; with account:ListRegions or ec2:DescribeRegions allowed, driftgate knows which"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::aws::access::regions::RegionFound;

    fn tallies(regions: &[(&str, bool)]) -> Vec<ScopeTally> {
        let tally = |(region, known): &(&str, bool)| {
            let mut tally = ScopeTally::new(Some("111122223333"), region);
            if !known {
                tally.unlisted(Operation::GetApis, &Failure::unknown("The security token is invalid."), None, false);
            }
            tally
        };
        regions.iter().map(tally).collect()
    }

    fn said(regions: &[(&str, bool)]) -> RegionStatus {
        let region = |(name, enabled): &(&str, bool)| RegionFound { name: (*name).to_owned(), enabled: *enabled };
        RegionStatus::of(&Found {
            regions: regions.iter().map(region).collect(),
            from: Origin::ListRegions,
            failures: Vec::new(),
        })
    }

    fn outcomes(tallies: &[ScopeTally]) -> Vec<(Read, usize, usize)> {
        tallies.iter().map(|it| (it.scope.outcome, it.gaps.len(), it.warnings.len())).collect()
    }

    const EXCLUDED: (Read, usize, usize) = (Read::Excluded, 0, 1);
    const UNCHECKED: (Read, usize, usize) = (Read::Unchecked, 1, 0);
    const CHECKED: (Read, usize, usize) = (Read::Checked, 0, 0);

    #[test]
    fn a_region_that_refuses_is_unread_whatever_the_others_make_likely() {
        let regions = [("us-east-1", true), ("af-south-1", false), ("eu-west-1", false)];
        let (settled, bad) = settle(tallies(&regions), &RegionStatus::default());
        assert!(bad.is_none());
        assert_eq!(outcomes(&settled), [CHECKED, UNCHECKED, UNCHECKED]);
        let hints: Vec<&str> = settled[1..].iter().map(|tally| tally.gaps[0].hint.as_str()).collect();
        assert!(hints[0].contains("ec2:DescribeRegions") && hints[1].contains("not enabled"), "{hints:?}");
    }

    #[test]
    fn what_aws_says_of_a_region_outweighs_what_others_make_likely() {
        let regions = [("us-east-1", true), ("af-south-1", false)];
        let (settled, _) = settle(tallies(&regions), &said(&[("us-east-1", true), ("af-south-1", true)]));
        assert_eq!(outcomes(&settled), [CHECKED, UNCHECKED]);
        assert!(settled[1].gaps[0].hint.contains("global endpoint"), "{}", settled[1].gaps[0].hint);
        let (settled, _) = settle(tallies(&regions), &said(&[("us-east-1", true), ("af-south-1", false)]));
        assert_eq!(outcomes(&settled), [CHECKED, EXCLUDED]);
    }

    #[test]
    fn a_region_that_aws_does_not_list_is_not_off() {
        let (settled, _) = settle(tallies(&[("us-east-1", true), ("nope-1", false)]), &said(&[("us-east-1", true)]));
        assert_eq!(outcomes(&settled), [CHECKED, UNCHECKED]);
    }

    #[test]
    fn credentials_that_went_bad_midway_are_no_reason_to_leave_a_region_out() {
        let gone = RegionStatus { refused: true, ..RegionStatus::default() };
        let (settled, bad) = settle(tallies(&[("us-east-1", true), ("af-south-1", false)]), &gone);
        assert_eq!((outcomes(&settled), bad.is_none()), (vec![CHECKED, UNCHECKED], true));
    }

    #[test]
    fn where_every_region_refuses_and_one_is_surely_enabled_it_is_the_credentials() {
        for regions in [&[("us-east-1", false)][..], &[("us-east-1", false), ("af-south-1", false)]] {
            let (settled, bad) = settle(tallies(regions), &RegionStatus::default());
            assert!(bad.is_some());
            assert!(settled.iter().all(|it| it.scope.outcome == Read::Unchecked && it.gaps.len() == 1));
            assert!(settled[0].gaps[0].hint.starts_with("the credentials are wrong"), "{}", settled[0].gaps[0].hint);
        }
        let alone = || tallies(&[("af-south-1", false)]);
        let (settled, bad) = settle(alone(), &RegionStatus::default());
        assert_eq!((outcomes(&settled), bad.is_none()), (vec![UNCHECKED], true), "nobody knows whether it is enabled");
        assert!(settle(alone(), &said(&[("af-south-1", true)])).1.is_some());
        assert!(settle(alone(), &RegionStatus { refused: true, ..RegionStatus::default() }).1.is_some());
        let (settled, bad) = settle(alone(), &said(&[("af-south-1", false)]));
        assert_eq!((outcomes(&settled), bad.is_none()), (vec![EXCLUDED], true), "AWS says so");
    }

    #[test]
    fn regions_that_are_left_out_say_nothing_about_the_credentials() {
        assert!(settle(Vec::new(), &RegionStatus::default()).1.is_none());
        let mut left_out = tallies(&[("us-east-1", true), ("eu-west-1", false)]);
        left_out[0].scope.outcome = Read::Excluded;
        assert!(settle(left_out, &RegionStatus::default()).1.is_some());
    }
}
