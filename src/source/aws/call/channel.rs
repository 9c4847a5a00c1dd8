//! The channel to API Gateway in one account and Region, and the one place in the program that sends requests there: a
//! token of the pacer, the attempt, its failure, the next attempt. It must not know which calls a survey needs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until};

use super::failure::Failure;
use super::failure_kind::FailureKind;
use super::meter::{Meter, Sent};
use super::operation::Operation;
use super::pace::Pacer;
use super::retry::RetryPolicy;
use super::stop::Stop;

/// Answers in a row that report an expired session, after which no more requests are sent.
const EXPIRED_IN_A_ROW: u32 = 8;

/// The channel to API Gateway in one account and Region.
#[derive(Debug)]
pub struct Channel {
    region: Arc<str>,
    pacer: Arc<Pacer>,
    /// The slots of all requests in flight, in other Regions too.
    in_flight: Arc<Semaphore>,
    stop: Stop,
    retry: RetryPolicy,
    meter: Arc<Meter>,
    sent: Sent,
    expired_in_a_row: AtomicU32,
}

impl Channel {
    pub fn new(
        region: Arc<str>,
        pacer: Arc<Pacer>,
        in_flight: Arc<Semaphore>,
        stop: Stop,
        retry: RetryPolicy,
        meter: Arc<Meter>,
    ) -> Self {
        let (sent, expired_in_a_row) = (Sent::default(), AtomicU32::new(0));
        Self {
            region,
            pacer,
            in_flight,
            stop,
            retry,
            meter,
            sent,
            expired_in_a_row,
        }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// The counter of requests, which the SDK's client feeds.
    pub const fn sent(&self) -> &Sent {
        &self.sent
    }

    pub const fn most_pages(&self) -> usize {
        self.retry.pages
    }

    /// Waits until then, or until the fetch is stopped.
    pub async fn pause_until(&self, then: Instant) {
        // Once stopped, every call fails at once and reports it.
        let _ = self.stop.unless(sleep_until(then)).await;
    }

    /// Makes a call, with retries. `read` returns `None` for an answer that is not valid.
    pub async fn call<O, E, T, F>(
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
        let (send, read) = (&send, &read);
        let attempt = |number| async move {
            if self.expired_in_a_row.load(Ordering::Relaxed) >= EXPIRED_IN_A_ROW {
                let message = "not sent: earlier answers reported an expired session";
                return Err(Failure::new(FailureKind::SessionOver, message));
            }
            let answer = match self.stop.unless(self.attempt(send)).await {
                Ok(Ok(output)) => {
                    read(output).ok_or_else(|| Failure::broken("the answer lacks required members"))
                }
                Ok(Err(error)) => Err(Failure::of(&error)),
                Err(reason) => Err(Failure::stopped(reason, None)),
            };
            tracing::debug!(
                target: "driftgate",
                operation = operation.name(),
                region = &*self.region,
                api = api_id.unwrap_or_default(),
                number,
                outcome = answer.as_ref().map_or_else(|failure| failure.code.as_str(), |_| "ok"),
                "attempt"
            );
            self.learn(answer.as_ref().err());
            answer
        };
        let failed = |failure: &Failure, pause: Option<_>| {
            if let FailureKind::Throttled(_) = failure.kind {
                self.pacer.throttled(pause.unwrap_or(self.retry.throttled));
            }
            self.meter.foresee(usize::from(pause.is_some()));
        };
        self.retry
            .run(attempt, failed, |pause| self.stop.unless(sleep(pause)))
            .await
    }

    /// Sends one request, when the pacer lets it.
    async fn attempt<T, F: Future<Output = T>>(&self, send: impl Fn() -> F) -> T {
        let _slot = self.pacer.admit(&self.in_flight).await;
        self.meter.sent();
        let start = Instant::now();
        let answer = send().await;
        self.meter.answered(start.elapsed());
        answer
    }

    /// Draws conclusions from an answer for the calls that follow.
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
