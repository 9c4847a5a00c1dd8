//! A snapshot under any bytes: what is accepted is written, read back and written the same.

#![no_main]

mod feeds;

use std::sync::Arc;

use driftgate::model::state::Selection;
use driftgate::source::saved::{Kind, Request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let request = Request {
        path: String::new(),
        kind: Some(Kind::Snapshot),
        selection: Arc::new(Selection::default()),
        account: None,
        regions: Vec::new(),
        protocol: None,
    };
    if let Some(written) = feeds::snapshot_of(bytes, &request) {
        let again = feeds::snapshot_of(&written, &request);
        let again = again.as_deref().map(String::from_utf8_lossy);
        assert_eq!(again, Some(String::from_utf8_lossy(&written)));
    }
});
