//! Credentials of a role that STS answers.

use super::server::ok;
use super::world::*;

#[test]
fn credentials_of_another_account_are_a_gap() {
    let (found, server) = audited(
        SEEN,
        |operation, _| (operation == "AssumeRole").then(|| ok(assumed("999999999999", ""))),
        role,
    );
    assert_eq!(
        (only_gap(&found), found.judgement.exit),
        (("AssumeRole", "ForeignCredentials", None, None), 3)
    );
    let gap = &found.results.gaps[0];
    assert_eq!(gap.account.as_deref(), Some(OTHER));
    assert!(gap.message.contains("999999999999"), "{}", gap.message);
    assert_eq!(server.count("GetApis", ""), 0);
}

#[test]
fn every_part_of_the_answer_is_needed() {
    let parts = [
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
        "Credentials",
        "Arn",
        "AssumedRoleUser",
    ];
    for part in parts {
        let (found, _) = audited(
            SEEN,
            move |operation, _| (operation == "AssumeRole").then(|| ok(assumed(OTHER, part))),
            role,
        );
        assert_eq!(
            (only_gap(&found).1, found.judgement.exit),
            ("InvalidResponse", 3),
            "{part}"
        );
    }
    let (found, _) = audited(SEEN, |_, _| None, role);
    assert_eq!((found.judgement.exit, seen(&found).len()), (0, 2));
}

#[test]
fn keys_that_no_header_can_hold_are_a_gap() {
    for (key, bad) in [
        ("ASIA1", "ASIA&#10;1"),
        ("<SessionToken>t", "<SessionToken>t&#7;t"),
    ] {
        let (found, _) = audited(
            SEEN,
            move |operation, _| {
                (operation == "AssumeRole").then(|| ok(assumed(OTHER, "").replace(key, bad)))
            },
            role,
        );
        assert_eq!(
            (only_gap(&found).0, found.judgement.exit),
            ("AssumeRole", 3),
            "{bad}"
        );
        let gap = &found.results.gaps[0];
        assert!(
            gap.message.contains("a character that no key has"),
            "{}",
            gap.message
        );
    }
}
