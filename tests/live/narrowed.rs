//! Narrowing on the binary: a snapshot keeps the flags, and every audit of it counts as narrowed.

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
    let fleet = Fleet::new()
        .api(
            ACCOUNT,
            REGION,
            document::http_api("a1", "orders"),
            stages(),
        )
        .api(
            ACCOUNT,
            "eu-west-1",
            document::http_api("b1", "chat"),
            stages(),
        );
    Settings {
        fleet,
        ..Settings::default()
    }
}

/// The audit of a snapshot that was taken with some flags: its narrowing, its kinds of warnings, and its text.
fn audited(flags: &[&str]) -> (Json, Vec<String>, String) {
    harness::in_folder((ACCOUNT, REGION), settings(), &FILES, |run| {
        let regions = ["--region", REGION, "--region", "eu-west-1"];
        let taken = run(&[
            &["snapshot", "--rate", "0", "-o", "s.jsonl"],
            &regions[..],
            flags,
        ]
        .concat());
        assert_eq!(taken.status.code(), Some(0), "{taken:?}");
        let again = run(&["snapshot", "--from", "s.jsonl", "-o", "again.jsonl"]);
        assert_eq!(again.status.code(), Some(0), "{again:?}");
        let reports = ["--report", "json=r.json", "--report", "text"];
        let audit = |file| {
            run(&[
                &[
                    "audit",
                    "--from",
                    file,
                    "--policy",
                    "p.yaml",
                    "--waivers",
                    "w.yaml",
                ],
                &reports[..],
            ]
            .concat())
        };
        let (first, audit) = (audit("s.jsonl"), audit("again.jsonl"));
        assert_eq!(first.status.code(), audit.status.code());
        let text = String::from_utf8(audit.stdout).unwrap();
        // The saved result has not forgotten it either.
        let rendered = run(&["report", "r.json"]);
        assert_eq!(
            String::from_utf8(rendered.stdout).unwrap().lines().next(),
            text.lines().next()
        );
        let result: Json =
            serde_json::from_slice(&run(&["report", "r.json", "--report", "json"]).stdout).unwrap();
        let warnings = result["warnings"].as_array().unwrap().iter();
        let kinds = warnings
            .map(|warning| warning["kind"].as_str().unwrap().to_owned())
            .collect();
        (result["narrowing"].clone(), kinds, text)
    })
}

#[test]
fn an_audit_of_a_whole_snapshot_is_one_of_everything() {
    let (narrowing, warnings, text) = audited(&[]);
    assert_eq!(
        (narrowing, warnings),
        (Json::Null, vec!["waiver-unused".to_owned()])
    );
    assert!(text.contains("2 Regions read in full"), "{text}");
}

#[test]
fn an_audit_of_a_narrowed_snapshot_is_narrowed() {
    for (flags, narrowing, words) in [
        (
            &["--api", "a1"][..],
            json!({"api": ["a1"]}),
            "narrowed to --api a1",
        ),
        (
            &["--stage", "prod"],
            json!({"stage": ["prod"]}),
            "narrowed to --stage prod",
        ),
        (
            &["--shard", "1/1"],
            json!({"shard": "1/1"}),
            "narrowed to --shard 1/1",
        ),
    ] {
        let (found, warnings, text) = audited(flags);
        assert_eq!(
            (found, warnings),
            (narrowing, Vec::<String>::new()),
            "{flags:?}"
        );
        assert!(
            text.contains(words) && !text.contains("in full"),
            "{flags:?}: {text}"
        );
    }
}

