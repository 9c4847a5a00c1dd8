//! The calls to API Gateway of one account and Region, and the one place in the program that sends them: a token of the
//! pacer, the attempt, what became of it, and the next attempt. It must not know which calls a fetch needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_apigatewayv2::Client;
use aws_sdk_apigatewayv2::operation::get_apis::GetApisOutput;
use aws_sdk_apigatewayv2::operation::get_stages::GetStagesOutput;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use super::failure::{Failure, FailureKind, Operation};
use super::pace::Pacer;
use super::retry::RetryPolicy;
use super::sent::Sent;
use super::stop::Stop;
use crate::model::Value;
use crate::model::catalogue::{API, STAGE, position};
use crate::source::aws::kind::v2::convert;
use crate::source::aws::survey::progress::ScopeProgress;

/// After how many answers in a row that the session is over no more requests are sent.
const EXPIRED_IN_A_ROW: u32 = 8;

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    pub items: Vec<Value<'static>>,
    /// What asks for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// The control plane of one account and Region.
#[derive(Debug)]
pub struct ControlPlane {
    region: Arc<str>,
    client: Client,
    pacer: Arc<Pacer>,
    /// The places of all requests in flight, those of other Regions too.
    in_flight: Arc<Semaphore>,
    stop: Stop,
    retry: RetryPolicy,
    progress: Arc<ScopeProgress>,
    sent: Sent,
    expired_in_a_row: AtomicU32,
}

impl ControlPlane {
    pub fn new(
        region: Arc<str>,
        (client, sent): (Client, Sent),
        pacer: Arc<Pacer>,
        in_flight: Arc<Semaphore>,
        stop: Stop,
        retry: RetryPolicy,
        progress: Arc<ScopeProgress>,
    ) -> Self {
        let expired_in_a_row = AtomicU32::new(0);
        Self { region, client, pacer, in_flight, stop, retry, progress, sent, expired_in_a_row }
    }

    /// How long it bears with what fails.
    pub const fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Waits until then, or until the fetch is stopped.
    pub async fn pause_until(&self, then: Instant) {
        // Once stopped, every call fails at once, and says so.
        let _ = self.stop.unless(sleep_until(then)).await;
    }

    /// How many requests were sent so far, retries included.
    pub fn requests(&self) -> u64 {
        self.sent.count()
    }

    /// One page of the APIs.
    pub async fn get_apis(&self, token: Option<String>) -> Result<Page, Failure> {
        let send = || self.client.get_apis().set_next_token(token.clone()).send();
        self.call(Operation::GetApis, None, send, apis).await
    }

    /// The first APIs, at most so many.
    pub async fn first_apis(&self, most: u32) -> Result<Page, Failure> {
        let send = || self.client.get_apis().max_results(most.to_string()).send();
        self.call(Operation::GetApis, None, send, apis).await
    }

