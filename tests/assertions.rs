//! What `assert` says, as a table: an expression, a stage, and the verdict; and that no text makes the loader panic.

#![cfg(feature = "cel")]
#![expect(clippy::panic, reason = "a test that panics has failed, as it should")]

use std::sync::Arc;

use driftgate::check::{Inheritance, Options, Verdict, verdict};
use driftgate::model::catalogue::{ACCESS_LOG_SETTINGS, API, ROUTE_SETTINGS, STAGE, position};
use driftgate::model::digest::Digest;
use driftgate::model::document::api_stated_by;
use driftgate::model::{Document, Value};
use driftgate::policy::diagnostic::{Diagnostic, SourceText};
use driftgate::policy::explain::Failure;
use driftgate::policy::{Policies, load};
use proptest::prelude::*;

/// A policy of one rule, and a stage.
fn loaded(rule: &str, given: &str) -> Result<Policies, Vec<Diagnostic>> {
    let text = format!(
        "policy: p\nrules:\n  - id: r\n    title: t\n    severity: low\n{rule}\ntests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    load(vec![Arc::new(SourceText { name: "p.yaml".into(), text })])
}

fn asserting(expression: &str) -> String {
    format!("    assert: |\n      {expression}")
}

/// The verdict of a rule on a stage that `change` may have changed.
fn changed(rule: &str, given: &str, change: impl Fn(&mut Value<'static>, &mut Value<'static>)) -> String {
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
    let document = Document { account, region: Some(&example.region), api: &api, stage: &stage };
    let options = Options { inheritance, ..Options::default() };
    match verdict(None, &policies.policies[0].rules[0], &document, options) {
        Verdict::NotGoverned => "not governed".into(),
        Verdict::Conforms => "conforms".into(),
        Verdict::NotApplicable => "not applicable".into(),
        Verdict::Undecided(questions) => {
            let route =
                |route: &Option<Arc<str>>| route.as_ref().map(|route| format!("[{route}] ")).unwrap_or_default();
            let one = questions.iter().map(|one| format!("{}{}: {}", route(&one.route), one.path, one.reason));
            format!("undecided {}", one.collect::<Vec<_>>().join("; "))
        }
        Verdict::Violates(failures) => {
            let reading =
                |one: &Failure| one.reading.map(|reading| format!(" ({})", reading.name())).unwrap_or_default();
            let one = failures.iter().map(|one| format!("{} is not {}{}", one.path, one.expected, reading(one)));
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
    assert!(found.starts_with(&format!(" is not assert: {opposite}")), "{opposite} on {given}: {found}");
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
        "undecided : assert could not be evaluated: `ThrottlingBurstLimit` is not set; ask `has(…)` first"
    );
    // One that is too high decides, whatever the others are.
    assert_eq!(of(unset, "{RouteSettings: {GET /a: {ThrottlingBurstLimit: 501}}}"), format!(" is not assert: {unset}"));
}

#[test]
fn partial_route_entries_are_read_as_asked() {
    let stage =
        "{DefaultRouteSettings: {ThrottlingBurstLimit: 100}, RouteSettings: {GET /a: {ThrottlingRateLimit: 1}}}";
    let says = |expression: &str, inheritance| read(&asserting(expression), stage, inheritance, |_, _| {});
    let limited = "each_route.all(r, has(each_route[r].ThrottlingBurstLimit))";
    let depends = format!(" is not assert: {limited} (replace)");
    assert_eq!(says(limited, Inheritance::Inherit), "conforms");
    assert_eq!(says(limited, Inheritance::Replace), depends);
    assert_eq!(says(limited, Inheritance::Both), depends);
    let rated = "each_route.all(r, has(each_route[r].ThrottlingRateLimit))";
    for inheritance in [Inheritance::Inherit, Inheritance::Replace, Inheritance::Both] {
        assert_eq!(says(rated, inheritance), format!(" is not assert: {rated}"), "it fails either way");
    }
    let small = "each_route.all(r, each_route[r].ThrottlingBurstLimit <= 100)";
    assert_eq!(says(small, Inheritance::Inherit), "conforms");
    assert!(says(small, Inheritance::Both).starts_with("undecided : assert could not be evaluated"));
    assert_eq!(says("stage.DefaultRouteSettings.ThrottlingBurstLimit == 100", Inheritance::Both), "conforms");
}

#[test]
fn what_the_protocol_lacks_drops_out_unless_it_is_guarded() {
    let unguarded = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
    let info = "{api: {ProtocolType: WEBSOCKET}, DefaultRouteSettings: {LoggingLevel: INFO}}";
    for (expression, given, verdict) in [
        (unguarded, "{}", "not applicable"),
        (unguarded, WEBSOCKET, " is not assert: stage.DefaultRouteSettings.LoggingLevel == 'INFO'"),
        (unguarded, info, "conforms"),
        ("api.ProtocolType == 'HTTP' || stage.DefaultRouteSettings.LoggingLevel == 'INFO'", "{}", "conforms"),
        ("each_route.all(r, each_route[r].LoggingLevel != 'OFF')", "{}", "not applicable"),
        ("each_route.map(r, each_route[r]).all(s, s.LoggingLevel != 'OFF')", "{}", "not applicable"),
        ("has(stage.ClientCertificateId)", "{}", "not applicable"),
        ("!has(stage.ClientCertificateId)", "{}", "not applicable"),
        ("!has(stage.ClientCertificateId)", WEBSOCKET, "conforms"),
        ("has(stage.DefaultRouteSettings.LoggingLevel)", "{}", "not applicable"),
        ("each_route.exists(r, has(each_route[r].LoggingLevel))", "{}", "not applicable"),
        ("size(each_route.filter(r, has(each_route[r].LoggingLevel))) == 1", "{}", "not applicable"),
        ("each_route.exists_one(r, has(each_route[r].LoggingLevel))", "{}", "not applicable"),
        ("[stage.ClientCertificateId] == ['x']", "{}", "not applicable"),
        ("{'a': stage.ClientCertificateId} == {'a': 'x'}", "{}", "not applicable"),
        ("stage['ClientCertificateId'].startsWith('x')", "{}", "not applicable"),
        ("api.CorsConfiguration.AllowOrigins == []", WEBSOCKET, "not applicable"),
        (
            "stage.AutoDeploy && stage.ClientCertificateId == 'x'",
            "{}",
            " is not assert: stage.AutoDeploy && stage.ClientCertificateId == 'x'",
        ),
    ] {
        assert_eq!(of(expression, given), verdict, "{expression} on {given}");
    }
    for text in [unguarded, "has(stage.ClientCertificateId)", "each_route.exists(r, has(each_route[r].LoggingLevel))"] {
        let loud = "    match: {api: {ProtocolType: HTTP}}\n".to_owned() + &asserting(text);
        assert_eq!(loaded(&loud, "{}").unwrap_err()[0].title, "the rule `r` can never apply", "{text}");
    }
    let both = format!("    expect: {{AutoDeploy: false}}\n{}", asserting(unguarded));
    assert_eq!(changed(&both, "{}", |_, _| {}), "conforms", "what is left decides");
    let by_route = "    match: {route: GET /a}\n    expect: {each-route: {ThrottlingBurstLimit: 1}}\n".to_owned();
    let found = loaded(&(by_route + &asserting("stage.AutoDeploy")), "{}").unwrap_err();
    assert!(found[0].title.starts_with("`route` stands only"), "an assertion is about the stage: {found:#?}");
}

#[test]
fn what_is_left_beside_what_the_protocol_lacks_decides() {
    const LACKING: &str = "stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
    const HTTP: &str = "api.ProtocolType == 'HTTP'";
    const NOT_HTTP: &str = "api.ProtocolType == 'WEBSOCKET'";
    for expression in [
        &format!("{HTTP} && {LACKING}"),
        &format!("{LACKING} && {HTTP}"),
        &format!("{HTTP} || {LACKING}"),
        &format!("!({NOT_HTTP} && {LACKING})"),
        &format!("!({NOT_HTTP} || !({LACKING}))"),
        &format!("({LACKING} || has(stage.ClientCertificateId)) && {HTTP}"),
        &format!("{HTTP} ? !stage.AutoDeploy : {LACKING}"),
        &format!("{NOT_HTTP} ? {LACKING} : !stage.AutoDeploy"),
        &format!("({NOT_HTTP} ? stage.DefaultRouteSettings.LoggingLevel : 'INFO') == 'INFO'"),
        // Inside macros too.
        &format!("each_route.all(r, {HTTP} && each_route[r].LoggingLevel == 'INFO')"),
        &format!("each_route.all(r, {HTTP} || each_route[r].LoggingLevel == 'INFO')"),
        &format!("each_route.exists(r, each_route[r].LoggingLevel == 'INFO' || {HTTP})"),
        &format!("each_route.filter(r, {NOT_HTTP} || each_route[r].LoggingLevel == 'INFO') == []"),
    ] {
        holds(expression, "{}");
    }
    for (expression, verdict) in [
        (format!("({HTTP} ? {LACKING} : stage.AutoDeploy) || stage.AutoDeploy"), " is not assert: "),
        (format!("{HTTP} ? {LACKING} : stage.AutoDeploy"), "not applicable"),
        (format!("({HTTP} ? stage.DefaultRouteSettings.LoggingLevel : 'INFO') == 'INFO'"), "not applicable"),
        (format!("has(stage.ClientCertificateId) ? stage.AutoDeploy : {HTTP}"), "not applicable"),
    ] {
        assert!(of(&expression, "{}").starts_with(verdict), "{expression}: {}", of(&expression, "{}"));
    }
}

#[test]
fn a_key_that_is_called_like_a_field_is_no_field() {
    let expression = "stage.StageVariables.LoggingLevel == 'INFO'";
    assert!(of(expression, "{}").starts_with("undecided"), "{}", of(expression, "{}"));
    assert!(!of(expression, "{StageVariables: {LoggingLevel: OFF}}").starts_with("not applicable"));
    holds(expression, "{StageVariables: {LoggingLevel: INFO}}");
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
    let rule = format!("    expect: {{AutoDeploy: true}}\n{}", asserting("size(stage.Tags) > 0"));
    for (given, verdict) in [
        ("{AutoDeploy: true, Tags: {a: b}}", "conforms"),
        ("{AutoDeploy: true}", " is not assert: size(stage.Tags) > 0"),
        ("{Tags: {a: b}}", "AutoDeploy is not true"),
        ("{}", " is not assert: size(stage.Tags) > 0; AutoDeploy is not true"),
    ] {
        assert_eq!(changed(&rule, given, |_, _| {}), verdict, "{given}");
    }
}

#[test]
fn what_cannot_be_evaluated_is_undecided_and_shows_no_value() {
    for (expression, given, reason) in [
        ("stage.Description == 'x'", "{}", "`Description` is not set; ask `has(…)` first"),
        ("stage.Tags.owner == 'x'", "{}", "`owner` is not set; ask `has(…)` first"),
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
            "a number is out of range, or a text is not a number",
        ),
    ] {
        let found = of(expression, given);
        assert_eq!(found, format!("undecided : assert could not be evaluated: {reason}"), "{expression}");
    }
}

#[test]
fn what_is_not_stated_is_undecided_wherever_it_is_read() {
    const NOT_STATED: &str = "the source does not state it";
    let all = |stage: &mut Value<'static>, api: &mut Value<'static>| {
        *stage = Value::Struct(vec![Value::NotStated; STAGE.len()].into());
        *api = api_stated_by(None, Some(driftgate::model::catalogue::Protocol::Http));
    };
    for (expression, path) in [
        ("stage.AutoDeploy", "AutoDeploy"),
        ("stage.AutoDeploy || api.ProtocolType == 'WEBSOCKET'", "AutoDeploy"),
        ("has(stage.Tags.owner) && stage.Tags.owner == 'x'", "Tags.owner"),
        ("has(stage.Description)", "Description"),
        ("has(stage.Tags.owner)", "Tags.owner"),
        ("'owner' in stage.Tags", "Tags"),
        ("size(stage.Tags) == 0", "Tags"),
        ("stage.Tags == {}", "Tags"),
        ("stage.Tags.all(k, k == 'x')", "Tags"),
        ("each_route.all(r, r == '')", "RouteSettings"),
        ("stage.AccessLogSettings.Format == 'x'", "AccessLogSettings.Format"),
        ("api.CorsConfiguration.AllowOrigins.size() == 0", "api.CorsConfiguration.AllowOrigins"),
    ] {
        let found = changed(&asserting(expression), "{}", all);
        assert_eq!(found, format!("undecided {path}: {NOT_STATED}"), "{expression}");
    }
    // Unless the outcome does not hang on it.
    for expression in [
        "stage.AutoDeploy || api.ProtocolType == 'HTTP'",
        "!(api.ProtocolType == 'WEBSOCKET' && stage.AutoDeploy)",
        "api.ProtocolType == 'HTTP' ? partition == 'aws' : stage.AutoDeploy",
        "(stage.AutoDeploy || true) && region == 'us-east-1'",
        "stage.ClientCertificateId == 'x' || api.ProtocolType == 'HTTP'",
    ] {
        assert_eq!(changed(&asserting(expression), "{}", all), "conforms", "{expression}");
    }
    // What the protocol lacks is not asked for.
    assert_eq!(changed(&asserting("stage.ClientCertificateId == 'x'"), "{}", all), "not applicable");
    assert_eq!(of("account == 'x'", "{account: unstated}"), format!("undecided account: {NOT_STATED}"));
}

#[test]
fn a_hole_in_something_matters_only_where_it_is_read() {
    const NOT_STATED: &str = "the source does not state it";
    let hole = |stage: &mut Value<'static>, api: &mut Value<'static>| {
        let tags = vec![("a".into(), Value::text("x")), ("b".into(), Value::NotStated)];
        *member(stage, position(STAGE, "Tags")) = Value::map(tags);
        let mut logs = vec![Value::Unset; ACCESS_LOG_SETTINGS.len()];
        logs[0] = Value::NotStated;
        *member(stage, position(STAGE, "AccessLogSettings")) = Value::Struct(logs.into());
        let mut route = vec![Value::Unset; ROUTE_SETTINGS.len()];
        route[position(ROUTE_SETTINGS, "ThrottlingBurstLimit")] = Value::NotStated;
        let routes = vec![("GET /a".into(), Value::Struct(route.into()))];
        *member(stage, position(STAGE, "RouteSettings")) = Value::map(routes);
        *member(api, position(API, "Name")) = Value::NotStated;
    };
    for (expression, verdict) in [
        ("stage.Tags.a == 'x' && size(stage.Tags) == 2 && 'b' in stage.Tags", "conforms".to_owned()),
        ("stage.Tags.all(k, k != 'c')", "conforms".to_owned()),
        // One test needs the value that is not stated, and the other only its key.
        ("size(stage.Tags) == 2 && (stage.Tags.a == 'x' || stage.Tags.b == 'y')", "conforms".to_owned()),
        ("stage.Tags.b == 'y' || size(stage.Tags) == 2 && 'b' in stage.Tags", "conforms".to_owned()),
        ("has(stage.Tags.b)", format!("undecided Tags.b: {NOT_STATED}")),
        ("stage.Tags.b == 'x'", format!("undecided Tags.b: {NOT_STATED}")),
        ("stage.Tags.exists(k, stage.Tags[k] == 'x')", format!("undecided Tags.b: {NOT_STATED}")),
        ("!has(stage.AccessLogSettings.Format)", "conforms".to_owned()),
        ("stage.AccessLogSettings == {}", format!("undecided AccessLogSettings.DestinationArn: {NOT_STATED}")),
        ("each_route.all(r, !each_route[r].DetailedMetricsEnabled)", "conforms".to_owned()),
        (
            "each_route.all(r, !has(each_route[r].ThrottlingBurstLimit))",
            format!("undecided [GET /a] RouteSettings.GET /a.ThrottlingBurstLimit: {NOT_STATED}"),
        ),
        ("stage.AutoDeploy || api.ApiId != api.Name", format!("undecided api.Name: {NOT_STATED}")),
        (
            "stage == stage",
            format!(
                "undecided AccessLogSettings.DestinationArn: {NOT_STATED}; \
                 RouteSettings.GET /a.ThrottlingBurstLimit: {NOT_STATED}; Tags.b: {NOT_STATED}"
            ),
        ),
    ] {
        assert_eq!(changed(&asserting(expression), "{api: {ApiId: a}}", hole), verdict, "{expression}");
    }
}

#[test]
fn of_a_digest_the_key_and_equality_with_a_text_are_known() {
    let digest = |stage: &mut Value<'static>, _: &mut Value<'static>| {
        let value = Value::Digest(Box::new(Digest::of(Some("111122223333"), "fn", "x")));
        *member(stage, position(STAGE, "StageVariables")) = Value::map(vec![("fn".into(), value)]);
    };
    let open =
        "undecided StageVariables.fn: the snapshot holds only a digest of the value; this test needs the value itself";
    for (expression, verdict) in [
        ("has(stage.StageVariables.fn) && 'fn' in stage.StageVariables", "conforms"),
        ("stage.StageVariables.all(k, k == 'fn') && size(stage.StageVariables) == 1", "conforms"),
        ("stage.StageVariables.fn == 'x'", "conforms"),
        ("'x' == stage.StageVariables['fn'] && stage.StageVariables.fn != 'y'", "conforms"),
        ("has(stage.StageVariables.fn) && stage.StageVariables.fn == 'x'", "conforms"),
        ("stage.StageVariables.fn == 'y'", " is not assert: stage.StageVariables.fn == 'y'"),
        ("stage.StageVariables.fn != 'x'", " is not assert: stage.StageVariables.fn != 'x'"),
        ("stage.StageVariables.other == 'x' || stage.StageVariables.fn == 'x'", "conforms"),
        ("stage.StageVariables.fn == api.Name", open),
        ("stage.StageVariables.fn + '' == 'x'", open),
        ("['x', stage.StageVariables.fn][0] == 'x'", open),
        ("stage.StageVariables.fn.startsWith('x')", open),
        ("stage.StageVariables.all(k, stage.StageVariables[k] != 'y')", open),
    ] {
        assert_eq!(changed(&asserting(expression), "{}", digest), verdict, "{expression}");
    }
}

#[test]
fn a_protocol_that_is_not_stated_is_tried_both_ways() {
    let unstated = |_: &mut Value<'static>, api: &mut Value<'static>| {
        *member(api, position(API, "ProtocolType")) = Value::NotStated;
    };
    assert_eq!(changed(&asserting("!stage.AutoDeploy"), "{}", unstated), "conforms");
    let logs = changed(&asserting("stage.DefaultRouteSettings.LoggingLevel == 'OFF'"), "{}", unstated);
    assert!(logs.starts_with("undecided api.ProtocolType: the outcome depends on the protocol"), "{logs}");
    let named = changed(&asserting("api.ProtocolType == 'HTTP'"), "{}", unstated);
    assert_eq!(named, "undecided api.ProtocolType: the source does not state it");
}

#[test]
fn what_is_read_is_decoded_and_nothing_else() {
    for (expression, reads) in [
        ("stage.AutoDeploy", vec!["AutoDeploy"]),
        ("stage.Tags.owner == api.Tags.owner", vec!["Tags", "api.Tags"]),
        ("stage.AccessLogSettings.Format == account", vec!["AccessLogSettings.Format", "account"]),
        (
            "each_route.all(r, each_route[r].LoggingLevel == 'OFF')",
            vec!["DefaultRouteSettings", "DefaultRouteSettings.LoggingLevel", "RouteSettings"],
        ),
        ("each_route[''].LoggingLevel == 'OFF'", vec!["DefaultRouteSettings.LoggingLevel", "RouteSettings"]),
        ("stage.RouteSettings.all(r, stage.RouteSettings[r].ThrottlingBurstLimit > 0)", vec!["RouteSettings"]),
        ("api == api", vec!["api"]),
        ("arn == ''", vec!["arn"]),
    ] {
        assert_eq!(loaded(&asserting(expression), "{}").unwrap().reads(), reads, "{expression}");
    }
    let everything = loaded(&asserting("stage == stage"), "{}").unwrap().reads();
    assert_eq!(everything, STAGE.iter().map(|field| field.name).collect::<Vec<_>>());
}

#[test]
fn the_words_are_the_expression_in_one_line() {
    let rule = "    assert: |\n      // Who pays for it?\n      'a  b' in stage.Tags &&\n        stage.AutoDeploy";
    assert_eq!(changed(rule, "{}", |_, _| {}), " is not assert: 'a  b' in stage.Tags && stage.AutoDeploy");
}

/// The largest work that is allowed ends soon, and the stack is never too small for it.
#[test]
fn what_is_allowed_ends_soon_on_a_stage_with_many_routes() {
    let routes: Vec<String> = (0..300).map(|at| format!("GET /{at}: {{ThrottlingBurstLimit: 1}}")).collect();
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
