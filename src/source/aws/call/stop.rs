//! The stop of a fetch: once, for one reason, seen by every call. It must not know what is stopped.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::state::GapCode;

/// The reason for a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It was cancelled, or its state is closed.
    Interrupted,
    /// The time for the whole fetch is over.
    Timeout,
}

impl Reason {
    pub const ALL: [Self; 2] = [Self::Interrupted, Self::Timeout];

    /// The code of the gaps that a stop leaves.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Interrupted => GapCode::Interrupted.name(),
            Self::Timeout => GapCode::Timeout.name(),
        }
    }
}

/// Stops a fetch. The rest becomes gaps, and the state still closes.
#[derive(Clone, Debug)]
pub struct Canceller(Arc<watch::Sender<Option<Reason>>>);

impl Canceller {
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(None);
        (Self(Arc::new(sender)), Stop(receiver))
    }

    /// Stops the fetch; further calls change nothing.
    pub fn cancel(&self) {
        self.stop(Reason::Interrupted);
    }

    /// Runs a fetch until it is done or the time is over.
    pub(crate) async fn within<T>(
        self,
        timeout: Option<Duration>,
        fetch: impl Future<Output = T>,
    ) -> T {
        let mut fetch = std::pin::pin!(fetch);
        if let Some(timeout) = timeout {
            tokio::select! {
                biased;
                () = tokio::time::sleep(timeout) => self.stop(Reason::Timeout),
                done = &mut fetch => return done,
            }
        }
        // Once stopped, every call fails at once, and the tallies say what was not reached.
        fetch.await
    }

    pub(crate) fn stop(&self, why: Reason) {
        self.0.send_if_modified(|reason| {
            let first = reason.is_none();
            if first {
                *reason = Some(why);
            }
            first
        });
    }
}

#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<Option<Reason>>);

impl Stop {
    /// Returns the result of `work`, unless the fetch is stopped before; then `work` is dropped.
    pub async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Reason> {
        let mut signal = self.0.clone();
        let stopped = async {
            match signal.wait_for(Option::is_some).await.map(|reason| *reason) {
                Ok(Some(reason)) => reason,
                // All cancellers are gone.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            reason = stopped => Err(reason),
            done = work => Ok(done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_reason_stays_and_later_work_does_not_start() {
        let (canceller, stop) = Canceller::new();
        assert_eq!(stop.unless(async { 1 }).await, Ok(1));
        canceller.stop(Reason::Timeout);
        canceller.cancel();
        assert_eq!(
            stop.unless(std::future::pending::<()>()).await,
            Err(Reason::Timeout)
        );
        assert_eq!(
            stop.unless(std::future::pending::<()>()).await,
            Err(Reason::Timeout)
        );
    }

    #[tokio::test]
    async fn without_a_canceller_work_goes_on() {
        let (canceller, stop) = Canceller::new();
        drop(canceller);
        assert_eq!(stop.unless(tokio::task::yield_now()).await, Ok(()));
    }
}
