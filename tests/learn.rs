//! `policy learn`: a policy that is learned from a stage loads, holds on that stage, and copies nothing that it should
//! not; and the command's message where there is no such stage.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use driftgate::check::{self, Inheritance, Options, Verdict};
use driftgate::model::Document;
use driftgate::model::catalogue::{API_FIELD, Field, Kind, STAGE_FIELD, position, stage};
use driftgate::model::value::Value;
use driftgate::policy::author::learn::learn;
use driftgate::policy::read::example::Expected;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

const ACCOUNT: &str = "444455556666";
const API_ID: &str = "k7p4rtn3r6";
/// Prefix of every stage variable's value.
const SECRET: &str = "Xy7-";

/// Longer than a key of YAML may be.
const LONG: &str = match std::str::from_utf8(&[b'x'; 1100]) {
    Ok(text) => text,
    Err(_) => "",
};

static STAGE: Field = STAGE_FIELD;

/// Texts that are something else to YAML, to a template, or to a glob; and texts as AWS has them.
fn text() -> BoxedStrategy<String> {
    let known = [
        "prod",
        "v1",
        "$default",
        "no",
        "1",
        "~",
        "*x",
        "!x",
        "&x",
        "# x",
        "a: b",
        "a\nb",
        "\"",
        "'",
        "${account}",
        "$${",
        "$",
        "größe 💶",
        "<<",
        "not",
        "present",
        "any-of",
        "GET /pets",
        "arn:aws:logs:eu-west-1:444455556666:log-group:/x/prod",
        "arn:aws:logs:eu-west-1:999988887777:log-group:k7p4rtn3r6-v1",
        "arn:aws-cn:x:*:444455556666:?",
        "arn:aws:a:b:c",
        "by 444455556666",
        "$444455556666",
        "https://k7p4rtn3r6.execute-api.eu-west-1.amazonaws.com",
        "*",
        "aws:x",
        "{\"id\":\"$context.requestId\"}",
        "$context.requestId,$context.status,$context.stat",
        "$context.requestId,$context.authorizer.claims.custom:a,$context.authorizer['claims.a b']",
        "null",
        LONG,
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        "[ -~]{1,12}",
        "\\PC{1,8}",
        ".{1,8}"
    ]
    .boxed()
}

/// A value of a field, of any kind that a source may yield.
fn value(field: &'static Field) -> BoxedStrategy<Value<'static>> {
    let set: BoxedStrategy<Value<'static>> = match field.kind {
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Integer => prop_oneof![0..3_i64, 1..5000_i64, any::<i64>()].prop_map(Value::Integer).boxed(),
        Kind::Number => prop_oneof![Just(0.0), 0.1..9000.0_f64, any::<i32>().prop_map(f64::from), Just(1e300)]
            .prop_map(Value::Number)
            .boxed(),
        Kind::Text if field.sensitive => "[a-z0-9]{12}".prop_map(|text| Value::text(format!("{SECRET}{text}"))).boxed(),
        // A source may yield other texts; a policy cannot ask for them.
        Kind::Text => match field.form {
            Some(form) => {
                let texts = prop::string::string_regex(form.regex).unwrap();
                texts.prop_map(Value::text).boxed()
            }
            None => text().prop_map(Value::text).boxed(),
        },
        Kind::OneOf(names) => {
            prop_oneof![9 => prop::sample::select(names.to_vec()).prop_map(Value::text), 1 => Just(Value::text("NEW"))]
                .boxed()
        }
        Kind::Struct(members) => {
            members.iter().map(value).collect::<Vec<_>>().prop_map(|all| Value::Struct(all.into())).boxed()
        }
        Kind::Map(of) => {
            prop::collection::vec((text().prop_map(Into::into), value(of)), 0..4).prop_map(Value::map).boxed()
        }
        Kind::List(of) => prop::collection::vec(value(of), 0..4).prop_map(|all| Value::List(all.into())).boxed(),
    };
    let weight = if matches!(field.kind, Kind::Struct(_)) {
        12
    } else {
        6
    };
    prop_oneof![weight => set, 2 => Just(Value::Unset), 1 => Just(Value::NotStated)].boxed()
}

