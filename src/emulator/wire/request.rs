//! The call in a request: operation, resource and parameters, read from method, target and body. It does not know the
//! fleet.

use std::borrow::Cow;
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
    /// `POST /` to STS
    AssumeRole,
    /// `POST /` to Organizations
    ListAccounts,
    /// `POST /` to Organizations
    ListOrganizationalUnitsForParent,
    /// `POST /` to Organizations
    ListAccountsForParent,
    /// `POST /listRegions` to Account Management
    ListRegions,
    /// `POST /` to EC2
    DescribeRegions,
    /// Anything else, a write to API Gateway included.
    Other,
}

/// The protocol of a service, which decides the place and the form of an error's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// API Gateway and Account Management: JSON, and the code in a header.
    RestJson,
    /// Organizations: JSON 1.1, and the code in the body.
    Json,
    /// STS: XML.
    Query,
    /// EC2: XML of its own kind.
    Ec2Query,
}

impl Operation {
    const ALL: [Operation; 11] = [
        Operation::GetApis,
        Operation::GetApi,
        Operation::GetStages,
        Operation::GetStage,
        Operation::GetCallerIdentity,
        Operation::AssumeRole,
        Operation::ListAccounts,
        Operation::ListOrganizationalUnitsForParent,
        Operation::ListAccountsForParent,
        Operation::ListRegions,
        Operation::DescribeRegions,
    ];

    /// True for a read of API Gateway, which the account's control-plane quota counts.
    pub fn is_api_gateway(self) -> bool {
        matches!(
            self,
            Operation::GetApis | Operation::GetApi | Operation::GetStages | Operation::GetStage
        )
    }

    /// The service that a request for it is signed for.
    pub(crate) const fn service(self) -> &'static str {
        match self {
            Operation::GetApis
            | Operation::GetApi
            | Operation::GetStages
            | Operation::GetStage
            | Operation::Other => "apigateway",
            Operation::GetCallerIdentity | Operation::AssumeRole => "sts",
            Operation::ListAccounts
            | Operation::ListOrganizationalUnitsForParent
            | Operation::ListAccountsForParent => "organizations",
            Operation::ListRegions => "account",
            Operation::DescribeRegions => "ec2",
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self.service() {
            "sts" => Protocol::Query,
            "organizations" => Protocol::Json,
            "ec2" => Protocol::Ec2Query,
            _ => Protocol::RestJson,
        }
    }

