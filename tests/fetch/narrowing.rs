//! A fetch that is narrowed to APIs, to stages, or to APIs that rules can match.

use std::sync::Arc;

use driftgate::emulator::{Effect, Fault, Fleet, Operation, Settings, document};
use driftgate::model::protocol::Protocol;
use driftgate::model::state::{ScopeOutcome, Selection};

use super::harness::*;

#[test]
fn apis_that_no_rule_can_match_are_counted_and_not_fetched() {
    let fetched = fetch(three_apis(), |request| {
        request.may_match = Arc::new(|stage| {
            assert_eq!(
                (stage.account, stage.region, stage.stage_name()),
                (Some(ACCOUNT), Some(REGION), None)
            );
            stage.api_name() == Some("b2")
        });
    });
    fetched.assert_read(&ALL[3..4]);
    assert_eq!(
        (
            fetched.close.scopes[0].apis,
            fetched.close.scopes[0].skipped_apis
        ),
        (3, 2)
    );
    assert_eq!(fetched.count(Operation::GetStages), 1);
}

#[test]
fn one_stage_is_read_by_get_stage_of_each_api() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&[], &["dev"]);
    });
    fetched.assert_read(&["us-east-1/a1/dev", "us-east-1/c3/dev"]);
    assert_eq!(
        fetched.close.warnings,
        [],
        "an API without the stage is not in scope"
    );
    assert_eq!(
        (
            fetched.count(Operation::GetStage),
            fetched.count(Operation::GetStages)
        ),
        (3, 0)
    );
}

#[test]
fn the_default_stage_can_be_asked_for() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&[], &["$default"]);
    });
    fetched.assert_read(&["us-east-1/a1/$default"]);
    assert!(
        fetched
            .arrivals
            .iter()
            .any(|arrival| arrival.path == "/v2/apis/a1/stages/%24default")
    );
}

#[test]
fn one_stage_of_an_api_that_is_denied_is_a_gap() {
    let denied = Settings {
        faults: vec![
            Fault::on(Operation::GetStage)
                .api("c3")
                .always(Effect::Deny),
        ],
        ..small_pages()
    };
    let fetched = fetch(denied, |request| request.selection = select(&[], &["dev"]));
    assert_eq!(fetched.stages, ["us-east-1/a1/dev"]);
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.operation.as_str(), gap.stage.as_deref()),
        ("GetStage", Some("dev"))
    );
    assert_eq!(
        gap.hint,
        "allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis/c3/stages/*"
    );
}

#[test]
fn several_stages_are_taken_from_the_lists() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&[], &["dev", "$default"]);
    });
    fetched.assert_read(&[
        "us-east-1/a1/$default",
        "us-east-1/a1/dev",
        "us-east-1/c3/dev",
    ]);
    assert_eq!(fetched.count(Operation::GetStage), 0);
}

#[test]
fn named_apis_end_the_list_when_they_are_found() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&["a1", "c3"], &[]);
    });
    fetched.assert_read(&[&ALL[..3], &ALL[4..]].concat());
    assert_eq!(
        (
            fetched.count(Operation::GetApis),
            fetched.close.scopes[0].apis
        ),
        (2, 2)
    );
}

#[test]
fn one_stage_of_one_api_takes_two_calls() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&["a1"], &["prod"]);
    });
    fetched.assert_read(&["us-east-1/a1/prod"]);
    assert_eq!(
        (
            fetched.count(Operation::GetApi),
            fetched.count(Operation::GetStage)
        ),
        (1, 1)
    );
    assert_eq!(fetched.close.scopes[0].requests, Some(2));
}

#[test]
fn where_get_api_is_denied_the_api_is_found_by_page() {
    let settings = Settings {
        faults: vec![Fault::on(Operation::GetApi).always(Effect::Deny)],
        ..small_pages()
    };
    let fetched = fetch(settings, |request| {
        request.selection = select(&["a1"], &["prod"]);
    });
    fetched.assert_read(&["us-east-1/a1/prod"]);
    assert_eq!(
        (
            fetched.count(Operation::GetApis),
            fetched.count(Operation::GetStage)
        ),
        (2, 1)
    );
}

#[test]
fn an_api_that_is_in_another_region_is_no_gap() {
    let settings = Settings {
        fleet: with_stages(three_apis().fleet, "eu-west-1", "e1", &["prod"]),
        ..Settings::default()
    };
    let fetched = fetch(settings, |request| {
        request.regions.named = [REGION, "eu-west-1"].map(Into::into).into();
        request.selection = select(&["e1"], &["prod"]);
    });
    fetched.assert_read(&["eu-west-1/e1/prod"]);
    assert_eq!(fetched.close.warnings, []);
}

