//! Replies that are not errors: pages and documents in JSON, answers in XML, and what faults make of them. It does not
//! decide which of them is given.

use std::borrow::Cow;

use serde_json::Value;

pub const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A whole answer, ready for the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    /// The value of `x-amzn-ErrorType`.
    pub error_type: Option<String>,
    /// Seconds of a `Retry-After`.
    pub retry_after: Option<u64>,
    pub location: Option<String>,
    pub content_encoding: Option<&'static str>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(body: impl Into<Vec<u8>>) -> Reply {
        Reply::ok("application/json", body)
    }

    pub fn json_1_1(body: &Value) -> Reply {
        Reply::ok("application/x-amz-json-1.1", body.to_string())
    }

    pub fn xml(body: String) -> Reply {
        Reply::ok("text/xml", body)
    }

    /// `{"items":[…],"nextToken":"…"}` from documents that are JSON already.
    pub fn page<'a>(items: impl Iterator<Item = Cow<'a, str>>, next_token: Option<&str>) -> Reply {
        let mut body = String::with_capacity(4096);
        body.push_str(r#"{"items":["#);
        for (index, item) in items.enumerate() {
            if index > 0 {
                body.push(',');
            }
            body.push_str(&item);
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

    /// The page with which a captive portal answers everything.
    pub fn web_page() -> Reply {
        Reply::ok(
            "text/html",
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>\n",
        )
    }

    pub fn redirect(status: u16, location: &str) -> Reply {
        Reply {
            status,
            location: Some(location.to_owned()),
            ..Reply::ok("text/html", "")
        }
    }

    /// The same answer with only the first half of its body.
    pub fn truncated(mut self) -> Reply {
        self.body.truncate(self.body.len() / 2);
        self
    }

    pub fn without_body(mut self) -> Reply {
        self.body.clear();
        self
    }

    pub fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status: 200,
            content_type,
            error_type: None,
            retry_after: None,
            location: None,
            content_encoding: None,
            body: body.into(),
        }
    }
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
