//! The proof of the pacer's promise: what arrives at the server, retries included.

use driftgate::emulator::{Arrival, Fault, Fleet, Operation, Settings, Throttle, What};

use super::harness::*;

fn fleet(apis: usize, regions: &[&str]) -> Fleet {
    regions.iter().fold(Fleet::new(), |fleet, region| {
        (0..apis).fold(fleet, |fleet, number| with_stages(fleet, region, &format!("a{number:03}"), &["prod"]))
    })
}

/// Asserts that no window of arrivals in a Region holds more than burst + rate × its length.
#[track_caller]
fn assert_paced(arrivals: &[Arrival], region: &str, rate: f64, burst: f64) {
    let of_region = |arrival: &&Arrival| arrival.region == region && arrival.operation != Operation::GetCallerIdentity;
    let mut at: Vec<_> = arrivals.iter().filter(of_region).map(|arrival| arrival.at).collect();
    at.sort();
    for (first, from) in at.iter().enumerate() {
        for (count, to) in (1_u32..).zip(&at[first..]) {
            let window = (*to - *from).as_secs_f64();
            assert!(f64::from(count) <= burst + rate * window, "{count} arrivals in {window} s, from number {first}");
        }
    }
}

#[test]
fn no_window_of_arrivals_holds_more_than_burst_and_rate_allow() {
    let regions = [REGION, "eu-west-1"];
    let settings = Settings {
        fleet: fleet(40, &regions),
        faults: vec![
            Fault::on(Operation::GetStages).share(7, 0.1, What::ServerError(500)),
            Fault::on(Operation::GetStages).share(8, 0.1, What::Reset),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.regions.named = regions.map(Into::into).into();
        (request.rate, request.burst) = (25.0, 10);
    });
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 80));
    let requests: u64 = fetched.close.scopes.iter().filter_map(|scope| scope.requests).sum();
    assert_eq!(
        usize::try_from(requests).unwrap(),
        fetched.arrivals.len() - fetched.count(Operation::GetCallerIdentity)
    );
    for region in regions {
        assert_paced(&fetched.arrivals, region, 25.0, 10.0);
    }
}

#[test]
fn a_quota_that_is_kept_throttles_nothing() {
    let settings = Settings {
        fleet: fleet(35, &[REGION]),
        throttle: Some(Throttle { rate: 20.0, burst: 10 }),
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| (request.rate, request.burst) = (20.0, 10));
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 35));
    assert!(fetched.arrivals.iter().all(|arrival| arrival.status == 200));
}

#[test]
fn a_quota_below_the_rate_slows_the_fetch_and_loses_nothing() {
    let settings = Settings {
        fleet: fleet(40, &[REGION]),
        throttle: Some(Throttle { rate: 30.0, burst: 5 }),
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| (request.rate, request.burst) = (150.0, 20));
    assert_eq!((fetched.close.gaps.len(), fetched.stages.len()), (0, 40));
    let throttled = fetched.arrivals.iter().filter(|arrival| arrival.status == 429).count();
    assert!((1..40).contains(&throttled), "{throttled} of {}", fetched.arrivals.len());
}
