//! Groups of accounts with the same failures, so that each is shown once. It must not know how they are shown.

use std::collections::BTreeMap;

use crate::source::aws::Permission;
use crate::source::aws::probe::{AccountExamined, Cause, Trouble};

/// A call that fails alike in some Regions, or before any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FailedCall {
    /// False if an audit needs the call; needed calls sort first.
    spare: bool,
    /// The call.
    pub operation: &'static str,
    /// The code.
    pub code: String,
    /// The cause.
    pub cause: Cause,
    /// The Regions; none for a call before any Region.
    pub regions: Vec<String>,
}

impl FailedCall {
    /// True if an audit needs the call.
    pub const fn is_needed(&self) -> bool {
        !self.spare
    }
}

/// Accounts with the same failures.
#[derive(Debug)]
pub struct Group<'e> {
    /// The accounts.
    pub accounts: Vec<&'e AccountExamined>,
    /// The calls that fail in each of them, with the first error.
    pub troubles: Vec<(FailedCall, &'e Trouble)>,
}

/// True if everything in an account can be audited.
pub fn is_whole(account: &AccountExamined) -> bool {
    troubles(account).all(|(_, trouble)| !trouble.needed)
}

/// True if something in an account can be audited, but not all.
pub fn is_partial(account: &AccountExamined) -> bool {
    let whole = account
        .regions
        .iter()
        .any(|region| region.troubles.iter().all(|trouble| !trouble.needed));
    !is_whole(account) && whole
}

fn troubles(account: &AccountExamined) -> impl Iterator<Item = (Option<&str>, &Trouble)> {
    let of_regions = account.regions.iter().flat_map(|region| {
        region
            .troubles
            .iter()
            .map(move |trouble| (Some(region.name.as_str()), trouble))
    });
    account
        .troubles
        .iter()
        .map(|trouble| (None, trouble))
        .chain(of_regions)
}

/// The failures of an account, each once.
fn kinds(account: &AccountExamined) -> Vec<(FailedCall, &Trouble)> {
    let mut kinds: Vec<(FailedCall, &Trouble)> = Vec::new();
    for (region, trouble) in troubles(account) {
        let same = |(kind, _): &&mut (FailedCall, &Trouble)| {
            (kind.operation, &kind.code, kind.cause, kind.spare)
                == (
                    trouble.operation,
                    &trouble.code,
                    trouble.cause,
                    !trouble.needed,
                )
        };
        let region = region.map(str::to_owned);
        match kinds.iter_mut().find(same) {
            Some((kind, _)) => kind.regions.extend(region),
            None => {
                let Trouble {
                    operation,
                    code,
                    cause,
                    needed,
                    ..
                } = trouble;
                let regions = Vec::from_iter(region);
                let kind = FailedCall {
                    spare: !needed,
                    operation,
                    code: code.clone(),
                    cause: *cause,
                    regions,
                };
                kinds.push((kind, trouble));
            }
        }
    }
    kinds.sort_by(|(a, _), (b, _)| a.cmp(b));
    kinds
}

/// The groups of accounts with failures: first those that an audit needs mended, then by size.
pub fn of(accounts: &[AccountExamined]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Vec<FailedCall>, Group<'_>> = BTreeMap::new();
    for account in accounts {
        let troubles = kinds(account);
        let key = troubles.iter().map(|(kind, _)| kind.clone()).collect();
        groups
            .entry(key)
            .or_insert_with(|| Group {
                accounts: Vec::new(),
                troubles,
            })
            .accounts
            .push(account);
    }
    let mut groups: Vec<Group<'_>> = groups
        .into_values()
        .filter(|group| !group.troubles.is_empty())
        .collect();
    groups.sort_by_key(|group| (!group.lacks(), std::cmp::Reverse(group.accounts.len())));
    groups
}

impl Group<'_> {
    /// True if an audit lacks something in the accounts.
    pub fn lacks(&self) -> bool {
        self.troubles.iter().any(|(kind, _)| kind.is_needed())
    }

    /// The permissions that the calls of a cause need, for all accounts of the group.
    pub fn permissions(&self, cause: Cause, assume: bool) -> Vec<Permission> {
        let mut permissions: Vec<Permission> = self
            .accounts
            .iter()
            // The role's policy is the same in each account; who may assume it is not.
            .take(if assume { usize::MAX } else { 1 })
            .flat_map(|account| troubles(account))
            .filter(|(_, trouble)| {
                trouble.cause == cause && (trouble.operation == "AssumeRole") == assume
            })
            .filter_map(|(_, trouble)| trouble.permission.clone())
            .collect();
        permissions.dedup();
        permissions
    }
}
