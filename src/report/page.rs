//! Breaks lines at a width and writes them with an indent; none begins like a command of GitHub's runner. It must not
//! know the contents of the lines.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use anstyle::Style;

use super::escape::terminal as escape;

/// The narrowest width; below it lines would be mostly indent.
const NARROWEST: usize = 40;

/// Lines of styled text on their way to a writer.
pub struct Page<'w> {
    out: &'w mut dyn io::Write,
    width: usize,
    colour: bool,
}

/// A piece of text and its style. The text is on one line and escaped, but for what it may be at a line's start.
pub type Span<'t> = (Style, &'t str);

impl<'w> Page<'w> {
    /// A page of so many columns, with colours or without.
    pub fn new(out: &'w mut dyn io::Write, width: usize, colour: bool) -> Self {
        Self {
            out,
            width: width.max(NARROWEST),
            colour,
        }
    }

    /// An empty line.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn blank(&mut self) -> io::Result<()> {
        self.out.write_all(b"\n")
    }

    /// A paragraph: its first line is indented by `first`, the others by `others`.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn paragraph(&mut self, first: usize, others: usize, spans: &[Span<'_>]) -> io::Result<()> {
        let text: String = spans.iter().map(|(_, text)| *text).collect();
        let (start, rest) = (
            self.width.saturating_sub(first),
            self.width.saturating_sub(others),
        );
        for (at, line) in lines(&text, start, rest).into_iter().enumerate() {
            let indent = if at == 0 { first } else { others };
            if !line.is_empty() {
                write!(self.out, "{:indent$}", "")?;
            }
            let colon = escape::command(&text[line.clone()]).map(|colon| line.start + colon);
            self.styled(spans, &line, colon)?;
            self.blank()?;
        }
        Ok(())
    }

    /// A line of any length.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn unbroken(&mut self, spans: &[Span<'_>]) -> io::Result<()> {
        let width = std::mem::replace(&mut self.width, usize::MAX);
        let written = self.paragraph(0, 0, spans);
        self.width = width;
        written
    }

    /// The part of the spans that lies within a range of their joined text, and one colon of it as an escape.
    fn styled(
        &mut self,
        spans: &[Span<'_>],
        line: &Range<usize>,
        colon: Option<usize>,
    ) -> io::Result<()> {
        let mut start = 0;
        for (style, text) in spans {
            let end = start + text.len();
            let (from, to) = (line.start.max(start), line.end.min(end));
            if from < to {
                let part = &text[from - start..to - start];
                let part = match colon.filter(|colon| (from..to).contains(colon)) {
                    None => Cow::Borrowed(part),
                    Some(colon) => Cow::Owned(format!(
                        "{}{}{}",
                        &part[..colon - from],
                        escape::COLON,
                        &part[colon + 1 - from..]
                    )),
                };
                if self.colour {
                    write!(self.out, "{style}{part}{style:#}")?;
                } else {
                    self.out.write_all(part.as_bytes())?;
                }
            }
            start = end;
        }
        Ok(())
    }
}

/// The ranges of the lines of a text, at most `first` characters in the first and `others` in each other. A line that
/// begins like a command leaves room for the escape of its colon.
pub(super) fn lines(text: &str, first: usize, others: usize) -> Vec<Range<usize>> {
    let end = text.trim_end_matches(' ').len();
    let mut lines = Vec::new();
    let mut start = 0;
    let mut room = first.max(1);
    loop {
        let rest = &text[start..end];
        if escape::command(rest).is_some() {
            room = room.saturating_sub(escape::COLON.len() - 1).max(1);
        }
        let Some((over, _)) = rest.char_indices().nth(room) else {
            lines.push(start..end);
            return lines;
        };
        let line = break_before(rest, over);
        lines.push(start..start + rest[..line].trim_end_matches(' ').len());
        start += line + (rest.len() - line - rest[line..].trim_start_matches(' ').len());
        // A last word that is longer than a line.
        if start == end {
            return lines;
        }
        room = others.max(1);
    }
}

