//! One audit in this process: the fetch, the check and the gate, without a command line.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use driftgate::emulator::{Emulator, Settings};
use driftgate::model::judgement::Judgement;
use driftgate::model::{Results, Severity};
use driftgate::policy::Policies;
use driftgate::policy::read::load::load;
use driftgate::policy::read::waiver::Waivers;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::source::aws::{Request, RetryPolicy, StaticCredentials, open};
use driftgate::{check, gate};
use tokio::runtime::Runtime;

/// The retry policy of the tests: a lasting failure is known in milliseconds, and silence after a second.
pub const SHORT: RetryPolicy = RetryPolicy {
    attempts: 4,
    unreachable: 2,
    first: Duration::from_millis(2),
    throttled: Duration::from_millis(4),
    longest: Duration::from_millis(20),
    pages: 60,
    connect: Duration::from_secs(2),
    read: Duration::from_secs(1),
    attempt: Duration::from_millis(1500),
    credentials: Duration::from_secs(1),
};

/// Runtime of all fetches and control planes.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .unwrap()
});

/// The result of an audit.
pub struct Audited {
    pub results: Results,
    pub judgement: Judgement,
}

impl Audited {
    /// `account/Region/API/stage` of every stage that violates the rule.
    #[track_caller]
    pub fn violating(&self, rule: &str) -> BTreeSet<String> {
        let mut stages = BTreeSet::new();
        for (_, violation) in self.results.violations() {
            if self
                .results
                .rule(violation.rule)
                .is_some_and(|facts| facts.name == rule)
            {
                let stage = &violation.stage;
                let names = [
                    stage.place.account.as_deref(),
                    stage.place.region.as_deref(),
                    stage.api.id.as_deref(),
                    stage.name.as_deref(),
                ];
                let key = names.map(|name| name.unwrap_or("-")).join("/");
                assert!(stages.insert(key.clone()), "{key} was checked twice");
            }
        }
        stages
    }
}

/// The policies of a text.
pub fn policies(text: &str) -> Policies {
    load(vec![Arc::new(SourceText {
        name: "p.yaml".into(),
        text: text.into(),
    })])
    .unwrap()
}

/// A request to that endpoint as a user of the account.
pub fn request(account: &str, endpoint_url: String) -> Request {
    Request {
        endpoint_url: Some(endpoint_url),
        credentials: Some(StaticCredentials {
            access_key_id: format!("AKIA{account}DEMO"),
            secret_access_key: "demo".to_owned(),
            session_token: None,
        }),
        burst: 20,
        concurrency: 16,
        timeout: Some(Duration::from_mins(2)),
        retry: SHORT,
        ..Request::default()
    }
}

/// Audits; the words of a run that could not begin otherwise.
pub fn audit(policies: &Policies, request: Request) -> Result<Audited, String> {
    let state = RUNTIME
        .block_on(open(request))
        .map_err(|error| error.to_string())?;
    let options = check::Options::default();
    let results = check::run(policies, &Waivers::default(), Box::new(state), options).unwrap();
    let tolerance = gate::Tolerance {
        fail_on: Some(Severity::Low),
        allow_incomplete: false,
        allow_empty: false,
        min_coverage: None,
    };
    let judgement = gate::judge(&results, tolerance, None);
    Ok(Audited { results, judgement })
}

/// A control plane.
pub fn start(settings: Settings) -> Emulator {
    RUNTIME.block_on(Emulator::start(settings)).unwrap()
}

/// Does `work` for each number below `count`, a few at once, and panics with the failures, in order.
pub fn each(count: usize, work: impl Fn(usize) -> Result<(), String> + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let done =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(number)));
                    let done = done.unwrap_or_else(|_| Err(format!("number {number} panicked")));
                    if let Err(why) = done {
                        failed.lock().unwrap().push((number, why));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    let told: Vec<_> = failed.iter().map(|(_, why)| why.as_str()).collect();
    assert!(
        told.is_empty(),
        "{} of {count} failed:\n{}",
        told.len(),
        told.join("\n")
    );
}
