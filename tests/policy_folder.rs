//! Every file in a folder of policies is enforced, is an error, or is named in the output. `audit` and `policy check` see
//! the same.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

const FLEET: &str = concat!(
    r#"{"format":"driftgate.snapshot","version":1,"scopes":[{"account":"111122223333","region":"us-east-1"}]}"#,
    "\n",
    r#"{"account":"111122223333","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"prod"}}"#,
    "\n",
    r#"{"stages":1,"scopes":[{"account":"111122223333","region":"us-east-1","apis":1,"checked_apis":1,"stages":1,"outcome":"checked"}],"unchecked":[],"complete":true}"#,
    "\n"
);
/// It holds for the fleet.
const MET: &str =
    "policy: met\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: prod}}\n";
/// It does not.
const FAILS: &str =
    "policy: fails\nrules:\n  - {id: r, title: t, severity: low, expect: {Tags: [owner]}}\n";
const TESTS: &str = "policy: met\ntests:\n  - {name: n, given: {StageName: prod}, violates: []}\n";
const WAIVERS: &str = "waivers:\n  - {rule: fails/r, match: {StageName: prod}, reason: r, owner: o, expires: 2199-12-31}\n";

/// A fleet beside a folder `policies`, in which one policy holds.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fleet.jsonl"), FLEET).unwrap();
    put(&folder, "policies/met.yaml", MET);
    folder
}

