//! The protocol of API Gateway V2: lists of APIs and stages, page by page, and each of them alone.

use super::fleet::{Api, Fleet};
use super::paging::{BadRequest, List, Page, Paging};
use super::refusal::Refusal;
use super::reply::Reply;
use super::request::{Call, Resource};
use super::signature::Caller;

/// The largest `maxResults` that the service takes.
const LARGEST_PAGE: usize = 500;

/// The answer of the service, with its lists cut as `paging` says.
pub(super) fn answer(
    fleet: &Fleet,
    caller: &Caller<'_>,
    call: &Call<'_>,
    page_size: usize,
    paging: Paging,
) -> Result<Reply, Refusal> {
    let apis = fleet.apis(caller.account, caller.region);
    let api = |api_id: &str| apis.find(api_id).ok_or_else(|| Refusal::no_such_api(caller, api_id));
    let page = |of: &str, length: usize| -> Result<Page, Refusal> {
        let list = List { caller, of, length, page_size, largest: LARGEST_PAGE };
        let (size, token) = (call.parameter("maxResults"), call.parameter("nextToken"));
        list.page(size.as_deref(), token.as_deref(), paging).map_err(BadRequest::refusal)
    };
    match &call.resource {
        Resource::Apis => {
            let page = page("", apis.len())?;
            Ok(Reply::page(apis.documents(page.items), page.next.as_deref()))
        }
        Resource::Api { api_id } => Ok(Reply::json(api(api_id)?.document().into_owned())),
        Resource::Stages { api_id } => {
            let api: Api<'_> = api(api_id)?;
            let page = page(api_id, api.stage_count())?;
            Ok(Reply::page(api.stages(page.items), page.next.as_deref()))
        }
        Resource::Stage { api_id, stage } => {
            let stage = api(api_id)?.stage_named(stage).ok_or_else(Refusal::no_such_stage)?;
            Ok(Reply::json(stage.into_owned()))
        }
        Resource::Role { .. } | Resource::Service | Resource::Unknown => Err(Refusal::not_found()),
    }
}
