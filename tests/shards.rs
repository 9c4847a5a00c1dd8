//! The results of shards, merged, are the result of the whole run byte by byte, however the fleet is cut; and a result
//! that was saved is rendered as it was. Random fleets with gaps, waivers and what is about no Region.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

use std::sync::Arc;
use std::time::Duration;

use driftgate::check::{self, Options};
use driftgate::gate::{Tolerance, judge};
use driftgate::model::judgement::Signal;
use driftgate::model::state::{
    ApiBatch, Close, Gap, Scope, ScopeOutcome, VecState, Warning, WarningKind,
};
use driftgate::model::{Results, Severity};
use driftgate::policy::read::waiver::{self, Waivers};
use driftgate::policy::text::diagnostic::SourceText;
use driftgate::policy::{Policies, load};
use driftgate::report::result::{self, Saved, merge};
use driftgate::report::{Facts, Format, Run, ShardInfo, Style};
use jiff::civil::date;
use proptest::prelude::*;
use proptest::sample::select;

const POLICY: &str = "
policy: p
rules:
  - {id: burst, title: Every route is throttled, severity: critical, why: So, fix: Do, references: [a, 'https://b.c'], expect: {each-route: {ThrottlingBurstLimit: {max: 500}}}}
  - {id: owner, title: Someone owns it, severity: low, match: {StageName: prod}, expect: {Tags: [owner]}}
  - {id: chat, title: Chat is logged, severity: medium, match: {api: {Name: chat}}, expect: {Description: {matches: logged}}}
  - {id: never, title: Nothing, severity: info, match: {StageName: nowhere}, expect: {AutoDeploy: true}}
tests:
  - {name: x, given: {StageName: prod, Tags: {owner: a}, DefaultRouteSettings: {ThrottlingBurstLimit: 5}}, violates: []}
  - {name: stage, given: {StageName: prod}, violates: [burst, owner]}
  - {name: stage, given: {StageName: prod, RouteSettings: {GET /x: {ThrottlingBurstLimit: 900}}, api: {Name: chat}}, violates: [burst, owner, chat]}
  - {name: stage, given: {StageName: dev, DefaultRouteSettings: {ThrottlingBurstLimit: 900}}, violates: [burst]}
  - {name: stage, given: {StageName: dev, DefaultRouteSettings: {ThrottlingBurstLimit: 90}}, violates: []}
";

