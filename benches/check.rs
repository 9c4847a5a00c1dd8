//! Cost of the parts, for people: loading policies, decoding the lines of a snapshot, checking decoded stages.
//! Numbers per element: a rule, a stage, a rule on a stage. `cargo bench`; whole programs are in `processes.py`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark that panics has failed, as it should"
)]

#[expect(
    dead_code,
    reason = "the header and the trailer of a snapshot are for `fleet`"
)]
mod stages;

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use driftgate::check::{self, Options};
use driftgate::model::catalogue::stage;
use driftgate::model::projection::Projection;
use driftgate::model::protocol::Protocol;
use driftgate::model::state::{ApiBatch, Batch as _, Close, VecState};
use driftgate::model::{Document, Value};
use driftgate::policy::load;
use driftgate::policy::read::waiver::Waivers;
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::source::snapshot::LineBatch;

/// Stages in a batch, as many as a source hands over at a time or so.
const STAGES: usize = 300;

/// Expectations of the benchmarks' rules: those of `six.yaml`, and four tests that they lack.
const EXPECTATIONS: [&str; 10] = [
    r#"AccessLogSettings: {DestinationArn: {like: "arn:${partition}:logs:${region}:${account}:log-group:/apigw/*"}}"#,
    "each-route: {ThrottlingBurstLimit: {min: 1, max: 500}, ThrottlingRateLimit: {above: 0, max: 1000}}",
    "DefaultRouteSettings: {DetailedMetricsEnabled: true}",
    "Tags: [owner, cost-center]",
    "DefaultRouteSettings: {LoggingLevel: [ERROR, INFO]}",
    "each-route: {DataTraceEnabled: false}",
    "AccessLogSettings: {Format: {contains: $context.requestId}}",
    r#"Description: {matches: "^Stage [a-z$]+, released"}"#,
    "StageVariables: {\"*\": {not: password}}",
    "api: {DisableExecuteApiEndpoint: true, Tags: {owner: \"${api.Tags.owner}\"}}",
];

/// Expressions of `assert`, each with what it shows the cost of.
#[cfg(feature = "cel")]
const ASSERTIONS: [(&str, &str); 4] = [
    ("one setting", "!stage.AutoDeploy"),
    (
        "five settings",
        "has(stage.Description) && stage.DefaultRouteSettings.ThrottlingBurstLimit <= 1000 && 'owner' in stage.Tags && \
         api.Tags.owner == stage.Tags.owner && !api.DisableExecuteApiEndpoint",
    ),
    (
        "a regular expression",
        "re(stage.AccessLogSettings.DestinationArn, '^arn:aws:logs:[a-z0-9-]+:[0-9]{12}:')",
    ),
    (
        "every route",
        "each_route.all(r, has(each_route[r].ThrottlingBurstLimit) && each_route[r].ThrottlingBurstLimit <= 500)",
    ),
];

/// Expectations that every stage of the benchmarks meets.
const CONFORMING: [&str; 5] = [
    "StageName: {like: [\"stage-*\", prod]}",
    "each-route: {ThrottlingBurstLimit: {not: 0}, ThrottlingRateLimit: {not: 0}}",
    "Tags: {tier: [gold, silver, bronze]}",
    r#"Description: {matches: "^Stage [a-z$]+, released"}"#,
    "api: {ProtocolType: [HTTP, WEBSOCKET], Tags: [owner]}",
];

/// A policy of so many rules, with the findings of a fleet.
fn policy(rules: usize) -> Arc<SourceText> {
    policy_of(&EXPECTATIONS, rules)
}

/// A policy of so many rules that nothing violates.
fn conforming(rules: usize) -> Arc<SourceText> {
    policy_of(&CONFORMING, rules)
}

fn policy_of(expectations: &[&str], rules: usize) -> Arc<SourceText> {
    let mut text = "policy: bench\nrules:\n".to_owned();
    for (number, expect) in expectations.iter().cycle().take(rules).enumerate() {
        write!(
            text,
            "  - id: rule-{number}\n    title: Rule {number}\n    severity: low\n    why: A benchmark.\n    \
             fix: None.\n    expect:\n      {expect}\n"
        )
        .expect("writing to a String cannot fail");
    }
    Arc::new(SourceText {
        name: "bench.yaml".to_owned(),
        text,
    })
}

fn lines() -> LineBatch {
    let bytes = stages::snapshot(STAGES)
        .scopes
        .swap_remove(0)
        .lines
        .into_bytes();
    LineBatch::new("bench", bytes, 2)
}

type Apis = Vec<(Value<'static>, Vec<Value<'static>>)>;

