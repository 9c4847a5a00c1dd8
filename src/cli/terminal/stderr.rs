//! stderr, with the line of the progress put aside while something else is written.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

use super::wait::{GRACE, waiting};

/// The progress line on the terminal: every other write to stderr has to suspend it.
static ON_SCREEN: Mutex<Option<ProgressBar>> = Mutex::new(None);

pub fn on_screen() -> MutexGuard<'static, Option<ProgressBar>> {
    ON_SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the line of the progress.
pub fn clear() {
    if let Some(line) = on_screen().take() {
        line.finish_and_clear();
    }
}

/// Writes lines to stderr.
pub fn print(text: &str) {
    let _waiting = waiting(GRACE);
    let write = || {
        // A closed stderr cannot be reported anywhere.
        let _ = writeln!(anstream::stderr(), "{text}");
    };
    match &*on_screen() {
        Some(line) => line.suspend(write),
        None => write(),
    }
}
