//! The spool: what is fetched, kept in a file, so that a run that was killed can go on. It must not know how anything
//! is fetched, nor what is done with it.
//!
//! The file holds one JSON value a line, and only grows:
//!
//! ```text
//! {"format":"driftgate.spool","version":2,"begun":…,"asked":{…}}        since when, and what decides what is kept
//! {"account":…,"region":…,"api":{…},"stage":{…}}                a stage, as in a snapshot, its values in clear text
//! {"scope":{…},"warnings":[…],"found":{…},"lines":2,"sha256":…} an account's Region was read whole, in so many lines
//! {"ended":true,"sha256":…}                                     the run came to its own end, and left gaps
//! {"run":2,"sha256":…}                                          from here on another run wrote
//! ```
//!
//! A digest is over everything before it, from the first byte of the file: what was changed, moved or taken out before a
//! line that counts is noticed.
//!
//! Regions are read side by side, so their lines are mixed. Only a closing line says that one was read; what a run left
//! without one is read again, and its lines are passed over because they stand in an earlier run than the closing one.
//!
//! What it holds was deployed when it was read, and grows old: it serves the runs of one night, and not those of the
//! next.

mod read;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::write::Writer;
use crate::model::feed::{Chunk, Close, Scope, Warning};
use crate::model::narrowing::Found;
use crate::source::aws::call::stop::Reason;

/// The name of the format, in the first line.
const FORMAT: &str = "driftgate.spool";
/// Its version.
const VERSION: u64 = 2;
/// The member that ends each line but the first and those of stages: the digest of everything before it.
const DIGEST: &str = "sha256";
/// Nobody else may read it: the values of stage variables are in it.
const MODE: u32 = 0o600;
/// The permission to write for the group and for everybody.
const OTHERS_WRITE: u32 = 0o022;

/// How long it can be gone on from. Less than a day, so that no nightly run takes what the last one has read for what is
/// deployed now.
const HOURS: i64 = 12;

/// What decides which stages are fetched and kept: names, and what they are for a run. A spool serves only runs of
/// which all of it is the same.
pub type RunKey = BTreeMap<String, String>;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u64,
    /// When the first run began it, as RFC 3339.
    begun: String,
    #[serde(default)]
    asked: RunKey,
}

/// The last line of an account's Region.
#[derive(Debug, Serialize, Deserialize)]
struct Closing {
    scope: Scope,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    /// The names given by flags that were found.
    #[serde(default)]
    found: Found,
    /// How many lines of stages there are.
    lines: u64,
}

/// The first line of what another run wrote.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    run: u64,
}

/// The last line of a run that came to its own end with gaps.
#[derive(Debug, Serialize, Deserialize)]
struct Ended {
    ended: bool,
}

/// What becomes of a spool at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything was read and told: it is removed.
    Removed,
    /// The run came to its own end, with gaps.
    Gaps,
    /// The run was cut short, or could not tell its result.
    CutShort,
}

/// The name of an account's Region.
type Name = (String, String);

/// An account's Region that was read whole.
#[derive(Debug)]
struct Finished {
    /// The run that read it.
    run: u64,
    closing: Closing,
}

/// Why a spool cannot be used. The text says what happened, where, and what to do.
#[derive(Debug)]
pub struct Error {
    message: String,
    usage: bool,
}

impl Error {
    /// The wrong file is named: another attempt would be told the same.
    fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), usage: true }
    }

    /// The right file cannot be used now: it is in use, or reading or writing it failed.
    fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), usage: false }
    }

    /// Whether what was asked for cannot be done, however often it is tried.
    pub const fn is_usage(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A file in which a fetch is kept. It is locked as long as this lives.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: File,
    writer: Mutex<Writer>,
    /// What earlier runs read and nobody has asked for yet.
    finished: Mutex<HashMap<Name, Finished>>,
    /// What was asked for of that, and the run that read it.
    taken: Mutex<HashMap<Name, u64>>,
    /// Where this run's lines begin.
    end: u64,
    /// Whether this run made the file.
    new: bool,
    /// When the first run began it.
    begun: Timestamp,
    /// Why it was begun anew, where there was one already.
    instead: Option<String>,
    /// How many accounts' Regions were asked for of which earlier runs had read the whole.
    earlier: AtomicUsize,
    /// Whether the result says so.
    telling: bool,
    /// Whether everything that was wanted was read.
    whole: AtomicBool,
    /// Whether something that was wanted was not reached, since the fetch was cut short.
    short: AtomicBool,
}

