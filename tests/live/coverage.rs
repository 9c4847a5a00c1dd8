//! Stages that no rule governs, on the binary: skipped by default, and read if coverage is demanded.

use driftgate::emulator::{Fleet, Settings, document};
use serde_json::{Value as Json, json};

use super::harness::{self, ACCOUNT, REGION};

const POLICY: &str = "\
policy: p
match: {api: {Name: api0}}
rules:
  - {id: named, title: t, severity: low, expect: {StageName: {present: true}}}
  - {id: elsewhere, title: t, severity: low, match: {StageName: none}, expect: {AutoDeploy: true}}
";

fn audit(flags: &[&str]) -> (i32, Json) {
    let fleet = ["api0", "api1", "api2", "api3"]
        .into_iter()
        .fold(Fleet::new(), |fleet, id| {
            fleet.api(
                ACCOUNT,
                REGION,
                document::http_api(id, id),
                vec![document::http_stage("prod")],
            )
        });
    harness::audit(
        Settings {
            fleet,
            ..Settings::default()
        },
        POLICY,
        flags,
    )
}

#[test]
fn apis_that_no_rule_can_match_are_fetched_only_for_coverage() {
    let (code, result) = audit(&[]);
    assert_eq!(
        (
            code,
            &result["summary"]["stages"],
            &result["scopes"][0]["skipped_apis"]
        ),
        (0, &json!(1), &json!(3))
    );

    let (code, result) = audit(&["--min-coverage", "25"]);
    assert_eq!(
        (
            code,
            &result["summary"]["stages"],
            &result["scopes"][0]["skipped_apis"]
        ),
        (0, &json!(4), &json!(0))
    );

    let (code, result) = audit(&["--min-coverage", "25.5"]);
    assert_eq!((code, &result["verdict"]), (1, &json!("violations")));
    let coverage = &result["coverage"];
    let names: Vec<&Json> = coverage["ungoverned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| &stage["api_id"])
        .collect();
    assert_eq!(names, ["api1", "api2", "api3"]);
    assert_eq!(coverage["unused_rules"], json!(["p/elsewhere"]));
    let unread = coverage["unread_fields"].as_array().unwrap();
    assert!(unread.contains(&json!("Description")) && !unread.contains(&json!("api.Name")));
}
