//! Random fleets with random faults: whatever happens, every stage is accounted for.
//!
//! The expected result is worked out from the fleet, never from the counters of the audit. The seed of a failing fleet
//! is printed; `SOAK_FROM=seed SOAK_FLEETS=1 cargo test --test soak` runs it alone.

#![expect(
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

#[path = "faults/audit.rs"]
mod audit;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use driftgate::emulator::{
    Effect, Emulator, Fault, Fleet, Operation, Organization, ROOT, Settings, State, When, document,
};
use driftgate::model::Document;
use driftgate::model::state::{Gap, ScopeOutcome, Shard, WarningKind};
use driftgate::policy::Policies;
use driftgate::source::aws::{AccountSource, Accounts, Regions, Role, Selector};
use driftgate::{check, gate};
use serde_json::json;

use self::audit::{Audited, audit, each, policies, request, start};

/// The first rule finds every checked stage, the second the violations; neither looks at an API of the name `ignored`.
const POLICY: &str = "policy: p
match: {api: {Name: {not: ignored}}}
rules:
  - {id: seen, title: t, severity: info, expect: {StageName: a-name-that-none-has}}
  - {id: wrong, title: t, severity: high, expect: {AutoDeploy: false}}
";
/// The default number of fleets.
const FLEETS: u64 = 60;
const HOME: &str = "111122223333";
const OTHERS: [&str; 3] = ["222233334444", "333344445555", "444455556666"];
const BY_DEFAULT: [&str; 3] = ["us-east-1", "eu-west-1", "ap-south-1"];
const OPT_IN: [&str; 2] = ["af-south-1", "eu-south-2"];

#[test]
fn whatever_fails_every_stage_is_accounted_for() {
    let number =
        |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (from, fleets) = (number("SOAK_FROM", 0), number("SOAK_FLEETS", FLEETS));
    let policies = Arc::new(policies(POLICY));
    let exits = std::sync::Mutex::new(BTreeMap::<u8, u64>::new());
    each(usize::try_from(fleets).unwrap(), |number| {
        let seed = from + number as u64;
        let case = Case::of(seed);
        let audited = case.audit(&policies);
        if let Ok(audited) = &audited {
            *exits
                .lock()
                .unwrap()
                .entry(audited.judgement.exit)
                .or_default() += 1;
        }
        case.holds(&audited).map_err(|wrong| {
            let told = audited.as_ref().map(|it| {
                (
                    &it.results.gaps,
                    &it.results.failed,
                    &it.results.warnings,
                    &it.results.scopes,
                )
            });
            format!("SEED {seed}: {wrong}\n  {case:?}\n  {told:?}")
        })
    });
    let exits = exits.into_inner().unwrap();
    // A soak in which nothing went wrong, or nothing right, has proved nothing.
    assert!(
        fleets < 50 || [0, 1, 3].iter().all(|exit| exits.contains_key(exit)),
        "{exits:?}"
    );
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

/// A stage of the fleet.
#[derive(Debug)]
struct Stage {
    account: &'static str,
    region: &'static str,
    api: String,
    name: String,
    wrong: bool,
    ignored: bool,
}

impl Stage {
    fn key(&self) -> String {
        format!(
            "{}/{}/{}/{}",
            self.account, self.region, self.api, self.name
        )
    }
}

/// The owner of the requested accounts.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whom {
    Own,
    Named,
    Organization,
}

/// A fleet, the request, and the faults.
#[derive(Debug)]
struct Case {
    stages: Vec<Stage>,
    /// The requested accounts.
    accounts: Vec<&'static str>,
    suspended: Vec<&'static str>,
    /// Accounts that a flag leaves out.
    without: Vec<&'static str>,
    /// Accounts and Regions that are not enabled.
    disabled: BTreeSet<(&'static str, &'static str)>,
    regions: Vec<&'static str>,
    all_regions: bool,
    excluded_region: Option<&'static str>,
    whom: Whom,
    shard: Option<Shard>,
    confirm: bool,
    page_size: usize,
    faults: Vec<Fault>,
    /// The API that is deleted after it was listed, in every account and Region.
    deleted: Option<String>,
}

