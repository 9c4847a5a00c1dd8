//! Verdicts of `assert`, as a table: an expression, a stage, and the verdict; and that no text makes the loader panic.

#![cfg(feature = "cel")]
#![expect(clippy::panic, reason = "a test that panics has failed, as it should")]

use std::sync::Arc;

use driftgate::check::{Inheritance, Options, Verdict, verdict};
use driftgate::model::catalogue::{
    ACCESS_LOG_SETTINGS, ROUTE_SETTINGS, STAGE, api, position, stage,
};
use driftgate::model::digest::Digest;
use driftgate::model::document::api_stated_by;
use driftgate::model::finding::Actual;
use driftgate::model::{Document, Value};
use driftgate::policy::language::explain::Failure;
use driftgate::policy::text::diagnostic::{Diagnostic, SourceText};
use driftgate::policy::{Policies, load};
use proptest::prelude::*;

/// A policy of one rule, and a stage.
fn loaded(rule: &str, given: &str) -> Result<Policies, Vec<Diagnostic>> {
    let text = format!(
        "policy: p\nrules:\n  - id: r\n    title: t\n    severity: low\n{rule}\ntests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text,
    })])
}

fn asserting(expression: &str) -> String {
    format!("    assert: |\n      {expression}")
}

/// The verdict of a rule on a stage that `change` may have changed.
fn changed(
    rule: &str,
    given: &str,
    change: impl Fn(&mut Value<'static>, &mut Value<'static>),
) -> String {
    read(rule, given, Inheritance::Inherit, change)
}

/// The same, with partial route entries read in one way.
fn read(
    rule: &str,
    given: &str,
    inheritance: Inheritance,
    change: impl Fn(&mut Value<'static>, &mut Value<'static>),
) -> String {
    let policies = loaded(rule, given).unwrap_or_else(|found| panic!("{found:#?}"));
    let example = &policies.policies[0].tests[0];
    let (mut stage, mut api) = (example.stage.clone(), example.api.clone());
    change(&mut stage, &mut api);
    let account = (example.account != "unstated").then_some(&*example.account);
    let document = Document {
        read_at: None,
        account,
        region: Some(&example.region),
        api: &api,
        stage: &stage,
    };
    let options = Options {
        inheritance,
        ..Options::default()
    };
    match verdict(None, &policies.policies[0].rules[0], &document, options) {
        Verdict::NotGoverned => "not governed".into(),
        Verdict::Conforms => "conforms".into(),
        Verdict::NotApplicable => "not applicable".into(),
        Verdict::Undecided(questions) => {
            let route = |route: &Option<Arc<str>>| {
                route
                    .as_ref()
                    .map(|route| format!("[{route}] "))
                    .unwrap_or_default()
            };
            let one = questions
                .iter()
                .map(|one| format!("{}{}: {}", route(&one.route), one.path, one.reason));
            format!("undecided {}", one.collect::<Vec<_>>().join("; "))
        }
        Verdict::Violates(failures) => {
            let reading = |one: &Failure| {
                one.reading
                    .map(|reading| format!(" ({})", reading.name()))
                    .unwrap_or_default()
            };
            let found = |one: &Failure| match &one.actual {
                Actual::Text(text) if one.path.is_whole() => format!(" [{text}]"),
                _ => String::new(),
            };
            let one = failures.iter().map(|one| {
                format!(
                    "{} is not {}{}{}",
                    one.path,
                    one.expected,
                    reading(one),
                    found(one)
                )
            });
            one.collect::<Vec<_>>().join("; ")
        }
    }
}

fn of(expression: &str, given: &str) -> String {
    changed(&asserting(expression), given, |_, _| {})
}

fn member<'v>(of: &'v mut Value<'static>, at: usize) -> &'v mut Value<'static> {
    match of {
        Value::Struct(members) => &mut members[at],
        other => panic!("no struct: {other:?}"),
    }
}

const WEBSOCKET: &str = "{api: {ProtocolType: WEBSOCKET}}";

/// Each of these holds on the stage, and its opposite is violated there.
#[track_caller]
fn holds(expression: &str, given: &str) {
    assert_eq!(of(expression, given), "conforms", "{expression} on {given}");
    let opposite = format!("!({expression})");
    let found = of(&opposite, given);
    assert!(
        found.starts_with(&format!(" is not assert: {opposite}")),
        "{opposite} on {given}: {found}"
    );
}

#[test]
fn values_are_there_and_what_unset_means_is_filled_in() {
    let stage = "{StageName: prod, AutoDeploy: true, Tags: {owner: a, empty: ''}, StageVariables: {fn: x},
        AccessLogSettings: {DestinationArn: 'arn:aws:logs:us-east-1:111122223333:log-group:a:*'},
        DefaultRouteSettings: {ThrottlingBurstLimit: 0, ThrottlingRateLimit: 10.0},
        api: {ApiId: a1, Name: shop, Tags: {tier: gold}, CorsConfiguration: {AllowOrigins: ['https://a', 'https://b']}}}";
    let stage = stage.replace('\n', " ");
    for expression in [
        "stage.AutoDeploy",
        "stage.StageName == 'prod' && api.Name + '-x' == 'shop-x'",
        "stage['StageName'] == stage.StageName",
        "stage.Tags.owner == 'a' && stage.Tags['owner'] == 'a'",
        "has(stage.Tags.owner) && !has(stage.Tags.empty) && !('empty' in stage.Tags)",
        "'owner' in stage.Tags && !('team' in stage.Tags)",
        "size(stage.Tags) == 1 && stage.Tags.size() == 1",
        "stage.Tags == {'owner': 'a'}",
        "stage.Tags.all(k, stage.Tags[k] == 'a')",
        "['owner', 'team'].exists(k, k in stage.Tags)",
        "stage.StageVariables.exists_one(k, stage.StageVariables[k].startsWith('x'))",
        "!has(stage.Description)",
        "!stage.ApiGatewayManaged && !stage.DefaultRouteSettings.DetailedMetricsEnabled",
        "stage.DefaultRouteSettings.ThrottlingBurstLimit == 0",
        "stage.DefaultRouteSettings.ThrottlingRateLimit <= 10 && stage.DefaultRouteSettings.ThrottlingRateLimit == 10",
        "size(stage.RouteSettings) == 0 && stage.RouteSettings == {}",
        "account == '111122223333' && region == 'us-east-1' && partition == 'aws'",
        "arn == 'arn:aws:apigateway:us-east-1::/apis/a1/stages/prod'",
        // A log group's ARN is compared without what some write behind it.
        "stage.AccessLogSettings.DestinationArn.endsWith(':a')",
        "api.CorsConfiguration.AllowOrigins == ['https://a', 'https://b']",
        "api.CorsConfiguration.AllowOrigins.all(o, o.startsWith('https://')) && 'https://b' in api.CorsConfiguration.AllowOrigins",
        "api.CorsConfiguration.AllowOrigins.filter(o, glob(o, '*b')).size() == 1",
        "api.CorsConfiguration.AllowOrigins.map(o, o.size()) == [9, 9]",
        "glob(stage.StageName, 'pr?d') && !glob(stage.StageName, 'p')",
        "re(stage.StageName, '^p.*d$') && re(stage.StageName, 'ro') && !re(stage.StageName, '^ro')",
        "stage.AutoDeploy ? api.ProtocolType == 'HTTP' : false",
    ] {
        holds(expression, &stage);
    }
}

