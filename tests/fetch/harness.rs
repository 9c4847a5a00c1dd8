//! One fetch from start to close, and small fleets to fetch.

use std::sync::Arc;
use std::time::Duration;

use driftgate::emulator::{Arrival, Emulator, Fleet, Operation, Settings, document};
use driftgate::model::projection::Projection;
use driftgate::model::state::{Close, Gap, ScopeOutcome, Selection, State};
use driftgate::source::aws::{AwsState, Error, Regions, Request, StaticCredentials, open};
use serde_json::Value;
use tokio::runtime::Runtime;

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "us-east-1";

/// A fetch that came to its end.
pub struct Fetched {
    /// `Region/ApiId/StageName` of every stage, as they came.
    pub stages: Vec<String>,
    pub close: Close,
    pub arrivals: Vec<Arrival>,
}

impl Fetched {
    /// The requests that arrived for an operation.
    pub fn count(&self, operation: Operation) -> usize {
        self.arrivals
            .iter()
            .filter(|arrival| arrival.operation == operation)
            .count()
    }

    #[track_caller]
    pub fn only_gap(&self) -> &Gap {
        let [gap] = self.close.gaps.as_slice() else {
            panic!("not one gap: {:#?}", self.close.gaps)
        };
        gap
    }

    /// Asserts that all of it was read, and nothing else.
    #[track_caller]
    pub fn assert_read(&self, stages: &[&str]) {
        assert_eq!(self.close.gaps, []);
        assert!(
            self.close
                .scopes
                .iter()
                .all(|scope| scope.outcome == ScopeOutcome::Checked)
        );
        assert_eq!(self.stages, stages);
    }
}

/// A fetch of `REGION` in full, as fast as can be.
pub fn request(emulator: &Emulator) -> Request {
    let environment = emulator.environment(ACCOUNT, REGION);
    let variable = |name| {
        environment
            .iter()
            .find(|(key, _)| *key == name)
            .unwrap()
            .1
            .clone()
    };
    Request {
        regions: Regions {
            named: vec![REGION.to_owned()],
            ..Regions::default()
        },
        endpoint_url: Some(emulator.endpoint_url()),
        credentials: Some(StaticCredentials {
            access_key_id: variable("AWS_ACCESS_KEY_ID"),
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
            session_token: None,
        }),
        burst: 20,
        concurrency: 64,
        timeout: Some(Duration::from_mins(1)),
        ..Request::default()
    }
}

pub fn start(settings: Settings) -> (Runtime, Emulator) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
    (runtime, emulator)
}

pub fn try_open(
    settings: Settings,
    change: impl FnOnce(&mut Request),
) -> Result<(Runtime, Emulator, AwsState), Error> {
    let (runtime, emulator) = start(settings);
    let mut request = request(&emulator);
    change(&mut request);
    let state = runtime.block_on(open(request))?;
    Ok((runtime, emulator, state))
}

/// Fetches, and hands the state to `with` before each batch is taken.
pub fn fetch_with(
    settings: Settings,
    change: impl FnOnce(&mut Request),
    mut with: impl FnMut(&AwsState, usize),
) -> Fetched {
    let (_runtime, emulator, mut state) =
        try_open(settings, change).unwrap_or_else(|error| panic!("{error}"));
    let mut stages = Vec::new();
    loop {
        with(&state, stages.len());
        let Some(batch) = state.next() else { break };
        batch
            .decode(&Projection::all(), &mut |stage| {
                let place = [stage.region, stage.api_id(), stage.stage_name()].map(Option::unwrap);
                stages.push(place.join("/"));
            })
            .unwrap();
    }
    let close = Box::new(state).close().unwrap();
    Fetched {
        stages,
        close,
        arrivals: emulator.arrivals(),
    }
}

pub fn fetch(settings: Settings, change: impl FnOnce(&mut Request)) -> Fetched {
    fetch_with(settings, change, |_, _| ())
}

pub fn select(apis: &[&str], stages: &[&str]) -> Arc<Selection> {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Arc::new(Selection {
        apis: owned(apis),
        stages: owned(stages),
        ..Selection::default()
    })
}

pub fn with_stages(fleet: Fleet, region: &str, api_id: &str, stages: &[&str]) -> Fleet {
    let stages: Vec<Value> = stages
        .iter()
        .map(|name| document::http_stage(name))
        .collect();
    fleet.api(ACCOUNT, region, document::http_api(api_id, api_id), stages)
}

/// Three APIs out of order, with three, one and two stages.
pub fn three_apis() -> Settings {
    let fleet = with_stages(Fleet::new(), REGION, "c3", &["prod", "dev"]);
    let fleet = with_stages(fleet, REGION, "a1", &["prod", "$default", "dev"]);
    Settings {
        fleet: with_stages(fleet, REGION, "b2", &["prod"]),
        ..Settings::default()
    }
}

/// All stages of [`three_apis`], in the order in which they are fetched.
pub const ALL: [&str; 6] = [
    "us-east-1/a1/$default",
    "us-east-1/a1/dev",
    "us-east-1/a1/prod",
    "us-east-1/b2/prod",
    "us-east-1/c3/dev",
    "us-east-1/c3/prod",
];

/// [`three_apis`] on small pages.
pub fn small_pages() -> Settings {
    Settings {
        page_size: 1,
        ..three_apis()
    }
}
