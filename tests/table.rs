//! Every test of the language in every state of a setting, and every answer in every place where it can be, with
//! the verdicts written out by hand.
//!
//! `c` conforms, `v` violates, `u` undecided, `n` not applicable, `-` not governed, `.` cannot be.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that panics has failed, as it should"
)]

#[path = "oracle/document.rs"]
mod document;

use std::sync::Arc;

use document::{digest_of, not_stated};
use driftgate::check::{self, Options, Verdict, verdict};
use driftgate::model::state::{ApiBatch, Close, VecState};
use driftgate::policy::language::operators::OPERATORS;
use driftgate::policy::load;
use driftgate::policy::read::waiver;
use driftgate::policy::text::diagnostic::SourceText;
use serde_json::{Value as Json, json};

/// The settings under test; one protocol lacks each.
const SETTINGS: [(&str, &str, &str); 8] = [
    // Name in the table, path, the protocol that has it.
    ("text", "ClientCertificateId", "WEBSOCKET"),
    (
        "boolean",
        "DefaultRouteSettings.DataTraceEnabled",
        "WEBSOCKET",
    ),
    ("level", "DefaultRouteSettings.LoggingLevel", "WEBSOCKET"),
    ("number", "api.CorsConfiguration.MaxAge", "HTTP"),
    ("list", "api.CorsConfiguration.AllowOrigins", "HTTP"),
    ("struct", "api.CorsConfiguration", "HTTP"),
    // Both have these.
    ("variable", "StageVariables.key", ""),
    ("log", "AccessLogSettings.Format", ""),
];

/// A setting, a pattern, a value that fits and one that does not; then the verdict on the one, on the other, on an unset
/// setting, on one that is not stated, on the digests of both values, and on the protocol that lacks the setting.
const STATES: &str = r#"
setting   pattern                        good           bad            good bad unset unstated digests lacking
text      cert                           "cert"         "other"        c    v   v     u        ..      n
text      [a, cert]                      "cert"         "other"        c    v   v     u        ..      n
text      "${StageName}"                 "prod"         "other"        c    v   v     u        ..      n
text      "${Tags.none}"                 .              "other"        .    v   v     u        ..      n
text      {like: "c*"}                   "cert"         "other"        c    v   v     u        ..      n
text      {like: ["x*", "c??t"]}         "cert"         "other"        c    v   v     u        ..      n
text      {matches: "^c"}                "cert"         "other"        c    v   v     u        ..      n
text      {contains: er}                 "cert"         "office"       c    v   v     u        ..      n
text      {present: true}                "cert"         .              c    .   v     u        ..      n
text      {present: false}               .              "cert"         .    v   c     u        ..      n
text      {not: other}                   "cert"         "other"        c    v   c     u        ..      n
text      {not: [x, other]}              "cert"         "other"        c    v   c     u        ..      n
text      {any-of: [cert, {like: "x*"}]} "xyz"          "other"        c    v   v     u        ..      n
text      {older-than: 90d}              "2026-01-31"   "2026-06-01"   c    v   v     u        ..      n
text      {newer-than: 12h}              "2026-06-15T00:00:01Z" "2026-06-15" c v v    u        ..      n
text      {not: {older-than: 90d}}       "2026-06-01"   "2026-01-31"   c    v   c     u        ..      n
variable  {older-than: 90d}              "2026-01-31"   "soon"         c    v   v     u        uu      .
variable  {newer-than: 90d}              "2999-01-31"   "2026-01-31"   c    v   v     u        uu      .
text      {looks-secret: false}          "cert"         "AKIAIOSFODNN7EXAMPLE" c v v  u        ..      n
boolean   true                           true           false          c    v   v     u        ..      n
boolean   false                          false          true           c    v   c     u        ..      n
boolean   {not: true}                    false          true           c    v   c     u        ..      n
level     INFO                           "INFO"         "ERROR"        c    v   v     u        ..      n
level     false                          "OFF"          "ERROR"        c    v   c     u        ..      n
level     [ERROR, INFO]                  "INFO"         "OFF"          c    v   v     u        ..      n
number    5                              5              6              c    v   v     u        ..      n
number    {min: 5}                       5              4              c    v   v     u        ..      n
number    {max: 5}                       5              6              c    v   v     u        ..      n
number    {above: 5}                     6              5              c    v   v     u        ..      n
number    {below: 5}                     4              5              c    v   v     u        ..      n
number    {min: 1, max: 5, not: 3}       0              .              v    .   v     u        ..      n
number    {not: {min: 5}}                4              5              c    v   c     u        ..      n
list      {contains: "*"}                ["a","*"]      ["a"]          c    v   v     u        ..      n
list      {each: {like: "a*"}}           ["a","ab"]     ["a","b"]      c    v   c     u        ..      n
list      {present: true}                ["a"]          []             c    v   v     u        ..      n
list      {not: {contains: "*"}}         ["a"]          ["*"]          c    v   c     u        ..      n
struct    {present: true}                {"MaxAge":0}   {}             c    v   v     u        ..      n
struct    {present: false}               {}             {"MaxAge":0}   c    v   c     u        ..      n
struct    {AllowCredentials: false}      {"MaxAge":0}   {"AllowCredentials":true} c v c u      ..      n
variable  blue                           "blue"         "green"        c    v   v     u        cv      .
variable  [red, blue]                    "blue"         "green"        c    v   v     u        cv      .
variable  {not: green}                   "blue"         "green"        c    v   c     u        cv      .
variable  {like: "b*"}                   "blue"         "green"        c    v   v     u        uu      .
variable  {matches: "^b"}                "blue"         "green"        c    v   v     u        uu      .
variable  {contains: lu}                 "blue"         "green"        c    v   v     u        uu      .
variable  {present: true}                "blue"         .              c    .   v     u        c.      .
variable  {present: false}               .              "blue"         .    v   c     u        .v      .
variable  {looks-secret: false}          "blue"         "AKIAIOSFODNN7EXAMPLE" c v v  u        cv      .
variable  {looks-secret: true}           "AKIAIOSFODNN7EXAMPLE" "blue" c    v   v     u        cv      .
log       {log-format: {context: [status]}} "$context.status" "$context.path" c v v   u        ..      .
"#;

