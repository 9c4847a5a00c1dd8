//! The second reading of `--confirm`: chosen stages are read again with GetStage before they are handed on. It must not
//! know why a stage is chosen.
//!
//! The first reading may have met a deployment half way: `create-stage` and then `update-stage`, or Terraform between
//! two resources. After [`DEPLOYED`] that is over. The stages are read again many at a time, so that few have to wait,
//! and so that a Region in which all stages are chosen is not in memory as a whole.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio::time::Instant;

use super::region::Region;
use super::tally::ScopeTally;
use crate::model::state::WarningKind;
use crate::model::{Document, Value};
use crate::source::aws::access::clock;
use crate::source::aws::call::{Failure, FailureKind, Operation, Reason};
use crate::source::aws::kind::{id_of, name_of};

/// The least time between the two readings of a stage: a deployment sends its calls within a second or two.
const DEPLOYED: Duration = Duration::from_secs(2);
/// Stages that are set aside before they are read again. At the default pace as many take most of a minute, so the wait
/// for the last is short in comparison; at a few KB each, they are about a megabyte for each open Region.
const BATCH: usize = 256;

/// Stages to read again, with their first reading.
#[derive(Default)]
pub struct Recheck {
    aside: Vec<(Value<'static>, Vec<Value<'static>>)>,
    count: usize,
    last: Option<Instant>,
}

impl Recheck {
    /// True if the stages are to be read again before more are set aside.
    pub const fn is_full(&self) -> bool {
        self.count >= BATCH
    }

    /// Keeps the chosen stages back, and returns the others. `None` if a defect in the rules ended the thread.
    pub async fn set_aside(
        &mut self,
        region: &Region,
        api: Value<'static>,
        stages: Vec<Value<'static>>,
    ) -> Option<(Value<'static>, Vec<Value<'static>>)> {
        let Some(is_chosen) = region.request.confirm.clone() else {
            return Some((api, stages));
        };
        let (account, name) = (region.account.clone(), Arc::clone(&region.name));
        // Rules are work for a processor, not for the threads that wait for the network.
        let sorted = tokio::task::spawn_blocking(move || {
            let chosen = |stage: &Value<'static>| {
                is_chosen(&Document {
                    read_at: Some(clock::now()),
                    account: account.as_deref(),
                    region: Some(&name),
                    api: &api,
                    stage,
                })
            };
            let (again, good): (Vec<_>, Vec<_>) = stages.into_iter().partition(chosen);
            (api, again, good)
        });
        let (api, again, good) = sorted.await.ok()?;
        if !again.is_empty() {
            region.meter.foresee(again.len());
            self.last = Some(Instant::now());
            self.count += again.len();
            self.aside.push((api.clone(), again));
        }
        Some((api, good))
    }

    /// Reads the stages a second time, and hands them on.
    pub async fn run(self, region: &Arc<Region>, tally: &mut ScopeTally) {
        let Some(last) = self.last else { return };
        region
            .control_plane
            .channel
            .pause_until(last + DEPLOYED)
            .await;
        let readings = self.aside.into_iter().map(|(api, first)| {
            let (region, id) = (
                Arc::clone(region),
                id_of(&api).unwrap_or_default().to_owned(),
            );
            let names: Vec<String> = first
                .iter()
                .map(|stage| name_of(stage).unwrap_or_default().to_owned())
                .collect();
            let again = tokio::spawn(async move { region.again(&id, &names).await });
            async move { (api, first, again.await.unwrap_or_default()) }
        });
        let mut readings = stream::iter(readings).buffered(region.width.max(1)).boxed();
        while let Some((api, first, again)) = readings.next().await {
            let stages = second_readings(&api, first, again, tally);
            let (id, count) = (id_of(&api).unwrap_or_default().to_owned(), stages.len());
            if !region.hand_on(api, stages, tally).await && count > 0 {
                tally.lost(&id, None, &Failure::stopped(Reason::Interrupted, None));
            }
        }
    }
}

