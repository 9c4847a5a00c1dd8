//! Outcomes for the tests of the reports: one with everything in it, hostile names too, and the rare ends of an audit.

use std::sync::Arc;
use std::time::Duration;

use super::{Facts, Format, Run, Style};
use crate::model::finding::{
    Actual, ApiName, Origin, PolicyFacts, Reading, RegionName, RuleFacts, Setting, StageName,
    Tuned, Undecided, Violation, Waived, WaiverFacts,
};
use crate::model::judgement::{Judgement, Signal, Tolerance, Verdict};
use crate::model::results::{Coverage, Summary};
use crate::model::state::{Gap, Scope, ScopeOutcome, Warning, WarningKind};
use crate::model::{Path, Results, Severity};

/// An API whose owner tries everything.
pub(super) const HOSTILE: &str = "x`|</code></summary><script>alert(1)</script>\u{1b}[31m\u{202e}\n\n# Pwned @octocat #12 [a](http://b) ![i](http://i)";

/// The facts of a report, owned.
pub(super) struct Sample {
    pub(super) results: Results,
    pub(super) judgement: Judgement,
    pub(super) run: Run,
}

impl Sample {
    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            results: &self.results,
            judgement: &self.judgement,
            run: &self.run,
        }
    }

    pub(super) fn render(&self, format: &str, style: Style) -> String {
        let mut out = Vec::new();
        (Format::named(format).unwrap().render)(&self.facts(), style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

pub(super) fn run() -> Run {
    Run {
        reproducible: false,
        generated_at: Some("2026-11-30T12:00:00Z".to_owned()),
        duration: Some(Duration::from_millis(4_230)),
        command_line: Some(
            ["driftgate", "audit", "--all-regions"]
                .map(str::to_owned)
                .to_vec(),
        ),
        source: "AWS".to_owned(),
        shard: None,
        version: None,
    }
}

pub(super) fn judgement(verdict: Verdict, exit: u8) -> Judgement {
    Judgement {
        verdict,
        exit,
        tolerance: Tolerance {
            fail_on: Some(Severity::Low),
            allow_incomplete: false,
            allow_empty: false,
            min_coverage: None,
        },
        failing: 0,
        below_coverage: None,
        unchecked: 0,
        undecided: 0,
        nothing_governed: false,
        signal: None,
    }
}

pub(super) fn stage(
    account: &str,
    region: &str,
    api: (&str, &str, &str),
    name: &str,
) -> Arc<StageName> {
    Arc::new(StageName {
        place: Arc::new(RegionName {
            account: Some(account.into()),
            region: Some(region.into()),
        }),
        api: Arc::new(ApiName {
            id: Some(api.0.into()),
            name: Some(api.1.into()),
            protocol: Some(api.2.to_owned().into()),
        }),
        name: Some(name.into()),
    })
}

/// An account and Region in which there is nothing.
pub(super) fn scope(account: Option<&str>, region: Option<&str>) -> Scope {
    Scope {
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        apis: 0,
        skipped_apis: 0,
        stages: 0,
        requests: Some(0),
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    }
}

/// Some violation.
pub(super) fn violation() -> Violation {
    Violation {
        rule: 0,
        origin: Origin::Stage,
        reading: None,
        expired: None,
        stage: stage(
            "111122223333",
            "us-east-1",
            ("a1b2c3d4e5", "orders", "HTTP"),
            "prod",
        ),
        route: None,
        path: Some(Path::named(["DefaultRouteSettings", "ThrottlingBurstLimit"]).into()),
        expected: "at most 500".into(),
        actual: Actual::Integer(5000),
    }
}

fn rule(name: &str, title: &str, severity: Severity, fix: Option<&str>) -> RuleFacts {
    RuleFacts {
        name: name.to_owned(),
        title: title.to_owned(),
        severity,
        why: Some("Without it an incident cannot be reconstructed or contained.".to_owned()),
        fix: fix.map(str::to_owned),
        references: vec![
            "AWS Security Hub APIGateway.9".to_owned(),
            "https://docs.aws.amazon.com/apigateway/".to_owned(),
        ],
        file: "policies/production.yaml".to_owned(),
        line: 8,
        tuned: None,
    }
}

fn rules() -> Vec<RuleFacts> {
    let mut rules = vec![
        rule(
            "production/throttling",
            "Every route is throttled",
            Severity::Critical,
            Some(
                "Set both throttling limits in the stage's default route settings, and drop the entries of single routes that lift them.",
            ),
        ),
        rule(
            "production/access-logging",
            "Access logs are delivered",
            Severity::High,
            Some("Point the stage at the team's log group."),
        ),
        rule(
            "production/no-secrets",
            "Stage variables hold no secrets",
            Severity::Medium,
            None,
        ),
        rule(
            "production/owner-tags",
            "Someone owns it",
            Severity::Low,
            Some("Tag the stage with `owner` and $cost-center."),
        ),
        rule(
            "production/endpoint",
            "The default endpoint is closed",
            Severity::Info,
            Some("Ask @platform about <it>, see #7."),
        ),
    ];
    for (line, rule) in (8..).step_by(12).zip(&mut rules) {
        rule.line = line;
    }
    rules
}

fn policies() -> Vec<PolicyFacts> {
    let policy = |name: &str, file: &str, replaces: Option<&str>, rules, stages| PolicyFacts {
        name: name.to_owned(),
        file: file.to_owned(),
        why: "policies/ is here".to_owned(),
        replaces: replaces.map(str::to_owned),
        rules,
        stages,
    };
    vec![
        policy("hostile", HOSTILE, Some(HOSTILE), 1, 0),
        policy(
            "production",
            "policies/production.yaml",
            Some("builtin:production"),
            5,
            1_197,
        ),
    ]
}

/// The rules, the first with another severity and another value, and one more that is off.
fn tuned_rules() -> Vec<RuleFacts> {
    let mut rules = rules();
    rules[0].tuned = Some(Tuned {
        setting: Some(Setting::Severity(Severity::Critical)),
        values: vec![
            "production/stages=[prod, live]".to_owned(),
            format!("production/tag=\"{HOSTILE}\""),
        ],
        ..Tuned::of(Severity::High)
    });
    rules.push(RuleFacts {
        tuned: Some(Tuned {
            setting: Some(Setting::Off),
            ..Tuned::of(Severity::Low)
        }),
        ..rule("production/off", "Nobody looks", Severity::Low, None)
    });
    rules
}

/// Everything at once.
pub(super) fn rich() -> Sample {
    let orders = stage(
        "111122223333",
        "us-east-1",
        ("a1b2c3d4e5", "orders", "HTTP"),
        "prod",
    );
    let chat = Arc::new(StageName {
        place: Arc::clone(&orders.place),
        api: Arc::new(ApiName {
            id: Some("f6g7h8i9j0".into()),
            name: Some("chat".into()),
            protocol: Some("WEBSOCKET".into()),
        }),
        name: Some("$default".into()),
    });
    let hostile = stage(
        "444455556666",
        "eu-central-1",
        ("h0st1le000", HOSTILE, "HTTP"),
        "$default",
    );
    let unnamed = Arc::new(StageName {
        place: Arc::new(RegionName {
            account: None,
            region: None,
        }),
        api: Arc::new(ApiName {
            id: None,
            name: None,
            protocol: None,
        }),
        name: Some("prod".into()),
    });
    let find = |rule: u32,
                stage: &Arc<StageName>,
                path: &[&str],
                expected: &str,
                actual: Actual,
                origin: Origin| Violation {
        rule,
        origin,
        reading: None,
        expired: None,
        stage: Arc::clone(stage),
        route: None,
        path: (!path.is_empty()).then(|| Path::named(path.iter().copied()).into()),
        expected: expected.into(),
        actual,
    };
    let on_route = |route: &str, violation: Violation| Violation {
        route: Some(route.into()),
        ..violation
    };
    let waiver = |rule: &str, reason: &str, owner: &str, expires: &str| WaiverFacts {
        rule: rule.to_owned(),
        reason: reason.to_owned(),
        owner: owner.to_owned(),
        expires: expires.to_owned(),
        file: "waivers.yaml".to_owned(),
        line: 2,
    };
    let format = r#"{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime"}"#;
    let common = r#"$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod $context.routeKey $context.protocol" $context.status $context.responseLength"#;
    let results = Results {
        narrowing: crate::model::state::Narrowing::default(),
        policies: policies(),
        rules: tuned_rules(),
        summary: Summary { stages: 1_204, governed: 1_197, checks: 22, not_applicable: 3, undecided: 2 },
        violations: [
            vec![
                find(0, &unnamed, &[], "not (all of its settings)", Actual::Unset, Origin::Unset),
                find(0, &orders, &["DefaultRouteSettings", "ThrottlingBurstLimit"], "at most 500", Actual::Integer(5000), Origin::Stage),
                find(0, &orders, &["DefaultRouteSettings", "ThrottlingRateLimit"], "above 0 and at most 1000", Actual::Unset, Origin::Unset),
                on_route("GET /v1.2/pets", find(0, &orders, &["RouteSettings", "GET /v1.2/pets", "ThrottlingRateLimit"], "above 0", Actual::Number(0.5), Origin::Route)),
                on_route("POST /pets", find(0, &orders, &["RouteSettings", "POST /pets", "ThrottlingBurstLimit"], "at most 500", Actual::Integer(5000), Origin::Stage)),
            ],
            vec![
                find(1, &orders, &["AccessLogSettings", "Format"], "JSON that names requestId, status", Actual::Text(format.into()), Origin::Stage),
                find(1, &chat, &["AccessLogSettings", "DestinationArn"], r#"like "arn:aws:logs:us-east-1:111122223333:log-group:/apigw/*""#, Actual::Text("arn:aws:firehose:us-east-1:111122223333:deliverystream/amazon-apigateway-logs".into()), Origin::Stage),
                find(1, &chat, &["AccessLogSettings", "Format"], "JSON that names requestId, status", Actual::Text(common.into()), Origin::Stage),
                Violation {
                    expired: Some(2),
                    ..find(1, &chat, &["DefaultRouteSettings", "LoggingLevel"], "one of ERROR, INFO", Actual::Text("OFF".into()), Origin::Implied)
                },
                find(1, &hostile, &["AccessLogSettings", "Format"], "JSON that names requestId", Actual::Text("```\n+ @octocat\u{1b}]0;pwned\u{7} | #12 </details>".into()), Origin::Stage),
            ],
            vec![
                find(2, &chat, &["StageVariables", "db.password"], "not a secret", Actual::Text("sha256:0123456789ab".into()), Origin::Stage),
                find(2, &hostile, &["Tags", "a|`b\u{1b}"], "set", Actual::Unset, Origin::Unset),
            ],
            vec![find(3, &hostile, &["Tags"], "with the keys owner, cost-center", Actual::Json(r#"{"team":"<b>`x`</b>|","x":"a\\|b"}"#.into()), Origin::Stage)],
            vec![find(4, &chat, &["api", "DisableExecuteApiEndpoint"], "true", Actual::Boolean(false), Origin::Api)],
        ],
        waived: vec![
            Waived {
                violation: Violation {
                    reading: Some(Reading::Inherit),
                    ..on_route("GET /old", find(0, &orders, &["RouteSettings", "GET /old", "ThrottlingBurstLimit"], "at most 500", Actual::Integer(2000), Origin::Stage))
                },
                waiver: 0,
            },
            Waived { violation: find(3, &hostile, &["Tags", "owner"], "present", Actual::Unset, Origin::Unset), waiver: 1 },
        ],
        waivers: vec![
            waiver("production/throttling", "Vendor contract until migration; SEC-142", "team-checkout", "2027-01-31"),
            waiver("*", "x|</td><script>alert(1)</script> @octocat\u{1b}[2J\n::error::x", "`|#12", "2027-03-01"),
            waiver("production/access-logging", "Moving log groups", "team-chat", "2026-11-01"),
        ],
        undecided: vec![
            Undecided {
                rule: 0,
                stage: Arc::clone(&unnamed),
                route: None,
                path: Some("api.ProtocolType".into()),
                reason: "the outcome depends on the protocol, which the source does not state".into(),
            },
            Undecided {
                rule: 3,
                stage: Arc::clone(&hostile),
                route: Some("GET /a".into()),
                path: None,
                reason: "the source does not state api.Tags\u{1b}[2J | @octocat".into(),
            },
        ],
        gaps: vec![
            Gap {
                account: Some("444455556666".to_owned()),
                region: Some("eu-west-1".to_owned()),
                operation: "GetApis".to_owned(),
                code: "AccessDeniedException".to_owned(),
                message: "User: arn:aws:sts::444455556666:assumed-role/audit/x is not authorized to perform: apigateway:GET on resource: arn:aws:apigateway:eu-west-1::/apis".to_owned(),
                hint: "Allow apigateway:GET on arn:aws:apigateway:eu-west-1::/apis for the role.".to_owned(),
                ..Gap::default()
            },
            Gap {
                account: Some("444455556666".to_owned()),
                region: Some("us-east-1".to_owned()),
                api_id: Some("deadbeef00".to_owned()),
                stage: Some("prod|x".to_owned()),
                operation: "GetStages".to_owned(),
                code: "Timeout".to_owned(),
                message: "no answer\u{1b}[2K <b>@octocat</b>".to_owned(),
                hint: String::new(),
            },
        ],
        scopes: [
            ("111122223333", "us-east-1", 2, 0, 1_202, ScopeOutcome::Checked),
            ("111122223333", "us-west-2", 0, 0, 0, ScopeOutcome::Checked),
            ("444455556666", "eu-central-1", 15, 14, 2, ScopeOutcome::Checked),
            ("444455556666", "eu-west-1", 0, 0, 0, ScopeOutcome::Unchecked),
            ("444455556666", "us-east-1", 1, 0, 0, ScopeOutcome::Partial),
        ]
        .map(|(account, region, apis, skipped_apis, stages, outcome)| Scope {
            account: Some(account.to_owned()),
            region: Some(region.to_owned()),
            apis,
            checked_apis: if outcome == ScopeOutcome::Checked { apis - skipped_apis } else { 0 },
            skipped_apis,
            unchecked_apis: if outcome == ScopeOutcome::Checked { 0 } else { apis },
            stages,
            requests: Some(312),
            outcome, ..Scope::default() })
        .to_vec(),
        warnings: vec![Warning {
            account: Some("111122223333".to_owned()),
            region: Some("us-east-1".to_owned()),
            api_id: Some("gone000000".to_owned()),
            ..Warning::new(WarningKind::Deleted, "API gone000000 was deleted during the audit".to_owned())
        }],
        coverage: Coverage {
            ungoverned: (1..=7).map(|at| stage("111122223333", "us-east-1", ("b1", "billing", "HTTP"), &format!("dev{at}"))).collect(),
            unused_rules: vec!["production/unused".to_owned()],
            unread_fields: vec!["AutoDeploy".to_owned(), "Description".to_owned()],
        },
        failed: None,
        unneeded: Vec::new(),
        unfound: Vec::new(),
        resolved_request: None,
    };
    let judgement = Judgement {
        failing: 13,
        unchecked: 2,
        undecided: 2,
        ..judgement(Verdict::Violations, 1)
    };
    Sample {
        results,
        judgement,
        run: run(),
    }
}

/// Everything at once, and nothing that another run would not repeat.
pub(super) fn rich_reproducible() -> Sample {
    Sample {
        run: Run {
            reproducible: true,
            source: "AWS".to_owned(),
            ..Run::default()
        },
        ..rich()
    }
}

fn calm(stages: u64, governed: u64) -> Results {
    Results {
        policies: policies().split_off(1),
        rules: rules(),
        summary: Summary {
            stages,
            governed,
            checks: governed * 5,
            ..Summary::default()
        },
        scopes: vec![Scope {
            account: Some("111122223333".to_owned()),
            region: Some("us-east-1".to_owned()),
            apis: 1,
            checked_apis: 1,
            stages,
            requests: None,
            outcome: ScopeOutcome::Checked,
            ..Scope::default()
        }],
        ..Results::default()
    }
}

/// Everything was read and everything conforms.
pub(super) fn conforming() -> Sample {
    Sample {
        results: calm(3, 3),
        judgement: judgement(Verdict::Conforms, 0),
        run: Run {
            source: "fleet.jsonl".to_owned(),
            ..run()
        },
    }
}

/// Everything was read and no rule governs it.
pub(super) fn nothing_governed() -> Sample {
    let mut sample = Sample {
        results: calm(1, 0),
        judgement: judgement(Verdict::Incomplete, 3),
        run: run(),
    };
    sample.judgement.nothing_governed = true;
    sample.results.coverage.unused_rules = rules().into_iter().map(|rule| rule.name).collect();
    sample.results.coverage.ungoverned.push(violation().stage);
    sample
}

/// SIGINT came when one violation was known.
pub(super) fn interrupted() -> Sample {
    let mut sample = Sample {
        results: calm(2, 2),
        judgement: judgement(Verdict::Incomplete, 130),
        run: run(),
    };
    sample.results.violations[0].push(violation());
    sample.results.gaps.push(Gap {
        account: Some("111122223333".to_owned()),
        region: Some("us-east-1".to_owned()),
        operation: "GetApis".to_owned(),
        code: "Interrupted".to_owned(),
        message: "the audit was interrupted before this was read".to_owned(),
        ..Gap::default()
    });
    sample.results.scopes[0].outcome = ScopeOutcome::Partial;
    (sample.judgement.failing, sample.judgement.unchecked) = (1, 1);
    sample.judgement.signal = Some(Signal::Interrupt);
    sample
}