#[test]
fn routes_are_seen_with_the_settings_in_force() {
    let stage = "{DefaultRouteSettings: {ThrottlingBurstLimit: 100, DetailedMetricsEnabled: true},
        RouteSettings: {GET /pets: {ThrottlingBurstLimit: 5000}, GET /a: {ThrottlingRateLimit: 1}}}";
    let stage = stage.replace('\n', " ");
    for expression in [
        "each_route[''].ThrottlingBurstLimit == 100 && size(each_route) == 3",
        "each_route['GET /a'].ThrottlingBurstLimit == 100 && each_route['GET /pets'].ThrottlingBurstLimit == 5000",
        "each_route.exists(r, each_route[r].ThrottlingBurstLimit > 1000)",
        "each_route.all(r, each_route[r].DetailedMetricsEnabled)",
        "each_route.all(r, r.startsWith('GET ') || r == '')",
        "each_route.filter(r, has(each_route[r].ThrottlingRateLimit)) == ['GET /a']",
        "each_route.map(r, each_route[r]).all(s, s.ThrottlingBurstLimit >= 100)",
        "stage.RouteSettings.all(r, !stage.RouteSettings[r].DetailedMetricsEnabled)",
        "!has(stage.RouteSettings['GET /a'].ThrottlingBurstLimit)",
    ] {
        holds(expression, &stage);
    }
    let unset = "each_route.all(r, each_route[r].ThrottlingBurstLimit <= 500)";
    assert_eq!(
        of(unset, "{}"),
        "undecided : assert could not be evaluated: `each_route[…].ThrottlingBurstLimit` is not set; ask `has(…)` first \
         (each_route.all(…) for the stage default)"
    );
    // One that is too high decides, whatever the others are.
    let found = of(
        unset,
        "{RouteSettings: {GET /a: {ThrottlingBurstLimit: 501}}}",
    );
    assert_eq!(
        found,
        format!(" is not assert: {unset} [each_route.all(…) is false for GET /a]")
    );
}

#[test]
fn partial_route_entries_are_read_as_asked() {
    let stage = "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: {GET /a: {ThrottlingRateLimit: 1}}}";
    let says =
        |expression: &str, inheritance| read(&asserting(expression), stage, inheritance, |_, _| {});
    let limited = "each_route.all(r, has(each_route[r].ThrottlingBurstLimit))";
    let depends =
        format!(" is not assert: {limited} (replace) [each_route.all(…) is false for GET /a]");
    assert_eq!(says(limited, Inheritance::Inherit), "conforms");
    assert_eq!(says(limited, Inheritance::Replace), depends);
    assert_eq!(says(limited, Inheritance::Both), depends);
    let rated = "each_route.all(r, has(each_route[r].ThrottlingRateLimit))";
    for inheritance in [
        Inheritance::Inherit,
        Inheritance::Replace,
        Inheritance::Both,
    ] {
        let found = says(rated, inheritance);
        assert!(
            found.starts_with(&format!(" is not assert: {rated} [each_route")),
            "it fails either way: {found}"
        );
    }
    // Each reading has routes of its own that fail.
    let stage_of_two = "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: \
                        {GET /a: {ThrottlingRateLimit: 1}, GET /b: {DetailedMetricsEnabled: true}}}";
    let together = "each_route.all(r, r == '' || \
                    has(each_route[r].ThrottlingRateLimit) == has(each_route[r].ThrottlingBurstLimit))";
    let found = read(
        &asserting(together),
        stage_of_two,
        Inheritance::Both,
        |_, _| {},
    );
    assert!(
        found.ends_with(
            "[each_route.all(…) is false for GET /b, if entries inherit; \
             each_route.all(…) is false for GET /a, if entries replace the stage default]"
        ) && !found.contains("(replace)"),
        "{found}"
    );
    let small = "each_route.all(r, each_route[r].ThrottlingBurstLimit <= 100)";
    assert_eq!(says(small, Inheritance::Inherit), "conforms");
    assert!(
        says(small, Inheritance::Both).starts_with("undecided : assert could not be evaluated")
    );
    assert_eq!(
        says(
            "stage.DefaultRouteSettings.ThrottlingBurstLimit == 100",
            Inheritance::Both
        ),
        "conforms"
    );
}

