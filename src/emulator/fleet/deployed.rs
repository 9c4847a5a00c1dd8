//! The fleet: accounts, their Regions, APIs and stages, each as the text that goes over the wire. It does not know
//! requests, pages or faults, and it never checks a document: the client gets what a test puts in.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::generated::{Generated, MadeApi, MadeScope};
use super::organization::Organization;
use super::regions::{self, OptIn};

/// The deployed APIs, account by account.
///
/// ```
/// use driftgate::emulator::{Fleet, document};
///
/// let fleet = Fleet::new().api(
///     "111122223333",
///     "us-east-1",
///     document::http_api("a1b2c3d4e5", "orders"),
///     vec![document::http_stage("$default"), document::http_stage("dev")],
/// );
/// assert_eq!((fleet.api_count(), fleet.stage_count()), (1, 2));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    accounts: BTreeMap<String, Account>,
    /// The part that is made on demand, and never kept.
    generated: Option<Generated>,
    organization: Option<Organization>,
}

#[derive(Clone, Debug, Default)]
struct Account {
    regions: BTreeMap<String, Region>,
    /// The Regions that are explicitly enabled or disabled.
    enabled: BTreeSet<String>,
    disabled: BTreeSet<String>,
}

/// The APIs of one account in one Region, in the order in which they are listed.
#[derive(Clone, Debug, Default)]
pub struct Region {
    apis: Vec<KeptApi>,
    position: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
pub struct KeptApi {
    document: Box<str>,
    stages: Vec<KeptStage>,
}

#[derive(Clone, Debug)]
struct KeptStage {
    name: String,
    document: Box<str>,
}

/// The APIs of one account in one Region, wherever they come from.
pub enum Apis<'a> {
    Kept(&'a Region),
    Made(MadeScope<'a>),
    /// A Region without APIs answers like an empty one.
    None,
}

pub enum Api<'a> {
    Kept(&'a KeptApi),
    Made(MadeApi<'a>),
}

impl Fleet {
    /// No accounts; every request to it is refused.
    pub fn new() -> Fleet {
        Fleet::default()
    }

    /// A fleet of `accounts` × `regions` (at most 17) × `apis_per_region` × `stages_per_api`, the same for the same
    /// arguments. Two APIs in three are HTTP, the third is WebSocket; a stage is about 770 bytes. Accounts count up
    /// from 111122223333, the first Region is us-east-1; [`Fleet::scopes`] lists them. Nothing of it is kept, so
    /// 300,000 stages need no memory.
    ///
    /// The accounts are an [`Organization`], managed by the first, with a suspended account more for each fifty.
    pub fn generated(
        accounts: usize,
        regions: usize,
        apis_per_region: usize,
        stages_per_api: usize,
        seed: u64,
    ) -> Fleet {
        let generated = Generated::new(accounts, regions, apis_per_region, stages_per_api, seed);
        let organization = Some(generated.organization());
        Fleet {
            generated: Some(generated),
            organization,
            ..Fleet::default()
        }
    }

    /// Adds an account, which may stay empty.
    #[must_use]
    pub fn account(mut self, account: &str) -> Fleet {
        self.settings(account);
        self
    }

    /// Adds an API and its stages, each in the spelling of the wire (camelCase), exactly as they shall be answered. An
    /// API without `apiId` is listed but cannot be requested. [`document`](super::document) has documents to start
    /// from. In a Region of a generated fleet, APIs added by hand replace the generated ones.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a document is made in place, and tests read better without a &"
    )]
    pub fn api(mut self, account: &str, region: &str, api: Value, stages: Vec<Value>) -> Fleet {
        let region = self
            .settings(account)
            .regions
            .entry(region.to_owned())
            .or_default();
        region
            .position
            .insert(text(&api, "apiId"), region.apis.len());
        let stages = stages
            .into_iter()
            .map(|stage| KeptStage {
                name: text(&stage, "stageName"),
                document: stage.to_string().into(),
            })
            .collect();
        region.apis.push(KeptApi {
            document: api.to_string().into(),
            stages,
        });
        self
    }

    /// Puts the accounts into an organization. Its accounts are there from then on, if only empty.
    #[must_use]
    pub fn organization(mut self, organization: Organization) -> Fleet {
        self.organization = Some(organization);
        self
    }

    /// Takes a Region away from an account: its calls there are answered like those with a bad token.
    #[must_use]
    pub fn disable(mut self, account: &str, region: &str) -> Fleet {
        self.settings(account).disabled.insert(region.to_owned());
        self
    }

    /// Lets an account have a Region that it would have to opt in to. A Region in which it has an API is enabled
    /// anyway.
    #[must_use]
    pub fn enable(mut self, account: &str, region: &str) -> Fleet {
        self.settings(account).enabled.insert(region.to_owned());
        self
    }

    /// The accounts and Regions that hold an API: those put in by hand, in order, then the generated ones.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.accounts.iter().flat_map(|(account, held)| {
            held.regions
                .keys()
                .map(|region| (account.as_str(), region.as_str()))
        });
        kept.chain(self.made().map(|scope| (scope.account, scope.region)))
    }

    /// The APIs in all accounts and Regions.
    pub fn api_count(&self) -> usize {
        self.kept().count() + self.made().map(|scope| scope.len()).sum::<usize>()
    }

    /// The stages of all APIs.
    pub fn stage_count(&self) -> usize {
        let made: usize = self
            .made()
            .map(|scope| scope.len() * scope.stages_per_api())
            .sum();
        self.kept().map(|api| api.stages.len()).sum::<usize>() + made
    }

    pub(crate) fn has_account(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
            || self
                .generated
                .as_ref()
                .is_some_and(|generated| generated.has_account(account))
            || self
                .organization
                .as_ref()
                .is_some_and(|organization| organization.has(account))
    }

    /// True if a role in the account can be assumed.
    pub(crate) fn is_open(&self, account: &str) -> bool {
        self.has_account(account)
            && self
                .organization
                .as_ref()
                .is_none_or(|organization| organization.is_open(account))
    }

    pub(crate) fn members(&self) -> Option<&Organization> {
        self.organization.as_ref()
    }

    pub(crate) fn opt_in(&self, account: &str, region: &str) -> OptIn {
        let found = self.accounts.get(account);
        if found.is_some_and(|found| found.disabled.contains(region)) {
            OptIn::Disabled
        } else if !regions::is_opt_in(region) {
            OptIn::ByDefault
        } else if found.is_some_and(|found| {
            found.enabled.contains(region) || found.regions.contains_key(region)
        }) {
            OptIn::Enabled
        } else {
            // Generated Regions are not opt-in.
            OptIn::Disabled
        }
    }

    pub(crate) fn apis(&self, account: &str, region: &str) -> Apis<'_> {
        let kept = self
            .accounts
            .get(account)
            .and_then(|held| held.regions.get(region));
        let made = || self.generated.as_ref()?.scope(account, region);
        kept.map(Apis::Kept)
            .or_else(|| made().map(Apis::Made))
            .unwrap_or(Apis::None)
    }

    fn settings(&mut self, account: &str) -> &mut Account {
        self.accounts.entry(account.to_owned()).or_default()
    }

    fn kept(&self) -> impl Iterator<Item = &KeptApi> {
        self.accounts
            .values()
            .flat_map(|held| held.regions.values())
            .flat_map(|region| &region.apis)
    }

    /// The generated scopes that nothing replaces.
    fn made(&self) -> impl Iterator<Item = MadeScope<'_>> {
        let by_hand = |scope: &MadeScope<'_>| {
            self.accounts
                .get(scope.account)
                .is_some_and(|held| held.regions.contains_key(scope.region))
        };
        self.generated
            .iter()
            .flat_map(Generated::scopes)
            .filter(move |scope| !by_hand(scope))
    }
}

