//! The table, cell by cell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use driftgate::emulator::{Effect, Operation};
use driftgate::model::state::{ScopeOutcome, Selection, WarningKind};
use driftgate::policy::Policies;
use driftgate::source::aws::{AccountSource, Accounts, Regions, Request, Role};

use super::audit::{Audited, RUNTIME, audit, each, policies, request, start};
use super::front::front;
use super::table::{Family, Row, Strikes, Then, faults};
use super::world::{
    HOME, OPERATIONS, REGIONS, STRUCK, SUSPENDED, is_target, settings, stages, struck, target,
};

/// Every stage violates it, and it fails nothing: its violations are the checked stages.
const POLICY: &str = "policy: p\nrules:\n  - {id: seen, title: t, severity: info, expect: {StageName: a-name-that-none-has}}\n";

type Hints = Mutex<BTreeMap<(usize, Family), BTreeSet<String>>>;

#[test]
fn every_fault_is_a_result_and_what_it_does_not_touch_is_complete() {
    let (faults, policies, hints) = (faults(), policies(POLICY), Hints::default());
    assert!(faults.len() >= 30, "{} faults", faults.len());
    each(faults.len() * OPERATIONS.len(), |number| {
        let (row, column) = (
            &faults[number / OPERATIONS.len()],
            number % OPERATIONS.len(),
        );
        if let Then::Never(why) = row.2[column] {
            assert!(!why.is_empty());
            return Ok(());
        }
        let audited = cell(row, OPERATIONS[column], &policies);
        holds(row, column, &audited, &hints).map_err(|wrong| {
            let found = &audited.results;
            let operation = OPERATIONS[column];
            format!(
                "{} × {operation}: {wrong}\n  {:?}\n  {:?}",
                row.0, found.gaps, found.failed
            )
        })
    });
    each_kind_has_its_own_hint(&hints.into_inner().unwrap());
}

fn cell(row: &Row, operation: Operation, policies: &Policies) -> Audited {
    cell_with(row, operation, policies, |request| {
        if operation == Operation::GetStage {
            request.selection = Arc::new(Selection {
                stages: vec!["prod".to_owned()],
                ..Selection::default()
            });
        }
    })
}

fn cell_with(
    (_, strikes, _): &Row,
    operation: Operation,
    policies: &Policies,
    change: impl FnOnce(&mut Request),
) -> Audited {
    let on = target(operation);
    let fault = match strikes {
        // The first page of the list is answered, so that there are accounts that are not touched.
        Strikes::Always(what) if operation == Operation::ListAccounts => {
            Some(on.after(1, what.clone()))
        }
        Strikes::Always(what) => Some(on.always(what.clone())),
        Strikes::First(count, what) => Some(on.first(*count, what.clone())),
        Strikes::Every(count, what) => Some(on.every(*count, what.clone())),
        Strikes::After(count, what) => Some(on.after(*count, what.clone())),
        Strikes::Raw(..) => None,
    };
    let emulator = start(settings(Vec::from_iter(fault)));
    let url = match strikes {
        Strikes::Raw(json, xml) => {
            let answer = if operation == Operation::AssumeRole {
                xml
            } else {
                json
            };
            RUNTIME.block_on(front(
                &emulator.endpoint_url(),
                move |text| is_target(operation, text),
                answer.clone(),
            ))
        }
        _ => emulator.endpoint_url(),
    };
    let mut request = request(HOME, url);
    let role = Role {
        name: "Audit".to_owned(),
        external_id: None,
    };
    request.accounts = Accounts {
        source: AccountSource::Organization(Vec::new(), role),
        excluded: Vec::new(),
    };
    request.regions = Regions {
        named: REGIONS.map(str::to_owned).to_vec(),
        ..Regions::default()
    };
    change(&mut request);
    audit(policies, request).unwrap()
}