    fn named(name: &str, service: &str) -> Option<Operation> {
        Operation::ALL
            .into_iter()
            .find(|operation| operation.service() == service && operation.to_string() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The resource of a request, with its escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource<'a> {
    Apis,
    Api(Cow<'a, str>),
    /// The stages of an API.
    Stages(Cow<'a, str>),
    /// An API's identifier, and the name of its stage.
    Stage(Cow<'a, str>, Cow<'a, str>),
    /// The ARN of the role that is to be assumed.
    Role(Cow<'a, str>),
    /// Named by the operation alone.
    Service,
    Unknown,
}

impl Resource<'_> {
    pub fn api_id(&self) -> Option<&str> {
        match self {
            Resource::Api(api_id) | Resource::Stages(api_id) | Resource::Stage(api_id, _) => {
                Some(api_id)
            }
            Resource::Apis | Resource::Role(_) | Resource::Service | Resource::Unknown => None,
        }
    }

    pub fn stage(&self) -> Option<&str> {
        match self {
            Resource::Stage(_, stage) => Some(stage),
            _ => None,
        }
    }

    /// The account and the name of the role that is to be assumed: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
    pub fn role(&self) -> Option<(&str, &str)> {
        let Resource::Role(arn) = self else {
            return None;
        };
        let (account, path) = arn.split_once(":iam::")?.1.split_once(":role/")?;
        Some((account, path.rsplit('/').next().unwrap_or(path)))
    }

    pub fn is_api_gateway(&self) -> bool {
        matches!(
            self,
            Resource::Apis | Resource::Api(_) | Resource::Stages(_) | Resource::Stage(..)
        )
    }

    /// The resource part of its ARN: what follows `arn:PARTITION:apigateway:REGION::`.
    pub fn arn_path(&self) -> String {
        match self {
            Resource::Api(api_id) => format!("/apis/{api_id}"),
            Resource::Stages(api_id) => format!("/apis/{api_id}/stages"),
            Resource::Stage(api_id, stage) => format!("/apis/{api_id}/stages/{stage}"),
            Resource::Apis | Resource::Role(_) | Resource::Service | Resource::Unknown => {
                "/apis".to_owned()
            }
        }
    }
}

/// A request as it came off the wire.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawRequest<'a> {
    pub method: &'a str,
    /// Path and query, still escaped.
    pub target: &'a str,
    pub authorization: Option<&'a str>,
    pub security_token: Option<&'a str>,
    pub amz_target: Option<&'a str>,
    /// The body of a POST; empty for other methods.
    pub body: &'a str,
}

/// A request understood.
#[derive(Debug)]
pub struct Call<'a> {
    pub operation: Operation,
    pub resource: Resource<'a>,
    query: &'a str,
    body: &'a str,
}

impl<'a> Call<'a> {
    pub fn read(raw: &RawRequest<'a>) -> Call<'a> {
        let (path, query) = raw.target.split_once('?').unwrap_or((raw.target, ""));
        let (operation, resource) = match raw.method {
            "POST" => service_call(raw, path, raw.body),
            // EC2 and STS take a query in place of a form.
            "GET" if path == "/" => service_call(raw, path, query),
            method => api_gateway(method, path),
        };
        Call {
            operation,
            resource,
            query,
            body: raw.body,
        }
    }

    /// A parameter of the query or the form. A bare `+` is a space there, so a page token that a client forgot to
    /// escape comes out different from the one it was given, and is refused.
    pub fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        parameter(self.query, name).or_else(|| parameter(self.body, name))
    }

    /// The body as JSON; null if it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.body).unwrap_or_default()
    }

    /// True for a request for a page after the first.
    pub fn goes_on(&self) -> bool {
        match self.operation.protocol() {
            Protocol::RestJson if self.operation.is_api_gateway() => {
                parameter(self.query, "nextToken").is_some()
            }
            Protocol::RestJson | Protocol::Json => self.json()["NextToken"].is_string(),
            Protocol::Query | Protocol::Ec2Query => false,
        }
    }

    pub fn body(&self) -> &'a str {
        self.body
    }
}

fn service_call<'a>(
    raw: &RawRequest<'a>,
    path: &'a str,
    parameters: &'a str,
) -> (Operation, Resource<'a>) {
    const ORGANIZATIONS: &str = "AWSOrganizationsV20161128.";
    let operation = match (path, raw.amz_target) {
        ("/listRegions", _) => Some(Operation::ListRegions),
        ("/", Some(target)) => target
            .strip_prefix(ORGANIZATIONS)
            .and_then(|name| Operation::named(name, "organizations")),
        ("/", None) => parameter(parameters, "Action").and_then(|action| {
            Operation::named(&action, "sts").or_else(|| Operation::named(&action, "ec2"))
        }),
        _ => return api_gateway(raw.method, path),
    };
    match operation {
        Some(Operation::AssumeRole) => {
            let arn = parameter(parameters, "RoleArn").unwrap_or_default();
            (Operation::AssumeRole, Resource::Role(arn))
        }
        Some(operation) => (operation, Resource::Service),
        None => (Operation::Other, Resource::Unknown),
    }
}

