//! Which accounts an organization has, from AWS Organizations. It must not know which of them are wanted.

use std::collections::{BTreeSet, HashSet};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use tokio::sync::Semaphore;

use super::regions::home_of;
use crate::source::aws::call::failure::{Failure, Operation};
use crate::source::aws::call::retry::RetryPolicy;
use crate::source::aws::selector::is_account_id;

/// More pages than this are a circle that the tokens do not show: they would hold 40,000 accounts.
const MOST_PAGES: usize = 2000;

/// An account of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its twelve digits.
    pub id: String,
    /// Its name; empty where Organizations says none.
    pub name: String,
    pub status: Status,
}

/// What has become of an account; those that can be read come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Active,
    /// Not active yet, or something that this version does not know.
    Other,
    PendingClosure,
    /// Suspended, or closed for good: nobody can look into it.
    Suspended,
}

/// The accounts, sorted and each once, and what ended the list before its end.
#[derive(Debug)]
pub struct Listing {
    pub members: Vec<Member>,
    pub failed: Option<(Operation, Failure)>,
}

/// The accounts of the organization. What was read before a failure stays.
pub async fn accounts(config: &SdkConfig, retry: RetryPolicy, in_flight: &Semaphore, region: &str) -> Listing {
    let client = &client(config, region);
    let mut members = Vec::new();
    let failed = paged(retry, in_flight, Operation::ListAccounts, &mut members, |token| async move {
        let page = client.list_accounts().set_next_token(token).send().await.map_err(|error| Failure::of(&error))?;
        Ok((page.accounts.map(|accounts| accounts.into_iter().map(member).collect()), page.next_token))
    });
    let failed = failed.await.err();
    // An account that is moved or closed while the pages are read may be on two of them. Were it read twice, each of its
    // violations would count twice, and it would be asked at twice its pace.
    members.sort_by(|a, b| (&a.id, a.status).cmp(&(&b.id, b.status)));
    members.dedup_by(|later, kept| later.id == kept.id);
    Listing { members, failed }
}

/// The accounts in an organizational unit or a root, and in all units below it. It is all of them or a failure: an
/// account that is missed would be audited against its owner's will, or not at all.
pub async fn members_of(
    config: &SdkConfig,
    retry: RetryPolicy,
    in_flight: &Semaphore,
    region: &str,
    unit: &str,
) -> Result<BTreeSet<String>, (Operation, Failure)> {
    let client = &client(config, region);
    let (mut ids, mut seen, mut open) = (BTreeSet::new(), HashSet::from([unit.to_owned()]), vec![unit.to_owned()]);
    while let Some(parent) = open.pop() {
        let (parent, mut accounts) = (&parent, Vec::new());
        paged(retry, in_flight, Operation::ListAccountsForParent, &mut accounts, |token| async move {
            let page = client.list_accounts_for_parent().parent_id(parent).set_next_token(token).send().await;
            let page = page.map_err(|error| Failure::of(&error))?;
            Ok((page.accounts.map(|accounts| accounts.into_iter().map(member).collect()), page.next_token))
        })
        .await?;
        ids.extend(accounts.into_iter().map(|member| member.id));
        let mut below = Vec::new();
        paged(retry, in_flight, Operation::ListOrganizationalUnitsForParent, &mut below, |token| async move {
            let page = client.list_organizational_units_for_parent().parent_id(parent).set_next_token(token);
            let page = page.send().await.map_err(|error| Failure::of(&error))?;
            let unit = |id: Option<String>| id.ok_or_else(|| Failure::broken("the answer holds a unit without its id"));
            let units = page.organizational_units;
            Ok((units.map(|units| units.into_iter().map(|it| unit(it.id)).collect()), page.next_token))
        })
        .await?;
        // Units that lie in each other exist in no organization, but an answer could say so.
        open.extend(below.into_iter().filter(|unit| seen.insert(unit.clone())));
    }
    Ok(ids)
}

/// Retries are made here: the SDK takes half an answer, or an empty one, for a whole one.
fn client(config: &SdkConfig, region: &str) -> Client {
    let config = aws_sdk_organizations::config::Builder::from(config)
        .region(Region::new(home_of(region)))
        .retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

/// What a page holds, `None` where it holds no list at all, and the token of the next one.
type Page<T> = (Option<Vec<Result<T, Failure>>>, Option<String>);

/// Reads all pages of a list, each attempt in a place among the requests `in_flight`. What was read before a failure
/// stays in `into`.
async fn paged<T, F>(
    retry: RetryPolicy,
    in_flight: &Semaphore,
    operation: Operation,
    into: &mut Vec<T>,
    page: impl Fn(Option<String>) -> F,
) -> Result<(), (Operation, Failure)>
where
    F: Future<Output = Result<Page<T>, Failure>>,
{
    let failed = |failure| (operation, failure);
    let (mut token, mut seen) = (None, HashSet::new());
    for number in 1.. {
        let whole = || async {
            let _place = in_flight.acquire().await;
            let (items, next) = page(token.clone()).await?;
            // The SDK takes an empty body for an answer in which nothing is set, which is not an empty list.
            let items = items.ok_or_else(|| Failure::broken("the answer holds no list"))?;
            Ok((items.into_iter().collect::<Result<Vec<T>, Failure>>()?, next))
        };
        let (items, next) = retry.over(whole).await.map_err(failed)?;
        into.extend(items);
        token = next.filter(|token| !token.is_empty());
        token.as_deref().map_or(Ok(()), Failure::check_token).map_err(failed)?;
        match &token {
            Some(token) if !seen.insert(token.clone()) || number >= MOST_PAGES => {
                return Err(failed(Failure::endless(operation, number)));
            }
            Some(_) => {}
            None => break,
        }
    }
    Ok(())
}

fn member(account: Account) -> Result<Member, Failure> {
    // The id becomes part of a role's ARN.
    let id = account.id.filter(|id| is_account_id(id));
    let id = id.ok_or_else(|| Failure::broken("the answer holds an account without its twelve digits"))?;
    // AWS retires `Status` in September 2026; what stands in for AWS may only know that one.
    let state = account.state.as_ref().map(AccountState::as_str);
    let status = state.or(account.status.as_ref().map(AccountStatus::as_str));
    Ok(Member { id, name: account.name.unwrap_or_default(), status: Status::of(status.unwrap_or_default()) })
}

impl Status {
    fn of(name: &str) -> Self {
        match name {
            "ACTIVE" => Self::Active,
            "SUSPENDED" | "CLOSED" => Self::Suspended,
            "PENDING_CLOSURE" => Self::PendingClosure,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests;
