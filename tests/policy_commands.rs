//! Output of `driftgate policy check|test|list`, read back as other tools read it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn policy(folder: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    command
        .current_dir(folder.path())
        .env_remove("CLICOLOR_FORCE")
        .arg("policy")
        .args(args)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything that a test can be: passed, failed, of nothing; with names that would like to be something else.
const HOSTILE: &str = r#"
policy: hostile
rules:
  - {id: vars, title: "a ##[error]b \e[2J", severity: low, why: "<&>", expect: {StageVariables: {key: hunter2}, Description: "]]><b a='\"'>"}}
  - {id: logs, title: t, severity: low, match: {AutoDeploy: true}, expect: {AccessLogSettings: {Format: {like: "::error::\e[2J*"}}}}
tests:
  - name: "]]></failure> ##[error]x \e[2J \u0001 & \" ' <a>"
    given: {StageVariables: {key: topsecret}, AutoDeploy: true, AccessLogSettings: {Format: "\n::error::\ufffe"}}
    violates: []
  - {name: good, given: {StageVariables: {key: hunter2}, Description: "]]><b a='\"'>"}, violates: []}
  - {name: nobody looks, given: {AutoDeploy: true}, ungoverned: true}
"#;

#[test]
fn junit_is_xml_that_a_parser_reads() {
    let folder = folder(&[("hostile.yaml", HOSTILE)]);
    let output = policy(
        &folder,
        &[
            "test",
            "--format",
            "junit",
            "--coverage",
            "--mutate",
            "hostile.yaml",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let suites = document.root_element();
    assert_eq!(
        (suites.attribute("tests"), suites.attribute("failures")),
        (Some("3"), Some("2"))
    );
    let suite = suites.children().find(roxmltree::Node::is_element).unwrap();
    assert_eq!(suite.attribute("name"), Some("hostile"));
    let cases: Vec<_> = suite
        .children()
        .filter(|node| node.has_tag_name("testcase"))
        .collect();
    assert_eq!(
        cases[0].attribute("name"),
        Some(r#"]]></failure> \u{23}#[error]x \u{1b}[2J \u{1} & " ' <a>"#)
    );
    assert_eq!(cases[0].attribute("line"), Some("7"));
    let failure = cases[0]
        .children()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    assert_eq!(
        failure.attribute("message"),
        Some("another verdict than expected: vars, logs")
    );
    let text = failure.text().unwrap();
    assert!(
        text.contains("expected  ]]><b a='\"'>\n")
            && text.contains("actual    \\n::error::\\u{fffe}\n"),
        "{text}"
    );
    assert_eq!(cases[1].children().count(), 0, "a test that passed");
    let extent = suite
        .children()
        .find(|node| node.has_tag_name("system-out"))
        .unwrap()
        .text()
        .unwrap();
    assert!(
        extent.contains("Coverage ") && extent.contains("Mutations: "),
        "{extent}"
    );
}

/// A stage variable may be a real one that was pasted into a test, and a policy's text may come from a pull request.
#[test]
fn no_format_shows_a_variable_or_acts_on_who_reads_it() {
    let folder = folder(&[("hostile.yaml", HOSTILE)]);
    let text = |args: &[&str]| {
        let output = policy(&folder, &[args, &["hostile.yaml"]].concat());
        (
            args.join(" "),
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        )
    };
    for (args, text) in [
        text(&["test", "--coverage", "--mutate"]),
        text(&["test", "--coverage", "--mutate", "--format", "json"]),
        text(&["test", "--coverage", "--mutate", "--format", "junit"]),
        text(&["list"]),
        text(&["list", "--format", "json"]),
        text(&["check", "--format", "json"]),
    ] {
        assert!(!text.contains("topsecret"), "{args}: {text}");
        assert!(
            !text.contains("##[") && !text.contains('\u{1b}'),
            "{args}: {text}"
        );
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with("::")),
            "{args}: {text}"
        );
    }
    assert!(text(&["test"]).1.contains("sha256:"));
}

#[test]
fn text_fits_eighty_columns() {
    let folder = folder(&[("hostile.yaml", HOSTILE)]);
    for args in [&["test", "--coverage", "--mutate"] as &[&str], &["list"]] {
        let output = policy(
            &folder,
            &[
                args,
                &["hostile.yaml", "builtin:foundation", "builtin:websocket"],
            ]
            .concat(),
        );
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.lines().count() > 10);
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn a_test_of_nothing_proves_nothing_in_every_format() {
    let folder = folder(&[(
        "p.yaml",
        "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {AutoDeploy: true}}\n",
    )]);
    for format in ["text", "json", "junit"] {
        let output = policy(&folder, &["test", "--format", format, "p.yaml"]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let text =
            String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("nothing was proved"), "{format}: {text}");
    }
    let junit = |paths: &[&str]| {
        let output = policy(&folder, &[&["test", "--format", "junit"], paths].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let failed = document
            .descendants()
            .filter(|node| node.has_tag_name("failure"))
            .count()
            .to_string();
        assert_eq!(
            document.root_element().attribute("failures"),
            Some(failed.as_str()),
            "{text}"
        );
        let cases = document
            .descendants()
            .filter(|node| node.has_tag_name("testcase"))
            .count()
            .to_string();
        assert_eq!(
            document.root_element().attribute("tests"),
            Some(cases.as_str()),
            "{text}"
        );
        (output.status.code(), failed)
    };
    assert_eq!(
        junit(&["p.yaml"]),
        (Some(1), "1".to_owned()),
        "CI shows red"
    );
    assert_eq!(
        junit(&["p.yaml", "builtin:foundation"]),
        (Some(0), "0".to_owned())
    );
}

/// Neither the rules that no test shows at work nor the changes that no rule notices are failures.
#[test]
fn coverage_and_mutations_leave_the_exit_code_alone() {
    let folder = folder(&[(
        "p.yaml",
        "policy: p\nrules:\n\
         \x20 - {id: seen, title: t, severity: low, expect: {each-route: {ThrottlingBurstLimit: {min: 1}}}}\n\
         \x20 - {id: unseen, title: t, severity: low, match: {StageName: x}, expect: {AutoDeploy: true}}\n\
         tests:\n  - {name: n, given: {StageName: y, DefaultRouteSettings: {ThrottlingBurstLimit: 5}}, violates: []}\n",
    )]);
    let output = policy(
        &folder,
        &[
            "test",
            "--coverage",
            "--mutate",
            "--format",
            "json",
            "p.yaml",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    let result = json(&output);
    assert_eq!(result["coverage"]["percent"], 25);
    assert_eq!(
        result["coverage"]["never_conforming"][0]["rule"],
        "p/unseen"
    );
    let mutations = &result["mutations"];
    let survivors = mutations["survivors"].as_array().unwrap();
    let survivor = |path: &str| {
        survivors
            .iter()
            .find(|survivor| survivor["path"] == path)
            .map(|one| &one["changes"])
    };
    assert_eq!(
        survivor("DefaultRouteSettings.ThrottlingBurstLimit"),
        Some(&serde_json::json!(["times 1000"]))
    );
    assert_eq!(
        survivor("RouteSettings.*.ThrottlingBurstLimit"),
        Some(&serde_json::json!(["times 1000"]))
    );
    assert_eq!(survivors.len(), 2, "{survivors:?}");
    // To 0 and unset at the default, the default as a whole, and a new route of 0.
    assert_eq!(
        (&mutations["changes"], &mutations["noticed"]),
        (&6.into(), &4.into())
    );
    let unread = mutations["unread_fields"].as_array().unwrap();
    assert!(
        unread.contains(&"AutoDeploy".into()),
        "a rule that does not look at the stage reads nothing of it"
    );
    let plain = json(&policy(&folder, &["test", "--format", "json", "p.yaml"]));
    assert!(plain.get("coverage").is_none() && plain.get("mutations").is_none());
}

/// A setting that only an `assert` reads is one that a rule makes demands of.
#[cfg(feature = "cel")]
#[test]
fn a_change_that_an_assert_does_not_notice_is_one_that_no_rule_notices() {
    let folder = folder(&[(
        "p.yaml",
        "policy: p\nrules:\n  - {id: r, title: t, severity: low, assert: \"stage.AutoDeploy || stage.StageName != 'x'\"}\n\
         tests:\n  - {name: n, given: {StageName: y}, violates: []}\n",
    )]);
    let mutations = &json(&policy(
        &folder,
        &["test", "--mutate", "--format", "json", "p.yaml"],
    ))["mutations"];
    let survivor = |at: usize| {
        (
            &mutations["survivors"][at]["path"],
            &mutations["survivors"][at]["rules"],
        )
    };
    let by = serde_json::json!(["p/r"]);
    assert_eq!(
        [survivor(0), survivor(1)],
        [(&"AutoDeploy".into(), &by), (&"StageName".into(), &by)]
    );
    assert!(
        !mutations["unread_fields"]
            .as_array()
            .unwrap()
            .contains(&"AutoDeploy".into())
    );
}

#[test]
fn all_errors_of_all_files_are_told_up_to_a_hundred_of_each() {
    let rule = |at| {
        format!("  - {{id: r{at}, title: t, severity: worse, expect: {{AutoDeploy: true}}}}\n")
    };
    let rules = (0..120).map(rule).collect::<Vec<_>>().concat();
    let folder = folder(&[
        ("a.yaml", &format!("policy: a\nrules:\n{rules}")),
        ("b.yaml", "policy: b\nrules: []\n"),
        ("c_test.yaml", "policy: c\ntests: []\n"),
    ]);
    let output = policy(
        &folder,
        &[
            "check",
            "--format",
            "json",
            "a.yaml",
            "none.yaml",
            "b.yaml",
            "c_test.yaml",
        ],
    );
    assert_eq!((output.status.code(), output.stderr.len()), (Some(2), 0));
    let result = json(&output);
    let of = |file: &str| {
        result["errors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|error| error["file"] == file)
            .count()
    };
    assert_eq!([of("a.yaml"), of("none.yaml"), of("b.yaml")], [100, 1, 1]);
    assert_eq!(
        of("c_test.yaml"),
        0,
        "what cannot be read may hold its policy"
    );
    assert_eq!(
        result["not_shown"],
        serde_json::json!([{"file": "a.yaml", "errors": 20, "warnings": 0}])
    );
    assert_eq!(result["rules"], Value::Null);

    let output = policy(&folder, &["check", "a.yaml", "none.yaml", "b.yaml"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("none.yaml: no such file") && text.contains("the policy has no rules"),
        "{text}"
    );
    assert!(
        text.contains("… and 20 more in a.yaml") && text.contains("122 mistakes in 3 files"),
        "{text}"
    );
}

/// Columns count characters, as in errors.
#[test]
fn warnings_have_their_places() {
    let folder = folder(&[
        (
            "b.yaml",
            "policy: b\nrules:\n  - {id: r, title: é, severity: low, expect: {AutoDeploy: true}}\n",
        ),
        (
            "c.yaml",
            "policy: c\nrules:\n  - {id: r, title: é, severity: low, expect: {AutoDeploy: false}}\n",
        ),
    ]);
    let output = policy(&folder, &["check", "--format", "json", "b.yaml", "c.yaml"]);
    assert_eq!(output.status.code(), Some(0));
    let warning = &json(&output)["warnings"][0];
    assert_eq!(
        (&warning["kind"], &warning["file"]),
        (&"contradiction".into(), &"c.yaml".into())
    );
    assert_eq!(
        [&warning["line"], &warning["column"], &warning["end_column"]],
        [&3, &59, &64]
    );
    assert_eq!(
        (&warning["beside"]["file"], &warning["beside"]["end_column"]),
        (&"b.yaml".into(), &63.into())
    );
}

/// A stage that the policy's `match` leaves out is reported once, not once a rule.
#[test]
fn a_stage_outside_the_policy_is_told_once() {
    let rule = |id: &str| {
        format!("  - {{id: {id}, title: t, severity: low, expect: {{AutoDeploy: false}}}}\n")
    };
    let text = format!(
        "policy: p\nmatch: {{StageName: prod}}\nrules:\n{}{}tests:\n  - {{name: n, given: {{StageName: dev}}, violates: []}}\n",
        rule("one"),
        rule("two")
    );
    let output = policy(&folder(&[("p.yaml", &text)]), &["test", "p.yaml"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text.matches("does not hold").count(), 1, "{text}");
    assert_eq!(text.matches("StageName").count(), 1, "{text}");
}
