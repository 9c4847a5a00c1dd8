//! The reading of a Region: its APIs, then the stages of each. It must not know how a call is made or retried.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};

use super::pages::{Listing, each_once};
use super::recheck::Recheck;
use super::region::Region;
use super::tally::ScopeTally;
use crate::model::{Document, Value};
use crate::source::aws::call::{Failure, FailureKind, Operation, Reason};
use crate::source::aws::kind::{id_of, name_of, protocol_of};

/// The stages of an API, as far as they could be read.
#[derive(Default)]
struct Stages {
    read: Vec<Value<'static>>,
    /// The names of stages that were returned twice, with different contents.
    twice: Vec<String>,
    failed: Option<(Operation, Failure)>,
}

impl Stages {
    /// True if AWS reports that the API does not exist.
    fn vanished(&self) -> bool {
        self.failed
            .as_ref()
            .is_some_and(|(operation, failure)| is_deleted(*operation, failure))
    }
}

impl Region {
    /// Reads the Region. Each API's stages are one chunk, in the order of the APIs' identifiers; stages that are read
    /// a second time come later, in that order too.
    pub async fn read(self) -> ScopeTally {
        let region = Arc::new(self);
        let mut tally = ScopeTally::new(region.account.as_deref(), &region.name);
        let apis = region.apis(&mut tally).await;
        region.meter.listed(apis.len());
        let (mut recheck, mut vanished) = (Recheck::default(), Vec::new());
        // In order, and only so many at once, so that memory does not grow with the number of APIs.
        let reads = apis.into_iter().map(|api| {
            let (region, id) = (
                Arc::clone(&region),
                id_of(&api).unwrap_or_default().to_owned(),
            );
            // A task of its own goes on while the others' chunks wait to be taken.
            let stages = tokio::spawn(async move { region.stages_of(&id).await });
            async move { (api, stages.await) }
        });
        let mut reads = stream::iter(reads).buffered(region.width.max(1)).boxed();
        while let Some((api, stages)) = reads.next().await {
            let stages = stages.unwrap_or_else(|error| Stages {
                failed: Some((
                    region.stage_operation(),
                    Failure::internal(error.to_string()),
                )),
                ..Stages::default()
            });
            if stages.vanished() {
                vanished.push((api, stages));
                continue;
            }
            region.deliver(api, stages, &mut recheck, &mut tally).await;
            if recheck.is_full() {
                std::mem::take(&mut recheck).run(&region, &mut tally).await;
            }
        }
        region.look_again(vanished, &mut recheck, &mut tally).await;
        recheck.run(&region, &mut tally).await;
        tally.scope.requests = Some(region.control_plane.channel.sent().count());
        if let Some(spool) = region
            .request
            .spool
            .as_ref()
            .filter(|_| tally.gaps.is_empty())
        {
            spool.close(&tally.scope, &tally.warnings, &tally.found);
        }
        tally
    }