fn with(
    value: Value<'static>,
    field: &'static Field,
    name: &str,
    to: Value<'static>,
) -> Value<'static> {
    let Value::Struct(mut members) = value else {
        return value;
    };
    members[position(field.members(), name).unwrap()] = to;
    Value::Struct(members)
}

fn loaded(text: &str) -> Policies {
    let file = Arc::new(SourceText {
        name: "learned.yaml".into(),
        text: text.into(),
    });
    load(vec![file])
        .map_err(|mistakes| format!("{text}\n{}", mistakes[0].title))
        .unwrap()
}

/// Mistakes in the policy learned from a stage.
fn holds(document: &Document<'_>, inheritance: Inheritance) -> Result<String, TestCaseError> {
    let Some(text) = learn(document, inheritance.readings()) else {
        return Ok(String::new());
    };
    let policies = loaded(&text);
    let policy = &policies.policies[0];
    let options = Options {
        inheritance,
        ..Options::default()
    };
    for rule in &policy.rules {
        let verdict = check::verdict(policy.selection.as_ref(), rule, document, options);
        prop_assert_eq!(verdict, Verdict::Conforms, "{}\n{}", rule.id, text);
    }
    for test in &policy.tests {
        let example = Document {
            read_at: None,
            account: Some(&test.account),
            region: Some(&test.region),
            api: &test.api,
            stage: &test.stage,
        };
        let violated: Vec<&str> = policy
            .rules
            .iter()
            .filter(|rule| {
                let verdict = check::verdict(policy.selection.as_ref(), rule, &example, options);
                matches!(verdict, Verdict::Violates(_))
            })
            .map(|rule| rule.id.as_str())
            .collect();
        let Expected::Violates(expected) = &test.expected else {
            return Err(TestCaseError::fail(text));
        };
        prop_assert_eq!(
            violated,
            expected.iter().map(String::as_str).collect::<Vec<_>>(),
            "{}\n{}",
            test.name,
            text
        );
    }
    Ok(text)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_learned_loads_holds_and_copies_no_secret(
        stage in value(&STAGE),
        api in value(&API_FIELD),
        account in prop::option::weighted(0.9, Just(ACCOUNT)),
        region in prop::option::weighted(0.9, prop::sample::select(vec!["eu-west-1", "cn-north-1"])),
        inheritance in prop::sample::select(vec![Inheritance::Inherit, Inheritance::Replace, Inheritance::Both]),
    ) {
        let api = with(api, &API_FIELD, "ApiId", Value::text(API_ID));
        let document = Document { read_at: None, account, region, api: &api, stage: &stage };
        let text = holds(&document, inheritance)?;
        prop_assert!(!text.contains(SECRET), "{text}");
        if matches!(api, Value::Struct(_)) {
            prop_assert!(!text.contains(API_ID), "{text}");
        }
        if account.is_some() {
            prop_assert!(!text.contains(ACCOUNT), "{text}");
        }
    }
}

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/audit.in");

fn driftgate(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_driftgate"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

fn diagnostics(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).replace("\n       ", " ")
}

/// A snapshot of stages of one API, each in its account and Region.
fn snapshot(stages: &[(&str, &str, &str)]) -> String {
    let mut scopes: Vec<_> = stages
        .iter()
        .map(|(account, region, _)| (*account, *region))
        .collect();
    scopes.dedup();
    let scope = |(account, region): &(&str, &str)| {
        serde_json::json!({"account": account, "region": region, "apis": 1,
        "stages": stages.iter().filter(|stage| (stage.0, stage.1) == (account, region)).count(), "outcome": "checked"})
    };
    let scopes: Vec<_> = scopes.iter().map(scope).collect();
    let mut lines =
        vec![serde_json::json!({"format": "driftgate.snapshot", "version": 1, "scopes": scopes})];
    for (account, region, name) in stages {
        let api = serde_json::json!({"ApiId": API_ID, "Name": "orders", "ProtocolType": "HTTP"});
        lines.push(serde_json::json!({"account": account, "region": region, "api": api, "stage": {"StageName": name}}));
    }
    lines.push(serde_json::json!({"stages": stages.len(), "scopes": scopes, "unchecked": [], "complete": true}));
    lines.iter().map(|line| line.to_string() + "\n").collect()
}

