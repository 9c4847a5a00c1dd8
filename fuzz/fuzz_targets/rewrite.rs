//! The part that the targets of saved sources share: a source read to its end, and written as a snapshot.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftgate::source::snapshot::write::{self, Options};
use driftgate::source::file::FileRequest;
use driftgate::source::open_file;

/// Reads a source as a file of this name in a folder of its own, and writes what it yields; `None` where it is refused.
pub fn snapshot_of(bytes: &[u8], request: &FileRequest) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder for the file");
    let path = folder.path().join("source");
    std::fs::write(&path, bytes).expect("a file");
    let request = FileRequest { path: path.display().to_string(), ..request.clone() };
    let state = open_file(&request, Arc::new(AtomicBool::new(false))).ok()?;
    let mut out = Vec::new();
    let options = Options { taken_at: None, show_values: false };
    write::write(state, &mut out, &options).ok()?;
    Some(out)
}
