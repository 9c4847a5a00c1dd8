//! Mistakes in files, each with its place. Data only; cli draws it.

use std::ops::Range;
use std::sync::Arc;

/// A file that was read, for messages.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// The file as the user named it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl SourceText {
    /// Line and column of a byte, both counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, at: usize) -> (usize, usize) {
        let at = self.floor(at);
        let before = &self.text.as_bytes()[..at];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (
            memchr::memchr_iter(b'\n', before).count() + 1,
            self.text[line_start..at].chars().count() + 1,
        )
    }

    /// The first line of some bytes. It is enough to find the place, and a mark over a whole block hides it.
    #[must_use]
    pub fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.floor(span.start);
        let end = self.floor(span.end.max(span.start));
        start
            ..self.text[start..end]
                .find('\n')
                .map_or(end, |newline| start + newline)
    }

    /// The nearest character boundary at or before a byte.
    #[must_use]
    pub fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A place in a file, with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The file.
    pub file: Arc<SourceText>,
    /// The bytes to underline.
    pub span: Range<usize>,
    /// The label under the line.
    pub label: String,
}

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file.
    pub file: Arc<SourceText>,
    /// The bytes to underline.
    pub span: Range<usize>,
    /// The mistake, in one line.
    pub title: String,
    /// The label under the line.
    pub label: String,
    /// Ways out: the words that are allowed, the one that was probably meant. `` write `CODE` `` is a promise that CODE
    /// loads in this place; `…` in it is what stands there already.
    pub help: Vec<String>,
}

/// One mistake in a text of another language inside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes of that text.
    pub at: Range<usize>,
    /// The mistake, in one line.
    pub title: String,
    /// The label under the line.
    pub label: String,
    /// Ways out.
    pub help: Vec<String>,
}

/// Mistakes of one file, as they are found.
#[derive(Debug)]
pub struct Problems {
    /// The file.
    pub file: Arc<SourceText>,
    found: Vec<Diagnostic>,
    stand_ins: Vec<StandIn>,
    settled: Vec<Range<usize>>,
}

/// A part of the file that stands for what is written elsewhere.
#[derive(Debug)]
struct StandIn {
    span: Range<usize>,
    text: String,
    about: String,
}

impl Problems {
    /// No mistakes yet.
    #[must_use]
    pub fn new(file: Arc<SourceText>) -> Self {
        Self {
            file,
            found: Vec::new(),
            stand_ins: Vec::new(),
            settled: Vec::new(),
        }
    }

    /// Leaves out everything that is noted within some bytes from now on: their mistake is known.
    pub fn settle(&mut self, span: &Range<usize>) {
        self.settled.push(span.clone());
    }

    /// Reads some bytes as `text` from now on; mistakes in them come with `about`.
    pub fn stands_for(&mut self, span: &Range<usize>, text: String, about: String) {
        self.stand_ins.push(StandIn {
            span: span.clone(),
            text,
            about,
        });
    }

    /// Notes a mistake; `help` may be empty.
    pub fn note(
        &mut self,
        span: &Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl IntoIterator<Item = String>,
    ) {
        let is_within =
            |settled: &Range<usize>| settled.start <= span.start && span.end <= settled.end;
        if self.settled.iter().any(is_within) {
            return;
        }
        self.found.push(Diagnostic {
            file: Arc::clone(&self.file),
            span: self.file.first_line(span),
            title: title.into(),
            label: label.into(),
            help: help.into_iter().collect(),
        });
    }

    /// Puts help before that of the mistakes at a place.
    pub fn advise_at(&mut self, span: &Range<usize>, help: &str) {
        let span = self.file.first_line(span);
        for mistake in self.found.iter_mut().filter(|mistake| mistake.span == span) {
            mistake.help.insert(0, help.to_owned());
        }
    }

    /// Adds mistakes of another text.
    pub fn extend(&mut self, mistakes: Vec<Diagnostic>) {
        self.found.extend(mistakes);
    }

    /// Adds help to the mistakes noted since there were `before`.
    pub fn advise_also(&mut self, before: usize, help: &str) {
        for mistake in self.found.iter_mut().skip(before) {
            mistake.help.push(help.to_owned());
        }
    }

    /// Adds help to the mistakes noted since there were `before`, where they have none.
    pub fn advise(&mut self, before: usize, help: &str) {
        for mistake in self
            .found
            .iter_mut()
            .skip(before)
            .filter(|mistake| mistake.help.is_empty())
        {
            mistake.help.push(help.to_owned());
        }
    }

    /// The text of some bytes, without blanks around it.
    #[must_use]
    pub fn written(&self, span: &Range<usize>) -> &str {
        if let Some(stand_in) = self.stand_ins.iter().find(|one| one.span == *span) {
            return &stand_in.text;
        }
        self.file.text.get(span.clone()).unwrap_or_default().trim()
    }

    /// The bytes of a part of a scalar's text, when the file has the text as it is; else all of the scalar.
    #[must_use]
    pub fn part_of(&self, span: &Range<usize>, text: &str, part: &Range<usize>) -> Range<usize> {
        let written = self.file.text.get(span.clone()).unwrap_or_default();
        written.find(text).map_or_else(
            || span.clone(),
            |at| span.start + at + part.start..span.start + at + part.end,
        )
    }

