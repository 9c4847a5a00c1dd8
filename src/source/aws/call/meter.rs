//! The counters of one account and Region: requests made and foreseen, and the pace of further ones. It must not know how
//! progress is shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

use super::pace::{Pace, Pacer};

/// The counters of one account and Region, read while they grow.
#[derive(Debug, Default)]
pub struct Meter {
    pacer: Option<Arc<Pacer>>,
    sent: AtomicU64,
    /// Requests that are known to be needed, sent ones included.
    expected: AtomicU64,
    /// True once the APIs are listed, so that `expected` is more than a beginning.
    listed: AtomicBool,
    stages: AtomicU64,
    answered: AtomicU64,
    waited: AtomicU64,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub sent: u64,
    pub stages: u64,
    pub answered: u64,
    /// The time spent waiting for answers, in microseconds.
    pub waited: u64,
}

impl Meter {
    /// Counters at zero; one request is foreseen.
    pub fn new(pacer: Arc<Pacer>) -> Self {
        Self {
            pacer: Some(pacer),
            expected: AtomicU64::new(1),
            ..Self::default()
        }
    }

    /// The APIs are listed, and the stages of so many will be read.
    pub fn listed(&self, apis: usize) {
        // A list may have ended before its last page.
        self.expected
            .store(load(&self.sent) + apis as u64, Ordering::Relaxed);
        self.listed.store(true, Ordering::Relaxed);
    }

    /// So many more requests are known to be needed.
    pub fn foresee(&self, requests: usize) {
        self.expected.fetch_add(requests as u64, Ordering::Relaxed);
    }

    pub fn read(&self, stages: usize) {
        self.stages.fetch_add(stages as u64, Ordering::Relaxed);
    }

    pub fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered after so long.
    pub fn answered(&self, after: Duration) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.waited.fetch_add(
            u64::try_from(after.as_micros()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
    }

    pub fn counts(&self) -> Counts {
        Counts {
            sent: load(&self.sent),
            stages: load(&self.stages),
            answered: load(&self.answered),
            waited: load(&self.waited),
        }
    }

    pub fn expected(&self) -> u64 {
        load(&self.expected)
    }

    pub fn is_listed(&self) -> bool {
        self.listed.load(Ordering::Relaxed)
    }

    /// The pace of further requests; `None` if they are not paced.
    pub fn pace(&self) -> Option<Pace> {
        self.pacer.as_ref().and_then(|pacer| pacer.pace())
    }
}

/// The number of requests that a client sends. A request that has no credentials, or cannot be signed, is not sent.
#[derive(Clone, Debug, Default)]
pub struct Sent(Arc<AtomicU64>);

impl Sent {
    /// Returns the number so far, retries included.
    pub fn count(&self) -> u64 {
        load(&self.0)
    }
}

impl Intercept for Sent {
    fn name(&self) -> &'static str {
        "Sent"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn load(number: &AtomicU64) -> u64 {
    number.load(Ordering::Relaxed)
}
