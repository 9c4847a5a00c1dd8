//! The loader under any input, its two YAML readers against each other, and the shipped packs with their tests.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::sync::Arc;

use driftgate::check::{Options, Verdict, verdict};
use driftgate::policy::read::builtin;
use driftgate::policy::read::example::{Example, Expected};
use driftgate::policy::text::diagnostic::{Diagnostic, Problems, SourceText};
use driftgate::policy::text::yaml::{self, Data, Node};
use driftgate::policy::{Policies, Policy, load};
use proptest::prelude::*;
use serde_yaml::Value as Yaml;

fn source(name: &str, text: &str) -> Arc<SourceText> {
    Arc::new(SourceText {
        name: name.to_owned(),
        text: text.to_owned(),
    })
}

/// Loads a text: mistakes point into it, and what is accepted can be checked against its own examples.
fn loads(text: &str) -> Result<Policies, Vec<Diagnostic>> {
    let result = load(vec![source("p.yaml", text)]);
    match &result {
        Err(found) => {
            assert!(!found.is_empty(), "refused without a reason");
            for mistake in found {
                let span = mistake.span.clone();
                assert!(span.start <= span.end, "{mistake:?}");
                assert!(
                    text.get(span).is_some(),
                    "{mistake:?} is not a place of the text"
                );
                assert!(!mistake.title.is_empty());
            }
        }
        Ok(policies) => {
            for policy in &policies.policies {
                for example in &policy.tests {
                    let _ = failures(policy, example);
                }
            }
        }
    }
    result
}

/// Differences of an example from its expectation, worked out from the verdicts alone.
fn failures(policy: &Policy, example: &Example) -> Vec<String> {
    let document = example.document();
    let verdicts: Vec<_> = policy
        .rules
        .iter()
        .map(|rule| {
            (
                rule.id.clone(),
                verdict(
                    policy.selection.as_ref(),
                    rule,
                    &document,
                    Options::default(),
                ),
            )
        })
        .collect();
    for (rule, hidden) in policy.rules.iter().zip(&verdicts) {
        // Showing a value or hiding it does not change the verdict.
        let shown = verdict(
            policy.selection.as_ref(),
            rule,
            &document,
            Options {
                show_values: true,
                ..Options::default()
            },
        );
        assert_eq!(
            std::mem::discriminant(&shown),
            std::mem::discriminant(&hidden.1),
            "{}/{}",
            policy.name,
            rule.id
        );
    }
    let governs =
        |verdict: &Verdict| !matches!(verdict, Verdict::NotGoverned | Verdict::NotApplicable);
    let violated: Vec<&String> = verdicts
        .iter()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Violates(_)))
        .map(|(id, _)| id)
        .collect();
    let good = match &example.expected {
        Expected::Ungoverned => !verdicts.iter().any(|(_, verdict)| governs(verdict)),
        Expected::Violates(ids) if ids.is_empty() => {
            violated.is_empty()
                && verdicts
                    .iter()
                    .any(|(_, verdict)| matches!(verdict, Verdict::Conforms))
        }
        Expected::Violates(ids) => {
            let mut distinct: Vec<&String> = ids.iter().collect();
            distinct.sort();
            distinct.dedup();
            let mut violated = violated.clone();
            violated.sort();
            violated == distinct
        }
    };
    if good {
        Vec::new()
    } else {
        vec![format!("{}: {}: {verdicts:#?}", policy.name, example.name)]
    }
}

// ---- Any input.

