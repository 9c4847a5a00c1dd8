//! One order comes out, whatever comes in: batches may be of any size and in any sequence, and any number of threads
//! may check them. The order itself is compared with one that is worked out from the JSON alone.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use driftgate::check::{self, Options};
use driftgate::gate::{self, Tolerance};
use driftgate::model::state::{Batch, Close, Gap, Scope, ScopeOutcome, State, Unusable};
use driftgate::model::{Results, Severity};
use driftgate::policy::read::waiver::Waivers;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use driftgate::report::{Facts, Format, Run, Style};
use driftgate::source::snapshot::LineBatch;
use proptest::prelude::*;
use serde_json::Value as Json;

/// Rules of every severity, on the stage, its API and its routes; some hang on what is not stated.
const POLICIES: [&str; 2] = [
    r"
policy: zulu
rules:
  - {id: logs, title: t, severity: high, expect: {AccessLogSettings: {present: true}}}
  - {id: burst, title: t, severity: critical, expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 9}, DetailedMetricsEnabled: true}}}
  - {id: owner, title: t, severity: low, expect: {Tags: [owner, team]}}
  - {id: level, title: t, severity: medium, expect: {each-route: {LoggingLevel: ERROR}}}
",
    r"
policy: alpha
rules:
  - {id: name, title: t, severity: high, match: {StageName: {like: [p*, $default]}}, expect: {api: {Name: {like: team-*}}}}
  - {id: auto, title: t, severity: info, expect: {AutoDeploy: true, Description: {present: true}}}
  - {id: variables, title: t, severity: medium, expect: {StageVariables: {'*': {like: ok*}}}}
  - {id: either, title: t, severity: critical, expect: {any-of: [{Description: {present: true}}, {AutoDeploy: true}]}}
",
];

fn policies(order: &[usize]) -> Policies {
    let text = |at: &usize| {
        Arc::new(SourceText {
            name: format!("{at}.yaml"),
            text: POLICIES[*at].to_owned(),
        })
    };
    load(order.iter().map(text).collect()).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// A stage as a line of a snapshot. What names it is unique; an API's name and protocol follow from its identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    account: Option<String>,
    region: Option<String>,
    api: String,
    stage: String,
    content: u32,
}

impl Line {
    fn text(&self) -> String {
        let bit = |at: u32| self.content >> at & 1 == 1;
        let mut stage = serde_json::json!({"StageName": self.stage});
        let mut put = |on: bool, name: &str, value: Json| {
            if on {
                stage[name] = value;
            }
        };
        put(bit(0), "AutoDeploy", Json::Bool(true));
        put(bit(1), "Description", "d".into());
        put(bit(2), "Tags", serde_json::json!({"owner": "me"}));
        put(
            bit(3),
            "AccessLogSettings",
            serde_json::json!({"DestinationArn": "arn:x"}),
        );
        let routes = ["$default", "GET /a", "GET /é", "GET /a.b", "ANY /{proxy+}"];
        let settings = |at: usize| serde_json::json!({"ThrottlingBurstLimit": at * 5, "DetailedMetricsEnabled": bit(4)});
        let routes: serde_json::Map<_, _> = routes
            .iter()
            .enumerate()
            .zip(5..)
            .filter(|(_, at)| bit(*at))
            .map(|(route, _)| route)
            .map(|(at, key)| ((*key).to_owned(), settings(at)))
            .collect();
        put(!routes.is_empty(), "RouteSettings", routes.into());
        let digest = serde_json::json!({"a": {"sha256": "00".repeat(32), "looks-secret": false}, "b": "ok", "c": "bad"});
        put(bit(10), "StageVariables", digest);
        let mut api = serde_json::json!({"ApiId": self.api});
        if !self.api.contains('x') {
            api["ProtocolType"] = if self.api.contains('w') {
                "WEBSOCKET"
            } else {
                "HTTP"
            }
            .into();
        }
        if bit(11) {
            stage["DefaultRouteSettings"] =
                serde_json::json!({"ThrottlingBurstLimit": 5, "LoggingLevel": "ERROR"});
        }
        let mut not_stated: Vec<&str> = Vec::new();
        if self.api.contains('x') {
            not_stated.push("api.ProtocolType");
        }
        if bit(12) {
            not_stated.push("DefaultRouteSettings.ThrottlingBurstLimit");
        }
        serde_json::json!({"account": self.account, "region": self.region, "api": api, "stage": stage, "not-stated": not_stated})
            .to_string()
    }
}

