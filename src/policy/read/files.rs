//! Finds and reads the files of policies. The only I/O of this module's siblings.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::policy::read::builtin;
use crate::policy::read::load::is_test_file;
use crate::policy::text::diagnostic::{Excerpt, SourceText, nearest};

/// The largest policy file: some 20,000 rules.
pub const LARGEST: u64 = 1 << 20;

/// Deepest folder that is searched.
const DEEPEST: usize = 32;

/// Number of entries of a hidden folder that are looked at for YAML files.
const MOST_HIDDEN: usize = 20_000;

/// A file that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path as the user named it.
    pub path: String,
    /// The mistake.
    pub problem: String,
    /// A way out.
    pub help: String,
    /// The place in it, if known: in a file that is not text, the first byte that is not.
    pub place: Option<Excerpt>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.problem)
    }
}

/// An entry of a folder of policies that was not read, although there may be something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The path, from what the user named.
    pub path: String,
    /// The reason why it was not read.
    pub reason: String,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.path, self.reason)
    }
}

/// The entries under the paths of policies: each that may hold a policy is in one of the three lists.
#[derive(Debug, Default)]
pub struct Found {
    /// The texts, in the order of the paths; files of tests are among them.
    pub texts: Vec<Arc<SourceText>>,
    /// Files and folders that cannot be read, and paths under which there is no policy.
    pub unreadable: Vec<Unreadable>,
    /// Entries of folders that were not read.
    pub passed_over: Vec<PassedOver>,
}

/// A file, whatever path leads to it: its device and its number there.
pub type Identity = (u64, u64);

/// The file at the end of a path and of the links in it; `None` where there is none.
#[must_use]
pub fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|file| identity_of(&file))
}

/// The file that some metadata are of.
#[must_use]
pub fn identity_of(file: &fs::Metadata) -> Identity {
    (file.dev(), file.ino())
}

/// Reads every file that the paths of policies name, each once. What cannot be read is beside what could be, whose
/// mistakes are reported all the same. Files of tests are left out then: their policy may be what cannot be read.
#[must_use]
pub fn read(paths: &[String]) -> Found {
    let mut found = Found::default();
    // A file or a pack that is named twice is one.
    let (mut packs, mut seen) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        if let Some(name) = path.strip_prefix("builtin:") {
            if packs.insert(name) {
                found.add(pack(path));
            }
            continue;
        }
        for file in files(Path::new(path), &mut found) {
            if identity(&file).is_none_or(|file| seen.insert(file)) {
                found.add(read_text(&file));
            }
        }
    }
    if !found.unreadable.is_empty() {
        found.texts.retain(|text| !is_test_file(&text.name));
    }
    found
}

impl Found {
    fn add(&mut self, read: Result<Arc<SourceText>, Unreadable>) {
        match read {
            Ok(text) => self.texts.push(text),
            Err(problem) => self.unreadable.push(problem),
        }
    }
}

/// The text of a pack, named `builtin:NAME`.
///
/// # Errors
/// If there is no such pack.
pub fn pack(path: &str) -> Result<Arc<SourceText>, Unreadable> {
    let name = path.trim_start_matches("builtin:");
    if let Some(text) = builtin::pack(name) {
        return Ok(Arc::new(SourceText {
            name: path.to_owned(),
            text: text.to_owned(),
        }));
    }
    let names = builtin::PACKS.map(|(name, _)| name);
    let meant = nearest(name, names)
        .map(|meant| format!("did you mean builtin:{meant}? "))
        .unwrap_or_default();
    Err(Unreadable {
        path: path.to_owned(),
        problem: "there is no such pack".to_owned(),
        help: format!(
            "{meant}packs: {}",
            names.map(|name| format!("builtin:{name}")).join(", ")
        ),
        place: None,
    })
}

/// The reason why there is nothing at a path of policies.
#[must_use]
pub fn missing(path: &str) -> Option<Unreadable> {
    if path.starts_with("builtin:") {
        pack(path).err()
    } else {
        kind(Path::new(path)).err()
    }
}

