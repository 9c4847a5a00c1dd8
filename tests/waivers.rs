//! Violations that waivers tolerate, and the warnings of every report, from policies, waivers, a stage and a day.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::sync::Arc;

use driftgate::check::{self, Inheritance, Options};
use driftgate::gate;
use driftgate::model::catalogue::stage;
use driftgate::model::document::api_stated_by;
use driftgate::model::state::{ApiBatch, Close, Gap, Scope, ScopeOutcome, VecState};
use driftgate::model::{Results, Severity, Value};
use driftgate::policy::language::context::{EXAMPLE_ACCOUNT, EXAMPLE_REGION};
use driftgate::policy::load;
use driftgate::policy::read::waiver;
use driftgate::policy::text::diagnostic::SourceText;
use jiff::civil::{Date, date};

const TODAY: Date = date(2027, 1, 15);

const RULES: &str = "
policy: p
rules:
  - id: throttling
    title: Every route is throttled
    severity: critical
    expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 500}}}
  - {id: tags, title: Someone owns it, severity: low, expect: {Tags: [owner, team]}}
  - {id: either, title: One of them, severity: high, expect: {any-of: [{AutoDeploy: false}, {Description: {present: true}}]}}
tests:
";

/// The stage of most tests: its default and one route are over the limit, it has no owner, and it deploys by itself.
const GIVEN: &str = "{StageName: prod, AutoDeploy: true, Tags: {team: a}, DefaultRouteSettings: {ThrottlingBurstLimit: 900}, \
                     RouteSettings: {GET /x: {ThrottlingBurstLimit: 2000}}, api: {ApiId: a1, Name: checkout}}";

fn audit_of(given: &str, waivers: &str, gaps: Vec<Gap>, narrowing: &str) -> Results {
    let policy = format!("{RULES}  - {{name: n, given: {given}, violates: []}}\n");
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: policy,
    })])
    .unwrap();
    let text = SourceText {
        name: "w.yaml".into(),
        text: format!("waivers:\n{waivers}"),
    };
    let waivers = waiver::load(&[Arc::new(text)], TODAY).unwrap();
    let example = &policies.policies[0].tests[0];
    let batch = ApiBatch {
        read_at: None,
        account: Some(EXAMPLE_ACCOUNT.into()),
        region: Some(EXAMPLE_REGION.into()),
        api: example.api.clone(),
        stages: vec![example.stage.clone()],
    };
    let scope = Scope {
        account: Some(EXAMPLE_ACCOUNT.into()),
        region: Some(EXAMPLE_REGION.into()),
        apis: 1,
        skipped_apis: 0,
        stages: 1,
        requests: None,
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    };
    let narrowing = serde_json::from_str(narrowing).unwrap();
    let close = Close {
        scopes: vec![scope],
        gaps,
        narrowing,
        ..Close::default()
    };
    check::run(
        &policies,
        &waivers,
        Box::new(VecState::new(vec![batch], close)),
        Options::default(),
    )
    .unwrap()
}

/// A waiver in force.
fn waiving(rule: &str, rest: &str) -> String {
    format!("  - {{rule: \"{rule}\", {rest}, reason: SEC-142, owner: team, expires: 2027-06-30}}\n")
}

/// Violations left, and violations waived: `rule path`, in order.
fn ruled(waivers: &str) -> (Vec<String>, Vec<String>) {
    let results = audit_of(GIVEN, waivers, Vec::new(), "{}");
    let named = |violation: &driftgate::model::finding::Violation| {
        let rule = results
            .rule(violation.rule)
            .unwrap()
            .name
            .strip_prefix("p/")
            .unwrap();
        let path = violation.path_text().unwrap_or("-");
        format!("{rule} {path}")
            .replace(".ThrottlingBurstLimit", "")
            .replace("RouteSettings.", "")
    };
    let left = results
        .violations()
        .map(|(_, violation)| named(violation))
        .collect();
    (
        left,
        results
            .waived
            .iter()
            .map(|waived| named(&waived.violation))
            .collect(),
    )
}

const EVERYTHING: [&str; 4] = [
    "throttling DefaultRouteSettings",
    "throttling GET /x",
    "either -",
    "tags Tags.owner",
];