fn any_line() -> impl Strategy<Value = Line> {
    let some = |names: &[&'static str]| {
        proptest::option::of(proptest::sample::select(
            names.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ))
    };
    let one = |names: &[&'static str]| {
        proptest::sample::select(names.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    (
        some(&["111122223333", "444455556666"]),
        some(&["eu-west-1", "us-east-1"]),
        one(&["a", "a1", "B", "w1", "w2", "x1", "é"]),
        one(&["$default", "prod", "Prod", "dev", "p"]),
        any::<u32>(),
    )
        .prop_map(|(account, region, api, stage, content)| Line {
            account,
            region,
            api,
            stage,
            content,
        })
}

fn any_lines() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(any_line(), 1..60).prop_map(|mut lines| {
        lines.sort();
        lines.dedup_by(|a, b| {
            (&a.account, &a.region, &a.api, &a.stage) == (&b.account, &b.region, &b.api, &b.stage)
        });
        lines
    })
}

/// A state of batches; with `greedy`, the next one is always there already.
struct Batches {
    batches: std::vec::IntoIter<LineBatch>,
    close: Close,
    greedy: bool,
}

impl State for Batches {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        self.batches.next().map(|batch| Box::new(batch) as _)
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        if self.greedy { self.next() } else { None }
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}

/// The lines in batches of these sizes, over and over; the close in the order that `turn` gives.
fn state(lines: &[Line], sizes: &[usize], greedy: bool, turn: usize) -> Box<dyn State> {
    let mut batches = Vec::new();
    let mut sizes = sizes.iter().cycle();
    let mut rest = lines;
    let mut first = 2;
    while !rest.is_empty() {
        let (these, others) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        let mut text = String::new();
        for line in these {
            writeln!(text, "{}", line.text()).unwrap();
        }
        batches.push(LineBatch::new("fleet", text.into_bytes(), first));
        first += these.len() as u64;
        rest = others;
    }
    let mut scopes: Vec<Scope> = [
        (None, None),
        (Some("444455556666"), Some("us-east-1")),
        (Some("444455556666"), None),
    ]
    .into_iter()
    .map(|(account, region): (Option<&str>, Option<&str>)| Scope {
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        apis: 1,
        skipped_apis: 0,
        stages: 0,
        requests: Some(turn as u64),
        outcome: ScopeOutcome::Partial,
        ..Scope::default()
    })
    .collect();
    let gap = |api: Option<&str>, code: &str| Gap {
        region: Some("us-east-1".into()),
        api_id: api.map(str::to_owned),
        code: code.into(),
        ..Gap::default()
    };
    let mut gaps = vec![
        gap(Some("b"), "2"),
        gap(None, "1"),
        gap(Some("a"), "3"),
        gap(Some("a"), "1"),
    ];
    let (scope_turn, gap_turn) = (turn % scopes.len(), turn % gaps.len());
    scopes.rotate_left(scope_turn);
    gaps.rotate_left(gap_turn);
    Box::new(Batches {
        batches: batches.into_iter(),
        close: Close {
            scopes,
            gaps,
            ..Close::default()
        },
        greedy,
    })
}

fn results(policies: &Policies, state: Box<dyn State>, threads: usize) -> Results {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| check::run(policies, &Waivers::default(), state, Options::default()))
        .unwrap()
}

