//! The page tokens of a list, which end some day. It must not know what is listed.

use std::collections::HashSet;

use super::failure::Failure;
use super::failure_kind::FailureKind;
use super::operation::Operation;

/// The longest page token that is sent back, in bytes; AWS's have a few hundred.
const LONGEST: usize = 16 << 10;

/// The page tokens of a list. Each may come once, and only so many: more are a circle that the tokens do not show.
pub struct PageTokens {
    operation: Operation,
    most: usize,
    pages: usize,
    seen: HashSet<String>,
}

impl PageTokens {
    /// Tokens for at most so many pages.
    pub fn new(operation: Operation, most: usize) -> Self {
        Self {
            operation,
            most,
            pages: 0,
            seen: HashSet::new(),
        }
    }

    /// Takes the token of a page that was read. Returns it if there is a next page.
    pub fn next(&mut self, token: Option<String>) -> Result<Option<String>, Failure> {
        self.pages += 1;
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        // It is sent back in a URL, and no server takes one as long as the longest allowed here.
        if token.len() > LONGEST {
            let length = token.len();
            let message =
                format!("the page token of the answer cannot be sent back: it has {length} bytes");
            return Err(Failure::unsendable(message));
        }
        if self.pages >= self.most || !self.seen.insert(token.clone()) {
            Err(self.endless())
        } else {
            Ok(Some(token))
        }
    }

    /// The failure of a list whose pages do not end.
    pub fn endless(&self) -> Failure {
        let message = format!(
            "the pages of {} do not end: given up after {}",
            self.operation.name(),
            self.pages
        );
        Failure::new(FailureKind::Endless, message)
    }
}