#[test]
fn a_waiver_takes_what_it_names_and_nothing_else() {
    let all: Vec<&str> = EVERYTHING.to_vec();
    for (waiver, waived) in [
        (
            waiving("p/throttling", "match: {StageName: prod}"),
            vec![all[0], all[1]],
        ),
        (waiving("p/throttling", "match: {StageName: dev}"), vec![]),
        (
            waiving("p/throttling", "match: {route: GET /x}"),
            vec![all[1]],
        ),
        (
            waiving("p/throttling", "match: {route: {present: false}}"),
            vec![all[0]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {api: {Name: checkout}, StageName: prod, route: {like: \"GET *\"}}",
            ),
            vec![all[1]],
        ),
        (waiving("*", "match: {StageName: prod}"), all.clone()),
        (
            waiving("p/t*", "match: {StageName: prod}"),
            vec![all[0], all[1], all[3]],
        ),
        (
            waiving("*/tags", "match: {account: \"111122223333\"}"),
            vec![all[3]],
        ),
        (waiving("P/tags*", "match: {StageName: prod}"), vec![]),
        // `accept` names the setting, and holds for the value found there.
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {each-route: {ThrottlingBurstLimit: {max: 2000}}}",
            ),
            vec![all[0], all[1]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {each-route: {ThrottlingBurstLimit: {max: 1000}}}",
            ),
            vec![all[0]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {each-route: {ThrottlingRateLimit: {present: false}}}",
            ),
            vec![],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {DefaultRouteSettings: {ThrottlingBurstLimit: 900}}",
            ),
            vec![all[0]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {RouteSettings: {\"GET *\": {ThrottlingBurstLimit: {min: 2000}}}}",
            ),
            vec![all[1]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {RouteSettings: {GET /x: {ThrottlingBurstLimit: {not: {max: 1000}}}}}",
            ),
            vec![all[1]],
        ),
        (
            waiving(
                "p/throttling",
                "match: {StageName: prod}, accept: {each-route: {any-of: [{ThrottlingBurstLimit: 900}, {ThrottlingBurstLimit: 5}]}}",
            ),
            vec![all[0]],
        ),
        (
            waiving(
                "p/tags",
                "match: {StageName: prod}, accept: {Tags: {owner: {present: false}}}",
            ),
            vec![all[3]],
        ),
        (
            waiving(
                "p/tags",
                "match: {StageName: prod}, accept: {Tags: {team: a}}",
            ),
            vec![],
        ),
        (
            waiving(
                "p/tags",
                "match: {StageName: prod}, accept: {Tags: {\"own*\": {present: false}}}",
            ),
            vec![all[3]],
        ),
        (
            waiving(
                "p/tags",
                "match: {StageName: prod}, accept: {Tags: {\"own*\": {present: true}}}",
            ),
            vec![],
        ),
        // A name that no rule has waives nothing.
        (waiving("tags", "match: {StageName: prod}"), vec![]),
        (
            waiving(
                "*",
                "match: {StageName: prod}, accept: {Tags: {owner: {present: false}}, each-route: {ThrottlingBurstLimit: {max: 900}}}",
            ),
            vec![all[0], all[3]],
        ),
        // A violation at no setting cannot be named.
        (
            waiving("p/either", "match: {StageName: prod}"),
            vec![all[2]],
        ),
        (
            waiving(
                "p/either",
                "match: {StageName: prod}, accept: {AutoDeploy: true}",
            ),
            vec![],
        ),
        // A setting that HTTP APIs lack matches nothing.
        (
            waiving(
                "*",
                "match: {DefaultRouteSettings: {LoggingLevel: \"OFF\"}}",
            ),
            vec![],
        ),
        // One of several is enough.
        (
            waiving("p/tags", "match: {StageName: dev}")
                + &waiving("p/tags", "match: {StageName: prod}"),
            vec![all[3]],
        ),
    ] {
        let left: Vec<&str> = all
            .iter()
            .copied()
            .filter(|one| !waived.contains(one))
            .collect();
        assert_eq!(
            ruled(&waiver),
            (
                left.iter().map(ToString::to_string).collect(),
                waived.iter().map(ToString::to_string).collect()
            ),
            "{waiver}"
        );
    }
}

#[test]
fn what_a_route_inherits_is_accepted_where_it_is_shown() {
    let given = "{StageName: prod, DefaultRouteSettings: {ThrottlingBurstLimit: 700}, RouteSettings: {GET /x: {}}}";
    let rule = "  - {id: route, title: t, severity: low, match: {route: GET /x}, expect: {each-route: {ThrottlingBurstLimit: {max: 5}}}}";
    let policy = format!(
        "policy: p\nrules:\n{rule}\ntests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: policy,
    })])
    .unwrap();
    let example = &policies.policies[0].tests[0];
    for (accept, waived) in [
        (
            "{RouteSettings: {GET /x: {ThrottlingBurstLimit: {max: 700}}}}",
            1,
        ),
        (
            "{RouteSettings: {\"GET *\": {ThrottlingBurstLimit: {max: 699}}}}",
            0,
        ),
        ("{each-route: {ThrottlingBurstLimit: 700}}", 1),
        ("{DefaultRouteSettings: {ThrottlingBurstLimit: 700}}", 0),
    ] {
        let waiver = waiving(
            "p/route",
            &format!("match: {{StageName: prod}}, accept: {accept}"),
        );
        let text = SourceText {
            name: "w.yaml".into(),
            text: format!("waivers:\n{waiver}"),
        };
        let waivers = waiver::load(&[Arc::new(text)], TODAY).unwrap();
        let (api, stages) = (example.api.clone(), vec![example.stage.clone()]);
        let batch = ApiBatch {
            read_at: None,
            account: None,
            region: None,
            api,
            stages,
        };
        let state = VecState::new(vec![batch], Close::default());
        let results = check::run(&policies, &waivers, Box::new(state), Options::default()).unwrap();
        assert_eq!(
            (results.total() + results.waived.len(), results.waived.len()),
            (1, waived),
            "{accept}"
        );
    }
}

