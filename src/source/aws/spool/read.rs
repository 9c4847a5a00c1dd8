//! The reading of a spool: once to find the finished Regions, and once to hand on their stages.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::Error;
use super::line::{Closing, DIGEST, FORMAT, Header, RegionKey, RunKey, SpoolLine, VERSION};
use crate::model::moment::Moment;
use crate::model::state::{Narrowing, ScopeOutcome};
use crate::source::file::{WrongFormat, check_format};
use crate::source::snapshot::{
    Checksum, Comparison, LineBatch, LineError, Lines, StageIndex, TOO_LONG,
};

/// Bytes that are read at once.
const BLOCK: usize = 64 * 1024;

/// An account's Region that was read whole.
#[derive(Debug)]
pub struct Finished {
    /// The run that read it.
    pub run: u64,
    pub closing: Closing,
}

/// The contents of a spool.
#[derive(Default)]
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
        let left = usize::try_from(self.end - self.at)
            .unwrap_or(usize::MAX)
            .min(into.len());
        let read = self.file.read_at(&mut into[..left], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn lines_of(file: &File, end: u64) -> Lines<FileRange<'_>> {
    Lines::new(FileRange { file, at: 0, end }, 1, BLOCK)
}

/// Reads the first line, and the time when the spool was begun. `None` if the run was killed before it had written them.
pub fn header(name: &str, file: &File) -> Result<Option<(Header, Timestamp)>, Error> {
    let end = file
        .metadata()
        .map_err(|error| unreadable(name, &error))?
        .len();
    let block = lines_of(file, end)
        .next()
        .transpose()
        .map_err(|error| unreadable(name, &error.into()))?;
    let line = block
        .as_ref()
        .and_then(|block| block.lines().next())
        .map_or(&[][..], |(_, line)| line);
    let not_a_spool = || {
        Error::usage(format!(
            "{name} is not a spool file. Nothing was read.\nName the file that --spool wrote."
        ))
    };
    if !line.ends_with(b"\n") {
        let start = format!("{{\"format\":\"{FORMAT}\",\"version\":");
        let alike = line.iter().zip(start.as_bytes()).all(|(a, b)| a == b);
        return if alike { Ok(None) } else { Err(not_a_spool()) };
    }
    match check_format(line, FORMAT, VERSION) {
        Ok(()) => {}
        Err(WrongFormat::Other) => return Err(not_a_spool()),
        Err(WrongFormat::Version(version)) => {
            return Err(Error::usage(format!(
                "{name} is a spool of version {version}, and this driftgate reads version {VERSION}.\n\
                 Nothing was read; go on with the driftgate that began it, or remove it."
            )));
        }
    }
    let header: Option<Header> = serde_json::from_slice(line).ok();
    let header = header.and_then(|header| header.begun.parse().ok().map(|begun| (header, begun)));
    header
        .map(Some)
        .ok_or_else(|| damaged(name, 1, "not the first line of a spool"))
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    Error::failed(format!("{name} cannot be read: {error}."))
}

fn damaged(name: &str, at: u64, flaw: &str) -> Error {
    Error::usage(format!(
        "{name}:{at}: {flaw}. The file is damaged; nothing was read.\nRemove it, and start over with --spool."
    ))
}

/// Reads a spool to its last whole line.
pub fn scan(name: &str, file: &File) -> Result<Scanned, Error> {
    let length = file
        .metadata()
        .map_err(|error| unreadable(name, &error))?
        .len();
    let mut scanned = Scanned {
        runs: 1,
        ..Scanned::default()
    };
    let mut counts = HashMap::new();
    for block in lines_of(file, length) {
        let block = block.map_err(|error| match error {
            LineError::TooLong(at) => damaged(name, at, TOO_LONG),
            LineError::Read(error) => unreadable(name, &error),
        })?;
        for (at, line) in block.lines().filter(|(_, line)| line.ends_with(b"\n")) {
            if at > 1 {
                scanned
                    .add(line, &mut counts)
                    .map_err(|flaw| damaged(name, at, &flaw))?;
            }
            scanned.checksum.lines(line);
            scanned.end += line.len() as u64;
        }
    }
    Ok(scanned)
}

