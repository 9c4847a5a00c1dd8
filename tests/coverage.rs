//! What no rule governs, on the binary: it is skipped where nobody asks for it, and read where coverage is demanded.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::process::Command;

use driftgate::emulator::{Emulator, Fleet, Settings, document};
use serde_json::{Value as Json, json};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";
const POLICY: &str = "\
policy: p
match: {api: {Name: api0}}
rules:
  - {id: named, title: t, severity: low, expect: {StageName: {present: true}}}
  - {id: elsewhere, title: t, severity: low, match: {StageName: none}, expect: {AutoDeploy: true}}
";

fn audit(flags: &[&str]) -> (i32, Json) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let fleet = ["api0", "api1", "api2", "api3"].into_iter().fold(Fleet::new(), |fleet, id| {
        fleet.api(ACCOUNT, REGION, document::http_api(id, id), vec![document::http_stage("prod")])
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let emulator = runtime.block_on(Emulator::start(Settings { fleet, ..Settings::default() })).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    let output = command
        .current_dir(folder.path())
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .envs(emulator.environment(ACCOUNT, REGION))
        .args(["audit", "--policy", "p.yaml", "--rate", "0", "--report", "json"])
        .args(flags)
        .output()
        .unwrap();
    (output.status.code().unwrap(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn apis_that_no_rule_can_match_are_fetched_only_for_coverage() {
    let (code, result) = audit(&[]);
    assert_eq!((code, &result["summary"]["stages"], &result["scopes"][0]["skipped_apis"]), (0, &json!(1), &json!(3)));

    let (code, result) = audit(&["--min-coverage", "25"]);
    assert_eq!((code, &result["summary"]["stages"], &result["scopes"][0]["skipped_apis"]), (0, &json!(4), &json!(0)));

    let (code, result) = audit(&["--min-coverage", "25.5"]);
    assert_eq!((code, &result["verdict"]), (1, &json!("violations")));
    let coverage = &result["coverage"];
    let names: Vec<&Json> = coverage["ungoverned"].as_array().unwrap().iter().map(|stage| &stage["api_id"]).collect();
    assert_eq!(names, ["api1", "api2", "api3"]);
    assert_eq!(coverage["unused_rules"], json!(["p/elsewhere"]));
    let unread = coverage["unread_fields"].as_array().unwrap();
    assert!(unread.contains(&json!("Description")) && !unread.contains(&json!("api.Name")));
}