#[test]
fn on_a_protocol_that_lacks_what_is_read_the_rule_does_not_apply() {
    let logs = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
    let info = "{api: {ProtocolType: WEBSOCKET}, DefaultRouteSettings: {LoggingLevel: INFO}}";
    for (expression, given, verdict) in [
        (logs, "{}", "not applicable"),
        (
            logs,
            WEBSOCKET,
            " is not assert: stage.DefaultRouteSettings.LoggingLevel == 'INFO'",
        ),
        (logs, info, "conforms"),
        // Regardless of its other conditions.
        (
            "api.ProtocolType == 'HTTP' || stage.DefaultRouteSettings.LoggingLevel == 'INFO'",
            "{}",
            "not applicable",
        ),
        (
            "api.ProtocolType == 'WEBSOCKET' && has(stage.ClientCertificateId)",
            "{}",
            "not applicable",
        ),
        (
            "stage.AutoDeploy && stage.ClientCertificateId == 'x'",
            "{}",
            "not applicable",
        ),
        (
            "stage.AutoDeploy ? stage.ClientCertificateId == 'x' : true",
            "{}",
            "not applicable",
        ),
        ("!has(stage.ClientCertificateId)", "{}", "not applicable"),
        ("!has(stage.ClientCertificateId)", WEBSOCKET, "conforms"),
        (
            "each_route.all(r, each_route[r].LoggingLevel != 'OFF')",
            "{}",
            "not applicable",
        ),
        (
            "each_route.map(r, each_route[r]).all(s, s.LoggingLevel != 'OFF')",
            "{}",
            "not applicable",
        ),
        (
            "size(each_route.filter(r, each_route[r].LoggingLevel == 'OFF')) == 1",
            "{}",
            "not applicable",
        ),
        (
            "[stage.ClientCertificateId] == ['x']",
            "{}",
            "not applicable",
        ),
        (
            "{'a': stage.ClientCertificateId} == {'a': 'x'}",
            "{}",
            "not applicable",
        ),
        (
            "api.CorsConfiguration.AllowOrigins == []",
            WEBSOCKET,
            "not applicable",
        ),
        (
            "stage.DefaultRouteSettings == each_route['']",
            "{}",
            "conforms",
        ),
        (
            "stage.DefaultRouteSettings == each_route['']",
            WEBSOCKET,
            "conforms",
        ),
    ] {
        assert_eq!(of(expression, given), verdict, "{expression} on {given}");
    }
    for text in [
        logs,
        "has(stage.ClientCertificateId)",
        "each_route.all(r, each_route[r].DataTraceEnabled)",
    ] {
        let loud = "    match: {api: {ProtocolType: HTTP}}\n".to_owned() + &asserting(text);
        assert_eq!(
            loaded(&loud, "{}").unwrap_err()[0].title,
            "the rule `r` can never apply",
            "{text}"
        );
    }
    let both = format!("    expect: {{AutoDeploy: true}}\n{}", asserting(logs));
    assert_eq!(
        changed(&both, "{}", |_, _| {}),
        "not applicable",
        "the rule, not only its expression"
    );
    assert_eq!(changed(&both, info, |_, _| {}), "AutoDeploy is not true");
    let by_route =
        "    match: {route: GET /a}\n    expect: {each-route: {ThrottlingBurstLimit: 1}}\n"
            .to_owned();
    let found = loaded(&(by_route + &asserting("stage.AutoDeploy")), "{}").unwrap_err();
    assert!(
        found[0].title.starts_with("`route` is allowed only"),
        "an assertion is about the stage: {found:#?}"
    );
}

#[test]
fn maps_go_in_byte_order_of_their_keys() {
    let keys: Vec<String> = (0..40).map(|at| format!("k{}", (at * 17) % 40)).collect();
    let entries: Vec<String> = keys.iter().map(|key| format!("{key}: x")).collect();
    let given = format!("{{Tags: {{{}}}}}", entries.join(", "));
    let mut sorted = keys.clone();
    sorted.sort();
    let quoted: Vec<String> = sorted.iter().map(|key| format!("'{key}'")).collect();
    let written: Vec<String> = keys
        .iter()
        .map(|key| format!("'{key}': stage.AutoDeploy"))
        .collect();
    let (list, map) = (quoted.join(", "), written.join(", "));
    for expression in [
        format!("stage.Tags.map(k, k) == [{list}]"),
        format!("[stage.Tags].map(t, t.map(k, k))[0] == [{list}]"),
        format!("[stage].map(s, s.Tags.filter(k, true))[0] == [{list}]"),
        format!("([] + stage.Tags) == [{list}]"),
        format!("[[]].map(e, e + stage.Tags)[0] == [{list}]"),
        format!("{{{map}}}.map(k, k) == [{list}]"),
        format!("([] + {{{map}}}) == [{list}]"),
        format!("[{{{map}}}].all(m, m.map(k, k) == [{list}])"),
        format!("(stage.AutoDeploy ? {{}} : stage.Tags).map(k, k) == [{list}]"),
    ] {
        holds(&expression, &given);
    }
    holds(
        "{'b': stage.AutoDeploy, 'a': 1, '': 2, 'B': 3, 'ä': 4}.map(k, k) == ['', 'B', 'a', 'b', 'ä']",
        "{}",
    );
}

