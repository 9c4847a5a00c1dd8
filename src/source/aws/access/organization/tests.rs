//! Pages, circles, statuses and units, from a server that answers what Organizations would.

use std::time::Duration;

use super::*;
use crate::source::aws::call::FailureKind;
use crate::source::aws::stub::{Received, answering};

/// A retry policy that gives up soon.
const SOON: RetryPolicy = RetryPolicy {
    attempts: 3,
    first: Duration::from_millis(1),
    ..RetryPolicy::STANDARD
};

fn parent(request: &Received) -> &str {
    request
        .body
        .split(r#""ParentId":""#)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_default()
}

async fn listed(
    answer: impl Fn(&Received) -> (u16, String) + Send + Sync + 'static,
) -> (MemberList, Vec<Received>) {
    let (config, log) = answering("eu-west-1", answer).await;
    let listing = Organization::new(&config, SOON, &Semaphore::new(1), "eu-west-1")
        .accounts()
        .await;
    let log = log.lock().unwrap().clone();
    (listing, log)
}

async fn members(config: &SdkConfig, unit: &str) -> Result<BTreeSet<String>, (Operation, Failure)> {
    Organization::new(config, SOON, &Semaphore::new(1), "us-gov-east-1")
        .members_of(unit)
        .await
}

#[tokio::test]
async fn accounts_are_read_to_the_last_page() {
    let (listing, log) = listed(|request| {
        let page = if request.body.contains("second") {
            r#"{"Accounts":[{"Id":"222222222222","Name":"old","State":"SUSPENDED","Status":"ACTIVE"}]}"#
        } else {
            r#"{"Accounts":[{"Id":"111111111111","Name":"prod","Status":"ACTIVE"}],"NextToken":"second"}"#
        };
        (200, page.to_owned())
    })
    .await;
    let member = |id: &str, name: &str, status| OrganizationAccount {
        id: id.repeat(12),
        name: name.to_owned(),
        status,
    };
    assert_eq!(
        listing.members,
        [
            member("1", "prod", Status::Active),
            member("2", "old", Status::Suspended)
        ]
    );
    assert!(listing.failed.is_none());
    assert!(log.len() == 2 && log[0].is("ListAccounts"), "{log:?}");
    assert!(
        log[0]
            .head
            .contains("/us-east-1/organizations/aws4_request"),
        "{log:?}"
    );
}

#[tokio::test]
async fn an_account_listed_twice_is_read_once() {
    let (listing, _) = listed(|request| {
        let page = if request.body.contains("second") {
            r#"{"Accounts":[{"Id":"222222222222","State":"SUSPENDED"},{"Id":"111111111111","State":"ACTIVE"}]}"#
        } else {
            r#"{"Accounts":[{"Id":"111111111111","State":"PENDING_CLOSURE"},{"Id":"222222222222","State":"ACTIVE"}],
               "NextToken":"second"}"#
        };
        (200, page.to_owned())
    })
    .await;
    let found: Vec<_> = listing
        .members
        .iter()
        .map(|member| (member.id.as_str(), member.status))
        .collect();
    assert_eq!(
        found,
        [
            ("111111111111", Status::Active),
            ("222222222222", Status::Active)
        ]
    );
}