/// Answer of a test, and the verdict where it is used: alone, under `not`, in `any-of` beside a test that holds, one
/// that does not, one that is not stated and one that the protocol lacks; alone in `match`, and under `not` there.
const PLACES: &str = "
answer  alone not  holds fails unstated lacking  match match-not
holds   c     v    c     c     c        c        c     -
fails   v     c    c     v     u        v        -     c
unknown u     u    c     u     u        u        u     u
lacking n     n    c     v     u        n        -     -
";

/// A document of a protocol with a value at a path.
fn document(protocol: &str, path: &str, value: Option<Json>) -> Json {
    let mut document = json!({
        "StageName": "prod", "account": "a", "region": "us-east-1", "api": {"ProtocolType": protocol, "Name": not_stated()},
    });
    if let Some(value) = value {
        let value = path
            .rsplit('.')
            .fold(value, |inner, name| json!({ name: inner }));
        let (top, below) = value.as_object().unwrap().iter().next().unwrap();
        match document.get_mut(top) {
            Some(Json::Object(known)) => known.extend(below.as_object().unwrap().clone()),
            _ => document[top] = below.clone(),
        }
    }
    document
}

/// The pattern at the path.
fn at(path: &str, pattern: &str) -> String {
    path.rsplit('.').fold(pattern.to_owned(), |inner, name| {
        format!("{{{name}: {inner}}}")
    })
}

/// The letter of the verdict of a rule.
fn letter(rule: &str, document: &Json) -> char {
    let text = format!("policy: p\nrules:\n  - {{id: r, title: t, severity: low, {rule}}}\n");
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text,
    })])
    .unwrap_or_else(|found| panic!("{rule}: {found:#?}"));
    let rule = &policies.policies[0].rules[0];
    match document::read(document, |document| {
        verdict(None, rule, document, Options::default())
    }) {
        Verdict::Conforms => 'c',
        Verdict::Violates(_) => 'v',
        Verdict::Undecided(_) => 'u',
        Verdict::NotApplicable => 'n',
        Verdict::NotGoverned => '-',
    }
}

/// True if a waiver that accepts the pattern at the path waives a violation there.
fn is_waived(path: &str, pattern: &str, document: &Json) -> bool {
    // One of the two fails at the setting itself, whatever it is.
    let opposites = match path.rsplit('.').next() {
        Some("DataTraceEnabled") => ["true", "false"],
        Some("LoggingLevel") => ["[ERROR, INFO]", "\"OFF\""],
        _ => ["{present: true}", "{present: false}"],
    };
    let fails =
        |opposite: &&str| letter(&format!("expect: {}", at(path, opposite)), document) == 'v';
    let failing = opposites
        .into_iter()
        .find(fails)
        .unwrap_or_else(|| panic!("{path}: {document}"));
    let expect = at(path, failing);
    let source = |name: &str, text: String| {
        Arc::new(SourceText {
            name: name.into(),
            text,
        })
    };
    let policy =
        format!("policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n");
    let policies = load(vec![source("p.yaml", policy)]).unwrap();
    let waiver = format!(
        "waivers:\n  - {{rule: p/r, match: {{StageName: prod}}, accept: {}, reason: r, owner: o, expires: 2027-01-31}}\n",
        at(path, pattern)
    );
    let waivers = waiver::load(&[source("w.yaml", waiver)], jiff::civil::date(2027, 1, 1)).unwrap();
    let batch = document::read(document, |document| ApiBatch {
        read_at: document.read_at,
        account: document.account.map(Into::into),
        region: document.region.map(Into::into),
        api: document.api.clone().into_owned(),
        stages: vec![document.stage.clone().into_owned()],
    });
    let state = VecState::new(vec![batch], Close::default());
    let results = check::run(&policies, &waivers, Box::new(state), Options::default()).unwrap();
    assert_eq!(
        results.total() + results.waived.len(),
        1,
        "{path}: {document}"
    );
    results.waived.len() == 1
}

