//! Credentials that cannot be used, and providers that never answer.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use super::run::{Ran, audit, folder};

/// The variables of a run without keys in the environment.
const NO_KEYS: (&str, &str) = ("AWS_ACCESS_KEY_ID", "");

#[track_caller]
fn failed(ran: &Ran, words: &str) {
    assert_eq!((ran.exit, ran.ugly()), (4, None), "{}", ran.err);
    assert!(ran.err.contains(words), "{words:?} is not in: {}", ran.err);
    assert!(ran.took < Duration::from_secs(40), "{:?}", ran.took);
}

#[test]
fn keys_are_trimmed() {
    for (id, secret) in [
        ("AKIA111122223333DEMO\n", "demo"),
        (" AKIA111122223333DEMO ", "demo\r\n"),
    ] {
        let ran = audit(
            &[
                ("AWS_ACCESS_KEY_ID", id),
                ("AWS_SECRET_ACCESS_KEY", secret),
                ("AWS_SESSION_TOKEN", "\n"),
            ],
            &[],
        );
        assert_eq!(ran.exit, 0, "{}", ran.err);
    }
}

#[test]
fn keys_that_no_header_can_hold_are_one_line() {
    let none = "has a character that no key has";
    failed(
        &audit(&[("AWS_ACCESS_KEY_ID", "AKIA\nx")], &[]),
        &format!("the access key id of the environment {none}"),
    );
    failed(
        &audit(&[("AWS_SESSION_TOKEN", "a\u{1}b")], &[]),
        &format!("the session token of the environment {none}"),
    );
    let folder = folder();
    let file = folder
        .path()
        .join("credentials")
        .to_string_lossy()
        .into_owned();
    std::fs::write(
        &file,
        "[default]\naws_access_key_id = AKIÄ\naws_secret_access_key = s\n",
    )
    .unwrap();
    failed(
        &audit(&[NO_KEYS, ("AWS_SHARED_CREDENTIALS_FILE", &file)], &[]),
        &format!("the access key id of the profile default {none}"),
    );
}

#[test]
fn a_process_that_hangs_is_named_in_time() {
    let folder = folder();
    let file = folder.path().join("config").to_string_lossy().into_owned();
    std::fs::write(&file, "[default]\ncredential_process = sleep 60\n").unwrap();
    failed(
        &audit(&[NO_KEYS, ("AWS_CONFIG_FILE", &file)], &[]),
        "credential_process of the profile default returned none within 10 s",
    );
}

#[test]
fn an_endpoint_that_hangs_is_named_in_time() {
    // It takes connections, and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/credentials", listener.local_addr().unwrap());
    let ran = audit(
        &[NO_KEYS, ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &url)],
        &[],
    );
    failed(
        &ran,
        "the credentials endpoint of the container (AWS_CONTAINER_CREDENTIALS_FULL_URI)",
    );
}

#[test]
fn a_file_that_blocks_ends_with_the_time() {
    let folder = folder();
    let pipe = folder.path().join("pipe").to_string_lossy().into_owned();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    failed(
        &audit(&[("AWS_CONFIG_FILE", &pipe)], &[]),
        "could not be read within 10 s",
    );
    failed(
        &audit(
            &[
                ("AWS_CA_BUNDLE", &pipe),
                ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ],
            &["--timeout", "1"],
        ),
        "--timeout",
    );
    let role = ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/r");
    let ran = audit(
        &[NO_KEYS, role, ("AWS_WEB_IDENTITY_TOKEN_FILE", &pipe)],
        &[],
    );
    failed(
        &ran,
        "AssumeRoleWithWebIdentity (AWS_WEB_IDENTITY_TOKEN_FILE) returned none within 10 s",
    );
    let ran = audit(
        &[NO_KEYS, role, ("AWS_WEB_IDENTITY_TOKEN_FILE", &pipe)],
        &["--timeout", "1"],
    );
    assert_eq!(ran.exit, 3, "{}", ran.err);
    assert!(ran.took < Duration::from_secs(8), "{:?}", ran.took);
    assert!(
        ran.out.contains("\"Timeout\"") && ran.out.contains("\"requests\":0"),
        "{}",
        ran.out
    );
}
