//! Writes a spool. That it cannot be written any more ends the spool, and never the run.

use std::io::{self, Write as _};

use serde::Serialize;

use super::{Closing, DIGEST, Header, Spool};
use crate::model::feed::{Read, Scope, Warning};
use crate::model::narrowing::Found;
use crate::model::seal::Seal;
use crate::model::{Document, Value};
use crate::source::saved::write::stage_line;

/// How much is written at once, where no Region comes to its end.
const BUFFER: usize = 64 * 1024;

/// What waits to be written.
#[derive(Debug, Default)]
pub struct Writer {
    waiting: Vec<u8>,
    /// Over everything that the file holds once nothing waits.
    seal: Seal,
    /// Why nothing is written any more.
    failed: Option<String>,
}

impl Writer {
    /// Goes on behind the lines of a seal.
    pub fn behind(seal: Seal) -> Self {
        Self { seal, ..Self::default() }
    }

    pub fn fail(&mut self, error: &io::Error) {
        self.waiting = Vec::new();
        self.failed = Some(error.to_string());
    }
}

impl Spool {
    /// Keeps the stages of an API.
    pub(crate) fn stages(&self, account: Option<&str>, region: &str, api: &Value<'_>, stages: &[Value<'_>]) {
        if account.is_none() || self.writer().failed.is_some() {
            return;
        }
        let mut lines = Vec::new();
        for stage in stages {
            let document = Document { account, region: Some(region), api, stage };
            if let Err(error) = stage_line(&mut lines, &document, stage) {
                return self.writer().fail(&error);
            }
        }
        self.append(&mut self.writer(), &lines, false);
    }

    /// Notes that an account's Region was read, if all of it was.
    pub(crate) fn close(&self, scope: &Scope, warnings: &[Warning], found: &Found) {
        if scope.account.is_none() || scope.outcome != Read::Checked {
            return;
        }
        let (scope, warnings, found) = (scope.clone(), warnings.to_vec(), found.clone());
        self.line(&Closing { lines: scope.stages, scope, warnings, found });
    }

    /// What the result says of it: what was not read now, and that it could not be written any more.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let earlier = self.earlier().filter(|_| self.telling).map(|message| ("resumed", message));
        let failed = self.failure().map(|why| {
            let path = self.path.display();
            let message = format!(
                "{path} could not be written any more ({why}): what was read after that is not kept for --resume"
            );
            ("spool-failed", message)
        });
        let warning =
            |(kind, message): (&str, String)| Warning { kind: kind.to_owned(), message, ..Warning::default() };
        earlier.into_iter().chain(failed).map(warning).collect()
    }

    pub(super) fn failure(&self) -> Option<String> {
        self.writer().failed.clone()
    }

    /// Writes the first line.
    pub(super) fn header(&self, header: &Header) {
        self.write(header, |_, line| line + "\n");
    }

    /// Writes a line that ends with the digest of everything before it.
    pub(super) fn line(&self, value: &impl Serialize) {
        self.write(value, |seal, line| seal.close(&line, DIGEST));
    }

    /// Writes one line, and what waits.
    fn write(&self, value: &impl Serialize, ended: impl FnOnce(&Seal, String) -> String) {
        let mut writer = self.writer();
        match serde_json::to_string(value) {
            Ok(line) => {
                let line = ended(&writer.seal, line);
                self.append(&mut writer, line.as_bytes(), true);
            }
            Err(error) => writer.fail(&error.into()),
        }
    }

    /// Writes whole lines; those of a Region stay in their order.
    fn append(&self, writer: &mut Writer, lines: &[u8], now: bool) {
        if writer.failed.is_some() {
            return;
        }
        writer.seal.lines(lines);
        writer.waiting.extend_from_slice(lines);
        if now || writer.waiting.len() >= BUFFER {
            // After half a line nothing may follow, or the file would be damaged in its middle.
            match (&self.file).write_all(&writer.waiting) {
                Ok(()) => writer.waiting.clear(),
                Err(error) => writer.fail(&error),
            }
        }
    }
}