/// The outcome of one rule on one stage of an API, with one waiver of it in force.
fn waived_of(
    rule: &str,
    given: &str,
    waiver: &str,
    api: &str,
    inheritance: Inheritance,
) -> Results {
    let policy = format!(
        "policy: p\nrules:\n  - {{id: r, title: t, severity: high, {rule}}}\n\
         tests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: policy,
    })])
    .unwrap();
    let text = SourceText {
        name: "w.yaml".into(),
        text: format!("waivers:\n{}", waiving("p/r", waiver)),
    };
    let waivers = waiver::load(&[Arc::new(text)], TODAY).unwrap();
    let example = &policies.policies[0].tests[0];
    let api = if api.is_empty() {
        example.api.clone()
    } else {
        api_stated_by(Some(api), None)
    };
    let batch = ApiBatch {
        read_at: None,
        account: None,
        region: None,
        api,
        stages: vec![example.stage.clone()],
    };
    let options = Options {
        inheritance,
        ..Options::default()
    };
    check::run(
        &policies,
        &waivers,
        Box::new(VecState::new(vec![batch], Close::default())),
        options,
    )
    .unwrap()
}

#[test]
fn what_may_fail_beside_what_is_waived_is_not_clean() {
    let both = "{StageName: prod, DefaultRouteSettings: {ThrottlingBurstLimit: 150}, RouteSettings: {GET /x/y: {ThrottlingBurstLimit: 5000}}}";
    let by_route = "match: {route: {not: {like: \"GET /${api.Name}/*\"}}}, expect: {each-route: {ThrottlingBurstLimit: {max: 100}}}";
    let on_either =
        "expect: {DefaultRouteSettings: {LoggingLevel: INFO, ThrottlingBurstLimit: {max: 100}}}";
    let burst = "match: {StageName: prod}, accept: {DefaultRouteSettings: {ThrottlingBurstLimit: {max: 2000}}}";
    for (rule, given, waiver, path) in [
        // The route matches only under an API name, which is not stated.
        (by_route, both, "match: {route: {present: false}}", "route"),
        // On a WebSocket API the level would fail as well.
        (on_either, both, burst, "api.ProtocolType"),
    ] {
        let results = waived_of(rule, given, waiver, "a1", Inheritance::Inherit);
        assert_eq!(
            (
                results.total(),
                results.waived.len(),
                results.summary.undecided
            ),
            (0, 1, 1),
            "{rule}"
        );
        assert_eq!(results.undecided[0].path.as_deref(), Some(path), "{rule}");
        assert_eq!(
            gate::judge(&results, STRICT, None).exit,
            gate::INCOMPLETE,
            "{rule}"
        );
    }
}

