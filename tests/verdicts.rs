//! Verdicts of the language, as a table: an `expect`, a stage, and the verdict with every setting that fails.

#![expect(clippy::panic, reason = "a test that panics has failed, as it should")]

use std::sync::Arc;

use driftgate::check::{Options, Verdict, verdict};
use driftgate::model::Document;
use driftgate::model::finding::{Actual, Origin};
use driftgate::model::protocol::Protocols;
use driftgate::model::value::Value;
use driftgate::policy::author::describe::{WORDS, places};
use driftgate::policy::language::operators::OPERATORS;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};

fn policies(rule: &str, given: &str) -> Policies {
    let text = format!(
        "policy: p\nrules:\n  - {{id: r, title: t, severity: low, {rule}}}\ntests:\n  - {{name: n, given: {given}, violates: []}}\n"
    );
    load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text,
    })])
    .unwrap_or_else(|found| panic!("{found:#?}"))
}

fn words(verdict: Verdict) -> String {
    match verdict {
        Verdict::NotGoverned => "not governed".into(),
        Verdict::Conforms => "conforms".into(),
        Verdict::NotApplicable => "not applicable".into(),
        Verdict::Undecided(questions) => {
            let paths: Vec<_> = questions.iter().map(|question| &*question.path).collect();
            format!("undecided: {}", paths.join(", "))
        }
        Verdict::Violates(failures) => {
            let settings: Vec<_> = failures
                .iter()
                .map(|failure| {
                    let actual = match &failure.actual {
                        Actual::Unset => "null".to_owned(),
                        Actual::Boolean(value) => value.to_string(),
                        Actual::Integer(value) => value.to_string(),
                        Actual::Number(value) => value.to_string(),
                        Actual::Text(text) | Actual::Json(text) => text.to_string(),
                    };
                    let origin = if failure.origin == Origin::Stage {
                        ""
                    } else {
                        failure.origin.name()
                    };
                    let path = if failure.path.is_whole() {
                        "(all)"
                    } else {
                        failure.path.text()
                    };
                    let route = failure
                        .route()
                        .map(|route| format!("[{route}] "))
                        .unwrap_or_default();
                    format!(
                        "{route}{path} = {actual} {origin}, not {}",
                        failure.expected
                    )
                    .replace(" ,", ",")
                })
                .collect();
            settings.join(" | ")
        }
    }
}

fn of(rule: &str, given: &str) -> String {
    let policies = policies(rule, given);
    let example = &policies.policies[0].tests[0];
    words(verdict(
        None,
        &policies.policies[0].rules[0],
        &example.document(),
        Options::default(),
    ))
}

fn expect(expect: &str, given: &str) -> String {
    of(&format!("expect: {expect}"), given)
}

const WEBSOCKET: &str = "api: {ProtocolType: WEBSOCKET}";

#[test]
fn values_unset_and_their_meaning() {
    for (pattern, given, verdict) in [
        ("{AutoDeploy: true}", "{AutoDeploy: true}", "conforms"),
        (
            "{AutoDeploy: true}",
            "{}",
            "AutoDeploy = false implied, not true",
        ),
        ("{AutoDeploy: false}", "{}", "conforms"),
        (
            "{Description: checkout}",
            "{Description: Checkout}",
            "Description = Checkout, not checkout",
        ),
        (
            "{Description: [a, b]}",
            "{Description: c}",
            "Description = c, not one of a, b",
        ),
        (
            "{Description: [a, b]}",
            "{}",
            "Description = null unset, not one of a, b",
        ),
        (
            "{Description: {present: true}}",
            "{Description: \"\"}",
            "Description = null unset, not present",
        ),
        ("{Description: {present: false}}", "{}", "conforms"),
        ("{Description: {not: {like: \"tmp*\"}}}", "{}", "conforms"),
        (
            "{Description: {not: {like: \"tmp*\"}}}",
            "{Description: tmp1}",
            "Description = tmp1, not not like tmp*",
        ),
        (
            "{Description: {not: [a, b]}}",
            "{Description: a}",
            "Description = a, not not one of a, b",
        ),
        ("{Description: {not: {present: true}}}", "{}", "conforms"),
        (
            "{Description: {matches: \"^a.c$\"}}",
            "{Description: abc}",
            "conforms",
        ),
        (
            "{Description: {matches: \"b\"}}",
            "{Description: abc}",
            "conforms",
        ),
        (
            "{Description: {contains: bc}}",
            "{Description: abc}",
            "conforms",
        ),
        (
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {min: 1}}}",
            "{}",
            "DefaultRouteSettings.ThrottlingBurstLimit = null unset, not at least 1",
        ),
        (
            "{DefaultRouteSettings: {ThrottlingRateLimit: 10}}",
            "{DefaultRouteSettings: {ThrottlingRateLimit: 10.0}}",
            "conforms",
        ),
        (
            "{AccessLogSettings: {present: true}}",
            "{AccessLogSettings: {}}",
            "AccessLogSettings = null unset, not present",
        ),
        (
            "{RouteSettings: {present: false}}",
            "{RouteSettings: {}}",
            "conforms",
        ),
        (
            "{api: {Name: x}}",
            "{api: {Name: y}}",
            "api.Name = y api, not x",
        ),
        (
            "{account: \"111122223333\", partition: aws, region: us-east-1}",
            "{}",
            "conforms",
        ),
        (
            "{arn: {like: \"*/stages/$default\"}}",
            "{StageName: $default, api: {ApiId: a1}}",
            "conforms",
        ),
    ] {
        assert_eq!(expect(pattern, given), verdict, "{pattern} on {given}");
    }
}

