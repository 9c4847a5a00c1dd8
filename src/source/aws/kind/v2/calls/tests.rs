//! Calls that are given up, against a server that always gives the same answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::*;
use crate::source::aws::call::{Canceller, FailureKind, Pacer, RetryPolicy};
use crate::source::aws::stub::answering;

/// A control plane without pauses between attempts.
async fn control_plane(status: u16, body: &'static str) -> ControlPlane {
    let (config, _) = answering("us-east-1", move |_| (status, body.to_owned())).await;
    let (_, stop) = Canceller::new();
    let (pacer, in_flight) = (Arc::new(Pacer::new(0.0, 1)), Arc::new(Semaphore::new(1)));
    let pause = Duration::from_millis(1);
    let retry = RetryPolicy {
        first: pause,
        throttled: pause,
        longest: pause,
        ..RetryPolicy::STANDARD
    };
    ControlPlane::new(
        &config,
        Channel::new(
            "us-east-1".into(),
            pacer,
            in_flight,
            stop,
            retry,
            Arc::default(),
        ),
    )
}

#[tokio::test]
async fn invalid_answers_and_failures_are_given_up_after_ten_attempts() {
    for (status, body, code) in [
        (200, "{}", "InvalidResponse"),
        (200, r#"{"items":[{}]}"#, "InvalidResponse"),
        (200, r#"{"nextToken":"a"}"#, "InvalidResponse"),
        (429, r#"{"message":"Rate exceeded"}"#, "Http429"),
        (502, "<html>no</html>", "Http502"),
    ] {
        let plane = control_plane(status, body).await;
        let failure = plane.get_stages("a1", None).await.unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.attempts),
            (code, 10),
            "{body:?}"
        );
        assert_eq!(plane.channel.sent().count(), 10);
        for failure in [
            plane.get_apis(None).await.unwrap_err(),
            plane.get_api("a1").await.unwrap_err(),
        ] {
            assert_eq!(failure.code, code, "{body:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_about_another_item_is_invalid() {
    let other = control_plane(200, r#"{"apiId":"b2","stageName":"dev"}"#).await;
    assert_eq!(
        other.get_stage("a1", "prod").await.unwrap_err().code,
        "InvalidResponse"
    );
    assert_eq!(
        other.get_api("a1").await.unwrap_err().code,
        "InvalidResponse"
    );
    assert!(other.get_stage("a1", "dev").await.is_ok() && other.get_api("b2").await.is_ok());
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let plane = control_plane(
        400,
        r#"{"__type":"BadRequestException","message":"Invalid nextToken"}"#,
    )
    .await;
    let failure = plane.get_apis(Some("x".to_owned())).await.unwrap_err();
    assert_eq!(
        (
            failure.code.as_str(),
            failure.attempts,
            plane.channel.sent().count()
        ),
        ("BadRequestException", 1, 1)
    );
}

#[tokio::test]
async fn after_enough_expired_answers_nothing_more_is_sent() {
    let plane = control_plane(
        403,
        r#"{"__type":"ExpiredTokenException","message":"expired"}"#,
    )
    .await;
    for _ in 0..20 {
        assert_eq!(
            plane.get_stages("a1", None).await.unwrap_err().code,
            FailureKind::Expired.code()
        );
    }
    assert_eq!(plane.channel.sent().count(), 8);
}
