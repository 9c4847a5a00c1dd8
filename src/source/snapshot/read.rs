//! Reads a snapshot: a header, one line a stage, a trailer with the expected counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::batch::LineBatch;
use super::checksum::{Checksum, Comparison};
use super::contradiction::contradiction;
use super::envelope::{FORMAT, Header, TRAILER_CHECKSUM, Trailer, VERSION, parse};
use super::index::StageIndex;
use super::lines::{Block, LineError, Lines, TOO_LONG, newlines};
use crate::model::json;
use crate::model::moment::Moment;
use crate::model::state::{
    Batch, Close, Explained, Gap, GapCode, Scope, ScopeName, ScopeOutcome, Selection, State,
    TakenAt, Unusable, missing_names,
};
use crate::source::file::{Error, Input, WrongFormat, check_format, damaged};

const BATCH_BYTES: usize = 256 * 1024;
/// Batches that may wait to be checked.
const WAITING: usize = 4;

/// The state of a snapshot: a thread reads, and the callers decode.
pub struct SnapshotState {
    batches: Receiver<LineBatch>,
    reader: JoinHandle<Result<Trailer, Error>>,
    index: Arc<StageIndex>,
    name: Arc<str>,
    requested: Option<Vec<ScopeName>>,
    taken: TakenAt,
    stop: Arc<AtomicBool>,
}

/// Time between two looks at the stop flag while waiting for a batch.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

pub fn read(
    input: Input,
    selection: Arc<Selection>,
    stop: Arc<AtomicBool>,
) -> Result<SnapshotState, Error> {
    let name = Arc::clone(&input.name);
    match check_format(&input.head, FORMAT, VERSION) {
        Ok(()) => {}
        Err(WrongFormat::Other) if is_stage_line(&input.head) => {
            return Err(Error(format!(
                "{name} holds lines of a snapshot and not its header, which is the first line. It is damaged; nothing was \
                 read.\nCopy it again as a whole, or take it again with `driftgate snapshot`."
            )));
        }
        Err(WrongFormat::Other) => {
            return Err(Error(format!(
                "{name} does not begin with the header of a snapshot. Nothing was read.\n\
                 Leave out `snapshot:` to have its kind found out."
            )));
        }
        Err(WrongFormat::Version(version)) => {
            return Err(Error(format!(
                "{name} is a snapshot of version {version}, and this driftgate reads version {VERSION}.\n\
                 Nothing was read; use the driftgate that wrote it, or a newer one."
            )));
        }
    }
    let header: Header = parse(&input.head).map_err(|error| {
        let (column, problem) = (error.column(), json::describe(&error));
        Error(format!(
            "{name}:1:{column}: not the header of a snapshot: {problem}. The file is damaged; nothing was read."
        ))
    })?;
    let Header {
        scopes: requested,
        narrowing,
        taken_at,
        ..
    } = header;
    let read_at = taken_at
        .as_deref()
        .map(|time| moment(time, &name))
        .transpose()?;
    let index = Arc::new(StageIndex::new(selection, narrowing, read_at));
    let (sender, batches) = sync_channel(WAITING);
    let (reader_name, reader_index) = (Arc::clone(&name), Arc::clone(&index));
    let reader = std::thread::spawn(move || send(input, &reader_name, &reader_index, &sender));
    let taken = taken_at.map_or(TakenAt::Unknown, TakenAt::At);
    Ok(SnapshotState {
        batches,
        reader,
        index,
        name,
        requested,
        taken,
        stop,
    })
}

/// True for a line of a snapshot with a stage.
pub fn is_stage_line(line: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only their presence is looked for")]
    struct StageLine {
        api: IgnoredAny,
        stage: IgnoredAny,
    }
    // A list of two would be taken for the two members.
    line.starts_with(b"{") && serde_json::from_slice::<StageLine>(line).is_ok()
}

/// The time of a snapshot.
fn moment(time: &str, name: &str) -> Result<Moment, Error> {
    Moment::of(time).ok_or_else(|| {
        Error(format!(
            "{name}:1: `taken_at` is not a time such as 2026-01-31T12:00:00Z. The file is damaged; nothing was read."
        ))
    })
}

