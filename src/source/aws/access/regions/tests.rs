//! The calls for the Regions, their order, and the meaning of each answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_config::identity::IdentityCache;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::*;
use crate::source::aws::call::FailureKind;
use crate::source::aws::stub::{Log, Received, answering};

const DESCRIBED: &str = "<DescribeRegionsResponse><regionInfo>\
    <item><regionName>eu-west-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>\
    <item><regionName>af-south-1</regionName><optInStatus>not-opted-in</optInStatus></item>\
    </regionInfo></DescribeRegionsResponse>";
const UNAUTHORIZED: &str = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error>\
    </Errors></Response>";
const DENIED: &str = r#"{"__type":"AccessDeniedException","message":"no"}"#;

/// Gives the same keys each time, or none, and counts.
#[derive(Debug, Default)]
struct Keys {
    none: bool,
    given: Arc<AtomicU32>,
}

impl ProvideCredentials for Keys {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.given.fetch_add(1, Ordering::Relaxed);
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "a test");
        future::ProvideCredentials::ready(if self.none {
            Err(CredentialsError::not_loaded("gone"))
        } else {
            Ok(keys)
        })
    }
}

async fn with_keys(keys: Keys) -> RegionList {
    let answer = |request: &Received| {
        if request.is("DescribeRegions") {
            (200, DESCRIBED.to_owned())
        } else {
            (403, DENIED.to_owned())
        }
    };
    let config = answering("eu-west-1", answer).await.0.into_builder();
    let config = config.credentials_provider(SharedCredentialsProvider::new(keys));
    of_account(
        &config.identity_cache(IdentityCache::lazy().build()).build(),
        "eu-west-1",
    )
    .await
}

async fn found(
    home: &str,
    answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
) -> (RegionList, Log) {
    let (config, log) = answering(home, answer).await;
    (of_account(&config, home).await, log)
}

fn names(found: &RegionList) -> Vec<(&str, bool)> {
    found
        .regions
        .iter()
        .map(|region| (region.name.as_str(), region.enabled))
        .collect()
}

fn kinds(found: &RegionList) -> Vec<(Operation, FailureKind)> {
    found
        .failures
        .iter()
        .map(|(operation, failure)| (*operation, failure.kind))
        .collect()
}