/// Words and signs of the language, of YAML, and of what people write by mistake.
const FRAGMENTS: [&str; 117] = [
    "policy: p\n",
    "rules:\n",
    "- ",
    "  - ",
    "    ",
    "  ",
    "\n",
    "\n",
    "\n    ",
    ": ",
    ", ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "- id: a\n",
    "    title: t\n",
    "    severity: low\n",
    "    severity: [low]\n",
    "    expect: ",
    "expect:\n      ",
    "match: ",
    "    match: {StageName: prod}\n",
    "each-route: ",
    "route: ",
    "api: ",
    "account: ",
    "region: eu-west-1",
    "partition: aws",
    "arn: ",
    "AutoDeploy: ",
    "Description: ",
    "StageName: ",
    "AccessLogSettings: ",
    "DestinationArn: ",
    "Format: ",
    "DefaultRouteSettings: ",
    "RouteSettings: ",
    "ThrottlingBurstLimit: ",
    "ThrottlingRateLimit: ",
    "LoggingLevel: ",
    "DataTraceEnabled: ",
    "StageVariables: ",
    "Tags: ",
    "ProtocolType: ",
    "CorsConfiguration: ",
    "AllowOrigins: ",
    "Name: ",
    "{min: 1, max: 9}",
    "{min: 9, max: 1}",
    "{above: 0}",
    "{below: 1.5}",
    "{like: a*}",
    "{like: [a*, b?]}",
    "{like: '*'}",
    "{matches: 'a.b'}",
    "{matches: '('}",
    "{matches: '(a{1000}){1000}'}",
    "{contains: x}",
    "{each: {like: x}}",
    "{present: true}",
    "{present: false}",
    "{not: ",
    "{any-of: [",
    "not: [a, b]",
    "${account}",
    "${Tags.x}",
    "${nope}",
    "$${",
    "\"${api.Name}-*\"",
    "prod",
    "prod*",
    "true",
    "false",
    "no",
    "OFF",
    "1",
    "0",
    "-1",
    "1e400",
    ".nan",
    ".inf",
    "0x1f",
    "1.5",
    "9223372036854775808",
    "012345670123",
    "null",
    "~",
    "&x ",
    "*x",
    "&x [*x]",
    "!tag ",
    "<<: ",
    "<<: *x",
    "? ",
    "|\n      ",
    ">-\n      ",
    "# c\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "\t",
    "\r\n",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "\u{0}",
    "tests:\n",
    "given: ",
    "violates: []",
    "ungoverned: true",
    "name: n\n",
    "equals: 1",
    "tests:\n  - {name: n, given: {}, violates: [a]}\n",
    "anyOf: ",
];

fn any_fragments() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(FRAGMENTS.to_vec()), 0..40)
        .prop_map(|parts| parts.concat())
}

/// A policy that uses most of the language; every example of it holds.
const RICH: &str = r#"# A comment
policy: rich
description: What every stage must look like.
match:
  StageName: {like: [prod, "live-*"]}
  api: {Tags: {tier: gold}}
rules:
  - id: access-logging
    title: "Access logs: delivered"
    severity: high
    why: >-
      Without them an incident
      cannot be reconstructed.
    fix: |
      Point the stage at the team's log group.
    references: ["AWS Security Hub APIGateway.9", "https://example.com/é"]
    expect:
      AccessLogSettings:
        DestinationArn: {like: "arn:${partition}:logs:${region}:${account}:log-group:/apigw/*"}
        Format: {contains: "$context.requestId", matches: 'status'}
  - id: throttling
    title: Every route is throttled
    severity: critical
    expect:
      each-route:
        ThrottlingBurstLimit: {min: 1, max: 500}
        ThrottlingRateLimit: {above: 0, max: 1000, not: 7}
  - {id: owner-tags, title: Someone owns it, severity: low, expect: {Tags: [owner, "cost-*"]}}
  - id: either
    title: One or the other
    severity: info
    match: {api: {ProtocolType: HTTP}}
    expect:
      any-of:
        - api: {CorsConfiguration: {AllowOrigins: {each: {like: "https://*"}, not: {contains: "*"}}}}
        - {AutoDeploy: false, Description: {present: &yes true}, StageVariables: {"KEY*": {present: *yes}}}
tests:
  - name: a stage without logs is caught
    given: {StageName: prod, api: {Tags: {tier: gold}}}
    violates: [access-logging, throttling, owner-tags]
  - name: a dev stage is not governed
    given: {StageName: dev}
    ungoverned: true
"#;

#[test]
fn a_block_may_end_with_the_file() {
    for text in ["a: |\n  b", "a: |\n  b\n    c", "a: >-\n  b", "a: |+\n  b"] {
        assert_eq!(disagreement(text), None);
        let mut problems = Problems::new(source("p.yaml", text));
        assert!(
            yaml::read(&mut problems).is_some() && problems.is_empty(),
            "{text:?}: {problems:?}"
        );
    }
}

