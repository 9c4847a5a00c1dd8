//! Only what rules read is decoded from a snapshot; the verdicts are those of whole documents.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::sync::Arc;

use driftgate::check::{self, Options};
use driftgate::model::catalogue::{API_FIELD, Field, STAGE_FIELD, position};
use driftgate::model::finding::Waived;
use driftgate::model::state::{ApiBatch, Batch, Close, VecState};
use driftgate::model::value::Written;
use driftgate::model::{Results, Value};
use driftgate::policy::read::example::Example;
use driftgate::policy::read::waiver::{self, Waivers};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use driftgate::source::snapshot::LineBatch;

static STAGE: Field = STAGE_FIELD;

/// Rules that read a little of everything, in every way that a rule can read.
const RICH: &str = r#"
policy: rich
match: {any-of: [{api: {Tags: {tier: gold}}}, {StageName: {like: "p*"}}]}
rules:
  - id: template
    title: t
    severity: high
    expect: {AccessLogSettings: {DestinationArn: {like: "arn:*:/apigw/${api.Tags.team}/${Tags.owner}/${api.Name}"}}}
  - id: either
    title: t
    severity: high
    expect: {any-of: [{api: {Version: "2"}}, {ClientCertificateId: {present: true}}]}
  - id: neither
    title: t
    severity: low
    expect: {api: {not: {Description: {like: "a*"}, DisableExecuteApiEndpoint: false}}}
  - id: routes
    title: t
    severity: low
    expect: {each-route: {any-of: [{ThrottlingBurstLimit: {max: 5}}, {DetailedMetricsEnabled: true}]}}
  - id: keys
    title: t
    severity: info
    expect: {Tags: ["cost-*"], StageVariables: {"*": {like: "a*"}}, RouteSettings: {"GET *": {LoggingLevel: INFO}}}
  - id: whole
    title: t
    severity: info
    expect: {api: {CorsConfiguration: {present: false}}, DefaultRouteSettings: {present: false}}
  - id: literal
    title: t
    severity: low
    expect: {Description: "${api.Name}", api: {CorsConfiguration: {AllowOrigins: {each: {like: "${StageName}*"}}}}}
tests:
  - name: most of it set
    given:
      StageName: prod
      Description: d
      AccessLogSettings: {DestinationArn: "arn:x:/apigw/a/b/c", Format: f}
      DefaultRouteSettings: {ThrottlingBurstLimit: 9, ThrottlingRateLimit: 3}
      RouteSettings: {GET /: {ThrottlingBurstLimit: 7}, "$default": {DetailedMetricsEnabled: true}}
      StageVariables: {a: bc, b: ab}
      Tags: {owner: b, cost-center: "1"}
      api: {Name: c, Description: ab, Version: "1", Tags: {tier: gold, team: a}, CorsConfiguration: {AllowOrigins: [x, prod]}}
    violates: []
  - name: nothing set
    given: {StageName: prod}
    violates: []
  - name: a WebSocket stage
    given: {StageName: p, ClientCertificateId: x, api: {ProtocolType: WEBSOCKET, Description: a}}
    violates: []
"#;

/// A rule whose violation shows more than it reads, with no other rule that would read the rest.
const ALONE: &str = r#"
policy: alone
rules:
  - id: routes
    title: t
    severity: low
    expect: {each-route: {any-of: [{ThrottlingBurstLimit: {max: 5}}, {DetailedMetricsEnabled: true}]}}
  - id: log
    title: t
    severity: low
    expect: {AccessLogSettings: {not: {DestinationArn: {present: true}, Format: {like: "x*"}}}}
"#;

fn results(policies: &Policies, batch: impl Batch + 'static) -> Results {
    let options = Options {
        show_values: true,
        ..Options::default()
    };
    check::run(
        policies,
        &Waivers::default(),
        Box::new(VecState::new(vec![batch], Close::default())),
        options,
    )
    .unwrap()
}

/// The API and two stages of an example, which has them named.
fn named(example: &Example) -> (Value<'static>, [Value<'static>; 2]) {
    let set =
        |value: &Value<'static>, field: &'static Field, name: &str, text: &str, always: bool| {
            let mut value = value.clone();
            if always
                || value
                    .member(position(field.members(), name).unwrap())
                    .is_unset()
            {
                value.put(
                    field,
                    &[name.to_owned()],
                    Some(Value::text(text.to_owned())),
                );
            }
            value
        };
    let first = set(&example.stage, &STAGE, "StageName", "first", false);
    // The other one comes before it and begins alike, so the first is decoded from its stage on.
    let second = set(&first, &STAGE, "StageName", "second", true);
    (
        set(&example.api, &API_FIELD, "ApiId", "a1", false),
        [second, first],
    )
}

fn whole(example: &Example) -> ApiBatch {
    let (api, stages) = named(example);
    ApiBatch {
        read_at: None,
        account: Some(example.account.as_str().into()),
        region: Some(example.region.as_str().into()),
        api,
        stages: stages.into(),
    }
}

