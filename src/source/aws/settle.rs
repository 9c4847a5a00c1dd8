//! What an account's Regions say together about its credentials. It must not know how they were read.
//!
//! API Gateway answers a bad token and a Region that is not enabled with the same words. If every Region says them it
//! is the token; if only Regions do that have to be enabled, they are not.

use super::gap::{Failure, Operation, Place};
use super::ledger::Ledger;
use super::regions::is_opt_in;
use crate::model::feed::{Read, Warning};

/// The account's ledgers, put right, and what AWS said if it knows the credentials nowhere.
pub(super) fn settle(mut ledgers: Vec<Ledger>) -> (Vec<Ledger>, Option<Failure>) {
    let looked_at = || ledgers.iter().filter(|ledger| ledger.scope.outcome != Read::Excluded);
    let unknown = looked_at().all(|ledger| ledger.unknown_here.is_some());
    let first = looked_at().find_map(|ledger| ledger.unknown_here.clone());
    for ledger in &mut ledgers {
        let (Some(why), Some(region)) = (ledger.unknown_here.take(), ledger.scope.region.clone()) else { continue };
        let account = ledger.scope.account.as_deref();
        if unknown {
            // The hint of a call without a Region is about the credentials alone.
            let nowhere = Place { account, region: None, api_id: None, stage: None };
            let hint = why.gap(Operation::GetApis, nowhere).hint;
            ledger.gaps.iter_mut().for_each(|gap| gap.hint.clone_from(&hint));
        } else if is_opt_in(&region) {
            ledger.scope.outcome = Read::Excluded;
            ledger.gaps.clear();
            let whose = account.map_or("the account", |account| account);
            ledger.warnings.push(Warning {
                kind: "region-disabled".to_owned(),
                message: format!("Region {region} is not enabled for {whose}: it is left out"),
                account: account.map(str::to_owned),
                region: Some(region),
                ..Warning::default()
            });
        }
    }
    (ledgers, first.filter(|_| unknown))
}

#[cfg(test)]
mod tests {
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

    fn outcomes(ledgers: &[Ledger]) -> Vec<(Read, usize, usize)> {
        ledgers.iter().map(|it| (it.scope.outcome, it.gaps.len(), it.warnings.len())).collect()
    }

    #[test]
    fn a_region_that_has_to_be_enabled_is_not_where_others_know_the_token() {
        let (settled, unknown) = settle(ledgers(&[("us-east-1", true), ("af-south-1", false), ("eu-west-1", false)]));
        assert!(unknown.is_none());
        assert_eq!(outcomes(&settled), [(Read::Checked, 0, 0), (Read::Excluded, 0, 1), (Read::Unchecked, 1, 0)]);
    }

    #[test]
    fn where_every_region_refuses_it_is_the_credentials() {
        for regions in [&[("af-south-1", false)][..], &[("us-east-1", false), ("af-south-1", false)]] {
            let (settled, unknown) = settle(ledgers(regions));
            assert!(unknown.is_some());
            assert!(settled.iter().all(|it| it.scope.outcome == Read::Unchecked && it.gaps.len() == 1));
            assert!(settled[0].gaps[0].hint.starts_with("the credentials are wrong"), "{}", settled[0].gaps[0].hint);
        }
    }

    #[test]
    fn regions_that_are_left_out_say_nothing_about_the_credentials() {
        assert!(settle(Vec::new()).1.is_none());
        let mut left_out = ledgers(&[("us-east-1", true), ("eu-west-1", false)]);
        left_out[0].scope.outcome = Read::Excluded;
        assert!(settle(left_out).1.is_some());
    }
}
