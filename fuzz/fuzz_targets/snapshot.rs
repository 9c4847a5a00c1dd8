//! A snapshot under any bytes: what is accepted is written, read back and written the same.

#![no_main]

mod rewrite;

use std::sync::Arc;

use driftgate::model::state::Selection;
use driftgate::source::file::FileRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let request = FileRequest {
        path: String::new(),
        kind: Some(&driftgate::source::snapshot::SOURCE),
        selection: Arc::new(Selection::default()),
        account: None,
        regions: Vec::new(),
    };
    if let Some(written) = rewrite::snapshot_of(bytes, &request) {
        let again = rewrite::snapshot_of(&written, &request);
        let again = again.as_deref().map(String::from_utf8_lossy);
        assert_eq!(again, Some(String::from_utf8_lossy(&written)));
    }
});
