//! The end of a command without a result of its own.

use std::fmt::Display;

use crate::gate;

/// The reason why a command ended without a result of its own.
#[derive(Debug)]
pub struct Stop {
    /// The exit code.
    pub code: u8,
    /// The error message; empty if it is written already.
    pub message: String,
}

impl Stop {
    /// Wrong usage, or an input that cannot be audited: nothing was done.
    pub fn usage(message: impl Display) -> Self {
        Self {
            code: gate::USAGE,
            message: message.to_string(),
        }
    }

    /// The run itself failed.
    pub fn failed(message: impl Display) -> Self {
        Self {
            code: gate::FAILED,
            message: message.to_string(),
        }
    }

    /// The error message is written already.
    pub fn silent(code: u8) -> Self {
        Self {
            code,
            message: String::new(),
        }
    }
}
