//! SIGINT and SIGTERM: the first one ends the reading, and what is known is still written.

use std::sync::{Arc, Mutex};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::Stop;
use crate::model::judgement::Signal;

/// Tells whether a signal came, and tells the source when it comes.
#[derive(Clone)]
pub struct Interrupt {
    came: watch::Receiver<Option<Signal>>,
    listeners: Arc<Mutex<Vec<Listener>>>,
}

/// What is called when a signal comes.
type Listener = Box<dyn Fn() + Send>;

impl Interrupt {
    /// Listens from now on, as long as the runtime lives.
    pub fn listen(runtime: &Runtime) -> Result<Self, Stop> {
        let failed = |error| Stop::failed(format!("signals cannot be listened to: {error}"));
        let _context = runtime.enter();
        let mut sigint = signal(SignalKind::interrupt()).map_err(failed)?;
        let mut sigterm = signal(SignalKind::terminate()).map_err(failed)?;
        let (tell, came) = watch::channel(None);
        let interrupt = Self { came, listeners: Arc::default() };
        let listeners = Arc::clone(&interrupt.listeners);
        runtime.spawn(async move {
            let signal = tokio::select! {
                _ = sigint.recv() => Signal::Interrupt,
                _ = sigterm.recv() => Signal::Terminate,
            };
            tell.send_replace(Some(signal));
            if let Ok(listeners) = listeners.lock() {
                listeners.iter().for_each(|listener| listener());
            }
            // The sender stays: who waits for a signal must not hear that none can come any more.
            std::future::pending::<()>().await;
        });
        Ok(interrupt)
    }

    /// Calls `listener` when a signal comes, and at once if one has come.
    pub fn then(&self, listener: impl Fn() + Send + 'static) {
        if let Ok(mut listeners) = self.listeners.lock() {
            if self.signal().is_some() {
                listener();
            }
            listeners.push(Box::new(listener));
        }
    }

    /// The signal that came.
    pub fn signal(&self) -> Option<Signal> {
        *self.came.borrow()
    }

    /// Waits for a signal.
    pub async fn wait(&self) -> Signal {
        let mut came = self.came.clone();
        match came.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            _ => std::future::pending().await,
        }
    }
}