fn kind(path: &Path) -> Result<fs::Metadata, Unreadable> {
    fs::metadata(path).map_err(|error| {
        let help = if error.kind() == io::ErrorKind::NotFound {
            "name a file, a folder, or a pack such as builtin:foundation"
        } else {
            "check the permissions of the path"
        };
        let path = path.display().to_string();
        Unreadable {
            path,
            problem: words(&error),
            help: help.to_owned(),
            place: None,
        }
    })
}

/// The files that a path names: itself, or what a folder holds.
fn files(path: &Path, found: &mut Found) -> Vec<PathBuf> {
    match kind(path) {
        Err(problem) => {
            found.unreadable.push(problem);
            return Vec::new();
        }
        Ok(kind) if !kind.is_dir() => return vec![path.to_owned()],
        Ok(_) => {}
    }
    let mut search = Search::default();
    search.folder(path, 0);
    search.hidden();
    let Search {
        found: files,
        problems,
        passed_over,
        ..
    } = search;
    let tests = files
        .iter()
        .filter(|file| is_test_file(&file.to_string_lossy()))
        .count();
    if tests == files.len() && problems.is_empty() {
        let help = if tests > 0 {
            "files named *_test.yaml hold only tests; the policy is a *.yaml beside them"
        } else {
            "policies are files named *.yaml or *.yml; to begin with, use builtin:foundation"
        };
        found
            .unreadable
            .push(problem(path, "no policy in this folder".to_owned(), help));
    }
    found.unreadable.extend(problems);
    found.passed_over.extend(passed_over);
    files
}

fn problem(path: &Path, problem: String, help: &str) -> Unreadable {
    Unreadable {
        path: path.display().to_string(),
        problem,
        help: help.to_owned(),
        place: None,
    }
}

/// The walk through a folder and those in it. Each entry that may hold a policy ends in one of the lists.
#[derive(Default)]
struct Search {
    found: Vec<PathBuf>,
    problems: Vec<Unreadable>,
    passed_over: Vec<PassedOver>,
    /// Entries whose names begin with a dot.
    dotted: Vec<PathBuf>,
    /// Folders that were looked into: links may lead back.
    seen: BTreeSet<Identity>,
}

