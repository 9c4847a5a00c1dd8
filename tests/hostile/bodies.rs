//! Bodies without end, in pieces, packed, sent elsewhere, or about something else: each at each operation.

use std::time::{Duration, Instant};

use driftgate::source::aws::{AccountSource, Accounts, Role};
use serde_json::json;

use super::audit::each;
use super::server::{Answer, http, ok};
use super::world::*;

const OPERATIONS: [&str; 6] = [
    "GetApis",
    "GetApi",
    "GetStages",
    "GetStage",
    "AssumeRole",
    "ListAccounts",
];

fn raw(text: &str) -> Answer {
    Answer::Bytes(text.as_bytes().to_vec())
}

fn endless(head: &str, again: &[u8]) -> Answer {
    let again = again.repeat(((1 << 16) / again.len()).max(1));
    Answer::Endless(head.as_bytes().to_vec(), again)
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// Each behaviour, and the codes that its gap may have.
fn behaviours() -> Vec<(&'static str, Answer, &'static [&'static str])> {
    // On a busy machine, an attempt times out before 32 MiB are there.
    let big: &[&str] = &["AnswerTooLarge", "RequestTimeout"];
    let broken: &[&str] = &["InvalidResponse"];
    let cut: &[&str] = &["InvalidResponse", "ConnectionFailure"];
    let chunk = ["10000\r\n", &" ".repeat(1 << 16), "\r\n"]
        .concat()
        .into_bytes();
    let bomb = " ".repeat(64 << 20);
    vec![
        (
            "endless until it closes",
            endless("HTTP/1.1 200 OK\r\n\r\n{\"items\":[", b" "),
            big,
        ),
        (
            "endless text",
            endless("HTTP/1.1 200 OK\r\n\r\n{\"items\":[{\"name\":\"", b"a"),
            big,
        ),
        (
            "endless chunks",
            endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                &chunk,
            ),
            big,
        ),
        (
            "endless with a length",
            endless(
                "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
                b" ",
            ),
            big,
        ),
        (
            "endless refusal",
            endless("HTTP/1.1 403 Forbidden\r\n\r\n", b" "),
            big,
        ),
        (
            "endless failure",
            endless("HTTP/1.1 500 Oh\r\n\r\n", b" "),
            big,
        ),
        (
            "packed, unasked",
            http(
                "200 OK",
                "content-encoding: gzip\r\n",
                gzip("{\"items\":[]}"),
            ),
            broken,
        ),
        (
            "a packed bomb",
            http("200 OK", "content-encoding: gzip\r\n", gzip(&bomb)),
            broken,
        ),
        (
            "deep lists",
            http("200 OK", "", "{\"x\":".to_owned() + &"[".repeat(1 << 20)),
            broken,
        ),
        (
            "deep objects",
            http("200 OK", "", "{\"a\":".repeat(1 << 20)),
            broken,
        ),
        (
            "no HTTP",
            raw("SSH-2.0-OpenSSH_9.6\r\n"),
            &["ConnectionFailure"],
        ),
        (
            "HTTP/2, unasked",
            raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            &["ConnectionFailure"],
        ),
        (
            "two lengths",
            raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}"),
            &["ConnectionFailure"],
        ),
        ("nothing", Answer::Bytes(Vec::new()), &["ConnectionFailure"]),
        (
            "half a chunk",
            raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"items\":["),
            cut,
        ),
        (
            "part of a document",
            http("206 Partial Content", "", "{\"items\":[],\"Accounts\":[]}"),
            broken,
        ),
        ("no content", raw("HTTP/1.1 204 No Content\r\n\r\n"), broken),
        (
            "not UTF-8",
            http("200 OK", "", b"{\"items\":[{\"name\":\"\xff\xfe\"}]}"),
            broken,
        ),
        (
            "moved",
            http("301 Moved", "location: http://127.0.0.1:1/\r\n", ""),
            &["Http301", "InvalidResponse"],
        ),
        (
            "moved, with a body",
            http("308 Moved", "location: /v2/apis\r\n", "{\"items\":[]}"),
            &["Http308", "InvalidResponse"],
        ),
        (
            "about something else",
            ok(json!({"apiId": "zz", "stageName": "zz", "x": []})),
            broken,
        ),
        ("null", ok("null"), broken),
        ("a number", ok("7"), broken),
        (
            "a date of the year 10000",
            http("200 OK", "date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", ""),
            broken,
        ),
    ]
}