/// The same stages decoded, as those of one HTTP API and one WebSocket API, each in the order of their names.
fn decoded() -> Apis {
    let mut apis: Apis = Vec::new();
    let mut add = |document: &Document<'_>| {
        let name = document.protocol().map(Protocol::name);
        let same = |api: &Value<'_>| {
            Document::before_its_stages(None, None, api)
                .protocol()
                .map(Protocol::name)
                == name
        };
        let at = apis
            .iter()
            .position(|(api, _)| same(api))
            .unwrap_or_else(|| {
                apis.push((document.api.clone().into_owned(), Vec::new()));
                apis.len() - 1
            });
        let stages = &mut apis[at].1;
        let mut stage = document.stage.clone().into_owned();
        if let Value::Struct(members) = &mut stage {
            members[stage::NAME.at] = Value::text(format!("stage-{:04}", stages.len()));
        }
        stages.push(stage);
    };
    lines()
        .decode(&Projection::all(), &mut add)
        .expect("the generated lines are good");
    apis
}

/// A state of these APIs, in memory.
fn in_memory(apis: &Apis) -> VecState {
    let (account, region) = (Some("111122223333".into()), Some("us-east-1".into()));
    let batch = |(api, stages): &(Value<'static>, Vec<Value<'static>>)| ApiBatch {
        read_at: None,
        account: account.clone(),
        region: region.clone(),
        api: api.clone(),
        stages: stages.clone(),
    };
    VecState::new(apis.iter().map(batch).collect(), Close::default())
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load policies");
    for rules in [1, 10, 100, 1_000] {
        let text = policy(rules);
        group.throughput(Throughput::Elements(rules as u64));
        group.bench_with_input(BenchmarkId::from_parameter(rules), &text, |bench, text| {
            bench.iter(|| load(vec![Arc::clone(text)]).expect("the policy is good"));
        });
    }
}

fn decoding(criterion: &mut Criterion) {
    let batch = lines();
    let mut group = criterion.benchmark_group("decode a batch");
    group.throughput(Throughput::Elements(STAGES as u64));
    group.bench_function("lines of a snapshot", |bench| {
        bench.iter(|| {
            batch
                .decode(&Projection::all(), &mut |stage| {
                    _ = black_box(stage.stage_name());
                })
                .expect("the generated lines are good");
        });
    });
}

fn checking(criterion: &mut Criterion) {
    check_with(criterion, "check a batch", policy);
    check_with(criterion, "check a batch, all conform", conforming);
}

fn check_with(criterion: &mut Criterion, name: &str, policy: fn(usize) -> Arc<SourceText>) {
    let apis = decoded();
    // On one thread, so that the time is what a rule costs.
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread can be started");
    let mut group = criterion.benchmark_group(name);
    for rules in [1, 10, 100, 1_000] {
        let policies = load(vec![policy(rules)]).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        group.throughput(Throughput::Elements((rules * STAGES) as u64));
        group.bench_with_input(
            BenchmarkId::from_parameter(rules),
            &policies,
            |bench, policies| {
                let check = |state| {
                    check::run(
                        policies,
                        &Waivers::default(),
                        Box::new(state),
                        Options::default(),
                    )
                    .expect("the batches are good")
                };
                one.install(|| {
                    bench.iter_batched(|| in_memory(&apis), check, BatchSize::SmallInput);
                });
            },
        );
    }
}

#[cfg(feature = "cel")]
fn asserting(criterion: &mut Criterion) {
    let apis = decoded();
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .expect("a thread can be started");
    let mut group = criterion.benchmark_group("check a batch, assert");
    group.throughput(Throughput::Elements(STAGES as u64));
    for (name, expression) in ASSERTIONS {
        let text = format!(
            "policy: bench\nrules:\n  - id: asserted\n    title: T\n    severity: low\n    assert: |\n      {expression}\n"
        );
        let file = Arc::new(SourceText {
            name: "bench.yaml".to_owned(),
            text,
        });
        let policies = load(vec![file]).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        group.bench_with_input(
            BenchmarkId::from_parameter(name),
            &policies,
            |bench, policies| {
                let check = |state| {
                    check::run(
                        policies,
                        &Waivers::default(),
                        Box::new(state),
                        Options::default(),
                    )
                    .expect("the batches are good")
                };
                one.install(|| {
                    bench.iter_batched(|| in_memory(&apis), check, BatchSize::SmallInput);
                });
            },
        );
    }
}

#[cfg(not(feature = "cel"))]
fn asserting(_: &mut Criterion) {}

criterion_group!(benches, loading, decoding, checking, asserting);
criterion_main!(benches);
