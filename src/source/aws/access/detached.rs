//! Work that may block forever, such as reading a pipe, on a thread that can be left behind. It must not know the work.

use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The reason why the work has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// It was not done in time; its thread is left behind.
    TooSlow,
    /// It panicked, or could not be started.
    Panicked,
}

/// Does the work on a thread of its own, with a runtime of its own, and waits up to the limit. Not on the runtime's
/// threads for blocking work: the runtime would wait for those at its end.
pub async fn detached<T, F>(
    limit: Duration,
    work: impl FnOnce() -> F + Send + 'static,
) -> Result<T, Abandoned>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let (sender, receiver) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("detached".to_owned())
        .spawn(move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
                return;
            };
            let done = runtime.block_on(work());
            // A pending name lookup must not delay the result.
            runtime.shutdown_background();
            // The caller may be gone.
            let _ = sender.send(done);
        });
    if thread.is_err() {
        return Err(Abandoned::Panicked);
    }
    match timeout(limit, receiver).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(_)) => Err(Abandoned::Panicked),
        Err(_) => Err(Abandoned::TooSlow),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_left_or_lost() {
        let long = Duration::from_mins(1);
        assert_eq!(detached(long, || async { 1 }).await, Ok(1));
        let blocked = || async { std::thread::sleep(Duration::from_mins(1)) };
        assert_eq!(
            detached(Duration::from_millis(20), blocked).await,
            Err(Abandoned::TooSlow)
        );
        assert_eq!(
            detached(long, || async { panic!("as meant") }).await,
            Err::<(), _>(Abandoned::Panicked)
        );
    }
}