#[test]
fn a_snapshot_of_a_part_of_another_can_be_read() {
    harness::in_folder((ACCOUNT, REGION), settings(), &FILES, |run| {
        let regions = ["--region", REGION, "--region", "eu-west-1"];
        let taken = run(&[
            &["snapshot", "--rate", "0", "-o", "whole.jsonl"],
            &regions[..],
        ]
        .concat());
        assert_eq!(taken.status.code(), Some(0), "{taken:?}");
        for (flags, exit, apis) in [
            (&["--api", "a1"][..], 0, [0, 1]),
            (&["--api", "a1", "--stage", "prod"], 0, [0, 1]),
            (&["--stage", "prod"], 0, [1, 1]),
            (&["--api", "typo"], 3, [0, 0]),
            (&["--stage", "typo"], 3, [1, 1]),
        ] {
            let part = run(&[
                &["snapshot", "--from", "whole.jsonl", "-o", "part.jsonl"],
                flags,
            ]
            .concat());
            assert_eq!(part.status.code(), Some(exit), "{flags:?}: {part:?}");
            let audit = |file: &[&str]| {
                let output = run(&[
                    &["audit", "--policy", "p.yaml", "--report", "json", "--from"],
                    file,
                ]
                .concat());
                let result: Json = serde_json::from_slice(&output.stdout).unwrap();
                (output.status.code(), result["summary"].clone())
            };
            assert_eq!(
                audit(&["part.jsonl"]),
                audit(&[&["whole.jsonl"], flags].concat()),
                "{flags:?}"
            );
            let text =
                String::from_utf8(run(&["snapshot", "--from", "part.jsonl", "-o", "-"]).stdout)
                    .unwrap();
            let trailer: Json = serde_json::from_str(text.lines().last().unwrap()).unwrap();
            let found: Vec<_> = trailer["scopes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|scope| &scope["apis"])
                .collect();
            assert_eq!(found, apis, "{flags:?}");
        }
    });
}

/// The names that the binary did not find: exit code and names, in the order of the result.
fn missed(output: &std::process::Output) -> (Option<i32>, Vec<String>) {
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    let gaps = result["unchecked"].as_array().unwrap().iter();
    let name = |gap: &Json| {
        gap["api_id"]
            .as_str()
            .or(gap["stage"].as_str())
            .unwrap()
            .to_owned()
    };
    assert!(
        gaps.clone()
            .all(|gap| gap["account"].is_null() && gap["region"].is_null() && gap["hint"] != "")
    );
    (output.status.code(), gaps.map(name).collect())
}

/// A stage as the CLI prints it.
const STAGES: &str = r#"{"Items":[{"StageName":"prod","CreatedDate":"2026-01-01T00:00:00+00:00","RouteSettings":{},"StageVariables":{},"Tags":{}}]}"#;

#[test]
fn a_name_that_is_nowhere_is_unchecked_from_every_source() {
    let files = [FILES[0], FILES[1], ("stages.json", STAGES)];
    harness::in_folder((ACCOUNT, REGION), settings(), &files, |run| {
        let regions = ["--region", REGION, "--region", "eu-west-1"];
        let audit = |flags: &[&str]| {
            missed(&run(&[
                &[
                    "audit",
                    "--policy",
                    "p.yaml",
                    "--no-waivers",
                    "--report",
                    "json",
                ],
                flags,
            ]
            .concat()))
        };
        let aws = |flags: &[&str]| audit(&[&["--rate", "0"], &regions[..], flags].concat());
        let take = |name: &str, flags: &[&str]| {
            run(&[
                &["snapshot", "--rate", "0", "-o", name],
                &regions[..],
                flags,
            ]
            .concat())
            .status
            .code()
        };
        assert_eq!(take("s.jsonl", &[]), Some(0));
        assert_eq!(
            take("typo.jsonl", &["--api", "a1", "--api", "typo"]),
            Some(3)
        );
        let saved = |flags: &[&str]| audit(&[&["--from", "s.jsonl"], flags].concat());
        let typo = (Some(3), vec!["typo".to_owned()]);
        for flags in [
            &["--api", "a1", "--api", "typo"][..],
            &["--stage", "prod", "--stage", "typo"],
            &["--api", "a1", "--stage", "prod", "--stage", "typo"],
        ] {
            assert_eq!(aws(flags), typo, "{flags:?}");
            assert_eq!(saved(flags), typo, "{flags:?}");
        }
        for flags in [
            &["--api", "a1", "--api", "b1"][..],
            &["--stage", "prod", "--stage", "dev"],
        ] {
            assert_eq!(aws(flags), (Some(0), vec![]), "{flags:?}");
            assert_eq!(saved(flags), (Some(0), vec![]), "{flags:?}");
        }
        assert_eq!(audit(&["--from", "typo.jsonl"]), typo);
        assert_eq!(
            audit(&["--from", "typo.jsonl", "--api", "a1"]),
            (Some(0), vec![])
        );
        // Names that a narrowed snapshot did not look for.
        assert_eq!(take("a1.jsonl", &["--api", "a1"]), Some(0));
        assert_eq!(
            audit(&["--from", "a1.jsonl", "--api", "a1", "--api", "b1"]),
            (Some(3), vec!["b1".to_owned()])
        );
        let cli =
            |flags: &[&str]| audit(&[&["--from", "stages.json", "--api", "a1"], flags].concat());
        assert_eq!(cli(&["--stage", "prod", "--stage", "typo"]), typo);
        assert_eq!(cli(&["--stage", "prod"]), (Some(0), vec![]));
    });
}

#[test]
fn only_all_shards_together_miss_a_name() {
    harness::in_folder((ACCOUNT, REGION), settings(), &FILES, |run| {
        let regions = ["--region", REGION, "--region", "eu-west-1"];
        let merged = |names: &[&str]| {
            for shard in ["1/2", "2/2"] {
                let report = format!("json={}.json", &shard[..1]);
                let flags = [
                    "--rate",
                    "0",
                    "--policy",
                    "p.yaml",
                    "--allow-empty",
                    "--shard",
                    shard,
                    "-q",
                    "--report",
                ];
                let output =
                    run(&[&["audit"], &flags[..], &[&report], &regions[..], names].concat());
                assert_eq!(output.status.code(), Some(0), "{output:?}");
            }
            missed(&run(&[
                "report", "merge", "1.json", "2.json", "--report", "json",
            ]))
        };
        assert_eq!(merged(&["--api", "a1", "--api", "b1"]), (Some(0), vec![]));
        assert_eq!(
            merged(&["--api", "a1", "--api", "typo"]),
            (Some(3), vec!["typo".to_owned()])
        );
        assert_eq!(
            merged(&["--stage", "prod", "--stage", "typo"]),
            (Some(3), vec!["typo".to_owned()])
        );
    });
}