#[test]
fn what_a_quantifier_failed_for_is_named() {
    let tags: Vec<String> = (0..8).map(|at| format!("t{at}: x")).collect();
    let given = format!(
        "{{AutoDeploy: true, Tags: {{owner: a, team: b}}, StageVariables: {{key: hunter2}}, api: {{Name: shop, Tags: {{{}}}, \
         CorsConfiguration: {{AllowOrigins: ['https://a', 'http://b']}}}}, DefaultRouteSettings: {{ThrottlingBurstLimit: 9}}, \
         RouteSettings: {{GET /a: {{ThrottlingBurstLimit: 1}}, GET /b: {{ThrottlingRateLimit: 2}}}}}}",
        tags.join(", ")
    );
    for (expression, found) in [
        (
            "stage.Tags.all(k, k != 'owner')",
            "stage.Tags.all(…) is false for owner",
        ),
        (
            "stage.Tags.all(k, k == '')",
            "stage.Tags.all(…) is false for owner and team",
        ),
        (
            "api.Tags.all(k, k == '')",
            "api.Tags.all(…) is false for t0, t1, t2, t3, t4 and 3 more",
        ),
        (
            "stage.Tags.exists(k, k == 'x')",
            "stage.Tags.exists(…) is false for owner and team",
        ),
        (
            "!stage.Tags.exists(k, k == 'team')",
            "stage.Tags.exists(…) is true for team",
        ),
        (
            "!stage.Tags.all(k, k != '')",
            "stage.Tags.all(…) is true for owner and team",
        ),
        (
            "stage.RouteSettings.filter(r, false).exists(r, r == '')",
            "the list.exists(…) is false: there is nothing in it",
        ),
        (
            "stage.Tags.exists_one(k, k != '')",
            "stage.Tags.exists_one(…) is false for owner and team",
        ),
        (
            "stage.Tags.exists_one(k, k == '')",
            "stage.Tags.exists_one(…) is false: it holds for none",
        ),
        (
            "each_route.all(r, each_route[r].ThrottlingBurstLimit < 5)",
            "each_route.all(…) is false for the stage default and GET /b",
        ),
        (
            "api.CorsConfiguration.AllowOrigins.all(o, o.startsWith('https:'))",
            "api.CorsConfiguration.AllowOrigins.all(…) is false for http://b",
        ),
        (
            "['owner', 'cost'].all(k, k in stage.Tags)",
            "the list.all(…) is false for cost",
        ),
        // A possible value of a stage variable is not named.
        (
            "stage.StageVariables.map(k, stage.StageVariables[k]).all(v, v == '')",
            "the list.all(…) is false for element 1",
        ),
        (
            "['x' + stage.StageVariables.key].all(v, v == '')",
            "the list.all(…) is false for element 1",
        ),
        (
            "each_route.map(r, each_route[r]).all(s, s.ThrottlingBurstLimit < 5)",
            "the list.all(…) is false for element 1 and element 3",
        ),
        // Only what the outcome hangs on.
        (
            "stage.AutoDeploy && stage.Tags.all(k, k == 'owner')",
            "stage.Tags.all(…) is false for team",
        ),
        (
            "stage.Tags.all(k, k == 'owner') || each_route.all(r, r == '')",
            "stage.Tags.all(…) is false for team; each_route.all(…) is false for GET /a and GET /b",
        ),
        (
            "stage.Tags.all(k, k != '') && each_route.all(r, r == '')",
            "each_route.all(…) is false for GET /a and GET /b",
        ),
        (
            "stage.AutoDeploy ? stage.Tags.all(k, k == 'team') : each_route.all(r, r == '')",
            "stage.Tags.all(…) is false for owner",
        ),
        // One in the other.
        (
            "each_route.all(r, r == '' || stage.Tags.all(k, k == 'team'))",
            "each_route.all(…) is false for GET /a (stage.Tags.all(…) is false for owner) and \
             GET /b (stage.Tags.all(…) is false for owner)",
        ),
    ] {
        assert_eq!(
            of(expression, &given),
            format!(" is not assert: {expression} [{found}]"),
            "{expression}"
        );
    }
    for (expression, found) in [
        (
            "each_route.all(r, each_route[r].ThrottlingRateLimit < 5.0)",
            "`each_route[…].ThrottlingRateLimit` is not set; ask `has(…)` first (each_route.all(…) for the stage default and GET /a)",
        ),
        (
            "api.Tags.all(k, int(api.Tags[k]) > 1)",
            "a number is out of range, or a text is not a number (api.Tags.all(…) for t0, t1, t2, t3, t4 and 3 more)",
        ),
        (
            "each_route.all(r, stage.Tags.exists(k, int(stage.Tags[k]) > 1))",
            "a number is out of range, or a text is not a number (each_route.all(…) for the stage default, GET /a and GET /b, \
             stage.Tags.exists(…) for owner and team)",
        ),
    ] {
        assert_eq!(
            of(expression, &given),
            format!("undecided : assert could not be evaluated: {found}"),
            "{expression}"
        );
    }
    assert_eq!(
        of("stage.Tags.exists(k, k == 'x')", "{}").split('[').nth(1),
        Some("stage.Tags.exists(…) is false: there is nothing in it]")
    );
    // The name of a key may be long, or look like a secret.
    let long = format!(
        "{{Tags: {{{}: x, AKIAIOSFODNN7EXAMPLE: y}}}}",
        "k".repeat(300)
    );
    let found = of("stage.Tags.all(k, k == '')", &long);
    let digest = Digest::of(Some("111122223333"), "", "AKIAIOSFODNN7EXAMPLE").short();
    assert!(
        found.ends_with(&format!("is false for {digest} and {}…]", "k".repeat(100))),
        "{found}"
    );
}

#[test]
fn a_key_that_is_called_like_a_field_is_no_field() {
    let expression = "stage.StageVariables.LoggingLevel == 'INFO'";
    assert!(
        of(expression, "{}").starts_with("undecided"),
        "{}",
        of(expression, "{}")
    );
    assert!(!of(expression, "{StageVariables: {LoggingLevel: OFF}}").starts_with("not applicable"));
    holds(expression, "{StageVariables: {LoggingLevel: INFO}}");
    // Beside settings among which there is one of that name.
    for more in [
        "each_route.map(r, each_route[r]).all(s, !s.DetailedMetricsEnabled)",
        "stage == stage",
    ] {
        let both = format!("{expression} && {more}");
        assert!(
            of(&both, "{}").starts_with("undecided"),
            "{both}: {}",
            of(&both, "{}")
        );
    }
}

#[test]
fn a_regular_expression_is_found_with_the_words_of_cel_too() {
    for expression in [
        "stage.StageName.matches('^p.*d$') && matches(stage.StageName, 'ro')",
        "!stage.StageName.matches('^ro') && re(stage.StageName, 'ro')",
        "stage.Tags.all(k, k.matches('^[a-z]+$') && matches(stage.Tags[k], '^A'))",
    ] {
        holds(expression, "{StageName: prod, Tags: {owner: Ann}}");
    }
}