fn put(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn driftgate(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .args(args)
        .output()
        .unwrap()
}

fn audit(folder: &TempDir, more: &[&str]) -> Output {
    let args = [
        "audit",
        "--from",
        "fleet.jsonl",
        "--policy",
        "policies",
        "--report",
        "json",
    ];
    driftgate(folder.path(), &[&args[..], more].concat())
}

fn diagnostics(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// `audit` and `policy check` end with code 2 and this message.
#[track_caller]
fn refused(folder: &TempDir, words: &[&str]) {
    for output in [
        audit(folder, &[]),
        driftgate(folder.path(), &["policy", "check", "policies"]),
    ] {
        let text = diagnostics(&output);
        assert_eq!(output.status.code(), Some(2), "{text}");
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

/// The audit is as without the file, and names it on stderr and in its result; so does `policy check`.
#[track_caller]
fn named(folder: &TempDir, name: &str) {
    let output = audit(folder, &[]);
    let text = diagnostics(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    let warnings = result["warnings"].as_array().unwrap();
    let of_it = warnings
        .iter()
        .filter(|it| it["message"].as_str().unwrap().contains(name))
        .collect::<Vec<_>>();
    assert_eq!(
        (of_it.len(), &of_it[0]["kind"]),
        (1, &"policy-file-not-read".into()),
        "{text}"
    );
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.contains("warning: ") && stderr.contains(name),
        "{stderr}"
    );
    assert_eq!(String::from_utf8_lossy(&audit(folder, &["-q"]).stderr), "");
}

#[test]
fn a_policy_beside_waivers_in_one_file_is_refused() {
    for waivers in ["waivers: []\n", WAIVERS] {
        let folder = folder();
        put(&folder, "policies/fails.yaml", &format!("{FAILS}{waivers}"));
        refused(
            &folder,
            &["a policy and waivers in one file", "fails.yaml:4:1"],
        );
        let named = driftgate(
            folder.path(),
            &[
                "audit",
                "--from",
                "fleet.jsonl",
                "--policy",
                "policies/fails.yaml",
            ],
        );
        assert_eq!(named.status.code(), Some(2), "{}", diagnostics(&named));
        let args = [
            "audit",
            "--from",
            "fleet.jsonl",
            "--policy",
            "policies/met.yaml",
            "--waivers",
            "policies/fails.yaml",
        ];
        let as_waivers = driftgate(folder.path(), &args);
        assert_eq!(
            as_waivers.status.code(),
            Some(2),
            "{}",
            diagnostics(&as_waivers)
        );
        assert!(
            diagnostics(&as_waivers).contains("a policy and waivers in one file"),
            "{}",
            diagnostics(&as_waivers)
        );
    }
    // Flow style, quoted keys, and a policy without its rules: what tells them apart is YAML, not lines.
    for text in [
        "{policy: fails, waivers: []}\n",
        "\"waivers\": []\n\"match\": {StageName: prod}\n",
        "waivers: []\nrules: []\n",
    ] {
        let folder = folder();
        put(&folder, "policies/x.yaml", text);
        refused(&folder, &["a policy and waivers in one file", "x.yaml"]);
    }
}

#[test]
fn misspelt_waivers_and_run_files_are_refused_where_they_are_not_used_too() {
    for text in [
        "waivers: []\nrulez: []\n",
        "polcy: x\nwaivers: []\n",
        "fail-on: high\nrulez: []\n",
        "waivers:\n  - {rule: a/b}\n",
    ] {
        let folder = folder();
        put(&folder, "policies/x.yaml", text);
        refused(&folder, &["x.yaml"]);
    }
}

#[test]
fn a_file_of_tests_with_rules_is_refused() {
    let folder = folder();
    put(&folder, "policies/met_test.yaml", TESTS);
    assert_eq!(audit(&folder, &[]).status.code(), Some(0));
    put(&folder, "policies/fails_test.yaml", FAILS);
    refused(
        &folder,
        &[
            "fails_test.yaml",
            "a file of tests has no key `rules`",
            "`mv policies/fails_test.yaml policies/fails.yaml`",
        ],
    );
    // Its content cannot be known.
    put(&folder, "policies/fails_test.yaml", "policy: [\n");
    refused(&folder, &["fails_test.yaml"]);
}

#[test]
fn tests_that_are_wrong_do_not_keep_an_audit_from_running() {
    let folder = folder();
    put(
        &folder,
        "policies/met_test.yaml",
        "policy: other\ntests: []\n",
    );
    assert_eq!(audit(&folder, &[]).status.code(), Some(0));
    assert_eq!(
        driftgate(folder.path(), &["policy", "check", "policies"])
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_name_in_other_case_is_refused() {
    for name in [
        "fails.YAML",
        "fails.Yml",
        "fails_test.YAML",
        "deep/er/fails.yAml",
    ] {
        let folder = folder();
        put(&folder, &format!("policies/{name}"), FAILS);
        let stem = name.rsplit_once('.').unwrap().0;
        refused(
            &folder,
            &[name, &format!("mv policies/{name} policies/{stem}.y")],
        );
    }
}

#[test]
fn folders_are_read_to_the_end_or_refused() {
    let folder = folder();
    let deep = |depth| format!("policies/{}fails.yaml", "d/".repeat(depth));
    put(&folder, &deep(32), FAILS);
    assert_eq!(audit(&folder, &[]).status.code(), Some(1));
    put(&folder, &deep(33), &FAILS.replace("fails", "deeper"));
    refused(&folder, &["folders", "deeper than 32"]);
}

#[test]
fn every_fault_of_a_folder_is_told_at_once() {
    let folder = folder();
    put(&folder, "policies/a.YAML", FAILS);
    put(&folder, "policies/b/c.YML", FAILS);
    symlink("nowhere", folder.path().join("policies/gone.yaml")).unwrap();
    refused(
        &folder,
        &[
            "a.YAML",
            "c.YML",
            "gone.yaml: a link that leads nowhere",
            "3 mistakes",
        ],
    );
}

#[test]
fn what_is_hidden_is_named() {
    for name in [
        ".fails.yaml",
        ".fails.YAML",
        ".hidden/deep/fails.yml",
        "sub/.x.yaml",
    ] {
        let folder = folder();
        put(&folder, &format!("policies/{name}"), FAILS);
        named(&folder, name.trim_end_matches("/deep/fails.yml"));
    }
    let folder = folder();
    for name in [".git/config", ".gitkeep", "README.md", "notes.txt"] {
        put(&folder, &format!("policies/{name}"), "x");
    }
    let output = audit(&folder, &[]);
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "what holds no YAML is not worth a word"
    );
}

/// A mounted ConfigMap: each file is a link into a dot folder, which is a link itself.
#[test]
fn a_mounted_config_map_is_read_once_without_a_word() {
    let folder = folder();
    put(&folder, "policies/..2026_01_01/fails.yaml", FAILS);
    symlink("..2026_01_01", folder.path().join("policies/..data")).unwrap();
    symlink(
        "..data/fails.yaml",
        folder.path().join("policies/fails.yaml"),
    )
    .unwrap();
    let output = audit(&folder, &[]);
    assert_eq!(
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).as_ref()
        ),
        (Some(1), "")
    );
}

#[test]
fn links_in_circles_and_into_nothing_are_named() {
    let one = folder();
    fs::create_dir(one.path().join("policies/sub")).unwrap();
    symlink("..", one.path().join("policies/sub/up")).unwrap();
    named(&one, "sub/up");
    let one = folder();
    symlink("not-mounted", one.path().join("policies/team")).unwrap();
    named(&one, "policies/team");
}

#[test]
fn waivers_and_run_files_that_are_not_in_use_are_named() {
    let one = folder();
    put(&one, "policies/known.yaml", WAIVERS);
    named(&one, "known.yaml");
    let used = audit(&one, &["--waivers", "./policies/../policies/known.yaml"]);
    assert!(
        !String::from_utf8_lossy(&used.stderr).contains("known.yaml"),
        "{}",
        diagnostics(&used)
    );
    assert!(
        !String::from_utf8_lossy(&audit(&one, &["--no-waivers"]).stderr).contains("known.yaml")
    );
    let one = folder();
    put(&one, "policies/driftgate.yaml", "fail-on: high\n");
    named(&one, "driftgate.yaml");
    let used = audit(&one, &["--config", "policies/driftgate.yaml"]);
    assert!(
        !String::from_utf8_lossy(&used.stderr).contains("driftgate.yaml"),
        "{}",
        diagnostics(&used)
    );
}

#[test]
fn no_pack_takes_the_place_of_a_folder_that_is_gone() {
    let folder = folder();
    fs::rename(
        folder.path().join("policies"),
        folder.path().join("elsewhere"),
    )
    .unwrap();
    symlink("not-mounted", folder.path().join("policies")).unwrap();
    let output = driftgate(folder.path(), &["audit", "--from", "fleet.jsonl"]);
    assert_eq!(output.status.code(), Some(2), "{}", diagnostics(&output));
    for command in ["check", "test"] {
        fs::remove_file(folder.path().join("policies")).ok();
        let output = driftgate(folder.path(), &["policy", command]);
        assert_eq!(output.status.code(), Some(2), "{}", diagnostics(&output));
        assert!(
            diagnostics(&output).contains("policies: no such file or folder"),
            "{}",
            diagnostics(&output)
        );
    }
}

#[test]
fn other_commands_name_what_they_pass_over_as_well() {
    let folder = folder();
    put(&folder, "policies/.fails.yaml", FAILS);
    put(&folder, "policies/met_test.yaml", TESTS);
    for args in [
        &["list", "policies"] as &[&str],
        &["test", "policies"],
        &["check", "policies"],
        &["explain", "met/r", "--policy", "policies"],
    ] {
        let output = driftgate(folder.path(), &[&["policy"], args].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
        assert_eq!(
            stderr.matches(".fails.yaml").count(),
            1,
            "{args:?}: {stderr}"
        );
    }
    let check = driftgate(
        folder.path(),
        &["policy", "check", "--format", "json", "policies"],
    );
    let result: Json = serde_json::from_slice(&check.stdout).unwrap();
    assert_eq!(result["warnings"][0]["file"], "policies/.fails.yaml");
}

#[test]
fn one_file_by_two_names_is_read_once() {
    let folder = folder();
    symlink("met.yaml", folder.path().join("policies/same.yaml")).unwrap();
    fs::hard_link(
        folder.path().join("policies/met.yaml"),
        folder.path().join("policies/twin.yaml"),
    )
    .unwrap();
    let output = audit(
        &folder,
        &["--policy", "policies/met.yaml", "--policy", "./policies"],
    );
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &result["summary"]["rules"]),
        (Some(0), &1.into())
    );
    put(&folder, "policies/fails.yaml", FAILS);
    put(&folder, "w.yaml", WAIVERS);
    let output = audit(&folder, &["--waivers", "w.yaml", "--waivers", "./w.yaml"]);
    let result: Json = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &result["summary"]["waived"]),
        (Some(0), &1.into())
    );
    assert_eq!(
        result["warnings"],
        Json::Array(vec![]),
        "no copy of a waiver goes unused"
    );
}