impl Case {
    fn of(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x1234_5678_9abc_def1));
        let whom = *dice.one_of(&[
            Whom::Own,
            Whom::Named,
            Whom::Organization,
            Whom::Organization,
        ]);
        let others = OTHERS[..usize::try_from(dice.below(4)).unwrap()].to_vec();
        let accounts = if whom == Whom::Own {
            vec![HOME]
        } else {
            [&[HOME][..], &others].concat()
        };
        let suspended = others
            .iter()
            .copied()
            .filter(|_| whom == Whom::Organization && dice.chance(25))
            .collect();
        let without = others
            .iter()
            .copied()
            .filter(|_| whom != Whom::Own && dice.chance(15))
            .collect();
        let count = usize::try_from(1 + dice.below(3)).unwrap();
        let opt_in = usize::try_from(dice.below(3)).unwrap();
        let regions = [&BY_DEFAULT[..count], &OPT_IN[..opt_in]].concat();
        let mut disabled = BTreeSet::new();
        let mut stages = Vec::new();
        for account in &accounts {
            for region in &regions {
                if OPT_IN.contains(region) && dice.chance(40) {
                    disabled.insert((*account, *region));
                    continue;
                }
                for api in 0..dice.below(4) {
                    let ignored = dice.chance(20);
                    for stage in 0..dice.below(4) {
                        let (api, name) = (format!("api{api}"), format!("stage{stage}"));
                        stages.push(Stage {
                            account,
                            region,
                            api,
                            name,
                            wrong: dice.chance(15),
                            ignored,
                        });
                    }
                }
            }
        }
        let mut faults: Vec<Fault> = (0..dice.below(4))
            .map(|_| fault(&mut dice, &accounts, &regions))
            .collect();
        let deleted = dice.chance(15).then(|| "api1".to_owned());
        if let Some(api) = &deleted {
            faults.insert(
                0,
                Fault::on(Operation::GetStages)
                    .api(api)
                    .always(Effect::Delete),
            );
        }
        let shard = if dice.chance(25) {
            Shard::new(u32::try_from(1 + dice.below(2)).unwrap(), 2)
        } else {
            None
        };
        Self {
            stages,
            accounts,
            suspended,
            without,
            disabled,
            all_regions: dice.chance(20),
            excluded_region: dice.chance(20).then(|| *dice.one_of(&regions)),
            regions,
            whom,
            shard,
            confirm: dice.chance(10),
            page_size: *dice.one_of(&[1, 2, 25]),
            faults,
            deleted,
        }
    }

    fn fleet(&self) -> Fleet {
        let mut organization = Organization::new(HOME);
        for account in OTHERS {
            organization = organization.member(account, &format!("name-{account}"), ROOT);
        }
        for account in OTHERS
            .iter()
            .filter(|id| self.suspended.contains(id) || !self.accounts.contains(id))
        {
            organization = organization.state(account, State::Suspended);
        }
        let mut fleet = Fleet::new().organization(organization);
        let mut apis: BTreeMap<(&str, &str, &str), Vec<&Stage>> = BTreeMap::new();
        for stage in &self.stages {
            apis.entry((stage.account, stage.region, &stage.api))
                .or_default()
                .push(stage);
        }
        for ((account, region, api), stages) in apis {
            let name = if stages[0].ignored {
                "ignored"
            } else {
                "orders"
            };
            let stage = |it: &&Stage| {
                document::with(
                    document::http_stage(&it.name),
                    json!({"autoDeploy": it.wrong}),
                )
            };
            fleet = fleet.api(
                account,
                region,
                document::http_api(api, name),
                stages.iter().map(stage).collect(),
            );
        }
        for account in &self.accounts {
            for region in OPT_IN {
                fleet = if self.disabled.contains(&(account, region))
                    || !self.regions.contains(&region)
                {
                    fleet.disable(account, region)
                } else {
                    fleet.enable(account, region)
                };
            }
        }
        fleet
    }

    fn audit(&self, policies: &Arc<Policies>) -> Result<Audited, String> {
        let settings = Settings {
            fleet: self.fleet(),
            page_size: self.page_size,
            faults: self.faults.clone(),
            ..Settings::default()
        };
        let emulator: Emulator = start(settings);
        let mut request = request(HOME, emulator.endpoint_url());
        let role = Role {
            name: "Audit".to_owned(),
            external_id: None,
        };
        let excluded: Vec<Selector> = self.without.iter().map(|id| id.parse().unwrap()).collect();
        request.accounts = match self.whom {
            Whom::Own => Accounts::default(),
            Whom::Named => {
                let ids = self.accounts.iter().map(ToString::to_string).collect();
                Accounts {
                    source: AccountSource::Named(ids, role),
                    excluded,
                }
            }
            Whom::Organization => Accounts {
                source: AccountSource::Organization(Vec::new(), role),
                excluded,
            },
        };
        request.regions = Regions {
            named: if self.all_regions {
                vec![BY_DEFAULT[0].to_owned()]
            } else {
                self.regions.iter().map(ToString::to_string).collect()
            },
            all: self.all_regions,
            excluded: self
                .excluded_region
                .iter()
                .map(ToString::to_string)
                .collect(),
        };
        request.shard = self.shard;
        let (first, second) = (Arc::clone(policies), Arc::clone(policies));
        request.may_match = Arc::new(move |document: &Document<'_>| first.may_match(document));
        if self.confirm {
            let doubtful = move |document: &Document<'_>| {
                check::violates(&second, check::Options::default(), document)
            };
            request.confirm = Some(Arc::new(doubtful));
        }
        request.timeout = Some(Duration::from_mins(1));
        audit(policies, request)
    }

    /// True if flags keep the scope out of the run.
    fn leaves_out(&self, account: &str, region: &str) -> bool {
        self.suspended.contains(&account)
            || self.without.contains(&account)
            || self.excluded_region == Some(region)
            || self
                .shard
                .is_some_and(|shard| !shard.holds(Some(account), region))
    }

    fn holds(&self, audited: &Result<Audited, String>) -> Result<(), String> {
        let ensure =
            |holds: bool, what: &dyn Fn() -> String| if holds { Ok(()) } else { Err(what()) };
        // An error that keeps a run from beginning is exit 4, in words.
        let audited = match audited {
            Ok(audited) => audited,
            Err(words) => {
                return ensure(!words.is_empty(), &|| {
                    "it did not begin, and says nothing".to_owned()
                });
            }
        };
        let (results, judgement) = (&audited.results, &audited.judgement);
        let of_credentials = results
            .failed
            .as_ref()
            .is_some_and(|why| why.contains("refused the credentials"));
        ensure(results.failed.is_none() || of_credentials, &|| {
            "the books do not balance".to_owned()
        })?;
        let (seen, wrong) = (audited.violating("p/seen"), audited.violating("p/wrong"));

        let mut unread = Vec::new();
        for stage in &self.stages {
            let is_scope = |scope: &&driftgate::model::state::Scope| {
                scope.account.as_deref() == Some(stage.account)
                    && scope.region.as_deref() == Some(stage.region)
            };
            let scope = results.scopes.iter().find(is_scope);
            let of_it = |gap: &&Gap| covers(gap, stage);
            let checked = seen.contains(&stage.key());
            let left_out = self.leaves_out(stage.account, stage.region);
            let skipped = stage.ignored && !left_out;
            let deleted = self.deleted.as_ref() == Some(&stage.api)
                && results.warnings.iter().any(|it| {
                    it.kind == WarningKind::Deleted
                        && it.account.as_deref() == Some(stage.account)
                        && it.region.as_deref() == Some(stage.region)
                        && it.api_id.as_ref() == Some(&stage.api)
                });
            let gone = results.warnings.iter().any(|it| {
                it.kind == WarningKind::Deleted
                    && it.api_id.as_ref() == Some(&stage.api)
                    && it.stage.as_ref() == Some(&stage.name)
                    && it.account.as_deref() == Some(stage.account)
                    && it.region.as_deref() == Some(stage.region)
            });
            let off = scope.is_some_and(|scope| scope.outcome == ScopeOutcome::Excluded)
                && OPT_IN.contains(&stage.region);
            let unchecked = results.gaps.iter().any(|gap| of_it(&gap));
            let fates = [checked, left_out, skipped, deleted || gone, off, unchecked];
            ensure(fates.contains(&true), &|| {
                format!("{} is lost", stage.key())
            })?;
            ensure(
                !(checked && (left_out || skipped || deleted || off)),
                &|| format!("{} has two fates {fates:?}", stage.key()),
            )?;
            if !checked && !left_out && !skipped && !deleted && !gone && !off {
                unread.push(stage.key());
            }
            if off && !left_out {
                // Only a fault can make a Region that is enabled look as if it were not.
                ensure(self.is_told_off(), &|| {
                    format!("{} is reported off, and is not", stage.key())
                })?;
            }
            if checked {
                ensure(wrong.contains(&stage.key()) == stage.wrong, &|| {
                    format!("{} is judged wrong", stage.key())
                })?;
            }
        }
        let known: BTreeSet<String> = self.stages.iter().map(Stage::key).collect();
        ensure(seen.is_subset(&known), &|| {
            "there are stages that the fleet does not have".to_owned()
        })?;
        ensure(wrong.is_subset(&seen), &|| {
            "what was not checked is reported wrong".to_owned()
        })?;
        ensure(results.summary.stages == seen.len() as u64, &|| {
            format!(
                "{} stages, and {} were seen",
                results.summary.stages,
                seen.len()
            )
        })?;

        let incomplete = !unread.is_empty() || !results.gaps.is_empty();
        ensure(!incomplete || judgement.exit != gate::CONFORMS, &|| {
            format!("exit 0 without {unread:?}")
        })?;
        ensure(
            !incomplete || judgement.verdict.name() != "conforms",
            &|| "it conforms unread".to_owned(),
        )?;
        ensure(unread.is_empty() || !results.gaps.is_empty(), &|| {
            format!("no word about {unread:?}")
        })?;
        let expected = match () {
            () if of_credentials => gate::FAILED,
            () if !wrong.is_empty() => gate::VIOLATIONS,
            () if incomplete || seen.is_empty() => gate::INCOMPLETE,
            () => gate::CONFORMS,
        };
        ensure(judgement.exit == expected, &|| {
            format!("exit {} and not {expected}", judgement.exit)
        })?;

        self.scopes_are_the_fleets(audited)
    }

    /// Every requested account and Region has one row, with the counts of the fleet.
    fn scopes_are_the_fleets(&self, audited: &Audited) -> Result<(), String> {
        let results = &audited.results;
        let seen = audited.violating("p/seen");
        let rows_of = |account: &str, region: Option<&str>| -> Vec<_> {
            let here = |scope: &&driftgate::model::state::Scope| {
                scope.account.as_deref() == Some(account) && scope.region.as_deref() == region
            };
            results.scopes.iter().filter(here).collect()
        };
        let all_accounts = results
            .gaps
            .iter()
            .all(|gap| gap.operation != "ListAccounts");
        for account in &self.accounts {
            let closed = self.suspended.contains(account) || self.without.contains(account);
            if closed {
                if all_accounts && rows_of(account, None).len() != 1 {
                    return Err(format!("{account} is left out without a row"));
                }
                continue;
            }
            for region in &self.regions {
                let rows = rows_of(account, Some(region));
                let mine = self
                    .shard
                    .is_none_or(|shard| shard.holds(Some(account), region));
                let known =
                    all_accounts && (!self.all_regions || rows_of(account, None).is_empty());
                if rows.len() > 1
                    || (!mine && !rows.is_empty())
                    || (mine && known && rows.is_empty())
                {
                    return Err(format!("{account} {region} has {} rows", rows.len()));
                }
                let Some(scope) = rows.first() else { continue };
                let prefix = format!("{account}/{region}/");
                let checked = seen.iter().filter(|key| key.starts_with(&prefix)).count() as u64;
                if scope.stages != checked {
                    return Err(format!(
                        "{prefix} counts {} stages of {checked}",
                        scope.stages
                    ));
                }
                let apis = |only: &dyn Fn(&&Stage) -> bool| {
                    let here = self
                        .stages
                        .iter()
                        .filter(|it| it.account == *account && it.region == *region);
                    here.filter(only)
                        .map(|it| it.api.as_str())
                        .collect::<BTreeSet<_>>()
                        .len() as u64
                };
                let (all, ignored) = (apis(&|_| true), apis(&|it| it.ignored));
                let told = scope.checked_apis
                    + scope.skipped_apis
                    + scope.deleted_apis
                    + scope.unchecked_apis;
                let whole = scope.outcome == ScopeOutcome::Checked;
                if told != scope.apis
                    || scope.apis > all
                    || (whole && (scope.apis != all || scope.skipped_apis != ignored))
                {
                    return Err(format!(
                        "{prefix} has {all} APIs, of which {ignored} are ignored, and says {scope:?}"
                    ));
                }
                if whole && scope.unchecked_apis > 0 {
                    return Err(format!("{prefix} is whole and is not"));
                }
            }
        }
        Ok(())
    }

    /// True if the fault is one of unknown credentials.
    fn is_told_off(&self) -> bool {
        self.faults
            .iter()
            .any(|fault| format!("{fault:?}").contains("UnrecognizedClient"))
    }
}

