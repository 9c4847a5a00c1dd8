//! Something that could not be read. A gap is data, not an error.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::codes::codes;
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
    /// AWS's error code, or that of a [`GapCode`].
    pub code: String,
    /// The error message, of AWS or our own.
    pub message: String,
    /// The remedy.
    pub hint: String,
}

codes! {
    /// Codes of gaps, where AWS gave none.
    GapCode {
        AccountNotFound = "AccountNotFound": "The organization does not have the account.",
        AnswerTooLarge = "AnswerTooLarge": "An answer was larger than any of AWS's.",
        ConnectionFailure = "ConnectionFailure": "No connection, or a broken one: DNS, network, proxy or TLS.",
        CredentialsFailure = "CredentialsFailure": "Credentials could not be found or renewed.",
        ForeignCredentials = "ForeignCredentials": "STS answered with the credentials of another account.",
        Incomplete = "Incomplete": "A file says that something is missing, without a reason.",
        InternalError = "InternalError": "A bug of driftgate.",
        Interrupted = "Interrupted": "A signal ended the run before it was read.",
        InvalidRequest = "InvalidRequest": "The request could not be built or sent.",
        InvalidResponse = "InvalidResponse": "An answer was not AWS's.",
        NextToken = "NextToken": "The output of the AWS CLI ends with a `NextToken`: more was not printed.",
        NotFound = "NotFound": "An API or stage that a flag names was not found.",
        RepeatedPageToken = "RepeatedPageToken": "The pages of a list do not end.",
        RequestTimeout = "RequestTimeout": "No answer came in time.",
        SpoolFailure = "SpoolFailure": "The file of `--resume` could not be read.",
        Timeout = "Timeout": "The time of `--timeout` was over.",
        TwoAnswers = "TwoAnswers": "AWS returned one item twice, with different contents.",
        UnknownError = "UnknownError": "AWS refused without a code.",
    }
}

impl From<GapCode> for String {
    fn from(code: GapCode) -> Self {
        code.name().to_owned()
    }
}

/// The scopes, accounts and fleet that gaps name.
pub struct Explained<'g>(BTreeSet<(Option<&'g str>, Option<&'g str>)>);

impl<'g> Explained<'g> {
    /// Those of some gaps.
    #[must_use]
    pub fn of(gaps: &'g [Gap]) -> Self {
        Self(
            gaps.iter()
                .map(|gap| (gap.account.as_deref(), gap.region.as_deref()))
                .collect(),
        )
    }

    /// True if a gap names the scope, its account, or the whole fleet.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        let (account, region) = (scope.account.as_deref(), scope.region.as_deref());
        [
            (account, region),
            (account, None),
            (None, region),
            (None, None),
        ]
        .iter()
        .any(|place| self.0.contains(place))
    }
}
