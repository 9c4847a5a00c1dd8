//! The binary against a control plane that fails, as a table: exit code 0 only when everything was really read.

use std::thread;

use driftgate::emulator::Operation::{GetApis, GetStages};
use driftgate::emulator::{Effect, Fault, Fleet, Settings, document};
use serde_json::{Value as Json, json};

use super::harness::{self, ACCOUNT, REGION};

/// Every stage conforms, so that only unread parts can fail the gate.
const POLICY: &str = "policy: p\nrules:\n  - {id: r, title: t, severity: low, expect: {StageName: {present: true}}}\n";
/// Seconds after which a passing fault is over, on a busy machine too.
const LONG: &str = "60";
/// Seconds after which a lasting fault is given up.
const SHORT: &str = "1.5";

/// Three APIs with two stages each.
fn fleet() -> Fleet {
    ["api0", "api1", "api2"]
        .into_iter()
        .fold(Fleet::new(), |fleet, id| {
            let odd = json!({"defaultRouteSettings": {"loggingLevel": "TRACE"}});
            let stages = vec![
                document::with(document::websocket_stage("dev"), odd),
                document::websocket_stage("prod"),
            ];
            fleet.api(ACCOUNT, REGION, document::websocket_api(id, id), stages)
        })
}

/// Audits the fleet with a page for each item; exit code and result.
fn audit(fleet: Fleet, fault: Option<Fault>, timeout: &str) -> (i32, Json) {
    let settings = Settings {
        fleet,
        page_size: 1,
        faults: Vec::from_iter(fault),
        ..Settings::default()
    };
    harness::audit(settings, POLICY, &["--timeout", timeout])
}

/// Audits all fleets at once; each unexpected row is named.
fn expect(
    timeout: &'static str,
    rows: Vec<(String, Fleet, Option<Fault>)>,
    holds: fn(i32, &Json) -> bool,
) {
    let audits: Vec<_> = rows
        .into_iter()
        .map(|(name, fleet, fault)| (name, thread::spawn(move || audit(fleet, fault, timeout))))
        .collect();
    let mut wrong = Vec::new();
    for (name, audit) in audits {
        let (code, result) = audit.join().unwrap();
        if !holds(code, &result) {
            wrong.push(format!(
                "{name}: exit {code}, {}, {}",
                result["summary"], result["unchecked"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Faults that break an answer, by name.
fn broken() -> [(&'static str, Effect); 8] {
    [
        ("429", Effect::Throttle),
        ("500", Effect::ServerError(500)),
        ("reset", Effect::Reset),
        ("closed", Effect::Close),
        ("cut mid-body", Effect::Cut),
        ("not JSON", Effect::NotJson),
        ("truncated JSON", Effect::Truncated),
        ("empty body", Effect::EmptyBody),
    ]
}

#[test]
fn what_passes_is_read_after_all_and_is_exit_0() {
    let mut rows = vec![(
        "a second page everywhere, an unknown enum value".to_owned(),
        fleet(),
        None,
    )];
    for operation in [GetApis, GetStages] {
        rows.push((
            format!("{operation} empty page"),
            fleet(),
            Some(Fault::on(operation).always(Effect::EmptyPage)),
        ));
        for (name, what) in broken() {
            rows.push((
                format!("{operation} {name}"),
                fleet(),
                Some(Fault::on(operation).first(2, what)),
            ));
        }
    }
    expect(LONG, rows, |code, result| {
        code == 0
            && result["verdict"] == "conforms"
            && result["summary"]["stages"] == 6
            && result["unchecked"] == json!([])
    });
}

#[test]
fn what_stays_broken_is_a_gap_and_is_exit_3() {
    let more = [
        ("denied", Effect::Deny),
        ("expired", Effect::ExpiredToken),
        ("not enabled", Effect::UnrecognizedClient),
        ("same token again", Effect::RepeatToken),
        ("no answer", Effect::Hang),
    ];
    let mut rows = Vec::new();
    for (name, what) in broken().into_iter().chain(more) {
        rows.push((
            format!("GetApis {name}"),
            fleet(),
            Some(Fault::on(GetApis).always(what.clone())),
        ));
        rows.push((
            format!("GetStages {name}"),
            fleet(),
            Some(Fault::on(GetStages).api("api1").always(what.clone())),
        ));
        rows.push((
            format!("midway {name}"),
            fleet(),
            Some(Fault::on_every_call().after(5, what)),
        ));
    }
    expect(SHORT, rows, |code, result| {
        let unchecked = result["unchecked"].as_array().unwrap();
        let told = |gap: &Json| {
            ["operation", "code", "message", "hint"]
                .iter()
                .all(|key| gap[key].as_str().is_some_and(|text| !text.is_empty()))
        };
        // Credentials that no Region knows are no gap of a Region.
        let unknown = |gap: &Json| {
            gap["operation"] == "GetApis" && gap["code"] == "UnrecognizedClientException"
        };
        let expected = if unchecked.iter().all(unknown) { 4 } else { 3 };
        code == expected
            && result["verdict"] == "incomplete"
            && !unchecked.is_empty()
            && unchecked.iter().all(told)
    });
}

#[test]
fn an_api_that_is_deleted_meanwhile_is_a_warning_and_an_empty_account_is_no_conforming_one() {
    let deleted = Fault::on(GetStages).api("api1").always(Effect::Delete);
    expect(
        LONG,
        vec![("deleted".to_owned(), fleet(), Some(deleted))],
        |code, result| {
            code == 0
                && result["summary"]["stages"] == 4
                && result["warnings"][0]["kind"] == "deleted"
        },
    );
    expect(
        LONG,
        vec![("empty".to_owned(), Fleet::new().account(ACCOUNT), None)],
        |code, result| {
            code == 3 && result["verdict"] == "incomplete" && result["unchecked"] == json!([])
        },
    );
}