#[test]
fn what_a_rule_does_not_ask_leaves_nothing_open() {
    // The demand on routes drops out on an HTTP API, so that the entries are not stated does not matter.
    let rule = "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {max: 100}}, each-route: {LoggingLevel: INFO}}";
    let given = "{StageName: prod, DefaultRouteSettings: {ThrottlingBurstLimit: 150}}";
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: high, {rule}}}\n\
             tests:\n  - {{name: n, given: {given}, violates: []}}\n"
        ),
    })])
    .unwrap();
    let text = format!("waivers:\n{}", waiving("p/r", "match: {StageName: prod}"));
    let waivers = waiver::load(
        &[Arc::new(SourceText {
            name: "w.yaml".into(),
            text,
        })],
        TODAY,
    )
    .unwrap();
    let example = &policies.policies[0].tests[0];
    let mut stage = example.stage.clone();
    if let Value::Struct(members) = &mut stage {
        members[stage::ROUTES.at] = Value::NotStated;
    }
    let batch = ApiBatch {
        read_at: None,
        account: None,
        region: None,
        api: example.api.clone(),
        stages: vec![stage],
    };
    let state = VecState::new(vec![batch], Close::default());
    let results = check::run(&policies, &waivers, Box::new(state), Options::default()).unwrap();
    assert_eq!(
        (results.waived.len(), results.summary.undecided),
        (1, 0),
        "{:?}",
        results.undecided
    );
    assert_eq!(gate::judge(&results, STRICT, None).exit, gate::CONFORMS);
}

#[test]
fn what_is_accepted_is_the_value_of_every_reading_that_counts() {
    use Inheritance::{Both, Inherit, Replace};
    let partial = "{StageName: prod, DefaultRouteSettings: {ThrottlingBurstLimit: 1000}, RouteSettings: {GET /x: {ThrottlingRateLimit: 5}}}";
    let routes = "match: {route: {present: true}}, expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 500}}}";
    let literal = "expect: {RouteSettings: {GET /x: {ThrottlingBurstLimit: {min: 1}}}}";
    let accept =
        "match: {StageName: prod}, accept: {each-route: {ThrottlingBurstLimit: {max: 2000}}}";
    let unset_too = "match: {StageName: prod}, accept: {each-route: {ThrottlingBurstLimit: {not: {above: 2000}}}}";
    for (rule, waiver, inheritance, waived) in [
        (routes, accept, Inherit, 1),
        // If the entry replaces the default, the limit is not set, which was not accepted.
        (routes, accept, Replace, 0),
        (routes, accept, Both, 0),
        (routes, unset_too, Both, 1),
        // The entry itself has none, whatever is in force.
        (literal, accept, Inherit, 0),
        (literal, unset_too, Inherit, 1),
    ] {
        let results = waived_of(rule, partial, waiver, "", inheritance);
        assert_eq!(
            (results.total(), results.waived.len()),
            (1 - waived, waived),
            "{rule} {waiver} {inheritance:?}"
        );
    }
}

#[test]
fn an_alternative_is_accepted_as_a_whole() {
    let given =
        "{StageName: prod, AutoDeploy: true, DefaultRouteSettings: {ThrottlingBurstLimit: 9}}";
    let rule = "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {max: 5}}}";
    let limit = |auto: bool, max: u32| {
        format!(
            "{{AutoDeploy: {auto}, DefaultRouteSettings: {{ThrottlingBurstLimit: {{max: {max}}}}}}}"
        )
    };
    for (first, second, waived) in [
        (limit(false, 10), limit(true, 7), 0),
        (limit(false, 7), limit(true, 10), 1),
    ] {
        let waiver = format!("match: {{StageName: prod}}, accept: {{any-of: [{first}, {second}]}}");
        let results = waived_of(rule, given, &waiver, "", Inheritance::Inherit);
        assert_eq!(results.waived.len(), waived, "{waiver}");
    }
}

