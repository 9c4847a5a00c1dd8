//! Recognition of secrets, measured on tables of values as people write them; and that no report shows them.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::process::Command;

use driftgate::model::secret::looks_secret;
use serde_json::json;

/// A table: name and value on each line.
fn table(text: &str) -> Vec<(String, String)> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.split_once("  ").unwrap();
            (name.to_owned(), value.replace('¦', ""))
        })
        .collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "`--nocapture` shows the figures")]
fn secrets_are_seen_and_nothing_else() {
    let secrets = table(include_str!("secrets/secrets.txt"));
    let harmless = table(include_str!("secrets/harmless.txt"));
    assert!(
        secrets.len() >= 120 && harmless.len() >= 96,
        "{} secrets, {} others",
        secrets.len(),
        harmless.len()
    );

    let missed: Vec<_> = secrets
        .iter()
        .filter(|(name, value)| !looks_secret(name, value))
        .collect();
    let shapeless: Vec<_> = secrets
        .iter()
        .filter(|(_, value)| !looks_secret("", value))
        .collect();
    let alarms: Vec<_> = harmless
        .iter()
        .filter(|(name, value)| looks_secret(name, value))
        .collect();
    let nameless: Vec<_> = harmless
        .iter()
        .filter(|(_, value)| looks_secret("", value))
        .collect();
    println!(
        "{} of {} secrets seen with their names, {} by shape alone; {} false alarms on {} others, {} without names",
        secrets.len() - missed.len(),
        secrets.len(),
        secrets.len() - shapeless.len(),
        alarms.len(),
        harmless.len(),
        nameless.len(),
    );
    assert!(missed.is_empty(), "missed: {missed:#?}");
    assert!(alarms.is_empty(), "false alarms: {alarms:#?}");
    assert!(
        nameless.is_empty(),
        "false alarms by shape alone: {nameless:#?}"
    );
    // Passwords and keys without a shape are recognized by name only.
    assert!(
        (secrets.len() - shapeless.len()) * 89 >= secrets.len() * 60,
        "by shape alone: {shapeless:#?}"
    );
}

// ---- What reports show.

/// A key of AWS that was never given out.
const SECRET: &str = concat!("AK", "IAQ7NZTRUE2NOTREAL");

/// A stage whose every text holds a secret, but those that name it.
fn snapshot() -> String {
    let stage = json!({
        "StageName": "prod",
        "AccessLogSettings": {
            "DestinationArn": format!("arn:aws:logs:eu-west-1:111122223333:log-group:{SECRET}"),
            "Format": format!("{{\"key\":\"{SECRET}\",\"id\":$context.requestId}}"),
        },
        "ClientCertificateId": SECRET,
        "CreatedDate": "2026-01-01T00:00:00Z",
        "DeploymentId": SECRET,
        "Description": format!("Signs with {SECRET} until March."),
        "LastDeploymentStatusMessage": format!("Deployment attempt failed: {SECRET}"),
        "RouteSettings": {},
        "StageVariables": {"key": {"sha256": "0".repeat(64), "looks-secret": true}},
        "Tags": {"key": SECRET, "password": "hunter2hunter2", "owner": "shop"},
    });
    let api = json!({
        "ApiId": "a1",
        "Name": format!("api-{SECRET}"),
        "ProtocolType": "HTTP",
        "ApiEndpoint": format!("https://example.com/?key={SECRET}"),
        "CorsConfiguration": {"AllowOrigins": [format!("https://example.com/{SECRET}"), "https://shop.example"]},
        "Description": SECRET,
        "RouteSelectionExpression": SECRET,
        "Tags": {"key": SECRET},
        "Version": SECRET,
    });
    let scope = json!({"account": "111122223333", "region": "eu-west-1"});
    let header = json!({"format": "driftgate.snapshot", "version": 1, "taken_at": "2026-11-01T00:00:00Z", "scopes": [scope]});
    let line =
        json!({"account": "111122223333", "region": "eu-west-1", "api": api, "stage": stage});
    let read = json!({"account": "111122223333", "region": "eu-west-1", "apis": 1, "stages": 1, "outcome": "checked"});
    let trailer = json!({"stages": 1, "scopes": [read], "unchecked": [], "complete": true});
    [header, line, trailer]
        .map(|line| format!("{line}\n"))
        .concat()
}

/// A rule that fails at each setting, at each struct, map and list, and at places that name another value.
const POLICY: &str = r#"
policy: nothing-holds
rules:
  - id: texts
    title: t
    severity: low
    expect:
      AccessLogSettings: {DestinationArn: {like: "zzz-*"}, Format: {log-format: {is: xml, context: [status]}}}
      ClientCertificateId: zzz
      DeploymentId: {matches: "^zzz"}
      Description: {not: {contains: Signs}}
      LastDeploymentStatusMessage: {not: {like: "Deployment attempt failed*"}}
      Tags: {"*": {like: zzz}}
      api:
        Name: zzz
        ApiEndpoint: zzz
        Description: {present: false}
        RouteSelectionExpression: zzz
        Version: zzz
        Tags: {"*": {looks-secret: false}}
        CorsConfiguration: {AllowOrigins: {each: {like: zzz}}}
  - {id: logs, title: t, severity: low, expect: {AccessLogSettings: {present: false}}}
  - {id: tags, title: t, severity: low, expect: {Tags: {any-of: [[zzz], [yyy]]}}}
  - {id: no-tags, title: t, severity: low, expect: {Tags: {present: false}}}
  - {id: cors, title: t, severity: low, expect: {api: {CorsConfiguration: {present: false}}}}
  - {id: origins, title: t, severity: low, expect: {api: {CorsConfiguration: {AllowOrigins: {contains: zzz}}}}}
  - {id: api, title: t, severity: low, expect: {api: {any-of: [{Name: zzz}, {Version: zzz}]}}}
  - {id: whole, title: t, severity: low, expect: {any-of: [{Description: zzz}, {DeploymentId: zzz}]}}
  - {id: equal, title: t, severity: low, expect: {Tags: {owner: "${Tags.key}-${api.Tags.key}-${api.Name}"}}}
  - {id: like, title: t, severity: low, expect: {Tags: {owner: {like: ["x-${Tags.key}-*", "${Tags.password}"]}}}}
  - {id: not, title: t, severity: low, expect: {not: {Tags: {owner: shop}, api: {Version: {present: true}}}}}
"#;

#[test]
fn no_report_shows_what_looks_like_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fleet.jsonl"), snapshot()).unwrap();
    fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
    let audit = |more: &[&str]| {
        let reports = [
            "--report",
            "text",
            "--report",
            "json=r.json",
            "--report",
            "markdown=r.md",
        ];
        let output = Command::new(env!("CARGO_BIN_EXE_driftgate"))
            .current_dir(folder.path())
            .args([
                "audit",
                "-v",
                "--from",
                "fleet.jsonl",
                "--policy",
                "policy.yaml",
                "--reproducible",
            ])
            .args(reports)
            .args(more)
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
        let streams = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        [streams.concat(), read("r.json"), read("r.md")]
    };
    let hidden = audit(&[]);
    for report in &hidden {
        for secret in [SECRET, "hunter2"] {
            let line = report.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is shown");
        }
        assert!(report.contains("sha256:") && report.contains("owner"));
    }
    // A report from a saved result has nothing to hide any more.
    let [_, json, _] = &hidden;
    let result: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(result["violations"].as_array().unwrap().len(), 25);
    for report in audit(&["--show-values"]) {
        assert!(report.contains(SECRET) && report.contains("hunter2hunter2"));
    }
}
