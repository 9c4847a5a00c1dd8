//! Something worth knowing that is neither a violation nor a gap.

use serde::{Deserialize, Serialize};

/// Something worth knowing that is neither a violation nor a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Kind of warning, in kebab-case.
    pub kind: String,
    /// Description of the event.
    pub message: String,
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API.
    pub api_id: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}
