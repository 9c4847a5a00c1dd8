//! The table: every fault, and its result for each operation.

use std::time::Duration;

use driftgate::emulator::Effect;
use serde_json::json;

use super::front::refusal;

/// The result of the audit.
#[derive(Clone, Debug)]
pub enum Then {
    /// It passes: everything is read, exit 0.
    Fine,
    /// The requested item is gone: the rest is read, exit 0.
    Gone,
    /// A gap with this code and a hint of this family, exit 3.
    Gap(&'static str, Family),
    /// It makes no sense there, because.
    Never(&'static str),
}

use Then::{Fine, Gap, Gone, Never};

/// The kind of a fault. Each has a hint of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Denied,
    ByOrganization,
    ByBoundary,
    Expired,
    Unknown,
    Signature,
    Throttled,
    Server,
    Broken,
    Slow,
    NotAws,
    Redirected,
    Endless,
    Missing,
    NotInUse,
    Other,
}

impl Family {
    /// Words that its hint must have.
    pub fn words(self) -> &'static str {
        match self {
            Self::Denied => "allow ",
            Self::ByOrganization => "service control policy",
            Self::ByBoundary => "permissions boundary",
            Self::Expired => "renew the credentials",
            Self::Unknown => "the credentials are wrong",
            Self::Signature => "clock",
            Self::Throttled => "--rate",
            Self::Server => "the service failed",
            Self::Broken => "the connection broke",
            Self::Slow => "no answer came in time",
            Self::NotAws => "the answer is not AWS's",
            Self::Redirected => "redirects",
            Self::Endless => "paging",
            Self::Missing => "does not know",
            Self::NotInUse => "--accounts",
            Self::Other => "driftgate -v",
        }
    }
}

/// The requests that are struck, and the effect.
pub enum Strikes {
    Always(Effect),
    First(u64, Effect),
    Every(u64, Effect),
    After(u64, Effect),
    /// All, with these bytes to API Gateway and Organizations, and those to STS.
    Raw(String, String),
}

use Strikes::{After, Always, Every, First, Raw};

