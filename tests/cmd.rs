//! The binary as a stranger meets it: transcripts as data, and what no transcript can show.
//!
//! After a change that is meant, `TRYCMD=overwrite cargo test --test cmd` writes the transcripts again; read them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

#[test]
fn transcripts() {
    let cases = trycmd::TestCases::new();
    cases
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .case("tests/cmd/*.toml")
        .case("tests/cmd/*.trycmd");
    if cfg!(not(feature = "cel")) {
        cases.skip("tests/cmd/assert.trycmd");
    }
    cases.run();
}

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/audit.in");

/// Runs the binary in a folder.
fn driftgate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftgate"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

/// A folder with the files of the audit's transcripts.
fn audited() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(DATA).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

const AUDIT: [&str; 5] = [
    "audit",
    "--policy",
    "production.yaml",
    "--from",
    "fleet.jsonl",
];

fn audit(folder: &Path, args: &[&str]) -> Output {
    driftgate(folder, &[&AUDIT, args].concat())
}

#[test]
fn equal_input_gives_equal_bytes_in_every_format() {
    let folder = audited();
    let run = |name: &str| {
        let reports =
            ["json", "markdown", "text"].map(|format| format!("--report={format}={name}.{format}"));
        let output = audit(
            folder.path(),
            &[
                "--reproducible",
                "-q",
                &reports[0],
                &reports[1],
                &reports[2],
            ],
        );
        assert_eq!(
            (
                output.status.code(),
                output.stdout.len(),
                output.stderr.len()
            ),
            (Some(1), 0, 0)
        );
        ["json", "markdown", "text"]
            .map(|format| fs::read(folder.path().join(format!("{name}.{format}"))).unwrap())
    };
    let first = run("first");
    assert_eq!(run("second"), first);
    assert!(first.iter().all(|report| !report.is_empty()));
    assert!(
        !String::from_utf8_lossy(&first[0]).contains("--report"),
        "the command line is not in it"
    );
}

#[test]
fn text_for_people_fits_eighty_columns() {
    let folder = audited();
    let sources: [&[&str]; 4] = [
        &["fleet.jsonl"],
        &["fleet.jsonl", "--stage", "dev"],
        &["stages.json"],
        &[
            "first-page.json",
            "--api",
            "a1b2c3d4e5",
            "--region",
            "eu-west-1",
        ],
    ];
    for source in sources {
        let args = [&["audit", "--policy", "production.yaml", "--from"], source].concat();
        let output = driftgate(folder.path(), &args);
        let text = String::from_utf8(output.stdout).unwrap();
        for line in text.lines() {
            // A word is not broken.
            assert!(
                line.chars().count() <= 80 || !line.trim_start().contains(' '),
                "{line}"
            );
        }
        let last = text
            .lines()
            .rev()
            .find(|line| !line.starts_with(' '))
            .unwrap();
        assert!(
            last.starts_with("Exit "),
            "the last line explains the exit code: {last}"
        );
    }
}

#[test]
fn reports_replace_files_and_write_devices() {
    let folder = audited();
    fs::write(folder.path().join("drift.json"), "old").unwrap();
    let output = audit(
        folder.path(),
        &[
            "--report",
            "json=drift.json",
            "--report",
            "markdown=/dev/null",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("Exit 1"),
        "text goes to stdout when nothing else does"
    );
    let report = fs::read_to_string(folder.path().join("drift.json")).unwrap();
    assert!(report.starts_with("{\"format\":\"driftgate.result\""));
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().ends_with(".part")),
        "{left:?}"
    );
}

#[test]
fn a_report_that_cannot_be_written_is_exit_4() {
    let folder = audited();
    let output = audit(folder.path(), &["--report", "json=/dev/full"]);
    assert_eq!(output.status.code(), Some(4));
    let messages = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        messages.contains("/dev/full could not be written"),
        "{messages}"
    );
}

