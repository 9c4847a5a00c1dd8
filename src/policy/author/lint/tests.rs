//! Each warning, and what comes near it and is none.

use std::sync::Arc;

use super::*;
use crate::policy::load;
use crate::policy::text::diagnostic::SourceText;

fn lints(texts: &[String]) -> Vec<Lint> {
    let text = |(at, text): (usize, &String)| {
        Arc::new(SourceText {
            name: format!("{at}.yaml"),
            text: text.clone(),
        })
    };
    warnings(&load(texts.iter().enumerate().map(text).collect()).unwrap())
}

/// The kinds of warnings about rules with these keys (`match`, `expect`), in one policy.
fn kinds(rules: &[&str]) -> Vec<LintKind> {
    let rule = |(at, keys): (usize, &&str)| {
        format!("  - {{id: r{at}, title: t, severity: low, {keys}}}\n")
    };
    let rules = rules
        .iter()
        .enumerate()
        .map(rule)
        .collect::<Vec<_>>()
        .concat();
    lints(&[format!("policy: p\nrules:\n{rules}")])
        .iter()
        .map(|warning| warning.kind)
        .collect()
}

#[test]
fn a_limit_that_0_passes() {
    for rules in [
        &["expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}"] as &[&str],
        &["expect: {DefaultRouteSettings: {ThrottlingRateLimit: {below: 10.5}}}"],
        &["expect: {RouteSettings: {GET /pets: {ThrottlingRateLimit: {max: 10}}}}"],
        &["expect: {RouteSettings: {\"GET *\": {ThrottlingRateLimit: {max: 10}}}}"],
        &["expect: {each-route: {ThrottlingBurstLimit: {min: 0, max: 500}}}"],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}, ThrottlingRateLimit: {not: 0}}}",
        ],
        &[
            "match: {route: {like: \"GET *\"}}, expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
        ],
        &["expect: {each-route: {ThrottlingBurstLimit: {not: {above: 500}}}}"],
        &["expect: {each-route: {ThrottlingBurstLimit: {not: [{min: 500}, {above: 600}]}}}"],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {any-of: [{max: 5}, {min: 500, max: 600}]}}}",
        ],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {any-of: [{present: false}, {not: {above: 500}}]}}}",
        ],
        // A narrower rule, one of the default alone, and one of other routes keep 0 out only there.
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
            "match: {StageName: prod}, expect: {each-route: {ThrottlingBurstLimit: {not: 0}}}",
        ],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
            "match: {route: {like: \"GET /pets*\"}}, expect: {each-route: {ThrottlingBurstLimit: {not: 0}}}",
        ],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
            "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {min: 1}}}",
        ],
    ] {
        assert_eq!(kinds(rules), [LintKind::ZeroPasses], "{rules:?}");
    }
}

#[test]
fn a_limit_that_0_does_not_pass() {
    for rules in [
        &["expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 500}}}"] as &[&str],
        &["expect: {each-route: {ThrottlingRateLimit: {above: 0, max: 500}}}"],
        &["expect: {each-route: {ThrottlingRateLimit: {not: 0, below: 500}}}"],
        &["expect: {each-route: {ThrottlingRateLimit: {not: [0, 1], below: 500}}}"],
        &["expect: {each-route: {not: {ThrottlingRateLimit: 0}, ThrottlingRateLimit: {max: 500}}}"],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}, any-of: [{ThrottlingBurstLimit: {min: 1}}, {ThrottlingBurstLimit: 5}]}}",
        ],
        // No upper bound, or one under which nothing but 0 is left.
        &["expect: {each-route: {ThrottlingBurstLimit: {min: 0}}}"],
        &["expect: {each-route: {ThrottlingBurstLimit: {max: 0}}}"],
        &["expect: {each-route: {ThrottlingBurstLimit: {not: {above: 0}}}}"],
        &["expect: {each-route: {ThrottlingBurstLimit: {not: {above: 500}, min: 1}}}"],
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {any-of: [{min: 1, max: 5}, {present: false}]}}}",
        ],
        &["expect: {each-route: {ThrottlingBurstLimit: {not: [0, {above: 500}]}}}"],
        &["expect: {api: {CorsConfiguration: {MaxAge: {max: 600}}}}"],
        // Under `any-of` it is one of several ways.
        &[
            "expect: {each-route: {any-of: [{ThrottlingBurstLimit: {max: 5}}, {ThrottlingRateLimit: {max: 5}}]}}",
        ],
        // Another rule of at least the same stages keeps 0 out.
        &[
            "expect: {each-route: {ThrottlingBurstLimit: {not: 0}}}",
            "expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}",
        ],
        &[
            "match: {StageName: prod}, expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {max: 500}}}",
            "expect: {each-route: {ThrottlingBurstLimit: {not: 0}}}",
        ],
    ] {
        assert_eq!(kinds(rules), [], "{rules:?}");
    }
}

