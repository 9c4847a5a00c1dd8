//! Saved sources through the library: what is written is read back, and what is damaged is never a result.

#![expect(
    clippy::panic,
    clippy::unreachable,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftgate::model::Value;
use driftgate::model::catalogue::{API, Field, Kind, STAGE, api, position, stage};
use driftgate::model::digest::Digest;
use driftgate::model::moment::Moment;
use driftgate::model::projection::Projection;
use driftgate::model::protocol::Protocol;
use driftgate::model::state::{
    ApiBatch, Batch, Close, Gap, Scope, ScopeOutcome, Selection, State, Unusable, Warning,
    WarningKind,
};
use driftgate::source::file::{FileRequest, FileSource};
use driftgate::source::snapshot::write::{self, Options};
use driftgate::source::{cli_output, open_file, snapshot as snapshots};
use proptest::prelude::*;
use tempfile::TempDir;

/// A stage with everything that a policy could see of it.
#[derive(Debug, Clone, PartialEq)]
struct Stage {
    account: Option<String>,
    region: Option<String>,
    api: Value<'static>,
    stage: Value<'static>,
}

/// A state out of memory, one batch a stage.
struct Memory {
    stages: std::vec::IntoIter<Stage>,
    close: Close,
}

impl State for Memory {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        let stage = self.stages.next()?;
        Some(Box::new(ApiBatch {
            read_at: None,
            account: stage.account.map(Arc::from),
            region: stage.region.map(Arc::from),
            api: stage.api,
            stages: vec![stage.stage],
        }))
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.next()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}

fn scope(account: Option<&str>, region: Option<&str>, outcome: ScopeOutcome) -> Scope {
    Scope {
        account: account.map(str::to_owned),
        region: region.map(str::to_owned),
        apis: 1,
        skipped_apis: 0,
        stages: 0,
        requests: Some(7),
        outcome,
        ..Scope::default()
    }
}

/// The bytes of a snapshot of these stages; each of their places is a scope.
fn snapshot(stages: &[Stage], show_values: bool, gaps: Vec<Gap>) -> Vec<u8> {
    let mut apis: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for stage in stages {
        let place = (stage.account.as_deref(), stage.region.as_deref());
        apis.entry(place)
            .or_default()
            .insert(stage.api.member(api::ID.at).as_text());
    }
    let scopes = apis
        .into_iter()
        .map(|((account, region), apis)| Scope {
            apis: apis.len() as u64,
            ..scope(account, region, ScopeOutcome::Checked)
        })
        .collect();
    let warnings = vec![Warning::new(WarningKind::Deleted, "b".into())];
    let state = Memory {
        stages: Vec::from(stages).into_iter(),
        close: Close {
            scopes,
            gaps,
            warnings,
            ..Close::default()
        },
    };
    let mut bytes = Vec::new();
    let options = Options {
        taken_at: Some("2026-11-23T09:00:00Z".into()),
        show_values,
    };
    write::write(Box::new(state), &mut bytes, &options).unwrap();
    bytes
}

fn request(path: &Path) -> FileRequest {
    FileRequest {
        path: path.to_str().unwrap().to_owned(),
        kind: None,
        selection: Arc::default(),
        account: None,
        regions: Vec::new(),
    }
}

/// Everything that a file yields, or why it yields nothing.
fn drain(request: &FileRequest) -> Result<(Vec<Stage>, Close), String> {
    let mut state =
        open_file(request, Arc::new(AtomicBool::new(false))).map_err(|error| error.to_string())?;
    let mut stages = Vec::new();
    let mut damaged = None;
    while let Some(batch) = state.next() {
        let decoded = batch.decode(&Projection::all(), &mut |document| {
            stages.push(Stage {
                account: document.account.map(str::to_owned),
                region: document.region.map(str::to_owned),
                api: document.api.clone().into_owned(),
                stage: document.stage.clone().into_owned(),
            });
        });
        damaged = damaged.or(decoded.err());
    }
    // A damaged line ends a reading before its close.
    if let Some(error) = damaged {
        return Err(error.to_string());
    }
    Ok((stages, state.close().map_err(|error| error.to_string())?))
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn read(bytes: &[u8]) -> Result<(Vec<Stage>, Close), String> {
    let folder = tempfile::tempdir().unwrap();
    drain(&request(&file(&folder, "fleet", bytes)))
}

fn read_with(
    text: &str,
    change: impl FnOnce(&mut FileRequest),
) -> Result<(Vec<Stage>, Close), String> {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(&file(&folder, "stages.json", text.as_bytes()));
    change(&mut request);
    drain(&request)
}

#[track_caller]
fn refused(bytes: &[u8], says: &str) -> String {
    match read(bytes) {
        Ok((stages, close)) => panic!(
            "{} stages and {} gaps instead of: {says}",
            stages.len(),
            close.gaps.len()
        ),
        Err(error) => {
            assert!(error.contains(says), "{error}");
            assert!(error.contains("othing was read"), "{error}");
            error
        }
    }
}

/// A snapshot without its digests: one that is written by hand, or by an earlier version.
fn without_digests(snapshot: &str) -> String {
    let (lines, digests) = snapshot
        .split_once(",\"sha256\":\"")
        .filter(|(_, end)| end.ends_with("\"}\n"))
        .unwrap();
    assert!(digests.contains("trailer-sha256"));
    format!("{lines}}}\n")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Stage in a snapshot when values are not shown.
fn hidden(stage: &Stage) -> Stage {
    let mut hidden = stage.clone();
    if let Value::Struct(members) = &mut hidden.stage
        && let Value::Map(entries) = &mut members[stage::VARIABLES.at]
    {
        for (name, value) in entries.iter_mut() {
            *value = std::mem::take(value).hidden(stage.account.as_deref(), name);
        }
    }
    hidden
}

/// Any text: letters, quotes, controls, escapes, separators, characters beyond the basic plane.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9$/{}*. -]{1,12}",
        2 => any::<String>(),
        1 => proptest::sample::select(vec![",\"stage\":", "{\"stage\":{}}", "},\"stage\":{\"", "\n", "null"]).prop_map(str::to_owned),
        1 => "[\"\\\\\\x00-\\x1f\\x7f\u{2028}\u{feff}\u{1f600}é]{1,6}",
    ]
}

