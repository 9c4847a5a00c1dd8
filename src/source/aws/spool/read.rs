//! The reading of a spool: once to find the finished Regions, and once to hand on their stages.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::Error;
use super::line::{Closing, DIGEST, FORMAT, FormatLine, Header, RegionKey, RunKey, SpoolLine, VERSION};
use crate::model::state::ScopeOutcome;
use crate::source::snapshot::{Checksum, Comparison, LineBatch, StageIndex};

/// Bytes that are read at once, and bytes of lines in one batch.
const BLOCK: usize = 64 * 1024;
/// The longest line: a stage with the most routes and variables that AWS allows has less than 1 MiB.
const LONGEST_LINE: u64 = 8 << 20;

/// An account's Region that was read whole.
#[derive(Debug)]
pub struct Finished {
    /// The run that read it.
    pub run: u64,
    pub closing: Closing,
}

/// The contents of a spool.
pub struct Scanned {
    pub finished: HashMap<RegionKey, Finished>,
    /// The end of the last whole line.
    pub end: u64,
    /// Number of runs that have written it.
    pub runs: u64,
    /// True if the last run was not killed.
    pub ended: bool,
    /// The digest of all whole lines.
    pub checksum: Checksum,
}

/// The lines of a part of a file, without its cursor: the file is written meanwhile.
struct FileRange<'f> {
    file: &'f File,
    at: u64,
    end: u64,
}

impl Read for FileRange<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(&mut into[..left], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn lines_of(file: &File, end: u64) -> BufReader<FileRange<'_>> {
    BufReader::with_capacity(BLOCK, FileRange { file, at: 0, end })
}

/// Appends the next line to `line`. Returns its length, 0 at the end.
fn next_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    let read = from.by_ref().take(LONGEST_LINE).read_until(b'\n', line)? as u64;
    if read == LONGEST_LINE && !line.ends_with(b"\n") {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line of more than 8 MiB"));
    }
    Ok(read)
}

/// Reads the first line, and the time when the spool was begun. `None` if the run was killed before it had written them.
pub fn header(name: &str, file: &File) -> Result<Option<(Header, Timestamp)>, Error> {
    let mut line = Vec::new();
    let mut from = lines_of(file, file.metadata().map_err(|error| unreadable(name, &error))?.len());
    next_line(&mut from, &mut line).map_err(|error| unreadable(name, &error))?;
    let not_a_spool =
        || Error::usage(format!("{name} is not a spool file. Nothing was read.\nName the file that --spool wrote."));
    if !line.ends_with(b"\n") {
        let start = format!("{{\"format\":\"{FORMAT}\",\"version\":");
        let alike = line.iter().zip(start.as_bytes()).all(|(a, b)| a == b);
        return if alike { Ok(None) } else { Err(not_a_spool()) };
    }
    let FormatLine { format, version } = serde_json::from_slice(&line).map_err(|_| not_a_spool())?;
    if format != FORMAT {
        return Err(not_a_spool());
    }
    if version != VERSION {
        return Err(Error::usage(format!(
            "{name} is a spool of version {version}, and this driftgate reads version {VERSION}.\n\
             Nothing was read; go on with the driftgate that began it, or remove it."
        )));
    }
    let header: Option<Header> = serde_json::from_slice(&line).ok();
    let header = header.and_then(|header| header.begun.parse().ok().map(|begun| (header, begun)));
    header.map(Some).ok_or_else(|| damaged(name, 1, "not the first line of a spool"))
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::failed(format!("{name} cannot be read: {error}."))
}

fn damaged(name: &str, at: u64, said: &str) -> Error {
    Error::usage(format!(
        "{name}:{at}: {said}. The file is damaged; nothing was read.\nRemove it, and start over with --spool."
    ))
}

