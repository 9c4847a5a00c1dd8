//! The ways in which an audit comes to its stages, each with what driftgate reports in the end.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use driftgate::check;
use driftgate::emulator::{Effect, Emulator, Fault, Fleet, Operation, Settings};
use driftgate::gate::{Tolerance, judge};
use driftgate::model::Severity;
use driftgate::model::document::api_stated_by;
use driftgate::model::moment::Moment;
use driftgate::model::protocol::Protocol;
use driftgate::model::state::{ApiBatch, Close, Scope, ScopeOutcome, Selection, State, VecState};
use driftgate::report::{Facts, Format, Run, Style, result};
use driftgate::source::aws::{
    self, Predicate, Regions, Request, RetryPolicy, Spool, StaticCredentials,
};
use driftgate::source::file::{self, FileRequest};
use driftgate::source::open_file;
use driftgate::source::snapshot::write;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use super::case::{ACCOUNT, Api, Case, REGIONS, on_the_wire};
use crate::document;
use crate::schema::{API, STAGE, Type};

/// The JSON result of an audit of a state. What it renders is read back, and must render as it was.
pub fn report(case: &Case, state: Box<dyn State>) -> Json {
    let results = check::run(&case.policies, &case.waivers, state, case.options).unwrap();
    let tolerance = Tolerance {
        fail_on: Some(Severity::Low),
        allow_incomplete: false,
        allow_empty: false,
        min_coverage: None,
    };
    let judgement = judge(&results, tolerance, None);
    let run = Run {
        reproducible: true,
        ..Run::default()
    };
    let rendered = json_of(&Facts {
        results: &results,
        judgement: &judgement,
        run: &run,
    });
    let saved = result::read("result", rendered.as_bytes()).unwrap();
    let judgement = judge(&saved.results, saved.tolerance, saved.signal);
    let again = json_of(&Facts {
        results: &saved.results,
        judgement: &judgement,
        run: &saved.run,
    });
    assert_eq!(rendered, again, "a saved result is rendered as it was");
    serde_json::from_str(&rendered).unwrap()
}

