//! Errors in AWS's words: one table has the code of each error for each service. It does not decide who is refused.

use serde_json::json;

use super::reply::{self, Reply};
use super::request::{Operation, Protocol, Resource};
use super::signature::Caller;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    why: Why,
    message: String,
    retry_after: Option<u64>,
}

/// The kind of an error, whatever a service calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Throttled,
    Server(u16),
    Denied,
    /// By a service control policy.
    DeniedByOrganization,
    ExpiredToken,
    UnrecognizedClient,
    Unsigned,
    Signature,
    /// The signature is too old, or of tomorrow.
    Skew,
    IncompleteSignature,
    NotFound,
    BadRequest,
    NotInUse,
}

impl Why {
    fn on(self, protocol: Protocol) -> (u16, &'static str) {
        use Protocol::{Ec2Query, Json, Query, RestJson};
        let refused = match protocol {
            RestJson | Query => 403,
            Json => 400,
            Ec2Query => 401,
        };
        match (self, protocol) {
            (Why::Throttled, RestJson) => (429, "TooManyRequestsException"),
            (Why::Throttled, Json) => (400, "TooManyRequestsException"),
            (Why::Throttled, Query) => (400, "Throttling"),
            (Why::Throttled, Ec2Query) => (503, "RequestLimitExceeded"),
            (Why::Server(503), RestJson | Json) => (503, "ServiceUnavailableException"),
            (Why::Server(503), Query) => (503, "ServiceUnavailable"),
            (Why::Server(503), Ec2Query) => (503, "Unavailable"),
            (Why::Server(status), RestJson) => (status, "InternalServerErrorException"),
            (Why::Server(status), Json) => (status, "ServiceException"),
            (Why::Server(status), Query) => (status, "InternalFailure"),
            (Why::Server(status), Ec2Query) => (status, "InternalError"),
            (Why::Denied | Why::DeniedByOrganization, RestJson | Json) => {
                (refused, "AccessDeniedException")
            }
            (Why::Denied | Why::DeniedByOrganization, Query) => (403, "AccessDenied"),
            (Why::Denied | Why::DeniedByOrganization, Ec2Query) => (403, "UnauthorizedOperation"),
            (Why::ExpiredToken, RestJson | Json) => (refused, "ExpiredTokenException"),
            (Why::ExpiredToken, Query) => (403, "ExpiredToken"),
            (Why::ExpiredToken | Why::Skew, Ec2Query) => (400, "RequestExpired"),
            (Why::UnrecognizedClient, RestJson | Json) => (refused, "UnrecognizedClientException"),
            (Why::UnrecognizedClient, Query) => (403, "InvalidClientTokenId"),
            (Why::UnrecognizedClient, Ec2Query) => (401, "AuthFailure"),
            (Why::Unsigned, RestJson | Json) => (refused, "MissingAuthenticationTokenException"),
            (Why::Unsigned, Query | Ec2Query) => (403, "MissingAuthenticationToken"),
            (Why::Signature | Why::Skew, RestJson | Json) => (refused, "InvalidSignatureException"),
            (Why::Signature | Why::Skew, Query) => (403, "SignatureDoesNotMatch"),
            (Why::Signature, Ec2Query) => (401, "AuthFailure"),
            (Why::IncompleteSignature, RestJson | Json) => {
                (refused, "IncompleteSignatureException")
            }
            (Why::IncompleteSignature, Query | Ec2Query) => (400, "IncompleteSignature"),
            (Why::NotFound, RestJson) => (404, "NotFoundException"),
            (Why::NotFound, Json) => (400, "TargetNotFoundException"),
            (Why::NotFound, Query) => (404, "NoSuchEntity"),
            (Why::NotFound, Ec2Query) => (400, "InvalidParameterValue"),
            (Why::BadRequest, RestJson) => (400, "BadRequestException"),
            (Why::BadRequest, Json) => (400, "InvalidInputException"),
            (Why::BadRequest, Query) => (400, "ValidationError"),
            (Why::BadRequest, Ec2Query) => (400, "InvalidParameterValue"),
            (Why::NotInUse, _) => (400, "AWSOrganizationsNotInUseException"),
        }
    }
}

impl Why {
    const fn message(self) -> &'static str {
        match self {
            Why::Throttled => "Too Many Requests",
            Why::Server(503) => "Service Unavailable",
            Why::Server(_) => "Internal server error",
            Why::Denied | Why::DeniedByOrganization => {
                "You don't have permissions to access this resource."
            }
            Why::ExpiredToken => "The security token included in the request is expired",
            Why::UnrecognizedClient => "The security token included in the request is invalid.",
            Why::Unsigned => "Missing Authentication Token",
            Why::Signature => {
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
                 Access Key and signing method. Consult the service documentation for details."
            }
            Why::Skew => {
                "Signature expired: 20261123T091500Z is now earlier than 20261123T100000Z (20261123T101500Z - 15 min.)"
            }
            Why::IncompleteSignature => {
                "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256"
            }
            Why::NotFound => "Not Found",
            Why::BadRequest => "Bad Request",
            Why::NotInUse => "Your account is not a member of an organization.",
        }
    }
}

impl Refusal {
    pub fn of(why: Why) -> Refusal {
        Refusal::new(why, why.message())
    }