/// Reads a spool to its last whole line.
pub fn scan(name: &str, file: &File) -> Result<Scanned, Error> {
    let unreadable = |error: io::Error| unreadable(name, &error);
    let damaged = |at: u64, said: &str| damaged(name, at, said);
    let mut from = lines_of(file, file.metadata().map_err(unreadable)?.len());
    let (mut line, mut ended) = (Vec::new(), false);
    let mut end = next_line(&mut from, &mut line).map_err(unreadable)?;
    let mut checksum = Checksum::default();
    checksum.lines(&line);
    let (mut finished, mut counts, mut runs) = (HashMap::new(), HashMap::<RegionKey, u64>::new(), 1);
    for at in 2.. {
        line.clear();
        let read = next_line(&mut from, &mut line).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => damaged(at, &error.to_string()),
            _ => unreadable(error),
        })?;
        if !line.ends_with(b"\n") {
            break;
        }
        end += read;
        let kind = SpoolLine::read(&line).map_err(|said| damaged(at, &format!("not a line of a spool: {said}")))?;
        let sealed =
            matches!(kind, SpoolLine::Stage(_)) || checksum.compare(line.trim_ascii_end(), DIGEST) == Comparison::Equal;
        if !sealed {
            return Err(damaged(at, "its digest is of something else: lines before it were changed, moved or lost"));
        }
        checksum.lines(&line);
        match kind {
            SpoolLine::Stage(name) => *counts.entry(name).or_default() += 1,
            SpoolLine::NextRun(run) => {
                runs = run;
                ended = false;
                counts.clear();
            }
            SpoolLine::Ended => ended = true,
            SpoolLine::Closing(closing) => {
                let Closing { scope, lines, .. } = &*closing;
                let (Some(account), Some(region)) = (&scope.account, &scope.region) else { continue };
                let name = (account.clone(), region.clone());
                let count = counts.remove(&name).unwrap_or_default();
                // Of what does not add up nothing is taken: it is read again.
                if scope.outcome == ScopeOutcome::Checked && *lines == count && scope.stages == count {
                    finished.insert(name, Finished { run: runs, closing: *closing });
                }
            }
        }
    }
    Ok(Scanned { finished, end, runs, ended, checksum })
}

/// Checks that a spool was begun with the same settings.
pub fn same(name: &str, begun_with: &RunKey, key: &RunKey) -> Result<(), Error> {
    let mut differs: Vec<&str> = begun_with
        .keys()
        .chain(key.keys())
        .filter(|name| begun_with.get(*name) != key.get(*name))
        .map(String::as_str)
        .collect();
    differs.sort_unstable();
    differs.dedup();
    if differs.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{name} was begun with other {}. Nothing was read.\n\
         Give the same again, or remove it and start over.",
        differs.join(", ")
    )))
}

/// Hands the stages of the Regions that are `taken` to `hand_on`, each from the run that finished it.
pub fn replay(
    name: &str,
    file: &File,
    end: u64,
    taken: &HashMap<RegionKey, u64>,
    mut hand_on: impl FnMut(LineBatch) -> bool,
) -> (HashMap<RegionKey, u64>, Option<io::Error>) {
    let mut handed: HashMap<RegionKey, u64> = taken.keys().map(|name| (name.clone(), 0)).collect();
    let failed = send(name, file, end, taken, |batch, stages| {
        let wanted = hand_on(batch);
        if wanted {
            for name in stages {
                *handed.entry(name.clone()).or_default() += 1;
            }
        }
        wanted
    });
    (handed, failed.err())
}

/// Hands on consecutive lines as one batch, so that each keeps its number.
fn send(
    name: &str,
    file: &File,
    end: u64,
    taken: &HashMap<RegionKey, u64>,
    mut hand_on: impl FnMut(LineBatch, &[RegionKey]) -> bool,
) -> io::Result<()> {
    let (name, index): (Arc<str>, Arc<StageIndex>) = (name.into(), Arc::default());
    let mut from = lines_of(file, end);
    let (mut bytes, mut stages, mut run) = (Vec::new(), Vec::new(), 1);
    next_line(&mut from, &mut bytes)?;
    bytes.clear();
    for at in 2.. {
        let before = bytes.len();
        let read = next_line(&mut from, &mut bytes)?;
        let line = &bytes[before..];
        let wanted = match SpoolLine::read(line) {
            Ok(SpoolLine::Stage(name)) if taken.get(&name) == Some(&run) => {
                stages.push(name);
                true
            }
            Ok(SpoolLine::NextRun(next)) => {
                run = next;
                false
            }
            Ok(_) => false,
            Err(_) if read == 0 => false,
            Err(said) => return Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {at}: {said}"))),
        };
        if !wanted {
            bytes.truncate(before);
        }
        if !stages.is_empty() && (!wanted || bytes.len() >= BLOCK) {
            let first = if wanted { at + 1 } else { at } - stages.len() as u64;
            let lines = std::mem::take(&mut bytes);
            let batch = LineBatch { name: Arc::clone(&name), bytes: lines, first, index: Arc::clone(&index) };
            if !hand_on(batch, &stages) {
                return Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody took its stages"));
            }
            stages.clear();
        }
        if read == 0 {
            return Ok(());
        }
    }
    Ok(())
}