fn api_gateway<'a>(method: &str, path: &'a str) -> (Operation, Resource<'a>) {
    let Some(rest) = path.strip_prefix("/v2/apis") else {
        return (Operation::Other, Resource::Unknown);
    };
    let mut segments = rest.split('/');
    // The text before the first slash, empty unless the path is /v2/apisomething.
    let before = segments.next().unwrap_or_default();
    let (operation, resource) = match (
        before,
        segments.next(),
        segments.next(),
        segments.next(),
        segments.next(),
    ) {
        ("", None, ..) => (Operation::GetApis, Resource::Apis),
        ("", Some(api), None, ..) => (Operation::GetApi, Resource::Api(unescaped(api))),
        ("", Some(api), Some("stages"), None, _) => {
            (Operation::GetStages, Resource::Stages(unescaped(api)))
        }
        ("", Some(api), Some("stages"), Some(stage), None) => (
            Operation::GetStage,
            Resource::Stage(unescaped(api), unescaped(stage)),
        ),
        _ => (Operation::Other, Resource::Unknown),
    };
    (
        if method == "GET" {
            operation
        } else {
            Operation::Other
        },
        resource,
    )
}

fn unescaped(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

fn parameter<'a>(pairs: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let value = pairs
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?
        .1;
    Some(if value.contains('+') {
        unescaped(&value.replace('+', " ")).into_owned().into()
    } else {
        unescaped(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call<'a>(method: &'a str, target: &'a str) -> Call<'a> {
        let body = "Action=AssumeRole&Version=1&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteam%2FAudit";
        Call::read(&RawRequest {
            method,
            target,
            body,
            ..RawRequest::default()
        })
    }

    #[test]
    fn each_path_is_its_operation() {
        for (method, target, operation) in [
            ("GET", "/v2/apis", Operation::GetApis),
            ("GET", "/v2/apis?maxResults=1", Operation::GetApis),
            ("GET", "/v2/apis/a1b2c3d4e5", Operation::GetApi),
            ("GET", "/v2/apis/a1b2c3d4e5/stages", Operation::GetStages),
            (
                "GET",
                "/v2/apis/a1b2c3d4e5/stages/prod",
                Operation::GetStage,
            ),
            ("POST", "/", Operation::AssumeRole),
            ("POST", "/listRegions", Operation::ListRegions),
            (
                "GET",
                "/?Action=DescribeRegions&Version=2016-11-15",
                Operation::DescribeRegions,
            ),
            (
                "GET",
                "/?Action=GetCallerIdentity",
                Operation::GetCallerIdentity,
            ),
            ("DELETE", "/v2/apis/a1b2c3d4e5", Operation::Other),
            ("GET", "/v2/apis/a1b2c3d4e5/routes", Operation::Other),
            (
                "GET",
                "/v2/apis/a1b2c3d4e5/stages/prod/more",
                Operation::Other,
            ),
            ("GET", "/v2/apisa/a1b2c3d4e5", Operation::Other),
            ("GET", "/?Action=ListAccounts", Operation::Other),
            ("GET", "/", Operation::Other),
        ] {
            assert_eq!(
                call(method, target).operation,
                operation,
                "{method} {target}"
            );
        }
        assert_eq!(call("DELETE", "/v2/apis/a1").resource.api_id(), Some("a1"));
    }

    #[test]
    fn organizations_is_named_in_a_header() {
        let of = |target| {
            let raw = RawRequest {
                method: "POST",
                target: "/",
                amz_target: Some(target),
                ..RawRequest::default()
            };
            Call::read(&raw).operation
        };
        assert_eq!(
            of("AWSOrganizationsV20161128.ListAccounts"),
            Operation::ListAccounts
        );
        assert_eq!(of("AWSOrganizationsV20161128.GetStages"), Operation::Other);
        assert_eq!(of("Other.ListAccounts"), Operation::Other);
    }

    #[test]
    fn escapes_are_resolved_and_a_bare_plus_is_a_space() {
        let call = call(
            "GET",
            "/v2/apis/a1/stages/%24default?nextToken=a%2B%2F%3D&maxResults=1+0",
        );
        assert_eq!(call.resource.stage(), Some("$default"));
        assert_eq!(call.parameter("nextToken").as_deref(), Some("a+/="));
        assert_eq!(call.parameter("maxResults").as_deref(), Some("1 0"));
    }

    #[test]
    fn a_role_has_an_account_and_the_last_part_of_its_path_as_name() {
        assert_eq!(
            call("POST", "/").resource.role(),
            Some(("111122223333", "Audit"))
        );
        assert_eq!(Resource::Role("nonsense".into()).role(), None);
    }
}
