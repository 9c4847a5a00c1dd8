//! The Regions of an account that refuse the credentials: disabled, if AWS lists them so, and unread otherwise. It must
//! not know how they were read.
//!
//! API Gateway answers a bad token and a Region that is not enabled with the same words, so a refusal alone decides
//! neither.

use super::tally::ScopeTally;
use crate::model::state::{ScopeOutcome, Warning, WarningKind};
use crate::source::aws::access::regions::{RegionStatus, is_opt_in};
use crate::source::aws::call::{Failure, Operation, Subject};

/// Leaves out the Regions that AWS lists as disabled, and adds hints to the others that refused. Also returns the
/// refusal if it proves that the credentials are bad.
pub fn resolve_disabled(
    mut tallies: Vec<ScopeTally>,
    status: &RegionStatus,
) -> (Vec<ScopeTally>, Option<Failure>) {
    let region_of = |tally: &ScopeTally| tally.scope.region.clone().unwrap_or_default();
    for tally in &mut tallies {
        let region = region_of(tally);
        if tally.refusal.is_some() && status.is_disabled(&region) {
            leave_out(tally, region);
        }
    }
    let others = tallies
        .iter()
        .filter(|tally| tally.scope.outcome != ScopeOutcome::Excluded);
    let bad = status.proves_bad_credentials(others.clone().map(|tally| {
        (
            tally.scope.region.as_deref().unwrap_or_default(),
            tally.refusal.is_some(),
        )
    }));
    let refusal = others
        .into_iter()
        .find_map(|tally| tally.refusal.clone())
        .filter(|_| bad);
    for tally in &mut tallies {
        let Some(why) = tally
            .refusal
            .as_ref()
            .filter(|_| tally.scope.outcome != ScopeOutcome::Excluded)
        else {
            continue;
        };
        if let Some(hint) = hint(
            why,
            tally.scope.account.as_deref(),
            &region_of(tally),
            status,
            bad,
        ) {
            tally
                .gaps
                .iter_mut()
                .for_each(|gap| gap.hint.clone_from(&hint));
        }
    }
    (tallies, refusal)
}

fn leave_out(tally: &mut ScopeTally, region: String) {
    tally.scope.outcome = ScopeOutcome::Excluded;
    tally.gaps.clear();
    let account = tally.scope.account.clone();
    let whose = account.as_deref().unwrap_or("the account");
    let message = format!("Region {region} is not enabled for {whose}: it is left out");
    let warning = Warning::new(WarningKind::RegionDisabled, message);
    tally.warnings.push(Warning {
        account,
        region: Some(region),
        ..warning
    });
}