#[test]
fn the_example_of_every_word_passes_and_fails() {
    let tests = OPERATORS
        .iter()
        .map(|operator| (operator.name, &operator.example));
    for (name, example) in tests.chain(WORDS.iter().map(|word| (word.name, &word.example))) {
        assert!(example.rule.contains(&format!("{name}:")), "{name}");
        assert_eq!(of(example.rule, example.passes), "conforms", "{name}");
        assert!(of(example.rule, example.fails).contains(", not "), "{name}");
    }
}

#[test]
fn the_example_of_every_field_passes_and_fails() {
    for place in places() {
        let Some([pattern, passes, fails]) = place.example() else {
            continue;
        };
        let on = |given: &str| {
            let protocol = if place.on == Protocols::WEBSOCKET {
                "WEBSOCKET"
            } else {
                "HTTP"
            };
            // The protocol is beside the given value, unless it is the given value.
            let given = if given.starts_with("{api: {") {
                given.replacen(
                    "{api: {",
                    &format!("{{api: {{ProtocolType: {protocol}, "),
                    1,
                )
            } else {
                given.replacen('{', &format!("{{api: {{ProtocolType: {protocol}}}, "), 1)
            };
            let given = if place.field.name == "ProtocolType" {
                given.replace("ProtocolType: HTTP, ", "")
            } else {
                given
            };
            expect(&pattern, &given)
        };
        assert_eq!(on(&passes), "conforms", "{}", place.path);
        assert!(
            on(&fails).contains(", not "),
            "{}: {}",
            place.path,
            on(&fails)
        );
    }
}

#[test]
fn the_format_of_an_access_log() {
    let of = |test: &str, format: &str| {
        expect(
            &format!("{{AccessLogSettings: {{Format: {{log-format: {test}}}}}}}"),
            &format!("{{AccessLogSettings: {{Format: '{format}'}}}}"),
        )
    };
    let json = r#"{"id": "$context.requestId", "code": $context.statusCode}"#;
    let demand = "{is: json, context: [requestId, $context.status]}";
    assert_eq!(of("{is: json}", json), "conforms");
    assert_eq!(of("{context: [requestId]}", json), "conforms");
    assert_eq!(of(demand, &json.replace("Code", "")), "conforms");
    // Only what is missing is named.
    let path = "AccessLogSettings.Format";
    assert_eq!(
        of(demand, json),
        format!("{path} = {json}, not a log format with $context.status")
    );
    assert_eq!(
        of(demand, "$context.requestId"),
        format!(
            "{path} = $context.requestId, not a JSON log format with $context.status (at column 1: an object begins with `{{`)"
        )
    );
    assert_eq!(
        of("{is: xml}", json),
        format!(
            "{path} = {json}, not an XML log format (at column 1: text outside of the element)"
        )
    );
    assert_eq!(
        of("{is: csv}", json),
        format!(
            "{path} = {json}, not a CSV log format (at column 1: a value with `\"`, `<`, `>`, `{{` or `}}` must be wholly in \
             double quotes)"
        )
    );
    assert_eq!(
        of("{is: clf}", json),
        format!(
            "{path} = {json}, not a CLF log format (at column 1: the host, a variable, is missing)"
        )
    );
    assert_eq!(
        of("{is: clf}", ""),
        format!("{path} = null unset, not a CLF log format")
    );
    assert_eq!(
        of(demand, ""),
        format!(
            "{path} = null unset, not a JSON log format with $context.requestId, $context.status"
        )
    );
}

#[test]
fn a_claim_is_found_by_its_whole_name() {
    let of = |context: &str, format: &str| {
        expect(
            &format!(
                "{{AccessLogSettings: {{Format: {{log-format: {{context: [\"{context}\"]}}}}}}}}"
            ),
            &format!(
                "{{AccessLogSettings: {{Format: \"{}\"}}}}",
                format.replace('\\', "\\\\").replace('"', "\\\"")
            ),
        )
    };
    let log = r#"{"t": "$context.authorizer.claims.custom:tenant_id", "r": "$context.authorizer.claims['https://x.org/role']"}"#;
    for (context, holds) in [
        ("authorizer.claims.custom:tenant_id", true),
        ("$context.authorizer.claims.custom:tenant_id", true),
        ("authorizer.claims['custom:tenant_id']", true),
        ("authorizer.claims.https://x.org/role", true),
        ("authorizer.claims.custom", false),
        ("authorizer.claims.custom:tenant", false),
        ("authorizer.claims.custom:email", false),
        ("authorizer.claims.https", false),
        ("authorizer.claims", false),
    ] {
        let found = of(context, log);
        assert_eq!(found == "conforms", holds, "{context}: {found}");
    }
}

