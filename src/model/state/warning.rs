//! Something worth knowing that is neither a violation nor a gap.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::codes::codes;

/// Something worth knowing that is neither a violation nor a gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// Kind of warning.
    pub kind: WarningName,
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

impl Warning {
    /// A warning about no account, Region, API or stage.
    #[must_use]
    pub const fn new(kind: WarningKind, message: String) -> Self {
        Self {
            kind: WarningName(Cow::Borrowed(kind.name())),
            message,
            account: None,
            region: None,
            api_id: None,
            stage: None,
        }
    }
}

codes! {
    /// The kinds of warnings that driftgate gives.
    WarningKind {
        AccountSuspended = "account-suspended": "An account of the organization is suspended or closed, so it was not read.",
        AccountUnknown = "account-unknown": "STS did not tell whose credentials these are, so findings have no account.",
        Deleted = "deleted": "An API or a stage was deleted after it was listed.",
        EmptyUnit = "empty-unit": "An organizational unit of `--accounts` has no account.",
        NotConfirmed = "not-confirmed": "A violation could not be looked at again before it was reported.",
        NothingExcluded = "nothing-excluded": "A name after `!` excludes nothing.",
        PlainHttp = "plain-http": "An endpoint URL sends requests without TLS.",
        PolicyFileNotRead = "policy-file-not-read": "A file in a folder of policies is not a policy, so it was not read.",
        PolicyUnused = "policy-unused": "The rules of a policy governed none of the stages that were read.",
        RegionDisabled = "region-disabled": "An account has not enabled a Region, so nothing can be in it.",
        RegionsFromList = "regions-from-list": "AWS did not list the Regions of an account; the list in driftgate was used.",
        Resumed = "resumed": "A part was read by an earlier run, which `--resume` continued.",
        ShardInterrupted = "shard-interrupted": "A signal ended a shard.",
        SpoolFailed = "spool-failed": "The spool could not be written, so a later `--resume` reads more again.",
        WaiverAcceptsNothing = "waiver-accepts-nothing": "The `accept` of a waiver can meet no violation of its rule.",
        WaiverExpired = "waiver-expired": "A waiver has expired; the violations it covered fail again.",
        WaiverExpiresSoon = "waiver-expires-soon": "A waiver expires within 14 days.",
        WaiverUnused = "waiver-unused": "A waiver was not needed by a whole run.",
        WaiverWithoutRule = "waiver-without-rule": "A waiver names a rule that the policies do not have.",
    }
}

/// The name of a kind, in kebab-case. That of a file may be of a later driftgate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WarningName(Cow<'static, str>);

impl WarningName {
    /// The name that a file gives.
    #[must_use]
    pub const fn from_file(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl std::ops::Deref for WarningName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<WarningKind> for WarningName {
    fn eq(&self, kind: &WarningKind) -> bool {
        self.0 == kind.name()
    }
}

impl fmt::Display for WarningName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