/// A fault, and its results for GetApis, GetStages, GetStage, AssumeRole and ListAccounts.
pub type Row = (&'static str, Strikes, [Then; 5]);

/// The same gap, by the codes of API Gateway, STS and Organizations.
fn gaps([gateway, sts, organizations]: [&'static str; 3], family: Family) -> [Then; 5] {
    let [apis, stages, stage] = [gateway; 3].map(|code| Gap(code, family));
    [
        apis,
        stages,
        stage,
        Gap(sts, family),
        Gap(organizations, family),
    ]
}

fn gap(code: &'static str, family: Family) -> [Then; 5] {
    gaps([code; 3], family)
}

/// Faults that Organizations' protocol cannot tell from a broken answer.
fn wordless(code: &'static str, family: Family) -> [Then; 5] {
    let [apis, stages, stage, role, _] = gap(code, family);
    [apis, stages, stage, role, Gap(INVALID, Family::NotAws)]
}

/// Broken for all but AssumeRole: there the end that is missing comes after all that is needed.
fn not_of_role() -> [Then; 5] {
    let [apis, stages, stage, _, list] = gap(INVALID, Family::NotAws);
    [apis, stages, stage, Fine, list]
}

fn raw(answer: String) -> Strikes {
    Raw(answer.clone(), answer)
}

fn xml_error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
}

fn fine() -> [Then; 5] {
    [Fine, Fine, Fine, Fine, Fine]
}

const INVALID: &str = "InvalidResponse";
const NO_LIST: &str = "the answer is no list";
const ONE_REQUEST: &str = "there is one request, which has no page token";

/// The faults, by name.
pub fn faults() -> Vec<Row> {
    [refusals(), storms(), connections(), answers(), pages()]
        .into_iter()
        .flatten()
        .collect()
}

fn refusals() -> Vec<Row> {
    let denied = [
        "AccessDeniedException",
        "AccessDenied",
        "AccessDeniedException",
    ];
    let expired = [
        "ExpiredTokenException",
        "ExpiredToken",
        "ExpiredTokenException",
    ];
    let unknown = [
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "UnrecognizedClientException",
    ];
    let signature = [
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    ];
    let incomplete = [
        "IncompleteSignatureException",
        "IncompleteSignature",
        "IncompleteSignatureException",
    ];
    let [.., organizations] = gaps(expired, Family::Expired);
    let [.., role, list] = gaps(
        ["", "NoSuchEntity", "TargetNotFoundException"],
        Family::Other,
    );
    let boundary = "User: u is not authorized to perform: x because no permissions boundary allows the x action";
    vec![
        ("denied", Always(Effect::Deny), gaps(denied, Family::Denied)),
        (
            "denied by a service control policy",
            Always(Effect::DenyByOrganization),
            gaps(denied, Family::ByOrganization),
        ),
        (
            "denied by a permissions boundary",
            Raw(
                refusal(
                    "403 Forbidden",
                    "AccessDeniedException",
                    &json!({"message": boundary}).to_string(),
                ),
                refusal("403 Forbidden", "", &xml_error("AccessDenied", boundary)),
            ),
            gaps(denied, Family::ByBoundary),
        ),
        (
            "expired token",
            Always(Effect::ExpiredToken),
            gaps(expired, Family::Expired),
        ),
        (
            "expired token, once",
            First(1, Effect::ExpiredToken),
            fine(),
        ),
        (
            "expired token, after the first request",
            After(1, Effect::ExpiredToken),
            [
                Gap(expired[0], Family::Expired),
                Gap(expired[0], Family::Expired),
                Never(ONE_REQUEST),
                Never(ONE_REQUEST),
                organizations,
            ],
        ),
        (
            "unknown credentials",
            Always(Effect::UnrecognizedClient),
            gaps(unknown, Family::Unknown),
        ),
        (
            "wrong signature",
            Always(Effect::InvalidSignature),
            gaps(signature, Family::Signature),
        ),
        (
            "clock skew",
            Always(Effect::ClockSkew),
            gaps(signature, Family::Signature),
        ),
        (
            "incomplete signature",
            Always(Effect::IncompleteSignature),
            gaps(incomplete, Family::Signature),
        ),
        (
            "deleted since it was listed",
            Always(Effect::Delete),
            [
                Never("no API is named"),
                Gone,
                Gone,
                Never("no API is named"),
                Never("no API is named"),
            ],
        ),
        (
            "not found, and listed all the same",
            Always(Effect::NotFound),
            [
                Gap("NotFoundException", Family::Missing),
                Gap("NotFoundException", Family::Missing),
                // With one stage, an API without it is not in scope.
                Gone,
                role,
                list,
            ],
        ),
        (
            "404 without a word",
            raw(refusal("404 Not Found", "", "")),
            wordless("Http404", Family::Other),
        ),
        (
            "no organization",
            Always(Effect::NotInUse),
            [
                Never("only Organizations says it"),
                Never("only Organizations says it"),
                Never("only Organizations says it"),
                Never("only Organizations says it"),
                Gap("AWSOrganizationsNotInUseException", Family::NotInUse),
            ],
        ),
    ]
}

fn storms() -> Vec<Row> {
    let throttled = [
        "TooManyRequestsException",
        "Throttling",
        "TooManyRequestsException",
    ];
    let server = [
        "InternalServerErrorException",
        "InternalFailure",
        "ServiceException",
    ];
    let unavailable = [
        "ServiceUnavailableException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    ];
    vec![
        (
            "429 without end",
            Always(Effect::Throttle),
            gaps(throttled, Family::Throttled),
        ),
        ("429, three times", First(3, Effect::Throttle), fine()),
        (
            "429 with Retry-After, once",
            First(1, Effect::ThrottleRetryAfter(1)),
            fine(),
        ),
        ("429, every second time", Every(2, Effect::Throttle), fine()),
        (
            "LimitExceededException",
            Raw(
                refusal(
                    "429 Too Many Requests",
                    "LimitExceededException",
                    r#"{"message":"Limit exceeded"}"#,
                ),
                refusal(
                    "429 Too Many Requests",
                    "",
                    &xml_error("LimitExceeded", "Limit exceeded"),
                ),
            ),
            gaps(
                [
                    "LimitExceededException",
                    "LimitExceeded",
                    "LimitExceededException",
                ],
                Family::Throttled,
            ),
        ),
        (
            "500",
            Always(Effect::ServerError(500)),
            gaps(server, Family::Server),
        ),
        (
            "502",
            Always(Effect::ServerError(502)),
            gaps(server, Family::Server),
        ),
        (
            "503",
            Always(Effect::ServerError(503)),
            gaps(unavailable, Family::Server),
        ),
        (
            "504",
            Always(Effect::ServerError(504)),
            gaps(server, Family::Server),
        ),
        ("500, twice", First(2, Effect::ServerError(500)), fine()),
    ]
}

fn connections() -> Vec<Row> {
    let byte = Duration::from_millis(50);
    vec![
        (
            "reset",
            Always(Effect::Reset),
            gap("ConnectionFailure", Family::Broken),
        ),
        ("reset, twice", First(2, Effect::Reset), fine()),
        (
            "closed without an answer",
            Always(Effect::Close),
            gap("ConnectionFailure", Family::Broken),
        ),
        (
            "cut body",
            Always(Effect::Cut),
            gap(INVALID, Family::NotAws),
        ),
        ("cut body, twice", First(2, Effect::Cut), fine()),
        (
            "half-closed",
            Always(Effect::HalfClose),
            gap(INVALID, Family::NotAws),
        ),
        (
            "half a body, then silence",
            Always(Effect::Stall),
            gap("RequestTimeout", Family::Slow),
        ),
        (
            "slow-loris body",
            Always(Effect::TrickleForEver(byte)),
            gap("RequestTimeout", Family::Slow),
        ),
        (
            "no answer",
            Always(Effect::Hang),
            gap("RequestTimeout", Family::Slow),
        ),
        ("no answer, once", First(1, Effect::Hang), fine()),
        (
            "a late answer",
            Always(Effect::Delay(Duration::from_millis(200))),
            fine(),
        ),
    ]
}

fn answers() -> Vec<Row> {
    let elsewhere = "https://signin.example/".to_owned();
    vec![
        (
            "truncated JSON",
            Always(Effect::Truncated),
            gap(INVALID, Family::NotAws),
        ),
        ("truncated JSON, twice", First(2, Effect::Truncated), fine()),
        (
            "empty body",
            Always(Effect::EmptyBody),
            gap(INVALID, Family::NotAws),
        ),
        (
            "a web page",
            Always(Effect::NotJson),
            gap(INVALID, Family::NotAws),
        ),
        (
            "an error with status 200",
            Always(Effect::ErrorAsSuccess),
            gap(INVALID, Family::NotAws),
        ),
        (
            "garbage for gzip",
            Always(Effect::GzipGarbage),
            gap(INVALID, Family::NotAws),
        ),
        (
            "a length too short",
            Always(Effect::ShortLength),
            not_of_role(),
        ),
        (
            "a length too long",
            Always(Effect::LongLength),
            gap(INVALID, Family::NotAws),
        ),
        (
            "a huge body",
            Always(Effect::Oversized(3_000_000)),
            not_of_role(),
        ),
        (
            "302 to elsewhere",
            Always(Effect::Redirect(302, elsewhere.clone())),
            wordless("Http302", Family::Redirected),
        ),
        (
            "307 to elsewhere",
            Always(Effect::Redirect(307, elsewhere)),
            wordless("Http307", Family::Redirected),
        ),
        (
            "null for a list",
            Always(Effect::NullList),
            [
                Gap(INVALID, Family::NotAws),
                Gap(INVALID, Family::NotAws),
                Never(NO_LIST),
                Never(NO_LIST),
                Gap(INVALID, Family::NotAws),
            ],
        ),
        (
            "an object for everything",
            raw(refusal(
                "200 OK",
                "",
                r#"{"items":{},"stageName":{},"Accounts":{}}"#,
            )),
            gap(INVALID, Family::NotAws),
        ),
        (
            "null among the items",
            Always(Effect::NullItems),
            [
                Gap(INVALID, Family::NotAws),
                Gap(INVALID, Family::NotAws),
                Never(NO_LIST),
                Never(NO_LIST),
                Gap(INVALID, Family::NotAws),
            ],
        ),
        (
            "values that nobody knows",
            Always(Effect::UnknownEnum),
            [
                Fine,
                Fine,
                Fine,
                Never("the answer has no such value"),
                Fine,
            ],
        ),
    ]
}

fn pages() -> Vec<Row> {
    let lists = |then: Then| {
        [
            then.clone(),
            then.clone(),
            Never(NO_LIST),
            Never(NO_LIST),
            then,
        ]
    };
    let other = |code| Gap(code, Family::Other);
    vec![
        (
            "a page token that comes again",
            Always(Effect::RepeatToken),
            lists(Gap("RepeatedPageToken", Family::Endless)),
        ),
        (
            "pages without end",
            Always(Effect::EndlessPages),
            lists(Gap("RepeatedPageToken", Family::Endless)),
        ),
        (
            "an empty page first",
            Always(Effect::EmptyPage),
            lists(Fine),
        ),
        (
            "400 on a page token",
            Always(Effect::ExpiredPageToken),
            [
                other("BadRequestException"),
                other("BadRequestException"),
                Never(ONE_REQUEST),
                Never(ONE_REQUEST),
                other("InvalidInputException"),
            ],
        ),
    ]
}
