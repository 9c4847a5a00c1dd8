//! The accounts to read: the caller's own, named ones, or those of the organization. It must not know what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::organization::{MemberList, Organization, OrganizationAccount, Status};
use crate::model::state::{Warning, WarningKind};
use crate::source::aws::call::{Failure, FailureKind, Operation, Stop};
use crate::source::aws::request::{AccountSource, Accounts};
use crate::source::aws::selector::Selector;

/// The accounts of organizational units, by the units' ids.
type Units = BTreeMap<String, BTreeSet<String>>;

#[derive(Default)]
pub struct Inventory {
    pub accounts: Vec<Option<Arc<str>>>,
    /// The ids of accounts that are left out, by a flag or because they cannot be read.
    pub excluded: Vec<String>,
    pub warnings: Vec<Warning>,
    /// The parts of the list that could not be read.
    pub failures: Vec<(Operation, Failure)>,
}

pub async fn inventory(
    accounts: &Accounts,
    caller: Option<Arc<str>>,
    organization: &Organization<'_>,
    stop: &Stop,
) -> Inventory {
    let Accounts { source, excluded } = accounts;
    match source {
        AccountSource::Own => Inventory {
            accounts: vec![caller],
            ..Inventory::default()
        },
        AccountSource::Named(ids, _) => {
            let member = |id: &String| OrganizationAccount {
                id: id.clone(),
                name: String::new(),
                status: Status::Active,
            };
            let mut members: Vec<OrganizationAccount> = ids.iter().map(member).collect();
            members.sort_by(|a, b| a.id.cmp(&b.id));
            members.dedup();
            choose(&members, &[], excluded, &Units::new())
        }
        AccountSource::Organization(included, _) => {
            let mut units = Units::new();
            let listing = stop
                .unless(list(
                    organization,
                    included.iter().chain(excluded),
                    &mut units,
                ))
                .await;
            let MemberList { members, failed } = listing.unwrap_or_else(|reason| MemberList {
                members: Vec::new(),
                failed: Some((Operation::ListAccounts, Failure::stopped(reason, None))),
            });
            let mut found = choose(&members, included, excluded, &units);
            if failed.is_none() {
                found
                    .failures
                    .extend(not_listed(&members, included, &units));
                found
                    .warnings
                    .extend(without_accounts(&members, included, excluded, &units));
            }
            found.failures.extend(failed);
            found
        }
    }
}

/// Lists the accounts of the organization, and those of each unit that is named.
async fn list(
    organization: &Organization<'_>,
    named: impl Iterator<Item = &Selector>,
    units: &mut Units,
) -> MemberList {
    for selector in named {
        let Selector::Unit(unit) = selector else {
            continue;
        };
        match organization.members_of(unit).await {
            Ok(members) => drop(units.insert(unit.clone(), members)),
            // Without the members of the unit, the selection is unknown.
            Err(failure) => {
                return MemberList {
                    members: Vec::new(),
                    failed: Some(failure),
                };
            }
        }
    }
    organization.accounts().await
}

/// Failures for the selectors of `--accounts` that select nothing, and for accounts of units that the list lacks.
fn not_listed(
    members: &[OrganizationAccount],
    included: &[Selector],
    units: &Units,
) -> Vec<(Operation, Failure)> {
    let lost = included
        .iter()
        .filter(|selector| !selects(selector, members, units) && !is_empty(selector, units));
    let of_units = included.iter().filter_map(|selector| match selector {
        Selector::Unit(unit) => units.get(unit),
        Selector::Account(_) | Selector::Name(_) => None,
    });
    let known: BTreeSet<&str> = members.iter().map(|member| member.id.as_str()).collect();
    let unlisted: BTreeSet<&String> = of_units
        .flatten()
        .filter(|id| !known.contains(id.as_str()))
        .collect();
    let who = lost
        .map(ToString::to_string)
        .chain(unlisted.into_iter().cloned());
    who.map(|who| {
        let message = format!("{who} is not an account of the organization");
        (
            Operation::ListAccounts,
            Failure::new(FailureKind::NoSuchAccount, message),
        )
    })
    .collect()
}

/// Warnings about units without accounts, and about exclusions that exclude nothing.
fn without_accounts(
    members: &[OrganizationAccount],
    included: &[Selector],
    excluded: &[Selector],
    units: &Units,
) -> Vec<Warning> {
    let empty = included
        .iter()
        .filter(|selector| is_empty(selector, units))
        .map(|unit| {
            let message = format!("organizational unit {unit} of --accounts holds no account");
            Warning::new(WarningKind::EmptyUnit, message)
        });
    let idle = excluded
        .iter()
        .filter(|selector| !selects(selector, members, units))
        .map(|selector| {
            let message = if is_empty(selector, units) {
                format!("organizational unit {selector} of --exclude-account holds no account")
            } else {
                format!("--exclude-account {selector} is not an account of the organization")
            };
            Warning::new(WarningKind::NothingExcluded, message)
        });
    empty.chain(idle).collect()
}

/// True for a unit that AWS listed and that has no accounts yet.
fn is_empty(selector: &Selector, units: &Units) -> bool {
    matches!(selector, Selector::Unit(unit) if units.get(unit).is_some_and(BTreeSet::is_empty))
}

fn selects(selector: &Selector, members: &[OrganizationAccount], units: &Units) -> bool {
    members
        .iter()
        .any(|member| selector.matches(&member.id, &member.name, units))
}

/// Sorts the included accounts into those that are read and those that are left out.
fn choose(
    members: &[OrganizationAccount],
    included: &[Selector],
    excluded: &[Selector],
    units: &Units,
) -> Inventory {
    let mut found = Inventory::default();
    let any = |selectors: &[Selector], member: &OrganizationAccount| {
        selectors
            .iter()
            .any(|selector| selector.matches(&member.id, &member.name, units))
    };
    for member in members
        .iter()
        .filter(|member| included.is_empty() || any(included, member))
    {
        let left_out = any(excluded, member);
        let closed = match member.status {
            Status::Active | Status::Other => None,
            Status::Suspended => Some("suspended"),
            Status::PendingClosure => Some("about to be closed"),
        };
        if !left_out && closed.is_none() {
            found.accounts.push(Some(member.id.as_str().into()));
            continue;
        }
        found.excluded.push(member.id.clone());
        if let Some(closed) = closed.filter(|_| !left_out) {
            let message = format!(
                "account {} is {closed} and cannot be read: it is left out",
                member.id
            );
            let account = Some(member.id.clone());
            found.warnings.push(Warning {
                account,
                ..Warning::new(WarningKind::AccountSuspended, message)
            });
        }
    }
    found
}
