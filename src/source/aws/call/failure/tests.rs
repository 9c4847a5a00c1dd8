//! Codes, messages and hints of every kind of failure.

use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::error::ErrorMetadata;

use super::*;

const HERE: Subject<'static> =
    Subject { account: Some("111122223333"), region: Some("us-east-1"), api_id: Some("a1"), stage: None };

fn response(status: u16, headers: &[(&'static str, &'static str)]) -> HttpResponse {
    let mut response = HttpResponse::new(StatusCode::try_from(status).unwrap(), SdkBody::empty());
    for (name, value) in headers {
        response.headers_mut().insert(*name, *value);
    }
    response
}

fn refused(status: u16, code: Option<&str>, message: &str, headers: &[(&'static str, &'static str)]) -> Failure {
    let mut meta = ErrorMetadata::builder().message(message);
    if let Some(code) = code {
        meta = meta.code(code);
    }
    Failure::of(&SdkError::service_error(meta.build(), response(status, headers)))
}

#[test]
fn statuses_and_codes_make_the_kind() {
    let kind = |status, code| refused(status, code, "", &[]).kind;
    assert_eq!(kind(429, Some("TooManyRequestsException")), FailureKind::Throttled(None));
    assert_eq!(kind(429, None), FailureKind::Throttled(None));
    assert_eq!(kind(400, Some("ThrottlingException")), FailureKind::Throttled(None));
    assert_eq!(kind(503, None), FailureKind::Server);
    assert_eq!(kind(403, Some("ExpiredTokenException")), FailureKind::Expired);
    assert_eq!(kind(403, Some("SignatureDoesNotMatch")), FailureKind::Signature);
    assert_eq!(kind(403, None), FailureKind::Other);
    assert_eq!(kind(404, None), FailureKind::Other, "a 404 that is not AWS's says nothing about an API");
    assert_eq!(kind(404, Some("NotFoundException")), FailureKind::Missing);
    assert_eq!(kind(200, None), FailureKind::Broken);
    assert_eq!(kind(503, Some("RequestLimitExceeded")), FailureKind::Throttled(None), "EC2 throttles with 503");
    assert_eq!(kind(400, Some("RequestExpired")), FailureKind::Signature);
}

#[test]
fn a_request_that_aws_quotes_is_not_kept() {
    let said = "The request signature we calculated does not match the signature you provided.";
    for quoted in [
        "The Canonical String for this request should have been\n'GET\nx-amz-security-token:s3cret'",
        "The String-to-Sign should have been\n's3cret'",
    ] {
        let failure = refused(403, Some("InvalidSignatureException"), &format!("{said}\n\n{quoted}"), &[]);
        assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Signature, said));
    }
}

#[test]
fn only_what_may_pass_is_tried_again() {
    for (status, transient) in [(429, true), (500, true), (200, true), (400, false), (403, false), (404, false)] {
        assert_eq!(refused(status, None, "", &[]).is_transient(), transient, "{status}");
    }
    let broken: SdkError<ErrorMetadata, HttpResponse> = SdkError::response_error("cut", response(200, &[]));
    assert!(Failure::of(&broken).is_transient());
    let proxy = |status| {
        let error: SdkError<ErrorMetadata, HttpResponse> = SdkError::response_error("no code", response(status, &[]));
        Failure::of(&error)
    };
    assert_eq!((proxy(502).kind, proxy(502).code.as_str()), (FailureKind::Server, "Http502"));
    assert_eq!((proxy(403).kind, proxy(403).message.as_str()), (FailureKind::Broken, "HTTP status 403: no code"));
    let slow: SdkError<ErrorMetadata, HttpResponse> = SdkError::timeout_error("15 s");
    assert_eq!((Failure::of(&slow).code.as_str(), Failure::of(&slow).message.as_str()), ("RequestTimeout", "15 s"));
}

#[test]
fn retry_after_is_read_and_a_header_names_the_code() {
    let throttled = refused(429, None, "", &[("retry-after", "7")]);
    assert_eq!(throttled.kind, FailureKind::Throttled(Some(Duration::from_secs(7))));
    let header = ("x-amzn-errortype", "com.amazon#AccessDeniedException:http://internal.amazon.com/coral/");
    let denied = refused(403, None, "", &[header]);
    assert_eq!((denied.kind, denied.code.as_str()), (FailureKind::Denied, "AccessDeniedException"));
    assert_eq!(refused(418, None, "", &[]).code, "Http418");
}

#[test]
fn missing_credentials_are_found_among_the_causes() {
    let error = CredentialsError::not_loaded("the token file is gone");
    let error: SdkError<ErrorMetadata, HttpResponse> = SdkError::construction_failure(error);
    let failure = Failure::of(&error);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Credentials, "CredentialsFailure"));
    assert!(failure.message.contains("the token file is gone"), "{}", failure.message);
}

