//! Where reports go: checked before the first call, replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Stop;
use crate::policy::diagnostic::nearest;
use crate::report::{FORMATS, Format};

/// A report that was asked for.
#[derive(Debug, Clone)]
pub struct Report {
    /// Its format.
    pub format: &'static Format,
    /// Where it goes.
    pub to: Target,
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Stdout,
    /// A file, a FIFO or a device.
    Path(PathBuf),
}

impl Target {
    /// The target that is written so: a path, or `-`.
    pub fn of(text: &str) -> Self {
        if text == "-" { Self::Stdout } else { Self::Path(text.into()) }
    }

    /// What messages call it.
    fn name(&self) -> String {
        match self {
            Self::Stdout => "stdout".to_owned(),
            Self::Path(path) => path.display().to_string(),
        }
    }
}

/// Reads `FORMAT[=PATH]`.
pub fn parse_report(text: &str) -> Result<Report, String> {
    let (name, path) = text.split_once('=').map_or((text, "-"), |(name, path)| (name, path));
    let Some(format) = Format::named(name) else {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let meant = nearest(name, names.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
        return Err(format!("there is no format {name}{}\nformats: {}", meant.unwrap_or_default(), names.join(", ")));
    };
    if path.is_empty() {
        return Err(format!("a path is missing after {name}="));
    }
    Ok(Report { format, to: Target::of(path) })
}

/// The reports of a run: those that were asked for, and `text` on stdout when nothing else is there.
pub fn reports(asked: &[Report], quiet: bool) -> Result<Vec<Report>, Stop> {
    let mut all = asked.to_vec();
    if all.iter().filter(|report| report.to == Target::Stdout).count() > 1 {
        return Err(Stop::usage(
            "two reports on stdout would run into each other.\nGive all but one a path: --report json=FILE",
        ));
    }
    for (at, report) in all.iter().enumerate() {
        check(&report.to)?;
        if let Target::Path(path) = &report.to
            && !writes_directly(path)
            && all[..at].iter().any(|other| matches!(&other.to, Target::Path(other) if real(other) == real(path)))
        {
            return Err(Stop::usage(format!(
                "two reports would be written to {}, and one of them lost.\nGive each a path of its own.",
                path.display()
            )));
        }
    }
    if !quiet && all.iter().all(|report| report.to != Target::Stdout) {
        let text = FORMATS.iter().find(|format| format.name == "text");
        all.extend(text.map(|format| Report { format, to: Target::Stdout }));
    }
    Ok(all)
}

/// Whether the report for people goes to stdout.
pub fn is_text_on_stdout(reports: &[Report]) -> bool {
    reports.iter().any(|report| report.to == Target::Stdout && report.format.name == "text")
}

/// Whether an output can be written, before anything is done for it.
pub fn check(target: &Target) -> Result<(), Stop> {
    let Target::Path(path) = target else { return Ok(()) };
    if path.is_dir() {
        return Err(Stop::usage(format!("{} is a folder; name a file in it.", path.display())));
    }
    if !folder(path).is_dir() {
        return Err(Stop::usage(format!(
            "the folder {} does not exist, so {} could not be written. Make it first.",
            folder(path).display(),
            path.display()
        )));
    }
    Ok(())
}

/// Whether two paths lead to one file, through links too.
pub fn are_one_file(one: &Path, other: &Path) -> bool {
    real(one) == real(other)
}

/// The path without links and detours, of a file that may not exist yet.
fn real(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // A link may point to what does not exist yet; a circle of links points to nothing.
    for _ in 0..8 {
        match fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => break,
        }
    }
    let folder = fs::canonicalize(folder(&path)).unwrap_or_else(|_| folder(&path).to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether there is something that is not a regular file: a device or a FIFO is written, not replaced.
fn writes_directly(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| !data.is_file())
}

/// Writes an output: a regular file appears whole or not at all.
pub fn write(target: &Target, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Stop> {
    let result = match target {
        Target::Stdout => {
            let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
            render(&mut out).and_then(|()| out.flush())
        }
        Target::Path(path) if writes_directly(path) => fs::OpenOptions::new().write(true).open(path).and_then(|file| {
            let mut out = BufWriter::with_capacity(1 << 16, file);
            render(&mut out).and_then(|()| out.flush())
        }),
        Target::Path(path) => replace(path, render),
    };
    result.map_err(|error| Stop::failed(format!("{} could not be written: {error}.", target.name())))
}

fn replace(path: &Path, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Through a link, what it points to is replaced, not the link.
    let path = real(path);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = folder(&path).join(format!(".{name}.{}.part", std::process::id()));
    let written = File::create(&part).and_then(|file| {
        if let Ok(existing) = fs::metadata(&path) {
            file.set_permissions(existing.permissions())?;
        }
        let mut out = BufWriter::with_capacity(1 << 16, file);
        render(&mut out)?;
        out.flush()?;
        drop(out);
        fs::rename(&part, &path)
    });
    written.inspect_err(|_| {
        // The part is of no use to anyone; that it cannot be removed is not worth a second error.
        let _ = fs::remove_file(&part);
    })
}