/// The end of the first line of a text that is too long; the bytes before `over` fit. A word longer than a line is a
/// value that people copy, such as an ARN or a path: it stays whole, and the line runs on.
fn break_before(text: &str, over: usize) -> usize {
    let fits = &text[..over];
    // The space may be the first character that does not fit.
    if text[over..].starts_with(' ') {
        return over;
    }
    if let Some(space) = fits.trim_start_matches(' ').rfind(' ') {
        return fits.len() - fits.trim_start_matches(' ').len() + space;
    }
    text[over..]
        .find(' ')
        .map_or(text.len(), |space| over + space)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// True if a line fits, or is one word.
    fn fits(line: &str, width: usize) -> bool {
        line.chars().count() <= width || !line.trim_start_matches(' ').contains(' ')
    }

    fn broken(text: &str, first: usize, others: usize) -> Vec<&str> {
        lines(text, first, others)
            .into_iter()
            .map(|line| &text[line])
            .collect()
    }

    #[test]
    fn lines_break_at_spaces() {
        assert_eq!(broken("one two three", 7, 7), ["one two", "three"]);
        assert_eq!(broken("one two three", 13, 1), ["one two three"]);
        assert_eq!(broken("one   two  ", 5, 9), ["one", "two"]);
        assert_eq!(broken("", 5, 9), [""]);
        assert_eq!(broken("ünï cödé", 4, 4), ["ünï", "cödé"]);
    }

    #[test]
    fn a_word_longer_than_a_line_stays_whole() {
        assert_eq!(broken("abcdefghij", 4, 4), ["abcdefghij"]);
        assert_eq!(
            broken("a abcdefghij  b c", 4, 4),
            ["a", "abcdefghij", "b c"]
        );
        assert_eq!(
            broken(r#"found {"a":1,"b":2}, not 3"#, 10, 10),
            ["found", r#"{"a":1,"b":2},"#, "not 3"]
        );
        assert_eq!(broken("漢字漢字漢 漢", 2, 2), ["漢字漢字漢", "漢"]);
    }

    #[test]
    fn every_character_but_spaces_at_breaks_is_kept() {
        let text = "found arn:aws:logs:us-east-1:111122223333:log-group:/apigw/orders, expected  at most 5";
        let kept: String = broken(text, 20, 12).concat().split(' ').collect();
        assert_eq!(kept, text.split(' ').collect::<String>());
        assert!(
            broken(text, 20, 12)
                .iter()
                .skip(1)
                .all(|line| fits(line, 12))
        );
    }

    #[test]
    fn no_line_begins_as_a_command_and_every_line_fits() {
        let arn = "arn:aws:apigateway:eu-west-1::/apis";
        for command in ["::error file=a::b", ":::x", "\u{a0}::x", arn, "a:: :: ::::"] {
            for pad in 0..45 {
                let text = format!("{}{command} {command}", "x".repeat(pad));
                for (spans, indent) in [
                    (vec![(Style::new(), &*text)], 0),
                    (
                        text.split_inclusive(':')
                            .map(|part| (Style::new(), part))
                            .collect(),
                        4,
                    ),
                ] {
                    let mut out = Vec::new();
                    Page::new(&mut out, 40, false)
                        .paragraph(0, indent, &spans)
                        .unwrap();
                    let out = String::from_utf8(out).unwrap();
                    for line in out.lines() {
                        assert!(
                            !line.trim_start().starts_with("::") && fits(line, 40),
                            "{out}"
                        );
                    }
                    let kept: String = out.replace(escape::COLON, ":").split([' ', '\n']).collect();
                    assert_eq!(kept, text.replace(' ', ""));
                }
            }
        }
        let mut out = Vec::new();
        Page::new(&mut out, 40, false)
            .paragraph(0, 2, &[(Style::new(), arn)])
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("{arn}\n"));
    }

    #[test]
    fn colours_stop_at_the_end_of_a_line() {
        let bold = Style::new().bold();
        let mut out = Vec::new();
        Page::new(&mut out, 40, true)
            .paragraph(2, 4, &[(bold, &"word ".repeat(8)), (Style::new(), "end")])
            .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            format!(
                "  \u{1b}[1m{}\u{1b}[0m\n    \u{1b}[1mword \u{1b}[0mend\n",
                "word ".repeat(7).trim()
            )
        );
    }
}