#[test]
fn stage_variables_that_look_like_secrets() {
    let none = "{StageVariables: {\"*\": {looks-secret: false}}}";
    assert_eq!(expect(none, "{}"), "conforms");
    assert_eq!(
        expect(
            none,
            "{StageVariables: {table: sessions, tokenUrl: \"https://login.example.com\"}}"
        ),
        "conforms"
    );
    let found = expect(
        none,
        "{StageVariables: {table: sessions, dbPassword: hunter2hunter2}}",
    );
    assert!(
        found.starts_with("StageVariables.dbPassword = sha256:"),
        "{found}"
    );
    assert!(
        found.ends_with(", not nothing that looks like a secret"),
        "{found}"
    );
    assert_eq!(
        expect(
            "{StageVariables: {key: {looks-secret: true}}}",
            "{StageVariables: {key: AKIAIOSFODNN7EXAMPLE}}"
        ),
        "conforms"
    );
    assert_eq!(
        expect(
            "{Description: {looks-secret: false}}",
            "{Description: sessions of the shop}"
        ),
        "conforms"
    );
}

#[test]
fn all_tests_that_fail_are_named_and_only_they() {
    let range = "{DefaultRouteSettings: {ThrottlingBurstLimit: {min: 10, max: 500, not: 5}}}";
    let given =
        |value: &str| format!("{{DefaultRouteSettings: {{ThrottlingBurstLimit: {value}}}}}");
    assert_eq!(
        expect(range, &given("5000")),
        "DefaultRouteSettings.ThrottlingBurstLimit = 5000, not at most 500"
    );
    assert_eq!(
        expect(range, &given("5")),
        "DefaultRouteSettings.ThrottlingBurstLimit = 5, not at least 10, not 5"
    );
    assert_eq!(
        expect(range, &given("0")),
        "DefaultRouteSettings.ThrottlingBurstLimit = 0, not at least 10"
    );
    assert_eq!(
        expect(range, "{}"),
        "DefaultRouteSettings.ThrottlingBurstLimit = null unset, not at least 10, at most 500"
    );
}

#[test]
fn ages_are_counted_to_the_time_of_the_reading() {
    let reviewed = |test: &str, date: &str| {
        let given = format!("{{read-at: 2026-06-15T12:00:00Z, Tags: {{reviewed: '{date}'}}}}");
        expect(&format!("{{Tags: {{reviewed: {{{test}}}}}}}"), &given)
    };
    let fails = |date: &str, test: &str| format!("Tags.reviewed = {date}, not {test}");
    // A date begins at midnight UTC, and an age is more or less, never equal.
    for (test, date) in [
        ("older-than: 36h", "2026-06-13"),
        ("newer-than: 36h", "2026-06-14T00:00:01Z"),
        ("newer-than: 1d", "2026-06-15"),
        ("newer-than: 1d", "2999-01-01"),
        ("older-than: 1d", "2026-06-14T13:00:00+02:00"),
    ] {
        assert_eq!(reviewed(test, date), "conforms", "{test} {date}");
    }
    assert_eq!(
        reviewed("older-than: 36h", "2026-06-14"),
        fails("2026-06-14", "older than 36h")
    );
    assert_eq!(
        reviewed("newer-than: 36h", "2026-06-14"),
        fails("2026-06-14", "newer than 36h")
    );
    assert_eq!(
        reviewed("newer-than: 90d", "last week"),
        fails(
            "last week",
            "newer than 90d; it is no date such as 2026-01-31 or 2026-01-31T12:00:00Z"
        )
    );
    assert_eq!(
        reviewed("newer-than: 90d", ""),
        "Tags.reviewed = null unset, not newer than 90d"
    );
    // Without the time of the reading nobody knows, unless there is no date at all.
    let rule = "{CreatedDate: {older-than: 1d}}";
    assert_eq!(
        expect(rule, "{CreatedDate: '2000-01-01'}"),
        "undecided: CreatedDate"
    );
    assert_eq!(
        expect(rule, "{}"),
        "CreatedDate = null unset, not older than 1d"
    );
    assert_eq!(
        of(
            "match: {CreatedDate: {older-than: 1d}}, expect: {AutoDeploy: true}",
            "{CreatedDate: '2000-01-01', read-at: 2000-01-01}"
        ),
        "not governed"
    );
}

#[test]
fn what_a_protocol_lacks_matches_no_map_without_keys_either() {
    for matches in [
        "{RouteSettings: {\"*\": {LoggingLevel: INFO}}}",
        "{not: {RouteSettings: {\"*\": {LoggingLevel: INFO}}}}",
    ] {
        for given in ["{}", "{RouteSettings: {GET /: {ThrottlingBurstLimit: 5}}}"] {
            let answer = of(
                &format!("match: {matches}, expect: {{AutoDeploy: true}}"),
                given,
            );
            assert_eq!(answer, "not governed", "{matches} on {given}");
        }
    }
}

#[test]
fn an_open_match_does_not_matter_where_nothing_is_asked() {
    let policies = policies(
        "match: {account: \"111122223333\"}, expect: {each-route: {LoggingLevel: INFO}}",
        "{}",
    );
    let example = &policies.policies[0].tests[0];
    let document = Document {
        read_at: None,
        account: None,
        region: None,
        api: &example.api,
        stage: &example.stage,
    };
    let answer = words(verdict(
        None,
        &policies.policies[0].rules[0],
        &document,
        Options::default(),
    ));
    assert_eq!(answer, "not applicable");
}