impl Search {
    fn folder(&mut self, folder: &Path, depth: usize) {
        if identity(folder).is_some_and(|folder| !self.seen.insert(folder)) {
            return self.pass_over(folder, "leads to a folder that is read already");
        }
        if depth > DEEPEST {
            let what = format!("folders in folders, deeper than {DEEPEST}");
            return self.problems.push(problem(
                folder,
                what,
                "name this folder with a --policy of its own",
            ));
        }
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<PathBuf>, _>>()
        });
        let mut paths = match entries {
            Ok(paths) => paths,
            Err(error) => {
                return self.problems.push(problem(
                    folder,
                    words(&error),
                    "check the permissions of the folder",
                ));
            }
        };
        paths.sort();
        for path in paths {
            self.entry(path, depth);
        }
    }

    fn entry(&mut self, path: PathBuf, depth: usize) {
        let name = file_name(&path);
        if name.starts_with('.') {
            return self.dotted.push(path);
        }
        let is_yaml = is_yaml(&name);
        match fs::metadata(&path) {
            Ok(kind) if kind.is_dir() => self.folder(&path, depth + 1),
            Ok(kind) if is_yaml && !kind.is_file() => {
                let help = "a pipe or a device is read only when it is named itself";
                self.problems
                    .push(problem(&path, "not a file".to_owned(), help));
            }
            Ok(_) if is_yaml && !is_policy_name(&name) => {
                let (of, right) = (path.display(), path.with_extension(lower_extension(&name)));
                let help = format!("rename it: `mv {of} {}`", right.display());
                self.problems.push(problem(
                    &path,
                    "policies are named *.yaml or *.yml, in lower case".to_owned(),
                    &help,
                ));
            }
            Ok(_) if is_yaml => self.found.push(path),
            // Another kind of file; it need not be readable.
            Ok(_) => {}
            Err(error) => {
                let gone = path.is_symlink() && error.kind() == io::ErrorKind::NotFound;
                let what = if gone {
                    "a link that leads nowhere".to_owned()
                } else {
                    words(&error)
                };
                if is_yaml {
                    self.problems
                        .push(problem(&path, what, "check the path and its permissions"));
                } else {
                    // It may be a folder of policies.
                    self.pass_over(&path, &format!("was not looked into: {what}"));
                }
            }
        }
    }

    /// Names what is hidden and may be meant as a policy. `.git` holds no YAML, and the dot folders behind a mounted
    /// ConfigMap hold what is read through the links beside them.
    fn hidden(&mut self) {
        let read: BTreeSet<Identity> = self
            .found
            .iter()
            .filter_map(|file| identity(file))
            .collect();
        for path in std::mem::take(&mut self.dotted) {
            let is_dir = path.is_dir();
            let unread = if is_dir {
                holds_yaml(&path, &read)
            } else {
                is_unread_yaml(&path, &read)
            };
            if unread {
                let what = if is_dir {
                    "is a hidden folder with YAML files, which are not read"
                } else {
                    "is hidden, and not read"
                };
                self.pass_over(&path, what);
            }
        }
    }

    fn pass_over(&mut self, path: &Path, reason: &str) {
        self.passed_over.push(PassedOver {
            path: path.display().to_string(),
            reason: reason.to_owned(),
        });
    }
}

