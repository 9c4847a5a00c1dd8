//! Opens a file or stdin, decompresses it by its first bytes, and tells what kind it is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use serde::Deserialize;

use super::{Error, KINDS, Kind};

/// How much is read at once.
const BLOCK: usize = 32 * 1024;

/// The longest first line. A snapshot's header names every scope; the CLI may print everything on one line.
const LONGEST_HEAD: u64 = 64 << 20;

/// An opened input, decompressed.
pub(super) struct Input {
    /// What messages call it.
    pub name: Arc<str>,
    /// Its first line that is not blank, with its end. The kind shows in it.
    pub head: Vec<u8>,
    /// What comes after it.
    pub rest: Box<dyn BufRead + Send>,
}

/// Opens a path, or stdin for `-`.
pub(super) fn open(path: &str) -> Result<Input, Error> {
    let name: Arc<str> = if path == "-" { "stdin".into() } else { path.into() };
    let raw: Box<dyn Read + Send> = if path == "-" { Box::new(io::stdin()) } else { Box::new(open_file(path)?) };
    let mut raw = BufReader::with_capacity(BLOCK, raw);
    let start = raw.fill_buf().map_err(|error| damaged(&name, &error))?;
    let mut rest: Box<dyn BufRead + Send> = if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(raw).map_err(|error| damaged(&name, &error))?;
        Box::new(BufReader::with_capacity(BLOCK, decoder))
    } else if start.starts_with(&[0x1f, 0x8b]) {
        // Several members one after the other are one file, as gzip has it.
        Box::new(BufReader::with_capacity(BLOCK, flate2::bufread::MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    };
    let head = first_line(&mut rest).map_err(|error| damaged(&name, &error))?;
    if head.trim_ascii().is_empty() {
        return Err(Error(format!(
            "{name} is empty. Nothing was read.\nIf a command wrote it, look at what that command said."
        )));
    }
    if matches!(head.as_slice(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return Err(Error(format!("{name} is UTF-16 text. Nothing was read.\nWrite it as UTF-8.")));
    }
    Ok(Input { name, head, rest })
}

fn open_file(path: &str) -> Result<File, Error> {
    let problem = |error: io::Error| {
        Error(match error.kind() {
            io::ErrorKind::NotFound => format!(
                "{path}: no such file.\nName a snapshot, the output of `aws apigatewayv2 get-stages`, or `aws`."
            ),
            io::ErrorKind::PermissionDenied => format!("{path}: permission denied.\nCheck the file's permissions."),
            _ => format!("{path}: {error}"),
        })
    };
    let file = File::open(path).map_err(problem)?;
    if file.metadata().map_err(problem)?.is_dir() {
        return Err(Error(format!("{path} is a folder.\nName one file.")));
    }
    Ok(file)
}

/// The first line that is not blank. A pipe may give it in pieces.
fn first_line(text: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while line.trim_ascii().is_empty() {
        line.clear();
        if text.by_ref().take(LONGEST_HEAD).read_until(b'\n', &mut line)? == 0 {
            break;
        }
    }
    // A byte order mark is some shells' habit, not part of the text.
    if line.starts_with(&[0xef, 0xbb, 0xbf]) {
        line.drain(..3);
    }
    Ok(line)
}

impl Input {
    /// The kind of the file, by its beginning. What is not a snapshot is for the reader of CLI output to refuse.
    pub fn detect(&self) -> Kind {
        if self.is_snapshot() { Kind::Snapshot } else { Kind::GetStages }
    }

    /// True if it begins with the header of a snapshot.
    pub fn is_snapshot(&self) -> bool {
        Head::read(&self.head).is_some_and(|head| head.format.as_deref() == Some(super::snapshot::FORMAT))
    }
}

/// The kind that a first line claims.
#[derive(Deserialize)]
pub(super) struct Head {
    format: Option<String>,
    pub version: Option<u64>,
}

impl Head {
    pub fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }
}

/// A read that failed: of a compressed file mostly one that was cut off.
pub(super) fn damaged(name: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error(format!(
            "{name} is cut off: its compressed data ends too early. Nothing was read.\nCopy it again."
        ));
    }
    Error(format!("{name} cannot be read: {error}. Nothing was read."))
}

/// A file that is none of the known kinds.
pub(super) fn unknown_kind(name: &str) -> Error {
    let kinds: Vec<String> = KINDS.iter().map(|(kind, about)| format!("  {kind}: {about}")).collect();
    Error(format!("{name} is of no known kind. Nothing was read.\nkinds that are read:\n{}", kinds.join("\n")))
}