    /// One API.
    pub async fn get_api(&self, api_id: &str) -> Result<Value<'static>, Failure> {
        let send = || self.client.get_api().api_id(api_id).send();
        self.call(Operation::GetApi, Some(api_id), send, |api| {
            let api = convert::api_output(api);
            (id_of(&api) == Some(api_id)).then_some(api)
        })
        .await
    }

    /// One page of the stages of an API.
    pub async fn get_stages(&self, api_id: &str, token: Option<String>) -> Result<Page, Failure> {
        let send = || self.client.get_stages().api_id(api_id).set_next_token(token.clone()).send();
        self.call(Operation::GetStages, Some(api_id), send, stages).await
    }

    /// The first stages of an API, at most so many.
    pub async fn first_stages(&self, api_id: &str, most: u32) -> Result<Page, Failure> {
        let send = || self.client.get_stages().api_id(api_id).max_results(most.to_string()).send();
        self.call(Operation::GetStages, Some(api_id), send, stages).await
    }

    /// One stage of an API.
    pub async fn get_stage(&self, api_id: &str, stage: &str) -> Result<Value<'static>, Failure> {
        let send = || self.client.get_stage().api_id(api_id).stage_name(stage).send();
        self.call(Operation::GetStage, Some(api_id), send, |found| {
            let found = convert::stage_output(found);
            (name_of(&found) == Some(stage)).then_some(found)
        })
        .await
    }

    /// Makes a call, again if need be. `read` returns `None` for an answer that is not one.
    async fn call<O, E, T, F>(
        &self,
        operation: Operation,
        api_id: Option<&str>,
        send: impl Fn() -> F,
        read: impl Fn(O) -> Option<T>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        let (mut attempt, mut before) = (1, None);
        loop {
            if self.expired_in_a_row.load(Ordering::Relaxed) >= EXPIRED_IN_A_ROW {
                return Err(Failure::session_is_over());
            }
            let answer = match self.stop.unless(self.attempt(&send)).await {
                Ok(Ok(output)) => read(output).ok_or_else(|| Failure::broken("the answer lacks what it must have")),
                Ok(Err(error)) => Err(Failure::of(&error)),
                Err(reason) => Err(Failure::stopped(reason, before.as_ref())),
            };
            tracing::debug!(
                target: "driftgate",
                operation = operation.name(),
                region = &*self.region,
                api = api_id.unwrap_or_default(),
                number = attempt,
                outcome = answer.as_ref().map_or_else(|failure| failure.code.as_str(), |_| "ok"),
                "attempt"
            );
            self.learn(answer.as_ref().err());
            let mut failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            failure.attempts = attempt;
            let pause = self.retry.pause_after(&failure);
            if let FailureKind::Throttled(_) = failure.kind {
                self.pacer.throttled(pause.unwrap_or(self.retry.throttled));
            }
            let Some(pause) = pause else { return Err(failure) };
            self.progress.foresee(1);
            if let Err(reason) = self.stop.unless(sleep(pause)).await {
                return Err(Failure::stopped(reason, Some(&failure)));
            }
            (attempt, before) = (attempt + 1, Some(failure));
        }
    }

    /// Sends one request, when the pacer lets it.
    async fn attempt<T, F: Future<Output = T>>(&self, send: impl Fn() -> F) -> T {
        let _place = self.pacer.admit(&self.in_flight).await;
        self.progress.sent();
        let start = Instant::now();
        let answer = send().await;
        self.progress.answered(start.elapsed());
        answer
    }

    /// What an answer says about the calls that follow.
    fn learn(&self, failure: Option<&Failure>) {
        match failure.map(|failure| failure.kind) {
            None => {
                self.pacer.answered();
                self.expired_in_a_row.store(0, Ordering::Relaxed);
            }
            Some(FailureKind::Expired) => {
                self.expired_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => {}
        }
    }
}

/// A page of APIs; `None` where it is none.
fn apis(page: GetApisOutput) -> Option<Page> {
    // The SDK takes an empty body for an answer in which nothing is set, which is not an empty list.
    let items: Vec<_> = page.items?.into_iter().map(convert::api).collect();
    items.iter().all(|api| id_of(api).is_some()).then_some(Page { items, next: page.next_token })
}

/// A page of stages; `None` where it is none.
fn stages(page: GetStagesOutput) -> Option<Page> {
    let items: Vec<_> = page.items?.into_iter().map(convert::stage).collect();
    items.iter().all(|stage| name_of(stage).is_some()).then_some(Page { items, next: page.next_token })
}

/// The identifier of an API.
pub fn id_of<'v>(api: &'v Value<'static>) -> Option<&'v str> {
    api.member(const { position(API, "ApiId") }).as_text()
}

/// The name of a stage.
pub fn name_of<'v>(stage: &'v Value<'static>) -> Option<&'v str> {
    stage.member(const { position(STAGE, "StageName") }).as_text()
}

#[cfg(test)]
mod tests;