/// Two reports in one file lose one of them, however the file is written.
#[test]
fn two_reports_do_not_replace_each_other() {
    let folder = audited();
    for (one, other) in [("r", "r"), ("r", "./r"), ("r", "../{}/r"), ("r", "link")] {
        let _ = std::os::unix::fs::symlink("r", folder.path().join("link"));
        let other = other.replace("{}", &folder.path().file_name().unwrap().to_string_lossy());
        let output = audit(
            folder.path(),
            &[
                "--report",
                &format!("json={one}"),
                "--report",
                &format!("markdown={other}"),
            ],
        );
        assert_eq!(
            output.status.code(),
            Some(2),
            "json={one} and markdown={other}"
        );
    }
}

/// The scopes of a narrowed audit count what is in scope.
#[test]
fn a_narrowed_snapshot_counts_only_what_it_is_narrowed_to() {
    let folder = audited();
    for (api, apis) in [("a1b2c3d4e5", 1), ("f6g7h8i9j0", 1), ("nope", 0)] {
        let output = audit(folder.path(), &["--report", "json", "--api", api]);
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["scopes"][0]["apis"], apis, "--api {api}");
    }
}

/// Questions that output of the AWS CLI leaves open come with a hint, once; what follows such a hint has no need of
/// it any more.
#[test]
fn what_cli_output_leaves_open_comes_with_a_hint() {
    const POLICY: &str = "
policy: p
rules:
  - {id: a, title: t, severity: high, expect: {AccessLogSettings: {DestinationArn: {like: 'arn:aws:logs:${region}:${account}:*'}}}}
  - {id: b, title: t, severity: low, expect: {api: {Name: {present: true}, ApiId: {present: true}}}}
  - {id: c, title: t, severity: low, expect: {each-route: {LoggingLevel: [ERROR, INFO]}}}
";
    const OTHER: &str =
        "the output of the AWS CLI does not have it; audit from AWS or from a snapshot";
    let folder = audited();
    fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let hints = |args: &[&str]| -> Vec<String> {
        let output = driftgate(
            folder.path(),
            &[
                &["audit", "--policy", "p.yaml", "--from", "stages.json"],
                args,
            ]
            .concat(),
        );
        assert_eq!(output.status.code(), Some(3), "{output:?}");
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\n    ", " ");
        assert!(!text.contains("requests"), "a file takes none: {text}");
        text.lines()
            .filter_map(|line| line.strip_prefix("  hint: "))
            .map(str::to_owned)
            .collect()
    };
    let all = [
        "state it with --protocol HTTP or --protocol WEBSOCKET",
        "state the Region with --region",
        "state the API with --api",
        OTHER,
    ];
    assert_eq!(hints(&[]), all);
    assert_eq!(
        hints(&["--protocol", "HTTP", "--region", "eu-west-1", "--api", "a1"]),
        ["state the account with --account", OTHER]
    );
}

/// Settings of routes that `each-route` reads are read.
#[test]
fn unread_fields_are_those_that_no_rule_reads() {
    let folder = audited();
    let output = audit(folder.path(), &["--report", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let unread = result["coverage"]["unread_fields"].as_array().unwrap();
    assert!(unread.contains(&"AutoDeploy".into()));
    assert!(
        !unread.contains(&"Tags".into())
            && !unread.contains(&"DefaultRouteSettings.LoggingLevel".into())
    );
    assert!(
        !unread.contains(&"RouteSettings".into()),
        "each-route reads the entries of RouteSettings"
    );
}

/// Drawing a mistake never fails, at any place: at the end, in wide text, in lines of any length.
#[test]
fn any_mistake_can_be_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(format!("{DATA}/production.yaml")).unwrap();
    let long = "x".repeat(5_000);
    let wide = "\u{1f600}é\u{200b}\u{202e}日本".repeat(40);
    let mut count = 0;
    let mut put = |text: &str| {
        fs::write(folder.path().join(format!("{count:03}.yaml")), text).unwrap();
        count += 1;
    };
    for part in [
        "\t",
        "\r\n",
        "\u{0}",
        "\u{7f}",
        "\u{1b}[31m",
        "*x",
        "!x ",
        "{",
        "[",
        "\"",
        "é: ",
        "- ",
        "&a *a",
        long.as_str(),
        wide.as_str(),
    ] {
        for at in (0..good.len()).step_by(37) {
            let mut text = good.clone();
            text.insert_str(at, part);
            put(&text);
        }
    }
    for at in (0..good.len()).step_by(11) {
        put(&good[..at]);
        put(&good[..at].replace('\n', "\r\n"));
    }
    let output = driftgate(folder.path(), &["policy", "check", "."]);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{}",
        &messages[messages.len().saturating_sub(2_000)..]
    );
    assert!(
        messages.lines().last().unwrap().contains(" mistakes in "),
        "{}",
        messages.lines().last().unwrap()
    );
    assert!(
        !messages.contains('\u{1b}'),
        "what a file holds does not reach the terminal as an escape"
    );
}

