//! The SDK's errors as failures. It must not decide what is done about them.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};

use super::failure::Failure;
use super::failure_kind::FailureKind;

/// The most bytes that an answer may have. A page of AWS's has a few hundred KiB.
pub const LARGEST_ANSWER: usize = 32 << 20;

/// An answer with more bytes than [`LARGEST_ANSWER`].
#[derive(Debug)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "the answer is larger than {} MiB",
            LARGEST_ANSWER >> 20
        )
    }
}

impl Error for TooLarge {}

impl Failure {
    /// The failure that the SDK's error means. Its `Debug` holds whole answers, so only its `Display` and its causes are
    /// used.
    pub fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if chain(error).any(<dyn Error>::is::<TooLarge>) {
            return Self::new(FailureKind::TooLarge, causes(error));
        }
        match error {
            SdkError::ServiceError(refused) => {
                Self::answered(refused.raw(), refused.err(), Some(refused.err().meta()))
            }
            // The newer crates of the SDK report a refusal without a code so, such as a proxy's.
            SdkError::ResponseError(refused) => match Self::answered(refused.raw(), error, None) {
                unclear if matches!(unclear.kind, FailureKind::Other | FailureKind::Redirected) => {
                    Self::broken(format!("{}: {}", unclear.message, causes(error)))
                }
                failure => failure,
            },
            SdkError::TimeoutError(_) => Self::new(FailureKind::Slow, causes(error)),
            _ if credentials_error(error).is_some() => {
                Self::new(FailureKind::Credentials, causes(error))
            }
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::new(FailureKind::Slow, causes(error))
            }
            SdkError::DispatchFailure(_) => Self::new(unconnected(error), causes(error)),
            _ => Self::new(FailureKind::Unsendable, causes(error)),
        }
    }

    fn answered(
        raw: &HttpResponse,
        error: &(dyn Error + 'static),
        meta: Option<&ErrorMetadata>,
    ) -> Self {
        let status = raw.status().as_u16();
        if raw.status().is_success() {
            return Self::broken(causes(error));
        }
        // If the body is not JSON, the SDK drops the header as well.
        let header = raw.headers().get("x-amzn-errortype").and_then(|header| {
            let name = header.split(':').next()?;
            name.rsplit('#')
                .next()
                .map(str::trim)
                .filter(|name| !name.is_empty())
        });
        // An answer without a code is an unhandled error for the SDK, and its text is a cause of that error.
        let meta = chain(error)
            .find_map(|cause| cause.downcast_ref::<ErrorMetadata>())
            .or(meta);
        let code = meta
            .and_then(ErrorMetadata::code)
            .or(header)
            .map_or_else(|| format!("Http{status}"), str::to_owned);
        let message = meta
            .and_then(ErrorMetadata::message)
            .map_or_else(|| format!("HTTP status {status}"), str::to_owned);
        let kind = kind_of(&code, status, raw);
        Self::coded(kind, code, message)
    }
}

/// The kind of a refusal, by its code where AWS gave one, and by its status otherwise.
fn kind_of(code: &str, status: u16, raw: &HttpResponse) -> FailureKind {
    match code {
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
        "AWSOrganizationsNotInUseException" => FailureKind::NoOrganization,
        // AWS names a code; a proxy or a sign-in page does not.
        code if code.starts_with("Http3") => FailureKind::Redirected,
        _ => match status {
            429 => FailureKind::Throttled(retry_after(raw)),
            408 => FailureKind::Slow,
            500.. => FailureKind::Server,
            _ => FailureKind::Other,
        },
    }
}

/// The credentials error among the causes.
pub fn credentials_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e CredentialsError> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'e (dyn Error + 'static)| {
        (*error).source()
    })
}

/// The kind of a connection failure.
fn unconnected(error: &(dyn Error + 'static)) -> FailureKind {
    // Name lookup, TLS and the proxy have no error types to match. The proxy comes first: the others may have failed
    // behind it.
    let messages: Vec<String> = chain(error).map(ToString::to_string).collect();
    let refused = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
            )
        })
    };
    let begins = |start: &str| messages.iter().any(|cause| cause.starts_with(start));
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

/// The causes of an error, outermost first; the error itself if it has none. The SDK's outermost errors ("dispatch
/// failure", "unhandled error") tell nothing.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut messages: Vec<String> = Vec::new();
    for cause in chain(error).skip(1) {
        let cause = cause.to_string();
        // Some errors repeat their cause.
        if messages.last().is_none_or(|last| !last.contains(&cause)) {
            messages.push(cause);
        }
    }
    if messages.is_empty() {
        error.to_string()
    } else {
        messages.join(": ")
    }
}

