//! One Region of an account: the requests to it, and the way of its stages. It must not know the order of its APIs.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::pages::{Listing, list};
use super::tally::ScopeTally;
use crate::model::Value;
use crate::model::state::{ApiBatch, Batch};
use crate::source::aws::access::clock;
use crate::source::aws::call::{Failure, FailureKind, Meter, Operation};
use crate::source::aws::kind::{ControlPlane, id_of};
use crate::source::aws::request::Request;

/// A Region of an account, and the request for it.
pub struct Region {
    pub account: Option<Arc<str>>,
    pub name: Arc<str>,
    pub control_plane: ControlPlane,
    pub request: Arc<Request>,
    pub width: usize,
    pub batches: mpsc::Sender<Box<dyn Batch>>,
    pub meter: Arc<Meter>,
}

impl Region {
    /// Requests the API if one API and one stage are named; nothing if the Region does not have it. `None` if the APIs have
    /// to be listed: GetApi is not used, or denied, as AWS's SecurityAudit policy leaves it.
    pub async fn only_api(&self) -> Option<Result<Option<Value<'static>>, Failure>> {
        self.only_stage()?;
        let [id] = self.request.selection.apis.as_slice() else {
            return None;
        };
        match self.control_plane.get_api(id).await {
            Ok(api) => Some(Ok(Some(api))),
            Err(failure) => match failure.kind {
                // Another 404 is of something between here and AWS.
                FailureKind::Missing
                    if failure.message.contains("API identifier")
                        && failure.message.contains(id) =>
                {
                    Some(Ok(None))
                }
                FailureKind::Denied => {
                    self.meter.foresee(1);
                    None
                }
                _ => Some(Err(failure)),
            },
        }
    }

    pub fn only_stage(&self) -> Option<&str> {
        let [stage] = self.request.selection.stages.as_slice() else {
            return None;
        };
        Some(stage)
    }

    pub async fn list_stages(&self, api_id: &str) -> Listing {
        let page = |token| self.control_plane.get_stages(api_id, token);
        list(
            Operation::GetStages,
            self.control_plane.channel.most_pages(),
            &self.meter,
            page,
            |_| false,
        )
        .await
    }

    /// Lists the APIs, page by page, or until these are found.
    pub async fn list_apis(&self, ids: &[&str]) -> Listing {
        let found = |apis: &[Value<'static>]| {
            !ids.is_empty()
                && ids
                    .iter()
                    .all(|id| apis.iter().any(|api| id_of(api) == Some(*id)))
        };
        let page = |token| self.control_plane.get_apis(token);
        list(
            Operation::GetApis,
            self.control_plane.channel.most_pages(),
            &self.meter,
            page,
            found,
        )
        .await
    }

    /// Returns the APIs that AWS still knows.
    pub async fn still_there(&self, ids: &[&str]) -> Result<BTreeSet<String>, Failure> {
        self.meter.foresee(1);
        match self.only_api().await {
            Some(Ok(api)) => return Ok(api.iter().filter_map(id_of).map(str::to_owned).collect()),
            Some(Err(failure)) => return Err(failure),
            None => {}
        }
        let listing = self.list_apis(ids).await;
        match listing.failed {
            Some(failure) => Err(failure),
            None => Ok(listing
                .items
                .iter()
                .filter_map(id_of)
                .map(str::to_owned)
                .collect()),
        }
    }

    /// Hands stages on. Returns false if the state is closed.
    pub async fn hand_on(
        &self,
        api: Value<'static>,
        stages: Vec<Value<'static>>,
        tally: &mut ScopeTally,
    ) -> bool {
        if stages.is_empty() {
            return true;
        }
        if let Some(spool) = &self.request.spool {
            spool.stages(self.account.as_deref(), &self.name, &api, &stages);
        }
        let (read, region) = (stages.len(), Some(Arc::clone(&self.name)));
        let batch = ApiBatch {
            read_at: Some(clock::now()),
            account: self.account.clone(),
            region,
            api,
            stages,
        };
        let taken = self.batches.send(Box::new(batch)).await.is_ok();
        if taken {
            tally.scope.stages += read as u64;
            self.meter.read(read);
        }
        taken
    }
}