#[test]
fn what_a_protocol_lacks_drops_out() {
    let logging = "{each-route: {LoggingLevel: [ERROR, INFO]}}";
    assert_eq!(expect(logging, "{}"), "not applicable");
    assert_eq!(
        expect(logging, &format!("{{{WEBSOCKET}}}")),
        "DefaultRouteSettings.LoggingLevel = OFF implied, not one of ERROR, INFO"
    );
    // The rest decides.
    let both = "{each-route: {LoggingLevel: INFO, DetailedMetricsEnabled: true}}";
    assert_eq!(
        expect(both, "{}"),
        "DefaultRouteSettings.DetailedMetricsEnabled = false implied, not true"
    );
    let any = "{any-of: [{ClientCertificateId: {present: true}}, {AutoDeploy: true}]}";
    assert_eq!(expect(any, "{AutoDeploy: true}"), "conforms");
    assert_eq!(expect(any, "{}"), "(all) = null, not AutoDeploy: true");
    assert_eq!(
        expect(any, &format!("{{{WEBSOCKET}}}")),
        "(all) = null, not any of: ClientCertificateId: present; or AutoDeploy: true"
    );
    assert_eq!(
        expect("{not: {ClientCertificateId: {present: true}}}", "{}"),
        "not applicable"
    );
    assert_eq!(
        expect(
            "{api: {CorsConfiguration: {AllowCredentials: false}}}",
            &format!("{{{WEBSOCKET}}}")
        ),
        "not applicable"
    );
    // Without a route that fits, nothing is demanded.
    assert_eq!(
        expect("{RouteSettings: {\"*\": {LoggingLevel: INFO}}}", "{}"),
        "not applicable"
    );
    // In `match` such a test does not match, and neither does its `not`, at any depth.
    for selection in [
        "{DefaultRouteSettings: {LoggingLevel: OFF}}",
        "{not: {DefaultRouteSettings: {LoggingLevel: OFF}}}",
        "{not: [{DefaultRouteSettings: {LoggingLevel: OFF}}]}",
        "{not: [{DefaultRouteSettings: {LoggingLevel: OFF}}, {not: {ClientCertificateId: x}}]}",
        "{not: [{StageName: prod}, {DefaultRouteSettings: {LoggingLevel: OFF}}]}",
        "{StageName: prod, not: {DefaultRouteSettings: {LoggingLevel: OFF}}}",
        "{StageName: prod, any-of: [{DefaultRouteSettings: {LoggingLevel: OFF}}, {ClientCertificateId: x}]}",
        "{not: {not: {StageName: prod, DefaultRouteSettings: {LoggingLevel: OFF}}}}",
        "{not: {StageName: prod, DefaultRouteSettings: {LoggingLevel: OFF}}, StageName: prod}",
    ] {
        let answer = of(
            &format!("match: {selection}, expect: {{AutoDeploy: true}}"),
            "{StageName: prod}",
        );
        assert_eq!(answer, "not governed", "{selection}");
    }
    // Under a `not` with a list the others decide.
    for selection in [
        "{not: [{StageName: dev}, {DefaultRouteSettings: {LoggingLevel: OFF}}]}",
        "{not: [{StageName: dev}, {not: {DefaultRouteSettings: {LoggingLevel: OFF}}}]}",
        "{not: [{StageName: dev}, {RouteSettings: {\"*\": {LoggingLevel: OFF}}}]}",
        "{not: {any-of: [{StageName: dev}, {DefaultRouteSettings: {LoggingLevel: OFF}}]}}",
    ] {
        let answer = of(
            &format!("match: {selection}, expect: {{AutoDeploy: true}}"),
            "{StageName: prod}",
        );
        assert_eq!(
            answer, "AutoDeploy = false implied, not true",
            "{selection}"
        );
    }
    let one_is_not =
        "match: {not: {StageName: dev, ClientCertificateId: x}}, expect: {AutoDeploy: true}";
    assert_eq!(
        of(one_is_not, "{StageName: prod}"),
        "AutoDeploy = false implied, not true"
    );
    let either = "match: {any-of: [{DefaultRouteSettings: {LoggingLevel: OFF}}, {StageName: prod}]}, expect: {AutoDeploy: true}";
    assert_eq!(
        of(either, "{StageName: prod}"),
        "AutoDeploy = false implied, not true"
    );
}

