//! The APIs and stages that a fault deleted while the server runs. It does not know the fleet.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::emulator::wire::signature::Caller;

/// Account, Region, API and stage; without a stage, the API and all of its stages.
type DeletedItem = (String, String, String, Option<String>);

/// The items deleted so far.
#[derive(Debug, Default)]
pub struct Deleted(Mutex<BTreeSet<DeletedItem>>);

impl Deleted {
    /// Deletes the API, or one stage of it.
    pub fn add(&self, caller: &Caller<'_>, api_id: &str, stage: Option<&str>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key(caller, api_id, stage));
    }

    /// Returns true if the API, or the stage of it, was deleted.
    pub fn has(&self, caller: &Caller<'_>, api_id: &str, stage: Option<&str>) -> bool {
        let deleted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !deleted.is_empty() && deleted.contains(&key(caller, api_id, stage))
    }
}

fn key(caller: &Caller<'_>, api_id: &str, stage: Option<&str>) -> DeletedItem {
    (caller.account.to_owned(), caller.region.to_owned(), api_id.to_owned(), stage.map(str::to_owned))
}
