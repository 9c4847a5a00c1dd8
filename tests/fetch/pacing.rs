//! The proof of the pacer's promise: arrivals at the server, retries included.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use driftgate::emulator::{Arrival, Effect, Fault, Fleet, Operation, Settings, Throttle};
use driftgate::source::aws::{AccountSource, Role};

use super::harness::*;

fn fleet(apis: usize, regions: &[&str]) -> Fleet {
    regions.iter().fold(Fleet::new(), |fleet, region| {
        (0..apis).fold(fleet, |fleet, number| {
            with_stages(fleet, region, &format!("a{number:03}"), &["prod"])
        })
    })
}

/// The arrivals at API Gateway, by account and Region, in order.
fn by_scope(arrivals: &[Arrival]) -> BTreeMap<(&str, &str), Vec<&Arrival>> {
    let api_gateway = [
        Operation::GetApis,
        Operation::GetApi,
        Operation::GetStages,
        Operation::GetStage,
    ];
    let mut scopes: BTreeMap<_, Vec<&Arrival>> = BTreeMap::new();
    for arrival in arrivals
        .iter()
        .filter(|arrival| api_gateway.contains(&arrival.operation))
    {
        scopes
            .entry((arrival.account.as_str(), arrival.region.as_str()))
            .or_default()
            .push(arrival);
    }
    scopes
}

/// Asserts that no window of arrivals in an account and Region holds more than burst + rate × its length.
#[track_caller]
fn assert_paced(arrivals: &[Arrival], rate: f64, burst: f64) {
    for (scope, of_it) in by_scope(arrivals) {
        for (first, from) in of_it.iter().enumerate() {
            for (count, to) in (1_u32..).zip(&of_it[first..]) {
                let window = (to.at - from.at).as_secs_f64();
                let most = burst + rate * window;
                assert!(
                    f64::from(count) <= most,
                    "{scope:?}: {count} arrivals in {window} s, from number {first}"
                );
            }
        }
    }
}

fn throttled(arrivals: &[Arrival]) -> usize {
    arrivals
        .iter()
        .filter(|arrival| arrival.status == 429)
        .count()
}

#[test]
fn no_window_of_arrivals_holds_more_than_burst_and_rate_allow() {
    let regions = [REGION, "eu-west-1"];
    let settings = Settings {
        fleet: fleet(40, &regions),
        faults: vec![
            Fault::on(Operation::GetStages).share(7, 0.1, Effect::ServerError(500)),
            Fault::on(Operation::GetStages).share(8, 0.1, Effect::Reset),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.regions.named = regions.map(Into::into).into();
        (request.rate, request.burst) = (25.0, 10);
    });
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 80));
    let requests: u64 = fetched
        .close
        .scopes
        .iter()
        .filter_map(|scope| scope.requests)
        .sum();
    assert_eq!(
        usize::try_from(requests).unwrap(),
        fetched.arrivals.len() - fetched.count(Operation::GetCallerIdentity)
    );
    assert_eq!(by_scope(&fetched.arrivals).len(), 2);
    assert_paced(&fetched.arrivals, 25.0, 10.0);
}

#[test]
fn a_quota_that_is_kept_throttles_nothing() {
    let settings = Settings {
        fleet: fleet(35, &[REGION]),
        throttle: Some(Throttle {
            rate: 20.0,
            burst: 10,
        }),
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        (request.rate, request.burst) = (20.0, 10);
    });
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 35));
    assert!(fetched.arrivals.iter().all(|arrival| arrival.status == 200));
}