#[tokio::test]
async fn account_service_pages_are_read_to_the_last() {
    let (found, log) = found("eu-west-1", |request| {
        let region =
            |name, status| format!(r#"{{"RegionName":"{name}","RegionOptStatus":"{status}"}}"#);
        let (regions, next) = if request.body.contains("second") {
            (
                vec![
                    region("af-south-1", "ENABLING"),
                    region("ap-east-2", "DISABLING"),
                    region("a-new-1", "NEW"),
                ],
                "",
            )
        } else {
            let first = vec![
                region("us-east-1", "ENABLED_BY_DEFAULT"),
                region("me-south-1", "DISABLED"),
            ];
            (first, r#","NextToken":"second""#)
        };
        (
            200,
            format!(r#"{{"Regions":[{}]{next}}}"#, regions.join(",")),
        )
    })
    .await;
    let all = [
        ("a-new-1", true),
        ("af-south-1", true),
        ("ap-east-2", true),
        ("me-south-1", false),
        ("us-east-1", true),
    ];
    assert_eq!(
        (names(&found).as_slice(), found.from),
        (&all[..], Origin::ListRegions)
    );
    assert!(found.failures.is_empty());
    let log = log.lock().unwrap();
    assert_eq!(
        (
            log.len(),
            log.iter().all(|request| request.is("ListRegions"))
        ),
        (2, true),
        "{log:?}"
    );
    assert!(
        log[0].head.contains("/us-east-1/account/aws4_request"),
        "{log:?}"
    );
}

#[tokio::test]
async fn ec2_lists_the_regions_if_the_account_service_refuses() {
    let (found, log) = found("eu-west-1", |request| {
        if request.is("DescribeRegions") {
            (200, DESCRIBED.to_owned())
        } else {
            (403, DENIED.to_owned())
        }
    })
    .await;
    assert_eq!(names(&found), [("af-south-1", false), ("eu-west-1", true)]);
    assert_eq!(
        (found.from, kinds(&found)),
        (
            Origin::DescribeRegions,
            vec![(Operation::ListRegions, FailureKind::Denied)]
        )
    );
    let log = log.lock().unwrap();
    assert_eq!(
        (
            log.len(),
            log[1].head.contains("/eu-west-1/ec2/aws4_request")
        ),
        (2, true),
        "{log:?}"
    );
}

#[tokio::test]
async fn without_a_list_every_region_of_the_partition_is_read() {
    let refuse = |request: &Received| {
        if request.is("DescribeRegions") {
            (403, UNAUTHORIZED.to_owned())
        } else {
            (403, DENIED.to_owned())
        }
    };
    let (aws, _) = found("eu-west-1", refuse).await;
    assert_eq!((aws.from, aws.regions.len()), (Origin::BuiltIn, 34));
    assert!(aws.regions.iter().all(|region| region.enabled));
    assert!(aws.regions.iter().any(|region| is_opt_in(&region.name)));
    let denied = |operation| (operation, FailureKind::Denied);
    assert_eq!(
        kinds(&aws),
        [
            denied(Operation::ListRegions),
            denied(Operation::DescribeRegions)
        ]
    );

    let (gov, _) = found("us-gov-east-1", refuse).await;
    assert_eq!(
        names(&gov),
        [("us-gov-east-1", true), ("us-gov-west-1", true)]
    );
    assert_eq!(
        kinds(&gov),
        [denied(Operation::DescribeRegions)],
        "GovCloud has no account service to ask"
    );
}

#[tokio::test]
async fn endless_empty_and_invalid_lists_are_failures() {
    for (listed, kind) in [
        (
            r#"{"Regions":[{"RegionName":"us-east-1"}],"NextToken":"again"}"#,
            FailureKind::Endless,
        ),
        (r#"{"Regions":[]}"#, FailureKind::Broken),
        ("{}", FailureKind::Broken),
        (
            r#"{"Regions":[{"RegionName":"evil.example/"}]}"#,
            FailureKind::Broken,
        ),
        (
            r#"{"Regions":[{"RegionOptStatus":"ENABLED"}]}"#,
            FailureKind::Broken,
        ),
    ] {
        let (found, _) = found("eu-west-1", move |request| {
            (
                200,
                if request.is("DescribeRegions") {
                    DESCRIBED
                } else {
                    listed
                }
                .to_owned(),
            )
        })
        .await;
        assert_eq!(
            (found.from, kinds(&found)),
            (
                Origin::DescribeRegions,
                vec![(Operation::ListRegions, kind)]
            )
        );
    }
}

#[tokio::test]
async fn ec2_is_retried_while_it_fails() {
    for (status, body, kind, attempts) in [
        (
            503,
            "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
            None,
            4,
        ),
        (500, "", Some(FailureKind::Server), 4),
        (200, "<html>sign in</html>", Some(FailureKind::Broken), 4),
        (
            200,
            "<DescribeRegionsResponse><regionInfo/></DescribeRegionsResponse>",
            Some(FailureKind::Broken),
            4,
        ),
        (
            401,
            "<Response><Errors><Error><Code>AuthFailure</Code></Error></Errors></Response>",
            None,
            1,
        ),
    ] {
        let (found, log) = found("cn-north-1", move |request| {
            if request.is("DescribeRegions") {
                (status, body.to_owned())
            } else {
                (403, DENIED.to_owned())
            }
        })
        .await;
        let (_, failure) = &found.failures[1];
        let expected = kind.unwrap_or(if status == 503 {
            FailureKind::Throttled(None)
        } else {
            FailureKind::UnknownCredentials
        });
        assert_eq!(
            (failure.kind, failure.attempts),
            (expected, attempts),
            "{failure:?}"
        );
        assert_eq!(
            log.lock().unwrap().len(),
            1 + usize::try_from(attempts).unwrap()
        );
        assert_eq!(found.from, Origin::BuiltIn);
    }
}

#[tokio::test]
async fn the_accounts_credentials_are_found_once_for_all_calls() {
    let given = Arc::new(AtomicU32::new(0));
    let found = with_keys(Keys {
        none: false,
        given: Arc::clone(&given),
    })
    .await;
    assert_eq!(
        (found.from, given.load(Ordering::Relaxed)),
        (Origin::DescribeRegions, 1)
    );
}

#[tokio::test]
async fn without_credentials_both_calls_say_so() {
    let found = with_keys(Keys {
        none: true,
        ..Keys::default()
    })
    .await;
    let failed = |operation| (operation, FailureKind::Credentials);
    assert_eq!(
        kinds(&found),
        [
            failed(Operation::ListRegions),
            failed(Operation::DescribeRegions)
        ]
    );
    assert!(found.failures[1].1.message.contains("gone"), "{found:?}");
}

#[tokio::test]
async fn regions_of_other_partitions_are_not_the_accounts() {
    let (found, _) = found("us-east-1", |_| {
        (
            200,
            r#"{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"cn-north-1"}]}"#.to_owned(),
        )
    })
    .await;
    assert_eq!(names(&found), [("us-east-1", true)]);
}

/// Lists the Regions where the only service does not answer, since nothing listens there or nothing is accepted.
async fn unanswered(listens: bool) -> RegionList {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let _listener = listens.then_some(listener);
    let config = answering("us-gov-west-1", |_| (200, String::new()))
        .await
        .0
        .into_builder()
        .endpoint_url(url);
    of_account(&config.build(), "us-gov-west-1").await
}

#[tokio::test]
async fn a_refused_connection_fails_soon() {
    let found = unanswered(false).await;
    assert_eq!(
        kinds(&found),
        [(Operation::DescribeRegions, FailureKind::Unreachable)]
    );
    assert_eq!(
        (found.failures[0].1.attempts, found.from),
        (2, Origin::BuiltIn)
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_answer_times_out() {
    let found = unanswered(true).await;
    assert_eq!(
        kinds(&found),
        [(Operation::DescribeRegions, FailureKind::Slow)]
    );
    assert_eq!(
        (found.failures[0].1.attempts, found.from),
        (4, Origin::BuiltIn)
    );
}