/// True if a gap may be about the stage.
fn covers(gap: &Gap, stage: &Stage) -> bool {
    let is = |named: &Option<String>, own: &str| named.as_deref().is_none_or(|named| named == own);
    is(&gap.account, stage.account)
        && is(&gap.region, stage.region)
        && is(&gap.api_id, &stage.api)
        && is(&gap.stage, &stage.name)
}

fn fault(dice: &mut Dice, accounts: &[&str], regions: &[&str]) -> Fault {
    let operation = *dice.one_of(&[
        Operation::GetApis,
        Operation::GetApis,
        Operation::GetStages,
        Operation::GetStages,
        Operation::GetStages,
        Operation::GetStage,
        Operation::AssumeRole,
        Operation::ListAccounts,
        Operation::ListRegions,
    ]);
    let mut on = Fault::on(operation);
    if dice.chance(50) && operation != Operation::ListAccounts {
        on = on.account(dice.one_of::<&str>(accounts));
    }
    if dice.chance(50) {
        on = on.region(dice.one_of::<&str>(regions));
    }
    if dice.chance(40) {
        on = on.api(&format!("api{}", dice.below(3)));
    }
    let what = dice
        .one_of(&[
            Effect::Deny,
            Effect::DenyByOrganization,
            Effect::ExpiredToken,
            Effect::UnrecognizedClient,
            Effect::ClockSkew,
            Effect::Throttle,
            Effect::ServerError(500),
            Effect::ServerError(503),
            Effect::Reset,
            Effect::Close,
            Effect::Cut,
            Effect::Truncated,
            Effect::EmptyBody,
            Effect::NotJson,
            Effect::NullList,
            Effect::NullItems,
            Effect::ErrorAsSuccess,
            Effect::GzipGarbage,
            Effect::ShortLength,
            Effect::LongLength,
            Effect::HalfClose,
            Effect::RepeatToken,
            Effect::EmptyPage,
            Effect::ExpiredPageToken,
            Effect::UnknownEnum,
            Effect::Redirect(302, "https://signin.example/".to_owned()),
        ])
        .clone();
    let when = match dice.below(5) {
        0 | 1 => When::Always,
        2 => When::First(1 + dice.below(4)),
        3 => When::After(1 + dice.below(4)),
        _ => When::Share(dice.below(1000), 0.3),
    };
    on.when(when, what)
}
