//! The APIs of the sample fleet, each with the case that its comment names. It knows of no rule.

use serde_json::{Value, json};

use super::good::{
    Deployed, HOME_ACCOUNT, HOME_REGION, http_api, http_stage, websocket_api, websocket_stage,
};
use crate::emulator::fleet::document::{self, with};

pub fn apis() -> Vec<Deployed> {
    vec![
        orders(),
        petstore(),
        quick_create(),
        checkout(),
        reports(),
        inventory(),
        legacy_billing(),
        untagged(),
        from_cloudformation(),
        partner_portal(),
        (
            http_api("z2y9n4c7ke", "abandoned-prototype", "search"),
            Vec::new(),
        ),
        chat(),
        notifications(),
        telemetry(),
        trading(),
    ]
}

/// More stages than fit on a page of the demo: a good one, one without throttle, one without access logs, and others.
fn orders() -> Deployed {
    let stage = |name| http_stage(name, "orders");
    let stages = vec![
        stage("prod"),
        with(
            stage("staging"),
            json!({"defaultRouteSettings": {"throttlingBurstLimit": null, "throttlingRateLimit": null}}),
        ),
        with(
            stage("dev"),
            json!({"accessLogSettings": null, "tags": {"tier": "bronze"}}),
        ),
        with(
            stage("load-test"),
            json!({"defaultRouteSettings": {"throttlingBurstLimit": 4000}}),
        ),
        bare("sandbox-anna"),
        bare("sandbox-bob"),
    ];
    (http_api("a1b2c3d4e5", "orders", "orders"), stages)
}

/// A stage that was deployed once and has nothing else set.
fn bare(name: &str) -> Value {
    with(
        document::http_stage(name),
        json!({"deploymentId": "q1w2e3"}),
    )
}

/// Route settings that are weaker than the stage default, and a route that is switched off.
fn petstore() -> Deployed {
    let stages = vec![
        with(
            http_stage("prod", "pets"),
            json!({"routeSettings": {"GET /pets": {"throttlingBurstLimit": 5000}}}),
        ),
        with(
            http_stage("v2", "pets"),
            json!({"routeSettings": {
                "ANY /{proxy+}": {"detailedMetricsEnabled": false},
                "POST /pets": {"throttlingBurstLimit": 0, "throttlingRateLimit": 0.0},
            }}),
        ),
    ];
    (http_api("p3t5t0r3k9", "petstore", "pets"), stages)
}

/// The result of quick create: a managed `$default` stage with nothing set.
fn quick_create() -> Deployed {
    let stage = with(
        document::http_stage("$default"),
        json!({
            "apiGatewayManaged": true,
            "autoDeploy": true,
            "deploymentId": "uhqwq8",
            "lastDeploymentStatusMessage": "Successfully deployed stage with deployment ID 'uhqwq8'",
        }),
    );
    (
        document::http_api("m4v7q1x0ds", "quick-lambda-API"),
        vec![stage],
    )
}

/// A throttle of 0, which lets no request through.
fn checkout() -> Deployed {
    let blocked =
        json!({"defaultRouteSettings": {"throttlingBurstLimit": 0, "throttlingRateLimit": 0.0}});
    (
        http_api("c8h3ck0ut7", "checkout", "checkout"),
        vec![with(http_stage("live", "checkout"), blocked)],
    )
}

/// Access logs in the common log format, without a request id.
fn reports() -> Deployed {
    let clf = "$context.identity.sourceIp - $context.identity.caller [$context.requestTime] \
               \"$context.httpMethod $context.routeKey $context.protocol\" $context.status $context.responseLength";
    let stage = with(
        http_stage("prod", "analytics"),
        json!({"accessLogSettings": {"format": clf}}),
    );
    (http_api("r6p0rt5w2f", "reports", "analytics"), vec![stage])
}

/// The last automatic deployment failed: what is configured is not what is live.
fn inventory() -> Deployed {
    let failed = json!({
        "autoDeploy": true,
        "deploymentId": null,
        "lastDeploymentStatusMessage":
            "Deployment attempt failed: Unable to deploy API because no valid routes exist in this API",
    });
    (
        http_api("n9v3nt0ry1", "inventory", "fulfilment"),
        vec![with(http_stage("$default", "fulfilment"), failed)],
    )
}