impl Spool {
    /// Begins a spool in a file that must not be there yet.
    ///
    /// # Errors
    /// When it is there, cannot be made, or is in use.
    pub fn start(path: &Path, asked: &RunKey, now: Timestamp) -> Result<Self, Error> {
        let name = path.display();
        let file = OpenOptions::new().read(true).append(true).create_new(true).mode(MODE).open(path);
        let file = file.map_err(|error| {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Error::usage(format!("{name} is there already.\nContinue it with --resume {name}, or remove it."))
                }
                io::ErrorKind::NotFound => Error::usage(format!(
                    "the folder {} does not exist, so {name} could not be written. Make it first.",
                    folder.unwrap_or(Path::new(".")).display()
                )),
                _ => Error::failed(format!("{name} could not be made: {error}.")),
            }
        })?;
        lock(path, &file)?;
        Self::begin(path, file, asked, now)
    }

    /// Goes on with a spool that an earlier run left.
    ///
    /// # Errors
    /// When it is not there, not a spool, damaged, of another kind of run, too old, somebody else's, or in use.
    pub fn resume(path: &Path, asked: &RunKey, now: Timestamp) -> Result<Self, Error> {
        Self::go_on(path, asked, now, false)
    }

    /// The same, but begins anew where the spool is too old, or the run that left it came to its own end.
    ///
    /// # Errors
    /// As [`Self::resume`], but for its age.
    pub fn resume_or_renew(path: &Path, asked: &RunKey, now: Timestamp) -> Result<Self, Error> {
        Self::go_on(path, asked, now, true)
    }

    fn go_on(path: &Path, asked: &RunKey, now: Timestamp, renew: bool) -> Result<Self, Error> {
        let name = path.display();
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::usage(format!(
                "{name} is not there, so there is nothing to go on from.\n\
                 Begin with --spool {name}; with both flags it is begun where it is not there."
            )),
            _ => Error::failed(format!("{name} cannot be read: {error}.")),
        };
        if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
            let said = format!("{name} is not a file, so it is no spool.\nName the file that --spool wrote.");
            return Err(Error::usage(said));
        }
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(failed)?;
        lock(path, &file)?;
        own(path, &file)?;
        let anew = |file: File, instead: Option<String>| {
            file.set_len(0).map_err(failed)?;
            Ok(Self { instead, ..Self::begin(path, file, asked, now)? })
        };
        let shown = name.to_string();
        let header = read::header(&shown, &file)?;
        file.set_permissions(fs::Permissions::from_mode(MODE)).map_err(failed)?;
        let Some((header, begun)) = header else { return anew(file, None) };
        // A clock that is wrong by less is no reason to refuse it.
        if now.duration_since(begun).abs() > SignedDuration::from_hours(HOURS) {
            let old = format!("{name} was begun at {begun}, which is not within {HOURS} hours");
            return if renew {
                anew(file, Some(old))
            } else {
                Err(Error::usage(format!("{old}. Nothing was read.\nRemove it, and begin anew with --spool {name}.")))
            };
        }
        let read::Scanned { finished, end, runs, ended, seal } = read::scan(&shown, &file)?;
        if renew && ended {
            return anew(file, Some(format!("{name}, begun at {begun}, is of a run that came to its end")));
        }
        read::same(&shown, &header.asked, asked)?;
        let (finished, writer) = (Mutex::new(finished), Mutex::new(Writer::behind(seal)));
        let spool = Self { finished, writer, end, new: false, ..Self::empty(path, file, begun) };
        // Half a line at the end is what a killed run leaves.
        if let Err(error) = spool.file.set_len(end) {
            spool.writer().fail(&error);
        }
        spool.line(&Run { run: runs + 1 });
        Ok(spool)
    }

    fn begin(path: &Path, file: File, asked: &RunKey, now: Timestamp) -> Result<Self, Error> {
        let begun = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let spool = Self::empty(path, file, begun);
        let (format, begun) = (FORMAT.to_owned(), begun.to_string());
        spool.header(&Header { format, version: VERSION, begun, asked: asked.clone() });
        match spool.failure() {
            Some(error) => {
                spool.remove();
                Err(Error::failed(format!("{} could not be written: {error}.", path.display())))
            }
            None => Ok(spool),
        }
    }

    fn empty(path: &Path, file: File, begun: Timestamp) -> Self {
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
            telling: true,
            whole: AtomicBool::new(false),
            short: AtomicBool::new(false),
        }
    }

    /// Leaves out of the result what a run that nobody cut short would not have in it.
    #[must_use]
    pub fn reproducible(self) -> Self {
        Self { telling: false, ..self }
    }

    /// Why it was begun anew, where there was one already.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// What is to be said of what was not read now, if there is any.
    pub fn earlier(&self) -> Option<String> {
        let count = match self.earlier.load(Ordering::Relaxed) {
            0 => return None,
            1 => "1 Region was".to_owned(),
            count => format!("{count} Regions were"),
        };
        Some(format!("{count} read in an earlier run, begun at {}", self.begun))
    }

    /// The tally of an account's Region that an earlier run read whole; its stages are then part of [`Self::replay`].
    pub(crate) fn take(&self, account: Option<&str>, region: &str) -> Option<(Scope, Vec<Warning>, Found)> {
        // Of an account without a name nobody knows whether it is the same one.
        let name = (account?.to_owned(), region.to_owned());
        let Finished { run, closing } = locked(&self.finished).remove(&name)?;
        locked(&self.taken).insert(name, run);
        self.earlier.fetch_add(1, Ordering::Relaxed);
        Some((closing.scope, closing.warnings, closing.found))
    }

    /// Hands the stages of everything that was taken to `hand_on`, until it does not want more. What was taken and
    /// could not be handed on whole, with the number of stages that were; and why.
    pub(crate) fn replay(&self, hand_on: impl FnMut(Chunk) -> bool) -> (HashMap<Name, u64>, Option<io::Error>) {
        let taken = std::mem::take(&mut *locked(&self.taken));
        if taken.is_empty() {
            return (HashMap::new(), None);
        }
        read::replay(&self.path.display().to_string(), &self.file, self.end, &taken, hand_on)
    }

    /// Notes what became of everything that was wanted.
    pub(crate) fn closed(&self, close: &Close) {
        let short = close.gaps.iter().any(|gap| Reason::ALL.iter().any(|reason| reason.code() == gap.code));
        self.short.store(short || close.failed.is_some(), Ordering::Relaxed);
        self.whole.store(close.gaps.is_empty() && close.failed.is_none(), Ordering::Relaxed);
    }

    /// Takes back a spool that this run has begun, and in which nothing is.
    pub fn discard(&self) {
        if self.new {
            self.remove();
        }
    }

    /// At the end of the run: the file is removed where everything was read and, as the caller knows, `told`.
    #[must_use]
    pub fn end(&self, told: bool) -> End {
        if !told || self.short.load(Ordering::Relaxed) {
            return End::CutShort;
        }
        if self.whole.load(Ordering::Relaxed) {
            self.remove();
            return End::Removed;
        }
        self.line(&Ended { ended: true });
        End::Gaps
    }

    fn remove(&self) {
        // What stands there now may be somebody else's. That it cannot be removed is not worth an error.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        locked(&self.writer)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the path leads to this file, and not through a link.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(here), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (here.dev(), here.ino()) == (there.dev(), there.ino())
}