/// Sends batches of whole lines, and returns the trailer, which is the last line.
fn send(
    input: Input,
    name: &Arc<str>,
    index: &Arc<StageIndex>,
    batches: &SyncSender<LineBatch>,
) -> Result<Trailer, Error> {
    let batch = |Block { first, bytes, .. }| LineBatch {
        name: Arc::clone(name),
        bytes,
        first,
        index: Arc::clone(index),
    };
    let mut checksum = Checksum::default();
    checksum.lines(&input.head);
    for block in Lines::new(input.rest, 2, BATCH_BYTES) {
        let mut block = block.map_err(|error| match error {
            LineError::Read(error) => damaged(name, &error),
            LineError::TooLong(line) => Error(format!(
                "{name}:{line}: {TOO_LONG}. The file is damaged; nothing was read."
            )),
        })?;
        if block.last {
            let last = cut_last_line(&mut block);
            checksum.lines(&block.bytes);
            let number = block.first + newlines(&block.bytes);
            let trailer = Trailer::read(&last, name, number)?;
            if !block.bytes.is_empty() {
                // If the caller is gone, no one needs them.
                let _ = batches.send(batch(block));
            }
            return trailer.checked(&last, name, number, &checksum);
        }
        checksum.lines(&block.bytes);
        if batches.send(batch(block)).is_err() {
            // The caller has found a damaged line, and reports it.
            break;
        }
    }
    Err(Error(format!("{name} was not read to its end.")))
}

/// Takes the last line off the last block, without what ends it.
fn cut_last_line(block: &mut Block) -> Vec<u8> {
    let lines = &mut block.bytes;
    lines.truncate(lines.trim_ascii_end().len());
    let start = memchr::memrchr(b'\n', lines).map_or(0, |newline| newline + 1);
    lines.split_off(start)
}

impl Trailer {
    fn read(line: &[u8], name: &str, number: u64) -> Result<Self, Error> {
        parse(line).map_err(|error| {
            // Right or wrong, a line is a trailer by this member.
            let is_trailer = serde_json::from_slice(line).is_ok_and(|line: Json| line.get("complete").is_some());
            if !is_trailer {
                return cut_off(name, number - 2 + u64::from(!line.is_empty()));
            }
            let (column, problem) = (error.column(), json::describe(&error));
            Error(format!(
                "{name}:{number}:{column}: not the trailer of a snapshot: {problem}. The file is damaged; nothing was read."
            ))
        })
    }

    /// Checks the number of stages and the digests; `line` is the trailer's line, and `before` the lines before it.
    fn checked(
        self,
        line: &[u8],
        name: &str,
        number: u64,
        before: &Checksum,
    ) -> Result<Self, Error> {
        let stages = number - 2;
        if self.stages != stages {
            return Err(Error(format!(
                "{name}:{number}: the trailer counts {} stages and the file has {stages}. \
                 The file is damaged; nothing was read.",
                self.stages
            )));
        }
        let other = self
            .sha256
            .as_ref()
            .is_some_and(|digest| *digest != before.digest());
        if other || before.compare(line, TRAILER_CHECKSUM) == Comparison::Different {
            return Err(Error(format!(
                "{name}:{number}: the digest in the trailer is of something else: the file was changed or is damaged. \
                 Nothing was read.\nCopy it again, or take it again with `driftgate snapshot`."
            )));
        }
        Ok(self)
    }
}

fn cut_off(name: &str, lines: u64) -> Error {
    Error(format!(
        "{name} has no trailer after {lines} {}: it was cut off. Nothing was read.\n\
         Copy it again, or take it again with `driftgate snapshot`.",
        if lines == 1 {
            "line of stages"
        } else {
            "lines of stages"
        }
    ))
}