    /// The APIs to read, in order; those that no rule can match are only counted.
    async fn apis(&self, tally: &mut ScopeTally) -> Vec<Value<'static>> {
        let mut apis = match self.only_api().await {
            Some(Ok(api)) => Vec::from_iter(api),
            Some(Err(failure)) => {
                tally.unlisted(
                    Operation::GetApi,
                    &failure,
                    self.request.selection.apis.first().map(String::as_str),
                    false,
                );
                Vec::new()
            }
            None => {
                let ids: Vec<&str> = self
                    .request
                    .selection
                    .apis
                    .iter()
                    .map(String::as_str)
                    .collect();
                let listing = self.list_apis(&ids).await;
                if let Some(failure) = listing.failed {
                    tally.unlisted(Operation::GetApis, &failure, None, listing.pages > 0);
                }
                listing.items
            }
        };
        let selection = &self.request.selection;
        apis.retain(|api| selection.has_api(id_of(api)));
        // While the pages are read an API may be made or deleted, and another one be listed twice.
        let twice = each_once(&mut apis, id_of);
        let is_twice = |api: &_| id_of(api).is_some_and(|id| twice.iter().any(|twice| twice == id));
        tally.found_apis(&apis, selection);
        apis.retain(|api| selection.has_protocol(protocol_of(api)) || is_twice(api));
        tally.scope.apis = apis.len() as u64;
        for id in &twice {
            tally.unread(
                Operation::GetApis,
                &Failure::two_answers(Operation::GetApis, "the API"),
                id,
                None,
            );
        }
        apis.retain(|api| !is_twice(api));
        apis.retain(|api| {
            let document =
                Document::before_its_stages(self.account.as_deref(), Some(&self.name), api);
            let fetched = (self.request.may_match)(&document);
            if !fetched {
                tally.scope.skipped_apis += 1;
            }
            fetched
        });
        apis
    }

    fn stage_operation(&self) -> Operation {
        if self.only_stage().is_some() {
            Operation::GetStage
        } else {
            Operation::GetStages
        }
    }

    async fn stages_of(&self, api_id: &str) -> Stages {
        if let Some(stage) = self.only_stage() {
            return match self.control_plane.get_stage(api_id, stage).await {
                Ok(stage) => Stages {
                    read: vec![stage],
                    ..Stages::default()
                },
                Err(failure)
                    if failure.kind == FailureKind::Missing
                        && failure.message.contains("stage identifier") =>
                {
                    Stages::default()
                }
                Err(failure) => Stages {
                    failed: Some((Operation::GetStage, failure)),
                    ..Stages::default()
                },
            };
        }
        let Listing {
            mut items, failed, ..
        } = self.list_stages(api_id).await;
        items.retain(|stage| self.request.selection.has_stage(name_of(stage)));
        let twice = each_once(&mut items, name_of);
        items.retain(|stage| {
            !name_of(stage).is_some_and(|name| twice.iter().any(|twice| twice == name))
        });
        Stages {
            read: items,
            twice,
            failed: failed.map(|failure| (Operation::GetStages, failure)),
        }
    }

    /// Looks APIs up again that were listed and then not found: they are deleted if AWS no longer lists them, and not
    /// read otherwise. A list costs one call for each page, whatever their number, and needs no permission of its own.
    async fn look_again(
        &self,
        vanished: Vec<(Value<'static>, Stages)>,
        recheck: &mut Recheck,
        tally: &mut ScopeTally,
    ) {
        if vanished.is_empty() {
            return;
        }
        let ids: Vec<&str> = vanished.iter().filter_map(|(api, _)| id_of(api)).collect();
        let there = self.still_there(&ids).await;
        for (api, mut stages) in vanished {
            let id = id_of(&api).unwrap_or_default().to_owned();
            match &there {
                Ok(there) if !there.contains(&id) => tally.deleted(&id),
                Ok(_) => {
                    stages.failed = stages.failed.map(|(operation, failure)| {
                        (operation, failure.but_listed(Operation::GetApis, "API"))
                    });
                    self.deliver(api, stages, recheck, tally).await;
                }
                Err(why) => {
                    stages.failed = stages
                        .failed
                        .map(|(operation, failure)| (operation, failure.not_looked_up(why)));
                    self.deliver(api, stages, recheck, tally).await;
                }
            }
        }
    }

    /// Hands on the stages of an API that were read, and notes the gaps.
    async fn deliver(
        &self,
        api: Value<'static>,
        stages: Stages,
        recheck: &mut Recheck,
        tally: &mut ScopeTally,
    ) {
        let id = id_of(&api).unwrap_or_default().to_owned();
        tally.found_stages(&stages.read, &self.request.selection);
        let two_answers = Failure::two_answers(Operation::GetStages, "the stage");
        let mut missing: Vec<(Operation, &Failure, Option<&str>)> = Vec::new();
        missing.extend(
            stages
                .failed
                .as_ref()
                .map(|(operation, failure)| (*operation, failure, self.only_stage())),
        );
        missing.extend(
            stages
                .twice
                .iter()
                .map(|name| (Operation::GetStages, &two_answers, Some(name.as_str()))),
        );
        for (number, (operation, failure, stage)) in missing.iter().enumerate() {
            if number == 0 {
                tally.unread(*operation, failure, &id, *stage);
            } else {
                tally.gap(*operation, failure, Some(&id), *stage);
            }
        }
        let whole = missing.is_empty();
        let Some((api, stages)) = recheck.set_aside(self, api, stages.read).await else {
            if whole {
                let failure =
                    Failure::internal("the stages for the second reading could not be chosen");
                tally.unread(self.stage_operation(), &failure, &id, self.only_stage());
            }
            return;
        };
        if self.hand_on(api, stages, tally).await {
            if whole {
                tally.scope.checked_apis += 1;
            }
        } else if whole {
            // The feed is closed, so these stages are not audited.
            let failure = Failure::stopped(Reason::Interrupted, None);
            tally.unread(self.stage_operation(), &failure, &id, self.only_stage());
        }
    }
}

/// True if the answer reports that the API is missing. For GetStage, only the message can: its other 404 is a stage's.
fn is_deleted(operation: Operation, failure: &Failure) -> bool {
    failure.kind == FailureKind::Missing
        && (operation != Operation::GetStage || failure.message.contains("API identifier"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_about_the_api_means_that_it_is_deleted() {
        let missing = |message: &str| Failure {
            kind: FailureKind::Missing,
            code: "NotFoundException".to_owned(),
            message: message.to_owned(),
            attempts: 1,
            role: None,
        };
        let api = missing("Invalid API identifier specified 111122223333:a1");
        assert!(is_deleted(Operation::GetStage, &api) && is_deleted(Operation::GetStages, &api));
        assert!(!is_deleted(Operation::GetStage, &missing("Not Found")));
        assert!(!is_deleted(Operation::GetStages, &Failure::broken("x")));
    }
}