#[test]
fn rules_that_no_stage_meets_together() {
    for (one, other) in [
        ("expect: {AutoDeploy: true}", "expect: {AutoDeploy: false}"),
        (
            "expect: {AutoDeploy: true}",
            "match: {StageName: prod}, expect: {AutoDeploy: {not: true}}",
        ),
        (
            "match: {StageName: prod}, expect: {AutoDeploy: true}",
            "match: {api: {Name: shop}}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {StageName: prod}, expect: {AutoDeploy: true}",
            "match: {StageName: {like: [dev, p*d]}}, expect: {AutoDeploy: false}",
        ),
        ("expect: {Description: a}", "expect: {Description: [b, c]}"),
        (
            "expect: {Description: {present: false}}",
            "expect: {Description: {like: a*}}",
        ),
        (
            "expect: {Tags: {present: false}}",
            "expect: {Tags: [owner]}",
        ),
        (
            "expect: {Tags: {tier: gold}}",
            "expect: {Tags: {tier: {not: [gold, silver]}}}",
        ),
        (
            "expect: {AccessLogSettings: {present: false}}",
            "expect: {AccessLogSettings: {Format: {contains: x}}}",
        ),
        (
            "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {min: 9}}}",
            "expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 5}}}",
        ),
        (
            "expect: {each-route: {ThrottlingRateLimit: {above: 5}}}",
            "expect: {each-route: {ThrottlingRateLimit: {not: 0, max: 5}}}",
        ),
        (
            "expect: {each-route: {ThrottlingRateLimit: 7}}",
            "expect: {each-route: {ThrottlingRateLimit: {not: 0, below: 7}}}",
        ),
        (
            "expect: {each-route: {LoggingLevel: [ERROR, INFO]}}",
            "expect: {DefaultRouteSettings: {LoggingLevel: false}}",
        ),
        (
            "expect: {Description: {matches: \"^a\"}}",
            "expect: {Description: {not: {matches: \"^a\"}}}",
        ),
        (
            "expect: {AutoDeploy: true, Description: a}",
            "expect: {not: {Description: a, AutoDeploy: true}}",
        ),
        (
            "expect: {any-of: [{AutoDeploy: true}, {Description: a}]}",
            "expect: {not: {any-of: [{Description: a}, {AutoDeploy: true}]}}",
        ),
        ("expect: {Tags: [tmp]}", "expect: {Tags: {not: [tmp, old]}}"),
        (
            "expect: {Tags: [\"a*\"]}",
            "expect: {Tags: {\"a*\": {present: false}}}",
        ),
        (
            "expect: {Tags: [\"a*\"]}",
            "expect: {Tags: {present: false}}",
        ),
        (
            "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {above: 5}}}",
            "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: {not: [0, {min: 6}]}}}",
        ),
        (
            "expect: {StageVariables: {key: {looks-secret: true}}}",
            "expect: {StageVariables: {key: {not: {looks-secret: true}}}}",
        ),
    ] {
        assert_eq!(
            kinds(&[one, other]),
            [LintKind::Contradiction],
            "{one} and {other}"
        );
        assert_eq!(
            kinds(&[other, one]),
            [LintKind::Contradiction],
            "{other} and {one}"
        );
    }
}

