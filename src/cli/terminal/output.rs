//! Targets of reports: checked before the first call, replaced whole or not at all, and never one of the inputs.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use super::replace::{Access, folder_of, replace, try_in};
use super::wait::{GRACE, waiting};
use crate::cli::stop::Stop;
use crate::policy::read::files::{Identity, identity, identity_of};
use crate::policy::text::diagnostic::nearest;
use crate::report::{FORMATS, Format, Page, escaped_json};

/// Columns of text for people: every terminal and every CI log has them.
pub const WIDTH: usize = 80;

/// True if stdout takes colours.
pub fn colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// A requested report.
#[derive(Debug, Clone)]
pub struct ReportOutput {
    /// Its format.
    pub format: &'static Format,
    /// Its target.
    pub to: Target,
}

/// The target of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file, a FIFO or a device.
    Path(PathBuf),
}

impl Target {
    /// Reads a target: a path, or `-` for stdout.
    pub fn of(text: &str) -> Self {
        if text == "-" {
            Self::Stdout
        } else {
            Self::Path(text.into())
        }
    }

    /// The name in messages.
    fn name(&self) -> String {
        match self {
            Self::Stdout => "stdout".to_owned(),
            Self::Path(path) => path.display().to_string(),
        }
    }
}

/// Reads `FORMAT[=PATH]`.
pub fn parse_report(text: &str) -> Result<ReportOutput, String> {
    let (name, path) = text
        .split_once('=')
        .map_or((text, "-"), |(name, path)| (name, path));
    let Some(format) = Format::named(name) else {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let meant =
            nearest(name, names.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
        return Err(format!(
            "unknown format {name}{}\nformats: {}",
            meant.unwrap_or_default(),
            names.join(", ")
        ));
    };
    if path.is_empty() {
        return Err(format!("a path is missing after {name}="));
    }
    Ok(ReportOutput {
        format,
        to: Target::of(path),
    })
}

/// The reports of a run: the requested ones, and `text` on stdout if no other is there.
pub fn reports(requested: &[ReportOutput], quiet: bool) -> Result<Vec<ReportOutput>, Stop> {
    let mut all = requested.to_vec();
    if all
        .iter()
        .filter(|report| report.to == Target::Stdout)
        .count()
        > 1
    {
        return Err(Stop::usage(
            "two reports on stdout would be mixed up.\nGive all but one a path: --report json=FILE",
        ));
    }
    if !quiet && all.iter().all(|report| report.to != Target::Stdout) {
        let text = FORMATS.iter().find(|format| format.name == "text");
        all.extend(text.map(|format| ReportOutput {
            format,
            to: Target::Stdout,
        }));
    }
    for (at, report) in all.iter().enumerate() {
        check(&report.to)?;
        if let Some(other) = all[..at]
            .iter()
            .find(|other| are_one(&other.to, &report.to))
        {
            let path = if report.to == Target::Stdout {
                &other.to
            } else {
                &report.to
            };
            return Err(Stop::usage(format!(
                "two reports would be written to {}, and one would be lost.\nGive each a path of its own.",
                path.name()
            )));
        }
    }
    Ok(all)
}

/// True if the report for people goes to stdout.
pub fn is_text_on_stdout(reports: &[ReportOutput]) -> bool {
    reports
        .iter()
        .any(|report| report.to == Target::Stdout && report.format.name == "text")
}

/// Refuses an output that cannot be written, before anything is done for it: its folder must exist and take files.
pub fn check(target: &Target) -> Result<(), Stop> {
    let Target::Path(path) = target else {
        return Ok(());
    };
    if path.is_dir() {
        return Err(Stop::usage(format!(
            "{} is a folder; name a file in it.",
            path.display()
        )));
    }
    if writes_directly(path) {
        return Ok(());
    }
    let real = real(path);
    let folder = folder_of(&real);
    if !folder.is_dir() {
        return Err(Stop::usage(format!(
            "the folder {} does not exist, so {} could not be written. Make it first.",
            folder.display(),
            path.display()
        )));
    }
    let there = match fs::metadata(&real) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => try_in(folder),
    };
    there.map_err(|error| {
        Stop::failed(format!(
            "{} could not be written: no file can be made in {}: {error}.\nChange the permissions of the folder, or \
             name a file elsewhere.",
            path.display(),
            folder.display()
        ))
    })
}

/// An input of a run: its name in messages, and its path.
pub type Input<'i> = (&'static str, &'i Path);

