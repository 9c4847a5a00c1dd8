//! SIGINT and SIGTERM, and the end of the process. The command runs on a thread of its own, so that a signal is handled
//! whatever the command waits for. The first signal stops the fetch, and reports of what was read are still written. It
//! also ends a command that does not handle signals, and one that waits too long for others. A second one ends all.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{oneshot, watch};

use super::wait::{GRACE, is_too_long, waiting};
use super::{diagnostics, replace};
use crate::cli::stop::Stop;
use crate::gate;
use crate::model::judgement::Signal;

/// Time between two looks at what the command waits for.
const LOOK: Duration = Duration::from_millis(50);

/// The stack of the command's thread: as much as a main thread has, for what nests in policies.
const STACK: usize = 8 << 20;

/// SIGXFSZ, which has this number on every system that we build for. By default it ends a process that writes more
/// than `ulimit -f` allows; with a handler the write fails instead, and nothing unfinished is left behind.
const TOO_LARGE: i32 = 25;

/// The signals of a run.
#[derive(Clone)]
pub struct Interrupt {
    came: watch::Receiver<Option<Signal>>,
    listeners: Arc<Mutex<Vec<Listener>>>,
    heeded: Arc<AtomicBool>,
}

/// A function to call on a signal.
type Listener = Box<dyn Fn() + Send>;

impl Interrupt {
    /// Promises that the command ends by itself after a signal.
    pub fn heed(&self) {
        self.heeded.store(true, Ordering::SeqCst);
    }

    /// Calls `listener` on a signal, and at once if there was one.
    pub fn then(&self, listener: impl Fn() + Send + 'static) {
        let _waiting = waiting(GRACE);
        if let Ok(mut listeners) = self.listeners.lock() {
            if self.signal().is_some() {
                listener();
            }
            listeners.push(Box::new(listener));
        }
    }

    /// The first signal, if there was one.
    pub fn signal(&self) -> Option<Signal> {
        *self.came.borrow()
    }

    /// The exit code of a finished command: that of a signal outranks `code`, however late it came.
    pub fn outranks(&self, code: u8) -> u8 {
        self.signal().map_or(code, Signal::code)
    }

    /// Waits for a signal.
    pub async fn wait(&self) -> Signal {
        let mut came = self.came.clone();
        match came.wait_for(Option::is_some).await.map(|signal| *signal) {
            Ok(Some(signal)) => signal,
            _ => std::future::pending().await,
        }
    }

    /// Calls the listeners on a thread of their own, since they may have to wait.
    fn call(&self) {
        let listeners = Arc::clone(&self.listeners);
        let called = thread::Builder::new()
            .name("signal".to_owned())
            .spawn(move || {
                if let Ok(listeners) = listeners.lock() {
                    listeners.iter().for_each(|listener| listener());
                }
            });
        // Without the listeners nothing stops the fetch.
        if called.is_err() {
            self.heeded.store(false, Ordering::SeqCst);
        }
    }
}

/// Runs a command and watches for signals. Returns its exit code, or that of the signal that ended it.
pub fn supervised(command: impl FnOnce(&Interrupt) -> u8 + Send + 'static) -> u8 {
    let failed = |what: &str, error: std::io::Error| {
        diagnostics::stop(&Stop::failed(format!("{what}: {error}")))
    };
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed("the runtime could not be started", error),
    };
    runtime.block_on(async {
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return failed("signals cannot be listened to", error),
        };
        let (tell, came) = watch::channel(None);
        let interrupt = Interrupt {
            came,
            listeners: Arc::default(),
            heeded: Arc::default(),
        };
        let (end, ended) = oneshot::channel();
        let own = interrupt.clone();
        let thread = thread::Builder::new()
            .name("driftgate".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                // The watch may have ended the process already.
                let _ = end.send(command(&own));
            });
        match thread {
            Ok(_) => watched(signals, ended, &tell, &interrupt).await,
            Err(error) => failed("the command could not be started", error),
        }
    })
}

/// Waits until the command ends, or has to be ended.
async fn watched(
    mut signals: Signals,
    ended: oneshot::Receiver<u8>,
    tell: &watch::Sender<Option<Signal>>,
    interrupt: &Interrupt,
) -> u8 {
    let mut ended = pin!(ended);
    let first = tokio::select! {
        code = &mut ended => return code.unwrap_or(gate::FAILED),
        signal = signals.next() => signal,
    };
    let since = Instant::now();
    tell.send_replace(Some(first));
    if interrupt.heeded.load(Ordering::SeqCst) {
        interrupt.call();
    }
    while interrupt.heeded.load(Ordering::SeqCst) && !is_too_long(since) {
        tokio::select! {
            code = &mut ended => return code.unwrap_or(gate::FAILED),
            _ = signals.next() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    replace::abandon();
    first.code()
}

/// The handled signals.
struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    _too_large: Option<unix::Signal>,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            _too_large: unix::signal(SignalKind::from_raw(TOO_LARGE)).ok(),
        })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}