#[test]
fn a_learned_policy_passes_check_test_and_audit() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["fleet.jsonl", "stages.json"] {
        fs::copy(format!("{DATA}/{file}"), folder.path().join(file)).unwrap();
    }
    for (from, api, stage) in [
        ("fleet.jsonl", "a1b2c3d4e5", "prod"),
        ("fleet.jsonl", "f6g7h8i9j0", "live-eu"),
        ("stages.json", "a1b2c3d4e5", "prod"),
    ] {
        let of = ["--from", from, "--api", api, "--stage", stage];
        let run = |args: &[&str]| driftgate(folder.path(), &[args, &of].concat());
        let output = run(&["policy", "learn", "-o", "learned.yaml"]);
        assert!(
            output.status.success() && diagnostics(&output).starts_with("learned.yaml: "),
            "{}",
            diagnostics(&output)
        );
        assert!(output.stdout.is_empty());
        let printed = run(&["policy", "learn"]).stdout;
        assert_eq!(
            printed,
            fs::read(folder.path().join("learned.yaml")).unwrap()
        );
        for command in ["check", "test"] {
            let output = driftgate(folder.path(), &["policy", command, "learned.yaml"]);
            assert!(output.status.success(), "{command}: {output:?}");
        }
        let output = run(&["audit", "--policy", "learned.yaml"]);
        assert!(output.status.success(), "{output:?}");
    }
}

#[test]
fn a_stage_that_is_not_there_is_told_with_what_is() {
    let folder = tempfile::tempdir().unwrap();
    let here = ("444455556666", "eu-west-1", "dev");
    let many = snapshot(&[
        here,
        ("444455556666", "eu-west-1", "prod"),
        ("777788889999", "eu-west-1", "prod"),
    ]);
    fs::write(folder.path().join("fleet.jsonl"), many).unwrap();
    let learn = |args: &[&str]| {
        let output = driftgate(
            folder.path(),
            &[&["policy", "learn", "--from", "fleet.jsonl"], args].concat(),
        );
        assert_eq!(
            (output.status.code(), output.stdout.len()),
            (Some(2), 0),
            "{output:?}"
        );
        diagnostics(&output)
    };
    assert!(learn(&["--api", API_ID, "--stage", "dve"]).contains("Did you mean --stage dev?"));
    assert!(
        learn(&["--api", API_ID, "--stage", "nowhere"])
            .contains("Stages that are there: dev, prod")
    );
    assert!(learn(&["--api", "orders", "--stage", "dev"]).contains("by its id, not by its name"));
    let two = learn(&["--api", API_ID, "--stage", "prod"]);
    assert!(
        two.contains("444455556666 eu-west-1 k7p4rtn3r6; 777788889999 eu-west-1 k7p4rtn3r6"),
        "{two}"
    );
    assert!(learn(&["--api", API_ID]).contains("--api ID --stage NAME"));
    assert!(learn(&["--stage", "dev", "--stage", "prod"]).contains("--api ID --stage NAME"));
    assert!(learn(&["--stage", "dev", "-o", "none/x.yaml"]).contains("does not exist"));
    let output = driftgate(folder.path(), &["policy", "learn", "--stage", "dev"]);
    assert!(
        output.status.code() == Some(2) && diagnostics(&output).contains("--api ID --stage NAME"),
        "{output:?}"
    );
    // A stage that is the only one of its name needs no API.
    assert!(
        driftgate(
            folder.path(),
            &["policy", "learn", "--from", "fleet.jsonl", "--stage", "dev"]
        )
        .status
        .success()
    );
}

