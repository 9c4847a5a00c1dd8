//! A check decodes of a snapshot's lines what its rules and waivers look at. The outcome is that of whole lines.

use driftgate::check::{self, Inheritance, Options};
use driftgate::model::catalogue::{API_FIELD, Field, STAGE_FIELD};
use driftgate::model::finding::Violation;
use driftgate::model::projection::Projection;
use driftgate::model::state::{ApiBatch, Batch as _, Close, VecState};
use driftgate::model::value::Written;
use driftgate::model::{Document, Results};
use driftgate::policy::read::waiver::Waivers;
use driftgate::source::snapshot::{LineBatch, not_stated};
use serde_json::{Value as Json, json};

use crate::accept::accept;
use crate::generate::{Random, route, selection};
use crate::schema::ACCOUNT;
use crate::waive::waivers;
use crate::{Case, STAGES, document};

static STAGE: Field = STAGE_FIELD;

/// The line of a snapshot with a stage.
fn line(document: &Document<'_>) -> String {
    let mut line = json!({
        "account": document.account,
        "region": document.region,
        "api": Written { field: &API_FIELD, value: document.api },
        "stage": Written { field: &STAGE, value: document.stage },
    });
    let mut paths = not_stated(&STAGE, document.stage, "");
    paths.extend(not_stated(&API_FIELD, document.api, "api."));
    if !paths.is_empty() {
        line["not-stated"] = json!(paths);
    }
    line.to_string()
}

fn lines(line: &str) -> LineBatch {
    LineBatch::new("fleet", line.as_bytes().to_vec(), 2)
}

/// The stage of a line, decoded whole.
fn whole(line: &str) -> ApiBatch {
    let mut batch = None;
    let decoded = lines(line).decode(&Projection::all(), &mut |document| {
        batch = Some(ApiBatch {
            read_at: document.read_at,
            account: document.account.map(Into::into),
            region: document.region.map(Into::into),
            api: document.api.clone().into_owned(),
            stages: vec![document.stage.clone().into_owned()],
        });
    });
    decoded.unwrap_or_else(|unusable| panic!("{unusable}: {line}"));
    batch.unwrap()
}

/// All findings of an outcome on its one stage.
fn facts(results: &Results) -> Vec<String> {
    let of = |what: &str, one: &Violation| {
        format!(
            "{what} {:?} {:?} {:?} {:?} {:?}",
            one.route, one.path, one.expected, one.actual, one.reading
        )
    };
    let mut facts: Vec<String> = results
        .violations()
        .map(|(_, one)| of("violates", one))
        .collect();
    facts.extend(
        results
            .waived
            .iter()
            .map(|one| of("waived", &one.violation)),
    );
    facts.extend(
        results
            .undecided
            .iter()
            .map(|one| format!("{:?} {:?} {:?}", one.route, one.path, one.reason)),
    );
    facts.push(format!(
        "{} {} {}",
        results.summary.governed, results.summary.not_applicable, results.summary.undecided
    ));
    facts
}

/// Members that every stage of a snapshot has.
fn completed(mut document: Json) -> Json {
    let is_set = |value: &Json| value.as_str().is_some_and(|text| !text.is_empty());
    for (at, name) in [
        ("/StageName", "prod"),
        ("/api/ApiId", "a1"),
        ("/api/ProtocolType", "HTTP"),
    ] {
        if !document.pointer(at).is_some_and(is_set) {
            let (parent, key) = at.rsplit_once('/').unwrap();
            document.pointer_mut(parent).unwrap()[key] = json!(name);
        }
    }
    document
}

#[test]
fn what_is_decoded_is_what_is_asked() {
    let (mut waived, mut standing, mut undecided) = (0, 0, 0);
    for seed in (0..12_000).step_by(4) {
        let case = Case::of(seed);
        let random = &mut Random::new(seed ^ STAGES);
        let mut matches = if random.one_in(2) {
            json!({"account": ACCOUNT})
        } else {
            selection(random)
        };
        if random.one_in(4) {
            let (key, value) = route(random);
            matches[key] = value;
        }
        let Some(policies) = case.loaded() else {
            continue;
        };
        let Some(waivers) = accept(random, &case.rule.expect).map_or_else(
            || Some(Waivers::default()),
            |accept| waivers(&matches, &accept),
        ) else {
            continue;
        };
        let line = document::read(&completed(case.document.clone()), line);
        let inheritance = [
            Inheritance::Inherit,
            Inheritance::Replace,
            Inheritance::Both,
        ][random.below(3)];
        let options = Options {
            inheritance,
            show_values: true,
            ..Options::default()
        };
        let results = |state| check::run(&policies, &waivers, Box::new(state), options).unwrap();
        let of_whole = results(VecState::new(vec![whole(&line)], Close::default()));
        let of_part = results(VecState::new(vec![lines(&line)], Close::default()));
        assert_eq!(
            facts(&of_part),
            facts(&of_whole),
            "seed {seed}: {line}\n policy: {}\nwaivers: {waivers:?}",
            case.policy()
        );
        waived += of_whole.waived.len();
        standing += of_whole.total();
        undecided += of_whole.undecided.len();
    }
    assert!(
        waived > 50 && standing > 100 && undecided > 100,
        "{waived} {standing} {undecided}"
    );
}
