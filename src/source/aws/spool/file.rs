//! The file of a spool, from its beginning to its end. It must not know its lines.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::error::Error;
use super::exclusive::{MODE, check_owner, is_at, lock};
use super::line::{Closing, Ended, FORMAT, Header, NextRun, RegionKey, RunKey, VERSION};
use super::read::{self, Finished};
use super::write::Writer;
use crate::model::Value;
use crate::model::state::{Close, FoundNames, Scope, ScopeOutcome, Warning, WarningKind};
use crate::source::aws::call::Reason;
use crate::source::snapshot::LineBatch;

/// The age in hours up to which a spool is resumed. Less than a day, so that no nightly run takes the stages of the last
/// night for those deployed now.
const HOURS: i64 = 12;

/// The end of a spool, when its run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was read and reported: it is removed.
    Removed,
    /// The run ended with gaps.
    Gaps,
    /// The run was cut short, or could not report its result.
    CutShort,
}

/// A file that keeps fetched stages. It is locked as long as this lives.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
    writer: Mutex<Writer>,
    /// The Regions that earlier runs read, until they are taken.
    finished: Mutex<HashMap<RegionKey, Finished>>,
    /// The Regions that were taken, and the run that read each.
    taken: Mutex<HashMap<RegionKey, u64>>,
    /// The end of the earlier runs' lines.
    end: u64,
    new: bool,
    begun: Timestamp,
    /// The reason why an earlier spool was replaced.
    instead: Option<String>,
    /// Number of Regions that were taken from earlier runs.
    earlier: AtomicUsize,
    /// True if the result mentions them.
    mentioned: bool,
    whole: AtomicBool,
    short: AtomicBool,
}

impl Spool {
    /// Begins a spool in a file that must not exist yet.
    ///
    /// # Errors
    /// When it exists, cannot be made, or is in use.
    pub fn start(path: &Path, key: &RunKey, now: Timestamp) -> Result<Self, Error> {
        let name = path.display();
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(MODE)
            .open(path);
        let file = file.map_err(|error| {
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            match error.kind() {
                io::ErrorKind::AlreadyExists if !path.is_file() => Error::usage(format!(
                    "{name} is not a regular file. A fetch is kept in a file of its own: name one that does not exist."
                )),
                io::ErrorKind::AlreadyExists => Error::usage(format!(
                    "{name} already exists.\nContinue it with --resume {name}, or remove it."
                )),
                io::ErrorKind::NotFound => Error::usage(format!(
                    "the folder {} does not exist, so {name} could not be written. Make it first.",
                    folder.unwrap_or(Path::new(".")).display()
                )),
                _ => Error::failed(format!("{name} could not be made: {error}.")),
            }
        })?;
        lock(path, &file)?;
        Self::begin(path, file, key, now)
    }

    /// Resumes a spool that an earlier run left.
    ///
    /// # Errors
    /// When it is missing, not a spool, damaged, of another kind of run, too old, another user's, or in use.
    pub fn resume(path: &Path, key: &RunKey, now: Timestamp) -> Result<Self, Error> {
        Self::go_on(path, key, now, false)
    }

    /// The same, but starts over if the spool is too old, or if its run was not killed.
    ///
    /// # Errors
    /// As [`Self::resume`], but for its age.
    pub fn resume_or_renew(path: &Path, key: &RunKey, now: Timestamp) -> Result<Self, Error> {
        Self::go_on(path, key, now, true)
    }

