//! Replies that are not errors: pages and documents in JSON, answers in XML, and what faults make of them. It does not
//! decide which of them is given.

use std::borrow::Cow;

use serde_json::Value;

/// The namespace of STS's answers.
pub(super) const STS: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A whole answer, ready for the wire.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    /// What goes into `x-amzn-ErrorType`.
    pub(super) error_type: Option<String>,
    /// Seconds of a `Retry-After`.
    pub(super) retry_after: Option<u64>,
    /// Of a redirect.
    pub(super) location: Option<String>,
    pub(super) content_encoding: Option<&'static str>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn json(body: impl Into<Vec<u8>>) -> Reply {
        Reply::ok("application/json", body)
    }

    pub(super) fn json_1_1(body: &Value) -> Reply {
        Reply::ok("application/x-amz-json-1.1", body.to_string())
    }

    pub(super) fn xml(body: String) -> Reply {
        Reply::ok("text/xml", body)
    }

    /// `{"items":[…],"nextToken":"…"}` from documents that are JSON already.
    pub(super) fn page<'a>(items: impl Iterator<Item = Cow<'a, str>>, next_token: Option<&str>) -> Reply {
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

    /// What a captive portal says to everything.
    pub(super) fn web_page() -> Reply {
        Reply::ok(
            "text/html",
            "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome</body></html>\n",
        )
    }

    pub(super) fn redirect(status: u16, location: &str) -> Reply {
        Reply { status, location: Some(location.to_owned()), ..Reply::ok("text/html", "") }
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

    pub(super) fn ok(content_type: &'static str, body: impl Into<Vec<u8>>) -> Reply {
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

/// The text with what XML has other uses for.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_token_only_when_there_is_more() {
        let text = |items: &[&'static str], token| {
            let page = Reply::page(items.iter().map(|item| Cow::Borrowed(*item)), token);
            String::from_utf8(page.body).unwrap()
        };
        assert_eq!(text(&[], None), r#"{"items":[]}"#);
        assert_eq!(text(&["{}", "{}"], Some("a+b/==")), r#"{"items":[{},{}],"nextToken":"a+b/=="}"#);
    }
}
