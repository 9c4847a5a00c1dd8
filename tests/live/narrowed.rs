//! What was narrowed stays narrowed, on the binary: a snapshot keeps the flags, and every audit of it counts as narrowed.

use driftgate::emulator::{Fleet, Settings, document};
use serde_json::{Value as Json, json};

use super::harness::{self, ACCOUNT, REGION};

const POLICY: &str = "\
policy: p
rules:
  - {id: named, title: t, severity: low, expect: {StageName: {present: true}}}
";

/// A waiver that nothing needs.
const WAIVERS: &str = "\
waivers:
  - {rule: p/named, match: {StageName: other}, reason: r, owner: o, expires: 2999-01-01}
";

const FILES: [(&str, &str); 2] = [("p.yaml", POLICY), ("w.yaml", WAIVERS)];

fn settings() -> Settings {
    let stages = || vec![document::http_stage("dev"), document::http_stage("prod")];
    let fleet = Fleet::new().api(ACCOUNT, REGION, document::http_api("a1", "orders"), stages()).api(
        ACCOUNT,
        "eu-west-1",
        document::http_api("b1", "chat"),
        stages(),
    );
    Settings { fleet, ..Settings::default() }
}

/// The audit of a snapshot that was taken with some flags: its narrowing, its kinds of warnings, and its text.
fn audited(flags: &[&str]) -> (Json, Vec<String>, String) {
    harness::in_folder((ACCOUNT, REGION), settings(), &FILES, |run| {
        let regions = ["--region", REGION, "--region", "eu-west-1"];
        let taken = run(&[&["snapshot", "--rate", "0", "-o", "s.jsonl"], &regions[..], flags].concat());
        assert_eq!(taken.status.code(), Some(0), "{taken:?}");
        let again = run(&["snapshot", "--from", "s.jsonl", "-o", "again.jsonl"]);
        assert_eq!(again.status.code(), Some(0), "{again:?}");
        let reports = ["--report", "json=r.json", "--report", "text"];
        let audit = |file| {
            run(&[&["audit", "--from", file, "--policy", "p.yaml", "--waivers", "w.yaml"], &reports[..]].concat())
        };
        let (first, audit) = (audit("s.jsonl"), audit("again.jsonl"));
        assert_eq!(first.status.code(), audit.status.code());
        let text = String::from_utf8(audit.stdout).unwrap();
        // The saved result has not forgotten it either.
        let rendered = run(&["report", "r.json"]);
        assert_eq!(String::from_utf8(rendered.stdout).unwrap().lines().next(), text.lines().next());
        let result: Json = serde_json::from_slice(&run(&["report", "r.json", "--report", "json"]).stdout).unwrap();
        let warnings = result["warnings"].as_array().unwrap().iter();
        let kinds = warnings.map(|warning| warning["kind"].as_str().unwrap().to_owned()).collect();
        (result["narrowing"].clone(), kinds, text)
    })
}

#[test]
fn an_audit_of_a_whole_snapshot_is_one_of_everything() {
    let (narrowing, warnings, text) = audited(&[]);
    assert_eq!((narrowing, warnings), (Json::Null, vec!["waiver-unused".to_owned()]));
    assert!(text.contains("2 Regions read in full"), "{text}");
}

#[test]
fn an_audit_of_a_narrowed_snapshot_is_narrowed() {
    for (flags, narrowing, words) in [
        (&["--api", "a1"][..], json!({"api": ["a1"]}), "narrowed to --api a1"),
        (&["--stage", "prod"], json!({"stage": ["prod"]}), "narrowed to --stage prod"),
        (&["--shard", "1/1"], json!({"shard": "1/1"}), "narrowed to --shard 1/1"),
    ] {
        let (found, warnings, text) = audited(flags);
        assert_eq!((found, warnings), (narrowing, Vec::<String>::new()), "{flags:?}");
        assert!(text.contains(words) && !text.contains("in full"), "{flags:?}: {text}");
    }
}