fn holds(
    (_, _, cells): &Row,
    column: usize,
    audited: &Audited,
    hints: &Hints,
) -> Result<(), String> {
    let (operation, results) = (OPERATIONS[column], &audited.results);
    let ensure = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    ensure(results.failed.is_none(), "the run failed")?;

    let checked = audited.violating("p/seen");
    let (all, struck) = (stages(operation), struck(operation));
    let missing: Vec<_> = all.difference(&checked).collect();
    ensure(
        checked.is_subset(&all),
        "stages were checked that there are not",
    )?;
    ensure(
        results.summary.stages == checked.len() as u64,
        "the stages are counted wrong",
    )?;
    ensure(
        missing.iter().all(|stage| stage.starts_with(&struck)),
        &format!("untouched and unread: {missing:?}"),
    )?;

    for scope in &results.scopes {
        let name = format!(
            "{}/{}/",
            scope.account.as_deref().unwrap_or("-"),
            scope.region.as_deref().unwrap_or("-")
        );
        if scope.region.is_some() && !name.starts_with(&struck) && !struck.starts_with(&name) {
            let (apis, stages) = (scope.checked_apis, scope.stages);
            let whole = all.iter().filter(|stage| stage.starts_with(&name)).count() as u64;
            ensure(
                scope.outcome == ScopeOutcome::Checked,
                &format!("{name} is {}", scope.outcome.name()),
            )?;
            ensure(
                apis == 2 && stages == whole,
                &format!("{name} has {apis} APIs and {stages} stages"),
            )?;
        }
    }
    let excluded = results
        .scopes
        .iter()
        .filter(|scope| scope.outcome == ScopeOutcome::Excluded)
        .count() as u64;
    ensure(
        excluded == SUSPENDED,
        &format!("{excluded} scopes are excluded"),
    )?;

    let exit = audited.judgement.exit;
    match &cells[column] {
        Then::Fine => {
            ensure(
                exit == 0 && results.gaps.is_empty(),
                &format!("exit {exit}"),
            )?;
            ensure(missing.is_empty(), &format!("not read: {missing:?}"))
        }
        Then::Gone => {
            ensure(
                exit == 0 && results.gaps.is_empty(),
                &format!("exit {exit}"),
            )?;
            ensure(!missing.is_empty(), "what is gone was checked")?;
            let scope = results
                .scopes
                .iter()
                .find(|scope| scope.region.is_some() && scope.account.as_deref() == Some(STRUCK));
            ensure(
                scope.is_some_and(|scope| scope.outcome == ScopeOutcome::Checked),
                "what is gone is not missing",
            )
        }
        Then::Gap(code, family) => {
            ensure(exit == 3, &format!("exit {exit}"))?;
            let [gap] = results.gaps.as_slice() else {
                return Err(format!("{} gaps", results.gaps.len()));
            };
            ensure(gap.operation == operation.to_string(), "another operation")?;
            ensure(gap.code == *code, &format!("another code than {code}"))?;
            ensure(
                gap.hint.contains(family.words()),
                &format!("no hint about {family:?}"),
            )?;
            let place = [
                gap.account.as_deref(),
                gap.region.as_deref(),
                gap.api_id.as_deref(),
                gap.stage.as_deref(),
            ];
            let expected = match operation {
                Operation::GetApis => [Some(STRUCK), Some("eu-west-1"), None, None],
                Operation::GetStages => [Some(STRUCK), Some("eu-west-1"), Some("a1"), None],
                Operation::GetStage => [Some(STRUCK), Some("eu-west-1"), Some("a1"), Some("prod")],
                Operation::AssumeRole => [Some(STRUCK), None, None, None],
                _ => [None; 4],
            };
            ensure(place == expected, "another place")?;
            let hint = gap
                .hint
                .split(" (given up")
                .next()
                .unwrap_or_default()
                .to_owned();
            hints
                .lock()
                .unwrap()
                .entry((column, *family))
                .or_default()
                .insert(hint);
            Ok(())
        }
        Then::Never(why) => Err((*why).to_owned()),
    }
}

/// Of each operation, faults of one family say the same, and those of two never do.
fn each_kind_has_its_own_hint(hints: &BTreeMap<(usize, Family), BTreeSet<String>>) {
    let mut seen = BTreeMap::new();
    for ((column, family), hints) in hints {
        let operation = OPERATIONS[*column];
        assert_eq!(hints.len(), 1, "{operation}, {family:?}: {hints:?}");
        for hint in hints {
            let other = seen.insert((*column, hint), family);
            assert!(
                other.is_none(),
                "{operation}: {family:?} and {other:?} say: {hint}"
            );
        }
    }
}

/// A stage that cannot be read a second time keeps its first reading, with a warning.
#[test]
fn what_cannot_be_confirmed_is_a_warning_and_stays() {
    let (faults, policies) = (faults(), policies(POLICY));
    let column = OPERATIONS
        .iter()
        .position(|it| *it == Operation::GetStage)
        .unwrap();
    let struck = struck(Operation::GetStage);
    each(faults.len(), |number| {
        let row = &faults[number];
        if matches!(row.2[column], Then::Never(_)) {
            return Ok(());
        }
        let audited = cell_with(row, Operation::GetStage, &policies, |request| {
            let stage = STRUCK.to_owned() + "/eu-west-1";
            request.confirm = Some(Arc::new(move |document| {
                [document.account, document.region]
                    .map(Option::unwrap_or_default)
                    .join("/")
                    == stage
            }));
        });
        let (results, mut expected) = (&audited.results, stages(Operation::GetStages));
        let warned = match &row.2[column] {
            Then::Gap(code, _) => Some(("not-confirmed", *code)),
            Then::Gone if matches!(row.1, Strikes::Always(Effect::Delete)) => {
                expected.remove(&struck);
                Some(("deleted", "was deleted"))
            }
            _ => None,
        };
        // A stage that GetStage does not find and GetStages lists: AWS contradicts itself.
        let contradicted = matches!((&row.2[column], &warned), (Then::Gone, None));
        let warnings: Vec<_> = results
            .warnings
            .iter()
            .filter(|it| it.kind != WarningKind::AccountSuspended)
            .collect();
        let is_told = match (&warnings[..], warned) {
            ([], None) => true,
            ([warning], Some((kind, words))) => {
                *warning.kind == *kind && warning.message.contains(words)
            }
            _ => false,
        };
        let whole = audited.violating("p/seen") == expected
            && results.gaps.len() == usize::from(contradicted)
            && results.failed.is_none();
        let exit = if contradicted { 3 } else { 0 };
        if is_told && whole && audited.judgement.exit == exit {
            return Ok(());
        }
        Err(format!(
            "{}: {:?} {:?} {:?}",
            row.0, results.warnings, results.gaps, results.failed
        ))
    });
}
