//! The progress of a fetch: one line on stderr, drawn again and again, only if stderr is a terminal. It must not know
//! how a fetch works.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::interrupt::Interrupt;
use super::stderr::{clear, on_screen};
use super::wait::{GRACE, waiting};
use crate::cli::plural::plural;
use crate::model::state::{Batch, Close, State, Unusable};
use crate::source::aws::{Estimate, Progress};

/// Time between two drawings of the line.
const DRAWN: Duration = Duration::from_millis(200);

/// A display of progress, with a thread of its own, until it is dropped.
pub struct Display {
    fetch: Sender<Arc<Progress>>,
    thread: Option<JoinHandle<()>>,
}

impl Display {
    /// Starts the display if `shown`; the fetch may follow later. A signal ends it.
    pub fn start(shown: bool, interrupt: &Interrupt) -> Option<Self> {
        let target = ProgressDrawTarget::stderr();
        if !shown || target.is_hidden() {
            return None;
        }
        let line = ProgressBar::with_draw_target(None, target);
        // The template is right; a wrong one would fall back to a bar.
        let style = ProgressStyle::with_template("{wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        line.set_style(style);
        line.set_message(line_of(None));
        *on_screen() = Some(line.clone());
        interrupt.then(clear);
        let (fetch, fetches) = channel();
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(move || draw(&line, &fetches));
        // If the thread cannot start, audit without progress.
        Some(Self {
            fetch,
            thread: thread.ok(),
        })
    }

    /// Adds the display to the state of its fetch, until the state closes.
    pub fn over(
        this: Option<Self>,
        state: Box<dyn State>,
        progress: Arc<Progress>,
    ) -> Box<dyn State> {
        let Some(display) = this else { return state };
        // This fails only if there is no thread.
        let _ = display.fetch.send(progress);
        Box::new(Watched { state, display })
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let (never, _) = channel();
        drop(std::mem::replace(&mut self.fetch, never));
        if let Some(thread) = self.thread.take() {
            // The thread may be writing.
            let _waiting = waiting(GRACE);
            let _ = thread.join();
        }
        clear();
    }
}

/// Draws until the sender of `fetches` is dropped.
fn draw(line: &ProgressBar, fetches: &Receiver<Arc<Progress>>) {
    let mut fetch: Option<Arc<Progress>> = None;
    let mut due = std::time::Instant::now() + DRAWN;
    loop {
        match fetches.recv_timeout(due.saturating_duration_since(std::time::Instant::now())) {
            Ok(progress) => fetch = Some(progress),
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                due += DRAWN;
                // A cleared line is not drawn again.
                if on_screen().is_some() {
                    line.set_message(line_of(
                        fetch.as_ref().map(|fetch| fetch.estimate()).as_ref(),
                    ));
                }
            }
        }
    }
}

/// A state whose fetch is shown.
struct Watched {
    state: Box<dyn State>,
    display: Display,
}

impl State for Watched {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        self.state.next()
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.state.ready()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        let Self { state, display } = *self;
        let close = state.close();
        drop(display);
        close
    }
}

/// The progress line.
fn line_of(estimate: Option<&Estimate>) -> String {
    let Some(Estimate {
        done,
        planned,
        sent,
        expected,
        stages,
        left,
    }) = estimate.copied()
    else {
        return "looking up the account and its Regions".to_owned();
    };
    if planned == 0 {
        return "looking up the accounts".to_owned();
    }
    let regions = format!("{done} of {}", plural(planned, "Region"));
    let Some(expected) = expected else {
        // Each Region takes at least one call.
        return format!(
            "{regions} · {sent} of at least {} · listing APIs",
            plural(planned.max(sent), "call")
        );
    };
    // The most important part comes first: a narrow terminal cuts the line.
    let mut parts = vec![regions];
    parts.extend(left.map(|left| format!("about {} left", rounded(left))));
    parts.extend([
        format!("{sent} of about {}", plural(expected, "call")),
        plural(stages, "stage"),
    ]);
    parts.join(" · ")
}

/// A time for people, rounded up.
fn rounded(time: Duration) -> String {
    let seconds = time
        .as_secs()
        .saturating_add(u64::from(time.subsec_nanos() > 0));
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes) {
        (0..=1, _) => "1 s".to_owned(),
        (2..=99, _) => format!("{seconds} s"),
        (_, 0..=99) => format!("{minutes} min"),
        _ => match (minutes / 60, minutes % 60) {
            (hours, 0) => format!("{hours} h"),
            (hours, minutes) => format!("{hours} h {minutes} min"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(expected: Option<u64>, left: Option<u64>) -> Estimate {
        let left = left.map(Duration::from_secs);
        Estimate {
            done: 3,
            planned: 17,
            sent: 120,
            expected,
            stages: 842,
            left,
        }
    }

    #[test]
    fn the_line_shows_what_is_known() {
        assert_eq!(line_of(None), "looking up the account and its Regions");
        let none = Estimate {
            done: 0,
            planned: 0,
            sent: 0,
            ..estimate(None, None)
        };
        assert_eq!(line_of(Some(&none)), "looking up the accounts");
        let listing = Estimate {
            done: 0,
            sent: 4,
            stages: 0,
            ..estimate(None, None)
        };
        assert_eq!(
            line_of(Some(&listing)),
            "0 of 17 Regions · 4 of at least 17 calls · listing APIs"
        );
        assert_eq!(
            line_of(Some(&estimate(Some(312), Some(18)))),
            "3 of 17 Regions · about 18 s left · 120 of about 312 calls · 842 stages"
        );
        let one = Estimate {
            done: 0,
            planned: 1,
            stages: 1,
            ..estimate(Some(1), Some(0))
        };
        assert_eq!(
            line_of(Some(&one)),
            "0 of 1 Region · about 1 s left · 120 of about 1 call · 1 stage"
        );
    }

    #[test]
    fn a_time_is_rounded_up_to_what_matters() {
        let rounded_up = |seconds| rounded(Duration::from_secs(seconds));
        assert_eq!(
            ["1 s", "99 s", "2 min", "3 min"],
            [0, 99, 100, 121]
                .map(rounded_up)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(
            ["99 min", "1 h 40 min", "2 h"],
            [5940, 5941, 7200]
                .map(rounded_up)
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!(rounded(Duration::from_millis(17_001)), "18 s");
        assert!(
            rounded(Duration::MAX).ends_with("min"),
            "{}",
            rounded(Duration::MAX)
        );
    }
}
