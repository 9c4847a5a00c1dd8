//! How far a fetch has come, and how much is left of it. It must not know how that is shown.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The counters of a fetch, read while it runs.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    rate: f64,
    /// How many accounts and Regions there are, as far as that is known.
    planned: AtomicU64,
    done: AtomicU64,
    stages: AtomicU64,
    /// The requests of scopes that are done.
    spent: AtomicU64,
    open: Mutex<Vec<Weak<ScopeProgress>>>,
}

/// The counters of one account and Region.
#[derive(Debug, Default)]
pub(super) struct ScopeProgress {
    stages: AtomicU64,
    sent: AtomicU64,
    expected: AtomicU64,
    listed: AtomicU64,
}

impl ScopeProgress {
    /// So many more requests are known to be needed.
    pub(super) fn foresee(&self, requests: usize) {
        self.listed.store(1, Ordering::Relaxed);
        self.expected.fetch_add(requests as u64, Ordering::Relaxed);
    }

    /// So many stages were read.
    pub(super) fn read(&self, stages: usize) {
        self.stages.fetch_add(stages as u64, Ordering::Relaxed);
    }

    /// A request was sent.
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where a fetch stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Accounts and Regions that are read to their end.
    pub done: u64,
    /// All of them, as far as they are known.
    pub planned: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests that will have been sent at the end, as far as it can be foreseen.
    pub expected: u64,
    /// Stages that were read.
    pub stages: u64,
    /// How long it will still take; `None` while nothing is known.
    pub left: Option<Duration>,
}

impl Progress {
    pub(super) fn new(rate: f64) -> Self {
        Self {
            started: Instant::now(),
            rate,
            planned: AtomicU64::new(0),
            done: AtomicU64::new(0),
            stages: AtomicU64::new(0),
            spent: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    /// So many more accounts and Regions will be read.
    pub(super) fn plan(&self, scopes: usize) {
        self.planned.fetch_add(scopes as u64, Ordering::Relaxed);
    }

    /// One of them is read from now on.
    pub(super) fn open(&self) -> Arc<ScopeProgress> {
        let scope = Arc::new(ScopeProgress { expected: AtomicU64::new(1), ..ScopeProgress::default() });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|scope| scope.strong_count() > 0);
        open.push(Arc::downgrade(&scope));
        scope
    }

    /// One of them is done.
    pub(super) fn close(&self, scope: &ScopeProgress) {
        self.stages.fetch_add(scope.stages.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        self.spent.fetch_add(scope.sent.swap(0, Ordering::Relaxed), Ordering::Relaxed);
        scope.expected.store(0, Ordering::Relaxed);
        self.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Where the fetch stands now.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    pub fn standing(&self) -> Standing {
        let load = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let (done, planned, spent) = (load(&self.done), load(&self.planned), load(&self.spent));
        let (mut sent, mut expected, mut listed, mut longest) = (spent, spent, done, 0);
        let mut stages = load(&self.stages);
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in open.iter().filter_map(Weak::upgrade) {
            let (of_it, wanted) = (load(&scope.sent), load(&scope.expected));
            sent += of_it;
            expected += wanted.max(of_it);
            stages += load(&scope.stages);
            longest = longest.max(wanted.saturating_sub(of_it));
            if wanted > 0 {
                listed += load(&scope.listed);
            }
        }
        drop(open);
        // What is not listed yet is taken to be as large as the others.
        if listed > 0 && planned > listed {
            expected += ((expected as f64 / listed as f64) * (planned - listed) as f64) as u64;
        }
        let elapsed = self.started.elapsed().as_secs_f64();
        let left = (listed > 0 && sent > 0).then(|| {
            let at_this_pace = expected.saturating_sub(sent) as f64 * elapsed / sent as f64;
            let of_the_largest = if self.rate > 0.0 { longest as f64 / self.rate } else { 0.0 };
            Duration::try_from_secs_f64(if planned > 1 {
                at_this_pace.max(of_the_largest)
            } else {
                of_the_largest.max(0.0)
            })
            .unwrap_or(Duration::MAX)
        });
        Standing { done, planned, sent, expected, stages, left }
    }
}
