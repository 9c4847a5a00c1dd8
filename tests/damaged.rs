//! Snapshots that were changed, damaged, or contradict themselves: each is refused, or holds what it held.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftgate::model::Value;
use driftgate::model::catalogue::{API, STAGE, position};
use driftgate::model::projection::Projection;
use driftgate::model::state::{
    ApiBatch, Close, Gap, Scope, ScopeOutcome, Selection, VecState, Warning, WarningKind,
};
use driftgate::source::file::FileRequest;
use driftgate::source::open_file;
use driftgate::source::snapshot::write::{self, Options};

/// Everything that a file yields, as text, or the reason why it yields nothing.
fn read_as(bytes: &[u8], selection: Selection) -> Result<(Vec<String>, Close), String> {
    let folder = tempfile::tempdir().unwrap();
    read_at(&folder.path().join("fleet"), bytes, selection)
}

fn read_at(
    path: &Path,
    bytes: &[u8],
    selection: Selection,
) -> Result<(Vec<String>, Close), String> {
    read_of(path, bytes, selection, &Projection::all())
}

/// The same, with only some members decoded.
fn read_wanting(bytes: &[u8], projection: &Projection) -> Result<(Vec<String>, Close), String> {
    let folder = tempfile::tempdir().unwrap();
    read_of(
        &folder.path().join("fleet"),
        bytes,
        Selection::default(),
        projection,
    )
}

fn read_of(
    path: &Path,
    bytes: &[u8],
    selection: Selection,
    projection: &Projection,
) -> Result<(Vec<String>, Close), String> {
    fs::write(path, bytes).unwrap();
    let mut state = open_file(&request(path, selection), Arc::new(AtomicBool::new(false)))
        .map_err(|error| error.to_string())?;
    let mut stages = Vec::new();
    while let Some(batch) = state.next() {
        batch
            .decode(projection, &mut |stage| stages.push(format!("{stage:?}")))
            .map_err(|error| error.to_string())?;
    }
    Ok((stages, state.close().map_err(|error| error.to_string())?))
}

fn request(path: &Path, selection: Selection) -> FileRequest {
    FileRequest {
        path: path.to_str().unwrap().to_owned(),
        kind: None,
        selection: Arc::new(selection),
        account: None,
        regions: Vec::new(),
    }
}

fn read(bytes: &[u8]) -> Result<(Vec<String>, Close), String> {
    read_as(bytes, Selection::default())
}

#[track_caller]
fn refused(text: &str, words: &str) {
    match read(text.as_bytes()) {
        Ok(_) => panic!("read, instead of: {words}\n{text}"),
        Err(error) => assert!(
            error.contains(words) && error.contains("othing was read"),
            "{words}: {error}\n{text}"
        ),
    }
}

const HEADER: &str = r#"{"format":"driftgate.snapshot","version":1,"scopes":[{"account":"1","region":"us-east-1"}]}"#;
const TRAILER: &str = r#"{"stages":N,"scopes":[{"account":"1","region":"us-east-1","apis":0,"stages":N,"outcome":"checked"}],"unchecked":[],"complete":true}"#;

/// The line of a stage.
fn line(api: &str, stage: &str) -> String {
    format!(
        r#"{{"account":"1","region":"us-east-1","api":{{"ApiId":"{api}","ProtocolType":"HTTP"}},"stage":{{"StageName":"{stage}"}}}}"#
    )
}

/// A snapshot of these lines.
fn of(header: &str, lines: &[String], trailer: &str) -> String {
    let trailer = trailer.replace('N', &lines.len().to_string());
    format!(
        "{header}\n{}{trailer}\n",
        lines
            .iter()
            .fold(String::new(), |text, line| text + line + "\n")
    )
}

fn snapshot(lines: &[String]) -> String {
    of(HEADER, lines, TRAILER)
}