#[test]
fn an_accept_names_the_setting_that_fails_and_holds_as_a_whole() {
    let given = "{StageName: prod, AutoDeploy: true, Tags: {team: a, a: ''}, StageVariables: {a: x, ab: y}, \
                 DefaultRouteSettings: {ThrottlingBurstLimit: 9, ThrottlingRateLimit: 9}, \
                 RouteSettings: {GET /a: {ThrottlingBurstLimit: 8}, GET /a.json: {ThrottlingBurstLimit: 8}}}";
    let routes = "expect: {each-route: {any-of: [{ThrottlingBurstLimit: {max: 5}}, {ThrottlingRateLimit: {max: 5}}]}}";
    let burst = "expect: {RouteSettings: {\"*\": {ThrottlingBurstLimit: {max: 5}}}}";
    let owner = "expect: {Tags: [owner]}";
    let variables = "expect: {StageVariables: {present: false}}";
    let several = "expect: {not: {AutoDeploy: true, StageName: prod}}";
    let either = "expect: {any-of: [{AutoDeploy: false}, {Description: {present: true}}]}";
    for (rule, accept, waived) in [
        // A violation at no setting cannot be named, however `accept` is written.
        (several, "{not: {Tags: [zzz]}}", 0),
        (either, "{not: {Tags: [zzz]}}", 0),
        (
            either,
            "{any-of: [{AutoDeploy: true}, {StageName: prod}]}",
            0,
        ),
        (either, "{AutoDeploy: true}", 0),
        #[cfg(feature = "cel")]
        ("assert: \"!stage.AutoDeploy\"", "{not: {Tags: [zzz]}}", 0),
        #[cfg(feature = "cel")]
        ("assert: \"!stage.AutoDeploy\"", "{AutoDeploy: true}", 0),
        // Another setting is not named, under whatever it is.
        (owner, "{not: {Tags: [zzz]}}", 0),
        (owner, "{any-of: [{not: {Tags: [zzz]}}]}", 0),
        (owner, "{not: {Tags: [owner]}}", 1),
        (owner, "{any-of: [{not: {Tags: [owner]}}]}", 1),
        (owner, "{not: {Tags: [owner], StageName: prod}}", 1),
        (
            owner,
            "{any-of: [{not: {Tags: [owner], StageName: prod}}]}",
            1,
        ),
        (owner, "{not: {Tags: {team: a}, StageName: prod}}", 0),
        (
            owner,
            "{any-of: [{not: {Tags: {team: a}, StageName: prod}}]}",
            0,
        ),
        // As a whole.
        (owner, "{Tags: {owner: {present: false}, team: a}}", 1),
        (owner, "{Tags: {owner: {present: false}, team: b}}", 0),
        (
            owner,
            "{Tags: {owner: {present: false}}, AutoDeploy: false}",
            0,
        ),
        (
            owner,
            "{Tags: {owner: {present: false}}, each-route: {ThrottlingBurstLimit: {max: 9}}}",
            1,
        ),
        (
            owner,
            "{Tags: {owner: {present: false}}, each-route: {ThrottlingBurstLimit: {max: 8}}}",
            0,
        ),
        // A glob names the keys that are there, and `present` under it those that are missing as well.
        (owner, "{Tags: {\"o*\": {not: {like: \"x*\"}}}}", 0),
        (owner, "{Tags: {\"o*\": {present: false}}}", 1),
        (owner, "{Tags: {\"o*\": {present: true}}}", 0),
        (variables, "{StageVariables: {\"a*\": {like: \"?\"}}}", 0),
        (variables, "{StageVariables: {present: true}}", 1),
        (variables, "{StageVariables: {not: [b]}}", 1),
        // At the route of the violation; a key that begins as another is another.
        (
            burst,
            "{RouteSettings: {GET /a: {ThrottlingBurstLimit: 8}}}",
            1,
        ),
        (
            burst,
            "{RouteSettings: {\"GET /a*\": {ThrottlingBurstLimit: 8}}}",
            2,
        ),
        (
            burst,
            "{RouteSettings: {\"GET /a.*\": {ThrottlingBurstLimit: 8}}}",
            1,
        ),
        (burst, "{each-route: {ThrottlingBurstLimit: 8}}", 2),
        (
            burst,
            "{each-route: {ThrottlingBurstLimit: 8}, RouteSettings: {GET /a: {ThrottlingBurstLimit: 7}}}",
            0,
        ),
        // A demand on the settings of a route is at those settings, and so is what may accept it.
        (
            routes,
            "{each-route: {any-of: [{ThrottlingBurstLimit: {max: 8}}]}}",
            2,
        ),
        (
            routes,
            "{each-route: {not: {ThrottlingBurstLimit: {above: 8}}}}",
            2,
        ),
        (
            routes,
            "{each-route: {any-of: [{ThrottlingBurstLimit: {max: 9}}]}}",
            3,
        ),
        (routes, "{each-route: {ThrottlingBurstLimit: {max: 9}}}", 0),
    ] {
        let waiver = format!("match: {{StageName: prod}}, accept: {accept}");
        let results = waived_of(rule, given, &waiver, "", Inheritance::Inherit);
        assert_eq!(
            results.waived.len(),
            waived,
            "{rule} {accept}: {:?}",
            results.waived
        );
    }
}

