//! The start of a fetch, before the first call of API Gateway: credentials, Regions, the account.

use std::time::{Duration, Instant};

use driftgate::emulator::{Effect, Fault, Operation, Settings};
use driftgate::model::state::{ScopeOutcome, WarningKind};
use driftgate::source::aws::{Error, Regions, Request};

use super::harness::*;

fn refused(settings: Settings, change: impl FnOnce(&mut Request)) -> Error {
    match try_open(settings, change) {
        Err(error) => error,
        Ok(_) => panic!("it was opened"),
    }
}

fn sts(what: Effect) -> Settings {
    Settings {
        faults: vec![Fault::on(Operation::GetCallerIdentity).always(what)],
        ..three_apis()
    }
}

#[test]
fn credentials_that_sts_refuses_end_the_run() {
    let expired = refused(sts(Effect::ExpiredToken), |_| ());
    assert!(!expired.is_usage());
    let text = expired.to_string();
    assert!(
        text.contains("ExpiredToken")
            && text.contains("us-east-1")
            && text.contains("aws sso login"),
        "{text}"
    );

    let foreign = refused(three_apis(), |request| {
        if let Some(keys) = &mut request.credentials {
            keys.access_key_id = "AKIAIOSFODNN7EXAMPLE".to_owned();
        }
    });
    assert!(
        foreign.to_string().contains("InvalidClientTokenId"),
        "{foreign}"
    );
}

/// A Region that STS and API Gateway refuse, as one that is not enabled does.
fn refusing(region: &str, more: &[Operation]) -> Settings {
    let refused = [Operation::GetCallerIdentity, Operation::GetApis];
    let refused = refused.map(|call| {
        Fault::on(call)
            .region(region)
            .always(Effect::UnrecognizedClient)
    });
    let denied = more
        .iter()
        .map(|call| Fault::on(*call).always(Effect::Deny));
    Settings {
        fleet: three_apis().fleet,
        faults: refused.into_iter().chain(denied).collect(),
        ..Settings::default()
    }
}

const LISTS: [Operation; 2] = [Operation::ListRegions, Operation::DescribeRegions];

#[test]
fn a_region_that_aws_lists_as_not_enabled_is_left_out_and_does_not_hide_the_account() {
    let named = ["af-south-1", REGION].map(Into::into).to_vec();
    let fetched = fetch(refusing("af-south-1", &[]), |request| {
        request.regions.named = named;
    });
    assert_eq!(fetched.stages, ALL);
    let outcomes: Vec<_> = fetched
        .close
        .scopes
        .iter()
        .map(|scope| (scope.region.as_deref(), scope.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some("af-south-1"), ScopeOutcome::Excluded),
            (Some(REGION), ScopeOutcome::Checked)
        ]
    );
    let [warning] = fetched.close.warnings.as_slice() else {
        panic!("{:?}", fetched.close.warnings)
    };
    assert_eq!(
        (&*warning.kind, fetched.close.gaps.len()),
        ("region-disabled", 0)
    );
    assert!(
        fetched
            .close
            .scopes
            .iter()
            .all(|scope| scope.account.as_deref() == Some(ACCOUNT))
    );
}

#[test]
fn a_region_that_refuses_is_unread_where_aws_does_not_list_it() {
    for named in [
        &["af-south-1"][..],
        &["af-south-1", REGION],
        &[REGION, "af-south-1"],
    ] {
        let named: Vec<String> = named.iter().map(ToString::to_string).collect();
        let count = named.len();
        let fetched = fetch(refusing("af-south-1", &LISTS), |request| {
            request.regions.named = named;
        });
        let gap = fetched.only_gap();
        assert_eq!(
            (gap.region.as_deref(), gap.code.as_str()),
            (Some("af-south-1"), "UnrecognizedClientException")
        );
        assert!(gap.hint.contains("ec2:DescribeRegions"), "{}", gap.hint);
        assert_eq!(
            (fetched.close.failed, fetched.close.scopes.len()),
            (None, count)
        );
        assert_eq!(fetched.close.scopes[0].outcome, ScopeOutcome::Unchecked);
        assert_eq!(
            fetched.close.scopes[0].account.as_deref(),
            Some(ACCOUNT),
            "the home Region knows the caller"
        );
    }
}

#[test]
fn of_the_built_in_list_each_region_is_read_or_a_gap() {
    let fetched = fetch(refusing("af-south-1", &LISTS), |request| {
        request.regions = Regions {
            all: true,
            ..Regions::default()
        };
    });
    assert_eq!(fetched.stages, ALL);
    let (list, regions) = fetched.close.gaps.split_first().unwrap();
    assert_eq!(
        (list.operation.as_str(), list.region.as_deref()),
        ("DescribeRegions", None)
    );
    assert!(
        list.hint.contains("allow ec2:DescribeRegions"),
        "{}",
        list.hint
    );
    let unread = fetched
        .close
        .scopes
        .iter()
        .filter(|scope| scope.region.is_some() && scope.outcome != ScopeOutcome::Checked);
    assert!(
        unread
            .clone()
            .all(|scope| scope.outcome == ScopeOutcome::Unchecked)
    );
    assert_eq!(
        (regions.len(), unread.count()),
        (17, 17),
        "the opt-in Regions, none of which the account has"
    );
}

