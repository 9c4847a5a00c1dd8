//! Snapshots: what `driftgate snapshot` wrote, one line a stage. Files only; no network.

mod batch;
mod checksum;
mod contradiction;
mod envelope;
mod index;
mod line;
mod lines;
mod read;
pub mod write;

use std::sync::Arc;

pub use batch::LineBatch;
pub use checksum::{Checksum, Comparison};
pub use index::StageIndex;
pub use line::{not_stated, stage_line};
pub(crate) use lines::{LineError, Lines, TOO_LONG};

use super::file::{Error, FileSource};

/// The kind of file.
pub const SOURCE: FileSource = FileSource {
    name: "snapshot",
    alias: None,
    about: "what `driftgate snapshot` wrote",
    detect: |input| input.has_format(envelope::FORMAT) || read::is_stage_line(&input.head),
    open: |input, request, stop| {
        let stated = [
            (request.account.is_some(), "--account"),
            (!request.regions.is_empty(), "--region"),
        ];
        if let Some((_, flag)) = stated.into_iter().find(|(given, _)| *given)
            && input.has_format(envelope::FORMAT)
        {
            let error = format!(
                "{flag} states what the output of the AWS CLI leaves out; {} is a snapshot and states it itself.\n\
                 Leave {flag} out; --api, --stage and --protocol narrow a snapshot.",
                input.name
            );
            return Err(Error(error).into());
        }
        Ok(Box::new(read::read(
            input,
            Arc::clone(&request.selection),
            stop,
        )?))
    },
};
