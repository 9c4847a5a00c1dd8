//! Opens a file or stdin, decompresses it by its first bytes, and tells what kind it is.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use super::{Error, KINDS, Kind};

/// How much is read at once.
const BLOCK: usize = 256 * 1024;

/// An opened input, decompressed.
pub(super) struct Input {
    /// What messages call it.
    pub name: Arc<str>,
    /// Its text.
    pub text: Box<dyn BufRead + Send>,
}

/// Opens a path, or stdin for `-`.
pub(super) fn open(path: &str) -> Result<Input, Error> {
    let name: Arc<str> = if path == "-" { "stdin".into() } else { path.into() };
    let raw: Box<dyn Read + Send> = if path == "-" {
        Box::new(io::stdin())
    } else {
        let problem = |error: io::Error| {
            Error(match error.kind() {
                io::ErrorKind::NotFound => {
                    format!(
                        "{path}: no such file.\nName a snapshot, the output of `aws apigatewayv2 get-stages`, or `aws`."
                    )
                }
                io::ErrorKind::PermissionDenied => format!("{path}: permission denied. Check the file's permissions."),
                _ => format!("{path}: {error}"),
            })
        };
        let file = File::open(path).map_err(problem)?;
        if file.metadata().map_err(problem)?.is_dir() {
            return Err(Error(format!("{path} is a folder. Name one file.")));
        }
        Box::new(file)
    };
    let mut raw = BufReader::with_capacity(BLOCK, raw);
    let head = raw.fill_buf().map_err(|error| Error(format!("{name}: {error}")))?;
    let text: Box<dyn BufRead + Send> = if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::Decoder::with_buffer(raw).map_err(|error| Error(format!("{name}: {error}")))?;
        Box::new(BufReader::with_capacity(BLOCK, decoder))
    } else if head.starts_with(&[0x1f, 0x8b]) {
        // Several members one after the other are one file, as gzip has it.
        Box::new(BufReader::with_capacity(BLOCK, flate2::bufread::MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    };
    Ok(Input { name, text })
}

impl Input {
    /// What kind of file it is, by its beginning.
    pub fn detect(&mut self) -> Result<Kind, Error> {
        let name = Arc::clone(&self.name);
        let head = self.text.fill_buf().map_err(|error| damaged(&name, &error))?;
        let start = head.trim_ascii_start();
        if start.is_empty() {
            return Err(Error(format!("{name} is empty. Nothing was audited.")));
        }
        let line = start.split(|byte| *byte == b'\n').next().unwrap_or(start);
        let is_snapshot = serde_json::from_slice::<serde_json::Value>(line)
            .is_ok_and(|header| header.get("format").is_some_and(|format| format == super::snapshot::FORMAT));
        if is_snapshot {
            return Ok(Kind::Snapshot);
        }
        if start.starts_with(b"{") {
            return Ok(Kind::GetStages);
        }
        Err(unknown_kind(&name))
    }
}

/// A read that failed: of a compressed file mostly one that was cut off.
pub(super) fn damaged(name: &str, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Error(format!(
            "{name} is cut off: its compressed data ends too early. Nothing was audited; copy it again."
        ));
    }
    Error(format!("{name} cannot be read: {error}. Nothing was audited."))
}

/// A file that is none of the known kinds.
pub(super) fn unknown_kind(name: &str) -> Error {
    let kinds: Vec<String> = KINDS.iter().map(|(kind, about)| format!("  {kind}: {about}")).collect();
    Error(format!("{name} is of no known kind. Nothing was audited. Kinds that are read:\n{}", kinds.join("\n")))
}