#[test]
fn each_route_is_the_default_and_every_entry_over_it() {
    let throttle = "{each-route: {ThrottlingBurstLimit: {min: 1, max: 500}, ThrottlingRateLimit: {above: 0, max: 1000}}}";
    let stage = |default: &str, routes: &str| {
        format!("{{DefaultRouteSettings: {default}, RouteSettings: {routes}}}")
    };
    let good = "{ThrottlingBurstLimit: 100, ThrottlingRateLimit: 50.0}";
    assert_eq!(expect(throttle, &stage(good, "{}")), "conforms");
    assert_eq!(
        expect(
            throttle,
            &stage(good, "{GET /pets: {ThrottlingBurstLimit: 200}}")
        ),
        "conforms",
        "inherits the rate"
    );
    assert_eq!(
        expect(
            throttle,
            &stage(
                good,
                "{GET /pets: {ThrottlingBurstLimit: 5000}, POST /pets: {ThrottlingRateLimit: 0}}"
            )
        ),
        "[GET /pets] RouteSettings.GET /pets.ThrottlingBurstLimit = 5000 route, not at most 500 | \
         [POST /pets] RouteSettings.POST /pets.ThrottlingRateLimit = 0 route, not above 0"
    );
    // An inherited violation is reported once, at the default; one of the route's own, at the route.
    assert_eq!(
        expect(
            throttle,
            &stage(
                "{ThrottlingBurstLimit: 100}",
                "{GET /pets: {ThrottlingBurstLimit: 9000}, $default: {}}"
            )
        ),
        "DefaultRouteSettings.ThrottlingRateLimit = null unset, not above 0, at most 1000 | \
         [GET /pets] RouteSettings.GET /pets.ThrottlingBurstLimit = 9000 route, not at most 500"
    );
    // A good entry does not help a bad default.
    assert_eq!(
        expect(
            "{each-route: {DetailedMetricsEnabled: true}}",
            &stage("{}", "{GET /: {DetailedMetricsEnabled: true}}")
        ),
        "DefaultRouteSettings.DetailedMetricsEnabled = false implied, not true"
    );
    let either = "{each-route: {any-of: [{ThrottlingBurstLimit: {max: 10}}, {ThrottlingRateLimit: {max: 10}}]}}";
    assert_eq!(
        expect(
            either,
            &stage(
                "{ThrottlingBurstLimit: 10}",
                "{GET /: {ThrottlingBurstLimit: 11}, PUT /: {DetailedMetricsEnabled: true}}"
            )
        ),
        r#"[GET /] RouteSettings.GET / = {"ThrottlingBurstLimit":11} route, not any of: ThrottlingBurstLimit: at most 10; or ThrottlingRateLimit: at most 10"#
    );
}

#[test]
fn a_route_that_sets_anything_is_asked_whether_it_sets_anything() {
    let nothing_or_small =
        "{each-route: {any-of: [{present: false}, {ThrottlingBurstLimit: {max: 5}}]}}";
    let stage = |routes: &str| format!("{{RouteSettings: {routes}}}");
    assert_eq!(expect(nothing_or_small, &stage("{}")), "conforms");
    assert_eq!(
        expect(
            nothing_or_small,
            &stage("{GET /: {ThrottlingRateLimit: 1}}")
        ),
        "[GET /] RouteSettings.GET / = {\"ThrottlingRateLimit\":1.0} route, \
         not any of: not present; or ThrottlingBurstLimit: at most 5"
    );
}

#[test]
fn maps_are_asked_by_key_and_by_glob() {
    for (pattern, given, verdict) in [
        (
            "{Tags: [owner, cost-center]}",
            "{Tags: {owner: a, cost-center: \"\"}}",
            "Tags.cost-center = null unset, not present",
        ),
        ("{Tags: [\"team-*\"]}", "{Tags: {team-a: x}}", "conforms"),
        (
            "{Tags: [\"team-*\"]}",
            "{Tags: {team-a: \"\"}}",
            "Tags.team-* = null unset, not at least one key like team-*",
        ),
        (
            "{Tags: {owner: {like: \"team-*\"}}}",
            "{Tags: {owner: bob}}",
            "Tags.owner = bob, not like team-*",
        ),
        (
            "{Tags: {\"x-*\": {like: \"a*\"}}}",
            "{Tags: {x-1: a, x-2: b}}",
            "Tags.x-2 = b, not like a*",
        ),
        ("{Tags: {\"x-*\": {like: \"a*\"}}}", "{}", "conforms"),
        (
            "{Tags: {\"x-*\": {present: true, like: \"a*\"}}}",
            "{}",
            "Tags.x-* = null unset, not at least one key like x-*",
        ),
        (
            "{Tags: {\"tmp*\": {present: false}}}",
            "{Tags: {tmp1: x, tmp2: y, a: z, tmp3: \"\"}}",
            "Tags.tmp1 = x, not no key like tmp* | Tags.tmp2 = y, not no key like tmp*",
        ),
        (
            "{RouteSettings: {\"GET *\": {present: false}}}",
            "{RouteSettings: {GET /a.b: {ThrottlingBurstLimit: 6}}}",
            "[GET /a.b] RouteSettings.GET /a.b = {\"ThrottlingBurstLimit\":6} route, not no key like GET *",
        ),
        // Under a glob, an empty value is the empty text. By its name, the key has none.
        (
            "{StageVariables: {\"*\": {looks-secret: false}}}",
            "{StageVariables: {dbPassword: \"\"}}",
            "conforms",
        ),
        (
            "{StageVariables: {dbPassword: {looks-secret: false}}}",
            "{StageVariables: {dbPassword: \"\"}}",
            "StageVariables.dbPassword = null unset, not nothing that looks like a secret",
        ),
        (
            "{Tags: {\"a*\": {like: x}}}",
            "{Tags: {ab: \"\"}}",
            "Tags.ab = , not like x",
        ),
        (
            "{Tags: {\"*\": {matches: \"^[a-z]+$\"}}}",
            "{Tags: {a: b, c: \"\"}}",
            "Tags.c = , not matching ^[a-z]+$",
        ),
        (
            "{Tags: {\"*\": {matches: \"^[a-z]*$\"}}}",
            "{Tags: {a: b, c: \"\"}}",
            "conforms",
        ),
        (
            "{Tags: {\"*\": x}}",
            "{Tags: {a: \"\"}}",
            "Tags.a = , not x",
        ),
        ("{Tags: {\"*\": {not: x}}}", "{Tags: {a: \"\"}}", "conforms"),
        (
            "{Tags: {\"*\": {any-of: [x, {like: \"y*\"}]}}}",
            "{Tags: {a: \"\"}}",
            "Tags.a = , not any of: x; or like y*",
        ),
        (
            "{StageVariables: {\"*\": {like: \"a*\"}}}",
            "{StageVariables: {a: \"\"}}",
            "StageVariables.a = , not like a*",
        ),
        (
            "{Tags: {\"*\": {present: true}}}",
            "{Tags: {a: \"\"}}",
            "Tags.* = null unset, not at least one key",
        ),
        (
            "{Tags: {\"*\": {present: false}}}",
            "{Tags: {a: \"\"}}",
            "conforms",
        ),
        (
            "{Tags: {\"*\": {not: {present: true}}}}",
            "{Tags: {a: \"\"}}",
            "conforms",
        ),
        (
            "{RouteSettings: {\"*\": {ThrottlingBurstLimit: {min: 1}}}}",
            "{RouteSettings: {GET /: {}}}",
            "[GET /] RouteSettings.GET /.ThrottlingBurstLimit = null unset, not at least 1",
        ),
        // A map is there when a key is that fits `*` and is not empty.
        (
            "{Tags: {present: true}}",
            "{Tags: {\"aws:x\": y, a: \"\"}}",
            "Tags = {\"a\":\"\",\"aws:x\":\"y\"}, not present",
        ),
        (
            "{Tags: {present: false}}",
            "{Tags: {\"aws:x\": y, a: \"\"}}",
            "conforms",
        ),
        (
            "{Tags: {present: true}}",
            "{Tags: {\"aws:x\": y, a: b}}",
            "conforms",
        ),
        (
            "{RouteSettings: {present: false}}",
            "{RouteSettings: {GET /: {}}}",
            "conforms",
        ),
        (
            "{Tags: {\"*\": {like: \"a*\"}}}",
            "{Tags: {\"aws:x\": b, y: a}}",
            "conforms",
        ),
        (
            "{Tags: {\"*\": {like: \"a*\"}, \"*y\": {like: \"*b\"}}}",
            "{Tags: {y: ac}}",
            "Tags.y = ac, not like *b",
        ),
        (
            "{Tags: {not: [tmp]}}",
            "{Tags: {tmp: x}}",
            "Tags = {\"tmp\":\"x\"}, not not tmp: present",
        ),
        ("{Tags: {any-of: [[a], [b]]}}", "{Tags: {b: x}}", "conforms"),
        (
            "{RouteSettings: {\"GET *\": {ThrottlingBurstLimit: {max: 5}}}}",
            "{RouteSettings: {GET /a.b: {ThrottlingBurstLimit: 6}}}",
            "[GET /a.b] RouteSettings.GET /a.b.ThrottlingBurstLimit = 6 route, not at most 5",
        ),
    ] {
        assert_eq!(expect(pattern, given), verdict, "{pattern} on {given}");
    }
}