/// The hint for a Region that refused the credentials; `None` where the usual one fits.
fn hint(
    why: &Failure,
    account: Option<&str>,
    region: &str,
    status: &RegionStatus,
    bad: bool,
) -> Option<String> {
    match status.enabled(region) {
        Some(true) if is_opt_in(region) => Some(
            "the Region is enabled, but does not know the token: a token of STS's global endpoint is not valid there; \
             use a regional endpoint (AWS_STS_REGIONAL_ENDPOINTS=regional)"
                .to_owned(),
        ),
        _ if bad => {
            // The hint of a call without a Region is about the credentials alone.
            let nowhere = Subject::account(account);
            Some(why.gap(Operation::GetApis, nowhere).hint)
        }
        None if is_opt_in(region) && status.is_unknown() => Some(format!(
            "the Region {region} may not be enabled for the account (leave it out, or enable it), or the credentials are \
             wrong; with account:ListRegions or ec2:DescribeRegions allowed, driftgate knows which"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::aws::access::regions::{ListedRegion, Origin, RegionList};
    use crate::source::aws::call::FailureKind;

    fn tallies(regions: &[(&str, bool)]) -> Vec<ScopeTally> {
        let tally = |(region, known): &(&str, bool)| {
            let mut tally = ScopeTally::new(Some("111122223333"), region);
            if !known {
                let refusal = Failure::new(
                    FailureKind::UnknownCredentials,
                    "The security token is invalid.",
                );
                tally.unlisted(Operation::GetApis, &refusal, None, false);
            }
            tally
        };
        regions.iter().map(tally).collect()
    }

    fn status(regions: &[(&str, bool)]) -> RegionStatus {
        let region = |(name, enabled): &(&str, bool)| ListedRegion {
            name: (*name).to_owned(),
            enabled: *enabled,
        };
        RegionStatus::of(&RegionList {
            regions: regions.iter().map(region).collect(),
            from: Origin::ListRegions,
            failures: Vec::new(),
        })
    }

    /// The status where AWS refused the credentials when it was to list the Regions.
    fn refused() -> RegionStatus {
        let failure = Failure::new(
            FailureKind::UnknownCredentials,
            "The security token is invalid.",
        );
        RegionStatus::of(&RegionList::new(
            Vec::new(),
            Origin::BuiltIn,
            vec![(Operation::ListRegions, failure)],
        ))
    }

    fn outcomes(tallies: &[ScopeTally]) -> Vec<(ScopeOutcome, usize, usize)> {
        tallies
            .iter()
            .map(|it| (it.scope.outcome, it.gaps.len(), it.warnings.len()))
            .collect()
    }

    const EXCLUDED: (ScopeOutcome, usize, usize) = (ScopeOutcome::Excluded, 0, 1);
    const UNCHECKED: (ScopeOutcome, usize, usize) = (ScopeOutcome::Unchecked, 1, 0);
    const CHECKED: (ScopeOutcome, usize, usize) = (ScopeOutcome::Checked, 0, 0);

    #[test]
    fn a_region_that_refuses_is_unread() {
        let regions = [
            ("us-east-1", true),
            ("af-south-1", false),
            ("eu-west-1", false),
        ];
        let (resolved, bad) = resolve_disabled(tallies(&regions), &RegionStatus::default());
        assert!(bad.is_none());
        assert_eq!(outcomes(&resolved), [CHECKED, UNCHECKED, UNCHECKED]);
        let hints: Vec<&str> = resolved[1..]
            .iter()
            .map(|tally| tally.gaps[0].hint.as_str())
            .collect();
        assert!(
            hints[0].contains("ec2:DescribeRegions") && hints[1].contains("not enabled"),
            "{hints:?}"
        );
    }

    #[test]
    fn the_status_that_aws_lists_decides() {
        let regions = [("us-east-1", true), ("af-south-1", false)];
        let (resolved, _) = resolve_disabled(
            tallies(&regions),
            &status(&[("us-east-1", true), ("af-south-1", true)]),
        );
        assert_eq!(outcomes(&resolved), [CHECKED, UNCHECKED]);
        assert!(
            resolved[1].gaps[0].hint.contains("global endpoint"),
            "{}",
            resolved[1].gaps[0].hint
        );
        let (resolved, _) = resolve_disabled(
            tallies(&regions),
            &status(&[("us-east-1", true), ("af-south-1", false)]),
        );
        assert_eq!(outcomes(&resolved), [CHECKED, EXCLUDED]);
    }

    #[test]
    fn an_unlisted_region_is_not_disabled() {
        let (resolved, _) = resolve_disabled(
            tallies(&[("us-east-1", true), ("nope-1", false)]),
            &status(&[("us-east-1", true)]),
        );
        assert_eq!(outcomes(&resolved), [CHECKED, UNCHECKED]);
    }

    #[test]
    fn expired_credentials_do_not_disable_a_region() {
        let gone = refused();
        let (resolved, bad) = resolve_disabled(
            tallies(&[("us-east-1", true), ("af-south-1", false)]),
            &gone,
        );
        assert_eq!(
            (outcomes(&resolved), bad.is_none()),
            (vec![CHECKED, UNCHECKED], true)
        );
    }

    #[test]
    fn if_all_refuse_and_one_is_enabled_the_credentials_are_bad() {
        for regions in [
            &[("us-east-1", false)][..],
            &[("us-east-1", false), ("af-south-1", false)],
        ] {
            let (resolved, bad) = resolve_disabled(tallies(regions), &RegionStatus::default());
            assert!(bad.is_some());
            assert!(
                resolved
                    .iter()
                    .all(|it| it.scope.outcome == ScopeOutcome::Unchecked && it.gaps.len() == 1)
            );
            assert!(
                resolved[0].gaps[0]
                    .hint
                    .starts_with("the credentials are wrong"),
                "{}",
                resolved[0].gaps[0].hint
            );
        }
        let alone = || tallies(&[("af-south-1", false)]);
        let (resolved, bad) = resolve_disabled(alone(), &RegionStatus::default());
        assert_eq!(
            (outcomes(&resolved), bad.is_none()),
            (vec![UNCHECKED], true),
            "it may be enabled"
        );
        assert!(
            resolve_disabled(alone(), &status(&[("af-south-1", true)]))
                .1
                .is_some()
        );
        assert!(resolve_disabled(alone(), &refused()).1.is_some());
        let (resolved, bad) = resolve_disabled(alone(), &status(&[("af-south-1", false)]));
        assert_eq!(
            (outcomes(&resolved), bad.is_none()),
            (vec![EXCLUDED], true),
            "AWS says so"
        );
    }

    #[test]
    fn excluded_regions_prove_nothing_about_the_credentials() {
        assert!(
            resolve_disabled(Vec::new(), &RegionStatus::default())
                .1
                .is_none()
        );
        let mut left_out = tallies(&[("us-east-1", true), ("eu-west-1", false)]);
        left_out[0].scope.outcome = ScopeOutcome::Excluded;
        assert!(
            resolve_disabled(left_out, &RegionStatus::default())
                .1
                .is_some()
        );
    }
}
