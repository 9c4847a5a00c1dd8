//! Accounts in which the same things are missing, together: nobody reads 500 times the same. It must not know how they
//! are shown.

use std::collections::BTreeMap;

use crate::source::aws::Permission;
use crate::source::aws::probe::{AccountExamined, Cause, Trouble};

/// A call that fails alike in some Regions, or before any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// Whether an audit needs the call; those that it does come first.
    spare: bool,
    /// The call.
    pub operation: &'static str,
    /// The code.
    pub code: String,
    /// Why.
    pub cause: Cause,
    /// In which Regions; none where no Region is asked.
    pub regions: Vec<String>,
}

impl Kind {
    /// Whether an audit needs the call.
    pub const fn is_needed(&self) -> bool {
        !self.spare
    }
}

/// Accounts with the same troubles.
#[derive(Debug)]
pub struct Group<'e> {
    /// The accounts.
    pub accounts: Vec<&'e AccountExamined>,
    /// What fails in each of them, and how it was said first.
    pub troubles: Vec<(Kind, &'e Trouble)>,
}

/// Whether everything in an account can be audited.
pub fn is_whole(account: &AccountExamined) -> bool {
    troubles(account).all(|(_, trouble)| !trouble.needed)
}

/// Whether something in an account can be audited, if not all.
pub fn is_partial(account: &AccountExamined) -> bool {
    let whole = account.regions.iter().any(|region| region.troubles.iter().all(|trouble| !trouble.needed));
    !is_whole(account) && whole
}

fn troubles(account: &AccountExamined) -> impl Iterator<Item = (Option<&str>, &Trouble)> {
    let of_regions = account
        .regions
        .iter()
        .flat_map(|region| region.troubles.iter().map(move |trouble| (Some(region.name.as_str()), trouble)));
    account.troubles.iter().map(|trouble| (None, trouble)).chain(of_regions)
}

/// The troubles of an account, each once.
fn kinds(account: &AccountExamined) -> Vec<(Kind, &Trouble)> {
    let mut kinds: Vec<(Kind, &Trouble)> = Vec::new();
    for (region, trouble) in troubles(account) {
        let same = |(kind, _): &&mut (Kind, &Trouble)| {
            (kind.operation, &kind.code, kind.cause, kind.spare)
                == (trouble.operation, &trouble.code, trouble.cause, !trouble.needed)
        };
        let region = region.map(str::to_owned);
        match kinds.iter_mut().find(same) {
            Some((kind, _)) => kind.regions.extend(region),
            None => {
                let Trouble { operation, code, cause, needed, .. } = trouble;
                let regions = Vec::from_iter(region);
                let kind = Kind { spare: !needed, operation, code: code.clone(), cause: *cause, regions };
                kinds.push((kind, trouble));
            }
        }
    }
    kinds.sort_by(|(a, _), (b, _)| a.cmp(b));
    kinds
}

/// The groups: those in which an audit lacks something first, of these the largest first; accounts without a trouble
/// are in none.
pub fn of(accounts: &[AccountExamined]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Vec<Kind>, Group<'_>> = BTreeMap::new();
    for account in accounts {
        let troubles = kinds(account);
        let key = troubles.iter().map(|(kind, _)| kind.clone()).collect();
        groups.entry(key).or_insert_with(|| Group { accounts: Vec::new(), troubles }).accounts.push(account);
    }
    let mut groups: Vec<Group<'_>> = groups.into_values().filter(|group| !group.troubles.is_empty()).collect();
    groups.sort_by_key(|group| (!group.lacks(), std::cmp::Reverse(group.accounts.len())));
    groups
}

impl Group<'_> {
    /// Whether an audit lacks something in the accounts.
    pub fn lacks(&self) -> bool {
        self.troubles.iter().any(|(kind, _)| kind.is_needed())
    }

    /// What IAM would have to allow so that the calls of a cause are answered; for all accounts of the group.
    pub fn permissions(&self, cause: Cause, assume: bool) -> Vec<Permission> {
        let mut permissions: Vec<Permission> = self
            .accounts
            .iter()
            // The role's policy is the same in each account; who may assume it is not.
            .take(if assume { usize::MAX } else { 1 })
            .flat_map(|account| troubles(account))
            .filter(|(_, trouble)| trouble.cause == cause && (trouble.operation == "AssumeRole") == assume)
            .filter_map(|(_, trouble)| trouble.permission.clone())
            .collect();
        permissions.dedup();
        permissions
    }
}