#[test]
fn a_route_is_the_key_of_its_entry_and_not_the_beginning_of_a_path() {
    let burst = "ThrottlingBurstLimit";
    let given = "{RouteSettings: {GET /a: {ThrottlingBurstLimit: 5}, GET /a.json: {ThrottlingBurstLimit: 6}, \
                 GET /a.ThrottlingBurstLimit: {ThrottlingBurstLimit: 7}}}";
    assert_eq!(
        expect(
            "{RouteSettings: {\"*\": {ThrottlingBurstLimit: {max: 5}}}}",
            given
        ),
        format!(
            "[GET /a.{burst}] RouteSettings.GET /a.{burst}.{burst} = 7 route, not at most 5 | \
             [GET /a.json] RouteSettings.GET /a.json.{burst} = 6 route, not at most 5"
        )
    );
    // The same where the policy names the key, which need not have an entry, or another that begins so has one.
    assert_eq!(
        expect(
            "{RouteSettings: {GET /a.b: {ThrottlingBurstLimit: {max: 5}}}}",
            given
        ),
        format!("[GET /a.b] RouteSettings.GET /a.b.{burst} = null unset, not at most 5")
    );
    // A glob that no key fits is not a route.
    assert_eq!(
        expect("{RouteSettings: [\"GET /a.x*\"]}", given),
        "RouteSettings.GET /a.x* = null unset, not at least one key like GET /a.x*"
    );
}

#[test]
fn lists_are_asked_by_element() {
    let origins = |test: &str| format!("{{api: {{CorsConfiguration: {{AllowOrigins: {test}}}}}}}");
    let given = "{api: {CorsConfiguration: {AllowOrigins: [\"*\", \"https://a.example\"]}}}";
    assert_eq!(expect(&origins("{contains: \"*\"}"), given), "conforms");
    assert_eq!(
        expect(&origins("{each: {like: \"https://*\"}}"), given),
        r#"api.CorsConfiguration.AllowOrigins = ["*","https://a.example"] api, not every element like https://*"#
    );
    assert_eq!(
        expect(&origins("{each: {like: \"https://*\"}}"), "{}"),
        "conforms",
        "an empty list does"
    );
    assert_eq!(
        expect(&origins("{contains: x}"), "{}"),
        "api.CorsConfiguration.AllowOrigins = null unset, not containing x"
    );
    assert_eq!(
        expect(&origins("{not: {contains: \"*\"}}"), "{}"),
        "conforms"
    );
}

