//! driftgate's verdicts on a moto server, which others wrote, equal those of an oracle that reads it through boto3.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

mod organization;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::Value;

use self::server::{Server, stderr};

const PYTHON: &str = "DRIFTGATE_MOTO_PYTHON";
const REGIONS: [&str; 3] = ["ap-southeast-2", "eu-central-1", "us-east-1"];
const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto/policy.yaml");
/// The rule that a digest of a stage variable cannot decide.
const HOLDS_KEY: &str = "moto/variable-values";
const SEED: &str = "2";

#[test]
fn verdicts_equal_those_of_an_independent_oracle() {
    let Some(python) = python() else { return };
    let server = Server::start(&python);
    server.script("fleet.py", &[&[SEED], &REGIONS[..]].concat());
    let oracle = Oracle::ask(&server);
    oracle.assert_varied();

    everything(&server, &oracle);
    secrets_stay_hidden(&server, &oracle);
    one_stage(&server, &oracle);
    one_stage_name(&server, &oracle);
    a_snapshot(&server, &oracle);
}

/// The python of the environment; without it the test is skipped loudly, and fails in CI.
fn python() -> Option<PathBuf> {
    if let Some(python) = std::env::var_os(PYTHON).filter(|python| !python.is_empty()) {
        return Some(python.into());
    }
    let how = format!("run it with {PYTHON}=$(tests/moto/setup.sh) cargo test --test moto");
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{PYTHON} is not set, and in CI it must be: {how}"
    );
    // Straight to the terminal: cargo hides the output of a passing test.
    let _ = writeln!(
        std::io::stderr(),
        "\nSKIPPED: the moto test, for {PYTHON} is not set; {how}\n"
    );
    None
}

fn everything(server: &Server, oracle: &Oracle) {
    let report = audit_aws(server, &["--show-values"]);
    report.assert_complete();
    assert_same("the whole fleet", &report.violations(), &oracle.violations);
    for violation in report.list("violations") {
        assert!(
            oracle.stages.contains(&violation["stage"]),
            "no such stage: {}",
            violation["stage"]
        );
    }
    let summary = &report.0["summary"];
    assert_eq!(summary["stages"], oracle.stages.len());
    for count in ["governed", "checks", "not_applicable"] {
        assert_eq!(summary[count], oracle.counts[count], "{count}");
    }
    for region in REGIONS {
        let scope = report.scope(region);
        assert_eq!(
            scope["apis"],
            oracle.apis.iter().filter(|api| api[0] == region).count(),
            "APIs of {region}"
        );
        assert_eq!(
            scope["stages"],
            oracle.stages_where(|stage| stage["region"] == region),
            "stages of {region}"
        );
        assert_eq!(scope["skipped_apis"], 0);
        assert_eq!(scope["outcome"], "checked");
    }
}

/// Without --show-values all is the same, but for the values of stage variables.
fn secrets_stay_hidden(server: &Server, oracle: &Oracle) {
    let report = audit_aws(server, &[]);
    report.assert_complete();
    assert_same(
        "redacted",
        &report.violations().hidden(),
        &oracle.violations.hidden(),
    );
    // One digest a value, and no two values with the same one.
    let shown: BTreeMap<_, _> = oracle
        .violations
        .iter()
        .filter(|found| found.is_variable())
        .map(key_and_actual)
        .collect();
    let mut values = BTreeMap::new();
    for found in report
        .violations()
        .iter()
        .filter(|found| found.is_variable())
    {
        let (key, digest) = key_and_actual(found);
        let hex = digest
            .trim_matches('"')
            .strip_prefix("sha256:")
            .unwrap_or_else(|| panic!("not a digest: {digest}"));
        assert!(
            hex.len() == 12 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "not a digest: {digest}"
        );
        let name_and_value = (found.path.clone(), shown[&key].clone());
        assert_eq!(
            values
                .entry(digest)
                .or_insert_with(|| name_and_value.clone()),
            &name_and_value
        );
    }
    assert!(values.len() > 5, "few stage variables: {values:?}");
    let distinct: BTreeSet<_> = values.values().collect();
    assert_eq!(distinct.len(), values.len(), "a value has two digests");
    let text = report.0.to_string();
    let mut secrets = shown
        .iter()
        .filter(|(found, _)| found.rule == HOLDS_KEY)
        .map(|(_, value)| value.trim_matches('"'));
    assert_eq!(
        secrets.find(|secret| text.contains(secret)),
        None,
        "a secret is in the report"
    );
}

