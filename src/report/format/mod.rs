//! The formats, one file or folder each. They must not know policies, sources or the gate's rules; they never decide
//! anything.

mod json;
mod markdown;
mod text;

use std::io;

use super::facts::{Facts, Style};

/// Writes a report.
///
/// # Errors
/// Only if the writer fails.
pub type Render = fn(&Facts<'_>, Style, &mut dyn io::Write) -> io::Result<()>;

/// One format of reports.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name, as in `--report NAME=PATH`.
    pub name: &'static str,
    /// Its purpose, in a few words.
    pub about: &'static str,
    /// Writes a report in this format.
    pub render: Render,
}

/// Every format. A new one is one file and one line here.
pub static FORMATS: &[Format] = &[
    Format {
        name: "text",
        about: "for people at a terminal",
        render: text::render,
    },
    Format {
        name: "json",
        about: "everything, for other tools, in a versioned format",
        render: json::render,
    },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::facts::Run;
    use crate::report::sample;

    #[test]
    fn formats_are_found_by_name_and_described() {
        for format in FORMATS {
            assert!(std::ptr::eq(Format::named(format.name).unwrap(), format));
            assert!(!format.about.is_empty() && !format.about.ends_with('.'));
        }
        assert!(Format::named("JSON").is_none());
    }

    #[test]
    fn a_format_is_one_file_and_one_line() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/format");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_str()
                    .unwrap()
                    .trim_end_matches(".rs")
                    .to_owned()
            })
            .filter(|name| name != "mod")
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
            let written = (format.render)(
                &sample.facts(),
                Style {
                    colour: false,
                    width: 80,
                },
                &mut Full,
            );
            assert_eq!(
                written.unwrap_err().kind(),
                io::ErrorKind::StorageFull,
                "{}",
                format.name
            );
        }
    }

    #[test]
    fn reproducible_reports_are_equal_byte_for_byte_and_know_no_time() {
        let mut sample = sample::rich();
        for format in FORMATS {
            let style = Style {
                colour: false,
                width: 80,
            };
            sample.run = Run {
                reproducible: true,
                source: "AWS".to_owned(),
                ..Run::default()
            };
            let one = sample.render(format.name, style);
            // A caller that leaves the times in does not get them out.
            sample.run = Run {
                reproducible: true,
                ..sample::run()
            };
            let other = sample.render(format.name, style);
            assert_eq!(one, other, "{}", format.name);
            for secret in ["2026-11-30", "312", "4.2", "command_line"] {
                assert!(!one.contains(secret), "{}: {secret}", format.name);
            }
        }
    }
}
