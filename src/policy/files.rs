//! Finds and reads the files of policies. The only I/O of this module's siblings.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::builtin;
use super::diagnostic::{Place, SourceText, nearest};
use super::load::is_test_file;

/// The largest policy file: some 20,000 rules.
pub const LARGEST: u64 = 1 << 20;

/// How deep folders are searched; a loop of links ends here.
const DEEPEST: usize = 32;

/// A file that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path as the user named it.
    pub path: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub help: String,
    /// Where in it, if that is known: in a file that is not text, where that shows.
    pub place: Option<Place>,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path, self.problem)
    }
}

/// Reads every policy file that the paths name; with `tests`, files of tests as well. What cannot be read, or a path
/// under which there is no policy, comes beside what could be: its mistakes are told all the same. Files of tests do not
/// then: their policy may be what cannot be read.
#[must_use]
pub fn read(paths: &[String], tests: bool) -> (Vec<Arc<SourceText>>, Vec<Unreadable>) {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    // A file or a pack that is named twice is one.
    let mut seen = BTreeSet::new();
    for path in paths {
        let result = match path.strip_prefix("builtin:") {
            Some(_) if !seen.insert(PathBuf::from(path)) => continue,
            Some(name) => pack(path, name).map(|text| vec![text]),
            None => files(Path::new(path), tests).map(|files| {
                let new = files
                    .into_iter()
                    .filter(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
                let read: Vec<_> = new.map(|file| read_text(&file)).collect();
                let (good, bad): (Vec<_>, Vec<_>) = read.into_iter().partition(Result::is_ok);
                problems.extend(bad.into_iter().filter_map(Result::err));
                good.into_iter().filter_map(Result::ok).collect()
            }),
        };
        match result {
            Ok(found) => texts.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        texts.retain(|text| !is_test_file(&text.name));
    }
    (texts, problems)
}

fn pack(path: &str, name: &str) -> Result<Arc<SourceText>, Unreadable> {
    if let Some(text) = builtin::pack(name) {
        return Ok(Arc::new(SourceText { name: path.to_owned(), text: text.to_owned() }));
    }
    let names = builtin::PACKS.map(|(name, _)| name);
    let meant = nearest(name, names).map(|meant| format!("did you mean builtin:{meant}? ")).unwrap_or_default();
    Err(Unreadable {
        path: path.to_owned(),
        problem: "there is no such pack".to_owned(),
        help: format!("{meant}packs: {}", names.map(|name| format!("builtin:{name}")).join(", ")),
        place: None,
    })
}

/// Why there is nothing at a path of policies, if so.
#[must_use]
pub fn missing(path: &str) -> Option<Unreadable> {
    match path.strip_prefix("builtin:") {
        Some(name) => pack(path, name).err(),
        None => kind(Path::new(path)).err(),
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
        Unreadable { path, problem: words(&error), help: help.to_owned(), place: None }
    })
}

fn files(path: &Path, tests: bool) -> Result<Vec<PathBuf>, Unreadable> {
    let problem = |problem: String, help: &str| Unreadable {
        path: path.display().to_string(),
        problem,
        help: help.to_owned(),
        place: None,
    };
    if !kind(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut search = Search::default();
    search.folder(path, 0)?;
    let found = search.found;
    let (only_tests, policies): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| is_test_file(&file.to_string_lossy()));
    let tests_only = !only_tests.is_empty();
    let mut found = policies;
    if found.is_empty() {
        let help = if tests_only {
            "files named *_test.yaml hold only tests; the policy is a *.yaml beside them"
        } else {
            "policies are files named *.yaml or *.yml; to begin with, use builtin:foundation"
        };
        return Err(problem("no policy in this folder".to_owned(), help));
    }
    if tests {
        found.extend(only_tests);
        found.sort();
    }
    Ok(found)
}

/// The walk through a folder and those in it.
#[derive(Default)]
struct Search {
    found: Vec<PathBuf>,
    /// Folders that were looked into: links may lead back.
    seen: BTreeSet<PathBuf>,
}

impl Search {
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), Unreadable> {
        let problem = |path: &Path, problem: String, help: &str| Unreadable {
            path: path.display().to_string(),
            problem,
            help: help.to_owned(),
            place: None,
        };
        let known = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if depth > DEEPEST || !self.seen.insert(known) {
            return Ok(());
        }
        let entries = fs::read_dir(folder).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>()
        });
        let mut paths =
            entries.map_err(|error| problem(folder, words(&error), "check the permissions of the folder"))?;
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            // `.git`, and the dot folders behind a mounted ConfigMap, which hold every file once more.
            if name.starts_with('.') {
                continue;
            }
            let is_policy = name.ends_with(".yaml") || name.ends_with(".yml");
            match fs::metadata(&path) {
                Ok(kind) if kind.is_dir() => self.folder(&path, depth + 1)?,
                Ok(kind) if is_policy && !kind.is_file() => {
                    let help = "a pipe or a device is read only when it is named itself";
                    return Err(problem(&path, "not a file".to_owned(), help));
                }
                Err(error) if is_policy => {
                    let link = path.is_symlink() && error.kind() == io::ErrorKind::NotFound;
                    let what = if link { "a link that leads nowhere".to_owned() } else { words(&error) };
                    return Err(problem(&path, what, "check the path and its permissions"));
                }
                Ok(_) if is_policy => self.found.push(path),
                // What is no policy need not be readable.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Reads files, each of which must be one.
#[must_use]
pub fn read_each(paths: &[String]) -> (Vec<Arc<SourceText>>, Vec<Unreadable>) {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        match read_text(Path::new(path)) {
            Ok(text) => texts.push(text),
            Err(problem) => problems.push(problem),
        }
    }
    (texts, problems)
}

