//! Faults: a passing one is retried, a lasting one is a gap while the rest goes on. Every fault of every operation is
//! in tests/faults; here are the order, the requests and the time of the fetch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use driftgate::emulator::{Arrival, Effect, Fault, Fleet, Operation, Settings, document};
use driftgate::model::projection::Projection;
use driftgate::model::state::ScopeOutcome;
use serde_json::json;

use super::harness::*;

fn faulty(faults: Vec<Fault>) -> Settings {
    Settings {
        faults,
        ..small_pages()
    }
}

#[test]
fn every_page_of_every_list_is_read_in_order() {
    let fetched = fetch(small_pages(), |_| ());
    fetched.assert_read(&ALL);
    assert_eq!(
        (
            fetched.count(Operation::GetApis),
            fetched.count(Operation::GetStages)
        ),
        (3, 6)
    );
    let scope = &fetched.close.scopes[0];
    assert_eq!(
        (scope.account.as_deref(), scope.region.as_deref()),
        (Some(ACCOUNT), Some(REGION))
    );
    assert_eq!(
        (scope.apis, scope.skipped_apis, scope.stages, scope.requests),
        (3, 0, 6, Some(9))
    );
}

#[test]
fn an_empty_page_with_a_token_is_not_the_end() {
    fetch(
        faulty(vec![Fault::on_every_call().always(Effect::EmptyPage)]),
        |_| (),
    )
    .assert_read(&ALL);
}

#[test]
fn what_passes_is_tried_again_and_every_attempt_is_counted() {
    for what in [
        Effect::ServerError(500),
        Effect::ServerError(503),
        Effect::Reset,
        Effect::Close,
        Effect::Cut,
    ] {
        let fetched = fetch(
            faulty(vec![Fault::on_every_call().first_of_each(2, what)]),
            |_| (),
        );
        fetched.assert_read(&ALL);
        assert_eq!(fetched.close.scopes[0].requests, Some(27));
    }
}

#[test]
fn retry_after_is_waited_for() {
    let start = Instant::now();
    fetch(
        faulty(vec![
            Fault::on(Operation::GetApis).first(1, Effect::ThrottleRetryAfter(1)),
        ]),
        |_| (),
    )
    .assert_read(&ALL);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_denied_region_is_a_gap_and_the_others_are_read() {
    let settings = Settings {
        fleet: with_stages(three_apis().fleet, "eu-west-1", "e1", &["prod"]),
        faults: vec![
            Fault::on(Operation::GetApis)
                .region(REGION)
                .always(Effect::Deny),
        ],
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.regions.named = [REGION, "eu-west-1", REGION].map(Into::into).into();
    });
    assert_eq!(fetched.stages, ["eu-west-1/e1/prod"]);
    let outcomes: Vec<_> = fetched
        .close
        .scopes
        .iter()
        .map(|scope| (scope.region.as_deref(), scope.outcome))
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some("eu-west-1"), ScopeOutcome::Checked),
            (Some(REGION), ScopeOutcome::Unchecked)
        ]
    );
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.operation.as_str(), gap.code.as_str()),
        ("GetApis", "AccessDeniedException")
    );
    assert_eq!(
        (gap.region.as_deref(), gap.api_id.as_deref()),
        (Some(REGION), None)
    );
    assert!(
        gap.message
            .contains("is not authorized to perform: apigateway:GET"),
        "{}",
        gap.message
    );
    assert_eq!(
        gap.hint,
        "allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis"
    );
}

#[test]
fn credentials_that_no_region_knows_end_the_run() {
    let fetched = fetch(
        faulty(vec![
            Fault::on(Operation::GetApis).always(Effect::UnrecognizedClient),
        ]),
        |_| (),
    );
    assert!(
        fetched
            .only_gap()
            .hint
            .starts_with("the credentials are wrong"),
        "{}",
        fetched.only_gap().hint
    );
    assert!(
        fetched
            .close
            .failed
            .as_ref()
            .unwrap()
            .contains("in every Region (UnrecognizedClientException")
    );
    assert_eq!(fetched.close.scopes[0].requests, Some(1));
}

