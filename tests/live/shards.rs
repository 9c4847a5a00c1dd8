//! Shards on the binary: each audits its own part, and their merge is the result of one run.

use std::fs;
use std::process::Command;

use driftgate::emulator::{Effect, Fault, Fleet, Operation, Settings, document};

use super::harness::{self, ACCOUNT};

/// Another account.
const OTHER: &str = "444455556666";

const POLICY: &str = "\
policy: p
rules:
  - {id: described, title: t, severity: low, expect: {Description: {present: true}}}
  - {id: elsewhere, title: t, severity: low, match: {StageName: none}, expect: {AutoDeploy: true}}
";

const REGIONS: [&str; 6] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-central-1",
];

#[test]
fn merged_shards_are_the_result_of_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let audit = |name: &str, shard: &[&str]| {
        let fleet = REGIONS.iter().fold(Fleet::new(), |fleet, region| {
            let id = format!("api-{region}");
            fleet.api(
                ACCOUNT,
                region,
                document::http_api(&id, &id),
                vec![document::http_stage("prod")],
            )
        });
        let report = format!("json={}", folder.path().join(name).display());
        let mut flags = vec!["--reproducible", "--report", &report];
        flags.extend(REGIONS.iter().flat_map(|region| ["--region", region]));
        flags.extend(shard);
        harness::audit(
            Settings {
                fleet,
                ..Settings::default()
            },
            POLICY,
            &flags,
        )
    };
    let (_, whole) = audit("whole.json", &[]);
    let mut scopes = 0;
    for (name, shard) in [("1.json", "1/3"), ("2.json", "2/3"), ("3.json", "3/3")] {
        let (_, result) = audit(name, &["--shard", shard]);
        scopes += result["scopes"].as_array().unwrap().len();
        assert_eq!(result["shard"]["count"], 3);
    }
    assert_eq!((scopes, whole["scopes"].as_array().unwrap().len()), (6, 6));

    let merge = |results: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
        command.current_dir(folder.path()).args([
            "report",
            "merge",
            "--report",
            "json=merged.json",
            "-q",
        ]);
        command.args(results).status().unwrap().code()
    };
    assert_eq!(merge(&["1.json", "3.json"]), Some(2));
    assert!(
        !folder.path().join("merged.json").exists(),
        "nothing is merged of a part"
    );
    assert_eq!(merge(&["3.json", "1.json", "2.json"]), Some(1));
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("merged.json"), read("whole.json"));
}

/// The scope that a shard reports.
fn found(caller: (&str, &str), faults: Vec<Fault>, flags: &[&str]) -> String {
    let fleet = Fleet::new().account(ACCOUNT).account(OTHER);
    let settings = Settings {
        fleet,
        faults,
        ..Settings::default()
    };
    let (_, result) = harness::audit_as(
        caller,
        settings,
        POLICY,
        &[&["--reproducible"], flags].concat(),
    );
    result["shard"]["where"].as_str().unwrap().to_owned()
}

#[test]
fn machines_that_find_other_credentials_or_another_region_have_no_parts_of_one_run() {
    let first = found((ACCOUNT, "us-east-1"), vec![], &["--shard", "1/2"]);
    assert_eq!(
        first,
        found((ACCOUNT, "us-east-1"), vec![], &["--shard", "2/2"])
    );
    assert_ne!(
        first,
        found((ACCOUNT, "eu-west-1"), vec![], &["--shard", "2/2"])
    );
    assert_ne!(
        first,
        found((OTHER, "us-east-1"), vec![], &["--shard", "2/2"])
    );
}

#[test]
fn where_accounts_are_named_it_does_not_matter_who_asks() {
    let named = |shard| ["--shard", shard, "--accounts", ACCOUNT];
    let first = found((ACCOUNT, "us-east-1"), vec![], &named("1/2"));
    let silent = vec![Fault::on(Operation::GetCallerIdentity).always(Effect::Deny)];
    assert_eq!(first, found((ACCOUNT, "us-east-1"), silent, &named("2/2")));
    assert_eq!(first, found((OTHER, "us-east-1"), vec![], &named("2/2")));
    assert_ne!(first, found((ACCOUNT, "eu-west-1"), vec![], &named("2/2")));
}

#[test]
fn a_part_of_an_account_that_is_not_known_is_none() {
    let silent = Fault::on(Operation::GetCallerIdentity).always(Effect::Deny);
    let settings = Settings {
        fleet: Fleet::new().account(ACCOUNT),
        faults: vec![silent],
        ..Settings::default()
    };
    let output = harness::output_as(
        (ACCOUNT, "us-east-1"),
        settings,
        POLICY,
        &["--shard", "1/2"],
    );
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{message}");
    assert!(
        message.contains("STS did not return the account (AccessDenied")
            && !message.contains("is null"),
        "{message}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_shard_of_nothing_but_a_region_that_is_not_enabled_has_not_failed() {
    let audit = |flags: &[&str]| {
        let fleet = Fleet::new().api(
            ACCOUNT,
            "us-west-2",
            document::http_api("a1", "a"),
            vec![document::http_stage("x")],
        );
        let flags = [
            &[
                "--region",
                "us-west-2",
                "--region",
                "af-south-1",
                "--allow-empty",
            ],
            flags,
        ]
        .concat();
        let (code, result) = harness::audit(
            Settings {
                fleet,
                ..Settings::default()
            },
            POLICY,
            &flags,
        );
        (code, result["scopes"].as_array().unwrap().len())
    };
    assert_eq!(audit(&[]), (1, 2));
    let shards: Vec<_> = ["1/2", "2/2"]
        .map(|shard| audit(&["--shard", shard]))
        .into();
    assert!(
        shards.iter().all(|(code, _)| [0, 1].contains(code)),
        "{shards:?}"
    );
}

#[test]
fn all_regions_are_found_from_one_that_is_not_enabled() {
    let fleet = Fleet::new().api(
        ACCOUNT,
        "us-east-1",
        document::http_api("a1", "a"),
        vec![document::http_stage("x")],
    );
    let settings = Settings {
        fleet,
        ..Settings::default()
    };
    let (code, result) = harness::audit_as(
        (ACCOUNT, "af-south-1"),
        settings,
        POLICY,
        &["--all-regions"],
    );
    assert_eq!(
        (code, &result["summary"]["stages"], &result["unchecked"]),
        (1, &1.into(), &Vec::<u8>::new().into())
    );
}
