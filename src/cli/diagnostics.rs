//! Draws mistakes as rustc does: file, line, column, the line itself, and what to do.

use std::io::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::policy::diagnostic::Diagnostic;
use crate::policy::files::Unreadable;

/// More mistakes than these in one file are counted, not shown.
const MOST_A_FILE: usize = 100;

/// How wide a message may be; longer lines are cut around the mark.
const WIDTH: usize = 100;

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
    let (title, rest) = message.split_once('\n').unwrap_or((message, ""));
    let mut group = Group::with_title(Level::ERROR.primary_title(title));
    if !rest.is_empty() {
        group = group.element(Level::HELP.message(rest));
    }
    print(&renderer().render(&[group]));
}

/// A warning in words.
pub fn warning(message: &str) {
    let group = Group::with_title(Level::WARNING.primary_title(message));
    print(&renderer().render(&[group]));
}

/// Files that cannot be read.
pub fn unreadable(problems: &[Unreadable]) {
    for problem in problems {
        let group = Group::with_title(Level::ERROR.primary_title(problem.to_string()))
            .element(Level::HELP.message(problem.help.as_str()));
        print(&renderer().render(&[group]));
    }
}

/// Mistakes in policies: all of them, then how many there are.
pub fn mistakes(found: &[Diagnostic]) {
    let mut files = 0;
    for of_one_file in found.chunk_by(|a, b| a.file == b.file) {
        files += 1;
        for mistake in of_one_file.iter().take(MOST_A_FILE) {
            print(&draw(mistake, &renderer()));
        }
        if let Some(more) = of_one_file.len().checked_sub(MOST_A_FILE).filter(|more| *more > 0) {
            print(&format!("… and {more} more in {}", of_one_file[0].file.name));
        }
    }
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    error(&format!("{} in {}. Nothing was audited.", plural(found.len(), "mistake"), plural(files, "file")));
}

fn draw(mistake: &Diagnostic, renderer: &Renderer) -> String {
    let snippet = Snippet::source(mistake.file.text.as_str())
        .path(mistake.file.name.as_str())
        .fold(true)
        .annotation(AnnotationKind::Primary.span(mistake.span.clone()).label(mistake.label.as_str()));
    let mut group = Level::ERROR.primary_title(mistake.title.as_str()).element(snippet);
    for help in &mistake.help {
        group = group.element(Level::HELP.message(folded(help)));
    }
    format!("{}\n", renderer.render(&[group]))
}

/// A long help, such as a list of everything that is allowed, in lines that fit.
fn folded(help: &str) -> String {
    let mut lines = vec![String::new()];
    for word in help.split(' ') {
        let line = lines.len() - 1;
        if lines[line].is_empty() {
            lines[line].push_str(word);
        } else if lines[line].chars().count() + word.chars().count() + 1 > WIDTH - 14 {
            lines.push(word.to_owned());
        } else {
            lines[line].push(' ');
            lines[line].push_str(word);
        }
    }
    lines.join("\n")
}