#[test]
fn a_denial_names_the_statement_to_add() {
    let hint = |operation, region, api_id, message: &str| {
        let failure = refused(403, Some("AccessDeniedException"), message, &[]);
        failure.gap(operation, Subject { region: Some(region), api_id, ..HERE }).hint
    };
    assert_eq!(
        hint(Operation::GetApis, "us-east-1", None, "no"),
        "allow apigateway:GET on arn:aws:apigateway:us-east-1::/apis"
    );
    assert_eq!(
        hint(Operation::GetStages, "cn-north-1", Some("a1"), "no"),
        "allow apigateway:GET on arn:aws-cn:apigateway:cn-north-1::/apis/a1/stages"
    );
    assert_eq!(
        hint(Operation::GetStage, "us-gov-west-1", Some("a1"), "no"),
        "allow apigateway:GET on arn:aws-us-gov:apigateway:us-gov-west-1::/apis/a1/stages/*"
    );
    let scp = hint(Operation::GetApis, "us-east-1", None, "with an explicit deny in a service control policy");
    assert!(scp.contains("SCP") && scp.ends_with("::/apis"), "{scp}");
}

#[test]
fn what_other_services_deny_names_their_statement() {
    let hint = |operation, region| {
        let at = Subject { account: Some("111122223333"), region, api_id: None, stage: None };
        refused(403, Some("UnauthorizedOperation"), "no", &[]).gap(operation, at).hint
    };
    for (operation, statement) in [
        (Operation::ListAccounts, "organizations:ListAccounts on *"),
        (Operation::ListAccountsForParent, "organizations:ListAccountsForParent on *"),
        (Operation::ListOrganizationalUnitsForParent, "organizations:ListOrganizationalUnitsForParent on *"),
        (Operation::ListRegions, "account:ListRegions on *"),
        (Operation::DescribeRegions, "ec2:DescribeRegions on *"),
        (Operation::GetCallerIdentity, "sts:GetCallerIdentity on *"),
    ] {
        assert_eq!(hint(operation, None), format!("allow {statement}"));
    }
    let role = hint(Operation::AssumeRole, Some("us-gov-west-1"));
    assert!(role.ends_with("allow sts:AssumeRole on arn:aws-us-gov:iam::111122223333:role/*"), "{role}");
    assert!(role.contains("trust policy"), "{role}");
    let at = Subject { account: Some("111122223333"), region: None, api_id: None, stage: None };
    let named = Failure {
        role: Some("arn:aws-cn:iam::111122223333:role/audit/DriftgateAudit".to_owned()),
        ..refused(403, Some("AccessDenied"), "no", &[])
    };
    let hint = named.gap(Operation::AssumeRole, at).hint;
    assert!(hint.ends_with("sts:AssumeRole on arn:aws-cn:iam::111122223333:role/audit/DriftgateAudit"), "{hint}");
}

#[test]
fn without_a_region_no_region_is_blamed() {
    let at = Subject { account: None, region: None, api_id: None, stage: None };
    let gap = refused(403, Some("AuthFailure"), "no", &[]).gap(Operation::ListAccounts, at);
    assert_eq!((gap.account, gap.region), (None, None));
    assert!(gap.hint.starts_with("the credentials are wrong"), "{}", gap.hint);
}

#[test]
fn a_gap_says_where_and_how_often() {
    let mut failure = refused(429, Some("TooManyRequestsException"), "Rate exceeded", &[]);
    failure.attempts = 10;
    let gap = failure.gap(Operation::GetStages, HERE);
    assert_eq!((gap.account.as_deref(), gap.region.as_deref()), (Some("111122223333"), Some("us-east-1")));
    assert_eq!((gap.api_id.as_deref(), gap.operation.as_str()), (Some("a1"), "GetStages"));
    assert_eq!((gap.code.as_str(), gap.message.as_str()), ("TooManyRequestsException", "Rate exceeded"));
    assert!(gap.hint.contains("--rate") && gap.hint.contains("10 attempts"), "{}", gap.hint);
}

#[test]
fn a_message_is_kept_as_it_came_but_not_for_ever() {
    assert_eq!(refused(400, None, "<b>\u{1b}[31m", &[]).message, "<b>\u{1b}[31m");
    let long = refused(400, None, &"é".repeat(501), &[]).message;
    assert_eq!((long.chars().count(), long.ends_with('…')), (501, true));
}

#[test]
fn a_permissions_boundary_is_named_as_such() {
    let message = "User: u is not authorized to perform: apigateway:GET because no permissions boundary allows it";
    let hint = refused(403, Some("AccessDeniedException"), message, &[]).gap(Operation::GetApis, HERE).hint;
    assert!(hint.starts_with("the permissions boundary") && hint.contains("apigateway:GET"), "{hint}");
}