impl<'a> Apis<'a> {
    pub fn len(&self) -> usize {
        match self {
            Apis::Kept(region) => region.apis.len(),
            Apis::Made(scope) => scope.len(),
            Apis::None => 0,
        }
    }

    /// The documents of the APIs at these positions, which must be below the length.
    pub fn documents(
        &self,
        positions: std::ops::Range<usize>,
    ) -> impl Iterator<Item = Cow<'a, str>> {
        positions.filter_map(move |at| match self {
            Apis::Kept(region) => region.apis.get(at).map(|api| Cow::Borrowed(&*api.document)),
            Apis::Made(scope) => Some(Cow::Owned(scope.at(at).document())),
            Apis::None => None,
        })
    }

    pub fn find(&self, api_id: &str) -> Option<Api<'a>> {
        match self {
            Apis::Kept(region) => region
                .apis
                .get(*region.position.get(api_id)?)
                .map(Api::Kept),
            Apis::Made(scope) => scope.find(api_id).map(Api::Made),
            Apis::None => None,
        }
    }
}

impl<'a> Api<'a> {
    pub fn document(&self) -> Cow<'a, str> {
        match self {
            Api::Kept(api) => Cow::Borrowed(&*api.document),
            Api::Made(api) => Cow::Owned(api.document()),
        }
    }

    pub fn stage_count(&self) -> usize {
        match self {
            Api::Kept(api) => api.stages.len(),
            Api::Made(api) => api.stage_count(),
        }
    }

    pub fn stages(&self, positions: std::ops::Range<usize>) -> impl Iterator<Item = Cow<'a, str>> {
        positions.filter_map(move |at| match self {
            Api::Kept(api) => api
                .stages
                .get(at)
                .map(|stage| Cow::Borrowed(&*stage.document)),
            Api::Made(api) => Some(Cow::Owned(api.stage(at))),
        })
    }

    pub fn stage_named(&self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Api::Kept(api) => api
                .stages
                .iter()
                .find(|stage| stage.name == name)
                .map(|stage| Cow::Borrowed(&*stage.document)),
            Api::Made(api) => api.stage_named(name).map(Cow::Owned),
        }
    }
}

fn text(document: &Value, member: &str) -> String {
    document
        .get(member)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
