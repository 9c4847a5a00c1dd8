//! APIs and stages as they should be, from which each case of the sample fleet departs in one thing. It does not know
//! the cases.

use serde_json::{Value, json};

use crate::emulator::fleet::document::{self, with};

/// The account of the sample fleet.
pub const HOME_ACCOUNT: &str = "111122223333";

/// Its home Region, which the demo can read fully.
pub const HOME_REGION: &str = "us-east-1";

/// An access log format as AWS's guide recommends it.
const JSON_FORMAT: &str = r#"{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime","routeKey":"$context.routeKey","status":"$context.status","responseLength":"$context.responseLength"}"#;

pub type Deployed = (Value, Vec<Value>);

pub fn http_api(id: &str, name: &str, owner: &str) -> Value {
    owned_api(document::http_api(id, name), owner)
}

pub fn websocket_api(id: &str, name: &str, owner: &str) -> Value {
    owned_api(document::websocket_api(id, name), owner)
}

fn owned_api(api: Value, owner: &str) -> Value {
    let description = format!("Owned by team {owner}");
    with(
        api,
        json!({"description": description, "tags": {"owner": owner, "tier": "gold"}}),
    )
}

/// A stage of an HTTP API as it should be; each case changes one thing in it.
pub fn http_stage(name: &str, owner: &str) -> Value {
    good_stage(document::http_stage(name), name, owner)
}

/// A stage of a WebSocket API as it should be.
pub fn websocket_stage(name: &str, owner: &str) -> Value {
    let logged = json!({"defaultRouteSettings": {"loggingLevel": "INFO"}});
    good_stage(with(document::websocket_stage(name), logged), name, owner)
}

fn good_stage(stage: Value, name: &str, owner: &str) -> Value {
    let good = json!({
        "accessLogSettings": access_logs(HOME_REGION, &format!("{owner}-{name}")),
        "autoDeploy": false,
        "defaultRouteSettings":
            {"detailedMetricsEnabled": true, "throttlingBurstLimit": 200, "throttlingRateLimit": 100.0},
        "deploymentId": "dty748",
        "description": format!("Stage {name} of team {owner}"),
        "tags": {"cost-center": "4711", "owner": owner, "tier": "gold"},
    });
    with(stage, good)
}

pub fn access_logs(region: &str, group: &str) -> Value {
    let destination = format!("arn:aws:logs:{region}:{HOME_ACCOUNT}:log-group:/apigw/{group}");
    json!({"destinationArn": destination, "format": JSON_FORMAT})
}
