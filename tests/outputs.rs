//! Outputs on the binary: a regular file is replaced whole or not at all, no output takes the place of an input, and
//! what cannot be written is known before anything is read.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const POLICY: &str =
    "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {Tags: [owner]}}\n";
const WAIVERS: &str = "waivers: []\n";

/// A snapshot of many stages, with a policy, waivers, a run file and a result.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = r#""account":"111122223333","region":"us-east-1""#;
    let mut fleet =
        format!("{{\"format\":\"driftgate.snapshot\",\"version\":1,\"scopes\":[{{{place}}}]}}\n");
    for at in 0..50 {
        fleet.push_str(&format!(
            "{{{place},\"api\":{{\"ApiId\":\"a{at:02}\",\"ProtocolType\":\"HTTP\"}},\"stage\":{{\"StageName\":\"prod\"}}}}\n"
        ));
    }
    fleet.push_str(&format!(
        "{{\"stages\":50,\"scopes\":[{{{place},\"apis\":50,\"checked_apis\":50,\"stages\":50,\"outcome\":\"checked\"}}],\
         \"unchecked\":[],\"complete\":true}}\n"
    ));
    let root = folder.path();
    fs::create_dir(root.join("policies")).unwrap();
    for (name, text) in [
        ("fleet.jsonl", &*fleet),
        ("policies/p.yaml", POLICY),
        ("w.yaml", WAIVERS),
        ("run.yaml", "fail-on: never\n"),
    ] {
        fs::write(root.join(name), text).unwrap();
    }
    let made = driftgate(
        root,
        &[
            "audit",
            "--from",
            "fleet.jsonl",
            "--policy",
            "policies",
            "--report",
            "json=r.json",
        ],
    );
    assert_eq!(made.status.code(), Some(1), "{}", diagnostics(&made));
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command
        .current_dir(folder)
        .env_remove("CLICOLOR_FORCE")
        .args(args);
    command
}