/// Any value of a field, in the states that a source can give it.
fn any_value(field: &'static Field) -> BoxedStrategy<Value<'static>> {
    match field.kind {
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Integer => any::<i64>().prop_map(Value::Integer).boxed(),
        Kind::Number => prop_oneof![
            proptest::num::f64::NORMAL | proptest::num::f64::ZERO | proptest::num::f64::SUBNORMAL,
            (0_u32..10_000).prop_map(f64::from),
        ]
        .prop_map(Value::Number)
        .boxed(),
        Kind::Text if field.sensitive => {
            let digest = any_text()
                .prop_map(|text| Value::Digest(Box::new(Digest::of(Some("1"), "name", &text))));
            prop_oneof![4 => any_text().prop_map(Value::text), 1 => digest].boxed()
        }
        Kind::Text | Kind::OneOf(_) => any_text().prop_map(Value::text).boxed(),
        Kind::Struct(fields) => any_struct(fields).boxed(),
        Kind::Map(of) => proptest::collection::vec((any_text(), any_value(of)), 0..4)
            .prop_map(|entries| {
                Value::map(
                    entries
                        .into_iter()
                        .map(|(key, value)| (Cow::Owned(key), value))
                        .collect(),
                )
            })
            .boxed(),
        Kind::List(of) => proptest::collection::vec(any_value(of), 0..4)
            .prop_map(|elements| Value::List(elements.into()))
            .boxed(),
    }
}

fn any_struct(fields: &'static [Field]) -> impl Strategy<Value = Value<'static>> {
    let members: Vec<_> = fields
        .iter()
        .map(|field| prop_oneof![2 => Just(Value::Unset), 3 => any_value(field)].boxed())
        .collect();
    members.prop_map(|members| Value::Struct(members.into()))
}

/// A struct with members that the source cannot state; today's sources always state the entries of maps.
fn with_unstated(fields: &'static [Field]) -> impl Strategy<Value = Value<'static>> {
    (
        any_struct(fields),
        proptest::collection::vec(0_u8..8, fields.len()),
    )
        .prop_map(|(value, dice)| {
            let Value::Struct(mut members) = value else {
                unreachable!()
            };
            for (member, die) in members.iter_mut().zip(dice) {
                if die == 0 {
                    *member = Value::NotStated;
                }
            }
            Value::Struct(members)
        })
}

fn set(value: &mut Value<'static>, of: &[Field], name: &str, text: &str) {
    let Value::Struct(members) = value else {
        panic!()
    };
    members[position(of, name).unwrap()] = Value::text(text.to_owned());
}

/// Stages in the order that a source keeps: account, Region, API, stage.
fn any_stages(most: usize) -> impl Strategy<Value = Vec<Stage>> {
    let place = |names: [&'static str; 3]| prop_oneof![1 => Just(None), 3 => proptest::sample::select(names.to_vec()).prop_map(Some)];
    // Each API with some stages: a reader may decode lines that begin alike in one go.
    let api = (
        place(["111122223333", "444455556666", "777788889999"]),
        place(["eu-west-1", "us-east-1", "us-gov-west-1"]),
        with_unstated(API),
        "[a-z0-9]{1,4}",
        proptest::collection::vec((with_unstated(STAGE), "[$a-z]{1,4}"), 1..4),
    )
        .prop_map(|(account, region, mut api, id, stages)| {
            set(&mut api, API, "ApiId", &id);
            if api.member(api::PROTOCOL.at).is_unset() {
                set(&mut api, API, "ProtocolType", "HTTP");
            }
            let of = |name: Option<&str>| name.map(str::to_owned);
            let stage = |(mut stage, name): (Value<'static>, String)| {
                set(&mut stage, STAGE, "StageName", &name);
                let place = (of(account), of(region), id.clone(), name);
                (
                    place,
                    Stage {
                        account: of(account),
                        region: of(region),
                        api: api.clone(),
                        stage,
                    },
                )
            };
            stages.into_iter().map(stage).collect::<Vec<_>>()
        });
    proptest::collection::vec(api, 0..most.div_ceil(2)).prop_map(|apis| {
        let mut stages = apis.concat();
        stages.sort_by(|a, b| a.0.cmp(&b.0));
        // Each stage once, and one description of its API.
        stages.dedup_by(|later, kept| later.0 == kept.0);
        for at in 1..stages.len() {
            let (earlier, later) = stages.split_at_mut(at);
            let ((before, known), (place, stage)) = (&earlier[at - 1], &mut later[0]);
            if (&before.0, &before.1, &before.2) == (&place.0, &place.1, &place.2) {
                stage.api.clone_from(&known.api);
            }
        }
        stages.into_iter().map(|(_, stage)| stage).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, max_shrink_iters: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(stages in any_stages(12)) {
        for (show_values, expected) in [(true, stages.clone()), (false, stages.iter().map(hidden).collect::<Vec<_>>())] {
            let bytes = snapshot(&stages, show_values, Vec::new());
            let packed = [bytes.clone(), gzip(&bytes), zstd(&bytes)];
            for bytes in &packed {
                let (read, close) = read(bytes).unwrap();
                prop_assert_eq!(&read, &expected);
                prop_assert!(close.gaps.is_empty());
                let counted: u64 = close.scopes.iter().map(|scope| scope.stages).sum();
                prop_assert_eq!(counted, stages.len() as u64);
            }
            // Reading and writing again yields the same file: digests are not digested twice.
            prop_assert_eq!(&snapshot(&expected, show_values, Vec::new()), &bytes);
        }
    }

    #[test]
    fn no_value_of_a_variable_is_in_a_snapshot(value in "[a-z]{12}", name in "[a-z]{1,8}") {
        let mut stage = bare("prod");
        let Value::Struct(members) = &mut stage.stage else { unreachable!() };
        members[stage::VARIABLES.at] = Value::map(vec![(name.into(), Value::text(value.clone()))]);
        let text = String::from_utf8(snapshot(&[stage], false, Vec::new())).unwrap();
        prop_assert!(!text.contains(&value), "{}", text);
    }

    #[test]
    fn a_file_that_was_cut_is_refused(stages in any_stages(6), at in any::<proptest::sample::Index>()) {
        let bytes = snapshot(&stages, false, Vec::new());
        // Without its last newline a snapshot is still whole; without one byte more it is not.
        let cut = at.index(bytes.len() - 1);
        prop_assert!(read(&bytes[..cut]).is_err(), "cut after {} of {} bytes", cut, bytes.len());
        for packed in [gzip(&bytes), zstd(&bytes)] {
            let cut = at.index(packed.len());
            prop_assert!(read(&packed[..cut]).is_err(), "cut after {} of {} compressed bytes", cut, packed.len());
        }
    }

    #[test]
    fn a_line_more_or_less_is_noticed(stages in any_stages(8), at in any::<proptest::sample::Index>(), how in 0..4) {
        prop_assume!(!stages.is_empty());
        let bytes = snapshot(&stages, false, Vec::new());
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let line = 1 + at.index(stages.len());
        match how {
            0 => { lines.remove(line); }
            1 => lines.insert(line, lines[line]),
            2 => lines.insert(line, b"garbage\n"),
            _ => lines[line] = b"{\"account\":null}\n",
        }
        prop_assert!(read(&lines.concat()).is_err());
    }

    #[test]
    fn a_line_whose_text_is_lost_is_noticed(stages in any_stages(8), at in any::<proptest::sample::Index>(), left in 0_usize..3) {
        prop_assume!(!stages.is_empty());
        let bytes = snapshot(&stages, false, Vec::new());
        let mut lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        lines[1 + at.index(stages.len())] = [&b"\n"[..], b"\r\n", b"  \n"][left];
        prop_assert!(read(&lines.concat()).is_err(), "the trailer counts {} stages, and one was lost", stages.len());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"{\"format\":\"driftgate.snapshot\",\"version\":1}\n", bytes.as_slice()].concat());
        let _ = read(&[b"{\"Items\":[", bytes.as_slice()].concat());
        let _ = read(&[&[0x1f, 0x8b], bytes.as_slice()].concat());
        let _ = read(&[&[0x28, 0xb5, 0x2f, 0xfd], bytes.as_slice()].concat());
    }
}

fn bare(name: &str) -> Stage {
    let (mut api, mut stage) = (Value::empty_struct(API), Value::empty_struct(STAGE));
    set(&mut api, API, "ApiId", "a1b2c3d4e5");
    set(&mut api, API, "ProtocolType", "HTTP");
    set(&mut stage, STAGE, "StageName", name);
    Stage {
        account: Some("111122223333".into()),
        region: Some("us-east-1".into()),
        api,
        stage,
    }
}

fn some(count: usize) -> Vec<Stage> {
    (0..count)
        .map(|at| bare(&format!("stage-{at:06}")))
        .collect()
}

#[test]
fn compressed_data_cut_at_every_97th_byte_is_refused() {
    // Names that do not compress to nothing.
    let stages: Vec<Stage> = (0..200_u32)
        .map(|at| bare(&format!("{:x}", at.wrapping_mul(2_654_435_761))))
        .collect();
    let bytes = snapshot(&stages, false, Vec::new());
    for (kind, packed) in [("gz", gzip(&bytes)), ("zst", zstd(&bytes))] {
        assert_eq!(read(&packed).unwrap().0.len(), 200);
        let cuts = (0..packed.len())
            .step_by(97)
            .chain(packed.len() - 12..packed.len());
        for cut in cuts {
            assert!(
                read(&packed[..cut]).is_err(),
                "{kind} cut after {cut} of {} bytes",
                packed.len()
            );
        }
    }
}

#[test]
fn a_snapshot_cut_between_any_two_bytes_is_refused() {
    let bytes = snapshot(
        &some(4),
        false,
        vec![Gap {
            code: "x".into(),
            ..Gap::default()
        }],
    );
    for cut in 0..bytes.len() - 1 {
        assert!(
            read(&bytes[..cut]).is_err(),
            "cut after {cut} of {} bytes",
            bytes.len()
        );
    }
    assert_eq!(
        read(&bytes[..bytes.len() - 1]).unwrap().0.len(),
        4,
        "the last newline is no loss"
    );
}

#[test]
fn gzip_members_one_after_the_other_are_one_file() {
    let bytes = snapshot(&some(3), false, Vec::new());
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let both = [gzip(first), gzip(second)].concat();
    assert_eq!(read(&both).unwrap().0, some(3));
    refused(&gzip(first), "it was cut off");
    assert!(read(&both[..both.len() - 3]).is_err());
    let frames = [zstd(first), zstd(second)].concat();
    assert_eq!(read(&frames).unwrap().0, some(3));
    refused(&zstd(first), "it was cut off");
}

#[test]
fn a_snapshot_of_many_chunks_keeps_its_order_and_counts_every_line() {
    // Some 4 MB: more than what is held back at the end, and more than the batches that may wait.
    let stages = some(30_000);
    let bytes = snapshot(&stages, false, Vec::new());
    let (read_back, close) = read(&bytes).unwrap();
    assert!(read_back == stages);
    assert_eq!(close.scopes[0].stages, 30_000);

    let text = without_digests(std::str::from_utf8(&bytes).unwrap());
    let lines: Vec<&[u8]> = text
        .as_bytes()
        .split_inclusive(|byte| *byte == b'\n')
        .collect();
    refused(
        &[&lines[..15_000], &lines[15_001..]].concat().concat(),
        "the trailer counts 30000 stages",
    );
    let garbage = [
        &lines[..15_000],
        &[b"{\"stage\":\n".as_slice()],
        &lines[15_001..],
    ]
    .concat()
    .concat();
    let error = refused(&garbage, "not a stage of a snapshot");
    assert!(error.contains(":15001:"), "{error}");
}

#[test]
fn what_is_wrong_with_a_snapshot_is_said() {
    let bytes = snapshot(&some(2), false, Vec::new());
    let text = without_digests(std::str::from_utf8(&bytes).unwrap());
    let without_trailer = &text[..=text[..text.len() - 1].rfind('\n').unwrap()];
    refused(
        without_trailer.as_bytes(),
        "no trailer after 2 lines of stages: it was cut off",
    );
    refused(
        text.replace("{\"stages\":2", "{\"stages\":3").as_bytes(),
        "the trailer counts 3 stages and the file has 2",
    );
    refused(
        text.replacen("\"version\":1", "\"version\":2", 1)
            .as_bytes(),
        "version 2",
    );
    refused(
        text.replacen("\"stage\":{", "\"stage\":[", 1).as_bytes(),
        "not a stage of a snapshot",
    );
    refused(
        text.replacen("\"StageName\":\"stage-000001\"", "\"StageName\":7", 1)
            .as_bytes(),
        ":3:",
    );
    refused(format!("{text}{text}").as_bytes(), "damaged");
    refused(b"", "is empty");
    refused(b" \n\n", "is empty");
    refused(b"\x1f\x8b", "cut off");
    refused(&gzip(b""), "is empty");
    refused(b"policy: p\n", "of no known kind");
    refused(b"[1, 2]", "of no known kind");
    refused(b"{\"Resources\":{}}", "of no known kind");
    refused(text.lines().next().unwrap().as_bytes(), "it was cut off");
}

#[test]
fn windows_line_ends_are_read() {
    let text = String::from_utf8(snapshot(&some(2), false, Vec::new())).unwrap();
    assert_eq!(
        read(text.replace('\n', "\r\n").as_bytes()).unwrap().0,
        some(2)
    );
}

#[test]
fn a_snapshot_of_a_file_is_as_old_as_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let taken = |path: &Path, change: &dyn Fn(&mut FileRequest)| {
        let mut request = request(path);
        change(&mut request);
        let state = open_file(&request, Arc::new(AtomicBool::new(false))).unwrap();
        let options = Options {
            taken_at: Some("2026-11-30T09:00:00Z".into()),
            show_values: false,
        };
        let mut bytes = Vec::new();
        write::write(state, &mut bytes, &options).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        serde_json::from_str::<serde_json::Value>(text.lines().next().unwrap()).unwrap()["taken_at"]
            .clone()
    };
    let old = file(&folder, "old.jsonl", &snapshot(&some(2), false, Vec::new()));
    assert_eq!(taken(&old, &|_| ()), "2026-11-23T09:00:00Z");
    let text = String::from_utf8(snapshot(&some(2), false, Vec::new())).unwrap();
    let undated = without_digests(&text).replace(r#""taken_at":"2026-11-23T09:00:00Z","#, "");
    assert!(undated.len() < text.len());
    let undated = file(&folder, "undated.jsonl", undated.as_bytes());
    assert_eq!(taken(&undated, &|_| ()), serde_json::Value::Null);
    let printed = file(
        &folder,
        "stages.json",
        br#"{"Items":[{"StageName":"prod","CreatedDate":"2026-01-01T00:00:00Z"}],"NextToken":""}"#,
    );
    assert_eq!(
        taken(&printed, &|request| Arc::make_mut(&mut request.selection)
            .protocols = vec![Protocol::Http]),
        serde_json::Value::Null
    );
}

#[test]
fn newer_members_are_passed_over() {
    let text =
        without_digests(std::str::from_utf8(&snapshot(&some(2), false, Vec::new())).unwrap());
    let newer = text
        .replace("{\"account\"", "{\"new\":[{}],\"account\"")
        .replacen("{\"format\"", "{\"new\":1,\"format\"", 1);
    assert_eq!(read(newer.as_bytes()).unwrap().0, some(2));
}

#[test]
fn gaps_scopes_and_warnings_come_back() {
    let gap = |api: &str| Gap {
        account: Some("111122223333".into()),
        region: Some("us-east-1".into()),
        api_id: Some(api.into()),
        operation: "GetStages".into(),
        code: "AccessDeniedException".into(),
        message: "no".into(),
        hint: "allow it".into(),
        ..Gap::default()
    };
    let bytes = snapshot(&some(2), false, vec![gap("b"), gap("a")]);
    let (_, close) = read(&bytes).unwrap();
    assert_eq!(close.gaps, [gap("a"), gap("b")]);
    assert_eq!(
        close.scopes,
        [Scope {
            stages: 2,
            requests: Some(0),
            ..scope(
                Some("111122223333"),
                Some("us-east-1"),
                ScopeOutcome::Checked
            )
        }]
    );
    assert_eq!(close.warnings.len(), 1);

    let narrowed = |apis: &[&str]| {
        let apis = apis.iter().map(ToString::to_string).collect();
        let selection = Arc::new(Selection {
            apis,
            ..Selection::default()
        });
        read_with(std::str::from_utf8(&bytes).unwrap(), |request| {
            request.selection = selection;
        })
        .unwrap()
    };
    assert_eq!(
        narrowed(&["a"]).1.gaps,
        [gap("a")],
        "what was not asked for is not missed"
    );
    assert_eq!(narrowed(&["a1b2c3d4e5"]).0.len(), 2);
    let (stages, close) = narrowed(&["other"]);
    let missing: Vec<_> = close
        .gaps
        .iter()
        .map(|gap| (gap.api_id.as_deref(), gap.account.as_deref()))
        .collect();
    assert_eq!((stages.len(), missing), (0, vec![(Some("other"), None)]));
}

#[test]
fn a_snapshot_that_calls_itself_incomplete_is_so_however_it_is_narrowed() {
    let text =
        without_digests(std::str::from_utf8(&snapshot(&some(2), false, Vec::new())).unwrap());
    let text = text.replace("\"complete\":true", "\"complete\":false");
    let (stages, close) = read(text.as_bytes()).unwrap();
    assert_eq!((stages.len(), close.gaps.len()), (2, 1));
    let selection = Arc::new(Selection {
        apis: vec!["a1b2c3d4e5".into()],
        ..Selection::default()
    });
    let (stages, close) = read_with(&text, |request| request.selection = selection).unwrap();
    assert_eq!(
        (stages.len(), close.gaps.len()),
        (2, 1),
        "nobody knows which API is missing"
    );
}

#[test]
fn a_header_longer_than_what_is_read_at_once_is_a_header() {
    // An organization: 400 accounts in 17 Regions. What is read at once depends on pipes and compression.
    let mut stages = Vec::new();
    for account in 0..400_u64 {
        for region in 0..17 {
            let place = (
                Some(format!("{:012}", account + 111_122_223_333)),
                Some(format!("us-east-{region:02}")),
            );
            stages.push(Stage {
                account: place.0,
                region: place.1,
                ..bare("prod")
            });
        }
    }
    let bytes = snapshot(&stages, false, Vec::new());
    for bytes in [bytes.clone(), gzip(&bytes), zstd(&bytes)] {
        match read(&bytes) {
            Ok((read, _)) => assert_eq!(read.len(), stages.len()),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_fifo_that_gives_its_header_in_two_pieces_is_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fifo");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let bytes = snapshot(&some(2), false, Vec::new());
    let writer = path.clone();
    let writing = std::thread::spawn(move || {
        let mut out = fs::OpenOptions::new().write(true).open(writer).unwrap();
        for part in bytes.chunks(bytes.len() / 40) {
            // The reader may have refused and gone.
            let _ = out.write_all(part);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    });
    let result = drain(&request(&path));
    writing.join().unwrap();
    assert_eq!(result.map(|(stages, _)| stages), Ok(some(2)));
}

// ---- What the AWS CLI prints.

const PASCAL: &str = r#"{"Items": [
  {"StageName": "prod", "AutoDeploy": true, "Description": "d", "CreatedDate": "2026-01-01T00:00:00+00:00",
   "DefaultRouteSettings": {"DetailedMetricsEnabled": true, "ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 10.5},
   "RouteSettings": {"GET /pets": {"ThrottlingBurstLimit": 1}}, "StageVariables": {"Key": "Value"},
   "AccessLogSettings": {"DestinationArn": "arn:x", "Format": "$context.requestId"}, "Tags": {"Owner": "me"}},
  {"StageName": "$default", "CreatedDate": "2026-01-01T00:00:00+00:00", "RouteSettings": {}, "StageVariables": {}, "Tags": {}}
]}"#;

const CAMEL: &str = r#"{"items": [
  {"stageName": "$default", "createdDate": "2026-01-01T00:00:00+00:00", "routeSettings": {}, "stageVariables": {}, "tags": {}},
  {"stageName": "prod", "autoDeploy": true, "description": "d", "createdDate": "2026-01-01T00:00:00+00:00",
   "defaultRouteSettings": {"detailedMetricsEnabled": true, "throttlingBurstLimit": 5, "throttlingRateLimit": 10.5},
   "routeSettings": {"GET /pets": {"throttlingBurstLimit": 1}}, "stageVariables": {"Key": "Value"},
   "accessLogSettings": {"destinationArn": "arn:x", "format": "$context.requestId"}, "tags": {"Owner": "me"}}
]}"#;

/// The stages with what has no content as unset, which is how every reader takes it.
fn plain(stages: Vec<Stage>) -> Vec<Stage> {
    fn of(value: Value<'static>) -> Value<'static> {
        match value {
            value if value.is_unset() => Value::Unset,
            Value::Struct(members) => Value::Struct(members.into_iter().map(of).collect()),
            value => value,
        }
    }
    stages
        .into_iter()
        .map(|stage| Stage {
            stage: of(stage.stage),
            ..stage
        })
        .collect()
}

fn names(stages: &[Stage]) -> Vec<String> {
    let name = |stage: &Stage| {
        stage
            .stage
            .member(stage::NAME.at)
            .as_text()
            .unwrap()
            .to_owned()
    };
    stages.iter().map(name).collect()
}

#[test]
fn both_spellings_and_any_order_are_the_same_stages() {
    let pascal = plain(read(PASCAL.as_bytes()).unwrap().0);
    assert_eq!(names(&pascal), ["$default", "prod"]);
    assert_eq!(plain(read(CAMEL.as_bytes()).unwrap().0), pascal);
    let crlf = PASCAL.replace('\n', "\r\n");
    assert_eq!(plain(read(crlf.as_bytes()).unwrap().0), pascal);
    assert_eq!(plain(read(&gzip(PASCAL.as_bytes())).unwrap().0), pascal);
    assert_eq!(plain(read(&zstd(PASCAL.as_bytes())).unwrap().0), pascal);
}

#[test]
fn null_is_absent() {
    let one = |text: &str| plain(read(text.as_bytes()).unwrap().0);
    let absent = one(
        r#"{"StageName": "prod", "CreatedDate": "2026", "RouteSettings": {}, "StageVariables": {}, "Tags": {}}"#,
    );
    let nulls = r#"{"StageName": "prod", "CreatedDate": "2026", "Description": null, "Tags": null, "StageVariables": {}, "RouteSettings": null,
        "DefaultRouteSettings": {"ThrottlingBurstLimit": null}, "AccessLogSettings": null, "AutoDeploy": null, "DeploymentId": ""}"#;
    assert_eq!(one(nulls), absent);
    let list = r#"{"Items": [{"StageName": "prod", "CreatedDate": "2026", "RouteSettings": {}, "StageVariables": {}, "Tags": {}}], "NextToken": null}"#;
    assert_eq!(one(list), absent);
}

#[test]
fn a_single_stage_is_what_get_stage_prints() {
    let (stages, close) = read(
        br#"{"StageName": "prod", "AutoDeploy": true, "CreatedDate": "2026-01-01T00:00:00Z"}"#,
    )
    .unwrap();
    assert_eq!(names(&stages), ["prod"]);
    assert_eq!(
        (
            close.gaps.len(),
            close.scopes.len(),
            close.scopes[0].outcome
        ),
        (0, 1, ScopeOutcome::Checked)
    );
}

#[test]
fn more_pages_are_a_gap() {
    for text in [
        PASCAL.replace("]}", "], \"NextToken\": \"t\"}"),
        CAMEL.replace("\n]}", "], \"nextToken\": \"t\"}"),
    ] {
        let (stages, close) = read_with(&text, |request| {
            request.regions = vec!["eu-west-1".into()];
            request.selection = Arc::new(Selection {
                apis: vec!["a1".into()],
                ..Selection::default()
            });
        })
        .unwrap();
        assert_eq!(stages.len(), 2);
        assert_eq!(close.scopes[0].outcome, ScopeOutcome::Partial);
        let [gap] = close.gaps.as_slice() else {
            panic!("{:?}", close.gaps)
        };
        assert_eq!(
            (gap.region.as_deref(), gap.api_id.as_deref()),
            (Some("eu-west-1"), Some("a1"))
        );
        assert_eq!(
            (gap.operation.as_str(), gap.account.as_deref()),
            ("GetStages", None)
        );
        assert!(!gap.hint.is_empty());
    }
}

#[test]
fn what_the_output_does_not_say_is_stated_or_not_stated() {
    let member = |stage: &Stage, name| stage.api.member(position(API, name).unwrap()).clone();
    let (stages, _) = read(PASCAL.as_bytes()).unwrap();
    for name in ["ApiId", "ProtocolType", "Name", "Tags"] {
        assert_eq!(member(&stages[0], name), Value::NotStated, "{name}");
    }
    assert_eq!((&stages[0].account, &stages[0].region), (&None, &None));

    let (stages, close) = read_with(&PASCAL.replace("$default", "dev"), |request| {
        request.regions = vec!["eu-west-1".into()];
        request.selection = Arc::new(Selection {
            apis: vec!["a1".into()],
            stages: vec!["prod".into()],
            protocols: vec![Protocol::WebSocket],
        });
    })
    .unwrap();
    assert_eq!(names(&stages), ["prod"], "--stage narrows");
    assert_eq!(member(&stages[0], "ApiId").as_text(), Some("a1"));
    assert_eq!(
        member(&stages[0], "ProtocolType").as_text(),
        Some("WEBSOCKET")
    );
    assert_eq!(member(&stages[0], "Name"), Value::NotStated);
    assert_eq!(
        (&stages[0].account, stages[0].region.as_deref()),
        (&None, Some("eu-west-1"))
    );
    assert_eq!(
        (close.scopes[0].region.as_deref(), close.scopes[0].stages),
        (Some("eu-west-1"), 1)
    );
}

#[test]
fn flags_that_cannot_be_meant_are_refused() {
    let error = read_with(PASCAL, |request| {
        request.regions = vec!["eu-west-1".into(), "us-east-1".into()];
    })
    .unwrap_err();
    assert!(error.contains("--region is given 2 times"), "{error}");
    let two = Arc::new(Selection {
        apis: vec!["a".into(), "b".into()],
        ..Selection::default()
    });
    let error = read_with(PASCAL, |request| request.selection = two).unwrap_err();
    assert!(error.contains("--api is given 2 times"), "{error}");
    let both = Arc::new(Selection {
        protocols: vec![Protocol::Http, Protocol::WebSocket],
        ..Selection::default()
    });
    let error = read_with(PASCAL, |request| request.selection = both).unwrap_err();
    assert!(error.contains("--protocol is given 2 times"), "{error}");

    let text = String::from_utf8(snapshot(&some(1), false, Vec::new())).unwrap();
    let error = read_with(&text, |request| request.regions = vec!["eu-west-1".into()]).unwrap_err();
    assert!(
        error.contains("--region") && error.contains("is a snapshot"),
        "{error}"
    );
}

#[test]
fn output_that_is_no_list_of_stages_is_refused() {
    refused(
        br#"{"Items": [{"StageName": "prod", "CreatedDate": "2026"}, {"Name": "x", "ApiId": "a1"}]}"#,
        "item 1 is not a whole stage",
    );
    refused(
        br#"{"Items": [{"StageName": "", "CreatedDate": "2026"}]}"#,
        "it has no StageName",
    );
    refused(
        br#"{"Items": [{"StageName": null, "CreatedDate": "2026"}]}"#,
        "it has no StageName",
    );
    refused(
        br#"{"Items": ["prod"]}"#,
        "item 0 is not a whole stage: stage: expected an object, found a text",
    );
    refused(br#"{"Items": {"StageName": "prod"}}"#, "of no known kind");
    refused(
        br#"{"StageName": "prod", "AutoDeploy": "yes"}"#,
        "AutoDeploy: expected a boolean, found a text",
    );
    refused(br#"{"Items": [{"StageName": "prod"}"#, "is cut off");
    refused(br#"{"Items": [] } {"Items": []}"#, "");
    refused(b"{not json", "is not JSON");
    refused(
        br#"{"StageName": "prod", "CreatedDate": "2026", "Tags": {"a": "1", "a": "2"}}"#,
        "a is there twice",
    );
    refused(
        br#"{"StageName": "prod", "CreatedDate": "2026", "AutoDeploy": true, "autoDeploy": false}"#,
        "AutoDeploy is there twice",
    );
    refused(br#"{"Items": [], "items": []}"#, "Items is there twice");
    let twice = r#"{"StageName": "prod", "CreatedDate": "2026"}"#;
    refused(
        format!(r#"{{"Items": [{twice}, {twice}]}}"#).as_bytes(),
        "has the stage prod twice",
    );
    for cut in 1..PASCAL.len() {
        assert!(
            read(&PASCAL.as_bytes()[..cut]).is_err(),
            "cut after {cut} bytes"
        );
    }
}

#[test]
fn the_kind_can_be_forced_and_a_wrong_one_is_refused() {
    let text = String::from_utf8(snapshot(&some(1), false, Vec::new())).unwrap();
    let forced = |text: &str, kind: &'static FileSource| {
        read_with(text, |request| request.kind = Some(kind))
    };
    assert!(forced(&text, &snapshots::SOURCE).is_ok());
    assert!(forced(PASCAL, &cli_output::SOURCE).is_ok());
    let error = forced(PASCAL, &snapshots::SOURCE).unwrap_err();
    assert!(
        error.contains("begin with the header of a snapshot"),
        "{error}"
    );
    let error = forced(&text, &cli_output::SOURCE).unwrap_err();
    assert!(error.contains("is a snapshot"), "{error}");
    assert!(
        forced("", &cli_output::SOURCE)
            .unwrap_err()
            .contains("is empty")
    );
    assert!(
        forced("", &snapshots::SOURCE)
            .unwrap_err()
            .contains("is empty")
    );
}

#[test]
fn a_missing_file_and_a_folder_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = drain(&request(&folder.path().join("none"))).unwrap_err();
    assert!(error.contains("no such file"), "{error}");
    let error = drain(&request(folder.path())).unwrap_err();
    assert!(error.contains("is a folder"), "{error}");
}

#[test]
fn a_snapshot_is_narrowed_to_protocols() {
    let of = |name: &str, protocol: &str| {
        let mut stage = bare(name);
        set(&mut stage.api, API, "ApiId", &format!("a{name}"));
        set(&mut stage.api, API, "ProtocolType", protocol);
        stage
    };
    let bytes = snapshot(&[of("1", "HTTP"), of("2", "WEBSOCKET")], false, Vec::new());
    let narrowed = |text: &str, protocols: &[Protocol]| {
        read_with(text, |request| {
            Arc::make_mut(&mut request.selection).protocols = protocols.to_vec();
        })
    };
    let text = String::from_utf8(bytes).unwrap();
    let (stages, close) = narrowed(&text, &[Protocol::WebSocket]).unwrap();
    assert_eq!(names(&stages), ["2"]);
    assert_eq!(close.gaps, []);
    assert_eq!(
        close.narrowing.flags(),
        [("protocol", "WEBSOCKET".to_owned())]
    );
    // The header says what was not looked for, and the lines must agree.
    let text = without_digests(&text);
    let of_http = text.replacen(
        "{\"format\"",
        "{\"narrowing\":{\"protocol\":[\"HTTP\"]},\"format\"",
        1,
    );
    assert_ne!(of_http, text);
    let error = narrowed(&of_http, &[]).unwrap_err();
    assert!(
        error.contains("the protocols that the snapshot was narrowed to"),
        "{error}"
    );
}

#[test]
fn ages_of_a_snapshot_are_counted_to_its_time() {
    let ages = |text: &str| {
        let mut read_at = Vec::new();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.jsonl");
        fs::write(&path, text).unwrap();
        let mut state =
            open_file(&request(&path), Arc::default()).map_err(|error| error.to_string())?;
        while let Some(batch) = state.next() {
            let _ = batch.decode(&Projection::all(), &mut |stage| {
                read_at.push(stage.read_at);
            });
        }
        Ok::<_, String>(read_at)
    };
    let text =
        without_digests(std::str::from_utf8(&snapshot(&some(2), false, Vec::new())).unwrap());
    let taken_at = r#""taken_at":"2026-11-23T09:00:00Z","#;
    assert_eq!(ages(&text), Ok(vec![Moment::of("2026-11-23T09:00:00Z"); 2]));
    assert_eq!(ages(&text.replace(taken_at, "")), Ok(vec![None; 2]));
    let error = ages(&text.replace(taken_at, r#""taken_at":"yesterday","#)).unwrap_err();
    assert!(error.contains("`taken_at` is not a time"), "{error}");
}
