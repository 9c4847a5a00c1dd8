//! The protocol of API Gateway V2: lists of APIs and stages, page by page, and each of them alone.

use std::borrow::Cow;

use super::deleted::Deleted;
use crate::emulator::fleet::deployed::{Api, Fleet};
use crate::emulator::wire::paging::{BadRequest, List, PageRange, Paging};
use crate::emulator::wire::refusal::Refusal;
use crate::emulator::wire::reply::Reply;
use crate::emulator::wire::request::{Call, Resource};
use crate::emulator::wire::signature::Caller;

/// The largest `maxResults` that the service takes.
const LARGEST_PAGE: usize = 500;

/// The answer of the service, with its lists cut as `paging` says.
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
    let page = |of: &str, length: usize| -> Result<PageRange, Refusal> {
        let list = List { caller, of, length, page_size, largest: LARGEST_PAGE };
        let (size, token) = (call.parameter("maxResults"), call.parameter("nextToken"));
        list.page(size.as_deref(), token.as_deref(), paging).map_err(BadRequest::refusal)
    };
    match &call.resource {
        Resource::Apis => {
            let page = page("", apis.len())?;
            let documents = apis.documents(page.items).filter(|api| is_there(&text(api, "apiId")));
            Ok(Reply::page(documents, page.next.as_deref()))
        }
        Resource::Api { api_id } => Ok(Reply::json(api(api_id)?.document().into_owned())),
        Resource::Stages { api_id } => {
            let api: Api<'_> = api(api_id)?;
            let page = page(api_id, api.stage_count())?;
            let is_there = |stage: &Cow<'_, str>| !deleted.has(caller, api_id, Some(&text(stage, "stageName")));
            Ok(Reply::page(api.stages(page.items).filter(is_there), page.next.as_deref()))
        }
        Resource::Stage { api_id, stage } => {
            let found = api(api_id)?.stage_named(stage).filter(|_| !deleted.has(caller, api_id, Some(stage)));
            Ok(Reply::json(found.ok_or_else(Refusal::no_such_stage)?.into_owned()))
        }
        Resource::Role { .. } | Resource::Service | Resource::Unknown => Err(Refusal::not_found()),
    }
}

fn text(document: &str, member: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    document[member].as_str().unwrap_or_default().to_owned()
}
