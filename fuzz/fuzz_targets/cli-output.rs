//! Output of the AWS CLI under any bytes: what is accepted becomes a snapshot that is read back and written the same.

#![no_main]

mod rewrite;

use std::sync::Arc;

use driftgate::model::protocol::Protocol;
use driftgate::model::state::Selection;
use driftgate::source::file::FileRequest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for protocols in [vec![], vec![Protocol::Http], vec![Protocol::WebSocket]] {
        let stated = FileRequest {
            path: String::new(),
            kind: Some(&driftgate::source::cli_output::SOURCE),
            selection: Arc::new(Selection {
                apis: vec!["a1b2c3d4e5".to_owned()],
                protocols,
                ..Selection::default()
            }),
            account: None,
            regions: vec!["eu-west-1".to_owned()],
        };
        let snapshot = FileRequest {
            kind: Some(&driftgate::source::snapshot::SOURCE),
            selection: Arc::new(Selection::default()),
            regions: Vec::new(),
            ..stated.clone()
        };
        if let Some(written) = rewrite::snapshot_of(bytes, &stated) {
            let again = rewrite::snapshot_of(&written, &snapshot);
            let again = again.as_deref().map(String::from_utf8_lossy);
            assert_eq!(again, Some(String::from_utf8_lossy(&written)));
        }
    }
});
