//! An account and a Region of a state, and how much of it was read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One account and Region, and how far it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The account; `None` when it is not stated.
    pub account: Option<String>,
    /// The Region; `None` when it is not stated.
    pub region: Option<String>,
    /// APIs in scope that were found; each of them is in exactly one of the four counts that follow.
    #[serde(default)]
    pub apis: u64,
    /// APIs whose stages were read.
    #[serde(default)]
    pub checked_apis: u64,
    /// APIs that were not fetched because no rule can match their stages.
    #[serde(default)]
    pub skipped_apis: u64,
    /// APIs that were deleted after they were listed.
    #[serde(default)]
    pub deleted_apis: u64,
    /// APIs whose stages could not be read, or not all of them.
    #[serde(default)]
    pub unchecked_apis: u64,
    /// Stages that were read.
    #[serde(default)]
    pub stages: u64,
    /// Requests that were sent to API Gateway, retries included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Completeness of its reading.
    pub outcome: ScopeOutcome,
}

/// Completeness of a scope's reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScopeOutcome {
    /// All of it.
    Checked,
    /// Some of it.
    Partial,
    /// None of it.
    #[default]
    Unchecked,
    /// None of it, as configured.
    Excluded,
}

impl ScopeOutcome {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Partial => "partial",
            Self::Unchecked => "unchecked",
            Self::Excluded => "excluded",
        }
    }
}

/// The name of a scope. In its order, one that is not stated comes first.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScopeName {
    /// The account; `None` when it is not stated.
    pub account: Option<String>,
    /// The Region; `None` when it is not stated.
    pub region: Option<String>,
}

impl fmt::Display for ScopeName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |part: &'_ Option<String>| part.clone().unwrap_or_else(|| "null".to_owned());
        write!(out, "{} {}", part(&self.account), part(&self.region))
    }
}

impl Scope {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> ScopeName {
        ScopeName {
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }

    /// True if something was to be read and was not.
    #[must_use]
    pub const fn is_unread(&self) -> bool {
        matches!(
            self.outcome,
            ScopeOutcome::Partial | ScopeOutcome::Unchecked
        )
    }
}
