//! Waits for others: the reader of a pipe, a disk, a source. After a signal no wait may last long.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for others after a signal: for the reader of a pipe, a disk, a server.
pub const GRACE: Duration = Duration::from_secs(2);
/// The same for a source, which has to close with its gaps.
pub const CLOSING: Duration = Duration::from_secs(3);

/// The current wait for others, if there is one: its start, and the longest time that it may last after a signal.
static WAITS: Mutex<Option<(Instant, Duration)>> = Mutex::new(None);

fn waits() -> MutexGuard<'static, Option<(Instant, Duration)>> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wait for others, as long as it lives.
pub struct Waiting {
    /// The wait that this one is part of.
    around: Option<(Instant, Duration)>,
}

/// Starts a wait for others, which may last no longer than `grace` after a signal.
pub fn waiting(grace: Duration) -> Waiting {
    Waiting {
        around: waits().replace((Instant::now(), grace)),
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // This wait is over: the wait around it begins again.
        *waits() = self.around.map(|(_, grace)| (Instant::now(), grace));
    }
}

/// True if the current wait has lasted too long since a signal.
pub fn is_too_long(signal: Instant) -> bool {
    waits().is_some_and(|(start, grace)| start.max(signal).elapsed() > grace)
}