#[derive(Debug, Clone)]
enum Edit {
    Delete(usize, usize),
    Insert(usize, &'static str),
    Copy(usize, usize, usize),
    DropLine(usize),
    CopyLine(usize, usize),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    let place = 0..RICH.len();
    prop_oneof![
        1 => (place.clone(), 1_usize..12).prop_map(|(at, length)| Edit::Delete(at, length)),
        3 => (place.clone(), proptest::sample::select(FRAGMENTS.to_vec())).prop_map(|(at, part)| Edit::Insert(at, part)),
        1 => (place.clone(), place, 1_usize..40).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
        1 => (0_usize..50).prop_map(Edit::DropLine),
        1 => (0_usize..50, 0_usize..50).prop_map(|(from, to)| Edit::CopyLine(from, to)),
    ]
}

fn edited(edits: &[Edit]) -> String {
    let mut text = RICH.to_owned();
    for edit in edits {
        let floor = |text: &str, at: usize| {
            (0..=at.min(text.len()))
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap()
        };
        match edit {
            Edit::Delete(at, length) => {
                let (start, end) = (floor(&text, *at), floor(&text, at + length));
                text.replace_range(start..end, "");
            }
            Edit::Insert(at, part) => {
                let at = floor(&text, *at);
                text.insert_str(at, part);
            }
            Edit::Copy(from, to, length) => {
                let part = text[floor(&text, *from)..floor(&text, from + length)].to_owned();
                let to = floor(&text, *to);
                text.insert_str(to, &part);
            }
            Edit::DropLine(line) | Edit::CopyLine(line, _) => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                if lines.is_empty() {
                    continue;
                }
                let line = line % lines.len();
                match edit {
                    Edit::CopyLine(_, to) => lines.insert(to % lines.len(), lines[line]),
                    _ => drop(lines.remove(line)),
                }
                text = lines.concat();
            }
        }
    }
    text
}

/// Number of inputs that each property tries; a long run is `POLICY_CASES=100000 cargo test --test policies`.
fn config(cases: u32) -> ProptestConfig {
    let cases = std::env::var("POLICY_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok())
        .unwrap_or(cases);
    ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 4096,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn no_text_makes_the_loader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in any::<String>()) {
        let _ = loads(&String::from_utf8_lossy(&bytes));
        let _ = loads(&text);
    }

    #[test]
    fn no_words_of_the_language_make_the_loader_panic(text in any_fragments(), expect in any_fragments()) {
        let _ = loads(&text);
        let _ = loads(&format!("policy: p\nrules:\n  - id: a\n    title: t\n    severity: low\n    expect:\n      {expect}"));
        let _ = loads(&format!("policy: p\nrules:\n  - {{id: a, title: t, severity: low, expect: {{{expect}}}}}\n"));
    }

    #[test]
    fn no_edit_of_a_good_policy_makes_the_loader_panic(edits in proptest::collection::vec(any_edit(), 1..6)) {
        let _ = loads(&edited(&edits));
    }

    #[test]
    fn the_span_tree_is_what_serde_yaml_reads(text in any_fragments(), edits in proptest::collection::vec(any_edit(), 1..4)) {
        prop_assert_eq!(disagreement(&text), None);
        prop_assert_eq!(disagreement(&format!("a: {text}\n")), None);
        prop_assert_eq!(disagreement(&edited(&edits)), None);
    }
}

// ---- The two readers.

/// Disagreement of the two readers on a text that both accept.
fn disagreement(text: &str) -> Option<String> {
    let mut problems = Problems::new(source("p.yaml", text));
    let Some(node) = yaml::read(&mut problems) else {
        return problems
            .is_empty()
            .then(|| format!("refused without a reason: {text:?}"));
    };
    // A tag, a merge key or a duplicate key is a mistake already, and the readers need not agree on it.
    // And a last line without its end is read as if it had one.
    let ended = if text.ends_with('\n') {
        text.to_owned()
    } else {
        format!("{text}\n")
    };
    let value = serde_yaml::from_str::<Yaml>(&ended)
        .ok()
        .filter(|_| problems.is_empty())?;
    different(&node, &value, text).map(|what| format!("{what} in {text:?}"))
}

