//! The accounts of an organization, from AWS Organizations. It must not know which of them are selected.

use std::collections::{BTreeSet, HashSet};

use aws_config::retry::RetryConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use tokio::sync::Semaphore;

use super::regions::home_of;
use crate::source::aws::call::{Failure, Operation, PageTokens, RetryPolicy};
use crate::source::aws::selector::is_account_id;

/// More pages than this are a circle that the tokens do not show: they would hold 40,000 accounts.
const MOST_PAGES: usize = 2000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationAccount {
    pub id: String,
    /// Its name; empty where Organizations returns none.
    pub name: String,
    pub status: Status,
}

/// The status of an account; readable ones come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Active,
    /// Not active yet, or something that this version does not know.
    Other,
    PendingClosure,
    /// Suspended, or closed for good: it cannot be read.
    Suspended,
}

/// The accounts, sorted and each once, and the failure that cut the list short.
#[derive(Debug)]
pub struct MemberList {
    pub members: Vec<OrganizationAccount>,
    pub failed: Option<(Operation, Failure)>,
}

/// AWS Organizations, with the caller's credentials.
pub struct Organization<'s> {
    client: Client,
    retry: RetryPolicy,
    in_flight: &'s Semaphore,
}

/// A page of a list: its items, `None` where the answer holds no list at all, and the token of the next page.
type RawPage<T> = (Option<Vec<Result<T, Failure>>>, Option<String>);

impl<'s> Organization<'s> {
    /// A client for the partition of a Region. Retries are made here: the SDK takes half an answer, or an empty one, for a
    /// whole one.
    pub fn new(
        config: &SdkConfig,
        retry: RetryPolicy,
        in_flight: &'s Semaphore,
        region: &str,
    ) -> Self {
        let config = aws_sdk_organizations::config::Builder::from(config)
            .region(Region::new(home_of(region)))
            .retry_config(RetryConfig::disabled());
        Self {
            client: Client::from_conf(config.build()),
            retry,
            in_flight,
        }
    }

    /// Lists the accounts. Those read before a failure stay.
    pub async fn accounts(&self) -> MemberList {
        let mut members = Vec::new();
        let failed = self.list(Operation::ListAccounts, &mut members, |token| async move {
            let page = self
                .client
                .list_accounts()
                .set_next_token(token)
                .send()
                .await;
            let page = page.map_err(|error| Failure::of(&error))?;
            Ok((
                page.accounts
                    .map(|accounts| accounts.into_iter().map(member).collect()),
                page.next_token,
            ))
        });
        let failed = failed.await.err();
        // An account that is moved or closed while the pages are read may be on two of them. Were it read twice, each of
        // its violations would count twice, and its quota would be used twice.
        members.sort_by(|a, b| (&a.id, a.status).cmp(&(&b.id, b.status)));
        members.dedup_by(|later, kept| later.id == kept.id);
        MemberList { members, failed }
    }

    /// Lists the accounts in an organizational unit or a root, and in all units below it. Half a list is a failure: a
    /// missing account would be audited against its owner's will, or not at all.
    pub async fn members_of(&self, unit: &str) -> Result<BTreeSet<String>, (Operation, Failure)> {
        let (mut ids, mut seen, mut open) = (
            BTreeSet::new(),
            HashSet::from([unit.to_owned()]),
            vec![unit.to_owned()],
        );
        while let Some(parent) = open.pop() {
            let (parent, mut accounts) = (&parent, Vec::new());
            self.list(
                Operation::ListAccountsForParent,
                &mut accounts,
                |token| async move {
                    let page = self
                        .client
                        .list_accounts_for_parent()
                        .parent_id(parent)
                        .set_next_token(token)
                        .send()
                        .await;
                    let page = page.map_err(|error| Failure::of(&error))?;
                    Ok((
                        page.accounts
                            .map(|accounts| accounts.into_iter().map(member).collect()),
                        page.next_token,
                    ))
                },
            )
            .await?;
            ids.extend(accounts.into_iter().map(|member| member.id));
            let mut below = Vec::new();
            self.list(
                Operation::ListOrganizationalUnitsForParent,
                &mut below,
                |token| async move {
                    let page = self
                        .client
                        .list_organizational_units_for_parent()
                        .parent_id(parent)
                        .set_next_token(token);
                    let page = page.send().await.map_err(|error| Failure::of(&error))?;
                    let unit = |id: Option<String>| {
                        id.ok_or_else(|| Failure::broken("the answer holds a unit without its id"))
                    };
                    let units = page.organizational_units;
                    Ok((
                        units.map(|units| units.into_iter().map(|it| unit(it.id)).collect()),
                        page.next_token,
                    ))
                },
            )
            .await?;
            // Units that contain each other exist in no organization, but an answer could claim so.
            open.extend(below.into_iter().filter(|unit| seen.insert(unit.clone())));
        }
        Ok(ids)
    }

    /// Reads all pages of a list, each attempt in a slot among the requests in flight. Items read before a failure stay
    /// in `into`.
    async fn list<T, F>(
        &self,
        operation: Operation,
        into: &mut Vec<T>,
        page: impl Fn(Option<String>) -> F,
    ) -> Result<(), (Operation, Failure)>
    where
        F: Future<Output = Result<RawPage<T>, Failure>>,
    {
        let failed = |failure| (operation, failure);
        let (mut tokens, mut token) = (PageTokens::new(operation, MOST_PAGES), None);
        loop {
            let whole = || async {
                let _slot = self.in_flight.acquire().await;
                let (items, next) = page(token.clone()).await?;
                // The SDK takes an empty body for an answer in which nothing is set, which is not an empty list.
                let items = items.ok_or_else(|| Failure::broken("the answer holds no list"))?;
                Ok((
                    items.into_iter().collect::<Result<Vec<T>, Failure>>()?,
                    next,
                ))
            };
            let (items, next) = self.retry.over(whole).await.map_err(failed)?;
            into.extend(items);
            token = tokens.next(next).map_err(failed)?;
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

fn member(account: Account) -> Result<OrganizationAccount, Failure> {
    // The id becomes part of a role's ARN.
    let id = account.id.filter(|id| is_account_id(id));
    let id =
        id.ok_or_else(|| Failure::broken("the answer holds an account without its twelve digits"))?;
    // AWS retires `Status` in September 2026; an emulation of AWS may know only that.
    let state = account.state.as_ref().map(AccountState::as_str);
    let status = state.or(account.status.as_ref().map(AccountStatus::as_str));
    Ok(OrganizationAccount {
        id,
        name: account.name.unwrap_or_default(),
        status: Status::of(status.unwrap_or_default()),
    })
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