    pub fn new(why: Why, message: impl Into<String>) -> Refusal {
        Refusal {
            why,
            message: message.into(),
            retry_after: None,
        }
    }

    /// Throttled, with a `Retry-After` of so many seconds.
    pub fn throttled_for(seconds: u64) -> Refusal {
        Refusal {
            retry_after: Some(seconds),
            ..Refusal::of(Why::Throttled)
        }
    }

    /// `method` is part of the name of API Gateway's actions.
    pub fn denied(
        caller: &Caller<'_>,
        method: &str,
        operation: Operation,
        resource: &Resource<'_>,
    ) -> Refusal {
        Refusal::new(
            Why::Denied,
            not_authorized(caller, method, operation, resource),
        )
    }

    pub fn denied_by_organization(
        caller: &Caller<'_>,
        operation: Operation,
        resource: &Resource<'_>,
    ) -> Refusal {
        let denied = not_authorized(caller, "GET", operation, resource);
        Refusal::new(
            Why::DeniedByOrganization,
            format!("{denied} with an explicit deny in a service control policy"),
        )
    }

    pub fn wrong_scope(service: &str) -> Refusal {
        Refusal::new(
            Why::Signature,
            format!("Credential should be scoped to correct service: '{service}'. "),
        )
    }

    pub fn no_such_api(caller: &Caller<'_>, api_id: &str) -> Refusal {
        Refusal::new(
            Why::NotFound,
            format!(
                "Invalid API identifier specified {}:{api_id}",
                caller.account
            ),
        )
    }

    pub fn no_such_stage() -> Refusal {
        Refusal::new(Why::NotFound, "Invalid stage identifier specified")
    }

    pub fn bad_request(message: impl Into<String>) -> Refusal {
        Refusal::new(Why::BadRequest, message)
    }

    pub fn bad_token() -> Refusal {
        Refusal::bad_request("Invalid nextToken")
    }

    pub fn reply(&self, operation: Operation, request_id: &str) -> Reply {
        let protocol = operation.protocol();
        let (status, code) = self.why.on(protocol);
        let reply = match protocol {
            Protocol::RestJson => {
                // Some of AWS's front ends append where the error class lives; a client has to cut that off.
                let origin = match code {
                    "AccessDeniedException" => {
                        ":http://internal.amazon.com/coral/com.amazon.coral.service/"
                    }
                    _ => "",
                };
                let reply = Reply::json(json!({"message": self.message}).to_string());
                Reply {
                    error_type: Some(format!("{code}{origin}")),
                    ..reply
                }
            }
            Protocol::Json => Reply::json_1_1(&json!({"__type": code, "Message": self.message})),
            Protocol::Query => {
                let kind = if status < 500 { "Sender" } else { "Receiver" };
                Reply::xml(format!(
                    "<ErrorResponse xmlns=\"{}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
                     <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
                    reply::STS,
                    reply::escaped(&self.message)
                ))
            }
            Protocol::Ec2Query => Reply::xml(format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{}\
                 </Message></Error></Errors><RequestID>{request_id}</RequestID></Response>",
                reply::escaped(&self.message)
            )),
        };
        Reply {
            status,
            retry_after: self.retry_after,
            ..reply
        }
    }
}

fn not_authorized(
    caller: &Caller<'_>,
    method: &str,
    operation: Operation,
    resource: &Resource<'_>,
) -> String {
    let (user, partition, region) = (caller.arn(), caller.partition(), caller.region);
    let (action, on) = match (resource, operation) {
        (Resource::Role(arn), _) => ("sts:AssumeRole".to_owned(), Some(arn.to_string())),
        (Resource::Service, _) => {
            let all = (operation.service() != "sts").then(|| "*".to_owned());
            (format!("{}:{operation}", operation.service()), all)
        }
        _ => (
            format!("apigateway:{method}"),
            Some(format!(
                "arn:{partition}:apigateway:{region}::{}",
                resource.arn_path()
            )),
        ),
    };
    let on = on.map_or_else(String::new, |on| format!(" on resource: {on}"));
    format!("User: {user} is not authorized to perform: {action}{on}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_user_action_and_resource() {
        let caller = Caller {
            account: "111122223333",
            region: "cn-north-1",
            ..Caller::default()
        };
        let stages = Resource::Stages("a1b2c3d4e5".into());
        assert_eq!(
            Refusal::denied(&caller, "GET", Operation::GetStages, &stages).message,
            "User: arn:aws-cn:iam::111122223333:user/demo is not authorized to perform: apigateway:GET on resource: \
             arn:aws-cn:apigateway:cn-north-1::/apis/a1b2c3d4e5/stages"
        );
        let role = Resource::Role("arn:aws-cn:iam::444455556666:role/Audit".into());
        assert_eq!(
            Refusal::denied_by_organization(&caller, Operation::AssumeRole, &role).message,
            "User: arn:aws-cn:iam::111122223333:user/demo is not authorized to perform: sts:AssumeRole on resource: \
             arn:aws-cn:iam::444455556666:role/Audit with an explicit deny in a service control policy"
        );
        let message =
            Refusal::denied(&caller, "GET", Operation::ListAccounts, &Resource::Service).message;
        assert!(
            message.ends_with("organizations:ListAccounts on resource: *"),
            "{message}"
        );
    }
}