fn lines(example: &Example) -> LineBatch {
    let (api, stages) = named(example);
    let line = |stage: &Value<'static>| {
        format!(
            "{{\"account\":\"{}\",\"region\":\"{}\",\"api\":{},\"stage\":{}}}\n",
            example.account,
            example.region,
            serde_json::to_string(&Written {
                field: &API_FIELD,
                value: &api
            })
            .unwrap(),
            serde_json::to_string(&Written {
                field: &STAGE,
                value: stage
            })
            .unwrap(),
        )
    };
    let bytes = stages.iter().map(line).collect::<String>().into_bytes();
    LineBatch::new("fleet", bytes, 2)
}

#[test]
fn verdicts_of_what_is_decoded_are_those_of_the_whole() {
    let text = |name: &str, text: &str| {
        Arc::new(SourceText {
            name: name.into(),
            text: text.into(),
        })
    };
    let packs = driftgate::policy::read::builtin::PACKS;
    let texts: Vec<_> = packs
        .into_iter()
        .chain([("rich", RICH), ("alone", ALONE)])
        .map(|(name, pack)| text(name, pack))
        .collect();
    let all = load(texts.clone()).unwrap();
    let mut found = 0;
    for policies in texts.into_iter().map(|text| load(vec![text]).unwrap()) {
        for example in all.policies.iter().flat_map(|policy| &policy.tests) {
            let expected = results(&policies, whole(example));
            let decoded = results(&policies, lines(example));
            assert_eq!(decoded.summary.undecided, 0, "{}", example.name);
            assert_eq!(
                decoded.summary.governed, expected.summary.governed,
                "{}",
                example.name
            );
            let facts = |results: &Results| -> Vec<String> {
                let fact = |violation: &driftgate::model::finding::Violation| {
                    format!(
                        "{:?} {:?} {:?} {:?} {:?}",
                        violation.rule,
                        violation.route,
                        violation.path,
                        violation.expected,
                        violation.actual
                    )
                };
                let mut facts: Vec<String> = results
                    .violations()
                    .map(|(_, violation)| fact(violation))
                    .collect();
                facts.dedup();
                facts
            };
            assert_eq!(facts(&decoded), facts(&expected), "{}", example.name);
            assert_eq!(decoded.total(), expected.total(), "{}", example.name);
            found += expected.total();
        }
    }
    assert!(
        found > 60,
        "{found} violations are too few to show anything"
    );
}

/// A rule, a stage of a snapshot, and a waiver that looks at more than the rule does: violations waived.
#[test]
fn what_a_waiver_looks_at_is_decoded() {
    let stage = "{StageName: prod, AutoDeploy: true, DefaultRouteSettings: {ThrottlingBurstLimit: 9, \
                 ThrottlingRateLimit: 3}, RouteSettings: {GET /a.b: {ThrottlingBurstLimit: 8}}}";
    for (expect, waiver, waived) in [
        (
            "{each-route: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {StageName: prod}, accept: {each-route: {any-of: [{ThrottlingBurstLimit: {max: 9}, ThrottlingRateLimit: 3}]}}",
            2,
        ),
        (
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {StageName: prod}, accept: {each-route: {ThrottlingBurstLimit: {max: 9}, ThrottlingRateLimit: 3}}",
            1,
        ),
        // The entry is looked at with what it inherits.
        (
            "{each-route: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {StageName: prod}, accept: {RouteSettings: {GET /a.b: {ThrottlingBurstLimit: 8, ThrottlingRateLimit: 3}}}",
            1,
        ),
        (
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {AutoDeploy: true}",
            1,
        ),
        (
            "{each-route: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {route: {like: \"*.b\"}}",
            1,
        ),
        (
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {max: 5}}}",
            "match: {StageName: prod}, accept: {DefaultRouteSettings: {ThrottlingBurstLimit: 9}, not: {Tags: [zzz]}}",
            1,
        ),
    ] {
        let text = |name: &str, text: String| {
            Arc::new(SourceText {
                name: name.into(),
                text,
            })
        };
        let policy = format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, expect: {expect}}}\n\
             tests:\n  - {{name: n, given: {stage}, violates: []}}\n"
        );
        let policies = load(vec![text("p.yaml", policy)]).unwrap();
        let waiver = format!(
            "waivers:\n  - {{rule: p/r, {waiver}, reason: r, owner: o, expires: 2027-01-31}}\n"
        );
        let waivers = waiver::load(
            &[text("w.yaml", waiver.clone())],
            jiff::civil::date(2027, 1, 1),
        )
        .unwrap();
        let example = &policies.policies[0].tests[0];
        let waived_of = |state: VecState| {
            let results =
                check::run(&policies, &waivers, Box::new(state), Options::default()).unwrap();
            let name = |waived: &Waived| waived.violation.stage.name.as_deref() == Some("prod");
            results.waived.iter().filter(|waived| name(waived)).count()
        };
        let whole = VecState::new(vec![whole(example)], Close::default());
        let lines = VecState::new(vec![lines(example)], Close::default());
        assert_eq!(
            (waived_of(whole), waived_of(lines)),
            (waived, waived),
            "{expect} {waiver}"
        );
    }
}
