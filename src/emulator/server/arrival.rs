//! The log of arrivals. It does not know how anything is answered.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::emulator::wire::Operation;

/// One request that arrived, whatever became of it. A retry is a request of its own.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The time when it was complete.
    pub at: Instant,
    /// The account of the access key id; empty when the request was not signed.
    pub account: String,
    /// The Region of the signature's scope; empty when the request was not signed.
    pub region: String,
    /// The requested operation.
    pub operation: Operation,
    /// The API that its path names.
    pub api_id: Option<String>,
    /// The account of the role to assume.
    pub role_account: Option<String>,
    /// Session name of the caller; for AssumeRole, the requested one.
    pub session_name: Option<String>,
    /// The status it was answered with; 0 when it never got an answer.
    pub status: u16,
    /// The HTTP method.
    pub method: String,
    /// Path and query as they came, escapes included.
    pub path: String,
}

/// The arrivals in order, or nothing if they are not kept.
#[derive(Debug)]
pub struct ArrivalLog(Option<Mutex<Vec<Arrival>>>);

impl ArrivalLog {
    pub fn new(keep: bool) -> ArrivalLog {
        ArrivalLog(keep.then(Mutex::default))
    }

    /// Takes a closure so that a server that logs nothing copies nothing.
    pub fn record(&self, arrival: impl FnOnce() -> Arrival) {
        if let Some(log) = &self.0 {
            let arrival = arrival();
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(arrival);
        }
    }

    /// Sorted, since two workers may have recorded theirs in the other order than they arrived.
    pub fn all(&self) -> Vec<Arrival> {
        let Some(log) = &self.0 else {
            return Vec::new();
        };
        let mut arrivals = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        arrivals.sort_by_key(|arrival| arrival.at);
        arrivals
    }
}
