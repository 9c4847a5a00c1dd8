//! What an account's Regions say together about its credentials. It must not know how they were read.
//!
//! API Gateway answers a bad token and a Region that is not enabled with the same words. If every Region says them it
//! is the token; if only Regions do that have to be enabled, they are not, unless AWS lists them as enabled.

use std::collections::BTreeMap;

use super::gap::{Failure, Kind, Operation, Place};
use super::ledger::Ledger;
use super::regions::{Found, Origin, is_opt_in};
use crate::model::feed::{Read, Warning};

/// What AWS says about the Regions of an account.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Whether a Region is enabled, where AWS said so.
    enabled: BTreeMap<String, bool>,
    /// Whether AWS refused the credentials when it was asked.
    refused: bool,
}

impl Said {
    /// What was found out.
    pub(super) fn of(found: &Found) -> Self {
        let refused = |failure: &Failure| matches!(failure.kind, Kind::UnknownCredentials | Kind::Expired);
        // The list that driftgate has itself says nothing of an account.
        let by_aws = found.regions.iter().filter(|_| !matches!(found.from, Origin::BuiltIn));
        Self {
            enabled: by_aws.map(|region| (region.name.clone(), region.enabled)).collect(),
            refused: found.failures.iter().any(|(_, failure)| refused(failure)),
        }
    }

    /// Whether a Region that refused the credentials is one that is not enabled; `None` where others have to tell.
    pub(super) fn is_off(&self, region: &str) -> Option<bool> {
        match self.enabled.get(region) {
            Some(enabled) => Some(!enabled),
            // Credentials that are refused elsewhere too say nothing about a Region; nor is one off that AWS does not list.
            None if self.refused || !self.enabled.is_empty() || !is_opt_in(region) => Some(false),
            None => None,
        }
    }
}

/// Whether AWS should be asked which Regions are enabled, before anything is concluded from a refusal.
pub(super) fn is_doubtful(ledgers: &[Ledger]) -> bool {
    let region = |ledger: &Ledger| ledger.unknown_here.as_ref().and(ledger.scope.region.clone());
    ledgers.iter().filter_map(region).any(|region| is_opt_in(&region))
}

/// The ledgers of an account's Regions, put right, and what AWS said if it knows the credentials nowhere. `alone` is
/// whether these are all Regions that are read of the account, here and elsewhere.
pub(super) fn settle(mut ledgers: Vec<Ledger>, said: &Said, alone: bool) -> (Vec<Ledger>, Option<Failure>) {
    let region_of = |ledger: &Ledger| ledger.scope.region.clone().unwrap_or_default();
    let off = |ledger: &Ledger| said.is_off(&region_of(ledger));
    let looked_at = |ledger: &&Ledger| {
        ledger.scope.outcome != Read::Excluded && !(ledger.unknown_here.is_some() && off(ledger) == Some(true))
    };
    let refused = ledgers.iter().filter(looked_at).all(|ledger| ledger.unknown_here.is_some());
    let certain = ledgers.iter().filter(looked_at).any(|ledger| off(ledger) == Some(false));
    let first = ledgers.iter().filter(looked_at).find_map(|ledger| ledger.unknown_here.clone());
    // Of a part, the others may know the credentials; where they do not, they say so.
    let unknown = refused && (alone || certain);
    for ledger in &mut ledgers {
        let Some(why) = &ledger.unknown_here else { continue };
        let (account, region) = (ledger.scope.account.clone(), region_of(ledger));
        let is_off = said.is_off(&region);
        if is_off == Some(true) || (is_off.is_none() && !unknown) {
            ledger.scope.outcome = Read::Excluded;
            ledger.gaps.clear();
            let whose = account.as_deref().unwrap_or("the account");
            ledger.warnings.push(Warning {
                kind: "region-disabled".to_owned(),
                message: format!("Region {region} is not enabled for {whose}: it is left out"),
                account,
                region: Some(region),
                ..Warning::default()
            });
        } else {
            // The hint of a call without a Region is about the credentials alone.
            let nowhere = Place { account: account.as_deref(), region: None, api_id: None, stage: None };
            let hint = match said.enabled.get(&region) {
                Some(true) if is_opt_in(&region) => {
                    "the Region is enabled, and does not know the token: one of STS's global endpoint is not good there; \
                     take one of a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional)"
                        .to_owned()
                }
                _ if unknown => why.gap(Operation::GetApis, nowhere).hint,
                _ => continue,
            };
            ledger.gaps.iter_mut().for_each(|gap| gap.hint.clone_from(&hint));
        }
    }
    (ledgers, first.filter(|_| unknown))
}

#[cfg(test)]
mod tests {
    use super::super::regions::RegionFound;
    use super::*;