#[test]
fn expect_and_assert_must_both_hold_and_each_tells_its_own() {
    let rule = format!(
        "    expect: {{AutoDeploy: true}}\n{}",
        asserting("size(stage.Tags) > 0")
    );
    for (given, verdict) in [
        ("{AutoDeploy: true, Tags: {a: b}}", "conforms"),
        ("{AutoDeploy: true}", " is not assert: size(stage.Tags) > 0"),
        ("{Tags: {a: b}}", "AutoDeploy is not true"),
        (
            "{}",
            " is not assert: size(stage.Tags) > 0; AutoDeploy is not true",
        ),
    ] {
        assert_eq!(changed(&rule, given, |_, _| {}), verdict, "{given}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_undecided_and_shows_no_value() {
    for (expression, given, reason) in [
        (
            "stage.Description == 'x'",
            "{}",
            "`stage.Description` is not set; ask `has(stage.Description)` first",
        ),
        (
            "stage.Tags.owner == 'x'",
            "{}",
            "`stage.Tags.owner` is not set; ask `has(stage.Tags.owner)` first",
        ),
        (
            "stage.Tags['cost-center'] == 'x'",
            "{}",
            "`stage.Tags[\"cost-center\"]` is not set; ask `\"cost-center\" in stage.Tags` first",
        ),
        (
            "stage.Tags[stage.StageVariables.secret] == 'x'",
            "{StageVariables: {secret: hunter2}}",
            "there is no such key; ask `KEY in MAP` first",
        ),
        (
            "int(stage.StageVariables.secret) > 5",
            "{StageVariables: {secret: hunter2}}",
            "a number is out of range, or a text is not a number",
        ),
        (
            "stage.DefaultRouteSettings.ThrottlingBurstLimit / 0 > 5",
            "{DefaultRouteSettings: {ThrottlingBurstLimit: 5}}",
            "it divides by zero; ask `NUMBER != 0` first",
        ),
        (
            "has(each_route['GET /zz'].ThrottlingBurstLimit)",
            "{}",
            "`each_route[\"GET /zz\"].ThrottlingBurstLimit` is not set; ask `\"GET /zz\" in each_route` first",
        ),
        (
            "each_route['GET /zz'].ThrottlingBurstLimit > 5",
            "{}",
            "`each_route[\"GET /zz\"].ThrottlingBurstLimit` is not set; ask `\"GET /zz\" in each_route && \
             has(each_route[\"GET /zz\"].ThrottlingBurstLimit)` first",
        ),
    ] {
        let found = of(expression, given);
        assert_eq!(
            found,
            format!("undecided : assert could not be evaluated: {reason}"),
            "{expression}"
        );
    }
}

#[test]
fn what_is_not_stated_is_undecided_wherever_it_is_read() {
    const NOT_STATED: &str = "the source does not state it";
    let all = |stage: &mut Value<'static>, api: &mut Value<'static>| {
        *stage = Value::Struct(vec![Value::NotStated; STAGE.len()].into());
        *api = api_stated_by(None, Some(driftgate::model::protocol::Protocol::Http));
    };
    for (expression, path) in [
        ("stage.AutoDeploy", "AutoDeploy"),
        (
            "stage.AutoDeploy || api.ProtocolType == 'WEBSOCKET'",
            "AutoDeploy",
        ),
        (
            "has(stage.Tags.owner) && stage.Tags.owner == 'x'",
            "Tags.owner",
        ),
        ("has(stage.Description)", "Description"),
        ("has(stage.Tags.owner)", "Tags.owner"),
        ("'owner' in stage.Tags", "Tags.owner"),
        ("size(stage.Tags) == 0", "Tags"),
        ("stage.Tags == {}", "Tags"),
        ("stage.Tags.all(k, k == 'x')", "Tags"),
        ("each_route.all(r, r == '')", "RouteSettings"),
        (
            "stage.AccessLogSettings.Format == 'x'",
            "AccessLogSettings.Format",
        ),
        (
            "api.CorsConfiguration.AllowOrigins.size() == 0",
            "api.CorsConfiguration.AllowOrigins",
        ),
    ] {
        let found = changed(&asserting(expression), "{}", all);
        assert_eq!(
            found,
            format!("undecided {path}: {NOT_STATED}"),
            "{expression}"
        );
    }
    // Unless the outcome does not hang on it.
    for expression in [
        "stage.AutoDeploy || api.ProtocolType == 'HTTP'",
        "!(api.ProtocolType == 'WEBSOCKET' && stage.AutoDeploy)",
        "api.ProtocolType == 'HTTP' ? partition == 'aws' : stage.AutoDeploy",
        "(stage.AutoDeploy || true) && region == 'us-east-1'",
        "'x' in [api.ProtocolType, 'x']",
        "api.ProtocolType == 'HTTP' || each_route.all(r, each_route[r].DetailedMetricsEnabled)",
        "['a', 'b'].exists(k, k == 'b' || stage.AutoDeploy)",
    ] {
        assert_eq!(
            changed(&asserting(expression), "{}", all),
            "conforms",
            "{expression}"
        );
    }
    // A setting that the protocol lacks is not demanded.
    assert_eq!(
        changed(&asserting("stage.ClientCertificateId == 'x'"), "{}", all),
        "not applicable"
    );
    assert_eq!(
        of("account == 'x'", "{account: unstated}"),
        format!("undecided account: {NOT_STATED}")
    );
}

#[test]
fn where_routes_are_not_stated_the_stage_default_is_one_of_them() {
    let undecided = "undecided RouteSettings: the source does not state it";
    let fails = " is false for the stage default]";
    for (expression, expected) in [
        ("each_route[''].ThrottlingBurstLimit == 50", "conforms"),
        ("'' in each_route", "conforms"),
        (
            "each_route.exists(r, each_route[r].ThrottlingBurstLimit == 50)",
            "conforms",
        ),
        (
            "!each_route.all(r, each_route[r].ThrottlingBurstLimit < 50)",
            "conforms",
        ),
        (
            "each_route.all(r, each_route[r].ThrottlingBurstLimit < 50)",
            fails,
        ),
        (
            "stage.AutoDeploy || each_route.all(r, each_route[r].ThrottlingBurstLimit < 50)",
            fails,
        ),
        (
            "each_route.all(r, each_route.exists(s, s == r && s != ''))",
            undecided,
        ),
        (
            "each_route.all(r, each_route[r].ThrottlingBurstLimit <= 50)",
            undecided,
        ),
        (
            "each_route.exists(r, each_route[r].ThrottlingBurstLimit > 50)",
            undecided,
        ),
        ("each_route.exists_one(r, r == '')", undecided),
        ("each_route.filter(r, r != '').all(r, false)", undecided),
        ("size(each_route) == 1", undecided),
        (
            "'GET /a' in each_route",
            "undecided [GET /a] RouteSettings.GET /a: the source does not state it",
        ),
    ] {
        let found = changed(
            &asserting(expression),
            "{DefaultRouteSettings: {ThrottlingBurstLimit: 50}}",
            |document, _| *member(document, stage::ROUTES.at) = Value::NotStated,
        );
        assert!(found.ends_with(expected), "{expression}: {found}");
    }
}

#[test]
fn a_hole_in_something_matters_only_where_it_is_read() {
    const NOT_STATED: &str = "the source does not state it";
    let hole = |stage: &mut Value<'static>, api: &mut Value<'static>| {
        let tags = vec![
            ("a".into(), Value::text("x")),
            ("b".into(), Value::NotStated),
        ];
        *member(stage, stage::TAGS.at) = Value::map(tags);
        let mut logs = vec![Value::Unset; ACCESS_LOG_SETTINGS.len()];
        logs[0] = Value::NotStated;
        *member(stage, stage::ACCESS_LOGS.at) = Value::Struct(logs.into());
        let mut route = vec![Value::Unset; ROUTE_SETTINGS.len()];
        route[position(ROUTE_SETTINGS, "ThrottlingBurstLimit").unwrap()] = Value::NotStated;
        let routes = vec![("GET /a".into(), Value::Struct(route.into()))];
        *member(stage, stage::ROUTES.at) = Value::map(routes);
        *member(api, api::NAME.at) = Value::NotStated;
    };
    for (expression, verdict) in [
        (
            "stage.Tags.a == 'x' && 'a' in stage.Tags && !('c' in stage.Tags)",
            "conforms".to_owned(),
        ),
        (
            "stage.Tags.a == 'x' || stage.Tags.b == 'y'",
            "conforms".to_owned(),
        ),
        (
            "stage.Tags.b == 'y' || stage.Tags.a == 'x'",
            "conforms".to_owned(),
        ),
        // A tag may be empty, and then it is none: its key counts only if the value does.
        (
            "'b' in stage.Tags",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "size(stage.Tags) == 2",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "stage.Tags.all(k, k != 'c')",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "size(stage.RouteSettings) == 1 && 'GET /a' in stage.RouteSettings",
            "conforms".to_owned(),
        ),
        (
            "has(stage.Tags.b)",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "stage.Tags.b == 'x'",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "stage.Tags.exists(k, stage.Tags[k] == 'x')",
            format!("undecided Tags.b: {NOT_STATED}"),
        ),
        (
            "!has(stage.AccessLogSettings.Format)",
            "conforms".to_owned(),
        ),
        (
            "stage.AccessLogSettings == {}",
            format!("undecided AccessLogSettings.DestinationArn: {NOT_STATED}"),
        ),
        (
            "each_route.all(r, !each_route[r].DetailedMetricsEnabled)",
            "conforms".to_owned(),
        ),
        (
            "each_route.all(r, !has(each_route[r].ThrottlingBurstLimit))",
            format!("undecided [GET /a] RouteSettings.GET /a.ThrottlingBurstLimit: {NOT_STATED}"),
        ),
        (
            "stage.AutoDeploy || api.ApiId != api.Name",
            format!("undecided api.Name: {NOT_STATED}"),
        ),
        (
            "stage == stage",
            format!("undecided AccessLogSettings.DestinationArn: {NOT_STATED}"),
        ),
    ] {
        assert_eq!(
            changed(&asserting(expression), "{api: {ApiId: a}}", hole),
            verdict,
            "{expression}"
        );
    }
}

/// The value with each of its parts not stated in turn, and with each text of its maps as a digest.
fn holes(value: &Value<'static>) -> Vec<Value<'static>> {
    let mut all = vec![Value::NotStated];
    match value {
        Value::Struct(members) => {
            for (at, inside) in members.iter().enumerate() {
                for hole in holes(inside) {
                    let mut members = members.clone();
                    members[at] = hole;
                    all.push(Value::Struct(members));
                }
            }
        }
        Value::Map(entries) => {
            for (at, (key, inside)) in entries.iter().enumerate() {
                let digest = inside.as_text().map(|text| {
                    Value::Digest(Box::new(Digest::of(Some("111122223333"), key, text)))
                });
                for hole in holes(inside).into_iter().chain(digest) {
                    let mut entries = entries.clone();
                    entries[at].1 = hole;
                    all.push(Value::Map(entries));
                }
            }
        }
        _ => {}
    }
    all
}

/// Whatever the source leaves out, the verdict is the one that the whole document has, or none.
#[test]
fn what_is_not_stated_never_changes_a_verdict() {
    const EXPRESSIONS: [&str; 33] = [
        "stage.AutoDeploy || stage.StageName == 'prod'",
        "!stage.AutoDeploy && stage.StageName == 'prod'",
        "stage.AutoDeploy ? stage.StageName == 'prod' : has(stage.Description)",
        "has(stage.Description) || has(api.Description)",
        "!has(stage.Description) && !has(api.Version)",
        "'owner' in stage.Tags && !('team' in stage.Tags)",
        "size(stage.Tags) == 2 && size(stage.RouteSettings) == 2",
        "stage.Tags == {'owner': 'a', 'cost': 'b'}",
        "{'owner': 'a', 'cost': 'b'} == stage.Tags",
        "{} == api.Tags || [stage.Tags] == [{}]",
        "stage.Tags != {} && stage.Tags != api.Tags",
        "stage.Tags.all(k, stage.Tags[k] != 'x') && stage.Tags.exists(k, stage.Tags[k] == 'b')",
        "stage.Tags.map(k, k) == ['cost', 'owner']",
        "stage.Tags.exists_one(k, stage.Tags[k] == 'a')",
        "['owner', 'cost'].all(k, k in stage.Tags && stage.Tags[k] != '')",
        "stage.StageVariables.fn == 'x' && stage.StageVariables.other != 'x'",
        "'x' in [stage.StageVariables.fn] || stage.StageVariables.fn + 'y' == 'xy'",
        "stage.StageVariables.all(k, stage.StageVariables[k] != 'z')",
        "stage.StageVariables == {'fn': 'x', 'other': 'y'}",
        "each_route.all(r, each_route[r].ThrottlingBurstLimit <= 100)",
        "each_route.exists(r, each_route[r].ThrottlingBurstLimit > 50)",
        "each_route.all(r, each_route[r].ThrottlingBurstLimit < 50)",
        "each_route.all(r, each_route.exists(s, s != r && each_route[s].ThrottlingBurstLimit == 100))",
        "!each_route.exists(r, r == '') || each_route.exists(r, each_route[r].ThrottlingBurstLimit == 50)",
        "each_route.all(r, has(each_route[r].ThrottlingRateLimit)) || each_route[''].ThrottlingBurstLimit == 50",
        "each_route.map(r, each_route[r]).all(s, s.ThrottlingBurstLimit < 100 || s.DetailedMetricsEnabled)",
        "each_route.filter(r, has(each_route[r].ThrottlingRateLimit)) == ['GET /b']",
        "stage.RouteSettings['GET /a'] == each_route['GET /a'] || 'GET /b' in stage.RouteSettings",
        "stage.DefaultRouteSettings == each_route['']",
        "stage.DefaultRouteSettings.LoggingLevel == 'OFF' && !stage.DefaultRouteSettings.DataTraceEnabled",
        "stage == stage && api == api",
        "[stage.AccessLogSettings, stage.AccessLogSettings].all(l, l.Format == 'f')",
        "api.CorsConfiguration.AllowOrigins.all(o, o != '*') || api.Name == 'shop'",
    ];
    let given = |protocol: &str| {
        format!(
            "{{StageName: prod, Tags: {{owner: a, cost: b}}, StageVariables: {{fn: x, other: y}}, \
             AccessLogSettings: {{Format: f}}, DefaultRouteSettings: {{ThrottlingBurstLimit: 50}}, \
             RouteSettings: {{GET /a: {{ThrottlingBurstLimit: 100}}, GET /b: {{ThrottlingRateLimit: 1}}}}, \
             api: {{ProtocolType: {protocol}, ApiId: a1, Name: shop, Tags: {{tier: gold}}}}}}"
        )
    };
    for (expression, protocol) in EXPRESSIONS
        .iter()
        .flat_map(|one| ["HTTP", "WEBSOCKET"].map(|protocol| (*one, protocol)))
    {
        let policies = loaded(&asserting(expression), &given(protocol))
            .unwrap_or_else(|found| panic!("{found:#?}"));
        let example = &policies.policies[0].tests[0];
        let verdict = |stage: &Value<'static>, api: &Value<'static>| {
            let document = Document {
                read_at: None,
                account: Some("111122223333"),
                region: Some("us-east-1"),
                api,
                stage,
            };
            match verdict(
                None,
                &policies.policies[0].rules[0],
                &document,
                Options::default(),
            ) {
                Verdict::Conforms => "conforms",
                Verdict::Violates(_) => "violates",
                Verdict::Undecided(questions) => {
                    assert!(!questions.is_empty(), "{expression}");
                    "undecided"
                }
                Verdict::NotApplicable => "not applicable",
                Verdict::NotGoverned => "not governed",
            }
        };
        let whole = verdict(&example.stage, &example.api);
        assert_ne!(whole, "not governed", "{expression}");
        let of_stage = holes(&example.stage)
            .into_iter()
            .map(|stage| (stage, example.api.clone()));
        let of_api = holes(&example.api)
            .into_iter()
            .map(|api| (example.stage.clone(), api));
        for (stage, api) in of_stage.chain(of_api) {
            if api.member(api::PROTOCOL.at).as_text().is_some() {
                let found = verdict(&stage, &api);
                assert!(
                    found == whole || found == "undecided",
                    "{expression}: {found}, not {whole}: {stage:?} {api:?}"
                );
            }
        }
    }
}

#[test]
fn of_a_digest_the_key_and_equality_with_a_text_are_known() {
    let digest = |stage: &mut Value<'static>, _: &mut Value<'static>| {
        let value = Value::Digest(Box::new(Digest::of(Some("111122223333"), "fn", "x")));
        *member(stage, stage::VARIABLES.at) = Value::map(vec![("fn".into(), value)]);
    };
    let open = "undecided StageVariables.fn: the snapshot holds only a digest of the value; this test needs the value itself";
    for (expression, verdict) in [
        (
            "has(stage.StageVariables.fn) && 'fn' in stage.StageVariables",
            "conforms",
        ),
        (
            "stage.StageVariables.all(k, k == 'fn') && size(stage.StageVariables) == 1",
            "conforms",
        ),
        ("stage.StageVariables.fn == 'x'", "conforms"),
        (
            "'x' == stage.StageVariables['fn'] && stage.StageVariables.fn != 'y'",
            "conforms",
        ),
        (
            "has(stage.StageVariables.fn) && stage.StageVariables.fn == 'x'",
            "conforms",
        ),
        (
            "stage.StageVariables.fn == 'y'",
            " is not assert: stage.StageVariables.fn == 'y'",
        ),
        (
            "stage.StageVariables.fn != 'x'",
            " is not assert: stage.StageVariables.fn != 'x'",
        ),
        (
            "stage.StageVariables.other == 'x' || stage.StageVariables.fn == 'x'",
            "conforms",
        ),
        ("stage.StageVariables.fn == 'x' + ''", "conforms"),
        (
            "stage.StageVariables.all(k, stage.StageVariables[k] != 'y')",
            "conforms",
        ),
        ("stage.StageVariables.fn == stage.StageVariables.fn", open),
        ("stage.StageVariables.fn + '' == 'x'", open),
        ("['x', stage.StageVariables.fn][0] == 'x'", open),
        ("stage.StageVariables.fn.startsWith('x')", open),
        (
            "stage.StageVariables.all(k, stage.StageVariables[k].startsWith('x'))",
            open,
        ),
    ] {
        assert_eq!(
            changed(&asserting(expression), "{}", digest),
            verdict,
            "{expression}"
        );
    }
}

#[test]
fn a_protocol_that_is_not_stated_is_tried_both_ways() {
    let unstated = |_: &mut Value<'static>, api: &mut Value<'static>| {
        *member(api, api::PROTOCOL.at) = Value::NotStated;
    };
    assert_eq!(
        changed(&asserting("!stage.AutoDeploy"), "{}", unstated),
        "conforms"
    );
    let logs = changed(
        &asserting("stage.DefaultRouteSettings.LoggingLevel == 'OFF'"),
        "{}",
        unstated,
    );
    assert!(
        logs.starts_with("undecided api.ProtocolType: the outcome depends on the protocol"),
        "{logs}"
    );
    let named = changed(&asserting("api.ProtocolType == 'HTTP'"), "{}", unstated);
    assert_eq!(
        named,
        "undecided api.ProtocolType: the source does not state it"
    );
}

/// The fields that an expression reads.
fn fields_of(expression: &str) -> Vec<String> {
    let policies =
        loaded(&asserting(expression), "{}").unwrap_or_else(|found| panic!("{found:#?}"));
    policies.fields().tested().map(str::to_owned).collect()
}

#[test]
fn what_is_read_is_decoded_and_nothing_else() {
    for (expression, reads) in [
        ("stage.AutoDeploy", vec!["AutoDeploy"]),
        (
            "stage.Tags.owner == api.Tags.owner",
            vec!["Tags", "api.Tags"],
        ),
        (
            "stage.AccessLogSettings.Format == account",
            vec!["AccessLogSettings.Format", "account"],
        ),
        (
            "each_route.all(r, each_route[r].LoggingLevel == 'OFF')",
            vec![
                "DefaultRouteSettings",
                "DefaultRouteSettings.LoggingLevel",
                "RouteSettings",
            ],
        ),
        (
            "each_route[''].LoggingLevel == 'OFF'",
            vec!["DefaultRouteSettings.LoggingLevel", "RouteSettings"],
        ),
        (
            "stage.RouteSettings.all(r, stage.RouteSettings[r].ThrottlingBurstLimit > 0)",
            vec!["RouteSettings"],
        ),
        ("api == api", vec!["api"]),
        ("arn == ''", vec!["arn"]),
    ] {
        assert_eq!(fields_of(expression), reads, "{expression}");
    }
    let everything = fields_of("stage == stage");
    assert_eq!(
        everything,
        STAGE.iter().map(|field| field.name).collect::<Vec<_>>()
    );
}

#[test]
fn the_words_are_the_expression_in_one_line() {
    let rule = "    assert: |\n      // Who pays for it?\n      'a  b' in stage.Tags &&\n        stage.AutoDeploy";
    assert_eq!(
        changed(rule, "{}", |_, _| {}),
        " is not assert: 'a  b' in stage.Tags && stage.AutoDeploy"
    );
}

/// The largest work that is allowed ends soon, and the stack is never too small for it.
#[test]
fn what_is_allowed_ends_soon_on_a_stage_with_many_routes() {
    let routes: Vec<String> = (0..300)
        .map(|at| format!("GET /{at}: {{ThrottlingBurstLimit: 1}}"))
        .collect();
    let stage = format!("{{RouteSettings: {{{}}}}}", routes.join(", "));
    let nested = "stage.RouteSettings.all(a, stage.RouteSettings.all(b, a == b || a != b))";
    let started = std::time::Instant::now();
    assert_eq!(of(nested, &stage), "conforms");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

proptest! {
    #[test]
    fn no_expression_makes_the_loader_panic(expression in "\\PC{0,60}") {
        let _ = loaded(&asserting(&expression), "{}");
    }

    #[test]
    fn no_expression_of_the_right_words_makes_the_loader_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "stage", "api", "each_route", "account", ".", ".", "Tags", "AutoDeploy", "RouteSettings", "has(", "all(",
            "exists(", "map(", "filter(", "size(", "re(", "glob(", "matches(", "k", ",", "(", ")", "[", "]", "{", "}",
            "'x'", "'('", "\"y\"", "1", "2.5", "true", "null", "==", "!=", "<", "&&", "||", "!", "?", ":", "+", "-",
            "in", "b'x'", "// c\n      ", "\n      ", "é",
        ]), 0..24),
    ) {
        let _ = loaded(&asserting(&words.concat()), "{}");
        let _ = loaded(&asserting(&words.join(" ")), "{}");
    }

    #[test]
    fn no_depth_and_no_length_makes_the_loader_panic(
        (open, close) in prop::sample::select(vec![
            ("(", ")"), ("[", "]"), ("!(", ")"), ("-", ""), ("stage.Tags.all(k, ", ")"), ("size(", ")"), ("1 + ", ""),
            ("true ? true : ", ""), ("", ".x"), ("", "[0]"), ("", "['x']"), ("", ".size()"), ("{1: ", "}"), ("", " < 1"),
        ]),
        times in 0_usize..1_100,
    ) {
        let _ = loaded(&asserting(&format!("{}stage.AutoDeploy{}", open.repeat(times), close.repeat(times))), "{}");
    }
}
