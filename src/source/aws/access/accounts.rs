//! Which accounts are read: the caller's own, those that are named, or those of the organization. It must not know what
//! is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::organization::{self, Listing, Member, Status};
use super::regions::home_of;
use super::role::Role;
use crate::model::feed::{Scope, Warning};
use crate::source::aws::call::failure::{Failure, Operation, Subject};
use crate::source::aws::selector::Selector;
use crate::source::aws::survey::tally::ScopeTally;
use crate::source::aws::survey::walk::Survey;

/// The accounts that are asked for.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    /// Whose accounts they are.
    pub whose: Whose,
    /// Which of them are left out.
    pub excluded: Vec<Selector>,
}

/// Whose accounts are read, and in which role.
#[derive(Debug, Clone, Default)]
pub enum Whose {
    /// The caller's own account, as the caller.
    #[default]
    Callers,
    /// These accounts, by their ids.
    Named(Vec<String>, Role),
    /// Those accounts of the organization that any of these selects, or all of them where there is none.
    Organization(Vec<Selector>, Role),
}

impl Whose {
    /// The role that is assumed in each account.
    pub(crate) const fn role(&self) -> Option<&Role> {
        match self {
            Self::Callers => None,
            Self::Named(_, role) | Self::Organization(_, role) => Some(role),
        }
    }
}

/// The accounts to read, and what there is to say of the others.
#[derive(Default)]
pub struct Inventory {
    pub accounts: Vec<Option<Arc<str>>>,
    pub tallies: Vec<ScopeTally>,
    pub warnings: Vec<Warning>,
    /// What of the list could not be read; the tallies have it as gaps.
    pub failures: Vec<(Operation, Failure)>,
}

/// Finds the accounts.
pub async fn inventory(survey: &Survey) -> Inventory {
    let Accounts { whose, excluded } = &survey.request.accounts;
    match whose {
        Whose::Callers => Inventory { accounts: vec![survey.caller.clone()], ..Inventory::default() },
        Whose::Named(ids, _) => {
            let member = |id: &String| Member { id: id.clone(), name: String::new(), status: Status::Active };
            let mut members: Vec<Member> = ids.iter().map(member).collect();
            members.sort_by(|a, b| a.id.cmp(&b.id));
            members.dedup();
            choose(&members, &[], excluded, &BTreeMap::new())
        }
        Whose::Organization(wanted, _) => of_organization(survey, wanted, excluded).await,
    }
}

async fn of_organization(survey: &Survey, wanted: &[Selector], excluded: &[Selector]) -> Inventory {
    let (config, retry, home) = (survey.session.config(), survey.request.retry, home_of(&survey.home));
    let in_flight = &survey.in_flight;
    let mut failures = Vec::new();
    let mut units = BTreeMap::new();
    let listed = survey.stop.unless(async {
        for selector in wanted.iter().chain(excluded) {
            let Selector::Unit(unit) = selector else { continue };
            match organization::members_of(config, retry, in_flight, home, unit).await {
                Ok(members) => drop(units.insert(unit.clone(), members)),
                // Who is in the unit is not known, so nobody knows who is meant.
                Err(failure) => return Listing { members: Vec::new(), failed: Some(failure) },
            }
        }
        organization::accounts(config, retry, in_flight, home).await
    });
    let Listing { members, failed } = listed.await.unwrap_or_else(|reason| Listing {
        members: Vec::new(),
        failed: Some((Operation::ListAccounts, Failure::stopped(reason, None))),
    });
    let whole = failed.is_none();
    failures.extend(failed);
    let mut found = choose(&members, wanted, excluded, &units);
    if whole {
        let is_empty = |selector: &Selector| matches!(selector, Selector::Unit(unit) if units.get(unit).is_some_and(BTreeSet::is_empty));
        let meant = |selector: &Selector| members.iter().any(|member| selector.matches(member, &units));
        // A unit that AWS has read out is there, even if nobody is in it yet.
        let lost = wanted.iter().filter(|wanted| !meant(wanted) && !is_empty(wanted));
        failures.extend(lost.map(|wanted| (Operation::ListAccounts, Failure::no_such_account(&wanted.to_string()))));
        // What a unit has and the list lacks is an account that nobody looks into.
        let known: BTreeSet<&str> = members.iter().map(|member| member.id.as_str()).collect();
        let of_units = wanted.iter().filter_map(|wanted| match wanted {
            Selector::Unit(unit) => units.get(unit),
            Selector::Account(_) | Selector::Name(_) => None,
        });
        let unlisted: BTreeSet<&String> = of_units.flatten().filter(|id| !known.contains(id.as_str())).collect();
        failures.extend(unlisted.iter().map(|id| (Operation::ListAccounts, Failure::no_such_account(id))));
        let empty = wanted.iter().filter(|wanted| is_empty(wanted));
        found.warnings.extend(empty.map(|unit| Warning {
            kind: "empty-unit".to_owned(),
            message: format!("organizational unit {unit} of --accounts holds no account"),
            ..Warning::default()
        }));
        let idle = excluded.iter().filter(|excluded| !meant(excluded));
        found.warnings.extend(idle.map(|excluded| Warning {
            kind: "nothing-excluded".to_owned(),
            message: if is_empty(excluded) {
                format!("organizational unit {excluded} of --exclude-account holds no account")
            } else {
                format!("--exclude-account {excluded} is no account of the organization")
            },
            ..Warning::default()
        }));
    }
    let nowhere = Subject { account: None, region: None, api_id: None, stage: None };
    let gaps: Vec<_> = failures.iter().map(|(operation, failure)| failure.gap(*operation, nowhere)).collect();
    if !gaps.is_empty() {
        // What the list does not say is a scope without a name.
        found.tallies.push(ScopeTally::of(Scope::default(), gaps, Vec::new()));
    }
    found.failures = failures;
    found
}

/// Those that are wanted and not left out; the others that are wanted are excluded, and said to be.
fn choose(
    members: &[Member],
    wanted: &[Selector],
    excluded: &[Selector],
    units: &BTreeMap<String, BTreeSet<String>>,
) -> Inventory {
    let mut found = Inventory::default();
    let is_wanted = |member: &&Member| wanted.is_empty() || wanted.iter().any(|wanted| wanted.matches(member, units));
    for member in members.iter().filter(is_wanted) {
        let left_out = excluded.iter().any(|excluded| excluded.matches(member, units));
        let closed = match member.status {
            Status::Active | Status::Other => None,
            Status::Suspended => Some("suspended"),
            Status::PendingClosure => Some("about to be closed"),
        };
        if !left_out && closed.is_none() {
            found.accounts.push(Some(member.id.as_str().into()));
            continue;
        }
        found.tallies.push(ScopeTally::excluded(Some(&member.id), None));
        if let Some(closed) = closed.filter(|_| !left_out) {
            found.warnings.push(Warning {
                kind: "account-suspended".to_owned(),
                message: format!("account {} is {closed}, and nobody can look into it: it is left out", member.id),
                account: Some(member.id.clone()),
                ..Warning::default()
            });
        }
    }
    found
}
