//! What went wrong with a call: the SDK's errors to a code, a message and a hint. It must not decide what to do about it.
//!
//! The codes are AWS's. Where no answer of AWS came they are ours: `ConnectionFailure`, `RequestTimeout`,
//! `InvalidResponse`, `AnswerTooLarge`, `RepeatedPageToken`, `TwoAnswers`, `ForeignCredentials`, `CredentialsFailure`,
//! `InvalidRequest`, `Timeout`, `Interrupted`, `InternalError`, and `Http…` with the status of an answer that names no
//! code.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};

use super::permission::{Blame, Permission};
use super::stop::Reason;
use crate::model::feed::Gap;
use crate::source::aws::access::http::TooLarge;

/// The longest message that is kept, in characters. The text is whatever the other side sent.
const LONGEST_MESSAGE: usize = 500;
/// The longest code that is kept, in characters; AWS's are far shorter.
const LONGEST_CODE: usize = 100;

/// The longest page token that is sent back, in bytes; AWS's have a few hundred.
const LONGEST_TOKEN: usize = 16 << 10;

/// A call, by AWS's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    GetCallerIdentity,
    ListAccounts,
    ListOrganizationalUnitsForParent,
    ListAccountsForParent,
    AssumeRole,
    ListRegions,
    DescribeRegions,
    GetApis,
    GetApi,
    GetStages,
    GetStage,
}

impl Operation {
    pub const fn name(self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::ListAccounts => "ListAccounts",
            Self::ListOrganizationalUnitsForParent => "ListOrganizationalUnitsForParent",
            Self::ListAccountsForParent => "ListAccountsForParent",
            Self::AssumeRole => "AssumeRole",
            Self::ListRegions => "ListRegions",
            Self::DescribeRegions => "DescribeRegions",
            Self::GetApis => "GetApis",
            Self::GetApi => "GetApi",
            Self::GetStages => "GetStages",
            Self::GetStage => "GetStage",
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub account: Option<&'a str>,
    /// `None` where the call is not about a Region.
    pub region: Option<&'a str>,
    pub api_id: Option<&'a str>,
    pub stage: Option<&'a str>,
}

/// What kind of failure it is: what the caller does next hangs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Too many requests; after how long AWS wants the next one, if it says so.
    Throttled(Option<Duration>),
    /// The service failed, 5xx.
    Server,
    /// There was no connection, or it broke.
    Connection,
    /// There was nobody to connect to.
    Unreachable,
    /// The host has no address.
    Unresolved,
    /// The two ends found no TLS, or the certificate is not trusted.
    Tls,
    /// The proxy is not there, or lets nothing through.
    Proxy,
    /// No answer came in time.
    Slow,
    /// An answer came, and it is not what the call returns.
    Broken,
    /// The session is over.
    Expired,
    /// AWS does not know these credentials, here.
    UnknownCredentials,
    /// The signature is wrong, most often because of the clock.
    Signature,
    /// There are no credentials any more.
    Credentials,
    /// AWS knows who asks, and refuses.
    Denied,
    /// What was asked for does not exist.
    Missing,
    /// The pages of a list do not come to an end.
    Endless,
    /// The same item was answered twice, differently.
    TwoAnswers,
    /// The answer is larger than any of AWS's.
    TooLarge,
    /// The fetch was stopped.
    Stopped(Reason),
    /// Anything else.
    Other,
}

/// Why a call has no answer.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    pub code: String,
    pub message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// The ARN of the role that was asked for, where one was.
    pub role: Option<String>,
}

/// Beginnings of a request as AWS quotes it where a signature is wrong.
const QUOTED_REQUEST: [&str; 2] = ["The Canonical String", "The String-to-Sign"];

/// A message without the request that it quotes, which holds the session token.
fn own_words(mut message: String) -> String {
    if let Some(end) = QUOTED_REQUEST.iter().filter_map(|start| message.find(start)).min() {
        message.truncate(end);
        message.truncate(message.trim_end().len());
    }
    message
}

impl Failure {
    fn new(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (capped(code.into(), LONGEST_CODE), capped(own_words(message.into()), LONGEST_MESSAGE));
        Self { kind, code, message, attempts: 1, role: None }
    }

