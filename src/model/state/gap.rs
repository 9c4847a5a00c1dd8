//! Something that could not be read. A gap is data, not an error.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::scope::Scope;

/// Something that could not be read: where, what was tried, what came back, what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API; `None` when the Region's APIs could not be listed.
    pub api_id: Option<String>,
    /// The stage; `None` when all of the API's are missing.
    pub stage: Option<String>,
    /// The call that failed, by AWS's name.
    pub operation: String,
    /// AWS's error code, or ours (`Timeout`, `Interrupted`, …).
    pub code: String,
    /// The error message, of AWS or our own.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

/// The scopes, accounts and fleet that gaps name.
pub struct Explained<'g>(BTreeSet<(Option<&'g str>, Option<&'g str>)>);

impl<'g> Explained<'g> {
    /// Those of some gaps.
    #[must_use]
    pub fn of(gaps: &'g [Gap]) -> Self {
        Self(gaps.iter().map(|gap| (gap.account.as_deref(), gap.region.as_deref())).collect())
    }

    /// True if a gap names the scope, its account, or the whole fleet.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        let (account, region) = (scope.account.as_deref(), scope.region.as_deref());
        [(account, region), (account, None), (None, region), (None, None)].iter().any(|place| self.0.contains(place))
    }
}
