//! The fleet: accounts, their Regions, APIs and stages, each kept as the text that goes over the wire. It does not know
//! requests, pages or faults, and it never checks a document: what a test puts in is what the client gets.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// What is deployed, account by account.
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
    accounts: BTreeMap<String, BTreeMap<String, Region>>,
}

/// The APIs of one account in one Region, in the order in which they are listed.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    apis: Vec<Api>,
    position: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) document: Box<str>,
    pub(super) stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) document: Box<str>,
}

impl Fleet {
    /// No accounts; every request to it is refused.
    pub fn new() -> Fleet {
        Fleet::default()
    }

    /// Adds an account, which may stay empty.
    #[must_use]
    pub fn account(mut self, account: &str) -> Fleet {
        self.accounts.entry(account.to_owned()).or_default();
        self
    }

    /// Adds an API and its stages, each in the spelling of the wire (camelCase), exactly as they shall be answered.
    /// An API without `apiId` is listed but cannot be asked for. [`document`](super::document) has documents to start
    /// from.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a document is made in place, and tests read better without a &")]
    pub fn api(mut self, account: &str, region: &str, api: Value, stages: Vec<Value>) -> Fleet {
        let region = self.accounts.entry(account.to_owned()).or_default().entry(region.to_owned()).or_default();
        region.position.insert(text(&api, "apiId"), region.apis.len());
        let stages = stages
            .into_iter()
            .map(|stage| Stage { name: text(&stage, "stageName"), document: stage.to_string().into() })
            .collect();
        region.apis.push(Api { document: api.to_string().into(), stages });
        self
    }

    /// The accounts and Regions that hold an API, in order.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accounts
            .iter()
            .flat_map(|(account, regions)| regions.keys().map(|region| (account.as_str(), region.as_str())))
    }

    /// The APIs in all accounts and Regions.
    pub fn api_count(&self) -> usize {
        self.apis().count()
    }

    /// The stages of all APIs.
    pub fn stage_count(&self) -> usize {
        self.apis().map(|api| api.stages.len()).sum()
    }

    pub(super) fn has_account(&self, account: &str) -> bool {
        self.accounts.contains_key(account)
    }

    pub(super) fn region(&self, account: &str, region: &str) -> Option<&Region> {
        self.accounts.get(account)?.get(region)
    }

    fn apis(&self) -> impl Iterator<Item = &Api> {
        self.accounts.values().flat_map(BTreeMap::values).flat_map(|region| &region.apis)
    }
}

impl Region {
    pub(super) fn apis(&self) -> &[Api] {
        &self.apis
    }

    pub(super) fn api(&self, api_id: &str) -> Option<&Api> {
        self.apis.get(*self.position.get(api_id)?)
    }
}

impl Api {
    pub(super) fn stage(&self, name: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

fn text(document: &Value, member: &str) -> String {
    document.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}
