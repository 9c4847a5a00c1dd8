//! Every warning about two rules, held against what the rules say of many stages: a warning that a stage disproves is a
//! false alarm.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::sync::Arc;

use driftgate::check::{Options, Verdict, verdict};
use driftgate::policy::author::lint::{LintKind, warnings};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};

const MATCHES: [&str; 7] = [
    "{}",
    "{StageName: prod}",
    "{StageName: {like: [dev, p*]}}",
    "{StageName: {not: prod}}",
    "{api: {ProtocolType: WEBSOCKET}}",
    "{Tags: [owner]}",
    "{any-of: [{AutoDeploy: true}, {StageName: dev}]}",
];

const EXPECTS: [&str; 30] = [
    "{AutoDeploy: true}",
    "{AutoDeploy: false}",
    "{AutoDeploy: {not: true}}",
    "{not: {AutoDeploy: true}}",
    "{not: {AutoDeploy: true, Description: a}}",
    "{AutoDeploy: true, Description: a}",
    "{any-of: [{AutoDeploy: true}, {Description: a}]}",
    "{not: {any-of: [{AutoDeploy: true}, {Description: a}]}}",
    "{Description: [a, ab]}",
    "{Description: {like: a?}}",
    "{Description: {not: {like: a?}}}",
    "{Description: {present: false}}",
    "{Description: {not: a, present: true}}",
    "{Description: \"${StageName}\"}",
    "{DefaultRouteSettings: {ThrottlingBurstLimit: {max: 5}}}",
    "{DefaultRouteSettings: {ThrottlingBurstLimit: {above: 5}}}",
    "{DefaultRouteSettings: {ThrottlingBurstLimit: {not: 0}}}",
    "{DefaultRouteSettings: {present: false}}",
    "{each-route: {ThrottlingBurstLimit: {max: 5}}}",
    "{each-route: {ThrottlingBurstLimit: {min: 5, max: 7}}}",
    "{each-route: {ThrottlingBurstLimit: {not: [0, 5]}}}",
    "{each-route: {any-of: [{ThrottlingBurstLimit: 7}, {LoggingLevel: INFO}]}}",
    "{each-route: {LoggingLevel: INFO}}",
    "{each-route: {LoggingLevel: OFF, ThrottlingBurstLimit: {max: 7}}}",
    "{RouteSettings: {\"GET*\": {ThrottlingBurstLimit: {max: 7}}}}",
    "{RouteSettings: {present: false}}",
    "{Tags: [owner]}",
    "{Tags: {owner: {present: false}}}",
    "{Tags: {not: [owner, tmp]}}",
    "{Tags: {\"*\": {present: true}}}",
];

/// Many stages, as the examples of a policy.
fn stages() -> Policies {
    let mut given = Vec::new();
    let all = |lists: &[&[&str]]| -> Vec<String> {
        lists.iter().fold(vec![String::new()], |sofar, list| {
            sofar
                .iter()
                .flat_map(|start| list.iter().map(move |part| format!("{start}{part}")))
                .collect()
        })
    };
    for stage in all(&[
        &["StageName: prod", "StageName: dev"],
        &["", ", AutoDeploy: true"],
        &[
            "",
            ", Description: a",
            ", Description: ab",
            ", Description: prod",
        ],
        &[
            "",
            ", DefaultRouteSettings: {ThrottlingBurstLimit: 0}",
            ", DefaultRouteSettings: {ThrottlingBurstLimit: 7}",
        ],
        &[
            "",
            ", RouteSettings: {GET /: {ThrottlingBurstLimit: 0}}",
            ", RouteSettings: {GET /: {ThrottlingBurstLimit: 5}}",
        ],
        &["", ", Tags: {owner: me}", ", Tags: {tmp: x}"],
    ]) {
        given.push(format!("{{{stage}}}"));
        given.push(format!("{{{stage}, api: {{ProtocolType: WEBSOCKET}}}}"));
        let level = "DefaultRouteSettings: {LoggingLevel: INFO, ";
        let traced = stage.replace("DefaultRouteSettings: {", level);
        given.push(format!("{{{traced}, api: {{ProtocolType: WEBSOCKET}}}}"));
    }
    let tests = given
        .iter()
        .map(|given| format!("  - {{name: n, given: {given}, violates: []}}\n"));
    let text = format!(
        "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {{AutoDeploy: true}}}}\ntests:\n{}",
        tests.collect::<Vec<_>>().concat()
    );
    loaded(text)
}

