//! Every variable and every key of a profile that the SDK documents, with invalid values.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::run::{Ran, audit, folder, run};

const VARIABLES: [&str; 40] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_ACCOUNT_ID",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ACCOUNT",
    "AWS_ENDPOINT_URL_APIGATEWAYV2",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_EXECUTION_ENV",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_MAX_ATTEMPTS",
    "AWS_NEW_RETRIES_2026",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_RETRY_MODE",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_UA_APP_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SIGV4A_SIGNING_REGION_SET",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "HTTPS_PROXY",
    "_X_AMZN_TRACE_ID",
];

/// These are used only if the environment has no keys.
const PROVIDERS: [&str; 8] = [
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

const KEYS: [&str; 31] = [
    "account_id_endpoint_mode",
    "auth_scheme_preference",
    "aws_access_key_id",
    "aws_account_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credential_process",
    "credential_source",
    "disable_request_compression",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "ec2_metadata_v1_disabled",
    "endpoint_url",
    "ignore_configured_endpoint_urls",
    "max_attempts",
    "region",
    "request_checksum_calculation",
    "request_min_compression_size_bytes",
    "response_checksum_validation",
    "retry_mode",
    "role_arn",
    "role_session_name",
    "sdk_ua_app_id",
    "services",
    "sigv4a_signing_region_set",
    "source_profile",
    "sso_session",
    "sso_start_url",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "web_identity_token_file",
];

const VALUES: [&str; 4] = ["", "0", "no ü \u{1b}[31m such=thing/", "http://[::"];

/// Runs each of the cases, a few at once, and panics with those that are ugly.
fn all(count: usize, case: impl Fn(usize) -> (String, Ran) + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let (name, ran) = case(number);
                    if let Some(why) = ran.ugly() {
                        wrong.lock().unwrap().push(format!(
                            "{name}: {why} (exit {}): {}{}",
                            ran.exit, ran.err, ran.out
                        ));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_variable_ends_in_a_panic() {
    all(VARIABLES.len() * VALUES.len(), |number| {
        let (name, value) = (
            VARIABLES[number / VALUES.len()],
            VALUES[number % VALUES.len()],
        );
        // An endpoint elsewhere is tried, but not for long.
        (
            format!("{name}={value:?}"),
            audit(&[(name, value)], &["--timeout", "4"]),
        )
    });
}

#[test]
fn no_provider_ends_in_a_panic() {
    let values = [
        "",
        "/",
        "no ü \u{1b}[31m such=thing/",
        "http://[::",
        "http://127.0.0.1:1/x?y#z",
        "//x@y:z/",
    ];
    all(PROVIDERS.len() * values.len(), |number| {
        let (name, value) = (
            PROVIDERS[number / values.len()],
            values[number % values.len()],
        );
        let none = [
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r"),
            (name, value),
        ];
        let ran = audit(&none, &["--timeout", "4"]);
        assert!(ran.exit >= 3, "{name}={value:?}: exit {}", ran.exit);
        (format!("{name}={value:?}"), ran)
    });
}

#[test]
fn no_key_of_a_profile_ends_in_a_panic() {
    all(KEYS.len() * VALUES.len(), |number| {
        let (key, value) = (KEYS[number / VALUES.len()], VALUES[number % VALUES.len()]);
        let folder = folder();
        let file = folder.path().join("config").to_string_lossy().into_owned();
        std::fs::write(&file, format!("[default]\n{key} = {value}\n")).unwrap();
        (
            format!("{key} = {value:?}"),
            audit(&[("AWS_CONFIG_FILE", &file)], &["--timeout", "4"]),
        )
    });
}

#[test]
fn the_settings_for_retries_are_not_read() {
    for (name, value) in [
        ("AWS_RETRY_MODE", "legacy"),
        ("AWS_RETRY_MODE", ""),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_MAX_ATTEMPTS", ""),
        ("AWS_MAX_ATTEMPTS", "0"),
        ("AWS_MAX_ATTEMPTS", "many"),
    ] {
        let ran = audit(&[(name, value)], &[]);
        assert_eq!(
            (ran.exit, ran.ugly()),
            (0, None),
            "{name}={value:?}: {}",
            ran.err
        );
    }
    for line in ["retry_mode = legacy", "max_attempts = 0", "max_attempts ="] {
        let folder = folder();
        let file = folder.path().join("config").to_string_lossy().into_owned();
        std::fs::write(&file, format!("[default]\n{line}\n")).unwrap();
        assert_eq!(audit(&[("AWS_CONFIG_FILE", &file)], &[]).exit, 0, "{line}");
    }
}

#[test]
fn an_endpoint_is_checked_wherever_it_is_set() {
    let ended = |ran: Ran, by: &str| {
        assert_eq!((ran.exit, ran.ugly()), (2, None), "{by}: {}", ran.err);
        assert!(
            ran.err.contains(by) && ran.err.contains("is not an endpoint URL"),
            "{by}: {}",
            ran.err
        );
    };
    for name in [
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_APIGATEWAYV2",
        "AWS_ENDPOINT_URL_STS",
        "AWS_ENDPOINT_URL_EC2",
    ] {
        for url in ["127.0.0.1:1", "ftp://x", "localhost", "http://a b"] {
            ended(audit(&[(name, url)], &[]), name);
        }
    }
    let folder = folder();
    let file = folder.path().join("config").to_string_lossy().into_owned();
    std::fs::write(&file, "[default]\nendpoint_url = 127.0.0.1:1\n").unwrap();
    let none = super::run::plane();
    let none: Vec<(&str, &str)> = none
        .iter()
        .filter(|(name, _)| name != "AWS_ENDPOINT_URL")
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let with_file = [&none[..], &[("AWS_CONFIG_FILE", file.as_str())]].concat();
    ended(
        run(folder.path(), &with_file, &super::run::AUDIT),
        "the profile",
    );
    let sane = audit(
        &[("AWS_ENDPOINT_URL", "")],
        &["--endpoint-url", &super::run::PLANE.1.endpoint_url()],
    );
    assert_eq!(sane.exit, 0, "the flag wins: {}", sane.err);
}

#[test]
fn files_that_never_end_are_refused() {
    for name in [
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CA_BUNDLE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ] {
        let ran = audit(&[(name, "/dev/zero")], &[]);
        assert_eq!((ran.exit, ran.ugly()), (4, None), "{name}: {}", ran.err);
        assert!(
            ran.err.contains(name) && ran.err.contains("larger than 16 MiB"),
            "{name}: {}",
            ran.err
        );
    }
}

#[test]
fn the_demo_knows_no_environment() {
    let folder = folder();
    let demo = ["demo", "--reproducible"];
    let plain = run(folder.path(), &[], &demo);
    assert_eq!(plain.exit, 0, "{}", plain.err);
    for value in ["", "0", "no such thing", "/dev/zero", "http://127.0.0.1:1"] {
        let variables: Vec<(&str, &str)> = VARIABLES
            .iter()
            .chain(&PROVIDERS)
            .filter(|name| name.starts_with("AWS") || **name == "HTTPS_PROXY")
            .map(|name| (*name, value))
            .collect();
        let ran = run(folder.path(), &variables, &demo);
        assert_eq!(
            (ran.exit, ran.out == plain.out, ran.err == plain.err),
            (0, true, true),
            "{value:?}: {}",
            ran.err
        );
    }
}
