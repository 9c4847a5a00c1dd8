//! Which calls a fetch makes, and in what order: the APIs of a Region, then the stages of each. It must not know how a
//! call is made or retried.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::mpsc;

use super::progress::ScopeProgress;
use super::recheck::Doubts;
use super::tally::ScopeTally;
use crate::model::feed::{Chunk, Selection};
use crate::model::{Document, Value};
use crate::source::aws::call::control_plane::{ControlPlane, Page, id_of, name_of};
use crate::source::aws::call::failure::{Failure, FailureKind, Operation};
use crate::source::aws::call::stop::Reason;
use crate::source::aws::spool::Spool;

/// So many pages in a row that bring nothing new are one as well: AWS may send an empty page, but not twenty.
const MOST_IDLE: usize = 20;

/// Whether a rule can match a stage of an API of which nothing else is known yet.
pub type MayMatch = dyn Fn(&Document<'_>) -> bool + Send + Sync;

/// Whether a stage is worth a second look.
pub type Doubtful = dyn Fn(&Document<'_>) -> bool + Send + Sync;

/// One Region of an account, and what is wanted of it.
pub struct Region {
    pub account: Option<Arc<str>>,
    pub name: Arc<str>,
    pub control_plane: ControlPlane,
    pub selection: Arc<Selection>,
    pub may_match: Arc<MayMatch>,
    /// Which stages are read a second time before they are handed on.
    pub confirm: Option<Arc<Doubtful>>,
    /// How many APIs are read at once.
    pub width: usize,
    pub chunks: mpsc::Sender<Chunk>,
    /// Where what is handed on is kept as well.
    pub spool: Option<Arc<Spool>>,
    pub progress: Arc<ScopeProgress>,
}

/// The items of a list as far as its pages could be read.
pub struct Listing {
    pub items: Vec<Value<'static>>,
    /// How many pages were read.
    pages: usize,
    pub failed: Option<Failure>,
}

/// The stages of an API as far as they could be read.
#[derive(Default)]
struct Stages {
    read: Vec<Value<'static>>,
    /// The names of those that were answered twice, differently.
    twice: Vec<String>,
    failed: Option<(Operation, Failure)>,
}

impl Stages {
    /// Returns true if AWS says that the API does not exist.
    fn vanished(&self) -> bool {
        self.failed.as_ref().is_some_and(|(operation, failure)| is_deleted(*operation, failure))
    }
}

impl Region {
    /// Reads the Region. Each API's stages are one chunk, in the order of the APIs' identifiers; what is read a second
    /// time comes later, in that order too.
    pub async fn read(self) -> ScopeTally {
        let region = Arc::new(self);
        let mut tally = ScopeTally::new(region.account.as_deref(), &region.name);
        let apis = region.apis(&mut tally).await;
        region.progress.listed(apis.len());
        let mut apis = apis.into_iter();
        // In order, and only so many at once, so that memory does not grow with the number of APIs.
        let (mut reads, mut doubts, mut vanished) = (VecDeque::new(), Doubts::default(), Vec::new());
        loop {
            while reads.len() < region.width.max(1) {
                let Some(api) = apis.next() else { break };
                let (region, id) = (Arc::clone(&region), id_of(&api).unwrap_or_default().to_owned());
                // A task of its own goes on while the others' chunks wait to be taken.
                reads.push_back((api, tokio::spawn(async move { region.stages_of(&id).await })));
            }
            let Some((api, stages)) = reads.pop_front() else { break };
            let stages = stages.await.unwrap_or_else(|error| Stages {
                failed: Some((region.stage_operation(), Failure::internal(error.to_string()))),
                ..Stages::default()
            });
            if stages.vanished() {
                vanished.push((api, stages));
                continue;
            }
            region.deliver(api, stages, &mut doubts, &mut tally).await;
            if doubts.are_many() {
                region.settle(std::mem::take(&mut doubts), &mut tally).await;
            }
        }
        region.look_again(vanished, &mut doubts, &mut tally).await;
        region.settle(doubts, &mut tally).await;
        tally.requests(region.control_plane.requests());
        if let Some(spool) = &region.spool {
            spool.close(&tally);
        }
        tally
    }

    /// The APIs to read, in order; those that no rule can match are only counted.
    async fn apis(&self, tally: &mut ScopeTally) -> Vec<Value<'static>> {
        let mut apis = match self.only_api().await {
            Some(Ok(api)) => Vec::from_iter(api),
            Some(Err(failure)) => {
                tally.unlisted(Operation::GetApi, &failure, self.selection.apis.first().map(String::as_str), false);
                Vec::new()
            }
            None => {
                let all_found = |apis: &[Value<'static>]| {
                    let wanted = &self.selection.apis;
                    !wanted.is_empty() && wanted.iter().all(|id| apis.iter().any(|api| id_of(api) == Some(id)))
                };
                let page = |token| self.control_plane.get_apis(token);
                let listing = list(Operation::GetApis, self.most_pages(), &self.progress, page, all_found).await;
                if let Some(failure) = listing.failed {
                    tally.unlisted(Operation::GetApis, &failure, None, listing.pages > 0);
                }
                listing.items
            }
        };
        apis.retain(|api| self.selection.has_api(id_of(api)));
        // While the pages are read an API may be made or deleted, and another one be listed twice.
        let twice = each_once(&mut apis, id_of);
        tally.listed(&apis, &self.selection);
        for id in &twice {
            tally.unread(Operation::GetApis, &Failure::two_answers(Operation::GetApis, "the API"), id, None);
        }
        apis.retain(|api| !id_of(api).is_some_and(|id| twice.iter().any(|twice| twice == id)));
        apis.retain(|api| {
            let document = Document::before_its_stages(self.account.as_deref(), Some(&self.name), api);
            let fetched = (self.may_match)(&document);
            if !fetched {
                tally.skipped();
            }
            fetched
        });
        apis
    }

    /// The one API when one is named and one stage of it, or nothing where the Region does not have it. `None` when the
    /// APIs have to be listed: GetApi is not used then, or denied, as AWS's SecurityAudit policy leaves it.
    async fn only_api(&self) -> Option<Result<Option<Value<'static>>, Failure>> {
        self.only_stage()?;
        let [id] = self.selection.apis.as_slice() else { return None };
        match self.control_plane.get_api(id).await {
            Ok(api) => Some(Ok(Some(api))),
            Err(failure) => match failure.kind {
                // Another 404 is of something between here and AWS.
                FailureKind::Missing if failure.message.contains("API identifier") && failure.message.contains(id) => {
                    Some(Ok(None))
                }
                FailureKind::Denied => {
                    self.progress.foresee(1);
                    None
                }
                _ => Some(Err(failure)),
            },
        }
    }

    /// The stage when exactly one is named.
    fn only_stage(&self) -> Option<&str> {
        let [stage] = self.selection.stages.as_slice() else { return None };
        Some(stage)
    }

    fn most_pages(&self) -> usize {
        self.control_plane.retry().pages
    }

    fn stage_operation(&self) -> Operation {
        if self.only_stage().is_some() { Operation::GetStage } else { Operation::GetStages }
    }

    async fn stages_of(&self, api_id: &str) -> Stages {
        if let Some(stage) = self.only_stage() {
            return match self.control_plane.get_stage(api_id, stage).await {
                Ok(stage) => Stages { read: vec![stage], ..Stages::default() },
                Err(failure)
                    if failure.kind == FailureKind::Missing && failure.message.contains("stage identifier") =>
                {
                    Stages::default()
                }
                Err(failure) => Stages { failed: Some((Operation::GetStage, failure)), ..Stages::default() },
            };
        }
        let Listing { mut items, failed, .. } = self.list_stages(api_id).await;
        items.retain(|stage| self.selection.has_stage(name_of(stage)));
        let twice = each_once(&mut items, name_of);
        items.retain(|stage| !name_of(stage).is_some_and(|name| twice.iter().any(|twice| twice == name)));
        Stages { read: items, twice, failed: failed.map(|failure| (Operation::GetStages, failure)) }
    }

    /// Lists the stages of an API, page by page.
    pub async fn list_stages(&self, api_id: &str) -> Listing {
        let page = |token| self.control_plane.get_stages(api_id, token);
        list(Operation::GetStages, self.most_pages(), &self.progress, page, |_| false).await
    }

    /// Looks APIs up again that were listed and then not found: they are deleted if AWS no longer lists them, and not
    /// read otherwise. A list costs one call for each page, whatever their number, and needs no permission of its own.
    async fn look_again(&self, vanished: Vec<(Value<'static>, Stages)>, doubts: &mut Doubts, tally: &mut ScopeTally) {
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
                    stages.failed = stages.failed.map(|(operation, failure)| (operation, failure.but_listed()));
                    self.deliver(api, stages, doubts, tally).await;
                }
                Err(why) => {
                    stages.failed = stages.failed.map(|(operation, failure)| (operation, failure.not_looked_up(why)));
                    self.deliver(api, stages, doubts, tally).await;
                }
            }
        }
    }

    /// Returns those of the APIs that AWS still knows.
    pub async fn still_there(&self, ids: &[&str]) -> Result<BTreeSet<String>, Failure> {
        self.progress.foresee(1);
        match self.only_api().await {
            Some(Ok(api)) => return Ok(api.iter().filter_map(id_of).map(str::to_owned).collect()),
            Some(Err(failure)) => return Err(failure),
            None => {}
        }
        let all_found = |apis: &[Value<'static>]| ids.iter().all(|id| apis.iter().any(|api| id_of(api) == Some(*id)));
        let page = |token| self.control_plane.get_apis(token);
        let listing = list(Operation::GetApis, self.most_pages(), &self.progress, page, all_found).await;
        match listing.failed {
            Some(failure) => Err(failure),
            None => Ok(listing.items.iter().filter_map(id_of).map(str::to_owned).collect()),
        }
    }

    /// Hands on what was read of an API, and writes down what was not.
    async fn deliver(&self, api: Value<'static>, stages: Stages, doubts: &mut Doubts, tally: &mut ScopeTally) {
        let id = id_of(&api).unwrap_or_default().to_owned();
        tally.found_stages(&stages.read, &self.selection);
        let two_answers = Failure::two_answers(Operation::GetStages, "the stage");
        let mut missing: Vec<(Operation, &Failure, Option<&str>)> = Vec::new();
        missing.extend(stages.failed.as_ref().map(|(operation, failure)| (*operation, failure, self.only_stage())));
        missing.extend(stages.twice.iter().map(|name| (Operation::GetStages, &two_answers, Some(name.as_str()))));
        for (number, (operation, failure, stage)) in missing.iter().enumerate() {
            if number == 0 {
                tally.unread(*operation, failure, &id, *stage);
            } else {
                tally.unread_too(*operation, failure, &id, *stage);
            }
        }
        let whole = missing.is_empty();
        let Some((api, stages)) = doubts.set_aside(self, api, stages.read).await else {
            if whole {
                let failure = Failure::internal("whether its stages are worth a second look could not be found out");
                tally.unread(self.stage_operation(), &failure, &id, self.only_stage());
            }
            return;
        };
        if self.hand_on(api, stages, tally).await {
            if whole {
                tally.checked();
            }
        } else if whole {
            // Nobody listens any more, so what was read is not audited.
            let failure = Failure::stopped(Reason::Interrupted, None);
            tally.unread(self.stage_operation(), &failure, &id, self.only_stage());
        }
    }

    /// Hands stages on; whether somebody took them.
    pub async fn hand_on(&self, api: Value<'static>, stages: Vec<Value<'static>>, tally: &mut ScopeTally) -> bool {
        if stages.is_empty() {
            return true;
        }
        if let Some(spool) = &self.spool {
            spool.stages(self.account.as_deref(), &self.name, &api, &stages);
        }
        let (read, region) = (stages.len(), Some(Arc::clone(&self.name)));
        let chunk = Chunk::Api { account: self.account.clone(), region, api, stages };
        let taken = self.chunks.send(chunk).await.is_ok();
        if taken {
            tally.handed_on(read);
            self.progress.read(read);
        }
        taken
    }
}