    /// What the SDK's error says. Its `Debug` holds whole answers, so only its `Display` and its causes are used.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if chain(error).any(<dyn Error>::is::<TooLarge>) {
            return Self::new(FailureKind::TooLarge, "AnswerTooLarge", causes(error));
        }
        match error {
            SdkError::ServiceError(refused) => Self::answered(refused.raw(), refused.err(), Some(refused.err().meta())),
            // So the newer of the SDK's crates see a refusal that names no code, such as a proxy's.
            SdkError::ResponseError(refused) => match Self::answered(refused.raw(), error, None) {
                unclear if unclear.kind == FailureKind::Other => {
                    Self::broken(format!("{}: {}", unclear.message, causes(error)))
                }
                said => said,
            },
            SdkError::TimeoutError(_) => Self::new(FailureKind::Slow, "RequestTimeout", causes(error)),
            _ if credentials_error(error).is_some() => {
                Self::new(FailureKind::Credentials, "CredentialsFailure", causes(error))
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::new(FailureKind::Slow, "RequestTimeout", causes(error))
            }
            SdkError::DispatchFailure(_) => Self::new(unconnected(error), "ConnectionFailure", causes(error)),
            _ => Self::new(FailureKind::Other, "InvalidRequest", causes(error)),
        }
    }

    fn answered(raw: &HttpResponse, error: &(dyn Error + 'static), meta: Option<&ErrorMetadata>) -> Self {
        let status = raw.status().as_u16();
        if raw.status().is_success() {
            return Self::broken(causes(error));
        }
        // Where the body is not JSON, the SDK keeps nothing of the header either.
        let header = raw.headers().get("x-amzn-errortype").and_then(|header| {
            let name = header.split(':').next()?;
            name.rsplit('#').next().map(str::trim).filter(|name| !name.is_empty())
        });
        // What names no code is for the SDK an unhandled error, and what it does say is a cause of that.
        let meta = chain(error).find_map(|cause| cause.downcast_ref::<ErrorMetadata>()).or(meta);
        let code = meta.and_then(ErrorMetadata::code).or(header).map_or_else(|| format!("Http{status}"), str::to_owned);
        let message =
            meta.and_then(ErrorMetadata::message).map_or_else(|| format!("HTTP status {status}"), str::to_owned);
        let kind = match code.as_str() {
            "TooManyRequestsException"
            | "LimitExceededException"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "RequestLimitExceeded"
            | "SlowDown" => FailureKind::Throttled(retry_after(raw)),
            code if code.starts_with("Throttl") => FailureKind::Throttled(retry_after(raw)),
            "ExpiredTokenException" | "ExpiredToken" => FailureKind::Expired,
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "AuthFailure"
            | "MissingAuthenticationTokenException"
            | "MissingAuthenticationToken" => FailureKind::UnknownCredentials,
            "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
            | "IncompleteSignature"
            | "IncompleteSignatureException" => FailureKind::Signature,
            "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" => FailureKind::Denied,
            "NotFoundException" if status == 404 => FailureKind::Missing,
            _ => match status {
                429 => FailureKind::Throttled(retry_after(raw)),
                408 => FailureKind::Slow,
                500.. => FailureKind::Server,
                _ => FailureKind::Other,
            },
        };
        Self::new(kind, code, message)
    }

    /// What an earlier run kept could not be read again.
    pub fn not_kept(why: &io::Error) -> Self {
        Self::new(FailureKind::Other, "SpoolFailure", format!("what --resume goes on from could not be read: {why}"))
    }

    /// STS answered AssumeRole with the credentials of another account.
    pub fn foreign_credentials(account: &str) -> Self {
        Self::new(
            FailureKind::Other,
            "ForeignCredentials",
            format!("STS answered with credentials of account {account}"),
        )
    }

    /// AWS answered the same item twice, differently.
    pub fn two_answers(operation: Operation, what: &str) -> Self {
        let message = format!("two answers: {} lists {what} twice, with different contents", operation.name());
        Self::new(FailureKind::TwoAnswers, "TwoAnswers", message)
    }

    /// AWS says that an API does not exist, and lists it.
    pub fn but_listed(self) -> Self {
        Self { message: format!("{}, and GetApis still lists the API", self.message), ..self }
    }

    /// AWS says that an API does not exist, and could not be asked again.
    pub fn not_looked_up(self, why: &Self) -> Self {
        let message = format!("{}; looked up again: {}: {}", self.message, why.code, why.message);
        Self { message, ..self }
    }

    /// An answer that is not what the call returns.
    pub fn broken(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Broken, "InvalidResponse", what)
    }

    /// A request that no client could send, so that it is not tried again.
    pub fn unsendable(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Other, "InvalidRequest", what)
    }

    /// Checks a page token: it is sent back in a URL, and no server takes one as long as the longest that is let through.
    pub fn check_token(token: &str) -> Result<(), Self> {
        if token.len() <= LONGEST_TOKEN {
            return Ok(());
        }
        Err(Self::unsendable(format!("the page token of the answer cannot be sent back: it has {} bytes", token.len())))
    }

    /// The pages of a list do not come to an end.
    pub fn endless(operation: Operation, pages: usize) -> Self {
        let message = format!("the pages of {} come to no end: given up after {pages}", operation.name());
        Self::new(FailureKind::Endless, "RepeatedPageToken", message)
    }

    /// The fetch was stopped before the call was answered; `before` is what became of its last attempt.
    pub fn stopped(why: Reason, before: Option<&Self>) -> Self {
        let (code, message) = match why {
            Reason::Timeout => ("Timeout", "the time for the whole fetch was over"),
            Reason::Interrupted => ("Interrupted", "the fetch was interrupted"),
        };
        let message = before.map_or_else(
            || message.to_owned(),
            |before| format!("{message}; the last attempt: {}: {}", before.code, before.message),
        );
        Self::new(FailureKind::Stopped(why), code, message)
    }

    /// So many answers said that the session is over that nothing more is sent.
    pub fn session_is_over() -> Self {
        Self::new(
            FailureKind::Expired,
            "ExpiredTokenException",
            "not sent: the session is over, as answers before it said",
        )
    }

    /// AWS does not know the credentials.
    #[cfg(test)]
    pub fn unknown(message: &str) -> Self {
        Self::new(FailureKind::UnknownCredentials, "UnrecognizedClientException", message)
    }

    /// An account was asked for that the organization does not have.
    pub fn no_such_account(who: &str) -> Self {
        let message = format!("{who} was asked for and is no account of the organization");
        Self { attempts: 1, ..Self::new(FailureKind::Missing, "AccountNotFound", message) }
    }

    /// A part of driftgate itself failed.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(FailureKind::Other, "InternalError", what)
    }

    /// Whether the same request may be answered when it is sent again.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            FailureKind::Throttled(_)
                | FailureKind::Server
                | FailureKind::Connection
                | FailureKind::Slow
                | FailureKind::Broken
        ) || self.never_connected()
    }

    /// Whether there was no connection at all.
    pub const fn never_connected(&self) -> bool {
        matches!(self.kind, FailureKind::Unreachable | FailureKind::Unresolved | FailureKind::Tls | FailureKind::Proxy)
    }

    /// The entry of the tally: what could not be read, and what to do about it.
    pub fn gap(&self, operation: Operation, at: Subject<'_>) -> Gap {
        Gap {
            account: at.account.map(str::to_owned),
            region: at.region.map(str::to_owned),
            api_id: at.api_id.map(str::to_owned),
            stage: at.stage.map(str::to_owned),
            operation: operation.name().to_owned(),
            code: self.code.clone(),
            message: self.message.clone(),
            hint: self.hint(operation, at),
        }
    }

    /// What IAM would have to allow.
    pub fn permission(&self, operation: Operation, at: Subject<'_>) -> Permission {
        Permission::of(operation, at, self.role.as_deref())
    }

    fn hint(&self, operation: Operation, at: Subject<'_>) -> String {
        let advice = match self.kind {
            FailureKind::Throttled(_) => {
                "others use the account's quota too: lower --rate, or run at a quieter time".to_owned()
            }
            FailureKind::Server => "the service failed: run again later".to_owned(),
            FailureKind::Connection => "the connection broke: check the network and the endpoint URL".to_owned(),
            FailureKind::Unreachable => {
                "nobody answers there: check the endpoint URL, the network and its firewall".to_owned()
            }
            FailureKind::Unresolved => {
                "the host is not known: check DNS, the Region's name and the endpoint URL, and whether a proxy \
                 (HTTPS_PROXY) is needed"
                    .to_owned()
            }
            FailureKind::Tls => {
                "no TLS that can be trusted: name the certificates of a proxy or a private endpoint in AWS_CA_BUNDLE, \
                 and check the endpoint URL"
                    .to_owned()
            }
            FailureKind::Proxy => "the proxy lets nothing through: check HTTPS_PROXY and NO_PROXY".to_owned(),
            FailureKind::Slow => "no answer came in time: check the network, the proxy and the endpoint URL".to_owned(),
            FailureKind::Broken => {
                "the answer is not AWS's: look for a proxy or a sign-in page in between, and check the endpoint URL"
                    .to_owned()
            }
            FailureKind::Expired | FailureKind::Credentials => "renew the credentials and run again".to_owned(),
            FailureKind::UnknownCredentials => at.region.map_or_else(
                || "the credentials are wrong: check the access key, or renew the session".to_owned(),
                |region| {
                    format!(
                        "either the Region {region} is not enabled for the account (leave it out, or enable it), or \
                         the credentials are wrong"
                    )
                },
            ),
            FailureKind::Signature => "check this machine's clock, then the secret access key".to_owned(),
            FailureKind::Denied => {
                let statement = format!("allow {}", self.permission(operation, at));
                if Blame::of(&self.message) == Blame::ServiceControl {
                    format!(
                        "a service control policy (SCP) of the organization denies it, which no IAM policy can undo; it must {statement}"
                    )
                } else if self.message.contains("permissions boundary") {
                    format!("the permissions boundary of the user or role denies it; the boundary must {statement} too")
                } else if operation == Operation::AssumeRole {
                    // AWS says the same of a role that does not exist.
                    format!(
                        "check that the role exists and that its trust policy names the caller and the external id; the caller's policy must {statement}"
                    )
                } else {
                    statement
                }
            }
            FailureKind::Missing if self.code == "AccountNotFound" => {
                "check the id or the name, or leave it out of --accounts".to_owned()
            }
            FailureKind::Missing => "the endpoint does not know what was asked for: check the endpoint URL".to_owned(),
            FailureKind::TooLarge => {
                "AWS's answers are far smaller: check the endpoint URL, and what is between here and AWS".to_owned()
            }
            FailureKind::TwoAnswers => "it may have been changed while it was listed: run again".to_owned(),
            FailureKind::Endless => "run again; if it stays, the endpoint's paging is broken".to_owned(),
            FailureKind::Stopped(Reason::Timeout) => "raise --timeout, or audit less in one run".to_owned(),
            FailureKind::Stopped(Reason::Interrupted) => "run again to read the rest".to_owned(),
            FailureKind::Other if self.code == "ForeignCredentials" => {
                "check the endpoint URL of STS: what answers there assumes another role".to_owned()
            }
            FailureKind::Other if self.code == "SpoolFailure" => {
                "remove the file and begin anew with --spool".to_owned()
            }
            FailureKind::Other if self.code == "AWSOrganizationsNotInUseException" => {
                "the caller's account is in no organization: name the accounts with --accounts".to_owned()
            }
            FailureKind::Other if self.code.starts_with("Http3") => {
                "AWS redirects nobody: look for a proxy or a sign-in page in between, and check the endpoint URL"
                    .to_owned()
            }
            FailureKind::Other if self.code == "InvalidRequest" => {
                "it was not sent: check what AWS answered before, and the endpoint URL".to_owned()
            }
            FailureKind::Other if self.code == "InternalError" => {
                "this is a bug of driftgate: please report it".to_owned()
            }
            FailureKind::Other => "see the message; `driftgate -v` shows every attempt".to_owned(),
        };
        match self.attempts {
            0 | 1 => advice,
            attempts => format!("{advice} (given up after {attempts} attempts)"),
        }
    }
}