    fn ledgers(regions: &[(&str, bool)]) -> Vec<Ledger> {
        let ledger = |(region, known): &(&str, bool)| {
            let mut ledger = Ledger::new(Some("111122223333"), region);
            if !known {
                ledger.unlisted(Operation::GetApis, &Failure::unknown("The security token is invalid."), None, false);
            }
            ledger
        };
        regions.iter().map(ledger).collect()
    }

    fn said(regions: &[(&str, bool)]) -> Said {
        let region = |(name, enabled): &(&str, bool)| RegionFound { name: (*name).to_owned(), enabled: *enabled };
        Said::of(&Found {
            regions: regions.iter().map(region).collect(),
            from: Origin::ListRegions,
            failures: Vec::new(),
        })
    }

    fn outcomes(ledgers: &[Ledger]) -> Vec<(Read, usize, usize)> {
        ledgers.iter().map(|it| (it.scope.outcome, it.gaps.len(), it.warnings.len())).collect()
    }

    const EXCLUDED: (Read, usize, usize) = (Read::Excluded, 0, 1);
    const UNCHECKED: (Read, usize, usize) = (Read::Unchecked, 1, 0);
    const CHECKED: (Read, usize, usize) = (Read::Checked, 0, 0);

    #[test]
    fn a_region_that_has_to_be_enabled_is_not_where_others_know_the_token() {
        let regions = [("us-east-1", true), ("af-south-1", false), ("eu-west-1", false)];
        let (settled, unknown) = settle(ledgers(&regions), &Said::default(), true);
        assert!(unknown.is_none());
        assert_eq!(outcomes(&settled), [CHECKED, EXCLUDED, UNCHECKED]);
    }

    #[test]
    fn what_aws_says_of_a_region_outweighs_what_others_make_likely() {
        let regions = [("us-east-1", true), ("af-south-1", false)];
        let (settled, _) = settle(ledgers(&regions), &said(&[("us-east-1", true), ("af-south-1", true)]), true);
        assert_eq!(outcomes(&settled), [CHECKED, UNCHECKED]);
        assert!(settled[1].gaps[0].hint.contains("global endpoint"), "{}", settled[1].gaps[0].hint);
        let (settled, _) = settle(ledgers(&regions), &said(&[("us-east-1", true), ("af-south-1", false)]), true);
        assert_eq!(outcomes(&settled), [CHECKED, EXCLUDED]);
    }

    #[test]
    fn a_region_that_aws_does_not_list_is_not_off() {
        let (settled, _) =
            settle(ledgers(&[("us-east-1", true), ("nope-1", false)]), &said(&[("us-east-1", true)]), true);
        assert_eq!(outcomes(&settled), [CHECKED, UNCHECKED]);
    }

    #[test]
    fn credentials_that_went_bad_midway_are_no_reason_to_leave_a_region_out() {
        let gone = Said { refused: true, ..Said::default() };
        let (settled, unknown) = settle(ledgers(&[("us-east-1", true), ("af-south-1", false)]), &gone, true);
        assert_eq!((outcomes(&settled), unknown.is_none()), (vec![CHECKED, UNCHECKED], true));
    }

    #[test]
    fn where_every_region_refuses_it_is_the_credentials() {
        for regions in [&[("af-south-1", false)][..], &[("us-east-1", false), ("af-south-1", false)]] {
            let (settled, unknown) = settle(ledgers(regions), &Said::default(), true);
            assert!(unknown.is_some());
            assert!(settled.iter().all(|it| it.scope.outcome == Read::Unchecked && it.gaps.len() == 1));
            assert!(settled[0].gaps[0].hint.starts_with("the credentials are wrong"), "{}", settled[0].gaps[0].hint);
        }
        let (settled, unknown) = settle(ledgers(&[("af-south-1", false)]), &said(&[("af-south-1", false)]), true);
        assert_eq!((outcomes(&settled), unknown.is_none()), (vec![EXCLUDED], true), "AWS knows better");
    }

    #[test]
    fn of_a_part_only_a_region_that_needs_no_enabling_tells_that_the_credentials_are_wrong() {
        let (settled, unknown) = settle(ledgers(&[("af-south-1", false)]), &Said::default(), false);
        assert_eq!((outcomes(&settled), unknown.is_none()), (vec![EXCLUDED], true));
        let both = [("af-south-1", false), ("us-east-1", false)];
        assert!(settle(ledgers(&both), &Said::default(), false).1.is_some());
    }

    #[test]
    fn regions_that_are_left_out_say_nothing_about_the_credentials() {
        assert!(settle(Vec::new(), &Said::default(), true).1.is_none());
        let mut left_out = ledgers(&[("us-east-1", true), ("eu-west-1", false)]);
        left_out[0].scope.outcome = Read::Excluded;
        assert!(settle(left_out, &Said::default(), true).1.is_some());
    }
}
