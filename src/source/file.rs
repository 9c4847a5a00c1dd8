//! Files as sources: a request, a kind of file, and an opened input. It must not know which kinds there are.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::model::state::{Selection, State, Unusable};

/// A file to read.
#[derive(Debug, Clone)]
pub struct FileRequest {
    /// The path, or `-` for stdin.
    pub path: String,
    /// The kind, when the user forced one.
    pub kind: Option<&'static FileSource>,
    /// The names of APIs and stages that flags give.
    pub selection: Arc<Selection>,
    /// The account that the user named; it states that of CLI output.
    pub account: Option<String>,
    /// The Regions that the user named; they state the Region of CLI output.
    pub regions: Vec<String>,
}

/// A kind of file that is read.
pub struct FileSource {
    /// The name that forces the kind: `--from NAME:PATH`.
    pub name: &'static str,
    /// Another name for it.
    pub alias: Option<&'static str>,
    /// Description, shown after the name.
    pub about: &'static str,
    /// True for an input that begins as files of this kind do.
    pub detect: fn(&Input) -> bool,
    /// Begins to read.
    pub open: Open,
}

/// Begins to read an input. Once the flag is set, the state ends and reports that it was interrupted.
pub type Open = fn(Input, &FileRequest, Arc<AtomicBool>) -> Result<Box<dyn State>, OpenError>;

/// By name: functions have no identity.
impl PartialEq for FileSource {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for FileSource {}

impl fmt::Debug for FileSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// A refusal to read an input.
pub enum OpenError {
    /// It is of no known kind.
    UnknownKind,
    /// It is damaged, or does not go with the flags.
    Error(Error),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// A file that cannot be read. Nothing was audited; the message names the place and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<Error> for Unusable {
    fn from(error: Error) -> Self {
        Self(error.0)
    }
}

/// Bytes that are read at once.
const BLOCK: usize = 32 * 1024;

/// The longest first line. A snapshot's header names every scope; the CLI may print everything on one line.
const LONGEST_HEAD: u64 = 64 << 20;

/// An opened input, decompressed.
pub struct Input {
    /// Name in messages.
    pub name: Arc<str>,
    /// Its first line that is not blank, with its end. The kind shows in it.
    pub head: Vec<u8>,
    /// Everything after the head.
    pub rest: Box<dyn BufRead + Send>,
}

/// Opens a path, or stdin for `-`.
///
/// # Errors
/// If it cannot be opened, is empty, or is compressed and damaged.
pub fn open(path: &str) -> Result<Input, Error> {
    let name: Arc<str> = if path == "-" {
        "stdin".into()
    } else {
        path.into()
    };
    let raw: Box<dyn Read + Send> = if path == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(open_file(path)?)
    };
    let mut raw = BufReader::with_capacity(BLOCK, raw);
    let start = raw.fill_buf().map_err(|error| damaged(&name, &error))?;
    let mut rest: Box<dyn BufRead + Send> = if start.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(raw).map_err(|error| damaged(&name, &error))?;
        Box::new(BufReader::with_capacity(BLOCK, decoder))
    } else if start.starts_with(&[0x1f, 0x8b]) {
        // Several members one after the other are one file, as gzip has it.
        Box::new(BufReader::with_capacity(
            BLOCK,
            flate2::bufread::MultiGzDecoder::new(raw),
        ))
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
        return Err(Error(format!(
            "{name} is UTF-16 text. Nothing was read.\nWrite it as UTF-8."
        )));
    }
    Ok(Input { name, head, rest })
}

fn open_file(path: &str) -> Result<File, Error> {
    let problem = |error: io::Error| {
        Error(match error.kind() {
            io::ErrorKind::NotFound => format!(
                "{path}: no such file.\nName a snapshot, the output of `aws apigatewayv2 get-stages`, or `aws`."
            ),
            io::ErrorKind::PermissionDenied => {
                format!("{path}: permission denied.\nCheck the file's permissions.")
            }
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
        if text
            .by_ref()
            .take(LONGEST_HEAD)
            .read_until(b'\n', &mut line)?
            == 0
        {
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
    /// True if the first line names this format, as all files of driftgate do.
    pub fn has_format(&self, name: &str) -> bool {
        format_of(&self.head).is_some_and(|format| format.name == name)
    }
}

/// The format that a first line names.
#[derive(Deserialize)]
struct FileFormat {
    #[serde(rename = "format")]
    name: String,
    #[serde(default)]
    version: Option<Json>,
}

fn format_of(line: &[u8]) -> Option<FileFormat> {
    serde_json::from_slice(line).ok()
}

/// A first line that does not name the expected format.
pub enum WrongFormat {
    /// It names another format, or no format.
    Other,
    /// It names another version, or one that is no number.
    Version(String),
}

/// Checks that a first line names this format, and no other version of it.
///
/// # Errors
/// When it does not.
pub fn check_format(line: &[u8], name: &str, version: u64) -> Result<(), WrongFormat> {
    let format = format_of(line)
        .filter(|format| format.name == name)
        .ok_or(WrongFormat::Other)?;
    match format.version {
        Some(other) if other.as_u64() != Some(version) => {
            Err(WrongFormat::Version(other.to_string()))
        }
        _ => Ok(()),
    }
}

/// A read that failed: of a compressed file mostly one that was cut off.
pub fn damaged(name: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error(format!(
            "{name} is cut off, or something else follows its compressed data. Nothing was read.\nCopy it again."
        ));
    }
    Error(format!("{name} cannot be read: {error}. Nothing was read."))
}
