//! Documents of APIs and stages in the spelling of the wire, with the members that AWS always returns. It knows nothing
//! of the fleet they go into.

use serde_json::{Map, Value, json};

/// An HTTP API as it reads back when it was made with a name only.
pub fn http_api(api_id: &str, name: &str) -> Value {
    json!({
        "apiEndpoint": format!("https://{api_id}.execute-api.us-east-1.amazonaws.com"),
        "apiId": api_id,
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "createdDate": "2026-02-03T09:15:27Z",
        "disableExecuteApiEndpoint": false,
        "ipAddressType": "ipv4",
        "name": name,
        "protocolType": "HTTP",
        "routeSelectionExpression": "$request.method $request.path",
        "tags": {},
    })
}

/// A WebSocket API as it reads back when it was made with a name only.
pub fn websocket_api(api_id: &str, name: &str) -> Value {
    let own = json!({
        "apiEndpoint": format!("wss://{api_id}.execute-api.us-east-1.amazonaws.com"),
        "protocolType": "WEBSOCKET",
        "routeSelectionExpression": "$request.body.action",
    });
    with(http_api(api_id, name), own)
}

/// A stage of an HTTP API as it reads back when nothing was set: no execution logging, which HTTP APIs do not have.
pub fn http_stage(name: &str) -> Value {
    json!({
        "createdDate": "2026-02-03T09:16:02Z",
        "defaultRouteSettings": {"detailedMetricsEnabled": false},
        "lastUpdatedDate": "2026-10-19T14:41:55Z",
        "routeSettings": {},
        "stageName": name,
        "stageVariables": {},
        "tags": {},
    })
}

/// A stage of a WebSocket API as it reads back when nothing was set: execution logging is there, and OFF.
pub fn websocket_stage(name: &str) -> Value {
    with(
        http_stage(name),
        json!({"defaultRouteSettings": {"dataTraceEnabled": false, "loggingLevel": "OFF"}}),
    )
}

/// The document with `changes` merged into it (RFC 7396): a null takes a member away, an object is merged member by
/// member, anything else replaces.
#[must_use]
pub fn with(document: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        return changes;
    };
    let mut members = match document {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(&name);
        } else {
            let before = members.remove(&name).unwrap_or_default();
            members.insert(name, with(before, change));
        }
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_replace_merge_and_take_away() {
        let stage = with(
            http_stage("prod"),
            json!({"tags": null, "defaultRouteSettings": {"throttlingBurstLimit": 5}, "routeSettings": {"GET /": {}}}),
        );
        assert!(stage.get("tags").is_none());
        assert_eq!(
            stage["defaultRouteSettings"],
            json!({"detailedMetricsEnabled": false, "throttlingBurstLimit": 5})
        );
        assert_eq!(stage["routeSettings"], json!({"GET /": {}}));
    }

    #[test]
    fn only_websocket_stages_have_execution_logging() {
        let settings = |stage: Value| stage["defaultRouteSettings"].get("loggingLevel").cloned();
        assert_eq!(settings(http_stage("prod")), None);
        assert_eq!(settings(websocket_stage("prod")), Some(json!("OFF")));
    }
}