impl Scanned {
    /// Adds a line; `counts` has the stages of the current run, by Regions that are not closed.
    fn add(&mut self, line: &[u8], counts: &mut HashMap<RegionKey, u64>) -> Result<(), String> {
        let kind =
            SpoolLine::read(line).map_err(|flaw| format!("not a line of a spool: {flaw}"))?;
        let sealed = || self.checksum.compare(line.trim_ascii_end(), DIGEST) == Comparison::Equal;
        if !matches!(kind, SpoolLine::Stage(_)) && !sealed() {
            return Err(
                "its digest is of something else: lines before it were changed, moved or lost"
                    .to_owned(),
            );
        }
        match kind {
            SpoolLine::Stage(name) => *counts.entry(name).or_default() += 1,
            SpoolLine::NextRun(run) => {
                self.runs = run;
                self.ended = false;
                counts.clear();
            }
            SpoolLine::Ended => self.ended = true,
            SpoolLine::Closing(closing) => {
                let Closing { scope, lines, .. } = &*closing;
                let (Some(account), Some(region)) = (&scope.account, &scope.region) else {
                    return Ok(());
                };
                let name = (account.clone(), region.clone());
                let count = counts.remove(&name).unwrap_or_default();
                // Of what does not add up nothing is taken: it is read again.
                if scope.outcome == ScopeOutcome::Checked
                    && *lines == count
                    && scope.stages == count
                {
                    self.finished.insert(
                        name,
                        Finished {
                            run: self.runs,
                            closing: *closing,
                        },
                    );
                }
            }
        }
        Ok(())
    }
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

/// Hands the stages of the Regions that are `taken` to `hand_on`, each from the run that finished it. Returns the number
/// of stages that were handed on, and the failure that ended it early.
pub fn replay(
    name: &str,
    file: &File,
    end: u64,
    taken: &HashMap<RegionKey, u64>,
    hand_on: impl FnMut(LineBatch) -> bool,
) -> (HashMap<RegionKey, u64>, Option<io::Error>) {
    let mut handed = taken.keys().map(|name| (name.clone(), 0)).collect();
    let failed = send(name, lines_of(file, end), taken, &mut handed, hand_on).err();
    (handed, failed)
}

/// Hands on consecutive lines as one batch, so that each keeps its number.
fn send(
    name: &str,
    blocks: Lines<FileRange<'_>>,
    taken: &HashMap<RegionKey, u64>,
    handed: &mut HashMap<RegionKey, u64>,
    mut hand_on: impl FnMut(LineBatch) -> bool,
) -> io::Result<()> {
    let now = Moment {
        seconds: Timestamp::now().as_second(),
    };
    let (name, index): (Arc<str>, Arc<StageIndex>) = (
        name.into(),
        Arc::new(StageIndex::new(
            Arc::default(),
            Narrowing::default(),
            Some(now),
        )),
    );
    let mut run = 1;
    for block in blocks {
        let block = block?;
        let mut lines = Vec::new();
        for (at, line) in block.lines().filter(|(at, _)| *at > 1) {
            let stage = match SpoolLine::read(line) {
                Ok(SpoolLine::Stage(name)) => {
                    Some(name).filter(|name| taken.get(name) == Some(&run))
                }
                Ok(SpoolLine::NextRun(next)) => {
                    run = next;
                    None
                }
                Ok(_) => None,
                Err(flaw) => {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("line {at}: {flaw}"),
                    ));
                }
            };
            lines.push((at, line, stage));
        }
        for stretch in lines.chunk_by(|(.., one), (.., other)| one.is_some() == other.is_some()) {
            let [(first, _, Some(_)), ..] = stretch else {
                continue;
            };
            let bytes = stretch
                .iter()
                .map(|(_, line, _)| *line)
                .collect::<Vec<_>>()
                .concat();
            let batch = LineBatch {
                name: Arc::clone(&name),
                bytes,
                first: *first,
                index: Arc::clone(&index),
            };
            if !hand_on(batch) {
                return Err(io::Error::new(
                    io::ErrorKind::BrokenPipe,
                    "no one took its stages",
                ));
            }
            for name in stretch.iter().filter_map(|(.., stage)| stage.as_ref()) {
                *handed.entry(name.clone()).or_default() += 1;
            }
        }
    }
    Ok(())
}
