//! The protocol of API Gateway V2: lists of APIs and stages, page by page, and each of them alone.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::emulator::fleet::{Api, Fleet};
use crate::emulator::wire::{Call, Caller, List, Paging, Refusal, Reply, Resource, Why};

const LARGEST_PAGE: usize = 500;

/// Account, Region, API and stage; without a stage, the API and all of its stages.
type DeletedItem = (String, String, String, Option<String>);

/// The APIs and stages that faults deleted so far.
#[derive(Debug, Default)]
pub struct Deleted(Mutex<BTreeSet<DeletedItem>>);

impl Deleted {
    pub fn add(&self, caller: &Caller<'_>, api_id: &str, stage: Option<&str>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key(caller, api_id, stage));
    }

    pub fn has(&self, caller: &Caller<'_>, api_id: &str, stage: Option<&str>) -> bool {
        let deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !deleted.is_empty() && deleted.contains(&key(caller, api_id, stage))
    }
}

fn key(caller: &Caller<'_>, api_id: &str, stage: Option<&str>) -> DeletedItem {
    (
        caller.account.to_owned(),
        caller.region.to_owned(),
        api_id.to_owned(),
        stage.map(str::to_owned),
    )
}

/// The answer of the service, with its lists cut by `paging`.
pub fn answer(
    (fleet, deleted): (&Fleet, &Deleted),
    caller: &Caller<'_>,
    call: &Call<'_>,
    page_size: usize,
    paging: Paging,
) -> Result<Reply, Refusal> {
    let apis = fleet.apis(caller.account, caller.region);
    let is_there = |api_id: &str| !deleted.has(caller, api_id, None);
    let api = |api_id: &str| {
        let found = apis.find(api_id).filter(|_| is_there(api_id));
        found.ok_or_else(|| Refusal::no_such_api(caller, api_id))
    };
    let page = |of: &str, length: usize| {
        let list = List {
            caller,
            of,
            length,
            page_size,
            largest: LARGEST_PAGE,
        };
        let (size, token) = (call.parameter("maxResults"), call.parameter("nextToken"));
        list.page(size.as_deref(), token.as_deref(), paging)
    };
    match &call.resource {
        Resource::Apis => {
            let page = page("", apis.len())?;
            let documents = apis
                .documents(page.items)
                .filter(|api| is_there(&text(api, "apiId")));
            Ok(Reply::page(documents, page.next.as_deref()))
        }
        Resource::Api(api_id) => Ok(Reply::json(api(api_id)?.document().into_owned())),
        Resource::Stages(api_id) => {
            let api: Api<'_> = api(api_id)?;
            let page = page(api_id, api.stage_count())?;
            let is_there = |stage: &Cow<'_, str>| {
                !deleted.has(caller, api_id, Some(&text(stage, "stageName")))
            };
            Ok(Reply::page(
                api.stages(page.items).filter(is_there),
                page.next.as_deref(),
            ))
        }
        Resource::Stage(api_id, stage) => {
            let found = api(api_id)?
                .stage_named(stage)
                .filter(|_| !deleted.has(caller, api_id, Some(stage)));
            Ok(Reply::json(
                found.ok_or_else(Refusal::no_such_stage)?.into_owned(),
            ))
        }
        Resource::Role(_) | Resource::Service | Resource::Unknown => {
            Err(Refusal::of(Why::NotFound))
        }
    }
}

fn text(document: &str, member: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    document[member].as_str().unwrap_or_default().to_owned()
}
