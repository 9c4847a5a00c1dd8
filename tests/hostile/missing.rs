//! Items that are not found. AWS's 404 is looked up once more; any other 404 is a gap.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftgate::source::aws::Request;
use serde_json::json;

use super::server::{Answer, http, ok, refused};
use super::world::*;

const GONE: &str = "Invalid API identifier specified 111122223333:a1";
const NO_STAGE: &str = "Invalid stage identifier specified";

fn of_aws(message: &str) -> Answer {
    refused("404 Not Found", "NotFoundException", message)
}

fn of_a_proxy() -> Vec<Answer> {
    vec![
        http(
            "404 Not Found",
            "content-type: text/html\r\n",
            "<html>Not Found</html>",
        ),
        http(
            "404 Not Found",
            "",
            r#"{"message":"no Route matched with those values"}"#,
        ),
        http("404 Not Found", "", ""),
        refused("404 Not Found", "ResourceNotFoundException", "nothing here"),
        refused("400 Bad Request", "NotFoundException", GONE),
    ]
}

#[test]
fn an_api_that_aws_does_not_find_and_no_longer_lists_is_deleted() {
    let lists = AtomicUsize::new(0);
    let (found, _) = audited(
        SEEN,
        move |operation, path| match operation {
            "GetApis" if lists.fetch_add(1, Ordering::SeqCst) > 0 => {
                Some(ok(json!({"items": [api("b2")]})))
            }
            "GetStages" if path.starts_with("a1") => Some(of_aws(GONE)),
            _ => None,
        },
        |_| (),
    );
    assert_eq!(
        (found.judgement.exit, seen(&found)),
        (0, vec!["b2/prod".to_owned()])
    );
    assert_eq!(&*found.results.warnings[0].kind, "deleted");
}

#[test]
fn an_api_that_aws_does_not_find_and_still_lists_is_a_gap() {
    let (found, server) = audited(
        SEEN,
        |operation, _| (operation == "GetStages").then(|| of_aws(GONE)),
        |_| (),
    );
    assert_eq!(
        (found.judgement.exit, found.results.gaps.len()),
        (3, 2),
        "{:?}",
        found.results.gaps
    );
    assert_eq!(
        place(&found.results.gaps[0]),
        ("GetStages", "NotFoundException", Some("a1"), None)
    );
    assert!(
        found.results.gaps[0].message.contains("still lists"),
        "{}",
        found.results.gaps[0].message
    );
    assert_eq!(server.count("GetApis", ""), 2, "one list for all of them");
}

#[test]
fn an_api_that_cannot_be_looked_up_again_is_a_gap() {
    let lists = AtomicUsize::new(0);
    let (found, _) = audited(
        SEEN,
        move |operation, path| match operation {
            "GetApis" if lists.fetch_add(1, Ordering::SeqCst) > 0 => {
                Some(refused("403 Forbidden", "AccessDeniedException", "no"))
            }
            "GetStages" if path.starts_with("a1") => Some(of_aws(GONE)),
            _ => None,
        },
        |_| (),
    );
    assert_eq!(
        only_gap(&found),
        ("GetStages", "NotFoundException", Some("a1"), None)
    );
    assert!(
        found.results.gaps[0]
            .message
            .contains("AccessDeniedException"),
        "{}",
        found.results.gaps[0].message
    );
}

#[test]
fn any_other_404_is_a_gap_wherever_it_comes() {
    let narrowings: [fn(&mut Request); 3] = [|_| (), one_stage, one_api_and_stage];
    for (number, narrow) in narrowings.into_iter().enumerate() {
        for answer in of_a_proxy() {
            let operation = ["GetStages", "GetStage", "GetApi"][number];
            let strange = move |asked: &str, path: &str| {
                (asked == operation && path.starts_with("a1")).then(|| answer.clone())
            };
            let (found, _) = audited(SEEN, strange, narrow);
            let (asked, _, api, _) = only_gap(&found);
            assert_eq!(
                (asked, api, found.judgement.exit),
                (operation, Some("a1"), 3),
                "{:?}",
                found.results.gaps
            );
        }
    }
}

/// Audits with a second look at every stage; a1's is not found.
fn confirmed(
    policy: &str,
    answer: Answer,
    more: impl Fn(&str, &str, usize) -> Option<Answer> + Send + Sync + 'static,
) -> super::audit::Audited {
    let lists = AtomicUsize::new(0);
    let strange = move |operation: &str, path: &str| {
        let number = match (operation, path) {
            ("GetStages", "a1/stages") => lists.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        more(operation, path, number)
            .or_else(|| (operation == "GetStage" && path.starts_with("a1")).then(|| answer.clone()))
    };
    audited(policy, strange, |request| {
        request.confirm = Some(Arc::new(|_| true));
    })
    .0
}

const FAILS: &str = "policy: p\nrules:\n  - {id: seen, title: t, severity: high, expect: {StageName: a-name-that-none-has}}\n";

#[test]
fn a_404_that_is_not_aws_erases_no_violation() {
    for answer in of_a_proxy() {
        let found = confirmed(FAILS, answer, |_, _, _| None);
        assert_eq!((found.judgement.exit, seen(&found).len()), (1, 2));
        assert_eq!(&*found.results.warnings[0].kind, "not-confirmed");
    }
}

#[test]
fn a_stage_that_getstage_does_not_find_and_getstages_lists_stays() {
    for message in [NO_STAGE, GONE, "Not Found"] {
        let found = confirmed(FAILS, of_aws(message), |_, _, _| None);
        assert_eq!(
            (
                found.judgement.exit,
                seen(&found).len(),
                found.results.warnings.len(),
                found.results.gaps.len()
            ),
            (1, 2, 0, 1),
            "{message}"
        );
    }
}

#[test]
fn a_stage_that_is_listed_no_longer_is_deleted() {
    let found = confirmed(SEEN, of_aws(NO_STAGE), |operation, path, number| {
        (operation == "GetStages" && path == "a1/stages" && number > 0)
            .then(|| ok(json!({"items": []})))
    });
    assert_eq!(
        (found.judgement.exit, seen(&found)),
        (0, vec!["b2/prod".to_owned()])
    );
    assert_eq!(&*found.results.warnings[0].kind, "deleted");
}

#[test]
fn an_api_that_vanishes_before_the_second_look_is_looked_up() {
    // It is still listed, so AWS contradicts itself.
    let found = confirmed(FAILS, of_aws(GONE), |operation, path, number| {
        (operation == "GetStages" && path == "a1/stages" && number > 0).then(|| of_aws(GONE))
    });
    assert_eq!((found.judgement.exit, seen(&found).len()), (1, 2));
    let (operation, api, stage) = {
        let gap = &found.results.gaps[0];
        (&*gap.operation, gap.api_id.as_deref(), gap.stage.as_deref())
    };
    assert_eq!(
        (operation, api, stage),
        ("GetStage", Some("a1"), Some("prod"))
    );
}

#[test]
fn only_awss_words_about_the_very_api_say_that_a_region_lacks_it() {
    for (message, operation) in [
        (GONE, None),
        ("no such host", Some("GetApi")),
        ("Invalid API identifier specified 1:zzzz", Some("GetApi")),
    ] {
        let (found, _) = audited(
            SEEN,
            move |called, _| (called == "GetApi").then(|| of_aws(message)),
            one_api_and_stage,
        );
        let gaps = &found.results.gaps;
        assert_eq!(found.judgement.exit, 3);
        assert_eq!(
            gaps.iter()
                .find(|gap| gap.operation == "GetApi")
                .map(|gap| &*gap.operation),
            operation,
            "{gaps:?}"
        );
    }
}