#[test]
fn rules_that_some_stage_meets_together() {
    for (one, other) in [
        // No stage is in both.
        (
            "match: {StageName: dev}, expect: {AutoDeploy: true}",
            "match: {StageName: prod}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {StageName: {like: dev-*}}, expect: {AutoDeploy: true}",
            "match: {StageName: prod}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {StageName: {like: dev-*}}, expect: {AutoDeploy: true}",
            "match: {StageName: {like: \"*-prod\"}}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {StageName: {matches: ^d}}, expect: {AutoDeploy: true}",
            "match: {StageName: {matches: ^p}}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {StageName: {not: prod}}, expect: {AutoDeploy: true}",
            "match: {StageName: prod}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {Tags: {tier: gold}}, expect: {AutoDeploy: true}",
            "match: {Tags: {tier: [silver, bronze]}}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {any-of: [{StageName: a}, {StageName: b}]}, expect: {AutoDeploy: true}",
            "match: {StageName: c}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {api: {ProtocolType: HTTP}}, expect: {AutoDeploy: true}",
            "match: {api: {ProtocolType: WEBSOCKET}}, expect: {AutoDeploy: false}",
        ),
        (
            "match: {Description: {present: false, like: a*}}, expect: {AutoDeploy: true}",
            "expect: {AutoDeploy: false}",
        ),
        // The setting exists only where one of them does not look.
        (
            "match: {api: {ProtocolType: HTTP}}, expect: {AutoDeploy: true, DefaultRouteSettings: {LoggingLevel: INFO}}",
            "expect: {DefaultRouteSettings: {LoggingLevel: OFF}}",
        ),
        // Both can hold.
        (
            "expect: {AutoDeploy: true}",
            "expect: {AutoDeploy: {not: false}, Description: {present: true}}",
        ),
        (
            "expect: {Description: [a, b]}",
            "expect: {Description: [b, c]}",
        ),
        (
            "expect: {Description: \"${StageName}\"}",
            "expect: {Description: prod}",
        ),
        (
            "expect: {Description: {not: {like: a*}}}",
            "expect: {Description: {like: ab*}}",
        ),
        (
            "expect: {Description: {not: a}}",
            "expect: {Description: {present: false}}",
        ),
        (
            "expect: {AutoDeploy: true, Description: a}",
            "expect: {not: {Description: a, AutoDeploy: false}}",
        ),
        (
            "expect: {DefaultRouteSettings: {present: false}}",
            "expect: {DefaultRouteSettings: {DetailedMetricsEnabled: false}}",
        ),
        (
            "expect: {each-route: {ThrottlingRateLimit: {min: 5}}}",
            "expect: {each-route: {ThrottlingRateLimit: {not: 0, max: 5}}}",
        ),
        (
            "expect: {each-route: {ThrottlingRateLimit: {not: 0, max: 5}}}",
            "expect: {RouteSettings: {\"GET *\": {ThrottlingRateLimit: {min: 6}}}}",
        ),
        ("expect: {Tags: {\"a*\": b}}", "expect: {Tags: {\"a*\": c}}"),
        (
            "expect: {Tags: {\"a*\": b}}",
            "expect: {Tags: {\"a*\": {present: false}}}",
        ),
        (
            "expect: {Tags: {\"aws:x\": b}}",
            "expect: {Tags: {present: false}}",
        ),
        (
            "expect: {Tags: [\"aws:*\"]}",
            "expect: {Tags: {present: false}}",
        ),
        (
            "expect: {DefaultRouteSettings: {ThrottlingRateLimit: {above: 5}}}",
            "expect: {DefaultRouteSettings: {ThrottlingRateLimit: {below: 6}}}",
        ),
        (
            "expect: {api: {CorsConfiguration: {AllowOrigins: {present: false}}}}",
            "expect: {api: {CorsConfiguration: {AllowOrigins: {each: {like: a*}}}}}",
        ),
        (
            "expect: {any-of: [{AutoDeploy: true}, {Description: a}]}",
            "expect: {AutoDeploy: false}",
        ),
        // Not understood, so taken to be right: tests of whole texts, and which routes there are.
        (
            "expect: {AccessLogSettings: {Format: {log-format: {is: json}}}}",
            "expect: {AccessLogSettings: {Format: {log-format: {is: xml}}}}",
        ),
        (
            "match: {route: {like: \"GET /a*\"}}, expect: {each-route: {ThrottlingBurstLimit: 5}}",
            "match: {route: {like: \"GET /b*\"}}, expect: {each-route: {ThrottlingBurstLimit: 6}}",
        ),
        (
            "match: {route: {like: \"GET /a*\"}}, expect: {each-route: {ThrottlingBurstLimit: 5}}",
            "expect: {each-route: {ThrottlingBurstLimit: 6}}",
        ),
    ] {
        let kinds = kinds(&[one, other]);
        assert!(
            kinds.iter().all(|kind| *kind == LintKind::NeverMatches),
            "{one} and {other}: {kinds:?}"
        );
    }
}