/// The names of the gaps of a fetch.
fn unfound(settings: Settings, apis: &[&str], stages: &[&str]) -> Vec<String> {
    let fetched = fetch(settings, |request| request.selection = select(apis, stages));
    let gaps = fetched.close.gaps.into_iter();
    gaps.map(|gap| {
        assert_eq!(
            (&*gap.code, gap.account, gap.region),
            ("NotFound", None, None)
        );
        gap.api_id.or(gap.stage).unwrap()
    })
    .collect()
}

#[test]
fn a_name_that_is_nowhere_is_a_gap() {
    assert_eq!(unfound(small_pages(), &["zz"], &[]), ["zz"]);
    assert_eq!(unfound(small_pages(), &["a1", "zz"], &[]), ["zz"]);
    assert_eq!(unfound(small_pages(), &["zz"], &["prod"]), ["prod", "zz"]);
    assert_eq!(unfound(small_pages(), &[], &["prod", "typo"]), ["typo"]);
    assert_eq!(unfound(small_pages(), &[], &["typo"]), ["typo"]);
    // The other APIs have it, but were not requested.
    assert_eq!(unfound(small_pages(), &["b2"], &["dev"]), ["dev"]);
    assert_eq!(
        unfound(small_pages(), &["a1", "b2"], &["dev", "$default"]),
        [""; 0]
    );
    // An API without stages is one.
    let empty = Settings {
        fleet: with_stages(Fleet::new(), REGION, "e1", &[]),
        ..Settings::default()
    };
    assert_eq!(unfound(empty, &["e1"], &[]), [""; 0]);
}

/// It may be in an unread part, which is a gap already.
#[test]
fn a_name_that_may_be_in_what_was_not_read_is_no_gap_of_its_own() {
    let denied = |operation| Settings {
        faults: vec![Fault::on(operation).always(Effect::Deny)],
        ..small_pages()
    };
    let fetched = fetch(denied(Operation::GetApis), |request| {
        request.selection = select(&["zz"], &[]);
    });
    assert_eq!(fetched.only_gap().operation, "GetApis");
    let fetched = fetch(denied(Operation::GetStages), |request| {
        request.selection = select(&["a1"], &["x", "y"]);
    });
    assert_eq!(fetched.only_gap().operation, "GetStages");
}

#[test]
fn a_shard_leaves_it_to_the_whole_to_miss_a_name() {
    let fetched = fetch(small_pages(), |request| {
        request.selection = select(&["zz"], &["prod"]);
        request.shard = driftgate::model::state::Shard::new(1, 1);
    });
    assert_eq!(
        (fetched.close.gaps.len(), fetched.close.unfound.len()),
        (0, 2)
    );
}

#[test]
fn an_api_that_cannot_be_asked_for_is_a_gap() {
    let settings = Settings {
        faults: vec![Fault::on(Operation::GetApi).always(Effect::UnrecognizedClient)],
        ..small_pages()
    };
    let fetched = fetch(settings, |request| {
        request.selection = select(&["a1"], &["prod"]);
    });
    let gap = fetched.only_gap();
    assert_eq!(
        (gap.operation.as_str(), gap.api_id.as_deref()),
        ("GetApi", Some("a1"))
    );
    assert_eq!(
        (
            fetched.close.scopes[0].outcome,
            fetched.close.warnings.len()
        ),
        (ScopeOutcome::Unchecked, 0)
    );
}

#[test]
fn only_apis_of_the_protocols_that_are_named_are_read() {
    let mixed = || Settings {
        fleet: three_apis().fleet.api(
            ACCOUNT,
            REGION,
            document::websocket_api("w4", "w4"),
            vec![document::websocket_stage("live")],
        ),
        ..Settings::default()
    };
    let of = |protocols: &[Protocol], apis: &[&str]| {
        fetch(mixed(), |request| {
            request.selection = Arc::new(Selection {
                protocols: protocols.to_vec(),
                ..Selection::clone(&select(apis, &[]))
            });
        })
    };
    let web_socket = of(&[Protocol::WebSocket], &[]);
    web_socket.assert_read(&["us-east-1/w4/live"]);
    let (scope, narrowing) = (&web_socket.close.scopes[0], &web_socket.close.narrowing);
    assert_eq!(
        (scope.apis, scope.skipped_apis, scope.checked_apis),
        (1, 0, 1)
    );
    assert_eq!(web_socket.count(Operation::GetStages), 1);
    assert_eq!(narrowing.flags(), [("protocol", "WEBSOCKET".to_owned())]);
    of(&[Protocol::Http], &[]).assert_read(&ALL);
    let both = of(&[Protocol::Http, Protocol::WebSocket], &[]);
    assert_eq!((both.stages.len(), both.close.gaps.len()), (7, 0));
    // An API that is there and of another protocol is found, and nothing of it is read.
    let other = of(&[Protocol::Http], &["w4"]);
    other.assert_read(&[]);
    assert_eq!(other.close.scopes[0].apis, 0);
}
