//! Replaces a regular file whole or not at all, through a file of a random, exclusive name beside it. It must not know
//! what is written.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The permissions of a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Those that the umask leaves, as for any other file.
    Usual,
    /// Read and write for the owner alone.
    Owner,
}

impl Access {
    const fn mode(self) -> u32 {
        match self {
            Self::Usual => 0o666,
            Self::Owner => 0o600,
        }
    }
}

/// Number of random names that are tried.
const MOST_TRIES: usize = 16;

/// Longest wait of an ending process for its unfinished files to be removed.
const REMOVAL: Duration = Duration::from_millis(500);

/// The unfinished files; `None` once the process is about to end.
static UNFINISHED: Mutex<Option<Vec<PathBuf>>> = Mutex::new(Some(Vec::new()));

fn unfinished() -> MutexGuard<'static, Option<Vec<PathBuf>>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the unfinished files of a process that ends.
pub fn abandon() {
    let parts = unfinished().take().unwrap_or_default();
    if parts.is_empty() {
        return;
    }
    // A file system that does not answer must not stop the process from ending.
    let (done, removed) = channel();
    let remover = thread::Builder::new().spawn(move || {
        for part in parts {
            let _ = fs::remove_file(part);
        }
        let _ = done.send(());
    });
    if remover.is_ok() {
        let _ = removed.recv_timeout(REMOVAL);
    }
}

/// An unfinished file: it replaces another once it is finished, and is removed otherwise.
struct Part {
    path: PathBuf,
}

impl Part {
    fn create(folder: &Path, mode: u32) -> io::Result<(Self, File)> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..MOST_TRIES {
            // The keys of each state are random, and so is its hash of nothing.
            let random = RandomState::new().build_hasher().finish();
            let part = Self {
                path: folder.join(format!(".driftgate-{random:016x}.part")),
            };
            match unfinished().as_mut() {
                Some(list) => list.push(part.path.clone()),
                None => return Err(io::Error::other("the run is being ended")),
            }
            match OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&part.path)
            {
                Ok(file) => return Ok((part, file)),
                Err(error) => {
                    part.forget();
                    last = error;
                }
            }
            if last.kind() != io::ErrorKind::AlreadyExists {
                break;
            }
        }
        Err(last)
    }

    /// Takes the file off the list without removing it.
    fn forget(self) {
        if let Some(list) = unfinished().as_mut() {
            list.retain(|path| *path != self.path);
        }
        std::mem::forget(self);
    }

    fn finish_as(self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.forget();
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // A failed removal is not worth a second error.
        let _ = fs::remove_file(&self.path);
        if let Some(list) = unfinished().as_mut() {
            list.retain(|path| *path != self.path);
        }
    }
}

/// Creates a file in a folder and removes it, to see if that is possible.
pub fn try_in(folder: &Path) -> io::Result<()> {
    Part::create(folder, Access::Owner.mode()).map(|_| ())
}

/// Replaces the file at a path, or creates it with `access`. An existing file keeps its permissions and, if this user may
/// give files away, its owner.
pub fn replace(
    path: &Path,
    access: Access,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let existing = match fs::metadata(path) {
        Ok(file) => Some(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = folder_of(path);
    let mode = existing
        .as_ref()
        .map_or(access.mode(), |file| file.mode() & 0o7777);
    let (part, file) = Part::create(folder, mode)?;
    if let Some(existing) = &existing {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (existing.uid(), existing.gid()) {
            // Only some users may; the file is right without.
            let _ = fchown(&file, Some(existing.uid()), Some(existing.gid()));
        }
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    let mut out = BufWriter::with_capacity(1 << 16, file);
    render(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    synced(&file)?;
    drop(file);
    part.finish_as(path)?;
    // Without this the new name may not be on the disk yet; an error here leaves the file in place.
    let _ = File::open(folder).and_then(|folder| synced(&folder));
    Ok(())
}

/// Waits until the file is on the disk. Some file systems do not support that.
fn synced(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
            ) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// The folder that a path is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.json");
        replace(&path, Access::Usual, |out| out.write_all(b"one")).unwrap();
        let failed = replace(&path, Access::Usual, |out| {
            out.write_all(&vec![b'x'; 1 << 17])?;
            assert_eq!(names(folder.path()).len(), 2);
            Err(io::Error::other("full"))
        });
        assert!(failed.is_err());
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"one".to_vec(), vec!["r.json".to_owned()])
        );
    }

    #[test]
    fn permissions_are_kept_and_a_private_file_is_private_from_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
        let path = folder.path().join("s.jsonl");
        replace(&path, Access::Owner, |_| {
            let part = names(folder.path()).remove(0);
            assert_eq!(mode(&folder.path().join(part)), 0o600);
            Ok(())
        })
        .unwrap();
        assert_eq!(mode(&path), 0o600);
        for kept in [0o640, 0o666, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
            replace(&path, Access::Owner, |out| out.write_all(b"x")).unwrap();
            assert_eq!(mode(&path), kept);
        }
    }

    #[test]
    fn a_folder_is_tried_without_a_trace() {
        let folder = tempfile::tempdir().unwrap();
        try_in(folder.path()).unwrap();
        assert!(names(folder.path()).is_empty());
        assert!(try_in(&folder.path().join("none")).is_err());
    }
}
