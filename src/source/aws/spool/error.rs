//! The errors of a spool. It must not know exit codes.

use std::fmt;

/// The reason why a spool cannot be used. The text names the problem, the place and the remedy.
#[derive(Debug)]
pub struct Error {
    message: String,
    usage: bool,
}

impl Error {
    /// A wrong file: another attempt would fail as well.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            usage: true,
        }
    }

    /// The right file cannot be used now: it is in use, or reading or writing it failed.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            usage: false,
        }
    }

    /// True if another attempt would fail as well.
    pub const fn is_usage(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
