//! The WebSocket APIs of the sample fleet, each with the case that its comment names. It knows of no rule.

use serde_json::json;

use super::good::{Deployed, websocket_api, websocket_stage};
use crate::emulator::fleet::document::with;

pub fn apis() -> Vec<Deployed> {
    vec![chat(), notifications(), telemetry(), trading()]
}

/// Execution logging is off, and on in the stage beside it.
fn chat() -> Deployed {
    let silent = json!({"defaultRouteSettings": {"loggingLevel": "OFF"}});
    let stages = vec![with(websocket_stage("prod", "chat"), silent), websocket_stage("dev", "chat")];
    (websocket_api("w5c8h4t0v3", "chat", "chat"), stages)
}

/// Payloads in the logs, and a route that opts out of what the stage logs.
fn notifications() -> Deployed {
    let traced = json!({"defaultRouteSettings": {"dataTraceEnabled": true}});
    let opted_out = json!({
        "defaultRouteSettings": {"loggingLevel": "ERROR"},
        "routeSettings": {"$connect": {"loggingLevel": "OFF"}},
    });
    let stages =
        vec![with(websocket_stage("prod", "messaging"), traced), with(websocket_stage("live", "messaging"), opted_out)];
    (websocket_api("n0t1fy6g7h", "notifications", "messaging"), stages)
}

/// A logging level that no SDK knows yet.
fn telemetry() -> Deployed {
    let unknown = json!({"defaultRouteSettings": {"loggingLevel": "TRACE"}});
    (websocket_api("t3l3m3tr9y", "telemetry", "devices"), vec![with(websocket_stage("prod", "devices"), unknown)])
}

/// As it should be, with a client certificate.
fn trading() -> Deployed {
    let certificate = json!({"clientCertificateId": "a1b2c3"});
    (websocket_api("d7r4d1ng2s", "trading", "trading"), vec![with(websocket_stage("prod", "trading"), certificate)])
}
