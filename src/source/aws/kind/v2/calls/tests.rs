//! Calls that are given up, against a server that always gives the same answer.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::*;
use crate::source::aws::access::session::Session;
use crate::source::aws::call::{Canceller, FailureKind, Pacer, RetryPolicy};
use crate::source::aws::request::{Request, StaticCredentials};

/// Answers every connection with these bytes and closes it. The thread ends with the test.
fn server(answer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 8192]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// A control plane that gives up soon.
async fn control_plane(answer: String) -> ControlPlane {
    let keys = StaticCredentials { access_key_id: "a".into(), secret_access_key: "b".into(), session_token: None };
    let request = Request { endpoint_url: Some(server(answer)), credentials: Some(keys), ..Request::default() };
    let session = Session::open(&request).await.unwrap();
    let (_, stop) = Canceller::new();
    let (pacer, in_flight) = (Arc::new(Pacer::new(0.0, 1)), Arc::new(Semaphore::new(1)));
    let pause = Duration::from_millis(1);
    let retry = RetryPolicy { first: pause, throttled: pause, longest: pause, ..RetryPolicy::STANDARD };
    let channel = Channel::new("us-east-1".into(), pacer, in_flight, stop, retry, Arc::default());
    ControlPlane::new(session.config(), channel)
}

#[tokio::test]
async fn invalid_answers_are_given_up_after_ten_attempts() {
    for body in [
        "",
        "{}",
        "null",
        "<html>",
        r#"{"items":null}"#,
        r#"{"items":[{}]}"#,
        r#"{"items":[{"stageName":"prod"},"#,
        r#"{"nextToken":"a"}"#,
    ] {
        let plane = control_plane(http("200 OK", "", body)).await;
        let failure = plane.get_stages("a1", None).await.unwrap_err();
        assert_eq!((failure.code.as_str(), failure.attempts), ("InvalidResponse", 10), "{body:?}");
        assert_eq!(plane.channel.sent().count(), 10);
        assert_eq!(plane.get_apis(None).await.unwrap_err().code, "InvalidResponse", "{body:?}");
        assert_eq!(plane.get_stage("a1", "prod").await.unwrap_err().code, "InvalidResponse", "{body:?}");
        assert_eq!(plane.get_api("a1").await.unwrap_err().code, "InvalidResponse", "{body:?}");
    }
}

#[tokio::test]
async fn an_answer_about_another_item_is_invalid() {
    let other = control_plane(http("200 OK", "", r#"{"apiId":"b2","stageName":"dev"}"#)).await;
    assert_eq!(other.get_stage("a1", "prod").await.unwrap_err().code, "InvalidResponse");
    assert_eq!(other.get_api("a1").await.unwrap_err().code, "InvalidResponse");
    assert!(other.get_stage("a1", "dev").await.is_ok() && other.get_api("b2").await.is_ok());
}

#[tokio::test]
async fn a_body_that_is_shorter_than_its_length_is_given_up() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"items\":[]}".to_owned();
    let failure = control_plane(cut).await.get_apis(None).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.attempts), ("InvalidResponse", 10));
}

#[tokio::test]
async fn throttling_and_failing_services_are_given_up() {
    let throttled = control_plane(http("429 Too Many Requests", "", r#"{"message":"Rate exceeded"}"#)).await;
    let failure = throttled.get_apis(None).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.message.as_str(), failure.attempts), ("Http429", "Rate exceeded", 10));

    let failing = control_plane(http("502 Bad Gateway", "", "<html>no</html>")).await;
    let failure = failing.get_apis(None).await.unwrap_err();
    assert_eq!((failure.code.as_str(), failure.attempts), ("Http502", 10));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let headers = "x-amzn-errortype: BadRequestException\r\n";
    let refusing = control_plane(http("400 Bad Request", headers, r#"{"message":"Invalid nextToken"}"#)).await;
    let failure = refusing.get_apis(Some("x".to_owned())).await.unwrap_err();
    assert_eq!(
        (failure.code.as_str(), failure.attempts, refusing.channel.sent().count()),
        ("BadRequestException", 1, 1)
    );
    let elsewhere = control_plane(http("302 Found", "location: https://login.example/\r\n", "")).await;
    assert_eq!(elsewhere.get_apis(None).await.unwrap_err().code, "Http302");
}

#[tokio::test]
async fn after_enough_expired_answers_nothing_more_is_sent() {
    let headers = "x-amzn-errortype: ExpiredTokenException\r\n";
    let plane = control_plane(http("403 Forbidden", headers, r#"{"message":"expired"}"#)).await;
    for _ in 0..20 {
        assert_eq!(plane.get_stages("a1", None).await.unwrap_err().code, FailureKind::Expired.code());
    }
    assert_eq!(plane.channel.sent().count(), 8);
}