#[test]
fn a_route_that_is_named_in_full_is_asked_for_with_in_force() {
    let policy = |of_rule: &str| {
        lints(&[format!(
            "policy: p\nrules:\n  - {{id: r, title: t, severity: low, {of_rule}}}\n"
        )])
    };
    let expect = "expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 5}}}";
    for (route, shown) in [
        ("POST /login", r#"in-force: {"POST /login": …}"#),
        (
            "[POST /login, \"GET /{id}\"]",
            r#"in-force: {"POST /login": …, "GET /{id}": …}"#,
        ),
    ] {
        let found = policy(&format!("match: {{route: {route}}}, {expect}"));
        let [warning] = found.as_slice() else {
            panic!("{found:#?}");
        };
        assert_eq!(warning.kind, LintKind::LiteralRoute);
        assert!(warning.diagnostic.help[0].contains(shown), "{warning:#?}");
    }
    for fine in [
        "{not: POST /login}",
        "{like: \"POST *\"}",
        "{present: false}",
    ] {
        let found = policy(&format!("match: {{route: {fine}}}, {expect}"));
        assert_eq!(found, [], "{fine}");
    }
    let zero = policy("expect: {in-force: {POST /login: {ThrottlingRateLimit: {max: 5}}}}");
    assert_eq!(zero[0].kind, LintKind::ZeroPasses);
}

#[test]
fn a_rule_that_looks_at_no_stage() {
    let policy = |of_policy: &str, of_rule: &str| {
        lints(&[format!(
            "policy: p\nmatch: {of_policy}\nrules:\n  - {{id: r, title: t, severity: low, match: {of_rule}, \
             expect: {{AutoDeploy: false}}}}\n"
        )])
    };
    for (of_policy, of_rule) in [
        ("{StageName: prod}", "{StageName: dev}"),
        (
            "{StageName: [prod, live]}",
            "{StageName: {not: [prod, live]}}",
        ),
        ("{AutoDeploy: true}", "{AutoDeploy: false}"),
        ("{Tags: {tier: gold}}", "{Tags: {tier: {present: false}}}"),
        (
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {min: 5}}}",
            "{DefaultRouteSettings: {ThrottlingBurstLimit: {max: 4}}}",
        ),
    ] {
        let kinds: Vec<LintKind> = policy(of_policy, of_rule)
            .into_iter()
            .map(|warning| warning.kind)
            .collect();
        assert_eq!(kinds, [LintKind::NeverMatches], "{of_policy} and {of_rule}");
    }
    for (of_policy, of_rule) in [
        ("{StageName: prod}", "{StageName: {like: \"p*\"}}"),
        ("{StageName: prod}", "{api: {Name: dev}}"),
        (
            "{any-of: [{StageName: prod}, {StageName: live}]}",
            "{StageName: dev}",
        ),
        ("{Tags: {\"team-*\": a}}", "{Tags: {team-x: b}}"),
        (
            "{Tags: {\"team-*\": a}}",
            "{Tags: {\"team-*\": {present: false}}}",
        ),
        ("{StageName: {matches: \"^p\"}}", "{StageName: dev}"),
    ] {
        assert_eq!(policy(of_policy, of_rule), [], "{of_policy} and {of_rule}");
    }
}

#[test]
fn rules_that_say_the_same() {
    for (one, other) in [
        ("expect: {AutoDeploy: true}", "expect: {AutoDeploy: [true]}"),
        (
            "match: {StageName: prod}, expect: {AutoDeploy: true}",
            "match: {StageName: [prod]}, expect: {AutoDeploy: true}",
        ),
        (
            "expect: {Tags: [owner, team]}",
            "expect: {Tags: {team: {present: true}, owner: {present: true}}}",
        ),
        (
            "expect: {Description: {not: [a, b]}}",
            "expect: {Description: {not: [b, a]}}",
        ),
        (
            "expect: {Description: {like: [a*, b*]}}",
            "expect: {Description: {like: [b*, a*]}}",
        ),
        (
            "expect: {api: {CorsConfiguration: {AllowOrigins: {each: {not: [a, b]}}}}}",
            "expect: {api: {CorsConfiguration: {AllowOrigins: {each: {not: [b, a]}}}}}",
        ),
        (
            "expect: {each-route: {ThrottlingBurstLimit: {min: 1, max: 5}}}",
            "expect: {each-route: {ThrottlingBurstLimit: {max: 5.0, min: 1}}}",
        ),
    ] {
        assert_eq!(
            kinds(&[one, other]),
            [LintKind::Repetition],
            "{one} and {other}"
        );
    }
}