#[test]
fn without_an_answer_of_sts_the_account_is_unknown_and_the_rest_is_read() {
    for what in [
        Effect::Deny,
        Effect::ServerError(500),
        Effect::NotFound,
        Effect::Reset,
        Effect::NotJson,
    ] {
        let fetched = fetch(sts(what), |_| ());
        fetched.assert_read(&ALL);
        assert_eq!(fetched.close.scopes[0].account, None);
        let [warning] = fetched.close.warnings.as_slice() else {
            panic!("{:?}", fetched.close.warnings)
        };
        assert_eq!(warning.kind, WarningKind::AccountUnknown);
    }
}

#[test]
fn what_cannot_be_meant_is_a_usage_error() {
    let region = refused(three_apis(), |request| {
        request.regions.named = vec!["us-east-1/".to_owned()];
    });
    assert!(
        region.is_usage() && region.to_string().contains("us-east-1/"),
        "{region}"
    );
    let endpoint = refused(three_apis(), |request| {
        request.endpoint_url = Some("localhost:4566".to_owned());
    });
    assert!(
        endpoint.is_usage() && endpoint.to_string().contains("http://127.0.0.1:4566"),
        "{endpoint}"
    );
}

#[test]
fn a_profile_that_does_not_exist_is_named() {
    let error = refused(three_apis(), |request| {
        request.credentials = None;
        request.profile = Some("no-such-profile".to_owned());
    });
    assert!(!error.is_usage());
    assert!(error.to_string().contains("\"no-such-profile\""), "{error}");
}

/// The usual fleet with an API in an enabled opt-in Region, whose API Gateway refuses the token.
fn refused_where_it_is_enabled(more: Vec<Fault>) -> Settings {
    let mut settings = three_apis();
    settings.fleet = with_stages(settings.fleet, "af-south-1", "z9", &["prod"]);
    settings.faults = more;
    settings.faults.push(
        Fault::on(Operation::GetApis)
            .region("af-south-1")
            .always(Effect::UnrecognizedClient),
    );
    settings
}

#[test]
fn a_region_that_aws_lists_as_enabled_is_never_left_out() {
    for all in [true, false] {
        let fetched = fetch(refused_where_it_is_enabled(Vec::new()), |request| {
            request.regions.all = all;
            request.regions.named = if all {
                Vec::new()
            } else {
                ["af-south-1", REGION].map(Into::into).into()
            };
        });
        let gap = fetched.only_gap();
        assert_eq!(
            (gap.region.as_deref(), gap.code.as_str()),
            (Some("af-south-1"), "UnrecognizedClientException")
        );
        assert!(gap.hint.contains("global endpoint"), "{}", gap.hint);
    }
}

#[test]
fn regions_that_could_not_be_listed_just_now_are_a_gap_and_those_that_are_known_are_read() {
    let fetched = |effect: Effect| {
        let on = |operation| Fault::on(operation).always(effect.clone());
        let faults = vec![on(Operation::ListRegions), on(Operation::DescribeRegions)];
        fetch(
            Settings {
                faults,
                ..three_apis()
            },
            |request| {
                request.regions = Regions {
                    all: true,
                    ..Regions::default()
                };
                request.retry.attempts = 2;
            },
        )
    };
    let broken = fetched(Effect::ServerError(503));
    let lists: Vec<_> = broken
        .close
        .gaps
        .iter()
        .filter(|gap| gap.region.is_none())
        .collect();
    assert_eq!(
        lists
            .iter()
            .map(|gap| gap.operation.as_str())
            .collect::<Vec<_>>(),
        ["DescribeRegions"]
    );
    assert_eq!(broken.stages, ALL);
    assert!(
        broken
            .close
            .warnings
            .iter()
            .any(|warning| warning.kind == WarningKind::RegionsFromList)
    );
}

#[test]
fn a_region_to_leave_out_that_is_nowhere_is_worth_a_warning() {
    let fetched = fetch(three_apis(), |request| {
        request.regions.excluded = vec!["us-est-1".to_owned()];
    });
    assert_eq!(fetched.stages, ALL);
    assert_eq!(&*fetched.close.warnings[0].kind, "nothing-excluded");
}

#[test]
fn the_time_for_the_whole_fetch_is_for_sts_as_well() {
    let started = Instant::now();
    let fetched = fetch(sts(Effect::Hang), |request| {
        request.timeout = Some(Duration::from_secs(1));
    });
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "{:?}",
        started.elapsed()
    );
    let gaps = &fetched.close.gaps;
    assert!(
        !gaps.is_empty() && gaps.iter().all(|gap| gap.code == "Timeout"),
        "{gaps:?}"
    );
}