/// Stage variables of a snapshot are digests, which are not copied either.
#[test]
fn stage_variables_are_learned_by_name_alone() {
    let stage = |name: &str, text: &str| {
        let variables = Value::map(vec![(name.to_owned().into(), Value::text(text.to_owned()))]);
        with(
            Value::empty_struct(STAGE.members()),
            &STAGE,
            "StageVariables",
            variables,
        )
    };
    let api = Value::empty_struct(API_FIELD.members());
    let learned = |stage: &Value<'_>| {
        let document = Document {
            read_at: None,
            account: Some(ACCOUNT),
            region: Some("eu-west-1"),
            api: &api,
            stage,
        };
        learn(&document, Inheritance::Inherit.readings()).unwrap()
    };
    let plain = learned(&stage("backend", "orders.internal.example.com"));
    assert!(
        plain.contains("StageVariables: [backend]") && plain.contains("looks-secret: false"),
        "{plain}"
    );
    assert!(!plain.contains("internal"), "{plain}");
    let secret = learned(&stage("DB_PASSWORD", "correct-horse-battery-9"));
    assert!(
        secret.contains("\n#   StageVariables.*: a value looks like a secret"),
        "{secret}"
    );
    assert!(
        !secret.contains("looks-secret") && !secret.contains("horse"),
        "{secret}"
    );
}

#[test]
fn log_variables_are_learned_by_their_whole_names() {
    let logs_field: &'static Field = &STAGE.members()[stage::ACCESS_LOGS.at];
    let format = r#"{"t":"$context.authorizer.claims.custom:tenant_id","g":"$context.authorizer.claims['cognito:groups']",
        "r":"$context.authorizer.claims.https://example.com/role","n":"$context.authorizer['claims.a b']"}"#;
    let logs = with(
        Value::empty_struct(logs_field.members()),
        logs_field,
        "Format",
        Value::text(format.replace("\n        ", "")),
    );
    let stage = with(
        Value::empty_struct(STAGE.members()),
        &STAGE,
        "AccessLogSettings",
        logs,
    );
    let api = Value::empty_struct(API_FIELD.members());
    let document = Document {
        read_at: None,
        account: Some(ACCOUNT),
        region: Some("eu-west-1"),
        api: &api,
        stage: &stage,
    };
    let learned = holds(&document, Inheritance::Inherit).unwrap();
    for name in [
        "authorizer.claims.custom:tenant_id",
        "authorizer.claims.cognito:groups",
        "authorizer.claims.https://example.com/role",
        "authorizer['claims.a b']",
    ] {
        assert!(learned.contains(name), "{name}: {learned}");
    }
}

