//! The JSON Schemas against the loader: what one takes the other takes, over the whole catalogue; and against every
//! file and snippet that is shipped.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftgate::model::catalogue::{Field, Kind};
use driftgate::policy::author::describe::{places, sample};
use driftgate::policy::author::schema;
use driftgate::policy::language::operators::OPERATORS;
use driftgate::policy::load;
use driftgate::policy::read::waiver;
use driftgate::policy::text::diagnostic::SourceText;
use jsonschema::Validator;
use serde_json::{Value, json};

fn validator(schema: &Value) -> Validator {
    assert!(jsonschema::meta::is_valid(schema));
    jsonschema::draft7::new(schema).unwrap()
}

/// The schemas as the program prints them: of policies, waivers, run files, and the one that tells them apart.
struct Schemas {
    policy: Validator,
    waivers: Validator,
    run: Validator,
    any: Validator,
}

impl Schemas {
    fn new() -> Self {
        let printed = |kind: &[&str]| {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_driftgate"))
                .args(["policy", "schema"])
                .args(kind)
                .output()
                .unwrap();
            assert!(output.status.success(), "{output:?}");
            validator(&serde_json::from_slice(&output.stdout).unwrap())
        };
        Self {
            policy: printed(&["policy"]),
            waivers: printed(&["waivers"]),
            run: printed(&["run"]),
            any: printed(&[]),
        }
    }
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

fn policy_expecting(expect: &Value) -> Value {
    json!({"policy": "p", "rules": [{"id": "r", "title": "t", "severity": "low", "expect": expect}]})
}

fn mistakes(policy: &Value) -> Vec<String> {
    let text = Arc::new(SourceText {
        name: "p.yaml".into(),
        text: policy.to_string(),
    });
    load(vec![text])
        .err()
        .into_iter()
        .flatten()
        .map(|mistake| mistake.title)
        .collect()
}

/// A value that may be at a field.
fn literal(field: &Field) -> Value {
    match field.kind {
        Kind::Boolean => json!(true),
        Kind::Integer => json!(5),
        Kind::Number => json!(2.5),
        Kind::OneOf(names) => json!(names[0]),
        Kind::Text => json!(field.form.map_or("text", |form| form.examples[0])),
        _ => json!("text"),
    }
}

/// Patterns of every form for a field, good and bad.
fn forms(field: &Field) -> Vec<Value> {
    let value = literal(field);
    let mut forms = vec![
        value.clone(),
        json!([value]),
        json!([value, value]),
        json!({"present": true}),
        json!({"present": "yes"}),
        json!({"not": {"present": true}}),
        json!({"not": [{"present": true}]}),
        json!({"any-of": [{"present": true}, {"present": false}]}),
        json!({"any-of": {"present": true}}),
        json!({"not": value}),
        json!({"not": [value]}),
        json!({"any-of": [value]}),
        json!({"key": value}),
        json!({"key": [value]}),
        json!({"key*": {"present": true}}),
        json!({}),
        json!([]),
        json!(""),
        json!(null),
        json!([null]),
        json!({"not": []}),
        json!({"any-of": []}),
        json!(true),
        json!(7),
        json!("ERROR"),
        json!(["a", "b"]),
    ];
    for operator in OPERATORS {
        let sample = sample(operator.name, operator.example.rule).unwrap();
        forms.push(json!({operator.name: sample}));
        forms.push(json!({"not": {operator.name: sample}}));
        forms.push(json!({operator.name: {"unknown": 1}}));
        forms.push(json!({operator.name: null}));
    }
    forms
}

/// Mistakes in the meaning of a text, or in words that only the loader knows.
fn beyond_a_schema(title: &str) -> bool {
    [
        "a `*` is not a wildcard",
        "`like: \"*\"`",
        "the rule `r` can never apply",
    ]
    .iter()
    .any(|start| title.starts_with(start))
        || [
            "is not a word of this language",
            " does not test a map: ",
            " is never ",
            " never contains ",
            " never matches ",
        ]
        .iter()
        .any(|part| title.contains(part))
}

#[test]
fn the_schema_takes_what_the_loader_takes_at_every_field() {
    let policy = validator(&schema::policy());
    let (mut taken, mut refused) = (0, 0);
    for place in places() {
        for form in forms(place.field) {
            let nested = place
                .path
                .rsplit('.')
                .fold(form, |inner, name| json!({name: inner}));
            let file = policy_expecting(&nested);
            let mistakes = mistakes(&file);
            if policy.is_valid(&file) {
                assert!(
                    mistakes.iter().all(|title| beyond_a_schema(title)),
                    "{nested}: {mistakes:?}"
                );
                taken += 1;
            } else {
                assert!(!mistakes.is_empty(), "{nested}");
                refused += 1;
            }
        }
    }
    assert!(
        taken > 500 && refused > 500,
        "{taken} taken, {refused} refused: the sweep tries both"
    );
}

#[test]
fn every_file_that_is_shipped_is_valid() {
    let schemas = Schemas::new();
    let mut count = 0;
    for folder in ["policies", "tests/cmd", "benches", "tests/moto"] {
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), "yaml") {
            let file = yaml(&std::fs::read_to_string(&path).unwrap());
            // Transcripts show policies with mistakes as well.
            if file.get("rules").is_none() || !mistakes(&file).is_empty() {
                continue;
            }
            let errors: Vec<String> = schemas
                .policy
                .iter_errors(&file)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
            assert!(schemas.any.is_valid(&file), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}

/// The file that a snippet is part of; `None` when it is of another program.
fn whole(snippet: Value) -> Option<Value> {
    let keys: Vec<&str> = snippet.as_object()?.keys().map(String::as_str).collect();
    if keys
        .iter()
        .all(|key| ["match", "expect", "assert"].contains(key))
    {
        let mut file =
            policy_expecting(&json!({"each-route": {"ThrottlingBurstLimit": {"max": 500}}}));
        file["rules"][0]
            .as_object_mut()?
            .extend(snippet.as_object()?.clone());
        Some(file)
    } else if keys == ["tests"] {
        Some(json!({"policy": "p", "tests": snippet["tests"]}))
    } else {
        (!keys.contains(&"jobs")).then_some(snippet)
    }
}

#[test]
fn every_snippet_of_the_documentation_is_valid() {
    let schemas = Schemas::new();
    let mut count = 0;
    let mut pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs"), "md");
    pages.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    for path in pages {
        let page = std::fs::read_to_string(&path).unwrap();
        for snippet in page
            .split("```yaml\n")
            .skip(1)
            .map(|rest| rest.split("```").next().unwrap())
        {
            let Some(file) = whole(yaml(snippet)) else {
                continue;
            };
            let errors: Vec<String> = schemas
                .any
                .iter_errors(&file)
                .map(|error| error.to_string())
                .collect();
            // A guide shows a policy with mistakes too.
            let wrong = file.get("rules").is_some() && !mistakes(&file).is_empty();
            assert_eq!(
                !errors.is_empty(),
                wrong,
                "{}: {file:#}\n{errors:#?}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
}

#[test]
fn files_that_are_wrong_in_their_structure_are_refused() {
    let schemas = Schemas::new();
    let rule = "id: r, title: t, severity: low";
    for (text, good) in [
        (
            format!("{{policy: p, rules: [{{{rule}, expect: {{AutoDeploy: true}}}}]}}"),
            true,
        ),
        (
            format!("{{policy: p, rules: [{{{rule}, assert: 'true'}}]}}"),
            true,
        ),
        (
            format!(
                "{{policy: p, rules: [{{{rule}, match: {{route: $default}}, expect: {{each-route: {{ThrottlingBurstLimit: 5}}}}}}]}}"
            ),
            true,
        ),
        (
            format!(
                "{{policy: p, rules: [{{{rule}, match: {{not: {{route: {{like: 'GET *'}}}}}}, expect: {{each-route: {{ThrottlingBurstLimit: 5}}}}}}]}}"
            ),
            true,
        ),
        (
            "{policy: p, tests: [{name: n, given: {}, ungoverned: true}]}".into(),
            true,
        ),
        (format!("{{policy: p, rules: [{{{rule}}}]}}"), false),
        ("{policy: p, rules: []}".into(), false),
        ("{policy: p}".into(), false),
        ("{policy: a.b}".into(), false),
        ("{policy: My Policy, tests: []}".into(), false),
        (
            "{policy: p, match: {StageName: x}, tests: []}".into(),
            false,
        ),
        (
            format!("{{rules: [{{{rule}, expect: {{AutoDeploy: true}}}}]}}"),
            false,
        ),
        (
            format!(
                "{{policy: p, match: {{route: x}}, rules: [{{{rule}, expect: {{AutoDeploy: true}}}}]}}"
            ),
            false,
        ),
        (
            format!(
                "{{policy: p, match: {{each-route: {{}}}}, rules: [{{{rule}, expect: {{AutoDeploy: true}}}}]}}"
            ),
            false,
        ),
        (
            format!(
                "{{policy: p, rules: [{{{rule}, expect: {{not: {{each-route: {{LoggingLevel: INFO}}}}}}}}]}}"
            ),
            false,
        ),
        (
            format!("{{policy: p, rules: [{{{rule}, expect: {{route: x}}}}]}}"),
            false,
        ),
        (
            format!("{{policy: p, rules: [{{{rule}, expect: {{present: true}}}}]}}"),
            false,
        ),
        (
            format!(
                "{{policy: p, rules: [{{{rule}, expect: {{AutoDeploy: true}}, colour: red}}]}}"
            ),
            false,
        ),
        (
            format!("{{policy: p, rules: [{{{rule}, why: '', expect: {{AutoDeploy: true}}}}]}}"),
            false,
        ),
        (
            "{policy: p, rules: [{id: R, title: t, severity: low, expect: {AutoDeploy: true}}]}"
                .into(),
            false,
        ),
        (
            "{policy: p, rules: [{id: r, title: t, severity: worst, expect: {AutoDeploy: true}}]}"
                .into(),
            false,
        ),
        (
            "{policy: p, rules: [{id: r, title: 5, severity: low, expect: {AutoDeploy: true}}]}"
                .into(),
            false,
        ),
        (
            "{policy: p, tests: [{name: n, given: {AutoDeploy: {min: 1}}, violates: []}]}".into(),
            false,
        ),
        (
            "{policy: p, tests: [{name: n, given: {each-route: {}}, violates: []}]}".into(),
            false,
        ),
        (
            "{policy: p, tests: [{name: n, given: {}, violates: [], ungoverned: true}]}".into(),
            false,
        ),
        (
            "{policy: p, tests: [{name: n, given: {}, ungoverned: false}]}".into(),
            false,
        ),
        (
            "{policy: p, tests: [{name: n, given: {account: 12}, violates: []}]}".into(),
            false,
        ),
    ] {
        let file = yaml(&text);
        assert_eq!(schemas.policy.is_valid(&file), good, "policy: {text}");
        assert_eq!(schemas.any.is_valid(&file), good, "any: {text}");
    }
    let waiver = "rule: p/r, reason: because, owner: me, expires: '2027-01-31'";
    for (text, good) in [
        (
            format!("{{waivers: [{{{waiver}, match: {{StageName: prod, route: 'GET /x'}}}}]}}"),
            true,
        ),
        (
            format!(
                "{{waivers: [{{{waiver}, match: {{StageName: prod}}, accept: {{each-route: {{ThrottlingBurstLimit: {{max: 2000}}}}}}}}]}}"
            ),
            true,
        ),
        (
            format!(
                "{{waivers: [{{{}, match: {{StageName: prod}}}}]}}",
                waiver.replace("p/r", "'*-logging'")
            ),
            true,
        ),
        (
            format!(
                "{{waivers: [{{{}, match: {{StageName: prod}}}}]}}",
                waiver.replace("p/r", "throttling")
            ),
            true,
        ),
        (format!("{{waivers: [{{{waiver}}}]}}"), false),
        (format!("{{waivers: [{{{waiver}, match: {{}}}}]}}"), false),
        (
            format!("{{waivers: [{{{waiver}, match: {{StageName: prod}}, until: never}}]}}"),
            false,
        ),
        (
            format!(
                "{{waivers: [{{{}, match: {{StageName: prod}}}}]}}",
                waiver.replace("2027-01-31", "31.1.2027")
            ),
            false,
        ),
        (
            format!(
                "{{waivers: [{{{}, match: {{StageName: prod}}}}]}}",
                waiver.replace("owner: me, ", "")
            ),
            false,
        ),
    ] {
        let file = yaml(&text);
        assert_eq!(schemas.waivers.is_valid(&file), good, "waivers: {text}");
        let source = Arc::new(SourceText {
            name: "w.yaml".into(),
            text: text.clone(),
        });
        assert_eq!(
            waiver::load(&[source], jiff::civil::date(2026, 1, 1)).is_ok(),
            good,
            "loaded: {text}"
        );
        assert_eq!(schemas.any.is_valid(&file), good, "any: {text}");
    }
}

#[test]
fn run_files_that_are_wrong_are_refused() {
    let schemas = Schemas::new();
    let folder = tempfile::tempdir().unwrap();
    let run_file = folder.path().join("driftgate.yaml");
    for (text, good) in [
        (
            "{rate: '5', min-coverage: 90, region: [eu-west-1, us-east-1]}",
            true,
        ),
        ("{region: []}", false),
        (
            "{policy: [policies/], fail-on: high, report: [json=r.json]}",
            true,
        ),
        ("{policy: policies, fail-on: high}", true),
        ("{policy: a.yaml}", true),
        (
            "{policy: policies/, region: eu-west-1, allow-empty: true, rate: 2.5, concurrency: 8}",
            true,
        ),
        ("{}", true),
        ("{fail_on: high}", false),
        ("{fail-on: worst}", false),
        ("{allow-empty: 'yes'}", false),
        ("{rate: fast}", false),
        ("{profile: [a, b]}", false),
        ("{region: [1]}", false),
        ("{config: other.yaml}", false),
    ] {
        let file = yaml(text);
        assert_eq!(schemas.run.is_valid(&file), good, "run: {text}");
        std::fs::write(&run_file, text).unwrap();
        let flags: [&std::ffi::OsStr; 4] = [
            "policy".as_ref(),
            "schema".as_ref(),
            "--config".as_ref(),
            run_file.as_os_str(),
        ];
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_driftgate"))
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(
            output.status.success(),
            good,
            "read: {text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(schemas.any.is_valid(&file), good, "any: {text}");
    }
}

/// The files below a folder with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