/// Refuses a file that others own or may write: what they wrote must not pass for what was read from AWS. It is locked.
fn own(path: &Path, file: &File) -> Result<(), Error> {
    let name = path.display();
    let failed = |error: io::Error| Error::failed(format!("whose {name} is cannot be told: {error}."));
    let data = file.metadata().map_err(failed)?;
    let why = if data.uid() != uid_beside(path).map_err(failed)? {
        "belongs to somebody else"
    } else if data.mode() & OTHERS_WRITE != 0 {
        "may be written by others"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!("{name} {why}. Nothing was read.\nBegin a spool of your own with --spool FILE.")))
}

/// Whose the files are that this process makes beside another one: a volume may say otherwise than the process does.
fn uid_beside(path: &Path) -> io::Result<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let probe = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    // One that a killed run left. Whoever has the lock of the file is alone with this name.
    let _ = fs::remove_file(&probe);
    let made = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&probe)?;
    let uid = made.metadata().map(|data| data.uid());
    let _ = fs::remove_file(&probe);
    uid
}

/// Keeps other runs out.
fn lock(path: &Path, file: &File) -> Result<(), Error> {
    let name = path.display();
    let in_use =
        || Error::failed(format!("{name} is in use by another run.\nWait for it, or give this run a file of its own."));
    match file.try_lock() {
        // A run that has just ended may have removed it.
        Ok(()) if is_at(file, path) => Ok(()),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(error)) => {
            Err(Error::failed(format!("{name} cannot be locked: {error}.\nPut it on a file system that has locks.")))
        }
    }
}

#[cfg(test)]
mod tests;
