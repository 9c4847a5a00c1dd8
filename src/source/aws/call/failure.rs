//! A call that has no answer: the kind of the failure, its code and its message. It must not know the SDK's errors.

use super::failure_kind::FailureKind;
use super::operation::Operation;
use super::stop::Reason;

/// The longest message that is kept, in characters. The text is whatever the other side sent.
const LONGEST_MESSAGE: usize = 500;
/// The longest code that is kept, in characters; AWS's are far shorter.
const LONGEST_CODE: usize = 100;
/// Beginnings of a request as AWS quotes it where a signature is wrong.
const QUOTED_REQUEST: [&str; 2] = ["The Canonical String", "The String-to-Sign"];

#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    /// AWS's code, or that of the kind.
    pub code: String,
    pub message: String,
    pub attempts: u32,
    /// The ARN of the role that was to be assumed.
    pub role: Option<String>,
}

impl Failure {
    /// A failure with a code of driftgate's own.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self::coded(kind, kind.code(), message)
    }

    /// A failure with AWS's code.
    pub fn coded(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (
            capped(code.into(), LONGEST_CODE),
            capped(own_words(message.into()), LONGEST_MESSAGE),
        );
        Self {
            kind,
            code,
            message,
            attempts: 1,
            role: None,
        }
    }

    /// An item that AWS returned twice, with different contents.
    pub fn two_answers(operation: Operation, item: &str) -> Self {
        let message = format!(
            "two answers: {} lists {item} twice, with different contents",
            operation.name()
        );
        Self::new(FailureKind::TwoAnswers, message)
    }

    /// An API or a stage (`item`) that AWS reports missing, although AWS lists it.
    pub fn but_listed(self, by: Operation, item: &str) -> Self {
        Self {
            message: format!("{}, and {} still lists the {item}", self.message, by.name()),
            ..self
        }
    }

    /// An item that AWS reports missing, where the second look failed.
    pub fn not_looked_up(self, why: &Self) -> Self {
        let message = format!(
            "{}; looked up again: {}: {}",
            self.message, why.code, why.message
        );
        Self { message, ..self }
    }

    /// An answer that is not what the call returns.
    pub fn broken(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Broken, message)
    }

    /// A request that no client could send.
    pub fn unsendable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unsendable, message)
    }

    /// A fetch that was stopped before the call was answered; `before` is the failure of its last attempt.
    pub fn stopped(why: Reason, before: Option<&Self>) -> Self {
        let message = match why {
            Reason::Timeout => "the time for the whole fetch was over",
            Reason::Interrupted => "the fetch was interrupted",
        };
        let message = before.map_or_else(
            || message.to_owned(),
            |before| {
                format!(
                    "{message}; the last attempt: {}: {}",
                    before.code, before.message
                )
            },
        );
        Self::new(FailureKind::Stopped(why), message)
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Internal, message)
    }
}

/// A message without the request that it quotes, which holds the session token.
fn own_words(mut message: String) -> String {
    if let Some(end) = QUOTED_REQUEST
        .iter()
        .filter_map(|start| message.find(start))
        .min()
    {
        message.truncate(end);
        message.truncate(message.trim_end().len());
    }
    message
}

fn capped(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
    text
}
