//! Draws mistakes as rustc does: file, line, column, the line itself, and what to do.

use std::io::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::policy::diagnostic::Diagnostic;
use crate::policy::files::Unreadable;
use crate::report::visible;

/// More mistakes than these in one file are counted, not shown.
const MOST_A_FILE: usize = 100;

/// How wide a message may be; longer lines of a file are cut around the mark.
const WIDTH: usize = 100;
/// How long a title may be.
const LONGEST: usize = 200;
/// How wide its words may be: they stand behind `error: ` or `  = help: `.
const WORDS: usize = 70;

fn renderer() -> Renderer {
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(WIDTH)
}

fn print(text: &str) {
    // That stderr is gone cannot be told anywhere.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// An error in words.
pub fn error(message: &str) {
    // What AWS or a file says may be in it, and must not act on a terminal or a CI runner.
    let mut lines = message.lines().map(|line| folded(&visible(line)));
    let mut group = Group::with_title(Level::ERROR.primary_title(lines.next().unwrap_or_default()));
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        group = group.element(Level::HELP.message(lines.join("\n")));
    }
    print(&renderer().render(&[group]));
}

/// A warning in words.
pub fn warning(message: &str) {
    let group = Group::with_title(Level::WARNING.primary_title(folded(&visible(message))));
    print(&renderer().render(&[group]));
}

/// Files that cannot be read.
pub fn unreadable(problems: &[Unreadable]) {
    for problem in problems {
        let group = Group::with_title(Level::ERROR.primary_title(problem.to_string()))
            .element(Level::HELP.message(folded(&problem.help)));
        print(&renderer().render(&[group]));
    }
}

/// Mistakes in policies: all of them, then how many there are.
pub fn mistakes(found: &[Diagnostic], consequence: &str) {
    let mut files = 0;
    for of_one_file in found.chunk_by(|a, b| a.file == b.file) {
        files += 1;
        for mistake in of_one_file.iter().take(MOST_A_FILE) {
            print(&draw(mistake, &renderer()));
        }
        if let Some(more) = of_one_file.len().checked_sub(MOST_A_FILE).filter(|more| *more > 0) {
            print(&format!("… and {more} more in {}\n", of_one_file[0].file.name));
        }
    }
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    error(&format!("{} in {}{consequence}", plural(found.len(), "mistake"), plural(files, "file")));
}

fn draw(mistake: &Diagnostic, renderer: &Renderer) -> String {
    // Only the line of the mistake is drawn, and a large file is not cut into lines for each.
    let text = mistake.file.text.as_str();
    let start = text[..mistake.span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[mistake.span.end..].find('\n').map_or(text.len(), |newline| mistake.span.end + newline);
    let (line, _) = mistake.file.position(mistake.span.start);
    let drawn = text[start..end].trim_end_matches('\r');
    let mark = (mistake.span.start - start).min(drawn.len())..(mistake.span.end - start).min(drawn.len());
    let snippet = Snippet::source(drawn)
        .line_start(line)
        .path(mistake.file.name.as_str())
        .annotation(AnnotationKind::Primary.span(mark).label(short(&mistake.label)));
    let mut group = Level::ERROR.primary_title(short(&mistake.title)).element(snippet);
    for help in &mistake.help {
        group = group.element(Level::HELP.message(folded(&visible(help))));
    }
    format!("{}\n", renderer.render(&[group]))
}

/// One line of words, cut in the middle when what the user wrote makes it very long.
fn short(words: &str) -> String {
    let words = visible(words);
    let count = words.chars().count();
    if count <= LONGEST {
        return words;
    }
    let (start, end): (String, String) =
        (words.chars().take(LONGEST - 40).collect(), words.chars().skip(count - 39).collect());
    format!("{start}…{end}")
}

/// Long words, such as a list of everything that is allowed, in lines that fit.
fn folded(words: &str) -> String {
    let mut lines = vec![String::new()];
    // Code stays on one line: it is there to be copied.
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