fn key_and_actual(found: &Violation) -> (Violation, String) {
    (
        Violation {
            actual: String::new(),
            ..found.clone()
        },
        found.actual.clone(),
    )
}

/// One API and one stage: GetApi and GetStage in place of lists.
fn one_stage(server: &Server, oracle: &Oracle) {
    for (protocol, name) in [("HTTP", "$default"), ("WEBSOCKET", "prod")] {
        let stage = oracle.worst_stage(protocol, name);
        let (region, api) = (
            stage["region"].as_str().unwrap(),
            stage["api_id"].as_str().unwrap(),
        );
        let log = server.log().len();
        let report = audit_aws(server, &["--api", api, "--stage", name, "--show-values"]);
        report.assert_complete();
        let expected = oracle
            .violations
            .only(|found| found.api_id == api && found.stage == name);
        assert_same(&format!("{name} of {api}"), &report.violations(), &expected);
        for asked in REGIONS {
            let here = i32::from(asked == region);
            assert_eq!(report.scope(asked)["apis"], here, "APIs of {asked}");
            assert_eq!(report.scope(asked)["stages"], here, "stages of {asked}");
        }
        let api_path = format!("GET /v2/apis/{api}");
        let mut calls = server.calls_since(log);
        calls.sort();
        let stage_path = calls.pop().unwrap_or_default().replace("%24", "$");
        assert_eq!(stage_path, format!("{api_path}/stages/{name}"));
        assert_eq!(
            calls,
            [api_path.as_str(); REGIONS.len()],
            "GetApi in each Region, and no list"
        );
    }
}

/// The stages of one name, of all APIs: GetStage for each.
fn one_stage_name(server: &Server, oracle: &Oracle) {
    let log = server.log().len();
    let report = audit_aws(server, &["--stage", "prod", "--show-values"]);
    report.assert_complete();
    assert_same(
        "prod",
        &report.violations(),
        &oracle.violations.only(|found| found.stage == "prod"),
    );
    assert_eq!(
        report.0["summary"]["stages"],
        oracle.stages_where(|stage| stage["name"] == "prod")
    );
    let calls = server.calls_since(log);
    assert!(
        !calls.iter().any(|call| call.ends_with("/stages")),
        "GetStages was called: {calls:#?}"
    );
}