/// One that the fleet may need, two that it cannot, one that is about a single Region, one that has expired.
const WAIVERS: &str = "
waivers:
  - {rule: p/burst, match: {StageName: dev}, reason: r, owner: o, expires: 2027-06-30}
  - {rule: p/burst, match: {StageName: dev, region: us-east-1}, accept: {each-route: {ThrottlingBurstLimit: {max: 800}}}, reason: r, owner: o, expires: 2027-06-30}
  - {rule: p/never, match: {StageName: prod}, reason: r, owner: o, expires: 2027-01-20}
  - {rule: p/owner, match: {account: '111122223333', region: eu-west-1}, reason: r, owner: o, expires: 2027-06-30}
  - {rule: p/owner, match: {account: '999999999999'}, reason: r, owner: o, expires: 2027-06-30}
  - {rule: p/*, match: {StageName: prod}, reason: \"a\\u202e|<b>\", owner: o, expires: 2027-01-01}
  - {rule: p/gone, match: {StageName: prod}, reason: r, owner: o, expires: 2027-06-30}
";

const ACCOUNTS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];

/// A policy that governs stages of some shards, and one that governs none.
const OTHERS: [&str; 2] = [
    "{policy: chats, match: {api: {Name: chat}}, rules: [{id: a, title: t, severity: info, expect: {AutoDeploy: false}}]}",
    "{policy: nowhere, match: {StageName: nowhere}, rules: [{id: a, title: t, severity: info, expect: {Tags: [a]}}]}",
];

fn policies() -> Policies {
    let texts = [POLICY].into_iter().chain(OTHERS).enumerate();
    let file = |(at, text): (usize, &str)| {
        Arc::new(SourceText {
            name: format!("p{at}.yaml"),
            text: text.into(),
        })
    };
    load(texts.map(file).collect()).unwrap()
}

fn waivers() -> Waivers {
    let text = SourceText {
        name: "w.yaml".into(),
        text: WAIVERS.into(),
    };
    waiver::load(&[Arc::new(text)], date(2027, 1, 15)).unwrap()
}

/// One account and Region: the stages of its APIs, by what they look like, whether something in it could not be read,
/// and the shard that it is in.
#[derive(Debug, Clone)]
struct Place {
    account: &'static str,
    region: &'static str,
    apis: Vec<Vec<usize>>,
    gap: bool,
    warned: bool,
    shard: u32,
}

#[derive(Debug, Clone)]
struct Fleet {
    count: u32,
    places: Vec<Place>,
    /// Accounts that are excluded, that could not be read, and that are warned of: rows without a Region.
    excluded: Vec<&'static str>,
    denied: Vec<&'static str>,
    tolerance: Tolerance,
    reproducible: bool,
}

fn place(count: u32, account: &'static str, region: &'static str) -> impl Strategy<Value = Place> {
    let apis = prop::collection::vec(prop::collection::vec(1..5_usize, 0..4), 0..3);
    (
        apis,
        prop::bool::weighted(0.02),
        prop::bool::weighted(0.1),
        1..=count,
    )
        .prop_map(move |(apis, gap, warned, shard)| Place {
            account,
            region,
            apis,
            gap,
            warned,
            shard,
        })
}

fn fleet() -> impl Strategy<Value = Fleet> {
    let all = ACCOUNTS
        .iter()
        .flat_map(|account| REGIONS.iter().map(move |region| (*account, *region)));
    let all: Vec<_> = all.collect();
    let places =
        (1..6_u32, prop::sample::subsequence(all, 0..=12)).prop_flat_map(|(count, places)| {
            let places: Vec<_> = places
                .into_iter()
                .map(|(account, region)| place(count, account, region))
                .collect();
            (Just(count), places)
        });
    let accounts =
        |most: usize| prop::sample::subsequence(vec!["444455556666", "555566667777"], 0..=most);
    let severity = select(vec![None, Some(Severity::Low), Some(Severity::Critical)]);
    let tolerance = (
        severity,
        any::<bool>(),
        any::<bool>(),
        prop::option::weighted(0.2, 0.0..100.0),
    );
    (
        places,
        accounts(2),
        prop_oneof![4 => accounts(0), 1 => accounts(1)],
        tolerance,
        any::<bool>(),
    )
        .prop_map(
            |((count, places), excluded, denied, tolerance, reproducible)| {
                let (fail_on, allow_incomplete, allow_empty, min_coverage) = tolerance;
                let tolerance = Tolerance {
                    fail_on,
                    allow_incomplete,
                    allow_empty,
                    min_coverage,
                };
                Fleet {
                    count,
                    places,
                    excluded,
                    denied,
                    tolerance,
                    reproducible,
                }
            },
        )
}

impl Fleet {
    /// Findings of a shard, or of the whole run.
    fn results(&self, policies: &Policies, waivers: &Waivers, shard: Option<u32>) -> Results {
        let (mut batches, mut close) = (Vec::new(), Close::default());
        let looks = &policies.policies[0].tests;
        for place in self
            .places
            .iter()
            .filter(|place| shard.is_none_or(|shard| place.shard == shard))
        {
            for (at, stages) in place.apis.iter().enumerate() {
                let id = format!("api{at}");
                let api = stages.first().map_or(1, |stage| *stage);
                let stages = stages
                    .iter()
                    .map(|stage| looks[*stage].stage.clone())
                    .collect();
                let api = named(&looks[api].api, &id);
                let (account, region) = (Some(place.account.into()), Some(place.region.into()));
                batches.push(ApiBatch {
                    read_at: None,
                    account,
                    region,
                    api,
                    stages,
                });
            }
            let (account, region) = (
                Some(place.account.to_owned()),
                Some(place.region.to_owned()),
            );
            let outcome = if place.gap {
                ScopeOutcome::Partial
            } else {
                ScopeOutcome::Checked
            };
            let scope = Scope {
                account: account.clone(),
                region: region.clone(),
                outcome,
                ..row()
            };
            close.scopes.push(Scope {
                apis: place.apis.len() as u64,
                requests: Some(3),
                ..scope
            });
            if place.gap {
                close.gaps.push(Gap {
                    account: account.clone(),
                    region: region.clone(),
                    ..gap("GetApis")
                });
            }
            if place.warned {
                let message = "the API was deleted\u{1b} | <x>".to_owned();
                let warning = Warning::new(WarningKind::Deleted, message);
                close.warnings.push(Warning {
                    account,
                    region,
                    ..warning
                });
            }
        }
        for account in &self.excluded {
            let account = Some((*account).to_owned());
            close.scopes.push(Scope {
                account: account.clone(),
                outcome: ScopeOutcome::Excluded,
                ..row()
            });
            let warning = Warning::new(WarningKind::AccountSuspended, "it is suspended".into());
            close.warnings.push(Warning { account, ..warning });
        }
        for account in &self.denied {
            let account = Some((*account).to_owned());
            close.scopes.push(Scope {
                account: account.clone(),
                outcome: ScopeOutcome::Unchecked,
                ..row()
            });
            close.gaps.extend(std::iter::repeat_n(
                Gap {
                    account,
                    ..gap("AssumeRole")
                },
                2,
            ));
        }
        let options = Options {
            sharded: shard.is_some(),
            ..Options::default()
        };
        check::run(
            policies,
            waivers,
            Box::new(VecState::new(batches, close)),
            options,
        )
        .unwrap()
    }

    fn saved(&self, results: Results, shard: Option<u32>, signal: Option<Signal>) -> Saved {
        let shard = shard.map(|index| ShardInfo {
            index,
            count: self.count,
            of: "sha256:0".into(),
            found: Some("sha256:1".into()),
        });
        let run = Run {
            reproducible: self.reproducible,
            source: "AWS".into(),
            shard,
            ..Run::default()
        };
        let run = if self.reproducible {
            run
        } else {
            Run {
                generated_at: Some("2027-01-15T00:00:00Z".into()),
                duration: Some(Duration::from_millis(1_234)),
                ..run
            }
        };
        Saved {
            name: "whole".into(),
            results,
            tolerance: self.tolerance,
            signal,
            run,
        }
    }
}

fn row() -> Scope {
    Scope {
        account: None,
        region: None,
        outcome: ScopeOutcome::Checked,
        ..Scope::default()
    }
}

fn gap(operation: &str) -> Gap {
    let [operation, code, message] =
        [operation, "AccessDenied", "no\u{202e} way"].map(str::to_owned);
    Gap {
        operation,
        code,
        message,
        ..Gap::default()
    }
}

/// The API with an id of its own.
fn named(api: &driftgate::model::Value<'static>, id: &str) -> driftgate::model::Value<'static> {
    use driftgate::model::Value;
    use driftgate::model::catalogue::api;
    let mut api = api.clone();
    if let Value::Struct(members) = &mut api {
        members[api::ID.at] = Value::Text(id.to_owned().into());
    }
    api
}

fn render(saved: &Saved, format: &str) -> String {
    let judgement = judge(&saved.results, saved.tolerance, saved.signal);
    let facts = Facts {
        results: &saved.results,
        judgement: &judgement,
        run: &saved.run,
    };
    let mut out = Vec::new();
    (Format::named(format).unwrap().render)(
        &facts,
        Style {
            colour: false,
            width: 80,
        },
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

const FORMATS: [&str; 3] = ["json", "text", "markdown"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn merged_shards_are_the_whole_run(fleet in fleet(), order in any::<u64>()) {
        let (policies, waivers) = (policies(), waivers());
        let whole = fleet.saved(fleet.results(&policies, &waivers, None), None, None);
        let mut files: Vec<Saved> = (1..=fleet.count)
            .map(|index| {
                let shard = fleet.saved(fleet.results(&policies, &waivers, Some(index)), Some(index), None);
                result::read(&format!("{index}.json"), render(&shard, "json").as_bytes()).unwrap()
            })
            .collect();
        files.rotate_left(usize::try_from(order % u64::from(fleet.count)).unwrap());
        if order % 3 == 0 {
            files.reverse();
        }
        let merged = merge(files).unwrap();
        for format in FORMATS {
            prop_assert_eq!(render(&merged, format), render(&whole, format), "{}", format);
        }
    }

    #[test]
    fn a_saved_result_is_rendered_as_it_was(fleet in fleet(), sharded in any::<bool>(), stopped in any::<bool>()) {
        let shard = sharded.then_some(1);
        let signal = stopped.then_some(Signal::Terminate);
        let original = fleet.saved(fleet.results(&policies(), &waivers(), shard), shard, signal);
        let again = result::read("r.json", render(&original, "json").as_bytes()).unwrap();
        for format in FORMATS {
            prop_assert_eq!(render(&again, format), render(&original, format), "{}", format);
        }
    }
}

/// Coverage of the random fleets: every kind of finding and warning comes up in them.
#[test]
fn the_fleets_hold_what_there_is_to_merge() {
    use proptest::strategy::ValueTree as _;
    let (policies, waivers) = (policies(), waivers());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let fleet = fleet().new_tree(&mut runner).unwrap().current();
        let results = fleet.results(&policies, &waivers, None);
        seen.extend(
            results
                .warnings
                .iter()
                .map(|warning| warning.kind.to_string()),
        );
        let expired = results
            .warnings
            .iter()
            .filter(|warning| warning.kind == WarningKind::WaiverExpired);
        seen.extend(
            expired
                .filter(|warning| warning.message.contains("fail again"))
                .map(|_| "again".to_owned()),
        );
        seen.extend((results.total() > 0).then(|| "violations".to_owned()));
        seen.extend((!results.waived.is_empty()).then(|| "waived".to_owned()));
        seen.extend((!results.gaps.is_empty()).then(|| "gaps".to_owned()));
        seen.extend((!results.coverage.ungoverned.is_empty()).then(|| "ungoverned".to_owned()));
    }
    let kinds = [
        "account-suspended",
        "again",
        "deleted",
        "gaps",
        "policy-unused",
        "violations",
        "waived",
        "waiver-expired",
        "waiver-expires-soon",
        "waiver-unused",
        "waiver-without-rule",
    ];
    assert_eq!(
        seen.into_iter()
            .filter(|kind| kind != "ungoverned")
            .collect::<Vec<_>>(),
        kinds
    );
}
