//! Reads a snapshot: a header, one line a stage, a trailer that says what should have been there.

use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Error;
use super::input::{Input, damaged};
use crate::model::balance::Missing;
use crate::model::feed::{Chunk, Close, Feed, Gap, Read, Scope, Selection, Unusable, Warning};
use crate::model::narrowing::Narrowing;

/// The name of the format, in the header.
pub const FORMAT: &str = "driftgate.snapshot";
/// Its version.
pub const VERSION: u64 = 1;

/// How many bytes of lines go into one chunk.
const CHUNK: usize = 256 * 1024;
/// How many chunks wait to be checked.
const WAITING: usize = 4;
/// The longest line: a stage with the most routes and variables that AWS allows has less than 1 MiB.
const LONGEST_LINE: usize = 8 << 20;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u64,
    /// When it was taken, RFC 3339; absent in a reproducible one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_at: Option<String>,
    /// What was asked for.
    #[serde(default)]
    pub scopes: Vec<Asked>,
    /// What it was narrowed to. Nothing is known of the rest.
    #[serde(default, skip_serializing_if = "Narrowing::is_none")]
    pub narrowing: Narrowing,
}

/// An account and a Region that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
}

/// The last line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Trailer {
    /// How many stages there are.
    pub stages: u64,
    /// What was read of each scope.
    #[serde(default)]
    pub scopes: Vec<Scope>,
    /// What could not be read.
    #[serde(default)]
    pub unchecked: Vec<Gap>,
    /// What is worth knowing besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// Whether everything was read.
    pub complete: bool,
}

/// The feed of a snapshot: a thread reads, whoever asks decodes.
pub(super) struct Snapshot {
    chunks: Receiver<Chunk>,
    reader: JoinHandle<Result<Trailer, Error>>,
    selection: Arc<Selection>,
    name: Arc<str>,
    asked: Vec<Asked>,
    /// What the snapshot was narrowed to.
    narrowing: Narrowing,
    stop: Arc<AtomicBool>,
}

/// How long a chunk is waited for before the wish to stop is looked at.
const PATIENCE: Duration = Duration::from_millis(20);

/// Checks the header and begins to read.
pub(super) fn read(input: Input, selection: Arc<Selection>, stop: Arc<AtomicBool>) -> Result<Snapshot, Error> {
    let name = Arc::clone(&input.name);
    let header: Header = serde_json::from_slice(&input.head)
        .ok()
        .filter(|header: &Header| header.format == FORMAT)
        .ok_or_else(|| {
            Error(format!(
                "{name} does not begin with the header of a snapshot. Nothing was read.\n\
                 Leave out `snapshot:` to have its kind found out."
            ))
        })?;
    if header.version != VERSION {
        return Err(Error(format!(
            "{name} is a snapshot of version {}, and this driftgate reads version {VERSION}.\n\
             Nothing was read; use the driftgate that wrote it, or a newer one.",
            header.version
        )));
    }
    let (sender, chunks) = sync_channel(WAITING);
    let only = Arc::clone(&selection);
    let reader_name = Arc::clone(&name);
    let reader = std::thread::spawn(move || send(input, &reader_name, &only, &sender));
    let Header { scopes: asked, narrowing, .. } = header;
    Ok(Snapshot { chunks, reader, selection, name, asked, narrowing, stop })
}

/// Cuts the text into chunks of whole lines. The last line is held back: it is the trailer.
fn send(
    mut input: Input,
    name: &Arc<str>,
    only: &Arc<Selection>,
    chunks: &SyncSender<Chunk>,
) -> Result<Trailer, Error> {
    let lines = |bytes, first| Chunk::Lines { name: Arc::clone(name), bytes, first, only: Arc::clone(only) };
    let mut held: Vec<u8> = Vec::new();
    let mut line = 2_u64;
    loop {
        let mut block = Vec::with_capacity(held.len() + CHUNK);
        block.append(&mut held);
        let read =
            input.rest.by_ref().take(CHUNK as u64).read_to_end(&mut block).map_err(|error| damaged(name, &error))?;
        match before_last_line(&block) {
            Some(cut) if read > 0 => held = block.split_off(cut),
            _ if read == 0 => {
                held = block;
                break;
            }
            _ if block.len() > LONGEST_LINE => {
                let what = "a line of more than 8 MiB. The file is damaged; nothing was read.";
                return Err(Error(format!("{name}:{line}: {what}")));
            }
            _ => {
                held = block;
                continue;
            }
        }
        let count = newlines(&block);
        if chunks.send(lines(block, line)).is_err() {
            // Whoever asked has found a damaged line, and says so.
            break;
        }
        line += count;
    }
    held.truncate(held.trim_ascii_end().len());
    let cut = memchr::memrchr(b'\n', &held).map_or(0, |newline| newline + 1);
    let last = held.split_off(cut);
    let last_line = line + newlines(&held);
    let stages = last_line - 2;
    let trailer: Trailer =
        serde_json::from_slice(&last).map_err(|_| cut_off(name, stages + u64::from(!last.is_empty())))?;
    if !held.is_empty() {
        // Nobody listening is nobody to tell.
        let _ = chunks.send(lines(held, line));
    }
    if trailer.stages != stages {
        return Err(Error(format!(
            "{name}:{last_line}: the trailer counts {} stages and the file has {stages}. \
             The file is damaged; nothing was read.",
            trailer.stages
        )));
    }
    Ok(trailer)
}

