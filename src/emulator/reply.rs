//! Replies as AWS words them: pages, documents and errors, for API Gateway in JSON and for STS in XML. It does not
//! decide which of them is given.

use super::request::{Operation, Resource};
use super::signature::Caller;

/// A whole answer, ready for the wire.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// What goes into `x-amzn-ErrorType`.
    pub(super) error_type: Option<String>,
    /// Seconds of a `Retry-After`.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(body: impl Into<Vec<u8>>) -> Reply {
        Reply::ok("application/json", body)
    }

    /// `{"items":[…],"nextToken":"…"}` from documents that are JSON already.
    pub(super) fn page<'a>(items: impl Iterator<Item = &'a str> + Clone, next_token: Option<&str>) -> Reply {
        let length: usize = items.clone().map(|item| item.len() + 1).sum();
        let mut body = String::with_capacity(length + 80);
        body.push_str(r#"{"items":["#);
        for (index, item) in items.enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(item);
        }
        body.push(']');
        if let Some(token) = next_token {
            // Nothing in a token needs an escape in JSON.
            body.push_str(r#","nextToken":""#);
            body.push_str(token);
            body.push('"');
        }
        body.push('}');
        Reply::json(body)
    }

    pub(super) fn caller_identity(caller: &Caller, request_id: &str) -> Reply {
        let Caller { account, .. } = caller;
        let arn = caller.user_arn();
        let body = format!(
            "<GetCallerIdentityResponse xmlns=\"{STS}\">\n  <GetCallerIdentityResult>\n    <Arn>{arn}</Arn>\n    \
             <UserId>AIDA{account}DEMO</UserId>\n    <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  \
             <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
             </GetCallerIdentityResponse>\n"
        );
        Reply::ok("text/xml", body)
    }

    /// What a captive portal says to everything.
    pub(super) fn web_page() -> Reply {
        Reply::ok(
            "text/html",
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>\n",
        )
    }

    /// The same answer with only the first half of its body.
    pub(super) fn truncated(mut self) -> Reply {
        self.body.truncate(self.body.len() / 2);
        self
    }

    pub(super) fn without_body(mut self) -> Reply {
        self.body.clear();
        self
    }

    fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status: 200, content_type, error_type: None, retry_after: None, body: body.into() }
    }
}

const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// An error that AWS answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), retry_after: None }
    }

    pub(super) fn throttled(retry_after: Option<u64>) -> Refusal {
        Refusal { retry_after, ..Refusal::new(429, "TooManyRequestsException", "Too Many Requests") }
    }

    pub(super) fn server_error(status: u16) -> Refusal {
        match status {
            503 => Refusal::new(status, "ServiceUnavailableException", "Service Unavailable"),
            _ => Refusal::new(status, "InternalServerErrorException", "Internal server error"),
        }
    }

    pub(super) fn denied(caller: &Caller, method: &str, resource: &Resource) -> Refusal {
        let (user, partition, region) = (caller.user_arn(), caller.partition(), &caller.region);
        let (action, on) = match resource {
            Resource::CallerIdentity => ("sts:GetCallerIdentity".to_owned(), String::new()),
            resource => (
                format!("apigateway:{method}"),
                format!(" on resource: arn:{partition}:apigateway:{region}::{}", resource.arn_path()),
            ),
        };
        let message = format!("User: {user} is not authorized to perform: {action}{on}");
        Refusal::new(403, "AccessDeniedException", message)
    }

    pub(super) fn expired_token() -> Refusal {
        Refusal::new(403, "ExpiredTokenException", "The security token included in the request is expired")
    }

    pub(super) fn unrecognized_client() -> Refusal {
        Refusal::new(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    pub(super) fn unsigned() -> Refusal {
        Refusal::new(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    pub(super) fn no_such_api(caller: &Caller, api_id: &str) -> Refusal {
        let message = format!("Invalid API identifier specified {}:{api_id}", caller.account);
        Refusal::new(404, "NotFoundException", message)
    }

    pub(super) fn no_such_stage() -> Refusal {
        Refusal::new(404, "NotFoundException", "Invalid stage identifier specified")
    }

    pub(super) fn no_such_path() -> Refusal {
        Refusal::new(404, "NotFoundException", "Not Found")
    }

    pub(super) fn bad_request(message: &str) -> Refusal {
        Refusal::new(400, "BadRequestException", message)
    }

    /// In the protocol of the operation: STS speaks XML, and has its own names for some codes.
    pub(super) fn reply(&self, operation: Operation, request_id: &str) -> Reply {
        if operation == Operation::GetCallerIdentity { self.as_xml(request_id) } else { self.as_json() }
    }

    fn as_json(&self) -> Reply {
        // Some of AWS's front ends append where the error class lives; a client has to cut that off.
        let origin = match self.code {
            "AccessDeniedException" => ":http://internal.amazon.com/coral/com.amazon.coral.service/",
            _ => "",
        };
        Reply {
            status: self.status,
            error_type: Some(format!("{}{origin}", self.code)),
            retry_after: self.retry_after,
            ..Reply::json(serde_json::json!({"message": self.message}).to_string())
        }
    }

    fn as_xml(&self, request_id: &str) -> Reply {
        let (status, code) = match self.code {
            "UnrecognizedClientException" => (403, "InvalidClientTokenId"),
            "ExpiredTokenException" => (403, "ExpiredToken"),
            "MissingAuthenticationTokenException" => (403, "MissingAuthenticationToken"),
            "AccessDeniedException" => (403, "AccessDenied"),
            "TooManyRequestsException" => (400, "Throttling"),
            code => (self.status, code),
        };
        let kind = if status < 500 { "Sender" } else { "Receiver" };
        let body = format!(
            "<ErrorResponse xmlns=\"{STS}\">\n  <Error>\n    <Type>{kind}</Type>\n    <Code>{code}</Code>\n    \
             <Message>{}</Message>\n  </Error>\n  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
            self.message
        );
        Reply { status, retry_after: self.retry_after, ..Reply::ok("text/xml", body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(reply: &Reply) -> &str {
        std::str::from_utf8(&reply.body).unwrap()
    }

    #[test]
    fn a_page_has_a_token_only_when_there_is_more() {
        assert_eq!(text(&Reply::page([].into_iter(), None)), r#"{"items":[]}"#);
        let page = Reply::page(["{}", "{}"].into_iter(), Some("a+b/=="));
        assert_eq!(text(&page), r#"{"items":[{},{}],"nextToken":"a+b/=="}"#);
    }

    #[test]
    fn a_refusal_speaks_the_protocol_of_its_operation() {
        let refusal = Refusal::unrecognized_client();
        let json = refusal.reply(Operation::GetApis, "r");
        assert_eq!(json.error_type.as_deref(), Some("UnrecognizedClientException"));
        let xml = refusal.reply(Operation::GetCallerIdentity, "r");
        assert!(text(&xml).contains("<Code>InvalidClientTokenId</Code>"), "{}", text(&xml));
    }

    #[test]
    fn a_denial_names_user_action_and_resource() {
        let caller = Caller { account: "111122223333".to_owned(), region: "cn-north-1".to_owned() };
        let stages = Resource::Stages { api_id: "a1b2c3d4e5".to_owned() };
        assert_eq!(
            Refusal::denied(&caller, "GET", &stages).message,
            "User: arn:aws-cn:iam::111122223333:user/demo is not authorized to perform: apigateway:GET on resource: \
             arn:aws-cn:apigateway:cn-north-1::/apis/a1b2c3d4e5/stages"
        );
    }
}