/// Stage variables with values that look like secrets. None of them opens anything.
fn legacy_billing() -> Deployed {
    let variables = json!({"stageVariables": {
        "API_TOKEN": "tok_demo_51HxQ2bT9vNcR7yLwZk3",
        "DB_HOST": "billing-db.internal.example.com",
        "DB_PASSWORD": "correct-horse-battery-staple-9",
        "backendFunction": "billing-handler",
    }});
    let mut api = http_api("b1ll1ng0x8", "legacy-billing", "payments");
    api = with(
        api,
        json!({"disableExecuteApiEndpoint": true, "version": "2019-11-01"}),
    );
    (api, vec![with(http_stage("prod", "payments"), variables)])
}

/// No tags anywhere, and no description.
fn untagged() -> Deployed {
    let stage = with(
        http_stage("prod", "metrics"),
        json!({"description": null, "tags": null}),
    );
    let api = document::http_api("u0t4gg3d5j", "internal-metrics");
    (api, vec![with(stage, json!({"tags": {}}))])
}

/// Deployed by CloudFormation, which tags what it owns.
fn from_cloudformation() -> Deployed {
    let stack = format!(
        "arn:aws:cloudformation:{HOME_REGION}:{HOME_ACCOUNT}:stack/search-api/8f1d0b60-3c1e-11f1-9a5b-0e2f4d6c8a13"
    );
    let tags = json!({"tags": {
        "aws:cloudformation:logical-id": "SearchApiDefaultStage",
        "aws:cloudformation:stack-id": stack,
        "aws:cloudformation:stack-name": "search-api",
    }});
    let stage = with(http_stage("prod", "search"), tags.clone());
    (
        with(http_api("s5e4rch0c2", "search-api", "search"), tags),
        vec![stage],
    )
}

/// CORS that lets every origin in, with credentials.
fn partner_portal() -> Deployed {
    let cors = json!({"corsConfiguration": {
        "allowCredentials": true,
        "allowHeaders": ["authorization", "content-type"],
        "allowMethods": ["GET", "POST"],
        "allowOrigins": ["*"],
        "maxAge": 300,
    }});
    let api = with(http_api("k7p4rtn3r6", "partner-portal", "partners"), cors);
    (api, vec![http_stage("prod", "partners")])
}

/// Execution logging is off, and on in the stage beside it.
fn chat() -> Deployed {
    let silent = json!({"defaultRouteSettings": {"loggingLevel": "OFF"}});
    let stages = vec![
        with(websocket_stage("prod", "chat"), silent),
        websocket_stage("dev", "chat"),
    ];
    (websocket_api("w5c8h4t0v3", "chat", "chat"), stages)
}

/// Payloads in the logs, and a route that opts out of what the stage logs.
fn notifications() -> Deployed {
    let traced = json!({"defaultRouteSettings": {"dataTraceEnabled": true}});
    let opted_out = json!({
        "defaultRouteSettings": {"loggingLevel": "ERROR"},
        "routeSettings": {"$connect": {"loggingLevel": "OFF"}},
    });
    let stages = vec![
        with(websocket_stage("prod", "messaging"), traced),
        with(websocket_stage("live", "messaging"), opted_out),
    ];
    (
        websocket_api("n0t1fy6g7h", "notifications", "messaging"),
        stages,
    )
}

/// A logging level that no SDK knows yet.
fn telemetry() -> Deployed {
    let unknown = json!({"defaultRouteSettings": {"loggingLevel": "TRACE"}});
    (
        websocket_api("t3l3m3tr9y", "telemetry", "devices"),
        vec![with(websocket_stage("prod", "devices"), unknown)],
    )
}

/// As it should be, with a client certificate.
fn trading() -> Deployed {
    let certificate = json!({"clientCertificateId": "a1b2c3"});
    (
        websocket_api("d7r4d1ng2s", "trading", "trading"),
        vec![with(websocket_stage("prod", "trading"), certificate)],
    )
}