/// True if a file below a hidden folder is YAML and was not read elsewhere. A folder that is too large to search is
/// taken to have one.
fn holds_yaml(folder: &Path, read: &BTreeSet<Identity>) -> bool {
    let (mut folders, mut seen, mut left) = (vec![folder.to_owned()], BTreeSet::new(), MOST_HIDDEN);
    while let Some(folder) = folders.pop() {
        if identity(&folder).is_some_and(|folder| !seen.insert(folder)) {
            continue;
        }
        for path in fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
        {
            left -= 1;
            if left == 0 || is_unread_yaml(&path, read) {
                return true;
            }
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    false
}

fn is_unread_yaml(path: &Path, read: &BTreeSet<Identity>) -> bool {
    is_yaml(&file_name(path))
        && !path.is_dir()
        && identity(path).is_none_or(|file| !read.contains(&file))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// True if a file is YAML by its name, in any case.
fn is_yaml(name: &str) -> bool {
    matches!(lower_extension(name).as_str(), "yaml" | "yml")
}

/// True if a file is a policy, or tests of one, by its name.
fn is_policy_name(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn lower_extension(name: &str) -> String {
    name.rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// Reads paths, which must all be files. A file that is named twice is read once.
#[must_use]
pub fn read_each(paths: &[String]) -> (Vec<Arc<SourceText>>, Vec<Unreadable>) {
    let (mut found, mut seen) = (Found::default(), BTreeSet::new());
    for path in paths.iter().map(Path::new) {
        if identity(path).is_none_or(|file| seen.insert(file)) {
            found.add(read_text(path));
        }
    }
    (found.texts, found.unreadable)
}

/// Reads one file.
///
/// # Errors
/// A file that cannot be read, is too large or is not UTF-8.
pub fn read_text(path: &Path) -> Result<Arc<SourceText>, Unreadable> {
    let name = path.display().to_string();
    let problem = |problem: String, help: &str| Unreadable {
        path: name.clone(),
        problem,
        help: help.to_owned(),
        place: None,
    };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| problem(words(&error), "check the path and its permissions"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(problem(
            "larger than 1 MiB".to_owned(),
            "split it into several files",
        ));
    }
    // A byte order mark is an editor's habit, not part of the text.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let wide = wide(bytes);
    let (at, label) = match std::str::from_utf8(bytes) {
        // Without its mark, ASCII in a wide encoding is UTF-8 with a NUL in every character.
        Ok(text) => match memchr::memchr(0, bytes).filter(|_| wide.is_some()) {
            Some(at) => (at, "a NUL".to_owned()),
            None => {
                return Ok(Arc::new(SourceText {
                    name,
                    text: text.to_owned(),
                }));
            }
        },
        Err(error) => {
            let at = error.valid_up_to();
            (at, format!("the byte 0x{:02X}", bytes[at]))
        }
    };
    let text = String::from_utf8_lossy(bytes).into_owned();
    let span = at..at + text[at..].chars().next().map_or(0, char::len_utf8);
    let what = wide.map_or_else(
        || "not UTF-8 text".to_owned(),
        |wide| format!("{wide}, by its first bytes"),
    );
    let place = Excerpt {
        file: Arc::new(SourceText {
            name: name.clone(),
            text,
        }),
        span,
        label,
    };
    Err(Unreadable {
        place: Some(place),
        ..problem(what, "save the file as UTF-8")
    })
}

/// The encoding of a text that is not UTF-8, by its mark or by the zeros around its first characters.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, ..]
        | [0, 0, 0xfe, 0xff, ..]
        | [1..=255, 0, 0, 0, ..]
        | [0, 0, 0, 1..=255, ..] => "UTF-32 text",
        [0xff, 0xfe, ..]
        | [0xfe, 0xff, ..]
        | [1..=255, 0, 1..=255, 0, ..]
        | [0, 1..=255, 0, 1..=255, ..] => "UTF-16 text",
        _ => return None,
    })
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "a folder, where a file is needed".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_read_in_order_without_dot_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for file in [
            "z.yaml",
            "a_test.yaml",
            "b/c/y.yml",
            "b/notes.txt",
            ".git/x.yaml",
        ] {
            fs::write(root.join(file), "x").unwrap();
        }
        let found = read(&[
            root.display().to_string(),
            root.join("z.yaml").display().to_string(),
        ]);
        let names = found
            .texts
            .iter()
            .map(|text| text.name.rsplit('/').next().unwrap());
        assert_eq!(
            names.collect::<Vec<_>>(),
            ["a_test.yaml", "y.yml", "z.yaml"]
        );
        let passed_over: Vec<String> = found.passed_over.iter().map(ToString::to_string).collect();
        let git = root.join(".git").display().to_string();
        assert_eq!(
            passed_over,
            [format!(
                "{git} is a hidden folder with YAML files, which are not read"
            )]
        );
    }

    #[test]
    fn a_pack_that_is_named_twice_is_one() {
        let twice = [
            "builtin:foundation".to_owned(),
            "builtin:foundation".to_owned(),
        ];
        assert_eq!(read(&twice).texts.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let large = format!("{root}/large.yaml");
        let paths = [
            "builtin:fundation".to_owned(),
            root.clone(),
            format!("{root}/none.yaml"),
            large.clone(),
        ];
        let problems = read(&paths[..3]).unreadable;
        assert!(
            problems[0]
                .help
                .contains("did you mean builtin:foundation?"),
            "{problems:?}"
        );
        assert_eq!(problems[1].problem, "no policy in this folder");
        assert_eq!(problems[2].problem, "no such file or folder");
        fs::write(&large, " ".repeat((1 << 20) + 1)).unwrap();
        assert_eq!(read(&[large]).unreadable[0].problem, "larger than 1 MiB");
        let utf16 = format!("{root}/utf16.yaml");
        fs::write(&utf16, [0xff, 0xfe, b'a', 0]).unwrap();
        let problem = read(&[utf16]).unreadable.remove(0);
        assert!(problem.problem.starts_with("UTF-16 text"));
        assert_eq!(problem.place.unwrap().span.start, 0);
    }
}