#[test]
fn a_region_that_needs_no_enabling_and_does_not_know_the_token_is_a_gap() {
    let strange = Fault::on(Operation::GetApis)
        .region("eu-west-1")
        .always(Effect::UnrecognizedClient);
    let fetched = fetch(faulty(vec![strange]), |request| {
        request.regions.named = ["eu-west-1", REGION].map(Into::into).into();
    });
    assert!(fetched.only_gap().hint.contains("not enabled"));
    assert_eq!(
        (fetched.only_gap().region.as_deref(), &fetched.close.failed),
        (Some("eu-west-1"), &None)
    );
}

#[test]
fn a_denied_api_is_a_gap_and_the_others_are_read() {
    let fetched = fetch(
        faulty(vec![
            Fault::on(Operation::GetStages)
                .api("a1")
                .always(Effect::Deny),
        ]),
        |_| (),
    );
    assert_eq!(fetched.stages, ALL[3..]);
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.operation.as_str(), gap.api_id.as_deref()),
        ("GetStages", Some("a1"))
    );
    assert_eq!(
        gap.hint,
        "allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis/a1/stages"
    );
    assert_eq!(
        (
            fetched.close.scopes[0].outcome,
            fetched.close.scopes[0].apis
        ),
        (ScopeOutcome::Partial, 3)
    );
}

#[test]
fn a_later_page_that_is_denied_leaves_the_earlier_ones() {
    let stages = fetch(
        faulty(vec![
            Fault::on(Operation::GetStages)
                .api("a1")
                .after(1, Effect::Deny),
        ]),
        |_| (),
    );
    assert_eq!(
        stages.stages,
        [
            "us-east-1/a1/prod",
            "us-east-1/b2/prod",
            "us-east-1/c3/dev",
            "us-east-1/c3/prod"
        ]
    );
    assert_eq!(
        (
            stages.only_gap().api_id.as_deref(),
            stages.close.scopes[0].outcome
        ),
        (Some("a1"), ScopeOutcome::Partial)
    );

    let apis = fetch(
        faulty(vec![Fault::on(Operation::GetApis).after(2, Effect::Deny)]),
        |_| (),
    );
    assert_eq!(apis.stages, [&ALL[..3], &ALL[4..]].concat());
    assert_eq!(
        (
            apis.only_gap().operation.as_str(),
            apis.close.scopes[0].outcome
        ),
        ("GetApis", ScopeOutcome::Partial)
    );
}

#[test]
fn an_enum_value_that_the_sdk_does_not_know_is_data() {
    let stage = document::with(
        document::websocket_stage("prod"),
        json!({"defaultRouteSettings": {"loggingLevel": "TRACE"}, "routeSettings": {"GET /": {"loggingLevel": "?"}}}),
    );
    let api = document::with(
        document::http_api("a1", "a1"),
        json!({"protocolType": "GRPC", "ipAddressType": "ipv7"}),
    );
    let settings = Settings {
        fleet: Fleet::new().api(ACCOUNT, REGION, api, vec![stage]),
        ..Settings::default()
    };
    let (_runtime, _emulator, mut state) = try_open(settings, |_| ()).unwrap();
    let batch = driftgate::model::state::State::next(&mut state).unwrap();
    let mut seen = String::new();
    batch
        .decode(&Projection::all(), &mut |stage| {
            seen = format!(
                "{:?} {:?} {:?}",
                stage.protocol_name(),
                stage.api,
                stage.stage
            );
        })
        .unwrap();
    for value in ["Some(\"GRPC\")", "ipv7", "TRACE", "\"?\""] {
        assert!(seen.contains(value), "{value} is not in {seen}");
    }
}

#[test]
fn an_empty_account_is_read_and_has_nothing() {
    let fetched = fetch(
        Settings {
            fleet: Fleet::new().account(ACCOUNT),
            ..Settings::default()
        },
        |_| (),
    );
    fetched.assert_read(&[]);
    assert_eq!(
        (
            fetched.close.scopes[0].apis,
            fetched.close.scopes[0].requests
        ),
        (0, Some(1))
    );
}