fn json(results: &Results) -> String {
    let tolerance = Tolerance {
        fail_on: Some(Severity::Low),
        allow_incomplete: false,
        allow_empty: false,
        min_coverage: None,
    };
    let judgement = gate::judge(results, tolerance, None);
    let run = Run {
        reproducible: true,
        source: "fleet".into(),
        ..Run::default()
    };
    let facts = Facts {
        results,
        judgement: &judgement,
        run: &run,
    };
    let mut bytes = Vec::new();
    let style = Style {
        colour: false,
        width: 80,
    };
    (Format::named("json").unwrap().render)(&facts, style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The bytes of a text; nothing comes before everything.
type Text = Option<Vec<u8>>;

fn bytes(value: &Json) -> Text {
    value.as_str().map(|text| text.as_bytes().to_vec())
}

fn stage_key(stage: &Json) -> [Text; 4] {
    ["account", "region", "api_id", "name"].map(|key| bytes(&stage[key]))
}

fn worst_first(severity: &str) -> usize {
    ["critical", "high", "medium", "low", "info"]
        .iter()
        .position(|name| *name == severity)
        .unwrap()
}

/// The order of contract 6: severity, account, Region, API, stage, route, rule, path.
fn finding_key(finding: &Json, severity: usize) -> (usize, [Text; 4], [Text; 3]) {
    (
        severity,
        stage_key(&finding["stage"]),
        ["route", "rule", "path"].map(|key| bytes(&finding[key])),
    )
}

fn list<'j>(result: &'j Json, name: &str) -> &'j [Json] {
    result[name].as_array().unwrap()
}

#[track_caller]
fn sorted<K: Ord + std::fmt::Debug>(list: &[Json], key: impl Fn(&Json) -> K) {
    let keys: Vec<K> = list.iter().map(key).collect();
    for pair in keys.windows(2) {
        assert!(
            pair[0] <= pair[1],
            "{:?}\nstands before\n{:?}",
            pair[0],
            pair[1]
        );
    }
}

