//! Messages on stderr. Mistakes in files look as in rustc: file, line, column, the line itself, and help.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::stderr::print;
use crate::cli::plural::plural;
use crate::cli::stop::Stop;
use crate::policy::author::lint::Lint;
use crate::policy::read::files::Unreadable;
use crate::policy::text::diagnostic::{Diagnostic, Excerpt, SourceText};
use crate::report::visible;

/// More mistakes than these in one file are counted, not shown.
pub const MOST_A_FILE: usize = 100;

/// Columns of a message; longer lines of a file are cut around the mark.
const WIDTH: usize = 100;
/// Characters of the longest title.
const LONGEST: usize = 200;
/// Columns of the text behind `error: ` or `  = help: `.
const WORDS: usize = 70;

fn renderer() -> Renderer {
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let renderer = if colours {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(WIDTH)
}

/// Writes a line that is neither an error nor a warning.
pub fn line(text: &str) {
    print(text);
}

/// Writes an error.
pub fn error(message: &str) {
    // Text of AWS or of a file may be in it, and must not act on a terminal or a CI runner.
    let mut lines = message.lines().map(|line| folded(&visible(line)));
    let mut group = Group::with_title(Level::ERROR.primary_title(lines.next().unwrap_or_default()));
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        group = group.element(Level::HELP.message(lines.join("\n")));
    }
    print(&renderer().render(&[group]));
}

/// Writes the error that ended a command, unless it is written already. Returns the exit code.
pub fn stop(stop: &Stop) -> u8 {
    if !stop.message.is_empty() {
        error(&stop.message);
    }
    stop.code
}

/// Writes a warning.
pub fn warning(message: &str) {
    let group = Group::with_title(Level::WARNING.primary_title(folded(&visible(message))));
    print(&renderer().render(&[group]));
}

/// An error in a file, or of one.
#[derive(Clone, Copy)]
pub enum Fault<'f> {
    /// A mistake in a file.
    Mistake(&'f Diagnostic),
    /// A file that cannot be read.
    Unreadable(&'f Unreadable),
}

impl<'f> Fault<'f> {
    /// All of them, in the order of their files.
    pub fn in_order(unreadable: &'f [Unreadable], mistakes: &'f [Diagnostic]) -> Vec<Self> {
        let all = unreadable
            .iter()
            .map(Self::Unreadable)
            .chain(mistakes.iter().map(Self::Mistake));
        let mut all: Vec<Self> = all.collect();
        all.sort_by_key(|fault| Path::new(fault.file()));
        all
    }

    /// The file.
    pub fn file(self) -> &'f str {
        match self {
            Self::Mistake(mistake) => &mistake.file.name,
            Self::Unreadable(unreadable) => &unreadable.path,
        }
    }

    fn draw(self) -> String {
        match self {
            Self::Mistake(mistake) => draw(Level::ERROR, mistake, None, &renderer()),
            Self::Unreadable(unreadable) => {
                let group = match &unreadable.place {
                    Some(Excerpt { file, span, label }) => {
                        let line = line_of(file, span, AnnotationKind::Primary, label);
                        Level::ERROR
                            .primary_title(short(&unreadable.problem))
                            .element(line)
                    }
                    None => Group::with_title(Level::ERROR.primary_title(unreadable.to_string())),
                };
                let group = group.element(Level::HELP.message(folded(&unreadable.help)));
                format!("{}\n", renderer().render(&[group]))
            }
        }
    }
}

/// Writes errors of files that cannot be read.
pub fn unreadable(problems: &[Unreadable]) {
    for problem in problems {
        print(Fault::Unreadable(problem).draw().trim_end());
    }
}

/// Writes all mistakes, then their number.
pub fn mistakes(found: &[Diagnostic], consequence: &str) {
    faults(&[], found, consequence);
}

