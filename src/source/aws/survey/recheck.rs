//! The second look: stages that are worth one are read again with GetStage before they are handed on. It must not know
//! what makes a stage worth it.
//!
//! The first reading may have met a deployment half way: `create-stage` and then `update-stage`, or Terraform between
//! two resources. Once [`SETTLED`] has passed that is over. The stages are read again many at a time, so that few have to
//! wait for it, and so that a Region in which all are worth a second look is not in memory as a whole.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::fetch::Region;
use super::tally::ScopeTally;
use crate::model::{Document, Value};
use crate::source::aws::call::control_plane::{id_of, name_of};
use crate::source::aws::call::failure::{Failure, FailureKind, Operation};
use crate::source::aws::call::stop::Reason;

/// The least time between the two readings of a stage: a deployment sends its calls within a second or two.
const SETTLED: Duration = Duration::from_secs(2);
/// With how many stages set aside the second readings begin. At the default pace as many take most of a minute, against
/// which the wait for the last of them is short; of a few KB each, they are about a megabyte for each open Region.
const BATCH: usize = 256;

/// Stages that are read again, with their first reading.
#[derive(Default)]
pub struct Doubts {
    aside: Vec<(Value<'static>, Vec<Value<'static>>)>,
    count: usize,
    last: Option<Instant>,
}

impl Doubts {
    /// Whether it is time to read them again, before more are set aside.
    pub const fn are_many(&self) -> bool {
        self.count >= BATCH
    }

    /// Keeps the stages back that are worth a second look; the others. `None` where that could not be found out, because
    /// the rules have a defect that ended the thread.
    pub async fn set_aside(
        &mut self,
        region: &Region,
        api: Value<'static>,
        stages: Vec<Value<'static>>,
    ) -> Option<(Value<'static>, Vec<Value<'static>>)> {
        let Some(doubtful) = region.confirm.clone() else { return Some((api, stages)) };
        let (account, name) = (region.account.clone(), Arc::clone(&region.name));
        // Holding a stage against rules is work for a processor, and not for the threads that wait for the network.
        let sorted = tokio::task::spawn_blocking(move || {
            let worth = |stage: &Value<'static>| {
                doubtful(&Document { account: account.as_deref(), region: Some(&name), api: &api, stage })
            };
            let (again, good): (Vec<_>, Vec<_>) = stages.into_iter().partition(worth);
            (api, again, good)
        });
        let (api, again, good) = sorted.await.ok()?;
        if !again.is_empty() {
            region.progress.foresee(again.len());
            self.last = Some(Instant::now());
            self.count += again.len();
            self.aside.push((api.clone(), again));
        }
        Some((api, good))
    }
}

impl Region {
    /// Reads what was set aside a second time, and hands it on.
    pub async fn settle(self: &Arc<Self>, doubts: Doubts, tally: &mut ScopeTally) {
        let Some(last) = doubts.last else { return };
        self.control_plane.pause_until(last + SETTLED).await;
        let mut readings = VecDeque::new();
        let mut aside = doubts.aside.into_iter();
        loop {
            while readings.len() < self.width.max(1) {
                let Some((api, stages)) = aside.next() else { break };
                let region = Arc::clone(self);
                let id = id_of(&api).unwrap_or_default().to_owned();
                let names: Vec<String> =
                    stages.iter().map(|stage| name_of(stage).unwrap_or_default().to_owned()).collect();
                let again = tokio::spawn(async move { region.again(&id, &names).await });
                readings.push_back((api, stages, again));
            }
            let Some((api, first, again)) = readings.pop_front() else { return };
            let again = again.await.unwrap_or_default();
            let stages = second_readings(&api, first, again, tally);
            let (id, count) = (id_of(&api).unwrap_or_default().to_owned(), stages.len());
            if !self.hand_on(api, stages, tally).await && count > 0 {
                tally.lost(&id, &Failure::stopped(Reason::Interrupted, None));
            }
        }
    }
}

/// The stage as it is now.
enum Now {
    Read(Value<'static>),
    Deleted,
    Unknown(Failure),
}

impl Region {
    /// Reads stages of an API a second time.
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

    /// Lists the stages of an API again, since one of them was not found: none if the API is deleted.
    async fn listed_now(&self, id: &str) -> Result<Vec<Value<'static>>, Failure> {
        self.progress.foresee(1);
        let listing = self.list_stages(id).await;
        match listing.failed {
            None => Ok(listing.items),
            Some(failure) if failure.kind == FailureKind::Missing => match self.still_there(&[id]).await {
                Ok(there) if there.is_empty() => Ok(Vec::new()),
                Ok(_) => Err(failure.but_listed()),
                Err(why) => Err(failure.not_looked_up(&why)),
            },
            Some(failure) => Err(failure),
        }
    }
}

/// A stage that was not found: the one that the list has, or a deleted one.
fn looked_up(name: &str, failure: Failure, listed: Option<&Result<Vec<Value<'static>>, Failure>>) -> Now {
    match listed {
        Some(Ok(stages)) => {
            let mut found = stages.iter().filter(|stage| name_of(stage) == Some(name));
            match (found.next(), found.next()) {
                (None, _) => Now::Deleted,
                (Some(stage), None) => Now::Read(stage.clone()),
                (Some(_), Some(_)) => Now::Unknown(Failure::two_answers(Operation::GetStages, "the stage")),
            }
        }
        Some(Err(why)) => Now::Unknown(failure.not_looked_up(why)),
        None => Now::Unknown(failure),
    }
}

/// The stages as they are now. Where that cannot be known the first reading stands, and a warning says so, or a gap
/// where the fetch was stopped.
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
                tally.warn("deleted", message, id, Some(&name));
                continue;
            }
            Some(Now::Unknown(why)) => why,
            None => Failure::internal("it was not read"),
        };
        if let FailureKind::Stopped(_) = why.kind {
            // It may be read another time, and then it is known.
            tally.unconfirmed(&why, id, &name);
        } else {
            let message = format!(
                "stage {name} of API {id} could not be read a second time ({}: {}); what follows rests on the first",
                why.code, why.message
            );
            tally.warn("not-confirmed", message, id, Some(&name));
        }
        stages.push(stage);
    }
    stages
}