fn driftgate(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn diagnostics(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const AUDIT: [&str; 5] = ["audit", "--from", "fleet.jsonl", "--policy", "policies"];

fn audit(more: &[&'static str]) -> Vec<&'static str> {
    [&AUDIT[..], more].concat()
}

#[test]
fn no_output_takes_the_place_of_an_input() {
    let folder = folder();
    let root = folder.path();
    symlink("fleet.jsonl", root.join("link")).unwrap();
    fs::hard_link(root.join("fleet.jsonl"), root.join("twin")).unwrap();
    for (args, input) in [
        (audit(&["--report", "json=fleet.jsonl"]), "fleet.jsonl"),
        (
            audit(&["--report", "json=./policies/../fleet.jsonl"]),
            "fleet.jsonl",
        ),
        (audit(&["--report", "json=link"]), "fleet.jsonl"),
        (audit(&["--report", "json=twin"]), "fleet.jsonl"),
        (
            audit(&["--report", "text=policies/p.yaml"]),
            "policies/p.yaml",
        ),
        (
            audit(&["--waivers", "w.yaml", "--report", "markdown=w.yaml"]),
            "w.yaml",
        ),
        (
            audit(&["--config", "run.yaml", "--report", "json=run.yaml"]),
            "run.yaml",
        ),
        (
            vec![
                "audit",
                "--from",
                "fleet.jsonl",
                "--policy",
                "policies/p.yaml",
                "--report",
                "json=policies/p.yaml",
            ],
            "policies/p.yaml",
        ),
        (
            vec!["snapshot", "--from", "fleet.jsonl", "-o", "fleet.jsonl"],
            "fleet.jsonl",
        ),
        (
            vec!["snapshot", "--from", "snapshot:fleet.jsonl", "-o", "link"],
            "fleet.jsonl",
        ),
        (
            vec![
                "snapshot",
                "--config",
                "run.yaml",
                "--from",
                "fleet.jsonl",
                "-o",
                "run.yaml",
            ],
            "run.yaml",
        ),
        (
            vec![
                "policy",
                "learn",
                "--from",
                "fleet.jsonl",
                "--api",
                "a00",
                "--stage",
                "prod",
                "-o",
                "fleet.jsonl",
            ],
            "fleet.jsonl",
        ),
        (
            vec!["report", "r.json", "--report", "json=r.json"],
            "r.json",
        ),
        (
            vec!["report", "merge", "r.json", "--report", "markdown=r.json"],
            "r.json",
        ),
        (
            vec!["demo", "--config", "run.yaml", "--report", "json=run.yaml"],
            "run.yaml",
        ),
    ] {
        let before = fs::read(root.join(input)).unwrap();
        let output = driftgate(root, &args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            diagnostics(&output)
        );
        assert!(
            diagnostics(&output).contains("output would replace"),
            "{args:?}: {}",
            diagnostics(&output)
        );
        assert_eq!(fs::read(root.join(input)).unwrap(), before, "{args:?}");
    }
}

#[test]
fn what_stdin_and_stdout_are_counts_as_well() {
    let folder = folder();
    let root = folder.path();
    let stdin = File::open(root.join("fleet.jsonl")).unwrap();
    let args = [
        "audit",
        "--from",
        "-",
        "--policy",
        "policies",
        "--report",
        "json=fleet.jsonl",
    ];
    let output = command(root, &args).stdin(stdin).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", diagnostics(&output));

    let appended = |name: &str| File::options().append(true).open(root.join(name)).unwrap();
    let output = command(root, &audit(&[]))
        .stdout(appended("fleet.jsonl"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", diagnostics(&output));
    let output = command(root, &audit(&["--report", "json=r.json"]))
        .stdout(appended("r.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", diagnostics(&output));
    assert!(
        diagnostics(&output).contains("two reports"),
        "{}",
        diagnostics(&output)
    );
    // Nothing goes to stdout.
    let quiet = audit(&["-q", "--report", "json=r.json"]);
    let output = command(root, &quiet)
        .stdout(appended("r.json"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
}

#[test]
fn what_cannot_be_written_is_known_before_anything_is_read() {
    let folder = folder();
    let root = folder.path();
    symlink("none/r.json", root.join("astray")).unwrap();
    symlink("circle", root.join("circle")).unwrap();
    for (target, code) in [
        ("none/r.json", 2),
        ("astray", 2),
        ("policies", 2),
        ("/sys/r.json", 4),
        ("circle", 4),
    ] {
        let report = format!("json={target}");
        for args in [
            &[
                "audit", "--from", "nowhere", "--policy", "nowhere", "--report", &report,
            ][..],
            &["snapshot", "--from", "nowhere", "-o", target],
            &[
                "policy", "learn", "--from", "nowhere", "--stage", "x", "-o", target,
            ],
            &["report", "nowhere", "--report", &report],
            &["report", "merge", "nowhere", "--report", &report],
        ] {
            let output = driftgate(root, args);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{args:?}: {}",
                diagnostics(&output)
            );
            assert!(
                diagnostics(&output).contains(target) && !diagnostics(&output).contains("nowhere"),
                "{}",
                diagnostics(&output)
            );
        }
    }
}

/// `ulimit -f` and a full disk: the old file stays, nothing unfinished is left.
#[test]
fn what_does_not_fit_leaves_no_part() {
    let folder = folder();
    let root = folder.path();
    let before = fs::read(root.join("r.json")).unwrap();
    let names = || fs::read_dir(root).unwrap().count();
    let there = names();
    for args in [
        "audit --from fleet.jsonl --policy policies -q --report json=r.json",
        "snapshot --from fleet.jsonl -o r.json",
        "report r.json -q --report json=r2.json",
    ] {
        let run = format!(
            "ulimit -f 1; exec {} {args}",
            env!("CARGO_BIN_EXE_driftgate")
        );
        let output = Command::new("sh")
            .args(["-c", &run])
            .current_dir(root)
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(4),
            "{args}: {}",
            diagnostics(&output)
        );
        assert!(
            diagnostics(&output).contains("could not be written"),
            "{args}: {}",
            diagnostics(&output)
        );
        assert_eq!(
            (fs::read(root.join("r.json")).unwrap() == before, names()),
            (true, there),
            "{args}"
        );
    }
}

#[test]
fn permissions_are_kept_links_are_followed_and_a_snapshot_is_private() {
    let folder = folder();
    let root = folder.path();
    let mode = |name: &str| fs::metadata(root.join(name)).unwrap().mode() & 0o777;
    fs::set_permissions(root.join("r.json"), fs::Permissions::from_mode(0o640)).unwrap();
    symlink("r.json", root.join("link")).unwrap();
    let output = driftgate(root, &audit(&["--report", "json=link"]));
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    assert!(
        fs::symlink_metadata(root.join("link"))
            .unwrap()
            .is_symlink()
    );
    assert_eq!(mode("r.json"), 0o640);
    assert!(
        driftgate(
            root,
            &["snapshot", "--from", "fleet.jsonl", "-o", "s.jsonl"]
        )
        .status
        .success()
    );
    assert_eq!(mode("s.jsonl"), 0o600);
}

#[test]
fn devices_and_pipes_are_written_directly() {
    let folder = folder();
    let root = folder.path();
    let output = driftgate(
        root,
        &audit(&[
            "--report",
            "json=/dev/null",
            "--report",
            "markdown=/dev/null",
        ]),
    );
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    assert!(
        Command::new("mkfifo")
            .arg(root.join("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let reader = Command::new("cat")
        .arg("fifo")
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = driftgate(root, &audit(&["--report", "json=fifo"]));
    assert_eq!(output.status.code(), Some(1), "{}", diagnostics(&output));
    let read = reader.wait_with_output().unwrap().stdout;
    assert!(serde_json::from_slice::<serde_json::Value>(&read).is_ok());
    assert!(!fs::metadata(root.join("fifo")).unwrap().is_file());
}