#[test]
fn each_is_a_gap_and_the_others_are_read() {
    let behaviours = behaviours();
    let started = Instant::now();
    each(behaviours.len() * OPERATIONS.len(), |number| {
        let (name, answer, codes) = &behaviours[number / OPERATIONS.len()];
        let operation = OPERATIONS[number % OPERATIONS.len()];
        let answer = answer.clone();
        let strange = move |asked: &str, path: &str| {
            let struck = asked == operation && (path.is_empty() || path.starts_with("a1"));
            struck.then(|| answer.clone())
        };
        let (found, _) = audited(SEEN, strange, |request| match operation {
            "GetStage" => one_stage(request),
            "GetApi" => one_api_and_stage(request),
            "AssumeRole" => role(request),
            "ListAccounts" => {
                let role = Role {
                    name: "Audit".to_owned(),
                    external_id: None,
                };
                request.accounts = Accounts {
                    source: AccountSource::Organization(Vec::new(), role),
                    excluded: Vec::new(),
                };
            }
            _ => {}
        });
        let gaps = &found.results.gaps;
        let [gap] = gaps.as_slice() else {
            return Err(format!("{name} × {operation}: {gaps:?}"));
        };
        let others = usize::from(matches!(operation, "GetStages" | "GetStage"));
        let right = gap.operation == operation
            && codes.contains(&gap.code.as_str())
            && found.judgement.exit == 3
            && found.results.failed.is_none()
            && seen(&found).len() == others;
        let dump = gap.message.contains("{ ") || gap.message.len() > 600;
        if right && !dump {
            return Ok(());
        }
        Err(format!(
            "{name} × {operation}: exit {}, {} read, {gap:?}",
            found.judgement.exit,
            seen(&found).len()
        ))
    });
    assert!(
        started.elapsed() < Duration::from_mins(4),
        "{:?}",
        started.elapsed()
    );
    let peak = peak_memory();
    assert!(peak < 1 << 30, "{} MiB", peak >> 20);
}

/// The most memory that this process had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}

#[test]
fn what_has_no_end_before_its_body_keeps_nothing_else_from_being_read() {
    // Slowly, since a debug build of the HTTP client takes seconds for a large read.
    let endless =
        |head: &str, again: &[u8]| Answer::Slowly(head.as_bytes().to_vec(), again.repeat(100));
    for (name, answer) in [
        ("headers", endless("HTTP/1.1 200 OK\r\n", b"x-a: b\r\n")),
        (
            "interim answers",
            endless("", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        ),
        (
            "a chunk size",
            endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                b"0",
            ),
        ),
        (
            "trailers",
            endless(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
                b"x: y\r\n",
            ),
        ),
    ] {
        let started = Instant::now();
        let strange = move |asked: &str, path: &str| {
            (asked == "GetStages" && path.starts_with("a1")).then(|| answer.clone())
        };
        let (found, _) = audited(SEEN, strange, |request| {
            request.timeout = Some(Duration::from_secs(20));
        });
        let (asked, code, api, _) = only_gap(&found);
        assert_eq!(
            (asked, api, seen(&found)),
            ("GetStages", Some("a1"), vec!["b2/prod".to_owned()]),
            "{name}"
        );
        assert!(
            [
                "InvalidResponse",
                "ConnectionFailure",
                "RequestTimeout",
                "Timeout"
            ]
            .contains(&code),
            "{name}: {code}"
        );
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "{name}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn chunks_are_as_good_as_a_length() {
    let body = json!({"items": [api("a1")]}).to_string();
    let (first, second) = body.split_at(10);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let (found, _) = audited(
        SEEN,
        move |operation, _| (operation == "GetApis").then(|| raw(&chunked)),
        |_| (),
    );
    assert_eq!(
        (seen(&found), found.judgement.exit),
        (vec!["a1/prod".to_owned()], 0)
    );
}

#[test]
fn a_page_token_that_cannot_be_sent_is_a_gap_at_once() {
    for token in [
        "t".repeat(64 << 10),
        "t".repeat(1 << 20),
        "ü".repeat(20 << 10),
    ] {
        for operation in ["GetApis", "GetStages"] {
            let token = token.clone();
            let (found, server) = audited(
                SEEN,
                move |asked, path| {
                    let item = if asked == "GetApis" {
                        api("a1")
                    } else {
                        stage("prod")
                    };
                    let struck = asked == operation && (path.is_empty() || path.starts_with("a1"));
                    struck.then(|| ok(json!({"items": [item], "nextToken": token})))
                },
                |_| (),
            );
            let (asked, code, _, _) = only_gap(&found);
            assert_eq!(
                (asked, code, found.judgement.exit),
                (operation, "InvalidRequest", 3)
            );
            assert!(
                found.results.gaps[0].message.len() < 200,
                "{}",
                found.results.gaps[0].message
            );
            let path = if operation == "GetApis" {
                ""
            } else {
                "a1/stages"
            };
            assert_eq!(
                server.count(operation, path),
                1,
                "what cannot be sent is not sent again"
            );
        }
    }
}

#[test]
fn tokens_with_any_character_are_sent_as_they_came() {
    let (found, server) = audited(
        SEEN,
        |operation, _| {
            (operation == "GetApis").then(|| {
                ok(json!({"items": [api("a1")], "nextToken": "a\n\u{0}b c/+=&?ü\u{1f600}"}))
            })
        },
        |_| (),
    );
    assert_eq!(
        (only_gap(&found).1, found.judgement.exit),
        ("RepeatedPageToken", 3)
    );
    assert_eq!(server.count("GetApis", ""), 2);
}
