//! The retry policy: time limits, attempts and the pauses between them, and the one loop that retries. It must not know
//! what is called.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::Duration;

use tokio::time::sleep;

use super::failure::Failure;
use super::failure_kind::FailureKind;
use super::stop::Reason;

/// The longest pause that a `Retry-After` is granted; a header must not stop a run for hours.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(2);

/// Limits of retries and of time. The command has no flag for them: what fails for good fails with any limits, and
/// `--timeout` ends the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts of a call.
    pub attempts: u32,
    /// Attempts of a call where no connection can be made.
    pub unreachable: u32,
    /// The longest pause before the second attempt; it doubles with each further attempt.
    pub first: Duration,
    /// The same after a throttling answer.
    pub throttled: Duration,
    /// The longest pause of all, unless AWS requests more.
    pub longest: Duration,
    /// Pages of a list of API Gateway; more are a circle that the tokens do not show.
    pub pages: usize,
    /// The longest time until a connection is made.
    pub connect: Duration,
    /// The longest time until an answer begins.
    pub read: Duration,
    /// The longest time for one attempt, from sending to the last byte of the answer.
    pub attempt: Duration,
    /// The longest time until the credentials are found, and for the files that the SDK reads. It is shorter than the
    /// limit of an attempt, so that an attempt that waits for credentials fails with the reason for their absence.
    pub credentials: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl RetryPolicy {
    /// The policy that suits AWS. Its time for a connection is the SDK's own.
    pub const STANDARD: Self = Self {
        attempts: 10,
        unreachable: 7,
        first: Duration::from_millis(100),
        throttled: Duration::from_millis(500),
        longest: Duration::from_secs(20),
        pages: 10_000,
        connect: Duration::from_millis(3100),
        read: Duration::from_secs(10),
        attempt: Duration::from_secs(15),
        credentials: Duration::from_secs(10),
    };

    /// Makes a call until it is answered or its failure is final.
    pub(crate) async fn over<T, F>(&self, call: impl Fn() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let wait = |pause| async move {
            sleep(pause).await;
            Ok(())
        };
        self.run(|_| call(), |_, _| {}, wait).await
    }

    /// The one loop of attempts. `failed` learns of each failure and of the pause after it, if there is one; `wait` ends
    /// early where the fetch is stopped.
    pub(crate) async fn run<T, F, W>(
        &self,
        attempt: impl Fn(u32) -> F,
        failed: impl Fn(&Failure, Option<Duration>),
        wait: impl Fn(Duration) -> W,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
        W: Future<Output = Result<(), Reason>>,
    {
        let (mut number, mut before) = (1, None);
        loop {
            let mut failure = match attempt(number).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match failure.kind {
                FailureKind::SessionOver => return Err(failure),
                FailureKind::Stopped(reason) => failure = Failure::stopped(reason, before.as_ref()),
                _ => {}
            }
            failure.attempts = number;
            let pause = self.pause_after(&failure);
            failed(&failure, pause);
            let Some(pause) = pause else {
                return Err(failure);
            };
            if let Err(reason) = wait(pause).await {
                return Err(Failure::stopped(reason, Some(&failure)));
            }
            (number, before) = (number + 1, Some(failure));
        }
    }

    /// The pause before the next attempt; `None` if the failure is final.
    pub(crate) fn pause_after(&self, failure: &Failure) -> Option<Duration> {
        self.jittered(failure, fraction())
    }

    /// Each waits its own `fraction` of the pause ("full jitter"), so that those who failed together do not come back
    /// together.
    fn jittered(&self, failure: &Failure, fraction: f64) -> Option<Duration> {
        let attempts = match failure.kind {
            // The SDK may have newer credentials by the second attempt, but hardly by the third.
            FailureKind::Expired => 2,
            // A wrong address does not come right; a name server or a proxy that restarts does, in seconds.
            _ if failure.kind.never_connected() => self.unreachable,
            _ if failure.kind.is_transient() => self.attempts,
            _ => 1,
        };
        if failure.attempts >= attempts {
            return None;
        }
        let (first, requested) = match failure.kind {
            FailureKind::Throttled(requested) => (self.throttled, requested.unwrap_or_default()),
            _ => (self.first, Duration::ZERO),
        };
        let pause = first
            .saturating_mul(1 << failure.attempts.saturating_sub(1).min(16))
            .min(self.longest);
        Some(
            pause
                .mul_f64(fraction)
                .max(requested.min(LONGEST_RETRY_AFTER)),
        )
    }
}

/// A number in [0, 1) that differs from call to call and from process to process.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 of the bits are taken, as many as an f64 holds"
)]
fn fraction() -> f64 {
    // The standard library keys its hash maps at random; there is no better source without a dependency.
    (RandomState::new().build_hasher().finish() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(kind: FailureKind, attempts: u32, fraction: f64) -> Option<Duration> {
        let failure = Failure {
            kind,
            code: String::new(),
            message: String::new(),
            attempts,
            role: None,
        };
        RetryPolicy::STANDARD.jittered(&failure, fraction)
    }

    #[test]
    fn pauses_grow_are_jittered_and_come_to_an_end() {
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(
            (
                pause(FailureKind::Server, 1, 1.0),
                pause(FailureKind::Slow, 4, 1.0)
            ),
            (millis(100), millis(800))
        );
        assert_eq!(
            (
                pause(FailureKind::Broken, 9, 1.0),
                pause(FailureKind::Connection, 10, 1.0)
            ),
            (millis(20_000), None)
        );
        assert_eq!(
            (
                pause(FailureKind::Unreachable, 6, 1.0),
                pause(FailureKind::Unreachable, 7, 1.0)
            ),
            (millis(3200), None)
        );
        assert_eq!(
            (
                pause(FailureKind::Tls, 7, 1.0),
                pause(FailureKind::Proxy, 7, 1.0),
                pause(FailureKind::Unresolved, 7, 1.0)
            ),
            (None, None, None)
        );
        assert_eq!(pause(FailureKind::Throttled(None), 2, 1.0), millis(1000));
        assert_eq!(pause(FailureKind::Server, 4, 0.25), millis(200));
    }

    #[test]
    fn retry_after_is_honoured_within_reason() {
        let after = |seconds| FailureKind::Throttled(Some(Duration::from_secs(seconds)));
        assert_eq!(pause(after(3), 1, 0.0), Some(Duration::from_secs(3)));
        assert_eq!(pause(after(86_400), 1, 0.0), Some(LONGEST_RETRY_AFTER));
    }

    #[test]
    fn final_failures_are_not_retried() {
        for kind in [
            FailureKind::Denied,
            FailureKind::Missing,
            FailureKind::Signature,
            FailureKind::Stopped(Reason::Timeout),
            FailureKind::Other,
        ] {
            assert_eq!(pause(kind, 1, 1.0), None, "{kind:?}");
        }
        assert!(pause(FailureKind::Expired, 1, 1.0).is_some());
        assert_eq!(pause(FailureKind::Expired, 2, 1.0), None);
    }

    #[test]
    fn the_jitter_covers_its_range() {
        let drawn: Vec<f64> = (0..1000).map(|_| fraction()).collect();
        assert!(drawn.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        for tenth in 0..10 {
            let tenth = f64::from(tenth) / 10.0;
            assert!(
                drawn
                    .iter()
                    .any(|fraction| (tenth..tenth + 0.1).contains(fraction)),
                "nothing at {tenth}"
            );
        }
    }
}