/// The result but for how many APIs each scope has.
fn without_apis(result: &str) -> Json {
    let mut result: Json = serde_json::from_str(result).unwrap();
    result["scopes"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .for_each(|scope| {
            scope["apis"] = Json::Null;
            scope["checked_apis"] = Json::Null;
        });
    result
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outcome_does_not_depend_on_chunks_or_threads(
        (lines, shuffled) in any_lines().prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        turn in 0_usize..12,
        sizes in proptest::collection::vec(1_usize..20, 1..5),
        threads in 1_usize..6,
        greedy in any::<bool>(),
    ) {
        let rules = policies(&[0, 1]);
        let expected = results(&rules, state(&lines, &[lines.len()], true, 0), 1);
        let expected = json(&expected);

        // Every source keeps the stages of an API together; batches may be cut anywhere.
        let mut together: Vec<Line> = Vec::new();
        for line in &shuffled {
            let same = |other: &Line| (&other.account, &other.region, &other.api) == (&line.account, &line.region, &line.api);
            if !together.iter().any(same) {
                together.extend(shuffled.iter().filter(|other| same(other)).cloned());
            }
        }
        let got = results(&rules, state(&together, &sizes, greedy, turn), threads);
        prop_assert_eq!(&json(&got), &expected);
        prop_assert_eq!(got.summary.stages, lines.len() as u64);

        // The order of the policy files does not show either.
        let turned = json(&results(&policies(&[1, 0]), state(&together, &sizes, greedy, turn), threads));
        prop_assert_eq!(&turned, &expected);

        // A file that no source would write so: only how many APIs there are may be counted otherwise.
        let apart = json(&results(&rules, state(&shuffled, &sizes, greedy, turn), threads));
        prop_assert_eq!(without_apis(&apart), without_apis(&expected));
    }

    #[test]
    fn findings_stand_in_the_order_of_the_contract(lines in any_lines(), threads in 1_usize..4) {
        let mut lines = lines;
        lines.reverse();
        let result: Json = serde_json::from_str(&json(&results(&policies(&[0, 1]), state(&lines, &[3], true, 1), threads))).unwrap();
        let violations = list(&result, "violations");
        sorted(violations, |finding| finding_key(finding, worst_first(finding["severity"].as_str().unwrap())));
        let severity = |finding: &Json| match finding["rule"].as_str().unwrap() {
            "zulu/burst" | "alpha/either" => 0,
            "zulu/logs" | "alpha/name" => 1,
            "zulu/level" | "alpha/variables" => 2,
            "zulu/owner" => 3,
            _ => 4,
        };
        sorted(list(&result, "undecided"), |finding| finding_key(finding, severity(finding)));
        sorted(list(&result, "unchecked"), |gap| ["account", "region", "api_id", "stage", "operation", "code"].map(|key| bytes(&gap[key])));
        sorted(list(&result, "scopes"), |scope| ["account", "region"].map(|key| bytes(&scope[key])));
        sorted(list(&result["coverage"], "ungoverned"), stage_key);

        // The counts are those of the lists.
        let summary = &result["summary"];
        for name in ["critical", "high", "medium", "low", "info"] {
            let listed = violations.iter().filter(|finding| finding["severity"] == name).count();
            prop_assert_eq!(summary["violations"][name].as_u64(), Some(listed as u64));
        }
        prop_assert_eq!(summary["unchecked"].as_u64(), Some(list(&result, "unchecked").len() as u64));
        prop_assert_eq!(summary["stages"].as_u64(), Some(lines.len() as u64));
        let in_scopes: u64 = list(&result, "scopes").iter().map(|scope| scope["stages"].as_u64().unwrap()).sum();
        prop_assert_eq!(in_scopes, lines.len() as u64);
        let [governed, ungoverned] = ["governed", "ungoverned"].map(|key| summary[key].as_u64().unwrap());
        prop_assert_eq!(governed + ungoverned, lines.len() as u64);
        prop_assert_eq!(list(&result["coverage"], "ungoverned").len() as u64, ungoverned);

        // A violation is reported once, and its fingerprint is its own.
        let mut fingerprints: Vec<&str> = violations.iter().map(|finding| finding["fingerprint"].as_str().unwrap()).collect();
        fingerprints.sort_unstable();
        let all = fingerprints.len();
        fingerprints.dedup();
        prop_assert_eq!(fingerprints.len(), all);
    }
}

/// The generators above must reach what they are meant to try.
#[test]
fn the_generated_stages_have_findings_of_every_kind() {
    let mut lines = Vec::new();
    for (at, api) in ["a", "w1", "x1"].into_iter().enumerate() {
        for content in 0..64_u32 {
            lines.push(Line {
                account: (at > 0).then(|| "111122223333".into()),
                region: Some("us-east-1".into()),
                api: api.into(),
                stage: format!("p{content}"),
                content: content.wrapping_mul(2_654_435_761) >> 8,
            });
        }
    }
    let results = results(&policies(&[0, 1]), state(&lines, &[7], true, 0), 2);
    for severity in Severity::WORST_FIRST {
        assert!(
            results.count(severity) > 10,
            "{severity:?}: {}",
            results.count(severity)
        );
    }
    assert!(results.undecided.len() > 10 && results.summary.not_applicable > 10);
    assert!(
        results
            .violations()
            .any(|(_, violation)| violation.route.is_some())
    );
    assert!(
        results
            .violations()
            .any(|(_, violation)| violation.path.is_none())
    );
}

/// A damaged line anywhere ends the audit with the same error, whatever the threads do.
#[test]
fn a_damaged_chunk_is_never_an_outcome() {
    let rules = policies(&[0, 1]);
    let line = Line {
        account: None,
        region: None,
        api: "a".into(),
        stage: "prod".into(),
        content: 0,
    };
    for threads in [1, 2, 5] {
        for damaged in 0..12_u64 {
            let batch = |at: u64| {
                let text = if at == damaged {
                    "{\"account\":1}\n".to_owned()
                } else {
                    format!("{}\n", line.text())
                };
                LineBatch::new("fleet", text.into_bytes(), at + 2)
            };
            let batches: Vec<LineBatch> = (0..12).map(batch).collect();
            let state = Batches {
                batches: batches.into_iter(),
                close: Close::default(),
                greedy: true,
            };
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            let error = pool
                .install(|| {
                    check::run(
                        &rules,
                        &Waivers::default(),
                        Box::new(state),
                        Options::default(),
                    )
                })
                .unwrap_err();
            assert!(
                error.0.starts_with(&format!("fleet:{}:", damaged + 2)),
                "{error}"
            );
        }
    }
}
