//! Writes a spool. That it cannot be written any more ends the spool, and never the run.

use std::io::{self, Write as _};

use serde::Serialize;

use super::{Closing, Spool};
use crate::model::feed::{Read, Warning};
use crate::model::{Document, Value};
use crate::source::aws::ledger::Ledger;
use crate::source::saved::write::stage_line;

/// How much is written at once, where no Region comes to its end.
const BUFFER: usize = 64 * 1024;

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    waiting: Vec<u8>,
    /// Why nothing is written any more.
    failed: Option<String>,
}

impl Writer {
    pub(super) fn fail(&mut self, error: &io::Error) {
        self.waiting = Vec::new();
        self.failed = Some(error.to_string());
    }
}

impl Spool {
    /// Keeps the stages of an API.
    pub(in super::super) fn stages(&self, account: Option<&str>, region: &str, api: &Value<'_>, stages: &[Value<'_>]) {
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
        self.append(&lines, false);
    }

    /// Notes that an account's Region was read, if all of it was.
    pub(in super::super) fn close(&self, ledger: &Ledger) {
        let scope = &ledger.scope;
        if scope.account.is_none() || scope.outcome != Read::Checked || !ledger.gaps.is_empty() {
            return;
        }
        self.line(&Closing {
            scope: scope.clone(),
            warnings: ledger.warnings.clone(),
            found: ledger.found(),
            lines: scope.stages,
        });
    }

    /// What the result says of it: what was not read now, and that it could not be written any more.
    pub(in super::super) fn warnings(&self) -> Vec<Warning> {
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

    /// Writes one line, and what waits.
    pub(super) fn line(&self, value: &impl Serialize) {
        match serde_json::to_vec(value) {
            Ok(mut line) => {
                line.push(b'\n');
                self.append(&line, true);
            }
            Err(error) => self.writer().fail(&error.into()),
        }
    }

    /// Writes whole lines; those of a Region stay in their order.
    fn append(&self, lines: &[u8], now: bool) {
        let mut writer = self.writer();
        if writer.failed.is_some() {
            return;
        }
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