#[test]
fn rules_that_only_look_the_same() {
    for (one, other) in [
        (
            "expect: {AutoDeploy: true}",
            "match: {StageName: prod}, expect: {AutoDeploy: true}",
        ),
        (
            "expect: {AutoDeploy: true}",
            "expect: {AutoDeploy: true, Description: {present: true}}",
        ),
        (
            "expect: {Description: a}",
            "expect: {Description: {like: a?}}",
        ),
        (
            "expect: {Description: [\"a, b\", c]}",
            "expect: {Description: [a, \"b, c\"]}",
        ),
        (
            "expect: {Description: \"5\"}",
            "expect: {Description: {not: \"5\"}, api: {Name: x}}",
        ),
        (
            "expect: {Tags: {a: {present: true}}}",
            "expect: {api: {Tags: {a: {present: true}}}}",
        ),
        (
            "expect: {DefaultRouteSettings: {ThrottlingBurstLimit: 5}}",
            "expect: {each-route: {ThrottlingBurstLimit: 5}}",
        ),
    ] {
        let kinds = kinds(&[one, other]);
        assert!(
            !kinds.contains(&LintKind::Repetition),
            "{one} and {other}: {kinds:?}"
        );
    }
}

#[test]
fn policies_that_are_loaded_together_are_compared() {
    let policy = |name: &str, keys: &str, rule: &str| {
        format!("policy: {name}\n{keys}rules:\n  - {{id: r, title: t, severity: low, {rule}}}\n")
    };
    let found = lints(&[
        policy(
            "a",
            "match: {StageName: prod}\n",
            "expect: {AutoDeploy: true}",
        ),
        policy(
            "b",
            "",
            "match: {StageName: prod}, expect: {AutoDeploy: true}",
        ),
        policy("c", "", "expect: {AutoDeploy: false}"),
    ]);
    let reported: Vec<_> = found
        .iter()
        .map(|warning| {
            let (diagnostic, beside) = (&warning.diagnostic, warning.beside.as_ref().unwrap());
            let (line, column) = diagnostic.file.position(diagnostic.span.start);
            (
                format!("{}:{line}:{column}", diagnostic.file.name),
                beside.file.name.as_str(),
                diagnostic.title.as_str(),
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            ("1.yaml:3:10".to_owned(), "0.yaml", "b/r repeats a/r"),
            (
                "2.yaml:3:59".to_owned(),
                "0.yaml",
                "a/r and c/r contradict each other on AutoDeploy"
            ),
        ]
    );
}

/// Packs side by side may demand the same under two names, and leave a limit of 0 to the foundation.
#[test]
fn the_shipped_packs_are_meant() {
    let packs = crate::policy::read::builtin::PACKS.map(|(_, text)| text.to_owned());
    let all: Vec<LintKind> = lints(&packs)
        .into_iter()
        .map(|warning| warning.kind)
        .collect();
    assert!(
        all.iter().all(|kind| *kind == LintKind::Repetition),
        "{all:?}"
    );
    for pack in packs {
        let alone = lints(&[pack])
            .into_iter()
            .filter(|warning| warning.kind != LintKind::ZeroPasses);
        assert_eq!(
            alone
                .map(|warning| warning.diagnostic.title)
                .collect::<Vec<_>>(),
            Vec::<String>::new()
        );
    }
}

#[cfg(feature = "cel")]
#[test]
fn what_is_expected_where_the_assert_leaves_out_a_protocol() {
    let logs = "assert: stage.DefaultRouteSettings.LoggingLevel == 'INFO'";
    let with = |more: &str| kinds(&[&format!("{more}, {logs}")]);
    assert_eq!(
        with("expect: {AutoDeploy: false}"),
        [LintKind::ExpectationLeftOut]
    );
    assert_eq!(
        with("match: {StageName: prod}, expect: {Tags: [owner]}"),
        [LintKind::ExpectationLeftOut]
    );
    assert_eq!(
        with("expect: {each-route: {DetailedMetricsEnabled: true}}"),
        [LintKind::ExpectationLeftOut]
    );
    assert_eq!(
        with("match: {api: {ProtocolType: WEBSOCKET}}, expect: {AutoDeploy: false}"),
        []
    );
    assert_eq!(with("expect: {ClientCertificateId: {present: true}}"), []);
    assert_eq!(kinds(&[logs]), []);
    assert_eq!(
        kinds(&["expect: {AutoDeploy: false}, assert: size(stage.Tags) > 0"]),
        []
    );
    // A rule contradicts no other on a protocol that it does not apply to.
    let http = "match: {api: {ProtocolType: HTTP}}, expect: {AutoDeploy: true}";
    let limited = format!("expect: {{AutoDeploy: false}}, {logs}");
    assert_eq!(kinds(&[http, &limited]), [LintKind::ExpectationLeftOut]);
    let websocket = "match: {api: {ProtocolType: WEBSOCKET}}, expect: {AutoDeploy: true}";
    assert!(kinds(&[websocket, &limited]).contains(&LintKind::Contradiction));
}
