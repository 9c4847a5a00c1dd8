//! The run file on the binary: what it adds to a command line, what outranks it, and what is wrong with it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/run-file.in");

/// A folder with a policy, a snapshot, the output of the AWS CLI, and this run file.
fn folder(run_file: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["production.yaml", "fleet.jsonl"] {
        fs::copy(format!("{DATA}/{file}"), folder.path().join(file)).unwrap();
    }
    fs::copy(
        format!("{DATA}/../audit.in/stages.json"),
        folder.path().join("stages.json"),
    )
    .unwrap();
    fs::write(folder.path().join("driftgate.yaml"), run_file).unwrap();
    folder
}

/// A command without AWS in its environment.
fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_driftgate"));
    for name in [
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
        "AWS_ENDPOINT_URL",
    ] {
        command.env_remove(name);
    }
    command
        .env("HOME", folder)
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "x")
        .env("AWS_SECRET_ACCESS_KEY", "x")
        .current_dir(folder)
        .args(args);
    command
}

fn driftgate(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn run(run_file: &str, args: &[&str]) -> Output {
    driftgate(folder(run_file).path(), args)
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn diagnostics(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const FLEET: &str = "policy: [production.yaml]\nfrom: fleet.jsonl\n";

/// Mistakes in a run file, as the titles of the messages.
fn titles(run_file: &str) -> Vec<String> {
    let output = run(run_file, &["policy", "check", "production.yaml"]);
    let diagnostics = diagnostics(&output);
    let titles: Vec<String> = diagnostics
        .lines()
        .filter_map(|line| line.strip_prefix("error: "))
        .map(str::to_owned)
        .collect();
    assert_eq!(
        code(&output),
        if titles.is_empty() { 0 } else { 2 },
        "{diagnostics}"
    );
    titles
}

/// A saved result holds the gate's tolerance, but not the choice of report.
#[test]
fn a_saved_result_goes_by_the_gate_of_its_audit() {
    let folder = folder(FLEET);
    let saved = driftgate(folder.path(), &["audit", "-q", "--report", "json=r.json"]);
    assert_eq!(code(&saved), 1);
    fs::write(
        folder.path().join("driftgate.yaml"),
        "fail-on: never\nallow-empty: true\nreport: json=again.json\n",
    )
    .unwrap();
    let again = driftgate(folder.path(), &["report", "r.json", "-q"]);
    assert_eq!(code(&again), 1, "{}", diagnostics(&again));
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("again.json"), read("r.json"));
    assert_eq!(
        code(&driftgate(
            folder.path(),
            &["report", "r.json", "-q", "--fail-on", "never"]
        )),
        0
    );
}

/// A policy that matches no stage.
const GOVERNS_NOTHING: &str = "
policy: none
match: {StageName: none}
rules:
  - {id: r, title: t, severity: low, expect: {AutoDeploy: true}}
";

#[test]
fn keys_are_flags_and_flags_win() {
    let file =
        format!("{FLEET}fail-on: never\nreport: [json=r.json, markdown=r.md]\nallow-empty: true\n");
    let folder = folder(&file);
    let output = driftgate(folder.path(), &["audit"]);
    assert_eq!(code(&output), 0, "{}", diagnostics(&output));
    assert!(folder.path().join("r.json").exists() && folder.path().join("r.md").exists());

    // A list on the command line replaces the file's whole.
    fs::remove_file(folder.path().join("r.md")).unwrap();
    let output = driftgate(
        folder.path(),
        &["audit", "--report", "json", "--fail-on", "low"],
    );
    assert_eq!(code(&output), 1);
    assert!(output.stdout.starts_with(b"{") && !folder.path().join("r.md").exists());

    fs::write(folder.path().join("none.yaml"), GOVERNS_NOTHING).unwrap();
    let output = driftgate(folder.path(), &["audit", "--policy", "none.yaml"]);
    assert_eq!(code(&output), 0, "allow-empty holds");
}

#[test]
fn the_result_shows_the_command_line_as_it_was_typed() {
    let output = run(FLEET, &["audit", "--report", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let shown: Vec<&str> = result["run"]["command_line"].as_array().unwrap()[1..]
        .iter()
        .map(|arg| arg.as_str().unwrap())
        .collect();
    assert_eq!(shown, ["audit", "--report", "json"]);
    assert_eq!(result["run"]["source"], "fleet.jsonl");
}

#[test]
fn a_boolean_that_is_false_is_left_off() {
    let audit = |value: &str| {
        let folder = folder(&format!("{FLEET}allow-empty: {value}\n"));
        fs::write(folder.path().join("none.yaml"), GOVERNS_NOTHING).unwrap();
        code(&driftgate(
            folder.path(),
            &["audit", "--policy", "none.yaml"],
        ))
    };
    assert_eq!((audit("true"), audit("false")), (0, 3));
}

#[test]
fn paths_are_those_of_the_folder_of_the_run_file() {
    let folder = folder("");
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    let all = "policy: [../../production.yaml, builtin:websocket]\nfrom: snapshot:../../fleet.jsonl\n\
               report: [json=r.json, text=-]\noutput: s.jsonl\n";
    fs::write(below.join("run.yaml"), all).unwrap();
    let output = driftgate(folder.path(), &["audit", "--config", "a/b/run.yaml"]);
    assert_eq!((code(&output), diagnostics(&output)), (1, String::new()));
    assert!(
        below.join("r.json").exists() && String::from_utf8_lossy(&output.stdout).contains("Exit 1")
    );
    let output = driftgate(
        folder.path(),
        &[
            "snapshot",
            "--config",
            "a/b/run.yaml",
            "--from",
            "fleet.jsonl",
        ],
    );
    assert_eq!(
        code(&output),
        0,
        "what is typed is from the working directory: {}",
        diagnostics(&output)
    );
    assert!(below.join("s.jsonl").exists());
    // An absolute path is one.
    let absolute = format!(
        "policy: [{0}/production.yaml]\nfrom: {0}/fleet.jsonl\n",
        folder.path().display()
    );
    fs::write(below.join("run.yaml"), absolute).unwrap();
    assert_eq!(
        code(&driftgate(&below, &["audit", "--config", "run.yaml"])),
        1
    );
}

#[test]
fn what_a_command_needs_may_stand_in_the_file() {
    let folder = folder("output: fleet.jsonl.gz\n");
    let output = driftgate(folder.path(), &["snapshot", "--from", "fleet.jsonl"]);
    assert_eq!(code(&output), 0, "{}", diagnostics(&output));
    assert!(folder.path().join("fleet.jsonl.gz").exists());
    let output = run("", &["snapshot", "--from", "fleet.jsonl"]);
    assert!(
        code(&output) == 2 && diagnostics(&output).contains("--output <FILE>"),
        "{}",
        diagnostics(&output)
    );
}

#[test]
fn policy_check_and_test_take_the_policies_of_the_file() {
    for args in [
        &["policy", "check"] as &[_],
        &["policy", "test"],
        &["policy", "test", "--"],
    ] {
        let output = run("policy: [production.yaml]\n", args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            code(&output) == 0 && text.contains("2 tests"),
            "{args:?}: {text}{}",
            diagnostics(&output)
        );
    }
    let output = run("policy: [none]\n", &["policy", "check", "production.yaml"]);
    assert_eq!(
        code(&output),
        0,
        "what is typed wins: {}",
        diagnostics(&output)
    );
}

#[test]
fn what_is_typed_may_stand_beside_anything_in_the_file() {
    for (file, args) in [
        (
            "quiet: true\n",
            &["audit", "--from", "fleet.jsonl", "--verbose"] as &[_],
        ),
        ("verbose: true\n", &["audit", "--from", "fleet.jsonl", "-q"]),
        (
            "rate: 5\nburst: 2\ntimeout: 9\nregion: eu-west-1\nprofile: p\n",
            &["audit", "--from", "fleet.jsonl"],
        ),
        (
            "protocol: HTTP\nfrom: stages.json\n",
            &["audit", "--from", "fleet.jsonl"],
        ),
    ] {
        let output = run(&format!("policy: [production.yaml]\n{file}"), args);
        assert_eq!(code(&output), 1, "{file}: {}", diagnostics(&output));
    }
    // The demo would serve until it is ended; on a port that is taken it ends at once.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let serving = run(
        "report: [json=r.json]\nreproducible: true\n",
        &["demo", "--serve", "--port", &port],
    );
    assert_eq!(code(&serving), 4, "{}", diagnostics(&serving));
}

#[test]
fn a_flag_without_what_it_needs_says_nothing() {
    let folder = folder("page-size: 5\nthrottle: true\nstages: 9\nverbose: false\n");
    let output = driftgate(folder.path(), &["demo"]);
    assert_eq!(code(&output), 0, "{}", diagnostics(&output));
    let output = driftgate(folder.path(), &["demo", "--latency", "5"]);
    assert!(
        code(&output) == 2 && diagnostics(&output).contains("--serve"),
        "what is typed must fit: {}",
        diagnostics(&output)
    );
}

#[test]
fn waivers_are_those_that_are_typed() {
    let none = run(
        &format!("{FLEET}waivers: [none.yaml]\n"),
        &["audit", "--no-waivers"],
    );
    assert_eq!(code(&none), 1, "{}", diagnostics(&none));
    let typed = run(
        &format!("{FLEET}no-waivers: true\n"),
        &["audit", "--waivers", "none.yaml"],
    );
    assert!(
        code(&typed) == 2 && diagnostics(&typed).contains("none.yaml: no such file"),
        "{}",
        diagnostics(&typed)
    );
}

#[test]
fn environment_variables_of_aws_outrank_the_file_and_flags_outrank_both() {
    let at = "http://127.0.0.1:1";
    let folder = folder(&format!(
        "endpoint-url: {at}\nregion: [eu-west-1, eu-west-2]\ntimeout: 0.2\nreport: json\n"
    ));
    let regions = |environment: &[(&str, &str)], args: &[&str]| -> Vec<String> {
        let mut command = command(folder.path(), &[&["audit"], args].concat());
        let output = command.envs(environment.iter().copied()).output().unwrap();
        let result: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", diagnostics(&output)));
        result["scopes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|scope| scope["region"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(regions(&[], &[]), ["eu-west-1", "eu-west-2"]);
    assert_eq!(regions(&[("AWS_REGION", "us-east-1")], &[]), ["us-east-1"]);
    assert_eq!(
        regions(&[("AWS_DEFAULT_REGION", "us-east-2")], &[]),
        ["us-east-2"]
    );
    assert_eq!(
        regions(&[("AWS_REGION", "")], &[]),
        ["eu-west-1", "eu-west-2"],
        "an empty one says nothing"
    );
    assert_eq!(
        regions(&[("AWS_REGION", "us-east-1")], &["--region", "sa-east-1"]),
        ["sa-east-1"]
    );

    // An environment variable overrides nothing that it cannot express.
    let folder = self::folder(
        "policy: [production.yaml]\nfrom: stages.json\napi: a1b2c3d4e5\nprotocol: HTTP\nregion: eu-west-1\n",
    );
    let output = command(folder.path(), &["audit", "--report=json"])
        .env("AWS_REGION", "us-east-1")
        .output()
        .unwrap();
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["scopes"][0]["region"], "eu-west-1");
}

#[test]
fn no_run_file_is_fine_and_a_named_one_must_be_there() {
    let folder = folder("");
    fs::remove_file(folder.path().join("driftgate.yaml")).unwrap();
    let check = |args: &[&str]| {
        driftgate(
            folder.path(),
            &[&["policy", "check", "production.yaml"], args].concat(),
        )
    };
    assert_eq!(code(&check(&[])), 0);
    assert_eq!(code(&check(&["--config", "none.yaml"])), 2);
    assert_eq!(
        code(&check(&["--config", "/dev/null"])),
        0,
        "a way to read none"
    );
    fs::create_dir(folder.path().join("driftgate.yaml")).unwrap();
    assert!(diagnostics(&check(&[])).contains("driftgate.yaml: a folder"));
    fs::remove_dir(folder.path().join("driftgate.yaml")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("driftgate.yaml")).unwrap();
    assert_eq!(
        code(&check(&[])),
        2,
        "a link that leads nowhere is not the same as no run file"
    );
}

#[test]
fn a_run_file_under_nearly_the_right_name_is_not_passed_over() {
    for name in ["driftgate.yml", ".driftgate.yaml"] {
        let folder = folder("");
        fs::remove_file(folder.path().join("driftgate.yaml")).unwrap();
        fs::write(folder.path().join(name), FLEET).unwrap();
        let output = driftgate(folder.path(), &["audit"]);
        assert_eq!(code(&output), 2, "{}", diagnostics(&output));
        assert!(
            diagnostics(&output).contains(&format!("`mv {name} driftgate.yaml`")),
            "{}",
            diagnostics(&output)
        );
        let named = driftgate(folder.path(), &["audit", "--config", name]);
        assert_eq!(code(&named), 1, "{}", diagnostics(&named));
        // So is one with a mistake in it.
        fs::write(folder.path().join(name), "fail-on: high\nreprot: json\n").unwrap();
        let mistaken = driftgate(folder.path(), &["audit"]);
        assert!(
            code(&mistaken) == 2 && diagnostics(&mistaken).contains(" driftgate.yaml`"),
            "{}",
            diagnostics(&mistaken)
        );
        // A file of another tool may have that name.
        fs::write(folder.path().join(name), "on: push\n").unwrap();
        let other = driftgate(
            folder.path(),
            &[
                "audit",
                "--policy",
                "production.yaml",
                "--from",
                "fleet.jsonl",
            ],
        );
        assert_eq!(code(&other), 1, "{}", diagnostics(&other));
    }
}

#[test]
fn help_is_given_whatever_the_run_file_says() {
    for args in [&["--help"] as &[_], &["audit", "--help"], &["--version"]] {
        assert_eq!(code(&run("broken: [", args)), 0, "{args:?}");
    }
}

#[test]
fn every_command_refuses_a_run_file_with_a_mistake() {
    for args in [
        &["audit"] as &[_],
        &["snapshot"],
        &["snapshot", "-o", "x"],
        &["policy", "check", "production.yaml"],
        &["policy", "test"],
        &["demo"],
    ] {
        let output = run("reprot: json\n", args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(
            diagnostics(&output).contains("driftgate.yaml:1:1")
                && diagnostics(&output).contains("did you mean `report`?")
        );
    }
}

#[test]
fn every_mistake_has_its_message() {
    let title = |file: &str| titles(file).first().cloned().unwrap_or_default();
    for (file, expected) in [
        ("", ""),
        ("# rate: fast\n", ""),
        ("{}\n", ""),
        (
            "rate: 5\nreport: [json=r.json]\noutput: x\nserve: false\n",
            "",
        ),
        (
            "- policy\n",
            "a run file is a mapping of flags, and this is a list",
        ),
        (
            "policy\n",
            "a run file is a mapping of flags, and this is a text",
        ),
        ("policy: 5\n", "`policy` is a text, and this is a number"),
        (
            "policy: {a: b}\n",
            "`policy` holds texts or numbers, and this is a mapping",
        ),
        (
            "policy: [[a]]\n",
            "`policy` holds texts or numbers, and this is a list",
        ),
        ("policy: []\n", "`policy` is an empty list"),
        ("policy:\n", "`policy` is empty"),
        ("policy: [\"\"]\n", "`policy` is empty"),
        (
            "api: [1234567890]\n",
            "`api` is a text, and this is a number",
        ),
        ("rate: fast\n", "`rate` cannot be `fast`"),
        ("rate: -1\n", "`rate` cannot be `-1`"),
        ("burst: 0\n", "`burst` cannot be `0`"),
        (
            "burst: [1]\n",
            "`burst` holds one value, and this is a list",
        ),
        ("fail-on: hihg\n", "`fail-on` cannot be `hihg`"),
        ("fail-on: true\n", "`fail-on` cannot be `true`"),
        ("report: [json, yaml]\n", "`report` cannot be `yaml`"),
        ("fault: deny\n", "`fault` cannot be `deny`"),
        ("reprot: json\n", "a run file has no key `reprot`"),
        ("--report: json\n", "a run file has no key `--report`"),
        ("config: x\n", "a run file has no key `config`"),
        ("help: true\n", "a run file has no key `help`"),
        ("version: true\n", "a run file has no key `version`"),
        (
            "quiet: 1\n",
            "`quiet` is true or false, and this is a number",
        ),
        (
            "quiet: \"true\"\n",
            "`quiet` is true or false, and this is a text",
        ),
        (
            "quiet: true\nverbose: true\n",
            "`verbose` cannot be used with `quiet`",
        ),
        ("rate: 5\nrate: 6\n", "duplicate key `rate`"),
        ("rate: 5\n---\nrate: 6\n", "a second document in one file"),
        ("rate: !x 5\n", "`!x` is a YAML tag"),
        ("rate: [\n", "this is not YAML"),
    ] {
        assert_eq!(title(file), expected, "{file}");
    }
    assert_eq!(
        titles("rate: fast\nreprot: x\npolicy: 5\n").len(),
        4,
        "all at once, and how many"
    );
}

/// A run file is known by its name: other files are policies or waivers, whatever is in them.
#[test]
fn a_run_file_is_checked_by_its_name() {
    let folder = folder("");
    fs::create_dir(folder.path().join("nightly")).unwrap();
    let check = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).unwrap();
        let output = driftgate(folder.path(), &["policy", "check", name]);
        (
            code(&output),
            String::from_utf8_lossy(&output.stdout).into_owned() + &diagnostics(&output),
        )
    };
    let run_file = "nightly/driftgate.yaml";
    for text in [
        "policy: [a.yaml]\nrate: 5\n",
        "policy: policies\n",
        "policy: rules/\n",
        "{}\n",
    ] {
        let (good, diagnostics) = check(run_file, text);
        assert!(
            good == 0 && diagnostics.contains(&format!("run file {run_file}: no mistakes")),
            "{text}: {diagnostics}"
        );
    }
    let (bad, diagnostics) = check(run_file, "policy: [a.yaml]\nrate: fast\n");
    assert!(
        bad == 2 && diagnostics.contains("nightly/driftgate.yaml:2:7"),
        "{diagnostics}"
    );
    let (bad, diagnostics) = check(run_file, "policy: p\nrules: []\n");
    assert!(
        bad == 2 && diagnostics.contains("a run file has no key `rules`"),
        "{diagnostics}"
    );
    let (bad, diagnostics) = check("x.yaml", "waivers: [{rule: p/r}]\n");
    assert!(
        bad == 2 && diagnostics.contains("the waiver has no `match`"),
        "{diagnostics}"
    );
    for policy in [
        "policy: p\n",
        "rules: []\n",
        "policy: p\nfail-on: high\n",
        "policy: p\nrule: []\n",
    ] {
        let (bad, diagnostics) = check("x.yaml", policy);
        assert!(
            bad == 2 && diagnostics.contains("policy") && !diagnostics.contains("run file has"),
            "{policy}: {diagnostics}"
        );
    }
}

#[test]
fn a_run_file_in_a_folder_of_policies_is_not_a_policy() {
    let folder = folder(FLEET);
    assert_eq!(
        code(&driftgate(folder.path(), &["audit", "--policy", "."])),
        1
    );
    let check = driftgate(folder.path(), &["policy", "check", "."]);
    let text = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(
        text.contains("1 policy, 4 rules") && text.matches("run file").count() == 1,
        "{text}{}",
        diagnostics(&check)
    );
    let named = driftgate(folder.path(), &["audit", "--policy", "driftgate.yaml"]);
    assert!(
        code(&named) == 2 && diagnostics(&named).contains("is a run file"),
        "{}",
        diagnostics(&named)
    );
    for policy in [
        "policy: prod.v2\nrule: []\n",
        "policy: {name: p}\nrules : []\n",
        "name: p\nregion: x\nrule: []\n",
    ] {
        fs::write(folder.path().join("misspelt.yaml"), policy).unwrap();
        let refused = driftgate(folder.path(), &["audit", "--policy", "."]);
        assert!(
            code(&refused) == 2 && diagnostics(&refused).contains("misspelt.yaml"),
            "{policy}: {}",
            diagnostics(&refused)
        );
    }
    fs::remove_file(folder.path().join("misspelt.yaml")).unwrap();
    // The one in use has a name of its own.
    fs::rename(
        folder.path().join("driftgate.yaml"),
        folder.path().join("nightly.yaml"),
    )
    .unwrap();
    let list = |args: &[&str]| {
        code(&driftgate(
            folder.path(),
            &[&["policy", "list", "."], args].concat(),
        ))
    };
    assert_eq!((list(&["--config", "nightly.yaml"]), list(&[])), (0, 2));
    fs::rename(
        folder.path().join("nightly.yaml"),
        folder.path().join("driftgate.yaml"),
    )
    .unwrap();
    fs::remove_file(folder.path().join("production.yaml")).unwrap();
    let alone = driftgate(folder.path(), &["audit", "--policy", "."]);
    assert!(
        code(&alone) == 2 && diagnostics(&alone).contains("is a run file"),
        "{}",
        diagnostics(&alone)
    );
}

#[test]
fn a_value_that_only_another_command_takes_is_passed_over() {
    let folder = folder(&format!("{FLEET}format: junit\n"));
    let first = |args: &[&str]| {
        let output = driftgate(folder.path(), args);
        assert_eq!(code(&output), 0, "{args:?}: {}", diagnostics(&output));
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert!(first(&["policy", "test"]).starts_with("<?xml"));
    assert!(first(&["policy", "check"]).contains("no mistakes"));
    assert!(first(&["policy", "list"]).starts_with("production"));
    let wrong = run("format: junti\n", &["policy", "test"]);
    assert!(
        code(&wrong) == 2 && diagnostics(&wrong).contains("did you mean `junit`?"),
        "{}",
        diagnostics(&wrong)
    );
}

#[test]
fn policy_check_tells_of_the_run_file_with_everything_else() {
    let folder = folder("policy: [bad.yaml]\nrate: fast\n");
    fs::write(folder.path().join("bad.yaml"), "policy: bad\nrules: []\n").unwrap();
    let errors = |args: &[&str]| -> Vec<String> {
        let output = driftgate(
            folder.path(),
            &[&["policy", "check", "--format", "json"], args].concat(),
        );
        assert_eq!((code(&output), diagnostics(&output)), (2, String::new()));
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors = result["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["file"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        errors(&[]),
        ["bad.yaml", "driftgate.yaml"],
        "in the order of files"
    );
    assert_eq!(errors(&["driftgate.yaml"]), ["driftgate.yaml"], "once");
    assert_eq!(
        errors(&["production.yaml", "--config", "none.yaml"]),
        ["none.yaml"]
    );
    let text = diagnostics(&driftgate(folder.path(), &["policy", "check"]));
    assert!(
        text.contains("the policy has no rules") && text.contains("2 mistakes in 2 files"),
        "{text}"
    );
}

#[test]
fn policy_check_checks_the_waivers_that_the_run_file_names() {
    let waiver = "rule: production/throttling, reason: because, owner: me, expires: '2999-01-31'";
    let folder = folder(&format!("{FLEET}waivers: [w.yaml]\n"));
    let check = |text: Option<&str>| {
        if let Some(text) = text {
            fs::write(folder.path().join("w.yaml"), text).unwrap();
        }
        let output = driftgate(folder.path(), &["policy", "check", "."]);
        (
            code(&output),
            String::from_utf8_lossy(&output.stdout).into_owned() + &diagnostics(&output),
        )
    };
    let (missing, text) = check(None);
    assert!(
        missing == 2 && text.contains("w.yaml: no such file"),
        "{text}"
    );
    let (broken, text) = check(Some(&format!("waivers: [{{{waiver}}}]\n")));
    assert!(
        broken == 2 && text.contains("the waiver has no `match`") && text.contains("1 mistake in"),
        "{text}"
    );
    let (good, text) = check(Some(&format!(
        "waivers: [{{{waiver}, match: {{StageName: prod}}}}]\n"
    )));
    assert!(
        good == 0 && text.contains("1 waiver,"),
        "what two names name is one file: {text}"
    );
}

#[test]
fn mistakes_of_the_file_speak_of_the_file() {
    let folder = folder("");
    let told = |run_file: &str, args: &[&str]| {
        fs::write(folder.path().join("driftgate.yaml"), run_file).unwrap();
        let output = driftgate(folder.path(), args);
        assert_eq!(code(&output), 2, "{run_file}");
        diagnostics(&output)
    };
    let audit = &["audit"] as &[_];
    for (run_file, args, expected) in [
        (
            "from: fleet.jsonl\nrate: 3\n",
            audit,
            "`rate` is for AWS, and `from` names a file\n --> driftgate.yaml:2:1",
        ),
        (
            "protocol: HTTP\n",
            audit,
            "`protocol` is for a file, and stages are read from AWS\n --> driftgate.yaml:1:1",
        ),
        ("burst: 0\n", audit, "^ a whole number of at least 1\n"),
        ("burst: 0x5\n", audit, "^^^ a whole number of at least 1\n"),
        (
            "concurrency: 10001\n",
            audit,
            "^ a whole number from 1 to 10000\n",
        ),
        ("port: http\n", audit, "^ a whole number from 0 to 65535\n"),
        (
            "rate: 5\n---\nrate: 6\n",
            audit,
            "^ a file holds one document\n",
        ),
        (
            "policy: nosuchpol\n",
            audit,
            "nosuchpol: no such file or folder\n --> driftgate.yaml:1:9",
        ),
        (
            "policy:\n  - none.yaml\n",
            audit,
            "none.yaml: no such file or folder\n --> driftgate.yaml:2:5",
        ),
        (
            "policy: [builtin:fundation]\n",
            &["policy", "test"],
            "--> driftgate.yaml:1:10",
        ),
    ] {
        let text = told(run_file, args);
        assert!(text.contains(expected), "{run_file}: {text}");
    }
}

#[test]
fn the_accounts_of_an_audit_are_not_the_number_of_the_demo() {
    for accounts in [
        "[\"444455556666\"]",
        "[\"444455556666\", \"777788889999\"]",
        "\"444455556666\"",
    ] {
        let output = run(&format!("accounts: {accounts}\n"), &["demo", "--quiet"]);
        assert_eq!(code(&output), 0, "{accounts}: {}", diagnostics(&output));
    }
    let output = run(
        "accounts: [\"not an account\"]\nregions: [1, 2]\n",
        &["demo", "--quiet"],
    );
    assert_eq!(code(&output), 2);
    assert!(
        diagnostics(&output).contains("`regions` holds one value"),
        "{}",
        diagnostics(&output)
    );
}
