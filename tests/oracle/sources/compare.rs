//! One case on all ways. A failure names the way, its result and the expected one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use super::case::{Case, REGIONS};
use super::ways::{
    self, is_refused, items, memory, printed, report, resumed, saved, serve, snapshot,
};
use crate::generate::Random;
use crate::judge::{self, Verdict};

/// The parts of a result that do not depend on the source.
const FACTS: [&str; 7] = [
    "exit",
    "verdict",
    "summary",
    "violations",
    "waived",
    "undecided",
    "coverage",
];
/// Those that do not depend on which APIs were looked at without a rule that can match them.
const FINDINGS: [&str; 3] = ["violations", "waived", "undecided"];

/// The number of lines or objects of each file that are tried with a doubled member.
const DOUBLED: usize = 5;

/// Runs a case on every way, and returns the summary of its result.
///
/// # Panics
/// Difference of two ways.
pub fn compare(runtime: &Runtime, random: &mut Random) -> Json {
    let case = Case::of(random);
    let broken = REGIONS[random.below(2)];
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = memory(&case);
    let same = |way: &str, parts: &[&str], result: &Json, expected: &Json| {
        for part in parts {
            assert_eq!(
                result[part],
                expected[part],
                "{way}: {part}\n{}",
                shown(&case)
            );
        }
    };
    oracle(&case, &expected);

    let emulator = serve(runtime, &case, Vec::new());
    same(
        "AWS",
        &FACTS,
        &report(&case, ways::aws(runtime, &emulator, |_| ())),
        &expected,
    );
    let needed = ways::aws(runtime, &emulator, |request| {
        request.may_match = ways::may_match(&case);
    });
    same(
        "AWS, only what rules can match",
        &FINDINGS,
        &report(&case, needed),
        &expected,
    );
    // A second look waits until AWS has settled, which takes its time.
    if random.one_in(32) {
        let confirmed = ways::aws(runtime, &emulator, |request| {
            request.confirm = Some(ways::violating(&case));
        });
        same(
            "AWS, read twice",
            &FACTS,
            &report(&case, confirmed),
            &expected,
        );
    }
    same(
        "a spool",
        &FACTS,
        &resumed(runtime, &case, folder, broken),
        &expected,
    );

    let lines = snapshot(ways::aws(runtime, &emulator, |_| ()), true);
    same(
        "a snapshot",
        &FACTS,
        &report(&case, saved(folder, "fleet.jsonl", &lines, |_| ())),
        &expected,
    );
    let copy = snapshot(saved(folder, "fleet.jsonl", &lines, |_| ()), true);
    assert_eq!(lines, copy, "a snapshot of a snapshot");
    let packed = zstd::encode_all(lines.as_slice(), 3).unwrap();
    same(
        "zstd",
        &FACTS,
        &report(&case, saved(folder, "fleet.jsonl.zst", &packed, |_| ())),
        &expected,
    );
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&lines).unwrap();
    let packed = gzip.finish().unwrap();
    same(
        "gzip",
        &FACTS,
        &report(&case, saved(folder, "fleet.jsonl.gz", &packed, |_| ())),
        &expected,
    );
    let hidden = snapshot(ways::aws(runtime, &emulator, |_| ()), false);
    let hidden = report(&case, saved(folder, "hidden.jsonl", &hidden, |_| ()));
    decided_alike("a snapshot with digests", &case, &hidden, &expected, |_| {
        true
    });

    for api in &case.apis {
        let [file, given] = printed(&case, api, folder);
        same("output of the AWS CLI", &FACTS, &file, &given);
        decided_alike("output of the AWS CLI", &case, &file, &expected, |stage| {
            stage["api_id"] == api.document["ApiId"]
        });
    }
    for api in case.apis.iter().filter(|api| !api.stages.is_empty()) {
        for _ in 0..DOUBLED {
            let text = doubled(random, &items(api));
            assert!(
                is_refused(&case, folder, text.as_bytes()),
                "a doubled member is taken: {text}\n{}",
                shown(&case)
            );
        }
    }
    let lines: Vec<String> = String::from_utf8(lines)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    for _ in 0..DOUBLED {
        let mut lines = lines.clone();
        let at = random.below(lines.len());
        lines[at] = doubled(random, &serde_json::from_str(&lines[at]).unwrap());
        let text = lines.join("\n");
        assert!(
            is_refused(&case, folder, text.as_bytes()),
            "a doubled member is taken:\n{text}\n{}",
            shown(&case)
        );
    }
    expected["summary"].clone()
}

/// A document as text, with a member of some object in it twice.
fn doubled(random: &mut Random, json: &Json) -> String {
    let mut objects = 0;
    count(json, &mut objects);
    let mut left = random.below(objects);
    let mut text = String::new();
    write(json, &mut left, &mut text);
    text
}

