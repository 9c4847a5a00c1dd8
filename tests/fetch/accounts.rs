//! Other accounts: their selection, their concurrency, and credentials that are renewed.

use std::collections::BTreeSet;
use std::time::Duration;

use driftgate::emulator::{
    Effect, Fault, Fleet, Operation, Organization, ROOT, Roles, Settings, document,
};
use driftgate::source::aws::{AccountSource, Request, Role};

use super::harness::*;

const UNIT: &str = "ou-demo-workloads";
const EMPTY_UNIT: &str = "ou-demo-nobodyhere";

fn role() -> Role {
    Role {
        name: "DriftgateAudit".to_owned(),
        external_id: None,
    }
}

fn members(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("4444555566{at:02}")).collect()
}

/// The caller's account, and others with so many APIs of one stage each.
fn accounts(ids: &[String], apis: usize) -> Fleet {
    ids.iter()
        .fold(Fleet::new().account(ACCOUNT), |fleet, account| {
            (0..apis).fold(fleet, |fleet, at| {
                let id = format!("a{at:03}");
                fleet.api(
                    account,
                    REGION,
                    document::http_api(&id, &id),
                    vec![document::http_stage("prod")],
                )
            })
        })
}

fn select(request: &mut Request, included: &[&str], excluded: &[&str]) {
    let selectors = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    request.accounts.source = AccountSource::Organization(selectors(included), role());
    request.accounts.excluded = selectors(excluded);
}

#[test]
fn a_unit_without_accounts_is_a_warning_and_no_gap() {
    let settings = || {
        let ids = members(1);
        let organization = Organization::new(ACCOUNT)
            .unit(UNIT, "Workloads", ROOT)
            .unit(EMPTY_UNIT, "Nobody here", ROOT)
            .member(&ids[0], "orders", UNIT);
        Settings {
            fleet: accounts(&ids, 1).organization(organization),
            ..Settings::default()
        }
    };
    for (included, excluded) in [
        (&[UNIT, EMPTY_UNIT][..], &[][..]),
        (&[UNIT][..], &[EMPTY_UNIT][..]),
    ] {
        let fetched = fetch(settings(), |request| select(request, included, excluded));
        assert_eq!(
            (fetched.close.gaps.as_slice(), fetched.stages.len()),
            (&[][..], 1)
        );
        let [warning] = fetched.close.warnings.as_slice() else {
            panic!("{:?}", fetched.close.warnings)
        };
        assert!(
            warning.message.contains(EMPTY_UNIT) && warning.message.contains("holds no account"),
            "{warning:?}"
        );
    }
    // A name that no account has may be mistyped.
    let fetched = fetch(settings(), |request| {
        select(request, &[UNIT, "no-such-name"], &[]);
    });
    assert_eq!(fetched.only_gap().code, "AccountNotFound");
}

#[test]
fn a_role_that_is_waited_for_keeps_nobody_from_being_read() {
    let ids = members(2);
    let throttled = Fault::on(Operation::AssumeRole)
        .account(&ids[0])
        .first(1, Effect::ThrottleRetryAfter(2));
    let settings = Settings {
        fleet: accounts(&ids, 1),
        faults: vec![throttled],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.accounts.source = AccountSource::Named(ids.clone(), role());
        request.concurrency = 1;
    });
    assert_eq!(
        (fetched.close.gaps.as_slice(), fetched.stages.len()),
        (&[][..], 2)
    );
    let roles: Vec<_> = fetched
        .arrivals
        .iter()
        .filter(|it| it.operation == Operation::AssumeRole)
        .collect();
    let second = roles.last().unwrap();
    assert_eq!(
        (roles.len(), second.role_account.as_deref()),
        (3, Some(ids[0].as_str()))
    );
    let meanwhile = fetched
        .arrivals
        .iter()
        .any(|it| it.operation == Operation::GetStages && it.at < second.at);
    assert!(meanwhile, "{:?}", fetched.arrivals);
}

#[test]
fn lists_of_regions_keep_to_the_requests_in_flight() {
    let ids = members(4);
    let latency = Duration::from_millis(20);
    let settings = Settings {
        fleet: accounts(&ids, 1),
        latency,
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.accounts.source = AccountSource::Named(ids, role());
        request.regions.named.clear();
        request.regions.all = true;
        request.concurrency = 1;
    });
    assert_eq!(
        (fetched.stages.len(), fetched.count(Operation::ListRegions)),
        (4, 8),
        "two pages each"
    );
    // One after the other, so none arrives before the one before it was answered.
    for pair in fetched.arrivals.windows(2) {
        let between = pair[1].at - pair[0].at;
        assert!(
            between >= latency,
            "{between:?} between {:?} and {:?}",
            pair[0].operation,
            pair[1].operation
        );
    }
}

#[test]
fn a_role_that_is_renewed_late_costs_attempts_and_no_gap() {
    let ids = members(1);
    let settings = Settings {
        fleet: accounts(&ids, 30),
        // So short that the SDK renews them before each call.
        roles: Roles {
            lifetime: Duration::from_secs(3),
            ..Roles::default()
        },
        faults: vec![
            Fault::on(Operation::AssumeRole).first(1, Effect::Delay(Duration::ZERO)),
            Fault::on(Operation::AssumeRole).first(2, Effect::ThrottleRetryAfter(60)),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.accounts.source = AccountSource::Named(ids, role());
        // The request that needs them ends before STS may be called again.
        request.retry.attempt = Duration::from_secs(1);
    });
    let codes: BTreeSet<&str> = fetched
        .close
        .gaps
        .iter()
        .map(|gap| gap.code.as_str())
        .collect();
    assert_eq!((codes, fetched.stages.len()), (BTreeSet::new(), 30));
    let refused = fetched
        .arrivals
        .iter()
        .filter(|it| it.operation == Operation::AssumeRole && it.status == 400);
    assert_eq!(refused.count(), 2);
}