/// A fleet that tries to speak to GitHub's runner in everything that an API's owner can choose.
fn hostile(command: &str) -> String {
    let api = serde_json::json!({"ApiId": "a1", "Name": format!("x {command} y"), "ProtocolType": "WEBSOCKET", "Tags": {"owner": command}});
    let mut lines = vec![
        r#"{"format":"driftgate.snapshot","version":1,"scopes":[{"account":"1","region":"r"}]}"#
            .to_owned(),
    ];
    for pad in 0..70 {
        let stage = serde_json::json!({
            "StageName": format!("s{pad:02}"),
            "Description": format!("{} {command} {command}", "x".repeat(pad)),
            "RouteSettings": {command: {"ThrottlingBurstLimit": 9_000}},
            "Tags": {command: "", "owner": format!("\n{command}")},
            "AccessLogSettings": {"DestinationArn": command, "Format": format!("{} {command}", "x".repeat(pad))},
        });
        lines.push(
            serde_json::json!({"account": "1", "region": "r", "api": api, "stage": stage})
                .to_string(),
        );
    }
    let gap = serde_json::json!({"account": "1", "region": "r", "api_id": command, "operation": "GetStages", "code": command,
        "message": format!("{} {command}\n{command}", "x".repeat(58)), "hint": format!("a\n{command}")});
    let scope = serde_json::json!({"account": "1", "region": "r", "apis": 1, "stages": 70, "outcome": "partial"});
    let trailer = serde_json::json!({"stages": 70, "scopes": [scope], "unchecked": [gap], "complete": false,
        "warnings": [{"kind": command, "message": format!("{} {command}", "x".repeat(60))}]});
    lines.push(trailer.to_string());
    lines.join("\n") + "\n"
}

/// GitHub's runner takes a line that begins with `::name::` after any white space as a command, and `##[name]` anywhere
/// in a line (runner, ActionCommand.cs). Neither may come from a name, a tag or a message.
#[test]
fn no_output_holds_a_command_for_a_ci_runner() {
    const POLICY: &str = "
policy: p
rules:
  - {id: a, title: t, severity: high, expect: {Description: good, Tags: {'*': good}, AccessLogSettings: {DestinationArn: x, Format: y}}}
  - {id: b, title: t, severity: low, expect: {each-route: {ThrottlingBurstLimit: {max: 5}}, api: {Name: good, Tags: {owner: me}}}}
";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let mut failures = std::collections::BTreeMap::new();
    for command in ["::error file=a,line=1::boo", "##[error]boo"] {
        fs::write(folder.path().join("fleet.jsonl"), hostile(command)).unwrap();
        let audit = |format| {
            driftgate(
                folder.path(),
                &[
                    "audit",
                    "--policy",
                    "p.yaml",
                    "--from",
                    "fleet.jsonl",
                    "--report",
                    format,
                ],
            )
        };
        let snapshot = driftgate(
            folder.path(),
            &["snapshot", "--from", "fleet.jsonl", "-o", "/dev/null"],
        );
        for (name, output) in [
            ("text", audit("text")),
            ("json", audit("json")),
            ("markdown", audit("markdown")),
            ("snapshot", snapshot),
        ] {
            assert!(
                output
                    .status
                    .code()
                    .is_some_and(|code| [1, 3].contains(&code)),
                "{output:?}"
            );
            for bytes in [&output.stdout, &output.stderr] {
                let text = String::from_utf8_lossy(bytes);
                let acts =
                    |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
                if let Some(line) = text.lines().find(acts) {
                    failures
                        .entry(format!("{name}, {command}"))
                        .or_insert(line.to_owned());
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