/// The seconds of `Retry-After`; AWS sends no date there.
fn retry_after(raw: &HttpResponse) -> Option<Duration> {
    raw.headers()
        .get("retry-after")?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::http::StatusCode;
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn response(status: u16, headers: &[(&'static str, &'static str)]) -> HttpResponse {
        let mut response =
            HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
        for (name, value) in headers {
            response.headers_mut().insert(*name, *value);
        }
        response
    }

    fn refused(
        status: u16,
        code: Option<&str>,
        message: &str,
        headers: &[(&'static str, &'static str)],
    ) -> Failure {
        let mut meta = ErrorMetadata::builder().message(message);
        if let Some(code) = code {
            meta = meta.code(code);
        }
        Failure::of(&SdkError::service_error(
            meta.build(),
            response(status, headers),
        ))
    }

    #[test]
    fn statuses_and_codes_make_the_kind() {
        let kind = |status, code| refused(status, code, "", &[]).kind;
        assert_eq!(
            kind(429, Some("TooManyRequestsException")),
            FailureKind::Throttled(None)
        );
        assert_eq!(kind(429, None), FailureKind::Throttled(None));
        assert_eq!(
            kind(400, Some("ThrottlingException")),
            FailureKind::Throttled(None)
        );
        assert_eq!(kind(503, None), FailureKind::Server);
        assert_eq!(
            kind(403, Some("ExpiredTokenException")),
            FailureKind::Expired
        );
        assert_eq!(
            kind(403, Some("SignatureDoesNotMatch")),
            FailureKind::Signature
        );
        assert_eq!(kind(403, None), FailureKind::Other);
        assert_eq!(
            kind(404, None),
            FailureKind::Other,
            "a 404 that is not AWS's is not about an API"
        );
        assert_eq!(kind(404, Some("NotFoundException")), FailureKind::Missing);
        assert_eq!(kind(200, None), FailureKind::Broken);
        assert_eq!(
            kind(503, Some("RequestLimitExceeded")),
            FailureKind::Throttled(None),
            "EC2 throttles with 503"
        );
        assert_eq!(kind(400, Some("RequestExpired")), FailureKind::Signature);
    }

    #[test]
    fn a_request_that_aws_quotes_is_not_kept() {
        let reason =
            "The request signature we calculated does not match the signature you provided.";
        for quoted in [
            "The Canonical String for this request should have been\n'GET\nx-amz-security-token:s3cret'",
            "The String-to-Sign should have been\n's3cret'",
        ] {
            let failure = refused(
                403,
                Some("InvalidSignatureException"),
                &format!("{reason}\n\n{quoted}"),
                &[],
            );
            assert_eq!(
                (failure.kind, failure.message.as_str()),
                (FailureKind::Signature, reason)
            );
        }
    }

    #[test]
    fn only_transient_failures_are_retried() {
        for (status, transient) in [
            (429, true),
            (500, true),
            (200, true),
            (400, false),
            (403, false),
            (404, false),
        ] {
            assert_eq!(
                refused(status, None, "", &[]).kind.is_transient(),
                transient,
                "{status}"
            );
        }
        let broken: SdkError<ErrorMetadata, HttpResponse> =
            SdkError::response_error("cut", response(200, &[]));
        assert!(Failure::of(&broken).kind.is_transient());
        let proxy = |status| {
            let error: SdkError<ErrorMetadata, HttpResponse> =
                SdkError::response_error("no code", response(status, &[]));
            Failure::of(&error)
        };
        assert_eq!(
            (proxy(502).kind, proxy(502).code.as_str()),
            (FailureKind::Server, "Http502")
        );
        assert_eq!(
            (proxy(403).kind, proxy(403).message.as_str()),
            (FailureKind::Broken, "HTTP status 403: no code")
        );
        let slow: SdkError<ErrorMetadata, HttpResponse> = SdkError::timeout_error("15 s");
        assert_eq!(
            (
                Failure::of(&slow).code.as_str(),
                Failure::of(&slow).message.as_str()
            ),
            ("RequestTimeout", "15 s")
        );
    }

    #[test]
    fn retry_after_is_read_and_a_header_names_the_code() {
        let throttled = refused(429, None, "", &[("retry-after", "7")]);
        assert_eq!(
            throttled.kind,
            FailureKind::Throttled(Some(Duration::from_secs(7)))
        );
        let header = (
            "x-amzn-errortype",
            "com.amazon#AccessDeniedException:http://internal.amazon.com/coral/",
        );
        let denied = refused(403, None, "", &[header]);
        assert_eq!(
            (denied.kind, denied.code.as_str()),
            (FailureKind::Denied, "AccessDeniedException")
        );
        assert_eq!(refused(418, None, "", &[]).code, "Http418");
    }

    #[test]
    fn missing_credentials_are_found_among_the_causes() {
        let error = CredentialsError::not_loaded("the token file is gone");
        let error: SdkError<ErrorMetadata, HttpResponse> = SdkError::construction_failure(error);
        let failure = Failure::of(&error);
        assert_eq!(
            (failure.kind, failure.code.as_str()),
            (FailureKind::Credentials, "CredentialsFailure")
        );
        assert!(
            failure.message.contains("the token file is gone"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn a_message_is_kept_verbatim_up_to_a_limit() {
        assert_eq!(
            refused(400, None, "<b>\u{1b}[31m", &[]).message,
            "<b>\u{1b}[31m"
        );
        let long = refused(400, None, &"é".repeat(501), &[]).message;
        assert_eq!((long.chars().count(), long.ends_with('…')), (501, true));
    }
}