fn json_of(facts: &Facts<'_>) -> String {
    let mut out = Vec::new();
    (Format::named("json").unwrap().render)(
        facts,
        Style {
            colour: false,
            width: 80,
        },
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

/// The case in memory, as it is.
pub fn memory(case: &Case) -> Json {
    let batches = case
        .apis
        .iter()
        .filter_map(|api| batch(case, api))
        .collect();
    report(
        case,
        Box::new(VecState::new(
            batches,
            Close {
                scopes: scopes(case),
                ..Close::default()
            },
        )),
    )
}

fn batch(case: &Case, of: &Api) -> Option<ApiBatch> {
    let documents = case
        .documents()
        .filter(|document| document["api"]["ApiId"] == of.document["ApiId"]);
    let stages = documents.map(|json| {
        document::read(&json, |document| {
            (
                document.api.clone().into_owned(),
                document.stage.clone().into_owned(),
            )
        })
    });
    let (apis, stages): (Vec<_>, Vec<_>) = stages.unzip();
    let api = apis.into_iter().next()?;
    Some(ApiBatch {
        read_at: Moment::of(document::READ_AT),
        account: Some(ACCOUNT.into()),
        region: Some(of.region.into()),
        api,
        stages,
    })
}

fn scopes(case: &Case) -> Vec<Scope> {
    let scope = |region: &&str| {
        let apis = case.apis.iter().filter(|api| api.region == *region);
        let (count, stages) = apis.fold((0, 0), |(count, stages), api| {
            (count + 1, stages + api.stages.len() as u64)
        });
        Scope {
            account: Some(ACCOUNT.into()),
            region: Some((*region).into()),
            apis: count,
            checked_apis: count,
            stages,
            outcome: ScopeOutcome::Checked,
            ..Scope::default()
        }
    };
    REGIONS.iter().map(scope).collect()
}

/// A control plane that holds the case.
pub fn serve(runtime: &Runtime, case: &Case, faults: Vec<Fault>) -> Emulator {
    let mut fleet = Fleet::new().account(ACCOUNT);
    for api in &case.apis {
        let stages = api
            .stages
            .iter()
            .map(|stage| on_the_wire(stage, Type::Struct(STAGE)))
            .collect();
        fleet = fleet.api(
            ACCOUNT,
            api.region,
            on_the_wire(&api.document, Type::Struct(API)),
            stages,
        );
    }
    let settings = Settings {
        fleet,
        faults,
        page_size: 2,
        log_arrivals: false,
        ..Settings::default()
    };
    runtime.block_on(Emulator::start(settings)).unwrap()
}

/// Reads everything that a control plane has.
pub fn aws(
    runtime: &Runtime,
    emulator: &Emulator,
    change: impl FnOnce(&mut Request),
) -> Box<dyn State> {
    let environment = emulator.environment(ACCOUNT, REGIONS[0]);
    let variable = |name| {
        environment
            .iter()
            .find(|(key, _)| *key == name)
            .unwrap()
            .1
            .clone()
    };
    let mut request = Request {
        regions: Regions {
            named: REGIONS.map(str::to_owned).to_vec(),
            ..Regions::default()
        },
        endpoint_url: Some(emulator.endpoint_url()),
        credentials: Some(StaticCredentials {
            access_key_id: variable("AWS_ACCESS_KEY_ID"),
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
            session_token: None,
        }),
        burst: 20,
        concurrency: 8,
        timeout: Some(Duration::from_secs(30)),
        ..Request::default()
    };
    change(&mut request);
    Box::new(runtime.block_on(aws::open(request)).unwrap())
}

/// A predicate on APIs: those that a rule can match.
pub fn may_match(case: &Case) -> Predicate {
    let policies = Arc::clone(&case.policies);
    Arc::new(move |document| policies.may_match(document))
}

/// A predicate on stages: those that violate a rule.
pub fn violating(case: &Case) -> Predicate {
    let (policies, options) = (Arc::clone(&case.policies), case.options);
    Arc::new(move |document| check::violates(&policies, options, document))
}

/// The bytes of a snapshot of a state.
pub fn snapshot(state: Box<dyn State>, show_values: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    write::write(
        state,
        &mut bytes,
        &write::Options {
            show_values,
            taken_at: Some(document::READ_AT.to_owned()),
        },
    )
    .unwrap();
    bytes
}

/// Reads a saved file.
pub fn saved(
    folder: &Path,
    name: &str,
    bytes: &[u8],
    change: impl FnOnce(&mut FileRequest),
) -> Box<dyn State> {
    open(folder, name, bytes, change).unwrap_or_else(|error| panic!("{error}"))
}

/// True if a file is refused, when it is opened or while it is audited.
pub fn is_refused(case: &Case, folder: &Path, bytes: &[u8]) -> bool {
    match open(folder, "refused.json", bytes, |_| ()) {
        Err(_) => true,
        Ok(state) => check::run(&case.policies, &case.waivers, state, case.options).is_err(),
    }
}

fn open(
    folder: &Path,
    name: &str,
    bytes: &[u8],
    change: impl FnOnce(&mut FileRequest),
) -> Result<Box<dyn State>, file::Error> {
    let path = folder.join(name);
    File::create(&path).unwrap().write_all(bytes).unwrap();
    let mut request = FileRequest {
        path: path.to_str().unwrap().to_owned(),
        kind: None,
        selection: Arc::default(),
        account: None,
        regions: Vec::new(),
    };
    change(&mut request);
    open_file(&request, Arc::new(AtomicBool::new(false)))
}

/// The stages of an API as the AWS CLI prints them.
pub fn items(api: &Api) -> Json {
    json!({"Items": api.stages})
}

/// Stages of an API as the AWS CLI prints them, and the same in memory. It names nothing of the API but what flags
/// state: the account, the Region, the identifier and the protocol.
pub fn printed(case: &Case, api: &Api, folder: &Path) -> [Json; 2] {
    let text = items(api).to_string();
    let id = api.document["ApiId"].as_str().unwrap();
    let protocol = Protocol::from_name(api.document["ProtocolType"].as_str().unwrap());
    let file = saved(folder, "stages.json", text.as_bytes(), |request| {
        request.account = Some(ACCOUNT.to_owned());
        request.regions = vec![api.region.to_owned()];
        request.selection = Arc::new(Selection {
            apis: vec![id.to_owned()],
            protocols: protocol.into_iter().collect(),
            ..Selection::default()
        });
    });
    let mut batches: Vec<ApiBatch> = batch(case, api).into_iter().collect();
    for batch in &mut batches {
        batch.read_at = None;
        batch.api = api_stated_by(Some(id), protocol);
    }
    let scope = Scope {
        account: Some(ACCOUNT.into()),
        region: Some(api.region.into()),
        apis: 1,
        checked_apis: 1,
        stages: api.stages.len() as u64,
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    };
    let given = VecState::new(
        batches,
        Close {
            scopes: vec![scope],
            ..Close::default()
        },
    );
    [report(case, file), report(case, Box::new(given))]
}

/// A run that a fault ends early, and one that goes on from its spool.
pub fn resumed(runtime: &Runtime, case: &Case, folder: &Path, broken: &'static str) -> Json {
    let (path, now) = (folder.join("fleet.spool"), Timestamp::now());
    let asked = aws::RunKey::default();
    {
        let fault = Fault::on(Operation::GetApis)
            .region(broken)
            .always(Effect::Deny);
        let emulator = serve(runtime, case, vec![fault]);
        let spool = Arc::new(Spool::start(&path, &asked, now).unwrap());
        let state = aws(runtime, &emulator, |request| {
            request.spool = Some(Arc::clone(&spool));
            request.retry = RetryPolicy::STANDARD;
        });
        report(case, state);
        let _ = spool.end(true);
    }
    let emulator = serve(runtime, case, Vec::new());
    let spool = Arc::new(Spool::resume(&path, &asked, now).unwrap().reproducible());
    let result = report(
        case,
        aws(runtime, &emulator, |request| {
            request.spool = Some(Arc::clone(&spool));
        }),
    );
    let _ = spool.end(true);
    result
}