fn different(node: &Node, value: &Yaml, text: &str) -> Option<String> {
    let Some(part) = text.get(node.span.clone()) else {
        return Some(format!("{:?} is no place", node.span));
    };
    let agree = match (&node.data, value) {
        (Data::Null, Yaml::Null) => true,
        (Data::Boolean(one), Yaml::Bool(other)) => one == other,
        (Data::Integer(one), Yaml::Number(other)) => other.as_i64() == Some(*one),
        (Data::Number(one), Yaml::Number(other)) => other.as_f64().is_some_and(|other| {
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
        }),
        (Data::Text(one), Yaml::String(other)) => one == other,
        (Data::List(nodes), Yaml::Sequence(values)) if nodes.len() == values.len() => {
            return nodes
                .iter()
                .zip(values)
                .find_map(|(node, value)| different(node, value, text));
        }
        (Data::Map(entries), Yaml::Mapping(values)) if entries.len() == values.len() => {
            return entries
                .iter()
                .zip(values)
                .find_map(|(entry, (key, value))| {
                    let written = &entry.key;
                    let known = match key {
                        Yaml::String(key) => key == written,
                        key => serde_yaml::from_str::<Yaml>(written)
                            .is_ok_and(|written| written == *key),
                    };
                    if !known {
                        return Some(format!("the key {written:?} is not {key:?}"));
                    }
                    if text.get(entry.key_span.clone()).is_none() {
                        return Some(format!("{:?} is no place", entry.key_span));
                    }
                    different(&entry.value, value, text)
                });
        }
        _ => false,
    };
    if !agree {
        return Some(format!("{:?} is not {value:?}", node.data));
    }
    // The place of a scalar on one line holds that scalar.
    let block = regex::Regex::new(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\s*$").ok()?;
    let in_block = part.starts_with(['|', '>']) || block.is_match(&text[..node.span.start]);
    if matches!(node.data, Data::Null) || part.contains(['\n', '\r']) || in_block {
        return None;
    }
    let read = serde_yaml::from_str::<Yaml>(&format!("k: {part}"))
        .ok()
        .and_then(|read| read.get("k").cloned());
    (read.as_ref() != Some(value)).then(|| format!("{part:?} stands at the place of {value:?}"))
}

#[test]
fn the_readers_agree_on_what_people_write() {
    for text in [
        RICH,
        "a: yes\nb: no\nc: on\nd: NO\n",
        "a: 0o17\nb: 0b11\nc: 1_000\nd: +1\ne: 1.\nf: .5\ng: 1e3\nh: 0777\n",
        "a: 2026-11-23\nb: 12:30:45\nc: 1.2.3\n",
        "- - a\n  - b\n-\n  - c\n- {a: [b, {c: d}]}\n",
        "a:\n- b\n- c\nd:\n  - e\n",
        "a: 'it''s'\nb: \"\\u00e9\\n\"\nc: |\n  one\n  two\nd: >-\n  one\n  two\n",
        "a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n",
        "a: b # comment\n# comment\nc: d#e\n",
        "\"quoted key\": 1\n'other': 2\n1: 3\ntrue: 4\n~: 5\n",
        "a: b\r\nc:\r\n  - d\r\n",
        "a:\nb:\n",
        "a: one\n  two\n",
        "{a: 1, b: [x, y], c: {d: e}}",
        "a: http://x:80/y?z=1\nb: arn:aws:logs:us-east-1:1:log-group:x\n",
        "a: ${x}\nb: \"*\"\n",
        "GET /{proxy+}: 1\n",
        "\u{feff}a: 1\n",
    ] {
        assert_eq!(disagreement(text), None);
    }
}

/// U+0085, U+2028 and U+2029 end a line in YAML 1.1, and so for serde_yaml; in YAML 1.2 and for granit they are text.
#[test]
fn line_ends_that_only_one_reader_knows_move_no_value() {
    for end in ['\u{85}', '\u{2028}', '\u{2029}'] {
        for text in [
            format!("min: 1 # a comment{end}below: 9\nmax: 500\n"),
            format!("a: [{end}prod]\n"),
            format!("a: one{end}two\n"),
            format!("a: \"one{end}two\"\n"),
        ] {
            assert_eq!(disagreement(&text), None);
        }
    }
}

// ---- The shipped packs.

#[test]
fn shipped_packs_load_and_all_their_tests_hold() {
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/policies")).unwrap();
    let mut texts: Vec<Arc<SourceText>> = files
        .map(|entry| entry.unwrap().path())
        .map(|path| source(path.to_str().unwrap(), &fs::read_to_string(&path).unwrap()))
        .collect();
    texts.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(texts.len() >= 2);
    let together = load(texts).unwrap_or_else(|found| panic!("{found:#?}"));
    let mut failed = Vec::new();
    for policy in &together.policies {
        assert!(!policy.rules.is_empty(), "{}", policy.name);
        for example in &policy.tests {
            failed.extend(failures(policy, example));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn each_pack_loads_alone_under_its_own_name() {
    for (name, text) in builtin::PACKS {
        let policies = load(vec![source(&format!("builtin:{name}"), text)])
            .unwrap_or_else(|found| panic!("{found:#?}"));
        assert_eq!(policies.policies.len(), 1);
        assert_eq!(policies.policies[0].name, name);
    }
}

/// Every rule of a pack is shown to be violated by something and to hold for something.
#[test]

fn every_shipped_rule_is_tried_both_ways() {
    let mut untried = Vec::new();
    for (name, text) in builtin::PACKS {
        let policies = load(vec![source(name, text)]).unwrap_or_else(|found| panic!("{found:#?}"));
        for policy in &policies.policies {
            for rule in &policy.rules {
                let verdicts: Vec<Verdict> = policy
                    .tests
                    .iter()
                    .map(|example| {
                        verdict(
                            policy.selection.as_ref(),
                            rule,
                            &example.document(),
                            Options::default(),
                        )
                    })
                    .collect();
                if !verdicts
                    .iter()
                    .any(|verdict| matches!(verdict, Verdict::Violates(_)))
                {
                    untried.push(format!("{name}/{}: no test violates it", rule.id));
                }
                if !verdicts
                    .iter()
                    .any(|verdict| matches!(verdict, Verdict::Conforms))
                {
                    untried.push(format!("{name}/{}: it holds in no test", rule.id));
                }
                for (fact, missing) in [
                    ("why", rule.facts.why.is_none()),
                    ("fix", rule.facts.fix.is_none()),
                    ("references", rule.facts.references.is_empty()),
                ] {
                    if missing {
                        untried.push(format!("{name}/{}: no `{fact}`", rule.id));
                    }
                }
            }
        }
    }
    assert!(untried.is_empty(), "{}", untried.join("\n"));
}

#[test]
fn a_thousand_rules_load() {
    let mut text = "policy: many\nrules:\n".to_owned();
    for at in 0..1_000 {
        text += &format!(
            "  - id: rule-{at}\n    title: Rule {at}\n    severity: low\n    match: {{StageName: {{like: s{at}-*}}}}\n    expect:\n      \
             each-route: {{ThrottlingBurstLimit: {{min: 1, max: {at}0}}}}\n      Tags: [owner, \"cost-*\"]\n      Description: {{matches: 'a{at}|b'}}\n",
        )
        .replace("max: 00", "max: 10");
    }
    assert!(text.len() < 1 << 20);
    let policies = loads(&text).unwrap_or_else(|found| panic!("{found:#?}"));
    assert_eq!(policies.rules, 1_000);
    let lines: Vec<usize> = policies.rules().map(|rule| rule.facts.line).collect();
    assert_eq!(lines, (0..1_000).map(|at| 3 + at * 8).collect::<Vec<_>>());
    let mut numbered: Vec<(&str, u32)> = policies
        .rules()
        .map(|rule| (rule.facts.name.as_str(), rule.number))
        .collect();
    numbered.sort_unstable();
    assert!(
        numbered.into_iter().map(|(_, number)| number).eq(0..1_000),
        "rules are numbered by name"
    );
}

/// All mistakes of a file come at once, in its order.
#[test]
fn a_thousand_mistakes_are_all_told() {
    let mut text = "policy: many\nrules:\n".to_owned();
    for at in 0..1_000 {
        text +=
            &format!("  - {{id: r{at}, title: t, severity: loud, expect: {{Descripton: x}}}}\n");
    }
    let found = loads(&text).unwrap_err();
    assert_eq!(found.len(), 2_000);
    assert!(found.is_sorted_by_key(|mistake| mistake.span.start));
}