impl State for SnapshotState {
    fn next(&mut self) -> Option<Box<dyn Batch>> {
        while !self.stop.load(Ordering::Relaxed) {
            match self.batches.recv_timeout(POLL_INTERVAL) {
                Ok(batch) => return Some(Box::new(batch)),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        None
    }

    fn ready(&mut self) -> Option<Box<dyn Batch>> {
        self.batches
            .try_recv()
            .ok()
            .map(|batch| Box::new(batch) as _)
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(self.interrupted());
        }
        let Self {
            batches,
            reader,
            index,
            name,
            requested,
            taken,
            ..
        } = *self;
        drop(batches);
        let trailer = reader.join().map_err(|_| {
            Unusable(format!(
                "{name}: reading stopped unexpectedly. Nothing was read."
            ))
        })??;
        let indexed = index.indexed();
        if let Some(wrong) = contradiction(requested.as_deref(), &trailer, &indexed) {
            return Err(Unusable(format!(
                "{name} contradicts itself: {wrong}. The file is damaged; nothing was read.\n\
                 Copy it again, or take it again with `driftgate snapshot`."
            )));
        }
        let selection = &index.selection;
        let in_scope = |gap: &Gap| {
            selection.has_api(gap.api_id.as_deref())
                && (gap.stage.is_none() || selection.has_stage(gap.stage.as_deref()))
        };
        let unsaid = unexplained(&trailer, &name);
        let mut gaps: Vec<Gap> = trailer
            .unchecked
            .into_iter()
            .chain(unsaid)
            .filter(in_scope)
            .collect();
        let missing = Explained::of(&gaps);
        let scopes = trailer.scopes.into_iter().flatten();
        let scopes = scopes
            .map(|scope| as_selected(scope, selection, &missing))
            .collect();
        gaps.extend(missing_names(
            selection,
            &index.narrowing,
            &indexed.found,
            &gaps,
        ));
        let narrowing = index.narrowing.clone().further(selection);
        Ok(Close {
            scopes,
            gaps,
            warnings: trailer.warnings,
            narrowing,
            taken,
            ..Close::default()
        })
    }
}

/// A scope as far as it is selected; `missing` is what the gaps explain.
fn as_selected(mut scope: Scope, selection: &Selection, missing: &Explained<'_>) -> Scope {
    scope.requests = Some(0);
    if scope.outcome == ScopeOutcome::Partial && !missing.covers(&scope) {
        // All that is missing was left out by flags.
        scope.outcome = ScopeOutcome::Checked;
        scope.checked_apis += std::mem::take(&mut scope.unchecked_apis);
    }
    if selection.has_all_apis() {
        return scope;
    }
    // The number of selected APIs that a scope has shows only in its stages.
    Scope {
        apis: 0,
        checked_apis: 0,
        skipped_apis: 0,
        deleted_apis: 0,
        unchecked_apis: 0,
        ..scope
    }
}

/// A gap for what the trailer calls incomplete without a reason.
fn unexplained(trailer: &Trailer, name: &str) -> Vec<Gap> {
    let gap = |message: String| Gap {
        operation: "snapshot".to_owned(),
        code: GapCode::Incomplete.into(),
        message,
        hint: "take it again with `driftgate snapshot`".to_owned(),
        ..Gap::default()
    };
    if !trailer.complete && trailer.unchecked.is_empty() {
        return vec![gap(format!("{name} is marked incomplete"))];
    }
    let missing = Explained::of(&trailer.unchecked);
    let scopes = trailer
        .scopes
        .iter()
        .flatten()
        .filter(|scope| scope.is_unread() && !missing.covers(scope));
    scopes
        .map(|scope| {
            let message = format!(
                "{name} calls it {} and does not say why",
                scope.outcome.name()
            );
            Gap {
                account: scope.account.clone(),
                region: scope.region.clone(),
                ..gap(message)
            }
        })
        .collect()
}

impl SnapshotState {
    /// The close of a reading that was stopped: the reader may wait for a pipe for ever, so it is not waited for.
    fn interrupted(&self) -> Close {
        let requested = self.requested.as_deref().unwrap_or_default();
        let gap = |requested: &ScopeName| Gap {
            account: requested.account.clone(),
            region: requested.region.clone(),
            operation: "snapshot".to_owned(),
            code: GapCode::Interrupted.into(),
            message: format!("{} was not read to its end", self.name),
            hint: "run it again".to_owned(),
            ..Gap::default()
        };
        let scope = |requested: &ScopeName| Scope {
            account: requested.account.clone(),
            region: requested.region.clone(),
            requests: Some(0),
            outcome: ScopeOutcome::Partial,
            ..Scope::default()
        };
        let nowhere = [ScopeName {
            account: None,
            region: None,
        }];
        Close {
            scopes: requested.iter().map(scope).collect(),
            gaps: if requested.is_empty() {
                &nowhere[..]
            } else {
                requested
            }
            .iter()
            .map(gap)
            .collect(),
            narrowing: self.index.narrowing.clone().further(&self.index.selection),
            ..Close::default()
        }
    }
}