fn loaded(text: String) -> Policies {
    load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text,
    })])
    .unwrap()
}

fn policy(rules: &[String]) -> Policies {
    let rule = |(at, keys): (usize, &String)| {
        format!("  - {{id: r{at}, title: t, severity: low, {keys}}}\n")
    };
    loaded(format!(
        "policy: p\nrules:\n{}",
        rules
            .iter()
            .enumerate()
            .map(rule)
            .collect::<Vec<_>>()
            .concat()
    ))
}

#[test]
fn no_stage_disproves_a_warning() {
    let stages = stages();
    let rule = |expect: &str, matches: &str| match matches {
        "{}" => format!("expect: {expect}"),
        _ => format!("match: {matches}, expect: {expect}"),
    };
    let rules: Vec<String> = EXPECTS
        .iter()
        .flat_map(|expect| MATCHES.map(|matches| rule(expect, matches)))
        .collect();
    let verdicts: Vec<Vec<Verdict>> = rules
        .iter()
        .map(|rule| {
            let policies = policy(std::slice::from_ref(rule));
            let examples = stages.policies[0].tests.iter();
            examples
                .map(|one| {
                    verdict(
                        None,
                        &policies.policies[0].rules[0],
                        &one.document(),
                        Options::default(),
                    )
                })
                .collect()
        })
        .collect();
    let (mut contradictions, mut repetitions) = (0, 0);
    // Every pair of demands, with matches that differ from pair to pair.
    for (at, one) in rules.iter().enumerate() {
        for (other_at, other) in rules
            .iter()
            .enumerate()
            .skip(at + 1)
            .filter(|(other, _)| (at * 31 + other) % 8 == 0)
        {
            let policies = policy(&[one.clone(), other.clone()]);
            let both = || verdicts[at].iter().zip(&verdicts[other_at]);
            let kinds: Vec<LintKind> = warnings(&policies)
                .iter()
                .map(|warning| warning.kind)
                .collect();
            if kinds.contains(&LintKind::Contradiction) {
                contradictions += 1;
                let governed =
                    |verdict: &Verdict| matches!(verdict, Verdict::Conforms | Verdict::Violates(_));
                assert!(
                    both().any(|(one, other)| governed(one) && governed(other)),
                    "no stage is in the match of both:\n{one}\n{other}"
                );
                let disproved = both().position(|(one, other)| {
                    (one, other) == (&Verdict::Conforms, &Verdict::Conforms)
                });
                let stage = disproved.map(|at| &stages.policies[0].tests[at]);
                assert!(
                    stage.is_none(),
                    "{stage:?} conforms to both:\n{one}\n{other}"
                );
            }
            if kinds.contains(&LintKind::Repetition) {
                repetitions += 1;
                let same = |(one, other): (&Verdict, &Verdict)| {
                    std::mem::discriminant(one) == std::mem::discriminant(other)
                };
                assert!(both().all(same), "not the same:\n{one}\n{other}");
            }
        }
    }
    assert!(
        contradictions > 100,
        "only {contradictions} contradictions were tried"
    );
    assert_eq!(repetitions, 0, "no two of these are written alike");
}

#[test]
fn a_limit_of_0_conforms_where_it_is_said_to_pass() {
    let stages = stages();
    let mut told = 0;
    for expect in EXPECTS {
        for matches in MATCHES {
            let policies = policy(&[format!(
                "expect: {expect}{}",
                if matches == "{}" {
                    String::new()
                } else {
                    format!(", match: {matches}")
                }
            )]);
            if warnings(&policies).is_empty() {
                continue;
            }
            told += 1;
            let rule = &policies.policies[0].rules[0];
            let examples = stages.policies[0]
                .tests
                .iter()
                .filter(|one| format!("{:?}", one.stage).contains("Integer(0)"));
            let mut verdicts =
                examples.map(|one| verdict(None, rule, &one.document(), Options::default()));
            assert!(
                verdicts.any(|verdict| verdict == Verdict::Conforms),
                "0 does not pass {expect}"
            );
        }
    }
    assert!(told > 10, "only {told} were told");
}
