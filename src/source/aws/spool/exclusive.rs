//! A file that is this user's and this run's alone. It must not know its contents.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::error::Error;

/// The permissions: no one else may read it, as the values of stage variables are in it.
pub const MODE: u32 = 0o600;
/// The permission to write for the group and for others.
const OTHERS_WRITE: u32 = 0o022;

/// True if the path leads to this file, and not through a link.
pub fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(here), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else {
        return false;
    };
    (here.dev(), here.ino()) == (there.dev(), there.ino())
}

/// Refuses a file that others own or may write: their text must not pass for AWS's. The file is locked.
pub fn check_owner(path: &Path, file: &File) -> Result<(), Error> {
    let name = path.display();
    let failed =
        |error: io::Error| Error::failed(format!("the owner of {name} cannot be read: {error}."));
    let data = file.metadata().map_err(failed)?;
    let why = if data.uid() != uid_beside(path).map_err(failed)? {
        "belongs to another user"
    } else if data.mode() & OTHERS_WRITE != 0 {
        "may be written by others"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "{name} {why}. Nothing was read.\nBegin a spool of your own with --spool FILE."
    )))
}

/// The owner of the files that this process makes beside another one: a volume may map owners.
fn uid_beside(path: &Path) -> io::Result<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let probe = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    // A killed run may have left one. The lock of the file protects this name.
    let _ = fs::remove_file(&probe);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(MODE)
        .open(&probe)?;
    let uid = made.metadata().map(|data| data.uid());
    let _ = fs::remove_file(&probe);
    uid
}

pub fn lock(path: &Path, file: &File) -> Result<(), Error> {
    let name = path.display();
    let in_use = || {
        Error::failed(format!(
            "{name} is in use by another run.\nWait for it, or give this run a file of its own."
        ))
    };
    match file.try_lock() {
        // A run that has just ended may have removed it.
        Ok(()) if is_at(file, path) => Ok(()),
        Ok(()) | Err(TryLockError::WouldBlock) => Err(in_use()),
        Err(TryLockError::Error(error)) => Err(Error::failed(format!(
            "{name} cannot be locked: {error}.\nPut it on a file system that has locks."
        ))),
    }
}