/// Refuses an output that would replace an input.
pub fn keep_apart<'i>(
    outputs: &[&Target],
    inputs: impl IntoIterator<Item = Input<'i>>,
) -> Result<(), Stop> {
    for (what, input) in inputs {
        let input = Target::of(&input.to_string_lossy());
        let is_input = |output: &&&Target| match (output, &input) {
            (Target::Path(output), Target::Path(input)) => {
                !writes_directly(output) && is_same_file(output, input)
            }
            (Target::Path(output), Target::Stdout) => {
                regular(io::stdin()).is_some_and(|it| identity(output) == Some(it))
            }
            (Target::Stdout, Target::Path(input)) => {
                regular(io::stdout()).is_some_and(|it| identity(input) == Some(it))
            }
            (Target::Stdout, Target::Stdout) => {
                regular(io::stdin()).is_some_and(|it| regular(io::stdout()) == Some(it))
            }
        };
        if let Some(output) = outputs.iter().find(is_input) {
            return Err(Stop::usage(format!(
                "{} is {what}, and the output would replace it.\nGive each a path of its own.",
                if **output == Target::Stdout {
                    input.name()
                } else {
                    output.name()
                }
            )));
        }
    }
    Ok(())
}

/// True if two outputs are one file.
fn are_one(one: &Target, other: &Target) -> bool {
    match (one, other) {
        (Target::Stdout, Target::Stdout) => true,
        (Target::Stdout, Target::Path(path)) | (Target::Path(path), Target::Stdout) => {
            regular(io::stdout()).is_some_and(|it| identity(path) == Some(it))
        }
        (Target::Path(one), Target::Path(other)) => {
            !writes_directly(one) && is_same_file(one, other)
        }
    }
}

/// True if two paths lead to one file, through links too.
pub fn is_same_file(one: impl AsRef<Path>, other: impl AsRef<Path>) -> bool {
    let (one, other) = (one.as_ref(), other.as_ref());
    match (identity(one), identity(other)) {
        (Some(one), Some(other)) => one == other,
        _ => real(one) == real(other),
    }
}

/// The regular file behind a standard stream, if it is one.
fn regular(stream: impl AsFd) -> Option<Identity> {
    let file = File::from(stream.as_fd().try_clone_to_owned().ok()?)
        .metadata()
        .ok()?;
    file.is_file().then(|| identity_of(&file))
}

/// The path without links and detours, of a file that may not exist yet.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // A link may point to what does not exist yet; a circle of links points to nothing.
    for _ in 0..8 {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            Err(_) => break,
        }
    }
    let folder = fs::canonicalize(folder_of(&path)).unwrap_or_else(|_| folder_of(&path).to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

/// True if the path is a device or a FIFO, which is written and not replaced.
fn writes_directly(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| !data.is_file())
}

/// Writes an output: a regular file appears whole or not at all.
pub fn write(
    target: &Target,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Stop> {
    write_for(Access::Usual, target, render)
}

/// Writes an output; a new file has this access.
pub fn write_for(
    access: Access,
    target: &Target,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Stop> {
    let result = match target {
        Target::Stdout => directly(io::stdout().lock(), render),
        Target::Path(path) if writes_directly(path) => {
            open(path).and_then(|file| directly(file, render))
        }
        // Through a link, what it points to is replaced, not the link.
        Target::Path(path) => replace(&real(path), access, render),
    };
    result
        .map_err(|error| Stop::failed(format!("{} could not be written: {error}.", target.name())))
}

/// Writes a page for people to stdout.
pub fn page(render: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> Result<(), Stop> {
    write(&Target::Stdout, |mut out| {
        render(&mut Page::new(&mut out, WIDTH, colour()))
    })
}

/// Writes a document to stdout as JSON.
pub fn json(document: &impl serde::Serialize) -> Result<(), Stop> {
    let json = escaped_json(document)
        .map_err(|error| Stop::failed(format!("no JSON could be made: {error}.")))?;
    write(&Target::Stdout, |out| out.write_all(&json))
}

/// Opens a device or a FIFO; the latter waits for its reader.
fn open(path: &Path) -> io::Result<File> {
    let _waiting = waiting(GRACE);
    fs::OpenOptions::new().write(true).open(path)
}

fn directly(
    to: impl Write,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 16, Patient(to));
    render(&mut out)?;
    out.flush()
}

/// A writer whose reader may be slow.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _waiting = waiting(GRACE);
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let _waiting = waiting(GRACE);
        self.0.flush()
    }
}
