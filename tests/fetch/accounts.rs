//! Other accounts: which are read, how much of them at once, and credentials that are renewed.

use std::collections::BTreeSet;
use std::time::Duration;

use driftgate::emulator::{Fault, Fleet, Operation, Roles, Settings, What, document};
use driftgate::source::aws::{Role, Whose};

use super::harness::*;

fn role() -> Role {
    Role { name: "DriftgateAudit".to_owned(), external_id: None }
}

fn members(count: usize) -> Vec<String> {
    (0..count).map(|at| format!("4444555566{at:02}")).collect()
}

/// The caller's account, and others with so many APIs of one stage each.
fn accounts(ids: &[String], apis: usize) -> Fleet {
    ids.iter().fold(Fleet::new().account(ACCOUNT), |fleet, account| {
        (0..apis).fold(fleet, |fleet, at| {
            let id = format!("a{at:03}");
            fleet.api(account, REGION, document::http_api(&id, &id), vec![document::http_stage("prod")])
        })
    })
}

#[test]
fn a_role_that_is_waited_for_keeps_nobody_from_being_read() {
    let ids = members(2);
    let throttled = Fault::on(Operation::AssumeRole).account(&ids[0]).first(1, What::ThrottleRetryAfter(2));
    let settings = Settings { fleet: accounts(&ids, 1), faults: vec![throttled], ..Settings::default() };
    let fetched = fetch(settings, |request| {
        request.accounts.whose = Whose::Named(ids.clone(), role());
        request.concurrency = 1;
    });
    assert_eq!((fetched.close.gaps.as_slice(), fetched.stages.len()), (&[][..], 2));
    let roles: Vec<_> = fetched.arrivals.iter().filter(|it| it.operation == Operation::AssumeRole).collect();
    let second = roles.last().unwrap();
    assert_eq!((roles.len(), second.role_account.as_deref()), (3, Some(ids[0].as_str())));
    let meanwhile = fetched.arrivals.iter().any(|it| it.operation == Operation::GetStages && it.at < second.at);
    assert!(meanwhile, "{:?}", fetched.arrivals);
}

#[test]
fn a_role_that_is_renewed_late_costs_attempts_and_no_gap() {
    let ids = members(1);
    let settings = Settings {
        fleet: accounts(&ids, 30),
        // So short that the SDK renews them before each call.
        roles: Roles { lifetime: Duration::from_secs(3), ..Roles::default() },
        faults: vec![
            Fault::on(Operation::AssumeRole).first(1, What::Delay(Duration::ZERO)),
            Fault::on(Operation::AssumeRole).first(2, What::ThrottleRetryAfter(60)),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.accounts.whose = Whose::Named(ids, role());
        // What asks for them ends before STS wants to be asked again.
        request.patience.attempt = Duration::from_secs(1);
    });
    let codes: BTreeSet<&str> = fetched.close.gaps.iter().map(|gap| gap.code.as_str()).collect();
    assert_eq!((codes, fetched.stages.len()), (BTreeSet::new(), 30));
    let refused = fetched.arrivals.iter().filter(|it| it.operation == Operation::AssumeRole && it.status == 400);
    assert_eq!(refused.count(), 2);
}