#[test]
fn a_snapshot_by_hand_is_read_in_any_order() {
    let lines = [line("b", "dev"), line("a", "prod"), line("a", "dev")];
    assert_eq!(read(snapshot(&lines).as_bytes()).unwrap().0.len(), 3);
    let bare = of(
        r#"{"format":"driftgate.snapshot","version":1}"#,
        &lines,
        r#"{"stages":N,"complete":true}"#,
    );
    assert_eq!(read(bare.as_bytes()).unwrap().0.len(), 3);
    // Written again it lists what it left out.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare");
    fs::write(&path, bare).unwrap();
    let state = open_file(
        &request(&path, Selection::default()),
        Arc::new(AtomicBool::new(false)),
    )
    .unwrap();
    let mut again = Vec::new();
    write::write(
        state,
        &mut again,
        &Options {
            taken_at: None,
            show_values: false,
        },
    )
    .unwrap();
    let (stages, close) = read(&again).unwrap();
    assert_eq!(
        (stages.len(), close.scopes.len(), close.scopes[0].stages),
        (3, 1, 3)
    );
}

#[test]
fn a_line_without_its_names_is_damaged() {
    let whole = line("a", "prod");
    for (from, to, words) in [
        (
            r#""stage":{"StageName":"prod"}"#,
            r#""stage":null"#,
            "StageName is missing",
        ),
        (
            r#""stage":{"StageName":"prod"}"#,
            r#""stage":{}"#,
            "StageName is missing",
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":"""#,
            "StageName is missing",
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":null"#,
            "StageName is missing",
        ),
        (
            r#""api":{"ApiId":"a","ProtocolType":"HTTP"}"#,
            r#""api":null"#,
            "api.ApiId is missing",
        ),
        (r#""ApiId":"a","#, "", "api.ApiId is missing"),
        (
            r#","ProtocolType":"HTTP""#,
            "",
            "api.ProtocolType is missing",
        ),
        (
            r#""ProtocolType":"HTTP""#,
            r#""ProtocolType":"""#,
            "api.ProtocolType is missing",
        ),
        (r#""account":"1","#, "", "missing field `account`"),
        (
            r#""StageName":"prod""#,
            r#""StageName":["s3cret"]"#,
            "StageName: expected a text, found a list",
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":"prod","Tags":7777"#,
            "Tags: expected an object, found a number",
        ),
        (
            r#""account":"1""#,
            r#""account":["s3cret"]"#,
            "expected a text, found a list",
        ),
    ] {
        let damaged = whole.replacen(from, to, 1);
        assert_ne!(damaged, whole, "{from}");
        refused(&snapshot(std::slice::from_ref(&damaged)), words);
        // Behind a line that begins alike, too.
        refused(&snapshot(&[line("a", "dev"), damaged.clone()]), words);
        let error = read(snapshot(&[damaged]).as_bytes()).unwrap_err();
        assert!(
            !error.contains("s3cret") && !error.contains("7777") && error.contains("fleet:2:"),
            "{error}"
        );
    }
}

#[test]
fn what_the_line_calls_not_stated_is_not_missing() {
    let line = r#"{"account":null,"region":null,"api":{},"stage":{"StageName":"prod"},"not-stated":["api.ApiId","api.ProtocolType"]}"#;
    let text = of(
        r#"{"format":"driftgate.snapshot","version":1}"#,
        &[line.to_owned()],
        r#"{"stages":N,"complete":true}"#,
    );
    assert_eq!(read(text.as_bytes()).unwrap().0.len(), 1);
}

/// A path that this version cannot place may mean anything below its nearest ancestor.
#[test]
fn a_path_that_cannot_be_placed_makes_its_ancestor_not_stated() {
    let stated = r#"{"StageName":"prod","DefaultRouteSettings":{"ThrottlingBurstLimit":1},"Tags":{"a":"b"}}"#;
    let seen = |path: &str| {
        let line = line("a", "prod").replace(r#"{"StageName":"prod"}"#, stated);
        let line = line.replacen('{', &format!(r#"{{"not-stated":["{path}"],"#), 1);
        let (stages, _) = read(snapshot(&[line]).as_bytes()).unwrap();
        stages.into_iter().next().unwrap()
    };
    let whole = seen("Description");
    let unstated = |path: &str| seen(path).matches("NotStated").count();
    assert_eq!(whole.matches("NotStated").count(), 1);
    assert_eq!(
        unstated("description"),
        1,
        "the wire's spelling is one as well"
    );
    for (path, gone) in [
        ("DefaultRouteSettings.Newer", "Integer(1)"),
        ("DefaultRouteSettings.Newer.Still", "Integer(1)"),
        ("Tags.a", "Text(\"b\")"),
        ("Newer", "Integer(1)"),
        ("", "Integer(1)"),
    ] {
        let seen = seen(path);
        assert!(
            seen.contains("NotStated") && !seen.contains(gone),
            "{path}: {seen}"
        );
        assert!(
            seen.contains("\"prod\"") && seen.contains("\"HTTP\""),
            "the names stay: {seen}"
        );
    }
    let api = seen("api.Newer");
    assert!(
        api.contains("NotStated") && api.contains("Integer(1)") && api.contains("\"HTTP\""),
        "{api}"
    );
}

#[test]
fn a_digest_of_which_nobody_knows_whether_it_was_a_secret_is_damaged() {
    let digest = format!(
        r#"{{"StageName":"prod","StageVariables":{{"a":{{"sha256":"{}"}}}}}}"#,
        "0".repeat(64)
    );
    let line = line("a", "prod").replace(r#"{"StageName":"prod"}"#, &digest);
    refused(&snapshot(&[line]), "looks-secret");
}

#[test]
fn what_is_there_twice_is_refused() {
    let whole = line("a", "prod");
    for (from, to) in [
        (r#""account":"1""#, r#""account":"1","account":"1""#),
        (
            r#""region":"us-east-1""#,
            r#""region":"us-east-1","region":null"#,
        ),
        (r#""stage":{"#, r#""stage":{"StageName":"other"},"stage":{"#),
        (
            r#""api":{"#,
            r#""api":{"ApiId":"other","ProtocolType":"HTTP"},"api":{"#,
        ),
        (
            r#""account""#,
            r#""not-stated":[],"not-stated":["Tags"],"account""#,
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":"prod","stageName":"prod""#,
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":"prod","AutoDeploy":true,"autoDeploy":false"#,
        ),
        (
            r#""StageName":"prod""#,
            r#""StageName":"prod","Tags":{"a":"1","a":"1"}"#,
        ),
        (r#""ApiId":"a""#, r#""ApiId":"a","apiId":"b""#),
    ] {
        refused(&snapshot(&[whole.replacen(from, to, 1)]), "is there twice");
        refused(
            &snapshot(&[line("a", "dev"), whole.replacen(from, to, 1)]),
            "is there twice",
        );
    }
    for (from, to) in [
        (r#""version":1"#, r#""version":1,"version":1"#),
        (r#""format":"#, r#""format":"driftgate.snapshot","format":"#),
        (
            r#""scopes":[{"account":"1","region":"us-east-1"}]}"#,
            r#""scopes":[],"scopes":[]}"#,
        ),
        (
            r#""account":"1","region":"us-east-1"}]}"#,
            r#""account":"1","account":"1","region":"us-east-1"}]}"#,
        ),
        (r#""stages":1"#, r#""stages":1,"stages":1"#),
        (r#""unchecked":[]"#, r#""unchecked":[],"unchecked":[]"#),
        (r#""complete":true"#, r#""complete":false,"complete":true"#),
    ] {
        let text = snapshot(std::slice::from_ref(&whole));
        assert!(text.contains(from), "{from}");
        assert!(read(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
    }
}

/// Damage counts even where no rule reads.
#[test]
fn damage_is_found_in_members_that_nobody_wants() {
    let digest = "0".repeat(64);
    let stage = |more: &str| {
        line("a", "prod").replace(
            r#""StageName":"prod""#,
            &format!(r#""StageName":"prod",{more}"#),
        )
    };
    let api =
        |more: &str| line("a", "prod").replace(r#""ApiId":"a""#, &format!(r#""ApiId":"a",{more}"#));
    let top = |more: &str| line("a", "prod").replacen('{', &format!("{{{more},"), 1);
    let many = (0..40)
        .map(|at| format!(r#""k{}":"v","#, 40 - at))
        .collect::<Vec<_>>()
        .concat();
    for (damaged, words) in [
        (
            stage(r#""RouteSettings":{"GET /":{},"GET /":{}}"#),
            "RouteSettings.GET / is there twice",
        ),
        (
            stage(r#""RouteSettings":{"GET /":{"LoggingLevel":"OFF","loggingLevel":"INFO"}}"#),
            "LoggingLevel is there twice",
        ),
        (
            stage(r#""RouteSettings":{"GET /":{"LoggingLevel":{}}}"#),
            "LoggingLevel: expected a text, found an object",
        ),
        (
            stage(r#""Tags":{"b":"1","a":"2","b":"1"}"#),
            "Tags.b is there twice",
        ),
        (
            stage(&format!(r#""Tags":{{{many}"k7":""}}"#)),
            "Tags.k7 is there twice",
        ),
        (
            stage(r#""Tags":[{"Key":"a"}]"#),
            "Tags: expected an object, found a list",
        ),
        (
            stage(r#""Tags":{"a":7777}"#),
            "Tags.a: expected a text, found a number",
        ),
        (
            stage(r#""AutoDeploy":true,"autoDeploy":false"#),
            "AutoDeploy is there twice",
        ),
        (
            stage(r#""AutoDeploy":"yes""#),
            "AutoDeploy: expected a boolean, found a text",
        ),
        (
            stage(r#""StageVariables":{"a":{"sha256":"00","looks-secret":true}}"#),
            "sha256 is not 64 hex digits",
        ),
        (
            stage(&format!(
                r#""StageVariables":{{"a":{{"sha256":"{digest}","looks-secret":true,"x":1,"x":1}}}}"#
            )),
            "x is there twice",
        ),
        (
            stage(r#""AccessLogSettings":{"New":1,"Format":"x","new":2}"#),
            "AccessLogSettings.new is there twice",
        ),
        (stage(r#""New":[{"b":{"c":1,"c":1}}]"#), "c is there twice"),
        (stage(r#""New":1,"Newer":1,"New":1"#), "New is there twice"),
        (stage(r#""New":1,"new":1"#), "new is there twice"),
        (api(r#""Tags":{"a":"1","a":"1"}"#), "Tags.a is there twice"),
        (
            api(r#""CorsConfiguration":{"AllowOrigins":[true]}"#),
            "AllowOrigins: expected a text, found a boolean",
        ),
        (api(r#""New":{"a":1,"\u0061":1}"#), "a is there twice"),
        (top(r#""more":1,"more":1"#), "more is there twice"),
        (top(r#""more":{"a":[],"a":[]}"#), "a is there twice"),
    ] {
        for projection in [Projection::all(), Projection::of([])] {
            for lines in [
                vec![damaged.clone()],
                vec![line("a", "dev"), damaged.clone()],
            ] {
                let error = read_wanting(snapshot(&lines).as_bytes(), &projection).unwrap_err();
                assert!(
                    error.contains(words) && error.contains("othing was read"),
                    "{words}: {error}\n{damaged}"
                );
                assert!(!error.contains("7777"), "{error}");
            }
        }
    }
    let whole = snapshot(&[stage(
        r#""Tags":{"a":"1","A":""},"New":{"a":{"x":1},"A":{"x":1}},"Newer":[null,1.5,-1]"#,
    )]);
    assert_eq!(
        read_wanting(whole.as_bytes(), &Projection::of([]))
            .unwrap()
            .0
            .len(),
        1
    );
    for (from, to) in [
        (r#""format":"#, r#""new":1,"new":1,"format":"#),
        (r#""format":"#, r#""new":[{"a":1,"a":1}],"format":"#),
        (
            r#""version":1"#,
            r#""version":1,"narrowing":{"new":{"a":1,"a":1}}"#,
        ),
        (r#""unchecked":[]"#, r#""unchecked":[],"new":1,"new":1"#),
        (r#""apis":0"#, r#""apis":0,"new":{"a":1,"a":1}"#),
        (r#""complete":true"#, r#""complete":false,"complete":true"#),
    ] {
        let whole = snapshot(&[line("a", "prod")]);
        assert!(whole.contains(from), "{from}");
        refused(&whole.replacen(from, to, 1), "is there twice");
    }
}

#[test]
fn one_api_is_described_in_one_way_wherever_its_lines_are() {
    let other = |stage: &str| line("a", stage).replace("HTTP", "WEBSOCKET");
    let between = || line("b", "dev");
    refused(
        &snapshot(&[line("a", "dev"), between(), other("prod")]),
        "lines 2 and 4 describe one API in two ways",
    );
    refused(
        &snapshot(&[
            between(),
            line("a", "x"),
            line("c", "dev"),
            line("a", "dev"),
            line("0", "dev"),
            other("prod"),
        ]),
        "describe one API in two ways",
    );
    // Settings that no rule reads are compared, too.
    let tagged =
        |stage: &str| line("a", stage).replace(r#""ApiId":"a""#, r#""ApiId":"a","Tags":{"t":"1"}"#);
    for lines in [
        vec![line("a", "dev"), tagged("prod")],
        vec![line("a", "dev"), between(), tagged("prod")],
    ] {
        let error = read_wanting(snapshot(&lines).as_bytes(), &Projection::of([])).unwrap_err();
        assert!(
            error.contains("same API in another way") || error.contains("one API in two ways"),
            "{error}"
        );
    }
    // Another spelling or order describes it in the same way, and another Region has another API.
    let wire = line("a", "prod").replace(
        r#""ApiId":"a","ProtocolType":"HTTP""#,
        r#""protocolType":"HTTP","apiId":"a""#,
    );
    assert_eq!(
        read(snapshot(&[line("a", "dev"), between(), wire]).as_bytes())
            .unwrap()
            .0
            .len(),
        3
    );
    let elsewhere = other("prod").replace("us-east-1", "eu-west-1");
    let bare = of(
        r#"{"format":"driftgate.snapshot","version":1}"#,
        &[line("a", "dev"), between(), elsewhere],
        r#"{"stages":N,"complete":true}"#,
    );
    assert_eq!(read(bare.as_bytes()).unwrap().0.len(), 3);
    // In different batches: each is some hundred KiB of lines.
    let mut many: Vec<String> = (0..8_000)
        .map(|at| line("a", &format!("s{at:05}")))
        .collect();
    many.push(line("b", "dev"));
    many.push(other("t"));
    refused(&snapshot(&many), "and 8003 describe one API in two ways");
}

#[test]
fn facts_that_do_not_agree_are_refused() {
    let lines = [line("a", "dev"), line("a", "prod")];
    let good = snapshot(&lines);
    assert_eq!(read(good.as_bytes()).unwrap().0.len(), 2);
    let two = r#"[{"account":"1","region":"us-east-1"},{"account":"1","region":"eu-west-1"}]"#;
    let one = r#"[{"account":"1","region":"us-east-1"}]"#;
    let scope = r#"{"account":"1","region":"us-east-1","apis":0,"stages":2,"outcome":"checked"}"#;
    for (from, to, words) in [
        (
            one,
            two,
            "the header asks for 1 eu-west-1, and the trailer does not answer",
        ),
        (
            one,
            "[]",
            "the trailer answers for 1 us-east-1, and the header does not ask for it",
        ),
        (
            scope,
            &format!("{scope},{scope}"),
            "the trailer has 1 us-east-1 twice",
        ),
        (
            r#""stages":2,"outcome""#,
            r#""stages":5,"outcome""#,
            "counts 5 stages of 1 us-east-1, and 2 are there",
        ),
        (
            r#""stages":2,"outcome""#,
            r#""stages":1,"outcome""#,
            "counts 1 stages of 1 us-east-1, and 2 are there",
        ),
        (
            r#""outcome":"checked""#,
            r#""outcome":"excluded""#,
            "calls 1 us-east-1 excluded, and its stages are there",
        ),
        (
            r#""outcome":"checked""#,
            r#""outcome":"partial""#,
            "calls 1 us-east-1 partial, and the snapshot complete",
        ),
        (
            r#""apis":0"#,
            r#""apis":3,"checked_apis":2"#,
            "lists 3 APIs of 1 us-east-1 and accounts for 2",
        ),
        (
            r#""unchecked":[]"#,
            r#""unchecked":[{"operation":"o","code":"c","message":"m","hint":"h"}]"#,
            "calls the snapshot complete",
        ),
        (
            r#"{"stages":2"#,
            r#"{"stages":3"#,
            "counts 3 stages and the file has 2",
        ),
        (
            r#""version":1"#,
            r#""version":1,"narrowing":{"stage":["prod"]}"#,
            "not this one",
        ),
        (
            r#""version":1"#,
            r#""version":1,"narrowing":{"api":["b"]}"#,
            "not this one",
        ),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from}");
        refused(&changed, words);
    }
    let elsewhere = line("a", "test").replace("us-east-1", "eu-west-1");
    let trailer = TRAILER.replacen("\"stages\":N,\"outcome\"", "\"stages\":2,\"outcome\"", 1);
    let with = [lines[0].clone(), lines[1].clone(), elsewhere];
    refused(
        &of(HEADER, &with, &trailer),
        "there are stages of 1 eu-west-1, which the trailer does not list",
    );
    // Two descriptions of one API.
    let other = lines[1].replace(
        "\"ProtocolType\":\"HTTP\"",
        "\"ProtocolType\":\"WEBSOCKET\"",
    );
    refused(
        &snapshot(&[lines[0].clone(), other]),
        "describes the same API in another way",
    );
    let trailer = TRAILER.replacen("\"apis\":0", "\"apis\":1", 1);
    refused(
        &of(HEADER, &[line("a", "dev"), line("b", "dev")], &trailer),
        "stages of 2 are there",
    );
    // Out of order an API begins again, and is still one.
    let again = [line("b", "dev"), line("a", "dev"), line("b", "prod")];
    refused(&of(HEADER, &again, &trailer), "stages of 2 are there");
}

#[test]
fn the_same_stage_twice_is_refused_wherever_it_is() {
    let [a, b, c] = [line("a", "dev"), line("a", "prod"), line("b", "dev")];
    refused(
        &snapshot(&[a.clone(), a.clone()]),
        "the line before it is the same stage",
    );
    refused(
        &snapshot(&[a.clone(), b.clone(), a.clone()]),
        "lines 2 and 4 are the same stage",
    );
    refused(
        &snapshot(&[c.clone(), a.clone(), b.clone(), c.clone()]),
        "lines 2 and 5 are the same stage",
    );
    // In different batches: each is some hundred KiB of lines.
    let mut many: Vec<String> = (0..8_000)
        .map(|at| line("a", &format!("s{at:05}")))
        .collect();
    assert_eq!(read(snapshot(&many).as_bytes()).unwrap().0.len(), 8_000);
    many.push(line("a", "s00003"));
    refused(&snapshot(&many), "lines 5 and 8002 are the same stage");
}

#[test]
fn a_scope_that_is_incomplete_without_a_reason_is_incomplete_however_it_is_narrowed() {
    let trailer = TRAILER
        .replace("\"checked\"", "\"partial\"")
        .replace("\"complete\":true", "\"complete\":false");
    let gap =
        r#"{"account":"2","region":null,"operation":"o","code":"c","message":"m","hint":"h"}"#;
    for unchecked in ["[]".to_owned(), format!("[{gap}]")] {
        let text = of(
            HEADER,
            &[line("a", "prod")],
            &trailer.replace("\"unchecked\":[]", &format!("\"unchecked\":{unchecked}")),
        );
        for selection in [
            Selection::default(),
            Selection {
                apis: vec!["a".into()],
                ..Selection::default()
            },
            Selection {
                stages: vec!["prod".into()],
                ..Selection::default()
            },
        ] {
            let (stages, close) = read_as(text.as_bytes(), selection).unwrap();
            let has_gap = close
                .gaps
                .iter()
                .any(|gap| gap.account.as_deref() != Some("2"));
            assert!(
                stages.len() == 1 && close.scopes[0].outcome == ScopeOutcome::Partial && has_gap,
                "{close:?}"
            );
        }
    }
}

/// A small snapshot with everything that one can hold.
fn rich() -> Vec<u8> {
    let struct_of = |fields, named: &[(&str, Value<'static>)]| {
        let mut members: Vec<Value<'static>> = vec![
            Value::Unset;
            if fields == "api" {
                API.len()
            } else {
                STAGE.len()
            }
        ];
        for (name, value) in named {
            members[position(if fields == "api" { API } else { STAGE }, name).unwrap()] =
                value.clone();
        }
        Value::Struct(members.into())
    };
    let text = |text: &'static str| Value::text(text);
    let api = struct_of(
        "api",
        &[
            ("ApiId", text("a1")),
            ("ProtocolType", text("HTTP")),
            ("Name", text("orders")),
        ],
    );
    let stage = |name: &'static str| {
        let variables = Value::map(vec![("token".into(), text("s3cret-s3cret"))]);
        struct_of(
            "stage",
            &[
                ("StageName", text(name)),
                ("AutoDeploy", Value::Boolean(true)),
                ("StageVariables", variables),
            ],
        )
    };
    let batch = ApiBatch {
        read_at: None,
        account: Some("1".into()),
        region: Some("us-east-1".into()),
        api,
        stages: vec![stage("prod")],
    };
    let place = || (Some("1".to_owned()), Some("us-east-1".to_owned()));
    let (account, region) = place();
    let scope = Scope {
        account,
        region,
        apis: 2,
        checked_apis: 1,
        unchecked_apis: 1,
        outcome: ScopeOutcome::Partial,
        ..Scope::default()
    };
    let (account, region) = place();
    let gap = Gap {
        account,
        region,
        api_id: Some("b2".into()),
        operation: "GetStages".into(),
        ..Gap::default()
    };
    let warning = Warning::new(WarningKind::Deleted, "m".into());
    let close = Close {
        scopes: vec![scope],
        gaps: vec![gap],
        warnings: vec![warning],
        ..Close::default()
    };
    let mut bytes = Vec::new();
    let options = Options {
        taken_at: Some("2026-11-23T09:00:00Z".into()),
        show_values: false,
    };
    write::write(
        Box::new(VecState::new(vec![batch], close)),
        &mut bytes,
        &options,
    )
    .unwrap();
    bytes
}

#[test]
fn every_flipped_bit_is_noticed_or_changes_nothing() {
    let plain = rich();
    let packed = |mut encoder: write::Compressed<'_>| {
        encoder.write_all(&plain).unwrap();
        encoder.finish().unwrap();
    };
    let (mut zst, mut gz) = (Vec::new(), Vec::new());
    packed(write::Compressed::of("s.zst", &mut zst).unwrap());
    packed(write::Compressed::of("s.gz", &mut gz).unwrap());
    let contents = |read: &(Vec<String>, Close)| {
        format!(
            "{:?}",
            (&read.0, &read.1.scopes, &read.1.gaps, &read.1.warnings)
        )
    };
    let expected = contents(&read(&plain).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fleet");
    for (kind, bytes) in [("plain", &plain), ("zst", &zst), ("gz", &gz)] {
        assert_eq!(contents(&read(bytes).unwrap()), expected, "{kind}");
        let mut refused = 0;
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            match read_at(&path, &flipped, Selection::default()) {
                Ok(read) => assert_eq!(contents(&read), expected, "{kind}: bit {bit}"),
                Err(_) => refused += 1,
            }
        }
        assert!(
            refused > bytes.len() * 7,
            "{kind}: {refused} of {} bits",
            bytes.len() * 8
        );
    }
}

#[test]
fn a_snapshot_that_was_changed_is_refused_and_a_copy_with_other_line_ends_is_not() {
    let text = String::from_utf8(rich()).unwrap();
    let digest = "the digest in the trailer is of something else";
    refused(&text.replacen("orders", "others", 1), digest);
    refused(&text.replacen("\"hint\":\"\"", "\"hint\":\"x\"", 1), digest);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        read(format!("{}\r\n", lines.join("\r\n")).as_bytes())
            .unwrap()
            .0
            .len(),
        1
    );
    refused(
        &text.replacen("\"AutoDeploy\":true", "\"AutoDeploy\":true ", 1),
        digest,
    );
}

#[test]
fn what_is_wrong_with_a_snapshot_is_called_by_its_name() {
    let whole = snapshot(&[line("a", "dev"), line("a", "prod")]);
    let lines: Vec<&str> = whole.lines().collect();
    refused(&lines[1..].join("\n"), "not its header");
    refused(
        &whole.replacen("\"version\":1", "\"version\":\"1\"", 1),
        "a snapshot of version \"1\"",
    );
    refused(&lines[..2].join("\n"), "after 1 line of stages");
}