#[test]
fn a_not_over_several_settings_fails_where_it_stands() {
    assert_eq!(
        expect(
            "{not: {AutoDeploy: true, StageName: prod}}",
            "{AutoDeploy: true, StageName: prod}"
        ),
        "(all) = null, not not AutoDeploy: true and StageName: prod"
    );
    assert_eq!(
        expect("{not: {AutoDeploy: true}}", "{AutoDeploy: true}"),
        "AutoDeploy = true, not not true"
    );
    assert_eq!(
        expect(
            "{not: {api: {CorsConfiguration: {AllowCredentials: true, MaxAge: {above: 5}}}}}",
            "{api: {CorsConfiguration: {AllowCredentials: true, MaxAge: 6}}}"
        ),
        "(all) = null, not not api.CorsConfiguration (AllowCredentials: true and MaxAge: above 5)"
    );
}

#[test]
fn other_values_of_the_stage_are_taken_literally() {
    let destination = "{AccessLogSettings: {DestinationArn: {like: \"arn:${partition}:logs:${region}:${account}:log-group:/apigw/${Tags.team}/*\"}}}";
    let arn = |account: &str| format!("\"arn:aws:logs:us-east-1:{account}:log-group:/apigw/a/x\"");
    let given = |account: &str, tags: &str| {
        format!(
            "{{AccessLogSettings: {{DestinationArn: {}}}, Tags: {tags}}}",
            arn(account)
        )
    };
    assert_eq!(
        expect(destination, &given("111122223333", "{team: a}")),
        "conforms"
    );
    assert!(
        expect(destination, &given("444455556666", "{team: a}"))
            .ends_with("not like arn:aws:logs:us-east-1:111122223333:log-group:/apigw/a/*")
    );
    assert!(expect(destination, &given("111122223333", "{}")).contains("Tags.team is not set"));
    // A `*` in a value is a `*`.
    assert!(expect(destination, &given("111122223333", "{team: \"*\"}")).contains("not like"));
    // `:*` behind a log group is the same log group, on either side.
    let equal = |pattern: &str, value: &str| {
        expect(
            &format!("{{AccessLogSettings: {{DestinationArn: {pattern}}}}}"),
            &format!("{{AccessLogSettings: {{DestinationArn: \"{value}\"}}}}"),
        )
    };
    assert_eq!(
        equal(
            "\"arn:aws:logs:r:1:log-group:g:*\"",
            "arn:aws:logs:r:1:log-group:g"
        ),
        "conforms"
    );
    assert_eq!(
        equal(
            "\"arn:aws:logs:r:1:log-group:g\"",
            "arn:aws:logs:r:1:log-group:g:*"
        ),
        "conforms"
    );
    assert_eq!(
        equal(
            "{like: \"arn:*:log-group:g*:*\"}",
            "arn:aws:logs:r:1:log-group:g"
        ),
        "conforms"
    );
    assert_eq!(
        equal(
            "{like: \"arn:*:log-group:g:*\"}",
            "arn:aws:logs:r:1:log-group:g:*"
        ),
        "conforms"
    );
    assert_eq!(
        equal("{like: \"arn:aws:logs:*\"}", "arn:aws:logs:r:1:log-group:g"),
        "conforms"
    );
    assert_eq!(
        equal(
            "{contains: \"group:g:*\"}",
            "arn:aws:logs:r:1:log-group:g:*"
        ),
        "conforms"
    );
    // None is put on.
    assert!(equal("{like: \"arn:x:?:?\"}", "arn:x:y").ends_with("not like arn:x:?:?"));
    assert!(equal("{like: \"arn:x:?:?\"}", "arn:x:y:*").ends_with("not like arn:x:?:?"));
    assert_eq!(
        equal("{matches: \"g$\"}", "arn:aws:logs:r:1:log-group:g:*"),
        "conforms"
    );
}

#[test]
fn stage_variables_are_shown_as_digests_and_digests_decide_what_they_can() {
    let shown = expect(
        "{StageVariables: {key: {like: \"ref:*\"}}}",
        "{StageVariables: {key: hunter2}}",
    );
    assert!(
        shown.starts_with("StageVariables.key = sha256:") && !shown.contains("hunter2"),
        "{shown}"
    );
    let shown = expect(
        "{StageVariables: {present: false}}",
        "{StageVariables: {key: hunter2}}",
    );
    assert!(
        shown.contains("sha256:") && !shown.contains("hunter2"),
        "{shown}"
    );

    let on_digest = |rule: &str, value: &str| {
        let policies = policies(rule, "{}");
        let digest = driftgate::model::digest::Digest::of(Some("111122223333"), "key", value);
        let mut example = example_stage(&policies);
        example[driftgate::model::catalogue::stage::VARIABLES.at] =
            Value::map(vec![("key".into(), Value::Digest(Box::new(digest)))]);
        let stage = Value::Struct(example.into());
        let document = Document {
            read_at: None,
            account: Some("111122223333"),
            region: Some("us-east-1"),
            api: &policies.policies[0].tests[0].api,
            stage: &stage,
        };
        words(verdict(
            None,
            &policies.policies[0].rules[0],
            &document,
            Options::default(),
        ))
    };
    assert_eq!(
        on_digest("expect: {StageVariables: {key: blue}}", "blue"),
        "conforms"
    );
    assert!(on_digest("expect: {StageVariables: {key: blue}}", "green").contains("= sha256:"));
    assert_eq!(
        on_digest("expect: {StageVariables: [key]}", "x"),
        "conforms"
    );
    let no_secret = "expect: {StageVariables: {key: {looks-secret: false}}}";
    assert_eq!(on_digest(no_secret, "blue"), "conforms");
    assert!(on_digest(no_secret, "AKIAIOSFODNN7EXAMPLE").contains("= sha256:"));
    assert_eq!(
        on_digest("expect: {StageVariables: {key: {like: \"b*\"}}}", "blue"),
        "undecided: StageVariables.key"
    );
    assert_eq!(
        on_digest(
            "expect: {StageVariables: {key: {not: {like: \"b*\"}}}}",
            "blue"
        ),
        "undecided: StageVariables.key"
    );
}

