//! The kinds of failures: driftgate's own codes for them, and the advice that each comes with. It must not know calls.

use std::time::Duration;

use super::stop::Reason;
use crate::model::state::GapCode;

/// The kind of a failure, on which depends what the caller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Too many requests, with the pause that AWS requests, if any.
    Throttled(Option<Duration>),
    Server,
    Connection,
    /// The host refused the connection or cannot be reached.
    Unreachable,
    Unresolved,
    /// The TLS handshake failed, or the certificate is not trusted.
    Tls,
    /// The proxy cannot be reached, or lets nothing through.
    Proxy,
    Slow,
    /// The answer is not what the call returns.
    Broken,
    /// A redirect, which AWS never sends.
    Redirected,
    /// The answer is larger than any of AWS's.
    TooLarge,
    /// The request cannot be built or sent.
    Unsendable,
    Expired,
    /// The session has expired, as so many answers reported that nothing more is sent.
    SessionOver,
    /// AWS does not know these credentials in this Region.
    UnknownCredentials,
    /// The signature is wrong, most often because of the clock.
    Signature,
    /// The credentials cannot be found any more.
    Credentials,
    /// STS answered with the credentials of another account.
    ForeignCredentials,
    /// AWS knows the caller, and refuses.
    Denied,
    Missing,
    /// The organization does not have the account.
    NoSuchAccount,
    /// The caller's account is in no organization.
    NoOrganization,
    Endless,
    /// AWS returned one item twice, with different contents.
    TwoAnswers,
    /// The spool of an earlier run cannot be read.
    Spool,
    Stopped(Reason),
    Internal,
    Other,
}

impl FailureKind {
    /// The code where AWS gave none. The code of an answer that names none is `Http` and its status.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Connection | Self::Unreachable | Self::Unresolved | Self::Tls | Self::Proxy => {
                GapCode::ConnectionFailure.name()
            }
            Self::Slow => GapCode::RequestTimeout.name(),
            Self::Broken => GapCode::InvalidResponse.name(),
            Self::TooLarge => GapCode::AnswerTooLarge.name(),
            Self::Unsendable => GapCode::InvalidRequest.name(),
            Self::Expired | Self::SessionOver => "ExpiredTokenException",
            Self::UnknownCredentials => "UnrecognizedClientException",
            Self::Credentials => GapCode::CredentialsFailure.name(),
            Self::ForeignCredentials => GapCode::ForeignCredentials.name(),
            Self::NoSuchAccount => GapCode::AccountNotFound.name(),
            Self::Endless => GapCode::RepeatedPageToken.name(),
            Self::TwoAnswers => GapCode::TwoAnswers.name(),
            Self::Spool => GapCode::SpoolFailure.name(),
            Self::Stopped(reason) => reason.code(),
            Self::Internal => GapCode::InternalError.name(),
            // AWS's own code is always there.
            Self::Throttled(_)
            | Self::Server
            | Self::Redirected
            | Self::Signature
            | Self::Denied
            | Self::Missing
            | Self::NoOrganization
            | Self::Other => GapCode::UnknownError.name(),
        }
    }

    /// The advice on what to do, where it does not depend on the call.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Throttled(_) => {
                "others use the account's quota too: lower --rate, or run at a quieter time"
            }
            Self::Server => "the service failed: run again later",
            Self::Connection => "the connection broke: check the network and the endpoint URL",
            Self::Unreachable => {
                "the host does not answer: check the endpoint URL, the network and its firewall"
            }
            Self::Unresolved => {
                "the host name cannot be resolved: check DNS, the Region's name and the endpoint URL, and whether a proxy \
                 (HTTPS_PROXY) is needed"
            }
            Self::Tls => {
                "TLS failed or is not trusted: name the certificates of a proxy or a private endpoint in AWS_CA_BUNDLE, \
                 and check the endpoint URL"
            }
            Self::Proxy => "the proxy lets nothing through: check HTTPS_PROXY and NO_PROXY",
            Self::Slow => {
                "no answer came in time: check the network, the proxy and the endpoint URL"
            }
            Self::Broken => {
                "the answer is not AWS's: look for a proxy or a sign-in page in between, and check the endpoint URL"
            }
            Self::Redirected => {
                "AWS never redirects: look for a proxy or a sign-in page in between, and check the endpoint URL"
            }
            Self::TooLarge => {
                "AWS's answers are far smaller: check the endpoint URL and the network in between"
            }
            Self::Unsendable => {
                "it was not sent: check AWS's earlier answers, and the endpoint URL"
            }
            Self::Expired | Self::SessionOver | Self::Credentials => {
                "renew the credentials and run again"
            }
            Self::UnknownCredentials => {
                "the credentials are wrong: check the access key, or renew the session"
            }
            Self::Signature => "check this machine's clock, then the secret access key",
            Self::ForeignCredentials => {
                "check the endpoint URL of STS: it answers with another role"
            }
            Self::Missing => {
                "the endpoint does not know the requested item: check the endpoint URL"
            }
            Self::NoSuchAccount => "check the id or the name, or leave it out of --accounts",
            Self::NoOrganization => {
                "the caller's account is in no organization: name the accounts with --accounts"
            }
            Self::Endless => "run again; if it persists, the endpoint's paging is broken",
            Self::TwoAnswers => "it may have been changed while it was listed: run again",
            Self::Spool => "remove the file and start over with --spool",
            Self::Stopped(Reason::Timeout) => "raise --timeout, or audit less in one run",
            Self::Stopped(Reason::Interrupted) => "run again to read the rest",
            Self::Internal => "this is a bug of driftgate: please report it",
            Self::Denied | Self::Other => "see the message; `driftgate -v` shows every attempt",
        }
    }

    /// True if the same request may be answered when it is sent again.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Throttled(_) | Self::Server | Self::Connection | Self::Slow | Self::Broken
        ) || self.never_connected()
    }

    pub const fn never_connected(self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Unresolved | Self::Tls | Self::Proxy
        )
    }
}