#[test]
fn a_waiver_of_a_route_covers_no_other_that_begins_so() {
    let given = "{RouteSettings: {GET /a: {ThrottlingBurstLimit: 9}, GET /a.json: {ThrottlingBurstLimit: 9}}}";
    let rule = "expect: {RouteSettings: {\"*\": {ThrottlingBurstLimit: {max: 5}}}}";
    for (route, left) in [("GET /a", "GET /a.json"), ("GET /a.json", "GET /a")] {
        let results = waived_of(
            rule,
            given,
            &format!("match: {{route: {route}}}"),
            "",
            Inheritance::Inherit,
        );
        let routes: Vec<_> = results
            .violations()
            .filter_map(|(_, violation)| violation.route.as_deref())
            .collect();
        assert_eq!(routes, [left]);
    }
}

#[test]
fn each_waiver_that_covers_a_violation_is_needed() {
    let both =
        waiving("p/tags", "match: {StageName: prod}") + &waiving("p/*", "match: {StageName: prod}");
    assert_eq!(warned(&both, Vec::new(), "{}"), [""; 0]);
}

const STRICT: gate::Tolerance = gate::Tolerance {
    fail_on: Some(Severity::Low),
    allow_incomplete: false,
    allow_empty: false,
    min_coverage: None,
};

#[test]
fn what_is_waived_does_not_fail_the_gate_and_is_still_governed() {
    let results = audit_of(
        GIVEN,
        &waiving("*", "match: {StageName: prod}"),
        Vec::new(),
        "{}",
    );
    assert_eq!(
        (
            results.total(),
            results.waived.len(),
            results.summary.governed
        ),
        (0, 4, 1)
    );
    assert_eq!(gate::judge(&results, STRICT, None).exit, gate::CONFORMS);
}

#[test]
fn a_waived_rule_that_is_also_undecided_is_not_clean() {
    // The stage's tags are not stated but for what the rule needs; the violation is waived, the rest is not known.
    let given = "{StageName: prod, Description: d, DefaultRouteSettings: {ThrottlingBurstLimit: 900}, Tags: {owner: a, team: b}}";
    let policy = format!("{RULES}  - {{name: n, given: {given}, violates: []}}\n");
    let policies = load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: policy,
    })])
    .unwrap();
    let text = SourceText {
        name: "w.yaml".into(),
        text: format!(
            "waivers:\n{}",
            waiving("p/throttling", "match: {StageName: prod}")
        ),
    };
    let waivers = waiver::load(&[Arc::new(text)], TODAY).unwrap();
    let example = &policies.policies[0].tests[0];
    let mut stage = example.stage.clone();
    if let Value::Struct(members) = &mut stage {
        members[stage::ROUTES.at] = Value::NotStated;
    }
    let batch = ApiBatch {
        read_at: None,
        account: Some(EXAMPLE_ACCOUNT.into()),
        region: None,
        api: example.api.clone(),
        stages: vec![stage],
    };
    let state = VecState::new(vec![batch], Close::default());
    let results = check::run(&policies, &waivers, Box::new(state), Options::default()).unwrap();
    assert_eq!(
        (
            results.total(),
            results.waived.len(),
            results.summary.undecided
        ),
        (0, 1, 1)
    );
    assert_eq!(results.undecided[0].path.as_deref(), Some("RouteSettings"));
    assert_eq!(gate::judge(&results, STRICT, None).exit, gate::INCOMPLETE);
}