fn cut_off(name: &str, lines: u64) -> Error {
    Error(format!(
        "{name} has no trailer after {lines} lines of stages: it was cut off. Nothing was read.\n\
         Copy it again, or take it again with `driftgate snapshot`."
    ))
}

/// Where the last whole line begins, if there is one before it.
fn before_last_line(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memrchr(b'\n', bytes)?;
    let start = memchr::memrchr(b'\n', &bytes[..end])?;
    Some(start + 1)
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl Feed for Snapshot {
    fn next(&mut self) -> Option<Chunk> {
        while !self.stop.load(Ordering::Relaxed) {
            match self.chunks.recv_timeout(PATIENCE) {
                Ok(chunk) => return Some(chunk),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
        None
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunks.try_recv().ok()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        if self.stop.load(Ordering::Relaxed) {
            return Ok(self.interrupted());
        }
        drop(self.chunks);
        let name = self.name;
        let trailer = self
            .reader
            .join()
            .map_err(|_| Unusable(format!("{name}: reading stopped unexpectedly. Nothing was read.")))??;
        let in_scope = |gap: &Gap| {
            self.selection.has_api(gap.api_id.as_deref())
                && (gap.stage.is_none() || self.selection.has_stage(gap.stage.as_deref()))
        };
        let says_nothing = !trailer.complete && trailer.unchecked.is_empty();
        let mut gaps: Vec<Gap> = trailer.unchecked.into_iter().filter(in_scope).collect();
        if says_nothing {
            gaps.push(Gap {
                operation: "snapshot".to_owned(),
                code: "Incomplete".to_owned(),
                message: format!("{name} is marked incomplete"),
                hint: "take it again with `driftgate snapshot`".to_owned(),
                ..Gap::default()
            });
        }
        let narrowed = !self.selection.apis.is_empty();
        let missing = Missing::of(&gaps);
        let scope = |scope: Scope| {
            let mut scope = Scope { requests: Some(0), ..scope };
            if scope.outcome == Read::Partial && !missing.is_said_of(&scope) {
                // All that is missing was left out by flags.
                scope.outcome = Read::Checked;
                scope.checked_apis += std::mem::take(&mut scope.unchecked_apis);
            }
            // How many of the APIs that are asked for a scope has, only its stages tell.
            if narrowed {
                Scope { apis: 0, checked_apis: 0, skipped_apis: 0, deleted_apis: 0, unchecked_apis: 0, ..scope }
            } else {
                scope
            }
        };
        let scopes = trailer.scopes.into_iter().map(scope).collect();
        let narrowing = self.narrowing.further(&self.selection);
        Ok(Close { scopes, gaps, warnings: trailer.warnings, narrowing, ..Close::default() })
    }
}

impl Snapshot {
    /// What is said when the reading was stopped: the reader may wait for a pipe for ever, so it is not asked.
    fn interrupted(&self) -> Close {
        let gap = |asked: &Asked| Gap {
            account: asked.account.clone(),
            region: asked.region.clone(),
            operation: "snapshot".to_owned(),
            code: "Interrupted".to_owned(),
            message: format!("{} was not read to its end", self.name),
            hint: "run it again".to_owned(),
            ..Gap::default()
        };
        let scope = |asked: &Asked| Scope {
            account: asked.account.clone(),
            region: asked.region.clone(),
            apis: 0,
            skipped_apis: 0,
            stages: 0,
            requests: Some(0),
            outcome: Read::Partial,
            ..Scope::default()
        };
        let nowhere = [Asked { account: None, region: None }];
        let asked = if self.asked.is_empty() { &nowhere[..] } else { &self.asked };
        Close {
            scopes: self.asked.iter().map(scope).collect(),
            gaps: asked.iter().map(gap).collect(),
            narrowing: self.narrowing.clone().further(&self.selection),
            ..Close::default()
        }
    }
}