fn example_stage(policies: &Policies) -> Vec<Value<'static>> {
    match &policies.policies[0].tests[0].stage {
        Value::Struct(members) => members.to_vec(),
        _ => Vec::new(),
    }
}

#[test]
fn what_is_not_stated_is_undecided_unless_it_does_not_matter() {
    let on_cli_output = |rule: &str, given: &str| {
        let policies = policies(rule, given);
        let api = driftgate::model::document::api_stated_by(None, None);
        let document = Document {
            read_at: None,
            account: None,
            region: None,
            api: &api,
            stage: &policies.policies[0].tests[0].stage,
        };
        words(verdict(
            None,
            &policies.policies[0].rules[0],
            &document,
            Options::default(),
        ))
    };
    for (rule, given, verdict) in [
        (
            "expect: {AutoDeploy: true}",
            "{}",
            "AutoDeploy = false implied, not true",
        ),
        ("expect: {api: {Name: x}}", "{}", "undecided: api.Name"),
        (
            "expect: {any-of: [{AutoDeploy: true}, {api: {Name: x}}]}",
            "{AutoDeploy: true}",
            "conforms",
        ),
        (
            "expect: {AutoDeploy: true, api: {Name: x}}",
            "{}",
            "AutoDeploy = false implied, not true",
        ),
        (
            "match: {api: {Name: x}}, expect: {AutoDeploy: true}",
            "{}",
            "undecided: api.Name",
        ),
        (
            "match: {api: {Name: x}, StageName: prod}, expect: {AutoDeploy: true}",
            "{StageName: dev}",
            "not governed",
        ),
        (
            "expect: {Description: \"${account}\"}",
            "{Description: x}",
            "undecided: Description",
        ),
        // The protocol is tried both ways.
        (
            "expect: {each-route: {LoggingLevel: INFO}}",
            "{}",
            "undecided: api.ProtocolType",
        ),
        (
            "expect: {each-route: {LoggingLevel: INFO, DetailedMetricsEnabled: true}}",
            "{}",
            "DefaultRouteSettings.DetailedMetricsEnabled = false implied, not true",
        ),
        // It is violated on either, though at another setting on each.
        (
            "expect: {any-of: [{AutoDeploy: false}], Tags: [a]}",
            "{AutoDeploy: true}",
            "(all) = null, not AutoDeploy: false | Tags.a = null unset, not present",
        ),
        (
            "expect: {any-of: [{ClientCertificateId: {present: false}}, {Tags: [a]}], each-route: {LoggingLevel: INFO}}",
            "{ClientCertificateId: x}",
            "(all) = null, not Tags.a: present",
        ),
        (
            "expect: {DefaultRouteSettings: {any-of: [{LoggingLevel: OFF}, {ThrottlingBurstLimit: 1}]}, each-route: {LoggingLevel: INFO}}",
            "{}",
            "DefaultRouteSettings = null unset, not ThrottlingBurstLimit: 1 (on HTTP APIs) | \
             DefaultRouteSettings.LoggingLevel = OFF implied, not INFO (on WebSocket APIs)",
        ),
        (
            "match: {api: {ProtocolType: WEBSOCKET}}, expect: {AutoDeploy: true}",
            "{}",
            "undecided: api.ProtocolType",
        ),
        (
            "expect: {api: {CorsConfiguration: {AllowCredentials: false}}}",
            "{}",
            "undecided: api.ProtocolType, api.CorsConfiguration.AllowCredentials",
        ),
    ] {
        assert_eq!(on_cli_output(rule, given), verdict, "{rule} on {given}");
    }
}

#[test]
fn a_protocol_of_tomorrow_is_neither() {
    let given = |name: &str| format!("{{api: {{ProtocolType: {name}}}}}");
    assert_eq!(
        expect("{api: {ProtocolType: HTTP}}", &given("GRAPHQL")),
        "api.ProtocolType = GRAPHQL api, not HTTP"
    );
    assert_eq!(
        expect("{each-route: {LoggingLevel: INFO}}", &given("GRAPHQL")),
        "undecided: api.ProtocolType"
    );
    // A failure on both protocols is a failure, though the demands differ.
    assert_eq!(
        expect(
            "{any-of: [{AutoDeploy: true}, {ClientCertificateId: x}]}",
            &given("GRAPHQL")
        ),
        "(all) = null, not AutoDeploy: true"
    );
}