#[test]
fn an_api_deleted_between_the_calls_is_a_warning() {
    let fetched = fetch(
        faulty(vec![
            Fault::on(Operation::GetStages)
                .api("b2")
                .always(Effect::Delete),
        ]),
        |_| (),
    );
    fetched.assert_read(&[&ALL[..3], &ALL[4..]].concat());
    let [warning] = fetched.close.warnings.as_slice() else {
        panic!("{:?}", fetched.close.warnings)
    };
    assert_eq!(
        (&*warning.kind, warning.api_id.as_deref()),
        ("deleted", Some("b2"))
    );
    assert_eq!(warning.message, "API b2 was deleted during the audit");
}

#[test]
fn credentials_that_expire_midway_leave_gaps_and_few_requests() {
    let fleet = (0..60).fold(Fleet::new(), |fleet, number| {
        with_stages(fleet, REGION, &format!("a{number:02}"), &["prod"])
    });
    let faults = vec![Fault::on(Operation::GetStages).after(10, Effect::ExpiredToken)];
    let settings = Settings {
        fleet,
        page_size: 100,
        faults,
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| request.concurrency = 4);
    assert_eq!((fetched.stages.len(), fetched.close.gaps.len()), (10, 50));
    for gap in &fetched.close.gaps {
        assert_eq!(gap.code, "ExpiredTokenException");
        assert!(gap.hint.contains("renew the credentials"), "{}", gap.hint);
    }
    assert!(
        fetched.arrivals.len() < 40,
        "{} requests",
        fetched.arrivals.len()
    );
}

#[test]
fn what_is_not_reached_in_time_is_a_gap() {
    let start = Instant::now();
    let fetched = fetch(
        faulty(vec![
            Fault::on(Operation::GetStages)
                .api("b2")
                .always(Effect::Hang),
        ]),
        |request| {
            request.timeout = Some(Duration::from_millis(700));
        },
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(
        fetched.stages,
        [&ALL[..3], &ALL[4..]].concat(),
        "what came after it is kept"
    );
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.code.as_str(), gap.api_id.as_deref()),
        ("Timeout", Some("b2"))
    );
    assert!(gap.hint.contains("--timeout"), "{}", gap.hint);
}

#[test]
fn a_service_that_stays_broken_is_never_taken_for_an_empty_one() {
    for (what, seen) in [
        (Effect::EmptyBody, "InvalidResponse"),
        (Effect::ServerError(500), "Internal server error"),
        (Effect::Throttle, "Too Many Requests"),
        (Effect::Hang, "was over"),
    ] {
        let fetched = fetch(
            faulty(vec![Fault::on_every_call().always(what)]),
            |request| {
                request.timeout = Some(Duration::from_millis(300));
            },
        );
        assert_eq!(
            (fetched.stages.len(), fetched.close.scopes[0].outcome),
            (0, ScopeOutcome::Unchecked)
        );
        let gap = fetched.only_gap();
        assert_eq!(
            (gap.operation.as_str(), gap.code.as_str()),
            ("GetApis", "Timeout")
        );
        assert!(gap.message.contains(seen), "{}", gap.message);
    }
}

#[test]
fn a_fetch_that_is_cancelled_closes_soon_with_gaps() {
    let fleet = (0..50).fold(Fleet::new(), |fleet, number| {
        with_stages(fleet, REGION, &format!("a{number:02}"), &["prod"])
    });
    let settings = Settings {
        fleet,
        page_size: 100,
        latency: Duration::from_millis(50),
        ..Settings::default()
    };
    let start = Instant::now();
    let fetched = fetch_with(
        settings,
        |request| request.concurrency = 1,
        |state, stages| {
            if stages == 3 {
                state.canceller().cancel();
            }
        },
    );
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(fetched.stages.len() + fetched.close.gaps.len(), 50);
    assert!(
        fetched.close.gaps.len() > 40
            && fetched
                .close
                .gaps
                .iter()
                .all(|gap| gap.code == "Interrupted")
    );
    assert_eq!(fetched.close.scopes[0].outcome, ScopeOutcome::Partial);
}