#[tokio::test]
async fn accounts_read_before_a_failure_stay() {
    let first = r#"{"Accounts":[{"Id":"111111111111"}],"NextToken":"second"}"#;
    for (second, kind, sent) in [
        (
            (400, r#"{"__type":"AccessDeniedException","Message":"no"}"#),
            FailureKind::Denied,
            2,
        ),
        ((200, first), FailureKind::Endless, 2),
        ((200, "{}"), FailureKind::Broken, 4),
        (
            (200, r#"{"Accounts":[{"Id":"1:role/x"}]}"#),
            FailureKind::Broken,
            4,
        ),
        ((500, "{}"), FailureKind::Server, 4),
    ] {
        let (listing, log) = listed(move |request| {
            let (status, body) = if request.body.contains("second") {
                second
            } else {
                (200, first)
            };
            (status, body.to_owned())
        })
        .await;
        let (operation, failure) = listing.failed.unwrap();
        assert_eq!(
            (operation, failure.kind, log.len()),
            (Operation::ListAccounts, kind, sent),
            "{failure:?}"
        );
        assert_eq!(listing.members[0].id, "111111111111");
    }
}

#[tokio::test]
async fn a_unit_has_the_accounts_of_all_units_below_it() {
    // r-root has ou-a and ou-b, and ou-b leads back to ou-a.
    let (config, _) = answering("us-gov-east-1", |request| {
        let body = match (request.is("ListAccountsForParent"), parent(request)) {
            (true, "r-root") => r#"{"Accounts":[{"Id":"111111111111"}]}"#,
            (true, "ou-a") => r#"{"Accounts":[{"Id":"222222222222"}]}"#,
            (true, _) => r#"{"Accounts":[]}"#,
            (false, "r-root") if !request.body.contains("more") => {
                r#"{"OrganizationalUnits":[{"Id":"ou-a"}],"NextToken":"more"}"#
            }
            (false, "r-root") => r#"{"OrganizationalUnits":[{"Id":"ou-b"}]}"#,
            (false, "ou-b") => r#"{"OrganizationalUnits":[{"Id":"ou-a"}]}"#,
            (false, _) => r#"{"OrganizationalUnits":[]}"#,
        };
        (200, body.to_owned())
    })
    .await;
    let ids = members(&config, "r-root").await.unwrap();
    assert_eq!(
        ids.into_iter().collect::<Vec<_>>(),
        ["111111111111", "222222222222"]
    );
    assert!(
        members(&config, "ou-b")
            .await
            .unwrap()
            .contains("222222222222")
    );
}

#[tokio::test]
async fn a_unit_that_is_not_read_whole_is_a_failure() {
    let (config, log) = answering("us-gov-east-1", |request| {
        if request.is("ListAccountsForParent") {
            (200, r#"{"Accounts":[{"Id":"111111111111"}]}"#.to_owned())
        } else {
            (
                400,
                r#"{"__type":"ParentNotFoundException","Message":"no such unit"}"#.to_owned(),
            )
        }
    })
    .await;
    let (operation, failure) = members(&config, "ou-gone").await.unwrap_err();
    assert_eq!(operation, Operation::ListOrganizationalUnitsForParent);
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("ParentNotFoundException", "no such unit")
    );
    assert!(
        log.lock().unwrap()[0]
            .head
            .contains("/us-gov-west-1/organizations/")
    );
}

#[test]
fn state_comes_before_status() {
    let status = |state: Option<&str>, status: Option<&str>| {
        let account = Account::builder().id("111111111111");
        let account = account
            .set_state(state.map(AccountState::from))
            .set_status(status.map(AccountStatus::from));
        member(account.build()).unwrap().status
    };
    assert_eq!(
        status(Some("PENDING_CLOSURE"), Some("ACTIVE")),
        Status::PendingClosure
    );
    assert_eq!(status(Some("CLOSED"), None), Status::Suspended);
    assert_eq!(status(None, Some("ACTIVE")), Status::Active);
    assert_eq!(status(Some("PENDING_ACTIVATION"), None), Status::Other);
    assert_eq!(
        (status(None, None), status(Some("A_NEW_ONE"), None)),
        (Status::Other, Status::Other)
    );
}

#[tokio::test]
async fn pages_that_never_end_are_given_up() {
    let request = std::sync::atomic::AtomicUsize::new(0);
    let (listing, log) = listed(move |_| {
        let number = request.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        (200, format!(r#"{{"Accounts":[],"NextToken":"{number}"}}"#))
    })
    .await;
    assert_eq!(listing.failed.unwrap().1.kind, FailureKind::Endless);
    assert_eq!(log.len(), MOST_PAGES);
}