/// The columns of a line: the setting, the pattern up to the first of two blanks or the value, and the rest.
fn columns(line: &str) -> Vec<String> {
    let (setting, rest) = line.split_once(' ').unwrap();
    let mut columns = vec![setting.to_owned(), String::new()];
    let mut depth = 0;
    let mut quoted = false;
    for c in rest.trim().chars() {
        quoted ^= c == '"';
        match c {
            '{' | '[' if !quoted => depth += 1,
            '}' | ']' if !quoted => depth -= 1,
            _ => {}
        }
        if c == ' ' && depth == 0 && !quoted {
            if !columns.last().unwrap().is_empty() {
                columns.push(String::new());
            }
        } else {
            columns.last_mut().unwrap().push(c);
        }
    }
    columns
}

#[test]
fn every_test_in_every_state() {
    let mut tried = String::new();
    for line in STATES.trim().lines().skip(1) {
        let columns = columns(line);
        let [
            setting,
            pattern,
            good,
            bad,
            on_good,
            on_bad,
            on_unset,
            on_unstated,
            on_digests,
            on_lacking,
        ] = columns.as_slice()
        else {
            panic!("{columns:?}")
        };
        let (_, path, has) = SETTINGS.iter().find(|(name, ..)| name == setting).unwrap();
        let rule = format!("expect: {}", at(path, pattern));
        let has_it = if has.is_empty() { "HTTP" } else { has };
        let lacks_it = if *has == "HTTP" { "WEBSOCKET" } else { "HTTP" };
        let value = |text: &str| (text != ".").then(|| serde_json::from_str::<Json>(text).unwrap());
        let digest = |text: &str| value(text).and_then(|value| value.as_str().map(digest_of));
        let (of_good, of_bad) = on_digests.split_at(1);
        for (what, protocol, value, expected) in [
            ("good", has_it, value(good), on_good.as_str()),
            ("bad", has_it, value(bad), on_bad),
            ("unset", has_it, None, on_unset),
            ("not stated", has_it, Some(not_stated()), on_unstated),
            ("digest of good", has_it, digest(good), of_good),
            ("digest of bad", has_it, digest(bad), of_bad),
            ("lacking", lacks_it, None, on_lacking),
        ] {
            if expected != "." {
                assert!(
                    what == "unset" || what == "lacking" || value.is_some(),
                    "{line}: {what}"
                );
                let letters = letter(&rule, &document(protocol, path, value)).to_string();
                assert_eq!(letters, expected, "{what}: {line}");
            }
        }
        // In `accept`: what conforms is waived, and nothing else is. Where nothing is known or demanded, nothing fails.
        for (what, value, expected) in [
            ("good", value(good), on_good.as_str()),
            ("bad", value(bad), on_bad),
            ("unset", None, on_unset),
            ("digest of good", digest(good), of_good),
            ("digest of bad", digest(bad), of_bad),
        ] {
            if expected != "." {
                let waived = is_waived(path, pattern, &document(has_it, path, value));
                // A pattern of members names those, not the struct that fails.
                let names_it = setting != "struct" || pattern.starts_with("{present");
                assert_eq!(
                    waived,
                    expected == "c" && names_it,
                    "accepted, {what}: {line}"
                );
            }
        }
        tried.push_str(pattern);
    }
    for operator in OPERATORS {
        assert!(
            tried.contains(&format!("{}:", operator.name)),
            "the table lacks {}",
            operator.name
        );
    }
}

#[test]
fn every_answer_in_every_place() {
    let siblings = [
        ("holds", "{StageName: prod}"),
        ("fails", "{StageName: dev}"),
        ("unstated", "{api: {Name: x}}"),
        ("lacking", "{DefaultRouteSettings: {LoggingLevel: INFO}}"),
    ];
    // On an HTTP API.
    let answers = [
        ("holds", "{AutoDeploy: false}"),
        ("fails", "{AutoDeploy: true}"),
        ("unknown", "{api: {Name: y}}"),
        ("lacking", "{ClientCertificateId: x}"),
    ];
    let document = document("HTTP", "", None);
    let mut lines = PLACES.trim().lines();
    assert_eq!(
        lines
            .next()
            .unwrap()
            .split_whitespace()
            .skip(3)
            .take(4)
            .collect::<Vec<_>>(),
        siblings.map(|one| one.0)
    );
    for (line, (answer, test)) in lines.zip(answers) {
        let mut rules = vec![
            format!("expect: {test}"),
            format!("expect: {{not: {test}}}"),
        ];
        rules.extend(
            siblings.map(|(_, sibling)| format!("expect: {{any-of: [{test}, {sibling}]}}")),
        );
        rules.extend(
            [test.to_owned(), format!("{{not: {test}}}")]
                .map(|matches| format!("match: {matches}, expect: {{StageName: prod}}")),
        );
        let letters: Vec<String> = rules
            .iter()
            .map(|rule| letter(rule, &document).to_string())
            .collect();
        let mut expected = line.split_whitespace();
        assert_eq!(expected.next(), Some(answer));
        assert_eq!(letters, expected.collect::<Vec<_>>(), "{answer}");
    }
}