/// A snapshot equals the server; a hidden stage variable has a digest, which is enough for equality.
fn a_snapshot(server: &Server, oracle: &Oracle) {
    let audit_saved = |name: &str, flags: &[&str]| {
        let path = server.file(name);
        let path = path.to_str().unwrap();
        let output =
            server.driftgate(&[&["snapshot", "-o", path], &from_aws(server)[..], flags].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        audit(server, &[&["--from", path], flags].concat())
    };

    let report = audit_saved("open.jsonl.zst", &["--show-values"]);
    report.assert_complete();
    assert_same(
        "a snapshot with values",
        &report.violations(),
        &oracle.violations,
    );
    for region in REGIONS {
        assert_eq!(
            report.scope(region)["stages"],
            oracle.stages_where(|stage| stage["region"] == region),
            "{region}"
        );
    }

    let report = audit_saved("hidden.jsonl.zst", &[]);
    let decidable = oracle.violations.only(|found| found.rule != HOLDS_KEY);
    assert_same(
        "a snapshot without values",
        &report.violations().hidden(),
        &decidable.hidden(),
    );
    let undecided = report.list("undecided");
    assert!(undecided.len() > 20, "{undecided:#?}");
    assert!(
        undecided
            .iter()
            .all(|undecided| undecided["rule"] == HOLDS_KEY),
        "{undecided:#?}"
    );
    assert_eq!(report.list("unchecked"), &[] as &[Value]);
}

fn from_aws(server: &Server) -> Vec<&str> {
    let regions = REGIONS.iter().flat_map(|region| ["--region", region]);
    ["--endpoint-url", &server.endpoint_url, "--rate", "0"]
        .into_iter()
        .chain(regions)
        .collect()
}

fn audit_aws(server: &Server, flags: &[&str]) -> Report {
    audit(server, &[&from_aws(server), flags].concat())
}

/// Audits, and asserts that the gate failed because of violations.
fn audit(server: &Server, flags: &[&str]) -> Report {
    let path = server.file("report.json");
    let report = format!("json={}", path.display());
    let output =
        server.driftgate(&[&["audit", "--policy", POLICY, "--report", &report], flags].concat());
    assert_eq!(
        output.status.code(),
        Some(1),
        "{flags:?}\n{}",
        stderr(&output)
    );
    let report: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    std::fs::remove_file(path).unwrap();
    assert_eq!(
        (&report["verdict"], &report["exit"]),
        (&"violations".into(), &1.into())
    );
    Report(report)
}

/// driftgate's JSON result.
struct Report(Value);

impl Report {
    fn list(&self, key: &str) -> &[Value] {
        self.0[key].as_array().unwrap()
    }

    fn scope(&self, region: &str) -> &Value {
        let scopes: Vec<_> = self
            .list("scopes")
            .iter()
            .filter(|scope| scope["region"] == region)
            .collect();
        let [scope] = scopes.as_slice() else {
            panic!("not one scope of {region}: {scopes:#?}")
        };
        scope
    }

    /// Asserts that there is nothing that was not read or not decided, or is worth a warning.
    #[track_caller]
    fn assert_complete(&self) {
        for key in ["unchecked", "undecided", "warnings"] {
            assert_eq!(self.list(key), &[] as &[Value], "{key}");
        }
    }

    #[track_caller]
    fn violations(&self) -> Violations {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Violations::new(self.list("violations").iter().map(|found| {
            let stage = &found["stage"];
            Violation {
                rule: text(&found["rule"]).unwrap(),
                region: text(&stage["region"]).unwrap(),
                api_id: text(&stage["api_id"]).unwrap(),
                stage: text(&stage["name"]).unwrap(),
                route: text(&found["route"]),
                path: text(&found["path"]),
                actual: plain(&found["actual"]).to_string(),
            }
        }))
    }
}

/// The output of oracle.py.
struct Oracle {
    /// Each as its Region and identifier.
    apis: Vec<Value>,
    /// Each as a report names it.
    stages: Vec<Value>,
    counts: Value,
    violations: Violations,
}

impl Oracle {
    fn ask(server: &Server) -> Self {
        Self::ask_as(server, &[], &REGIONS)
    }

    /// Its output for the account of the credentials in these environment variables.
    fn ask_as(server: &Server, environment: &[(String, String)], regions: &[&str]) -> Self {
        let mut answer: Value =
            serde_json::from_slice(&server.script_as(environment, "oracle.py", regions)).unwrap();
        let mut take = |key: &str| match answer[key].take() {
            Value::Array(list) => list,
            other => panic!("{key} is no list: {other}"),
        };
        let (apis, stages, violations) = (take("apis"), take("stages"), take("violations"));
        let violations = Violations::new(violations.into_iter().map(|found| {
            let (rule, region, api_id, stage, route, path, actual): (_, _, _, _, _, _, Value) =
                serde_json::from_value(found).unwrap();
            Violation {
                rule,
                region,
                api_id,
                stage,
                route,
                path,
                actual: plain(&actual).to_string(),
            }
        }));
        Self {
            apis,
            stages,
            counts: answer["counts"].take(),
            violations,
        }
    }

    /// A comparison of little proves little.
    fn assert_varied(&self) {
        assert!(self.apis.len() >= 60, "{} APIs", self.apis.len());
        assert!(self.stages.len() >= 180, "{} stages", self.stages.len());
        let mut by_rule = BTreeMap::new();
        for found in self.violations.iter() {
            *by_rule.entry(found.rule.as_str()).or_insert(0) += 1;
        }
        let rules = std::fs::read_to_string(POLICY)
            .unwrap()
            .matches("- id: ")
            .count();
        assert_eq!(
            by_rule.len(),
            rules,
            "each rule is violated somewhere: {by_rule:#?}"
        );
        assert!(by_rule.values().all(|count| *count >= 10), "{by_rule:#?}");
    }

    fn stages_where(&self, keep: impl Fn(&Value) -> bool) -> usize {
        self.stages.iter().filter(|stage| keep(stage)).count()
    }

    /// The stage of this protocol and name with most violations.
    fn worst_stage(&self, protocol: &str, name: &str) -> &Value {
        let named = self
            .stages
            .iter()
            .filter(|stage| stage["protocol"] == protocol && stage["name"] == name);
        let violations = |stage: &&Value| {
            self.violations
                .iter()
                .filter(|found| stage["api_id"] == *found.api_id && found.stage == name)
                .count()
        };
        named.max_by_key(violations).unwrap()
    }
}

/// A violation, as far as the oracle speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    region: String,
    api_id: String,
    stage: String,
    rule: String,
    route: Option<String>,
    path: Option<String>,
    /// As JSON.
    actual: String,
}