/// Reads one file.
///
/// # Errors
/// When it cannot be read, is too large or is not UTF-8.
pub fn read_text(path: &Path) -> Result<Arc<SourceText>, Unreadable> {
    let name = path.display().to_string();
    let problem =
        |problem: String, help: &str| Unreadable { path: name.clone(), problem, help: help.to_owned(), place: None };
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| problem(words(&error), "check the path and its permissions"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(problem("larger than 1 MiB".to_owned(), "split it into several files"));
    }
    // A byte order mark is an editor's habit, not part of the text.
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let wide = wide(bytes);
    let (at, label) = match std::str::from_utf8(bytes) {
        // Without its mark, ASCII in a wide encoding is UTF-8 with a NUL in every character.
        Ok(text) => match memchr::memchr(0, bytes).filter(|_| wide.is_some()) {
            Some(at) => (at, "a NUL".to_owned()),
            None => return Ok(Arc::new(SourceText { name, text: text.to_owned() })),
        },
        Err(error) => {
            let at = error.valid_up_to();
            (at, format!("the byte 0x{:02X}", bytes[at]))
        }
    };
    let text = String::from_utf8_lossy(bytes).into_owned();
    let span = at..at + text[at..].chars().next().map_or(0, char::len_utf8);
    let what = wide.map_or_else(|| "not UTF-8 text".to_owned(), |wide| format!("{wide}, by its first bytes"));
    let place = Place { file: Arc::new(SourceText { name: name.clone(), text }), span, label };
    Err(Unreadable { place: Some(place), ..problem(what, "save the file as UTF-8") })
}

/// The encoding of a text that is not UTF-8, by its mark or by the zeros around its first characters.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] | [1..=255, 0, 0, 0, ..] | [0, 0, 0, 1..=255, ..] => {
            "UTF-32 text"
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [1..=255, 0, 1..=255, 0, ..] | [0, 1..=255, 0, 1..=255, ..] => {
            "UTF-16 text"
        }
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
    fn folders_are_read_in_order_without_tests_and_dot_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        fs::create_dir_all(root.join(".git")).unwrap();
        for file in ["z.yaml", "a_test.yaml", "b/c/y.yml", "b/notes.txt", ".git/x.yaml"] {
            fs::write(root.join(file), "x").unwrap();
        }
        let names = |tests| -> Vec<String> {
            let texts = read(&[root.display().to_string(), root.join("z.yaml").display().to_string()], tests).0;
            texts.iter().map(|text| text.name.rsplit('/').next().unwrap().to_owned()).collect()
        };
        assert_eq!(names(false), ["y.yml", "z.yaml"]);
        assert_eq!(names(true), ["a_test.yaml", "y.yml", "z.yaml"]);
    }

    #[test]
    fn a_pack_that_is_named_twice_is_one() {
        let twice = ["builtin:foundation".to_owned(), "builtin:foundation".to_owned()];
        assert_eq!(read(&twice, false).0.len(), 1);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().display().to_string();
        let large = format!("{root}/large.yaml");
        let paths = ["builtin:fundation".to_owned(), root.clone(), format!("{root}/none.yaml"), large.clone()];
        let problems = read(&paths[..3], false).1;
        assert!(problems[0].help.contains("did you mean builtin:foundation?"), "{problems:?}");
        assert_eq!(problems[1].problem, "no policy in this folder");
        assert_eq!(problems[2].problem, "no such file or folder");
        fs::write(&large, " ".repeat((1 << 20) + 1)).unwrap();
        assert_eq!(read(&[large], false).1[0].problem, "larger than 1 MiB");
        let utf16 = format!("{root}/utf16.yaml");
        fs::write(&utf16, [0xff, 0xfe, b'a', 0]).unwrap();
        let problem = read(&[utf16], false).1.remove(0);
        assert!(problem.problem.starts_with("UTF-16 text"));
        assert_eq!(problem.place.unwrap().span.start, 0);
    }
}