enum Now {
    Read(Value<'static>),
    Deleted,
    /// AWS contradicts itself about it.
    TwoAnswers(Failure),
    Unknown(Failure),
}

impl Region {
    async fn again(&self, id: &str, names: &[String]) -> Vec<Now> {
        let (mut again, mut listed) = (Vec::with_capacity(names.len()), None);
        for name in names {
            let now = match self.control_plane.get_stage(id, name).await {
                Ok(stage) => Now::Read(stage),
                Err(failure) if failure.kind == FailureKind::Missing => {
                    if listed.is_none() {
                        listed = Some(self.listed_now(id).await);
                    }
                    looked_up(name, failure, listed.as_ref())
                }
                Err(failure) => Now::Unknown(failure),
            };
            again.push(now);
        }
        again
    }

    /// Lists the stages of an API again, since a stage was not found; empty if the API is deleted.
    async fn listed_now(&self, id: &str) -> Result<Vec<Value<'static>>, Failure> {
        self.meter.foresee(1);
        let listing = self.list_stages(id).await;
        match listing.failed {
            None => Ok(listing.items),
            Some(failure) if failure.kind == FailureKind::Missing => {
                match self.still_there(&[id]).await {
                    Ok(there) if there.is_empty() => Ok(Vec::new()),
                    Ok(_) => Err(failure.but_listed(Operation::GetApis, "API")),
                    Err(why) => Err(failure.not_looked_up(&why)),
                }
            }
            Some(failure) => Err(failure),
        }
    }
}

/// Looks for a stage that was not found in the list of its API.
fn looked_up(
    name: &str,
    failure: Failure,
    listed: Option<&Result<Vec<Value<'static>>, Failure>>,
) -> Now {
    match listed {
        Some(Ok(stages)) => {
            let mut found = stages.iter().filter(|stage| name_of(stage) == Some(name));
            match (found.next(), found.next()) {
                (None, _) => Now::Deleted,
                (Some(_), None) => {
                    Now::TwoAnswers(failure.but_listed(Operation::GetStages, "stage"))
                }
                (Some(_), Some(_)) => {
                    Now::TwoAnswers(Failure::two_answers(Operation::GetStages, "the stage"))
                }
            }
        }
        Some(Err(why)) if why.kind == FailureKind::Missing => Now::TwoAnswers(why.clone()),
        Some(Err(why)) => Now::Unknown(failure.not_looked_up(why)),
        None => Now::Unknown(failure),
    }
}

/// Returns the stages as they are now. A stage that cannot be read again keeps its first reading, with a warning; with a
/// gap if the fetch was stopped, or if AWS lists a stage that it does not find.
fn second_readings(
    api: &Value<'static>,
    first: Vec<Value<'static>>,
    again: Vec<Now>,
    tally: &mut ScopeTally,
) -> Vec<Value<'static>> {
    let id = id_of(api).unwrap_or_default();
    let mut again = again.into_iter();
    let mut stages = Vec::with_capacity(first.len());
    for stage in first {
        let name = name_of(&stage).unwrap_or_default().to_owned();
        let why = match again.next() {
            Some(Now::Read(now)) => {
                stages.push(now);
                continue;
            }
            Some(Now::Deleted) => {
                let message = format!("stage {name} of API {id} was deleted during the audit");
                tally.warn(WarningKind::Deleted, message, id, Some(&name));
                continue;
            }
            Some(Now::TwoAnswers(why)) => {
                tally.lost(id, Some(&name), &why);
                stages.push(stage);
                continue;
            }
            Some(Now::Unknown(why)) => why,
            None => Failure::internal("it was not read"),
        };
        if let FailureKind::Stopped(_) = why.kind {
            // A later run may read it.
            tally.lost(id, Some(&name), &why);
        } else {
            let message = format!(
                "stage {name} of API {id} could not be read a second time ({}: {}); the first reading is used",
                why.code, why.message
            );
            tally.warn(WarningKind::NotConfirmed, message, id, Some(&name));
        }
        stages.push(stage);
    }
    stages
}