impl Violation {
    fn is_variable(&self) -> bool {
        self.path
            .as_ref()
            .is_some_and(|path| path.starts_with("StageVariables."))
    }
}

/// Violations without repetition.
struct Violations(BTreeSet<Violation>);

impl Violations {
    #[track_caller]
    fn new(violations: impl Iterator<Item = Violation>) -> Self {
        let mut all = BTreeSet::new();
        for violation in violations {
            assert!(!all.contains(&violation), "reported twice: {violation:#?}");
            all.insert(violation);
        }
        Self(all)
    }

    fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    fn only(&self, keep: impl Fn(&Violation) -> bool) -> Self {
        Self::new(self.iter().filter(|violation| keep(violation)).cloned())
    }

    /// The same without the values of stage variables.
    fn hidden(&self) -> Self {
        Self::new(self.iter().map(|found| {
            let actual = if found.is_variable() {
                "hidden".to_owned()
            } else {
                found.actual.clone()
            };
            Violation {
                actual,
                ..found.clone()
            }
        }))
    }
}

/// A value with every number as a float: 50 and 50.0 are the same rate.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.clone(), plain(value)))
            .collect(),
        other => other.clone(),
    }
}

#[track_caller]
fn assert_same(what: &str, driftgate: &Violations, oracle: &Violations) {
    let mut differences = String::new();
    for (who, one, other) in [
        ("driftgate", driftgate, oracle),
        ("the oracle", oracle, driftgate),
    ] {
        let only: Vec<_> = one.0.difference(&other.0).collect();
        if !only.is_empty() {
            writeln!(
                differences,
                "{} of {} that only {who} has:",
                only.len(),
                one.0.len()
            )
            .unwrap();
        }
        for Violation {
            region,
            api_id,
            stage,
            rule,
            route,
            path,
            actual,
        } in only.iter().take(25)
        {
            let route = route
                .as_ref()
                .map(|route| format!(" [{route}]"))
                .unwrap_or_default();
            let path = path.as_deref().unwrap_or("(all)");
            writeln!(
                differences,
                "  {region} {api_id} {stage}{route} {rule}: {path} = {actual}"
            )
            .unwrap();
        }
    }
    assert!(
        differences.is_empty(),
        "{what}: the verdicts differ\n{differences}"
    );
}
