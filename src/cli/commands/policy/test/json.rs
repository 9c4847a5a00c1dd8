//! The results of tests for other tools, in a versioned format.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::coverage::Coverage;
use super::mutants::Mutants;
use super::results::Results;
use super::run::{TestRun, verdict_name};
use crate::check::{Options, reasons};
use crate::model::finding::Actual;
use crate::policy::Rule;
use crate::policy::read::example::Expected;

/// The whole document.
#[derive(Serialize)]
pub struct TestReport<'r> {
    format: &'static str,
    version: u32,
    summary: TestSummary,
    tests: Vec<Test<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutations: Option<Value>,
}

#[derive(Serialize)]
struct TestSummary {
    policies: usize,
    rules: usize,
    tests: usize,
    passed: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Test<'r> {
    policy: &'r str,
    name: &'r str,
    file: &'r str,
    line: usize,
    passed: bool,
    expected: ExpectedRules<'r>,
    violated: Vec<&'r str>,
    rules: Vec<RuleResult<'r>>,
}

/// The expectation of a test: the violated rules, or that no rule governs the stage.
struct ExpectedRules<'r>(&'r Expected);

#[derive(Serialize)]
struct RuleResult<'r> {
    rule: &'r str,
    verdict: &'static str,
    findings: Vec<RuleFinding>,
}

#[derive(Serialize)]
struct RuleFinding {
    path: Option<String>,
    expected: Option<String>,
    actual: Value,
    reason: Option<String>,
}

impl Serialize for ExpectedRules<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Expected::Violates(rules) => rules.serialize(serializer),
            Expected::Ungoverned => serializer.serialize_str("ungoverned"),
        }
    }
}

impl<'r> TestReport<'r> {
    pub fn of(results: &'r Results<'r>) -> Self {
        let tests: Vec<Test<'_>> = results.runs().map(Test::of).collect();
        let passed = tests.iter().filter(|test| test.passed).count();
        Self {
            format: "driftgate.policy-test",
            version: 1,
            summary: TestSummary {
                policies: results.tested.len(),
                rules: results
                    .tested
                    .iter()
                    .map(|tested| tested.policy.rules.len())
                    .sum(),
                tests: tests.len(),
                passed,
                failed: tests.len() - passed,
            },
            tests,
            coverage: results.coverage(&results.tested).as_ref().map(of_coverage),
            mutations: results.mutants(&results.tested).as_ref().map(of_mutants),
        }
    }
}

impl<'r> Test<'r> {
    fn of(run: &'r TestRun<'r>) -> Self {
        let result = |(rule, verdict): &'r (&'r Rule, _)| RuleResult {
            rule: &rule.id,
            verdict: verdict_name(verdict),
            findings: reasons(
                run.policy,
                rule,
                &run.example.document(),
                verdict,
                Options::default(),
            )
            .into_iter()
            .map(|reason| RuleFinding {
                path: (!reason.path.is_empty()).then(|| reason.path.to_string()),
                expected: reason.expected.map(|expected| expected.to_string()),
                actual: reason.actual.map_or(Value::Null, value),
                reason: reason.note.map(|note| note.to_string()),
            })
            .collect(),
        };
        Self {
            policy: &run.policy.name,
            name: &run.example.name,
            file: &run.example.file.name,
            line: run.example.line(),
            passed: run.passed(),
            expected: ExpectedRules(&run.example.expected),
            violated: run.violated(),
            rules: run.verdicts.iter().map(result).collect(),
        }
    }
}

fn value(actual: Actual) -> Value {
    match actual {
        Actual::Unset => Value::Null,
        Actual::Boolean(value) => value.into(),
        Actual::Integer(value) => value.into(),
        Actual::Number(value) => value.into(),
        Actual::Text(text) => text.as_ref().into(),
        Actual::Json(text) => serde_json::from_str(&text).unwrap_or(Value::Null),
    }
}

fn of_coverage(coverage: &Coverage<'_>) -> Value {
    let rules = |rules: &[&Rule]| -> Vec<Value> {
        let rule = |rule: &&Rule| json!({"rule": rule.facts.name, "file": rule.facts.file, "line": rule.facts.line});
        rules.iter().map(rule).collect()
    };
    json!({
        "rules": coverage.rules,
        "violated": coverage.violated(),
        "conforming": coverage.conforming(),
        "percent": coverage.percent(),
        "never_violated": rules(&coverage.never_violated),
        "never_conforming": rules(&coverage.never_conforming),
    })
}

fn of_mutants(mutants: &Mutants<'_>) -> Value {
    let survivor = |of: &super::mutants::Survivors<'_>| json!({"policy": of.policy, "path": of.path, "changes": of.changes, "rules": of.rules});
    json!({
        "examples": mutants.examples,
        "changes": mutants.changes,
        "noticed": mutants.noticed,
        "survivors": mutants.survivors.iter().map(survivor).collect::<Vec<_>>(),
        "unread_fields": mutants.unread,
        "complete": !mutants.cut,
    })
}