fn warned(waivers: &str, gaps: Vec<Gap>, narrowing: &str) -> Vec<String> {
    let results = audit_of(GIVEN, waivers, gaps, narrowing);
    results
        .warnings
        .into_iter()
        .map(|warning| format!("{}: {}", warning.kind, warning.message))
        .collect()
}

#[test]
fn an_expired_waiver_fails_again_and_says_since_when() {
    let waiver = "  - {rule: p/throttling, match: {StageName: prod}, reason: r, owner: team, expires: 2027-01-14}\n";
    let results = audit_of(GIVEN, waiver, Vec::new(), "{}");
    assert_eq!((results.total(), results.waived.len()), (4, 0));
    let expired: Vec<_> = results
        .violations()
        .map(|(_, violation)| violation.expired)
        .collect();
    assert_eq!(expired, [Some(0), Some(0), None, None]);
    assert_eq!(
        results.warnings[0].message,
        "the waiver of p/throttling (w.yaml:2) expired on 2027-01-14: 2 violations it covered fail again; \
         owner: team"
    );
    // Another one that is in force is enough.
    let both = format!(
        "{waiver}{}",
        waiving("p/throttling", "match: {StageName: prod}")
    );
    assert_eq!(audit_of(GIVEN, &both, Vec::new(), "{}").waived.len(), 2);
    let over = "  - {rule: p/tags, match: {StageName: dev}, reason: r, owner: team, expires: 2026-01-15}\n";
    assert_eq!(
        warned(over, Vec::new(), "{}"),
        [
            "waiver-expired: the waiver of p/tags (w.yaml:2) expired on 2026-01-15; remove it; owner: team"
        ]
    );
}

#[test]
fn what_soon_ends_names_nothing_or_is_not_needed_is_a_warning() {
    let until = |rule: &str, stage: &str, expires: &str| {
        format!(
            "  - {{rule: {rule}, match: {{StageName: {stage}}}, reason: r, owner: team, expires: {expires}}}\n"
        )
    };
    for (waiver, kind) in [
        (
            until("p/tags", "prod", "2027-01-15"),
            Some("waiver-expires-soon"),
        ),
        (
            until("p/tags", "prod", "2027-01-29"),
            Some("waiver-expires-soon"),
        ),
        (until("p/tags", "prod", "2027-01-30"), None),
        (
            until("p/tgas", "prod", "2027-06-30"),
            Some("waiver-without-rule"),
        ),
        (
            until("\"q/*\"", "prod", "2027-06-30"),
            Some("waiver-without-rule"),
        ),
        (until("p/tags", "dev", "2027-06-30"), Some("waiver-unused")),
    ] {
        let kinds: Vec<String> = audit_of(GIVEN, &waiver, Vec::new(), "{}")
            .warnings
            .into_iter()
            .map(|one| one.kind.to_string())
            .collect();
        assert_eq!(kinds, kind.into_iter().collect::<Vec<_>>(), "{waiver}");
    }
}

#[test]
fn not_needed_is_only_said_after_looking_everywhere() {
    let unused = waiving("p/tags", "match: {StageName: dev}");
    assert_eq!(warned(&unused, Vec::new(), "{}").len(), 1);
    assert_eq!(warned(&unused, vec![Gap::default()], "{}"), [""; 0]);
    for narrowing in [
        r#"{"api":["a1"]}"#,
        r#"{"stage":["prod"]}"#,
        r#"{"protocol":["HTTP"]}"#,
        r#"{"shard":"1/2"}"#,
        r#"{"from":"get-stages"}"#,
        r#"{"a-flag-of-the-future":true}"#,
    ] {
        assert_eq!(
            warned(&unused, Vec::new(), narrowing),
            [""; 0],
            "{narrowing}"
        );
    }
    // It is about another account, which this run did not look at.
    let elsewhere = waiving("p/tags", "match: {account: \"444455556666\"}");
    assert_eq!(warned(&elsewhere, Vec::new(), "{}"), [""; 0]);
}