    fn go_on(path: &Path, key: &RunKey, now: Timestamp, renew: bool) -> Result<Self, Error> {
        let name = path.display();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::usage(format!(
                "{name} does not exist, so there is nothing to resume.\n\
                 Begin with --spool {name}; with both flags it is begun if it does not exist."
            )),
            _ => Error::failed(format!("{name} cannot be read: {error}.")),
        };
        if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
            let message = format!(
                "{name} is not a file, so it is not a spool.\nName the file that --spool wrote."
            );
            return Err(Error::usage(message));
        }
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .open(path)
            .map_err(failed)?;
        lock(path, &file)?;
        check_owner(path, &file)?;
        let start_over = |file: File, instead: Option<String>| {
            file.set_len(0).map_err(failed)?;
            Ok(Self {
                instead,
                ..Self::begin(path, file, key, now)?
            })
        };
        let shown = name.to_string();
        let header = read::header(&shown, &file)?;
        file.set_permissions(fs::Permissions::from_mode(MODE))
            .map_err(failed)?;
        let Some((header, begun)) = header else {
            return start_over(file, None);
        };
        // Neither age nor a wrong clock may exceed the limit.
        if now.duration_since(begun).abs() > SignedDuration::from_hours(HOURS) {
            let old = format!("{name} was begun at {begun}, which is not within {HOURS} hours");
            return if renew {
                start_over(file, Some(old))
            } else {
                Err(Error::usage(format!(
                    "{old}. Nothing was read.\nRemove it, and start over with --spool {name}."
                )))
            };
        }
        let read::Scanned {
            finished,
            end,
            runs,
            ended,
            checksum,
        } = read::scan(&shown, &file)?;
        if renew && ended {
            return start_over(
                file,
                Some(format!(
                    "{name}, begun at {begun}, is of a run that came to its end"
                )),
            );
        }
        read::same(&shown, &header.key, key)?;
        let (finished, writer) = (Mutex::new(finished), Mutex::new(Writer::behind(checksum)));
        let spool = Self {
            finished,
            writer,
            end,
            new: false,
            ..Self::empty(path, file, begun)
        };
        // A killed run leaves half a line at the end.
        if let Err(error) = spool.file.set_len(end) {
            spool.writer().fail(&error);
        }
        spool.writer().line(&spool.file, &NextRun { run: runs + 1 });
        Ok(spool)
    }

    pub(super) fn begin(
        path: &Path,
        file: File,
        key: &RunKey,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let begun = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let spool = Self::empty(path, file, begun);
        let (format, begun) = (FORMAT.to_owned(), begun.to_string());
        spool.writer().header(
            &spool.file,
            &Header {
                format,
                version: VERSION,
                begun,
                key: key.clone(),
            },
        );
        let failure = spool.writer().failure().map(str::to_owned);
        match failure {
            Some(error) => {
                spool.remove();
                Err(Error::failed(format!(
                    "{} could not be written: {error}.",
                    path.display()
                )))
            }
            None => Ok(spool),
        }
    }

    pub(super) fn empty(path: &Path, file: File, begun: Timestamp) -> Self {
        Self {
            path: path.to_owned(),
            file,
            writer: Mutex::default(),
            finished: Mutex::default(),
            taken: Mutex::default(),
            end: 0,
            new: true,
            begun,
            instead: None,
            earlier: AtomicUsize::new(0),
            mentioned: true,
            whole: AtomicBool::new(false),
            short: AtomicBool::new(false),
        }
    }

    /// Keeps earlier runs out of the result, which is then as if no run had been cut short.
    #[must_use]
    pub fn reproducible(self) -> Self {
        Self {
            mentioned: false,
            ..self
        }
    }

    /// The reason why an earlier spool was replaced.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// A sentence about the Regions that were read by earlier runs.
    pub fn earlier(&self) -> Option<String> {
        let count = match self.earlier.load(Ordering::Relaxed) {
            0 => return None,
            1 => "1 Region was".to_owned(),
            count => format!("{count} Regions were"),
        };
        Some(format!(
            "{count} read in an earlier run, begun at {}",
            self.begun
        ))
    }

    /// Takes a Region that an earlier run read whole; its stages are then part of [`Self::replay`].
    pub(crate) fn take(
        &self,
        account: Option<&str>,
        region: &str,
    ) -> Option<(Scope, Vec<Warning>, FoundNames)> {
        // An unknown account may be another one.
        let name = (account?.to_owned(), region.to_owned());
        let Finished { run, closing } = locked(&self.finished).remove(&name)?;
        locked(&self.taken).insert(name, run);
        self.earlier.fetch_add(1, Ordering::Relaxed);
        Some((closing.scope, closing.warnings, closing.found))
    }

    /// Hands the stages of the Regions that were taken to `hand_on`, until it refuses. Returns the number of stages that were
    /// handed on, and the failure that ended it early.
    pub(crate) fn replay(
        &self,
        hand_on: impl FnMut(LineBatch) -> bool,
    ) -> (HashMap<RegionKey, u64>, Option<io::Error>) {
        let taken = std::mem::take(&mut *locked(&self.taken));
        if taken.is_empty() {
            return (HashMap::new(), None);
        }
        read::replay(
            &self.path.display().to_string(),
            &self.file,
            self.end,
            &taken,
            hand_on,
        )
    }

    pub(crate) fn closed(&self, close: &Close) {
        let short = close
            .gaps
            .iter()
            .any(|gap| Reason::ALL.iter().any(|reason| reason.code() == gap.code));
        self.short
            .store(short || close.failed.is_some(), Ordering::Relaxed);
        self.whole.store(
            close.gaps.is_empty() && close.failed.is_none(),
            Ordering::Relaxed,
        );
    }

    /// Removes a spool that this run has begun, and that is empty.
    pub fn discard(&self) {
        if self.new {
            self.remove();
        }
    }

    /// Ends the run: the file is removed if everything was read and `reported`.
    #[must_use]
    pub fn end(&self, reported: bool) -> End {
        if !reported || self.short.load(Ordering::Relaxed) {
            return End::CutShort;
        }
        if self.whole.load(Ordering::Relaxed) {
            self.remove();
            return End::Removed;
        }
        self.writer().line(&self.file, &Ended { ended: true });
        End::Gaps
    }

    fn remove(&self) {
        // The path may lead to another file by now. A failure to remove it is not worth an error.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }

    pub(crate) fn stages(
        &self,
        account: Option<&str>,
        region: &str,
        api: &Value<'_>,
        stages: &[Value<'_>],
    ) {
        if account.is_some() {
            self.writer()
                .stages(&self.file, account, region, api, stages);
        }
    }

    /// Notes that a Region was read, if all of it was.
    pub(crate) fn close(&self, scope: &Scope, warnings: &[Warning], found: &FoundNames) {
        if scope.account.is_none() || scope.outcome != ScopeOutcome::Checked {
            return;
        }
        let (scope, warnings, found) = (scope.clone(), warnings.to_vec(), found.clone());
        self.writer().line(
            &self.file,
            &Closing {
                lines: scope.stages,
                scope,
                warnings,
                found,
            },
        );
    }

    /// The warnings of the result: that Regions were read by earlier runs, and that the file could not be written.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        let earlier = self
            .earlier()
            .filter(|_| self.mentioned)
            .map(|message| (WarningKind::Resumed, message));
        let failed = self.writer().failure().map(|why| {
            let path = self.path.display();
            let message = format!(
                "{path} could not be written any more ({why}): what was read after that is not kept for --resume"
            );
            (WarningKind::SpoolFailed, message)
        });
        earlier
            .into_iter()
            .chain(failed)
            .map(|(kind, message)| Warning::new(kind, message))
            .collect()
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        locked(&self.writer)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