/// Sorts items by their key and keeps each once. Returns the keys of those that were read twice with different contents.
fn each_once(items: &mut Vec<Value<'static>>, key: for<'v> fn(&'v Value<'static>) -> Option<&'v str>) -> Vec<String> {
    items.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut twice: Vec<String> = Vec::new();
    items.dedup_by(|later, kept| {
        let same = key(later) == key(kept);
        if same && later != kept {
            twice.extend(key(kept).map(str::to_owned));
        }
        same
    });
    twice.dedup();
    twice
}

/// Whether the answer says that the API is gone. GetStage must say so in words: its other 404 is about the stage.
fn is_deleted(operation: Operation, failure: &Failure) -> bool {
    failure.kind == FailureKind::Missing
        && (operation != Operation::GetStage || failure.message.contains("API identifier"))
}

/// Follows the page tokens of a list to its end, or until `enough` was read.
async fn list<F>(
    operation: Operation,
    most: usize,
    progress: &ScopeProgress,
    page: impl Fn(Option<String>) -> F,
    enough: impl Fn(&[Value<'static>]) -> bool,
) -> Listing
where
    F: Future<Output = Result<Page, Failure>>,
{
    let mut listing = Listing { items: Vec::new(), pages: 0, failed: None };
    let (mut token, mut seen) = (None, HashSet::new());
    let (mut known, mut idle) = (HashSet::new(), 0);
    loop {
        match page(token).await {
            Ok(page) => {
                listing.pages += 1;
                let new = |item: &&Value<'static>| {
                    let key = id_of(item).or_else(|| name_of(item));
                    key.is_none_or(|key| known.insert(key.to_owned()))
                };
                idle = if page.items.iter().filter(new).count() == 0 { idle + 1 } else { 0 };
                listing.items.extend(page.items);
                token = page.next.filter(|token| !token.is_empty());
            }
            Err(failure) => {
                listing.failed = Some(failure);
                return listing;
            }
        }
        let Some(token) = &token else { return listing };
        if let Err(failure) = Failure::check_token(token) {
            listing.failed = Some(failure);
            return listing;
        }
        if enough(&listing.items) {
            return listing;
        }
        if !seen.insert(token.clone()) || listing.pages >= most || idle >= MOST_IDLE {
            listing.failed = Some(Failure::endless(operation, listing.pages));
            return listing;
        }
        progress.foresee(1);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const MOST: usize = 100;

    async fn listed(answers: &[Option<&str>]) -> Listing {
        let at = Cell::new(0);
        let answer = |_| {
            at.set(at.get() + 1);
            let next = answers[at.get() - 1].map(str::to_owned);
            std::future::ready(Ok(Page { items: vec![Value::text("item")], next }))
        };
        list(Operation::GetApis, MOST, &ScopeProgress::default(), answer, |_| false).await
    }

    #[tokio::test]
    async fn pages_are_followed_to_the_end() {
        let listing = listed(&[Some("a"), Some("b"), None]).await;
        assert_eq!((listing.items.len(), listing.pages, listing.failed.is_none()), (3, 3, true));
        assert_eq!(listed(&[Some("")]).await.pages, 1, "an empty token is none");
    }

    #[tokio::test]
    async fn a_circle_of_tokens_is_found_whatever_its_length() {
        for circle in [&[Some("a"), Some("a")][..], &[Some("a"), Some("b"), Some("a")]] {
            let listing = listed(circle).await;
            assert_eq!(listing.failed.unwrap().code, "RepeatedPageToken");
        }
    }

    #[tokio::test]
    async fn pages_that_bring_nothing_new_are_given_up_soon() {
        let count = Cell::new(0);
        let answer = |_| {
            count.set(count.get() + 1);
            std::future::ready(Ok(Page { items: Vec::new(), next: Some(count.get().to_string()) }))
        };
        let listing = list(Operation::GetApis, MOST, &ScopeProgress::default(), answer, |_| false).await;
        assert_eq!((listing.pages, listing.failed.unwrap().kind), (MOST_IDLE, FailureKind::Endless));
    }

    #[tokio::test]
    async fn a_list_without_end_is_given_up() {
        let count = Cell::new(0);
        let answer = |_| {
            count.set(count.get() + 1);
            std::future::ready(Ok(Page { items: vec![Value::text("item")], next: Some(count.get().to_string()) }))
        };
        let listing = list(Operation::GetStages, MOST, &ScopeProgress::default(), answer, |_| false).await;
        assert_eq!((listing.pages, listing.failed.unwrap().kind), (MOST, FailureKind::Endless));
    }

    #[test]
    fn only_words_about_the_api_mean_that_it_is_gone() {
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