#[test]
fn a_state_that_is_closed_early_says_what_it_did_not_read() {
    let (_runtime, _emulator, state) = try_open(small_pages(), |_| ()).unwrap();
    let close = driftgate::model::state::State::close(Box::new(state)).unwrap();
    assert!(!close.gaps.is_empty());
    assert!(
        close.gaps.iter().all(|gap| gap.code == "Interrupted"),
        "{:?}",
        close.gaps
    );
}

#[test]
fn a_defect_of_the_rules_under_a_second_look_leaves_a_gap_and_not_silence() {
    let fetched = fetch(three_apis(), |request| {
        request.confirm = Some(Arc::new(|document| {
            assert_ne!(document.api_id(), Some("b2"), "a defect on purpose");
            false
        }));
    });
    assert_eq!(
        (
            fetched.only_gap().api_id.as_deref(),
            fetched.only_gap().code.as_str()
        ),
        (Some("b2"), "InternalError")
    );
    let scope = &fetched.close.scopes[0];
    assert_eq!(
        (
            scope.apis,
            scope.checked_apis,
            scope.unchecked_apis,
            scope.outcome
        ),
        (3, 2, 1, ScopeOutcome::Partial)
    );
}

#[test]
fn second_readings_begin_before_all_first_ones_are_over() {
    let apis = 320;
    let fleet = (0..apis).fold(Fleet::new(), |fleet, at| {
        with_stages(fleet, REGION, &format!("a{at:03}"), &["prod"])
    });
    let fetched = fetch(
        Settings {
            fleet,
            ..Settings::default()
        },
        |request| {
            request.confirm = Some(Arc::new(|_| true));
            request.concurrency = 4;
        },
    );
    let scope = &fetched.close.scopes[0];
    assert_eq!(
        (
            fetched.close.gaps.as_slice(),
            fetched.close.warnings.as_slice()
        ),
        (&[][..], &[][..])
    );
    assert_eq!(
        (
            scope.stages,
            scope.checked_apis,
            fetched.count(Operation::GetStage)
        ),
        (320, 320, 320)
    );
    assert!(fetched.stages.is_sorted() && fetched.stages.len() == apis);
    let is_first = |it: &&Arrival| it.operation != Operation::GetStage;
    let before = fetched.arrivals.iter().take_while(is_first).count();
    assert!(
        before < 300,
        "{before} requests before the first stage is read again"
    );
}

#[test]
fn a_second_look_that_was_cut_short_is_a_gap_and_the_first_reading_stands() {
    let fetched = fetch(three_apis(), |request| {
        request.confirm = Some(Arc::new(|document| document.api_id() == Some("b2")));
        request.timeout = Some(Duration::from_secs(1));
    });
    assert_eq!(fetched.stages.len(), ALL.len());
    let gap = fetched.only_gap();
    assert_eq!(
        (
            gap.operation.as_str(),
            gap.code.as_str(),
            gap.stage.as_deref()
        ),
        ("GetStage", "Timeout", Some("prod"))
    );
    assert_eq!(fetched.close.scopes[0].outcome, ScopeOutcome::Partial);
}

#[test]
fn a_stage_that_is_listed_and_not_found_at_the_second_look_is_a_gap() {
    let mut settings = three_apis();
    settings.faults = vec![
        Fault::on(Operation::GetStage)
            .api("b2")
            .always(Effect::NotFound),
    ];
    let fetched = fetch(settings, |request| {
        request.confirm = Some(Arc::new(|document| document.api_id() == Some("b2")));
    });
    assert_eq!(fetched.stages.len(), ALL.len(), "the first reading stands");
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.api_id.as_deref(), gap.stage.as_deref()),
        (Some("b2"), Some("prod"))
    );
    assert!(
        gap.message.ends_with("and GetStages still lists the stage"),
        "{}",
        gap.message
    );
    assert_eq!(fetched.close.warnings, []);
    assert_eq!(fetched.close.scopes[0].outcome, ScopeOutcome::Partial);
}
