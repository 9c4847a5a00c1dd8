//! The writing of a spool. A spool that cannot be written any more is given up; the run goes on.

use std::fs::File;
use std::io::{self, Write as _};

use serde::Serialize;

use super::line::{DIGEST, Header};
use crate::model::{Document, Value};
use crate::source::snapshot::{Checksum, stage_line};

/// Bytes that wait before they are written, while no Region is closed.
const BUFFER: usize = 64 * 1024;

#[derive(Debug, Default)]
pub struct Writer {
    waiting: Vec<u8>,
    /// The digest of all lines, waiting ones included.
    checksum: Checksum,
    /// The reason why nothing is written any more.
    failed: Option<String>,
}

impl Writer {
    /// Continues after the lines of a checksum.
    pub fn behind(checksum: Checksum) -> Self {
        Self {
            checksum,
            ..Self::default()
        }
    }

    pub fn fail(&mut self, error: &io::Error) {
        self.waiting = Vec::new();
        self.failed = Some(error.to_string());
    }

    /// The reason why nothing is written any more.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    pub fn stages(
        &mut self,
        file: &File,
        account: Option<&str>,
        region: &str,
        api: &Value<'_>,
        stages: &[Value<'_>],
    ) {
        if self.failed.is_some() {
            return;
        }
        let mut lines = Vec::new();
        for stage in stages {
            let document = Document {
                read_at: None,
                account,
                region: Some(region),
                api,
                stage,
            };
            if let Err(error) = stage_line(&mut lines, &document, stage) {
                return self.fail(&error);
            }
        }
        self.append(file, &lines, false);
    }

    pub fn header(&mut self, file: &File, header: &Header) {
        self.write(file, header, |_, line| line + "\n");
    }

    /// Writes a line that ends with the digest of everything before it.
    pub fn line(&mut self, file: &File, value: &impl Serialize) {
        self.write(file, value, |checksum, line| checksum.close(&line, DIGEST));
    }

    /// Writes one line, and the waiting lines before it.
    fn write(
        &mut self,
        file: &File,
        value: &impl Serialize,
        ended: impl FnOnce(&Checksum, String) -> String,
    ) {
        match serde_json::to_string(value) {
            Ok(line) => {
                let line = ended(&self.checksum, line);
                self.append(file, line.as_bytes(), true);
            }
            Err(error) => self.fail(&error.into()),
        }
    }

    /// Adds whole lines; the lines of a Region stay in their order.
    fn append(&mut self, mut file: &File, lines: &[u8], now: bool) {
        if self.failed.is_some() {
            return;
        }
        self.checksum.lines(lines);
        self.waiting.extend_from_slice(lines);
        if now || self.waiting.len() >= BUFFER {
            // Nothing may follow half a line, or the file would be damaged in its middle.
            match file.write_all(&self.waiting) {
                Ok(()) => self.waiting.clear(),
                Err(error) => self.fail(&error),
            }
        }
    }
}
