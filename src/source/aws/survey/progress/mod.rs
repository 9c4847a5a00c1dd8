//! The progress of a fetch, and the estimate of the rest. It must not know how they are shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::source::aws::call::{Counts, Meter, Pace, Pacer};

/// The counters of a fetch, read while it runs.
#[derive(Debug)]
pub struct Progress {
    limits: Limits,
    state: Mutex<Counters>,
}

/// The limits on the speed of a fetch.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The rate for each account and Region; 0 for no limit.
    pub rate: f64,
    /// Requests to each that may be sent at once.
    pub burst: u32,
    pub concurrency: usize,
    pub scopes: usize,
}

#[derive(Debug, Default)]
struct Counters {
    /// Accounts whose Regions are not known yet, and the estimate for each.
    accounts: u64,
    regions_each: u64,
    known: u64,
    done: u64,
    /// The done ones that took no request: an earlier run had read them.
    resumed: u64,
    spent: Counts,
    open: Vec<Arc<Meter>>,
}

impl Progress {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            state: Mutex::default(),
        }
    }

    /// So many accounts will be read, with an estimate of the Regions of each.
    pub(crate) fn plan(&self, accounts: usize, regions_each: usize) {
        let mut state = self.state();
        (state.accounts, state.regions_each) = (accounts as u64, regions_each as u64);
    }

    /// An account will be read, with so many Regions.
    pub(crate) fn enter(&self, regions: usize) {
        let mut state = self.state();
        state.accounts = state.accounts.saturating_sub(1);
        state.known += regions as u64;
    }

    /// A Region was read by an earlier run, with so many stages.
    pub(crate) fn resumed(&self, stages: u64) {
        let mut state = self.state();
        state.known += 1;
        state.done += 1;
        state.resumed += 1;
        state.spent.stages += stages;
    }

    /// A Region is read from now on, at this pacer's pace.
    pub(crate) fn open(&self, pacer: &Arc<Pacer>) -> Arc<Meter> {
        let scope = Arc::new(Meter::new(Arc::clone(pacer)));
        self.state().open.push(Arc::clone(&scope));
        scope
    }

    pub(crate) fn close(&self, scope: &Arc<Meter>) {
        let mut state = self.state();
        state.open.retain(|open| !Arc::ptr_eq(open, scope));
        state.done += 1;
        let counted = scope.counts();
        state.resumed += u64::from(counted.sent == 0);
        state.spent = sum(state.spent, counted);
    }

    /// The current estimate.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let state = self.state();
        let open: Vec<OpenScope> = state
            .open
            .iter()
            .map(|scope| OpenScope::of(scope))
            .collect();
        let all = state
            .open
            .iter()
            .fold(state.spent, |all, scope| sum(all, scope.counts()));
        let known = Known {
            done: state.done,
            fetched: state.done - state.resumed,
            planned: state.known + state.accounts * state.regions_each,
            spent: state.spent.sent,
            stages: all.stages,
            seconds_an_answer: seconds_each(all),
            open,
        };
        drop(state);
        known.estimate(self.limits)
    }

    fn state(&self) -> MutexGuard<'_, Counters> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sum(one: Counts, other: Counts) -> Counts {
    Counts {
        sent: one.sent + other.sent,
        stages: one.stages + other.stages,
        answered: one.answered + other.answered,
        waited: one.waited.saturating_add(other.waited),
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn seconds_each(counted: Counts) -> f64 {
    if counted.answered == 0 {
        0.0
    } else {
        counted.waited as f64 / 1e6 / counted.answered as f64
    }
}

/// The counts of a fetch so far, and the estimate of the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Regions that are done.
    pub done: u64,
    /// All Regions, as far as they are known.
    pub planned: u64,
    /// Requests that were sent.
    pub sent: u64,
    /// Requests at the end; `None` while no Region is listed.
    pub expected: Option<u64>,
    /// Stages that were read.
    pub stages: u64,
    /// The time that is left; `None` with `expected`.
    pub left: Option<Duration>,
}

/// The basis of an estimate.
#[derive(Debug, Default)]
struct Known {
    done: u64,
    /// The done ones that took requests.
    fetched: u64,
    planned: u64,
    spent: u64,
    stages: u64,
    seconds_an_answer: f64,
    open: Vec<OpenScope>,
}

#[derive(Debug, Clone, Copy)]
struct OpenScope {
    sent: u64,
    expected: u64,
    listed: bool,
    pace: Option<Pace>,
}

impl OpenScope {
    fn of(meter: &Meter) -> Self {
        let sent = meter.counts().sent;
        Self {
            sent,
            expected: meter.expected().max(sent),
            listed: meter.is_listed(),
            pace: meter.pace(),
        }
    }
}

impl Known {
    /// The estimate. A Region that is not listed yet counts as the mean of the others. The end waits for the slowest of
    /// three: the largest Region at its pace, the slots for Regions, the slots for requests.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate"
    )]
    fn estimate(&self, limits: Limits) -> Estimate {
        let sent = self.spent + self.open.iter().map(|scope| scope.sent).sum::<u64>();
        let planned = self.planned.max(self.done + self.open.len() as u64);
        let standing = Estimate {
            done: self.done,
            planned,
            sent,
            expected: None,
            stages: self.stages,
            left: None,
        };

        let listed = || self.open.iter().filter(|scope| scope.listed);
        let known_whole = self.fetched + listed().count() as u64;
        if known_whole == 0 {
            return standing;
        }
        let mean = (self.spent + listed().map(|scope| scope.expected).sum::<u64>()) as f64
            / known_whole as f64;
        let unopened = (planned - self.done - self.open.len() as u64) as f64;

        let fresh = Pacer::new(limits.rate, limits.burst).pace();
        let seconds =
            |pace: Option<Pace>, requests: f64| pace.map_or(0.0, |pace| pace.seconds_for(requests));
        let (mut to_send, mut in_all) = (unopened * mean, unopened * seconds(fresh, mean));
        let mut largest = if unopened > 0.0 {
            seconds(fresh, mean)
        } else {
            0.0
        };
        for scope in &self.open {
            let needed = if scope.listed {
                scope.expected as f64
            } else {
                mean.max(scope.expected as f64)
            };
            let of_it = seconds(scope.pace, needed - scope.sent as f64);
            to_send += needed - scope.sent as f64;
            in_all += of_it;
            largest = largest.max(of_it);
        }
        let of_the_places = in_all / limits.scopes.max(1) as f64;
        let of_the_answers = to_send * self.seconds_an_answer / limits.concurrency.max(1) as f64;
        // The last request has to be answered too.
        let left = largest.max(of_the_places).max(of_the_answers) + self.seconds_an_answer;
        Estimate {
            expected: Some(sent + to_send.round() as u64),
            left: Some(Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX)),
            ..standing
        }
    }
}

#[cfg(test)]
mod tests;
