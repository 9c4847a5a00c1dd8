//! What a request asks for: operation, resource and query, read from method and target. It does not know the fleet.

use std::fmt;

use percent_encoding::percent_decode_str;

/// The operations that the emulator answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET /v2/apis`
    GetApis,
    /// `GET /v2/apis/{apiId}`
    GetApi,
    /// `GET /v2/apis/{apiId}/stages`
    GetStages,
    /// `GET /v2/apis/{apiId}/stages/{stageName}`
    GetStage,
    /// `POST /` to STS
    GetCallerIdentity,
    /// Anything else, a write to API Gateway included.
    Other,
}

impl Operation {
    /// Whether it is a read of API Gateway: what the account's control-plane quota counts.
    pub fn is_api_gateway(self) -> bool {
        matches!(self, Operation::GetApis | Operation::GetApi | Operation::GetStages | Operation::GetStage)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// What a path names, with its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    Apis,
    Api { api_id: String },
    Stages { api_id: String },
    Stage { api_id: String, stage: String },
    CallerIdentity,
    Unknown,
}

impl Resource {
    pub(super) fn api_id(&self) -> Option<&str> {
        match self {
            Resource::Api { api_id } | Resource::Stages { api_id } | Resource::Stage { api_id, .. } => Some(api_id),
            Resource::Apis | Resource::CallerIdentity | Resource::Unknown => None,
        }
    }

    pub(super) fn stage(&self) -> Option<&str> {
        match self {
            Resource::Stage { stage, .. } => Some(stage),
            _ => None,
        }
    }

    pub(super) fn is_api_gateway(&self) -> bool {
        !matches!(self, Resource::CallerIdentity | Resource::Unknown)
    }

    /// The resource part of its ARN: what follows `arn:PARTITION:apigateway:REGION::`.
    pub(super) fn arn_path(&self) -> String {
        match self {
            Resource::Api { api_id } => format!("/apis/{api_id}"),
            Resource::Stages { api_id } => format!("/apis/{api_id}/stages"),
            Resource::Stage { api_id, stage } => format!("/apis/{api_id}/stages/{stage}"),
            Resource::Apis | Resource::CallerIdentity | Resource::Unknown => "/apis".to_owned(),
        }
    }
}

/// A request as it came off the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawRequest<'a> {
    pub(super) method: &'a str,
    /// Path and query, still escaped.
    pub(super) target: &'a str,
    pub(super) authorization: Option<&'a str>,
    /// The body of a POST; empty for other methods.
    pub(super) form: &'a str,
}

/// A request understood.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) resource: Resource,
    pub(super) max_results: Option<String>,
    pub(super) next_token: Option<String>,
}

impl Call {
    pub(super) fn read(raw: &RawRequest<'_>) -> Call {
        let (path, query) = raw.target.split_once('?').unwrap_or((raw.target, ""));
        let resource = resource(raw, path);
        let operation = match (raw.method, &resource) {
            (_, Resource::CallerIdentity) => Operation::GetCallerIdentity,
            ("GET", Resource::Apis) => Operation::GetApis,
            ("GET", Resource::Api { .. }) => Operation::GetApi,
            ("GET", Resource::Stages { .. }) => Operation::GetStages,
            ("GET", Resource::Stage { .. }) => Operation::GetStage,
            _ => Operation::Other,
        };
        Call {
            operation,
            resource,
            max_results: parameter(query, "maxResults"),
            next_token: parameter(query, "nextToken"),
        }
    }
}

fn resource(raw: &RawRequest<'_>, path: &str) -> Resource {
    if raw.method == "POST" && path == "/" {
        return match parameter(raw.form, "Action").as_deref() {
            Some("GetCallerIdentity") => Resource::CallerIdentity,
            _ => Resource::Unknown,
        };
    }
    let segments: Vec<&str> = path.split('/').collect();
    match segments.as_slice() {
        ["", "v2", "apis"] => Resource::Apis,
        ["", "v2", "apis", api] => Resource::Api { api_id: unescaped(api) },
        ["", "v2", "apis", api, "stages"] => Resource::Stages { api_id: unescaped(api) },
        ["", "v2", "apis", api, "stages", stage] => Resource::Stage { api_id: unescaped(api), stage: unescaped(stage) },
        _ => Resource::Unknown,
    }
}

fn unescaped(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A parameter of a query or form. A bare `+` is a space there, so a page token that a client forgot to escape comes
/// out different from the one it was given, and is refused.
fn parameter(pairs: &str, name: &str) -> Option<String> {
    pairs
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| unescaped(&value.replace('+', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: &str, target: &str) -> Call {
        Call::read(&RawRequest { method, target, authorization: None, form: "Action=GetCallerIdentity&Version=1" })
    }

    #[test]
    fn each_path_is_its_operation() {
        for (method, target, operation) in [
            ("GET", "/v2/apis", Operation::GetApis),
            ("GET", "/v2/apis?maxResults=1", Operation::GetApis),
            ("GET", "/v2/apis/a1b2c3d4e5", Operation::GetApi),
            ("GET", "/v2/apis/a1b2c3d4e5/stages", Operation::GetStages),
            ("GET", "/v2/apis/a1b2c3d4e5/stages/prod", Operation::GetStage),
            ("POST", "/", Operation::GetCallerIdentity),
            ("DELETE", "/v2/apis/a1b2c3d4e5", Operation::Other),
            ("GET", "/v2/apis/a1b2c3d4e5/routes", Operation::Other),
            ("GET", "/", Operation::Other),
        ] {
            assert_eq!(call(method, target).operation, operation, "{method} {target}");
        }
    }

    #[test]
    fn escapes_are_resolved_and_a_bare_plus_is_a_space() {
        let call = call("GET", "/v2/apis/a1/stages/%24default?nextToken=a%2B%2F%3D&maxResults=1+0");
        assert_eq!(call.resource.stage(), Some("$default"));
        assert_eq!(call.next_token.as_deref(), Some("a+/="));
        assert_eq!(call.max_results.as_deref(), Some("1 0"));
    }
}