    /// The bytes of a part of a scalar's whole text, over several lines too; all of the scalar if it is written in
    /// another way, as with escapes.
    #[must_use]
    pub fn part_of_lines(
        &self,
        span: &Range<usize>,
        text: &str,
        part: &Range<usize>,
    ) -> Range<usize> {
        let written = self.file.text.get(span.clone()).unwrap_or_default();
        let begin =
            usize::from(written.starts_with(['"', '\'']) && !text.starts_with(&written[..1]));
        // Only spaces and newlines differ: an indentation that is cut off, lines that are folded into one.
        let solid = |(_, c): &(usize, char)| !c.is_whitespace();
        let mut places = written[begin..].char_indices().filter(solid);
        let (mut mark, mut behind): (Option<Range<usize>>, _) = (None, span.start + begin);
        for (here, c) in text.char_indices().filter(solid) {
            let Some((place, _)) = places.next().filter(|(_, same)| *same == c) else {
                return span.clone();
            };
            let start = span.start + begin + place;
            let end = start + c.len_utf8();
            if here < part.start {
                behind = end;
            } else if here < part.end {
                mark = Some(mark.map_or(start, |mark| mark.start)..end);
            }
        }
        mark.unwrap_or(behind..behind + 1)
    }

    /// Number of mistakes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// True if there is no mistake.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of the file.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        for mistake in &mut self.found {
            let within = |one: &&StandIn| {
                one.span.start <= mistake.span.start && mistake.span.end <= one.span.end
            };
            let about = self.stand_ins.iter().find(within).map(|one| &one.about);
            mistake.help.extend(about.cloned());
        }
        self.found.sort_by_key(|diagnostic| diagnostic.span.start);
        self.found.dedup();
        self.found
    }
}

/// "unknown key" in full: what is allowed here, and what was probably meant.
#[must_use]
pub fn suggestions<'a>(
    written: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> (String, Vec<String>) {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let help = vec![format!("allowed here: {}", allowed.join(", "))];
    match nearest(written, allowed) {
        Some(meant) => (format!("did you mean `{meant}`?"), help),
        None => ("not allowed here".to_owned(), help),
    }
}

/// The allowed word that was probably meant: equal but for case and separators, a slip or a few away, or the only one
/// that contains it.
#[must_use]
pub fn nearest<'a>(written: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = plain(written);
    if written.is_empty() {
        return None;
    }
    let allowed: Vec<(&str, String)> = allowed
        .into_iter()
        .map(|word| (word, plain(word)))
        .collect();
    let slips = allowed.iter().filter_map(|(word, plainly)| {
        let distance = strsim::osa_distance(&written, plainly);
        // A short word has many neighbours, and none of them was meant.
        (distance <= (plainly.len() / 3).clamp(1, 4) && distance < plainly.len())
            .then_some((distance, *word))
    });
    if let Some((_, word)) = slips.min_by_key(|(distance, word)| (*distance, word.len())) {
        return Some(word);
    }
    let mut wholes = allowed
        .iter()
        .filter(|(_, plainly)| written.len() > 2 && plainly.contains(&written));
    match (wholes.next(), wholes.next()) {
        (Some((word, _)), None) => Some(word),
        _ => None,
    }
}

/// A word without case and separators.
#[must_use]
pub fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::yaml::{self, Data, Node};
    use super::*;

    #[test]
    fn positions_count_characters() {
        let file = SourceText {
            name: "a".into(),
            text: "é: 1\nüb: 2".into(),
        };
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position("é: 1\nü".len()), (2, 2));
        assert_eq!(file.position(1), (1, 1), "inside a character");
        assert_eq!(file.position(999), (2, 6));
    }

    #[test]
    fn slips_and_spellings_are_recognised() {
        let words = ["AccessLogSettings", "AutoDeploy", "min", "max", "any-of"];
        assert_eq!(
            nearest("AccessLogSetings", words),
            Some("AccessLogSettings")
        );
        assert_eq!(nearest("auto_deploy", words), Some("AutoDeploy"));
        assert_eq!(nearest("anyOf", words), Some("any-of"));
        assert_eq!(nearest("mim", words), Some("min"));
        assert_eq!(nearest("deploy", words), Some("AutoDeploy"));
        assert_eq!(nearest("colour", words), None);
        assert_eq!(nearest("op", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn bytes_of_a_text_are_found_where_they_stand() {
        for (text, marked) in [
            ("a: x == here", "here"),
            ("a: 'x == here'", "here"),
            ("a: \"é == here\"", "here"),
            ("a: |\n  x ==\n    here", "here"),
            ("a: |-  # why\n\n      x\n      here\n\n", "here"),
            ("a: >\n  x ==\n  here\n", "here"),
            ("a:\n  x ==\n  here\n", "here"),
            ("a: \"x \\u0041 here\"", "\"x \\u0041 here\""),
            ("a: 'it''s here'", "'it''s here'"),
            ("a: '\"x\" == here'", "here"),
            ("a: |\n  'x' == here\n", "here"),
        ] {
            let mut problems = Problems::new(Arc::new(SourceText {
                name: "p.yaml".into(),
                text: text.into(),
            }));
            let node = yaml::read(&mut problems);
            assert!(problems.is_empty(), "{problems:?}");
            let Some(Node {
                data: Data::Map(entries),
                ..
            }) = node
            else {
                panic!("{text}")
            };
            let Data::Text(read) = &entries[0].value.data else {
                panic!("{text}")
            };
            let at = read.find("here").unwrap();
            let part = |part| problems.part_of_lines(&entries[0].value.span, read, &part);
            assert_eq!(&text[part(at..at + "here".len())], marked, "{text}");
            assert!(
                part(read.len()..read.len() + 1).start <= text.len(),
                "{text}"
            );
        }
    }
}