/// Secrets may be in any text that people write.
#[test]
fn nothing_that_looks_like_a_secret_is_copied() {
    const TOKEN: &str = "ghp_9Zk3Qw7Lx2Vb8Nm4Tc6Rf1Yh5Gj0Pd9Sa3Eu7Io2";
    let text = |text: &str| Value::text(text.to_owned());
    let keyed = |value: Value<'static>| Value::map(vec![(TOKEN.into(), value)]);
    let put = |value, row: &'static Field, path: &[&str], to| {
        let mut value: Value<'static> = value;
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        value.put(row, &path, Some(to));
        value
    };
    let settings = &STAGE.members()[stage::DEFAULT_ROUTE.at];
    let limited = with(
        Value::empty_struct(settings.members()),
        settings,
        "ThrottlingBurstLimit",
        Value::Integer(5),
    );
    let format = format!("{{\"id\":\"$context.requestId\",\"k\":\"{TOKEN}\"}}");
    let mut stage = Value::empty_struct(STAGE.members());
    for (path, to) in [
        (&["AccessLogSettings", "Format"] as &[&str], text(&format)),
        (
            &["AccessLogSettings", "DestinationArn"],
            text("arn:aws:logs:eu-west-1:1:log-group:AKIAIOSFODNN7EXAMPLE"),
        ),
        (&["StageVariables"], keyed(text("x"))),
        (&["Tags"], keyed(text("x"))),
        (&["DefaultRouteSettings"], limited.clone()),
        (&["RouteSettings"], keyed(limited)),
    ] {
        stage = put(stage, &STAGE, path, to);
    }
    let mut api = Value::empty_struct(API_FIELD.members());
    for (path, to) in [
        (&["Name"] as &[&str], text(TOKEN)),
        (&["ProtocolType"], text("HTTP")),
        (
            &["CorsConfiguration", "AllowOrigins"],
            Value::List(Box::from([text(
                "https://user:hunter2secret@shop.example.com",
            )])),
        ),
        (&["Tags"], keyed(text("x"))),
    ] {
        api = put(api, &API_FIELD, path, to);
    }
    let document = Document {
        read_at: None,
        account: Some(ACCOUNT),
        region: Some("eu-west-1"),
        api: &api,
        stage: &stage,
    };
    let learned = holds(&document, Inheritance::Inherit).unwrap();
    for secret in ["ghp_", "AKIA", "hunter2"] {
        assert!(
            !learned.to_lowercase().contains(&secret.to_lowercase()),
            "{secret}: {learned}"
        );
    }
    for place in [
        "AccessLogSettings.Format",
        "AccessLogSettings.DestinationArn",
        "api.CorsConfiguration.AllowOrigins",
    ] {
        assert!(
            learned.contains(&format!("\n#   {place}: ")),
            "{place}: {learned}"
        );
    }
    assert_eq!(
        learned.matches("keys that look like a secret").count(),
        3,
        "{learned}"
    );
}

#[test]
fn a_limit_is_the_highest_in_force_and_none_that_blocks_is_learned() {
    let limits =
        |default: Option<i64>, routes: &[(&'static str, Option<i64>)], inheritance: Inheritance| {
            let settings = |limit: Option<i64>| {
                let settings = &STAGE.members()[stage::DEFAULT_ROUTE.at];
                let limit = limit.map_or(Value::Unset, Value::Integer);
                with(
                    Value::empty_struct(settings.members()),
                    settings,
                    "ThrottlingBurstLimit",
                    limit,
                )
            };
            let routes = routes
                .iter()
                .map(|(key, limit)| ((*key).into(), settings(*limit)))
                .collect();
            let stage = with(
                Value::empty_struct(STAGE.members()),
                &STAGE,
                "DefaultRouteSettings",
                settings(default),
            );
            let stage = with(stage, &STAGE, "RouteSettings", Value::map(routes));
            let api = Value::empty_struct(API_FIELD.members());
            let document = Document {
                read_at: None,
                account: None,
                region: None,
                api: &api,
                stage: &stage,
            };
            let text = learn(&document, inheritance.readings()).unwrap();
            text.lines()
                .find(|line| line.contains("ThrottlingBurstLimit"))
                .unwrap()
                .trim()
                .to_owned()
        };
    let inherit = Inheritance::Inherit;
    assert!(
        limits(
            Some(100),
            &[("a", Some(500)), ("b", Some(5)), ("c", None)],
            inherit
        )
        .contains("{min: 1, max: 500}")
    );
    assert!(
        limits(Some(100), &[("a", Some(0))], inherit)
            .starts_with("#   ThrottlingBurstLimit: a limit of 0 blocks")
    );
    assert!(
        limits(None, &[("a", Some(5))], inherit)
            .starts_with("#   ThrottlingBurstLimit: routes without it")
    );
    assert!(
        limits(Some(100), &[("a", None)], Inheritance::Both)
            .starts_with("#   ThrottlingBurstLimit: routes without it")
    );
}

#[test]
fn the_help_says_that_one_stage_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_driftgate"))
        .args(["policy", "learn", "-h"])
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("Usage: driftgate policy learn [OPTIONS] --api <ID> --stage <NAME>\n"),
        "{help}"
    );
    let about = |flag: &str| {
        help.lines()
            .find(|line| line.trim_start().starts_with(flag))
            .unwrap()
    };
    assert!(
        !about("--api").contains("several") && !about("--stage").contains("several"),
        "{help}"
    );
}
