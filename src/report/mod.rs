//! The reports: the facts of an audit in words and formats, one file a format. They must not know policies, sources or
//! the gate's rules; they never decide anything.

pub(crate) mod inert;
mod json;
mod markdown;
#[cfg(test)]
mod sample;
pub mod saved;
mod text;
mod words;
pub(crate) mod wrap;

use std::io;
use std::time::Duration;

use serde::Serialize;

pub use self::wrap::Page;
use crate::model::Outcome;
use crate::model::finding::Actual;
use crate::model::judgement::Judgement;

/// Everything that a report can say.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What was found.
    pub outcome: &'a Outcome,
    /// What the gate concluded from it.
    pub judgement: &'a Judgement,
    /// The run that found it.
    pub run: &'a Run,
}

/// The circumstances of a run.
#[derive(Debug, Clone, Default)]
pub struct Run {
    /// Whether equal input must give equal bytes: no times, durations, request counts or command line.
    pub reproducible: bool,
    /// When the report was made, as RFC 3339 in UTC; `None` when reproducible.
    pub generated_at: Option<String>,
    /// How long the audit took.
    pub duration: Option<Duration>,
    /// The command line, as it was given.
    pub command_line: Option<Vec<String>>,
    /// The source of the stages: `AWS`, or the name of a file.
    pub source: String,
    /// The part of a run that this is; `None` for a whole one.
    pub shard: Option<Part>,
    /// The version of driftgate that audited, where it was not this one.
    pub version: Option<String>,
}

/// One of the parts of a run, cut by account and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which one, counted from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// A digest of the flags and files that have to be the same in all of them.
    pub of: String,
    /// The same of what each found by itself, the Regions and the caller; `None` where it ended before it knew them.
    pub found: Option<String>,
}

impl Run {
    /// The version of driftgate that audited.
    fn version(&self) -> &str {
        self.version.as_deref().unwrap_or(VERSION)
    }
}

/// How a report for people looks. Formats for machines have one look.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Whether to write terminal colours.
    pub colour: bool,
    /// Columns of the terminal; `usize::MAX` for lines of any length.
    pub width: usize,
}

/// Writes a report.
///
/// # Errors
/// Only when the writer fails.
pub type Render = fn(&Facts<'_>, Style, &mut dyn io::Write) -> io::Result<()>;

/// One format of reports.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, as in `--report NAME=PATH`.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Writes a report in this format.
    pub render: Render,
}

/// Every format. A new one is one file and one line here.
pub static FORMATS: &[Format] = &[
    Format { name: "text", about: "for people at a terminal", render: text::render },
    Format { name: "json", about: "everything, for other tools, in a versioned format", render: json::render },
    Format {
        name: "markdown",
        about: "for GitHub: a job summary, an issue or a file in a repository",
        render: markdown::render,
    },
];

impl Format {
    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}

/// Text that others wrote, made inert for one line of a terminal: controls, newlines and marks of direction are shown
/// instead of obeyed, and GitHub's runner finds no command in it, not even when the text is a line of its own.
#[must_use]
pub fn visible(text: &str) -> String {
    inert::line(&inert::visible(text)).into_owned()
}

/// A value that was found, in words; `None` when there is none.
#[must_use]
pub fn found(actual: &Actual) -> Option<String> {
    words::value(actual).map(|value| visible(&value))
}

/// The JSON Schema of the JSON result.
#[must_use]
pub fn result_schema() -> serde_json::Value {
    json::schema()
}

/// A document as JSON on one line, in which text of others acts neither on a terminal nor on GitHub's runner.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn inert_json(document: &impl Serialize) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    json::inert(&mut out, document)?;
    out.push(b'\n');
    Ok(out)
}

/// The version of driftgate that writes the report.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found_by_name_and_described() {
        for format in FORMATS {
            assert!(std::ptr::eq(Format::named(format.name).unwrap(), format));
            assert!(!format.about.is_empty() && !format.about.ends_with('.'));
        }
        assert!(Format::named("JSON").is_none());
    }

    #[test]
    fn text_of_others_is_one_inert_line() {
        assert_eq!(visible("GetStages of arn:aws:apigateway:r::/apis"), "GetStages of arn:aws:apigateway:r::/apis");
        assert_eq!(visible("  ::error::a\n::b"), "  \\u{3a}:error::a\\n::b");
        assert_eq!(visible("a ##[error]\u{1b}[2J\u{202e}"), "a \\u{23}#[error]\\u{1b}[2J\\u{202e}");
    }

    #[test]
    fn json_of_any_document_is_inert() {
        let json = inert_json(&["##[error]\u{1b}[2J\n"]).unwrap();
        assert_eq!(String::from_utf8(json).unwrap(), "[\"\\u0023#[error]\\u001b[2J\\n\"]\n");
    }

    #[test]
    fn a_format_is_one_file_and_one_line() {
        const SHARED: [&str; 6] = ["inert", "mod", "sample", "saved", "words", "wrap"];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_str().unwrap().trim_end_matches(".rs").to_owned())
            .filter(|name| !SHARED.contains(&name.as_str()))
            .collect();
        files.sort();
        let mut names: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }

    #[test]
    fn a_report_that_cannot_be_written_is_an_error() {
        struct Full;
        impl io::Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let sample = sample::rich();
        for format in FORMATS {
            let said = (format.render)(&sample.facts(), Style { colour: false, width: 80 }, &mut Full);
            assert_eq!(said.unwrap_err().kind(), io::ErrorKind::StorageFull, "{}", format.name);
        }
    }

    #[test]
    fn reproducible_reports_are_equal_byte_for_byte_and_know_no_time() {
        let mut sample = sample::rich();
        for format in FORMATS {
            let style = Style { colour: false, width: 80 };
            sample.run = Run { reproducible: true, source: "AWS".to_owned(), ..Run::default() };
            let one = sample.render(format.name, style);
            // A caller that leaves the times in does not get them out.
            sample.run = Run { reproducible: true, ..sample::run() };
            let other = sample.render(format.name, style);
            assert_eq!(one, other, "{}", format.name);
            for secret in ["2026-11-30", "312", "4.2", "command_line"] {
                assert!(!one.contains(secret), "{}: {secret}", format.name);
            }
        }
    }
}
