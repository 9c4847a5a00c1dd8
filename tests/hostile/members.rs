//! Members that an answer lacks: the SDK's fillers are never data.

use serde_json::{Value, json};

use super::server::ok;
use super::world::*;

fn without(mut document: Value, member: &str) -> Value {
    assert!(
        document.as_object_mut().unwrap().remove(member).is_some(),
        "there is no {member}"
    );
    document
}

#[test]
fn an_api_without_its_protocol_is_read_and_rules_are_tried_both_ways() {
    let policy = "policy: p\nmatch: {api: {ProtocolType: WEBSOCKET}}\nrules:\n  \
                  - {id: seen, title: t, severity: low, expect: {StageName: a-name-that-none-has}}\n";
    for member in ["null", "\"\"", "absent"] {
        let (found, server) = audited(
            policy,
            move |operation, _| {
                let mut api = api("a1");
                match member {
                    "absent" => api = without(api, "protocolType"),
                    "null" => api["protocolType"] = Value::Null,
                    _ => api["protocolType"] = json!(""),
                }
                (operation == "GetApis").then(|| ok(json!({"items": [api]})))
            },
            |_| (),
        );
        assert_eq!(
            server.count("GetStages", "a1/stages"),
            1,
            "{member}: a rule may match it"
        );
        assert_eq!(
            (found.judgement.exit, found.results.scopes[0].skipped_apis),
            (3, 0),
            "{member}"
        );
        assert_eq!(found.results.gaps.len(), 0);
    }
}

#[test]
fn a_name_that_is_missing_decides_nothing() {
    for (member, test) in [
        ("name", "{Name: a1}"),
        ("routeSelectionExpression", "{RouteSelectionExpression: x}"),
    ] {
        let policy = format!(
            "policy: p\nmatch: {{api: {{not: {test}}}}}\nrules:\n  \
             - {{id: seen, title: t, severity: low, expect: {{StageName: prod}}}}\n"
        );
        let (found, _) = audited(
            &policy,
            move |operation, _| {
                (operation == "GetApis").then(|| ok(json!({"items": [without(api("a1"), member)]})))
            },
            |_| (),
        );
        assert_eq!(found.judgement.exit, 3, "{member}");
    }
}

#[test]
fn an_answer_without_the_identity_of_what_it_is_about_is_damaged() {
    let (found, _) = audited(
        SEEN,
        |operation, _| {
            (operation == "GetApis")
                .then(|| ok(json!({"items": [without(api("a1"), "apiId"), api("b2")]})))
        },
        |_| (),
    );
    assert_eq!(
        (only_gap(&found), found.judgement.exit),
        (("GetApis", "InvalidResponse", None, None), 3)
    );

    let nameless = |operation: &str, path: &str| {
        let stage = without(stage("prod"), "stageName");
        match (operation, path) {
            ("GetStages", "a1/stages") => Some(ok(json!({"items": [stage]}))),
            ("GetStage", "a1/stages/prod") => Some(ok(stage)),
            ("GetApi", "a1") => Some(ok(without(api("a1"), "apiId"))),
            _ => None,
        }
    };
    let (found, _) = audited(SEEN, nameless, |_| ());
    assert_eq!(
        (only_gap(&found), found.judgement.exit),
        (("GetStages", "InvalidResponse", Some("a1"), None), 3)
    );
    assert_eq!(seen(&found), ["b2/prod"]);
    let (found, _) = audited(SEEN, nameless, one_stage);
    assert_eq!(
        only_gap(&found),
        ("GetStage", "InvalidResponse", Some("a1"), Some("prod"))
    );
    let (found, _) = audited(SEEN, nameless, one_api_and_stage);
    assert_eq!(
        (only_gap(&found), found.judgement.exit),
        (("GetApi", "InvalidResponse", Some("a1"), None), 3)
    );
}

#[test]
fn a_rate_that_is_no_number_decides_nothing() {
    for rate in ["NaN", "Infinity", "-Infinity"] {
        let policy = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {DefaultRouteSettings: \
                      {ThrottlingRateLimit: {not: {min: 5}}}}}\n";
        let (found, _) = audited(
            policy,
            move |operation, _| {
                let mut stage = stage("prod");
                stage["defaultRouteSettings"] = json!({"throttlingRateLimit": rate});
                (operation == "GetStages").then(|| ok(json!({"items": [stage]})))
            },
            |_| (),
        );
        assert_eq!(
            (found.judgement.exit, found.results.gaps.len()),
            (3, 0),
            "{rate}"
        );
    }
}

#[test]
fn an_account_without_its_id_and_an_identity_without_its_account() {
    let (found, _) = audited(
        SEEN,
        |operation, _| (operation == "GetCallerIdentity").then(|| ok(identity().replace(HOME, ""))),
        |_| (),
    );
    assert_eq!(
        (&*found.results.warnings[0].kind, found.judgement.exit),
        ("account-unknown", 0)
    );
}