/// Nine accounts and Regions at once, with everything that sends a request again: errors, resets, throttling and the
/// second look at each stage. Each has one bucket for all of it.
#[test]
fn the_promise_holds_for_many_accounts_and_regions_whatever_goes_wrong() {
    let fleet = Fleet::generated(3, 3, 8, 1, 1);
    let scopes: Vec<(String, String)> = fleet
        .scopes()
        .map(|(account, region)| (account.to_owned(), region.to_owned()))
        .collect();
    let accounts: Vec<String> = scopes
        .iter()
        .step_by(3)
        .map(|(account, _)| account.clone())
        .collect();
    let regions: Vec<String> = scopes[..3]
        .iter()
        .map(|(_, region)| region.clone())
        .collect();
    let settings = Settings {
        fleet,
        faults: vec![
            Fault::on(Operation::GetStages).share(1, 0.05, Effect::Throttle),
            Fault::on(Operation::GetStage).share(2, 0.05, Effect::ThrottleRetryAfter(1)),
            Fault::on(Operation::GetStages).share(3, 0.1, Effect::ServerError(500)),
            Fault::on(Operation::GetStage).share(4, 0.1, Effect::Reset),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        let role = Role {
            name: "DriftgateAudit".to_owned(),
            external_id: None,
        };
        request.accounts.source = AccountSource::Named(accounts, role);
        request.regions.named = regions;
        request.confirm = Some(Arc::new(|_| true));
        (request.rate, request.burst) = (10.0, 8);
    });
    assert_eq!(
        (
            fetched.close.gaps.len(),
            fetched.close.warnings.len(),
            fetched.stages.len()
        ),
        (0, 0, 72)
    );
    let of_scopes = by_scope(&fetched.arrivals);
    assert_eq!(of_scopes.len(), 9);
    for scope in &fetched.close.scopes {
        let of_it = &of_scopes[&(
            scope.account.as_deref().unwrap(),
            scope.region.as_deref().unwrap(),
        )];
        assert_eq!(scope.requests, Some(of_it.len() as u64));
    }
    assert!(
        throttled(&fetched.arrivals) > 0
            && fetched.arrivals.iter().any(|arrival| arrival.status == 500)
    );
    assert_paced(&fetched.arrivals, 10.0, 8.0);
}

#[test]
fn retry_after_silences_its_region_and_no_other() {
    let regions = [REGION, "eu-west-1"];
    // The other Region takes 6 s, so that it is under way all the while even where the machine is slow.
    let wait = Fault::on(Operation::GetStages)
        .region(REGION)
        .api("a010")
        .first(1, Effect::ThrottleRetryAfter(2));
    let settings = Settings {
        fleet: fleet(120, &regions),
        faults: vec![wait],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.regions.named = regions.map(Into::into).into();
        (request.rate, request.burst) = (20.0, 5);
    });
    assert_eq!(
        (
            fetched.close.gaps.len(),
            fetched.stages.len(),
            throttled(&fetched.arrivals)
        ),
        (0, 240, 1)
    );
    let told = fetched
        .arrivals
        .iter()
        .find(|arrival| arrival.status == 429)
        .unwrap()
        .at;
    // Requests in flight when the answer is sent still arrive.
    let silence = told + Duration::from_millis(200)..told + Duration::from_millis(1_990);
    let meanwhile = |region: &str| {
        fetched
            .arrivals
            .iter()
            .filter(|arrival| arrival.region == region && silence.contains(&arrival.at))
            .count()
    };
    assert_eq!(meanwhile(REGION), 0);
    assert!(meanwhile("eu-west-1") > 5, "{}", meanwhile("eu-west-1"));
}

/// Another client uses half of the quota.
#[test]
fn a_quota_below_the_rate_is_found_and_nothing_is_lost() {
    let fetched = |throttle| {
        let settings = Settings {
            fleet: fleet(150, &[REGION]),
            throttle,
            ..Settings::default()
        };
        fetch(settings, |request| {
            (request.rate, request.burst) = (60.0, 10);
        })
    };
    let (kept, free) = (
        fetched(Some(Throttle {
            rate: 30.0,
            burst: 10,
        })),
        fetched(None),
    );
    assert_eq!((kept.close.gaps.len(), kept.stages.len()), (0, 150));
    assert_eq!(
        (&kept.stages, kept.close.scopes[0].outcome),
        (&free.stages, free.close.scopes[0].outcome)
    );
    let (refused, all) = (throttled(&kept.arrivals), kept.arrivals.len());
    assert!((1..all / 10).contains(&refused), "{refused} of {all}");
    // It goes on at the pace that is left: not much slower than 150 requests at 30 a second.
    let took = kept.arrivals[all - 1].at - kept.arrivals[0].at;
    assert!(
        took < Duration::from_secs(10),
        "{took:?}, {refused} of {all} refused"
    );
}

#[test]
fn a_quota_below_the_rate_slows_the_fetch_and_loses_nothing() {
    let settings = Settings {
        fleet: fleet(40, &[REGION]),
        throttle: Some(Throttle {
            rate: 30.0,
            burst: 5,
        }),
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        (request.rate, request.burst) = (150.0, 20);
    });
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 40));
    let refused = throttled(&fetched.arrivals);
    assert!(
        (1..40).contains(&refused),
        "{refused} of {}",
        fetched.arrivals.len()
    );
}