/// Counts the objects that have a member.
fn count(json: &Json, objects: &mut usize) {
    match json {
        Json::Object(members) => {
            *objects += usize::from(!members.is_empty());
            members.values().for_each(|value| count(value, objects));
        }
        Json::Array(elements) => elements.iter().for_each(|element| count(element, objects)),
        _ => {}
    }
}

/// Writes a document; once `left` objects are past, a member is written again.
fn write(json: &Json, left: &mut usize, text: &mut String) {
    match json {
        Json::Object(members) => {
            let double = *left == 0 && !members.is_empty();
            *left = left.wrapping_sub(usize::from(!members.is_empty()));
            let again = members.iter().next_back().filter(|_| double);
            let written = members.iter().chain(again).map(|(key, value)| {
                let mut text = format!("{}:", json!(key));
                write(value, left, &mut text);
                text
            });
            let written: Vec<String> = written.collect();
            text.push_str(&format!("{{{}}}", written.join(",")));
        }
        Json::Array(elements) => {
            let written = elements.iter().map(|element| {
                let mut text = String::new();
                write(element, left, &mut text);
                text
            });
            let written: Vec<String> = written.collect();
            text.push_str(&format!("[{}]", written.join(",")));
        }
        _ => text.push_str(&json.to_string()),
    }
}

/// The oracle's verdicts on the same documents: what is violated, undecided, checked and governed.
fn oracle(case: &Case, result: &Json) {
    let (mut checks, mut not_applicable, mut governed) = (0_u64, 0_u64, 0_u64);
    for document in case.documents() {
        let mut governs = false;
        for (at, rule) in case.rules.iter().enumerate() {
            let verdict = judge::verdict(rule, &document);
            checks += u64::from(verdict != Verdict::NotGoverned);
            not_applicable += u64::from(verdict == Verdict::NotApplicable);
            governs |= !matches!(verdict, Verdict::NotGoverned | Verdict::NotApplicable);
            let found = status(
                result,
                &format!("p{at}/r"),
                &document["api"]["ApiId"],
                &document["StageName"],
            );
            let expected = match verdict {
                Verdict::Violates(_) => "violates",
                Verdict::Undecided => "undecided",
                _ => "",
            };
            let found = if found.contains_key("violates") {
                "violates"
            } else {
                found.keys().next().copied().unwrap_or("")
            };
            assert_eq!(
                found,
                expected,
                "the oracle on rule p{at} and {document}\n{}",
                shown(case)
            );
        }
        governed += u64::from(governs);
    }
    let summary = &result["summary"];
    let counted = json!({"checks": checks, "not_applicable": not_applicable, "governed": governed});
    for (name, count) in counted.as_object().into_iter().flatten() {
        assert_eq!(
            summary[name],
            *count,
            "the oracle's {name}\n{}",
            shown(case)
        );
    }
}

/// Findings of a rule on a stage: `violates`, waived or not, and `undecided`, each with its places.
fn status(
    result: &Json,
    rule: &str,
    api: &Json,
    stage: &Json,
) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for (list, status) in [
        ("violations", "violates"),
        ("waived", "violates"),
        ("undecided", "undecided"),
    ] {
        for entry in result[list].as_array().into_iter().flatten() {
            if entry["rule"] == rule
                && entry["stage"]["api_id"] == *api
                && entry["stage"]["name"] == *stage
            {
                let waived = if list == "waived" { "waived " } else { "" };
                let place = format!("{waived}{} {}", entry["route"], entry["path"]);
                found
                    .entry(status)
                    .or_insert_with(BTreeSet::new)
                    .insert(place);
            }
        }
    }
    found
}

/// A source that states less may leave more undecided; what it decides is what the whole decides.
fn decided_alike(way: &str, case: &Case, part: &Json, whole: &Json, of: impl Fn(&Json) -> bool) {
    for document in case.documents() {
        let (api, stage) = (&document["api"]["ApiId"], &document["StageName"]);
        if !of(&json!({"api_id": api})) {
            continue;
        }
        for at in 0..case.rules.len() {
            let rule = format!("p{at}/r");
            let (part, whole) = (
                status(part, &rule, api, stage),
                status(whole, &rule, api, stage),
            );
            if part.contains_key("undecided") {
                continue;
            }
            let violates =
                |status: &BTreeMap<&str, BTreeSet<String>>| status.contains_key("violates");
            assert_eq!(
                violates(&part),
                violates(&whole),
                "{way}: rule {rule} of {api} {stage}: {part:?}, but {whole:?}\n{}",
                shown(case)
            );
        }
    }
}

fn shown(case: &Case) -> String {
    let documents: Vec<String> = case
        .documents()
        .map(|document| document.to_string())
        .collect();
    format!(
        "{}\n{}\n{:?}",
        case.texts.join("\n"),
        documents.join("\n"),
        case.options.inheritance
    )
}