/// Writes the files that cannot be read and the mistakes in the others, then their number.
pub fn faults(unreadable: &[Unreadable], found: &[Diagnostic], consequence: &str) {
    let faults = Fault::in_order(unreadable, found);
    let mut files = 0;
    for of_one_file in faults.chunk_by(|a, b| a.file() == b.file()) {
        files += 1;
        for fault in of_one_file.iter().take(MOST_A_FILE) {
            print(&fault.draw());
        }
        and_more(of_one_file.len(), of_one_file[0].file());
    }
    // A path that cannot be opened may be a folder or a pack.
    let opened = faults
        .iter()
        .any(|fault| !matches!(fault, Fault::Unreadable(Unreadable { place: None, .. })));
    let files = if opened {
        format!(" in {}", plural(files, "file"))
    } else {
        String::new()
    };
    error(&format!(
        "{}{files}{consequence}",
        plural(faults.len(), "mistake")
    ));
}

/// Writes warnings about policies.
pub fn warnings(found: &[Lint]) {
    for of_one_file in found.chunk_by(|a, b| a.diagnostic.file == b.diagnostic.file) {
        for warning in of_one_file.iter().take(MOST_A_FILE) {
            print(&draw(
                Level::WARNING,
                &warning.diagnostic,
                warning.beside.as_ref(),
                &renderer(),
            ));
        }
        and_more(of_one_file.len(), &of_one_file[0].diagnostic.file.name);
    }
}

fn and_more(all: usize, file: &str) {
    if let Some(more) = all.checked_sub(MOST_A_FILE).filter(|more| *more > 0) {
        print(&format!("… and {more} more in {file}\n"));
    }
}

/// The line of a place with the mark under it. Only this line is looked up, since a file may be large.
fn line_of(
    file: &SourceText,
    span: &Range<usize>,
    kind: AnnotationKind,
    label: &str,
) -> Snippet<'static, Annotation<'static>> {
    let text = file.text.as_str();
    let start = text[..span.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let end = text[span.end..]
        .find('\n')
        .map_or(text.len(), |newline| span.end + newline);
    let (line, _) = file.position(span.start);
    let drawn = text[start..end].trim_end_matches('\r');
    let mark = (span.start - start).min(drawn.len())..(span.end - start).min(drawn.len());
    Snippet::source(drawn.to_owned())
        .line_start(line)
        .path(file.name.clone())
        .annotation(kind.span(mark).label(short(label)))
}

fn draw(
    level: Level<'_>,
    diagnostic: &Diagnostic,
    beside: Option<&Excerpt>,
    renderer: &Renderer,
) -> String {
    let primary = line_of(
        &diagnostic.file,
        &diagnostic.span,
        AnnotationKind::Primary,
        &diagnostic.label,
    );
    let mut group = level
        .primary_title(short(&diagnostic.title))
        .element(primary);
    if let Some(place) = beside {
        group = group.element(line_of(
            &place.file,
            &place.span,
            AnnotationKind::Context,
            &place.label,
        ));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(folded(&visible(help))));
    }
    format!("{}\n", renderer.render(&[group]))
}

/// One line of text, cut in the middle if it is very long.
fn short(words: &str) -> String {
    let words = visible(words);
    let count = words.chars().count();
    if count <= LONGEST {
        return words;
    }
    let (start, end): (String, String) = (
        words.chars().take(LONGEST - 40).collect(),
        words.chars().skip(count - 39).collect(),
    );
    format!("{start}…{end}")
}

/// Text in lines that fit.
fn folded(words: &str) -> String {
    let mut lines = vec![String::new()];
    // Code stays on one line, to be copied.
    let mut code = false;
    let at_spaces = words.split(|c: char| {
        code ^= c == '`';
        c == ' ' && !code
    });
    for word in at_spaces {
        let line = lines.len() - 1;
        if lines[line].is_empty() {
            lines[line].push_str(word);
        } else if lines[line].chars().count() + word.chars().count() + 1 > WORDS {
            lines.push(word.to_owned());
        } else {
            lines[line].push(' ');
            lines[line].push_str(word);
        }
    }
    lines.join("\n")
}
