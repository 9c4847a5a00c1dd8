//! Two answers to one question: the same twice is one, and two that differ are none.

use serde_json::{Value, json};

use super::server::{http, ok};
use super::world::*;

fn changed(mut document: Value) -> Value {
    document["description"] = json!("another");
    document
}

#[test]
fn a_stage_that_is_listed_twice_differently_is_a_gap() {
    let (found, _) = audited(
        SEEN,
        |operation, path| {
            let twice = json!([stage("prod"), stage("dev"), changed(stage("prod"))]);
            (operation == "GetStages" && path.starts_with("a1"))
                .then(|| ok(json!({"items": twice})))
        },
        |_| (),
    );
    assert_eq!(
        only_gap(&found),
        ("GetStages", "TwoAnswers", Some("a1"), Some("prod"))
    );
    assert!(found.results.gaps[0].message.contains("two answers"));
    assert_eq!(
        (seen(&found), found.judgement.exit),
        (vec!["a1/dev".to_owned(), "b2/prod".to_owned()], 3)
    );
}

#[test]
fn an_api_that_is_listed_twice_differently_is_a_gap() {
    let (found, server) = audited(
        SEEN,
        |operation, _| {
            let twice = json!([api("a1"), api("b2"), changed(api("a1"))]);
            (operation == "GetApis").then(|| ok(json!({"items": twice})))
        },
        |_| (),
    );
    assert_eq!(
        only_gap(&found),
        ("GetApis", "TwoAnswers", Some("a1"), None)
    );
    assert_eq!(
        (seen(&found), found.judgement.exit),
        (vec!["b2/prod".to_owned()], 3)
    );
    assert_eq!(server.count("GetStages", "a1/stages"), 0);
}

#[test]
fn the_same_answer_twice_is_read_once() {
    let (found, server) = audited(
        SEEN,
        |operation, _| match operation {
            "GetApis" => Some(ok(json!({"items": [api("a1"), api("a1"), api("b2")]}))),
            "GetStages" => Some(ok(json!({"items": [stage("prod"), stage("prod")]}))),
            _ => None,
        },
        |_| (),
    );
    assert_eq!(
        (seen(&found), found.judgement.exit),
        (vec!["a1/prod".to_owned(), "b2/prod".to_owned()], 0)
    );
    assert_eq!(server.count("GetStages", "a1/stages"), 1);
}

#[test]
fn a_member_that_is_there_twice_is_no_answer() {
    for twice in [
        r#"{"items":[{"stageName":"prod","autoDeploy":true,"autoDeploy":false}]}"#,
        r#"{"items":[{"stageName":"dev","stageName":"prod"}]}"#,
        r#"{"items":[{"stageName":"prod","tags":{"a":"1","\u0061":"2"}}]}"#,
        r#"{"items":[{"stageName":"prod"}],"items":[]}"#,
    ] {
        let (found, _) = audited(
            SEEN,
            move |operation, path| {
                (operation == "GetStages" && path.starts_with("a1"))
                    .then(|| http("200 OK", "", twice))
            },
            |_| (),
        );
        assert_eq!(
            only_gap(&found),
            ("GetStages", "InvalidResponse", Some("a1"), None),
            "{twice}"
        );
        assert_eq!(
            (seen(&found), found.judgement.exit),
            (vec!["b2/prod".to_owned()], 3)
        );
    }
}