/// The credentials error among the causes, if one is.
pub fn credentials_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CredentialsError> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source())
}

/// Why there was no connection, or that it broke.
fn unconnected(error: &(dyn Error + 'static)) -> FailureKind {
    // What looks names up, what speaks TLS and what goes through a proxy have no errors of their own to ask for. That
    // of the proxy comes first: what failed may have failed behind it.
    let said: Vec<String> = chain(error).map(ToString::to_string).collect();
    let refused = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable
            )
        })
    };
    let begins = |start: &str| said.iter().any(|cause| cause.starts_with(start));
    if begins("tunnel error") {
        FailureKind::Proxy
    } else if begins("TLS handshake failed") {
        FailureKind::Tls
    } else if begins("dns error") {
        FailureKind::Unresolved
    } else if chain(error).any(refused) {
        FailureKind::Unreachable
    } else {
        FailureKind::Connection
    }
}

/// The causes of an error, outermost first; the error itself where it has none. The outermost names of the SDK ("dispatch
/// failure", "unhandled error") say nothing, their causes do.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        let cause = cause.to_string();
        // Some errors repeat what their cause says.
        if said.last().is_none_or(|last| !last.contains(&cause)) {
            said.push(cause);
        }
    }
    if said.is_empty() { error.to_string() } else { said.join(": ") }
}

/// The seconds of `Retry-After`; a date there is not used by AWS.
fn retry_after(raw: &HttpResponse) -> Option<Duration> {
    raw.headers().get("retry-after")?.trim().parse().ok().map(Duration::from_secs)
}

fn capped(mut text: String, longest: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(longest) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests;
