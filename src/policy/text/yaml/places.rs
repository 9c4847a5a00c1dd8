//! The first reader, granit-parser: the place of every node. It stops what must not reach the second reader: deep
//! nesting, alias bombs, several documents.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::policy::text::diagnostic::Problems;

/// Levels that a file may nest. A policy needs eight.
pub const DEEPEST: usize = 64;
/// Nodes that a file may have once its aliases are followed: some 5,000 rules.
pub const MOST_NODES: usize = 200_000;
/// Bytes of text that a file may have once its aliases are followed: four times those of the largest file.
pub const MOST_BYTES: usize = 4 << 20;

/// The key that merges mappings in YAML 1.1.
pub const MERGE_KEY: &str = "<<";

/// Mistakes in granit's words, and what to do about each.
const SYNTAX: &[(&str, &str)] = &[
    (
        "mapping values are not allowed",
        "a text with a colon and a space in it is quoted; a key begins a line of its own",
    ),
    (
        "unclosed quote",
        "close it; a quote inside single quotes is written twice, inside double quotes behind a backslash",
    ),
    (
        "escape",
        "a backslash in double quotes begins an escape: write two, or use single quotes",
    ),
    (
        "expected ',' or '}'",
        "put a comma between entries, and close the mapping with `}`",
    ),
    (
        "expected ',' or ']'",
        "put a comma between elements, and close the list with `]`",
    ),
    ("mismatched bracket", "close the innermost bracket first"),
    (
        "expected '-' indicator",
        "the entries of a list or mapping all begin in the same column",
    ),
    (
        "expected key",
        "the keys of a mapping all begin in the same column",
    ),
    (
        "\\u{",
        "remove the character; in double quotes it can be written as an escape",
    ),
];

/// A node as granit sees it: places, and the text of scalars.
#[derive(Debug, Clone)]
pub struct Located {
    /// Its bytes in the text; for a block, those of its first line.
    pub span: Range<usize>,
    /// Its parts, or its text.
    pub data: LocatedData,
}

/// The parts of a node, or its text.
#[derive(Debug, Clone)]
pub enum LocatedData {
    /// A scalar.
    Scalar(String),
    /// The elements of a list.
    List(Vec<Located>),
    /// The entries of a mapping.
    Map(Vec<(Located, Located)>),
}

/// The nodes and the bytes of text of a node, with those below it.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

/// The walk over granit's events.
pub struct Places<'p, 't> {
    events: Parser<'t, granit_parser::StrInput<'t>>,
    text: &'t str,
    anchors: BTreeMap<usize, (Located, Size)>,
    size: Size,
    problems: &'p mut Problems,
}

impl<'p, 't> Places<'p, 't> {
    /// The tree of a text; `None` when it cannot be read.
    pub fn of(text: &'t str, problems: &'p mut Problems) -> Option<Located> {
        let options = granit_parser::options! { emit_unresolved_aliases: true };
        let events = Parser::new_from_str_with_options(text, options);
        let mut walk = Self {
            events,
            text,
            anchors: BTreeMap::new(),
            size: Size::default(),
            problems,
        };
        let mut root = None;
        loop {
            let (event, span) = walk.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd | Event::Comment(..) => {}
                Event::DocumentStart(..) if root.is_none() => {
                    let (event, span) = walk.next_node()?;
                    root = Some(walk.node(event, span, 0)?);
                }
                Event::DocumentStart(..) => {
                    let at = walk.bytes(span);
                    walk.problems.note(
                        &at,
                        "a second document in one file",
                        "a file holds one document",
                        ["put what follows `---` into a file of its own".to_owned()],
                    );
                    return None;
                }
                _ => {}
            }
        }
        if root.is_none() {
            walk.problems.note(
                &(0..0),
                "the file is empty",
                "a policy begins with `policy: NAME`",
                [],
            );
        }
        root
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        match self.events.next_event() {
            Some(Ok(event)) => Some(event),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                if matches!(
                    error.kind(),
                    granit_parser::ErrorKind::RecursionLimitExceeded
                ) {
                    self.nested_too_deeply(&(at..at + 1));
                    return None;
                }
                if let Some(tab) = self.tab_of_indentation(at, &error.info()) {
                    let help = "YAML indents with spaces, not with tabs".to_owned();
                    self.problems
                        .note(&(tab..tab + 1), "this is not YAML", "a tab", [help]);
                    return None;
                }
                let (at, help) = self.syntax_help(at, &error.info());
                let info = error.info();
                let character = info
                    .strip_prefix("unexpected character: `")
                    .and_then(|rest| rest.strip_suffix('\''));
                let info = match character {
                    Some("`") => "a backtick is not allowed here".to_owned(),
                    Some(character) => format!("`{character}` is not allowed here"),
                    None => info.clone(),
                };
                self.problems
                    .note(&(at..at + 1), "this is not YAML", info, help);
                None
            }
            None => None,
        }
    }

    /// The tab that indents the line of a mistake; when a tab is what is wrong, perhaps one of the lines behind it.
    fn tab_of_indentation(&self, at: usize, info: &str) -> Option<usize> {
        let at = self.problems.file.floor(at);
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let mut line = start;
        for text in self.text[start..]
            .split_inclusive('\n')
            .take(if info.contains("tab") { usize::MAX } else { 1 })
        {
            let indentation = text.len() - text.trim_start_matches(' ').len();
            if text[indentation..].starts_with('\t') {
                return Some(line + indentation);
            }
            line += text.len();
        }
        None
    }

    /// The help for a syntax error. Its usual cause is a character that is special to YAML and plain text to people.
    fn syntax_help(&self, at: usize, info: &str) -> (usize, Vec<String>) {
        let at = self.problems.file.floor(at);
        if self.text[..at].ends_with('$')
            && let Some((place, _)) = self.text[at..].split_once('}')
        {
            let help = format!("between braces or brackets, quote it: \"${place}}}\"");
            return (at - 1, vec![help]);
        }
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[at..]
            .find('\n')
            .map_or(self.text.len(), |newline| at + newline);
        let line = &self.text[line_start..line_end];
        let value = line.find(": ").map_or(0, |colon| colon + 2);
        let after_key = line[value..].trim_start_matches([' ', '-', '[', '{', ',']);
        for word in [&self.text[at..line_end], after_key] {
            if let Some(first) = word.chars().next().filter(|c| "*!&@`%".contains(*c)) {
                let word = word.split([',', ']', '}', ' ']).next().unwrap_or(word);
                let place = line_start + (word.as_ptr() as usize - line.as_ptr() as usize);
                let first = if first == '`' {
                    "a backtick".to_owned()
                } else {
                    format!("`{first}`")
                };
                return (
                    place,
                    vec![format!(
                        "{first} has a meaning of its own in YAML; quote the text: \"{word}\""
                    )],
                );
            }
        }
        let help = SYNTAX
            .iter()
            .find(|(words, _)| info.contains(words))
            .map(|(_, help)| (*help).to_owned());
        (at, help.into_iter().collect())
    }

    fn next_node(&mut self) -> Option<(Event<'t>, Span)> {
        loop {
            let (event, span) = self.next()?;
            if !matches!(event, Event::Comment(..)) {
                return Some((event, span));
            }
        }
    }

    fn bytes(&self, span: Span) -> Range<usize> {
        let range = span.byte_range().unwrap_or(0..0);
        let most = self.problems.file.text.len();
        range.start.min(most)..range.end.min(most)
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Option<Located> {
        let at = self.bytes(span);
        let before = self.size;
        self.size.nodes += 1;
        if depth > DEEPEST {
            self.nested_too_deeply(&at);
            return None;
        }
        if let Event::Scalar(text, ..) = &event {
            self.size.bytes += text.len();
        }
        self.bounded(&at)?;
        let (anchor, shape) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                if anchor != 0 && at.is_empty() && style == ScalarStyle::Plain {
                    self.anchored_nothing(&at);
                }
                (
                    anchor,
                    Located {
                        span: at,
                        data: LocatedData::Scalar(text.into_owned()),
                    },
                )
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                (anchor, self.list(at.start, depth)?)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                (anchor, self.mapping(at.start, depth)?)
            }
            Event::Alias(id) => (0, self.alias(id, &at)?),
            Event::UnresolvedAlias(name) => {
                let help = format!("a text that begins with `*` is quoted: \"*{name}\"");
                self.problems.note(
                    &at,
                    format!("no anchor `&{name}` before this alias"),
                    "an alias in YAML",
                    [help],
                );
                return None;
            }
            _ => return None,
        };
        if anchor != 0 {
            let (nodes, bytes) = (
                self.size.nodes - before.nodes,
                self.size.bytes - before.bytes,
            );
            self.anchors
                .insert(anchor, (shape.clone(), Size { nodes, bytes }));
        }
        Some(shape)
    }

    fn list(&mut self, start: usize, depth: usize) -> Option<Located> {
        let mut elements = Vec::new();
        loop {
            let (event, span) = self.next_node()?;
            if matches!(event, Event::SequenceEnd) {
                let span = self.first_line(start, self.bytes(span).end);
                return Some(Located {
                    span,
                    data: LocatedData::List(elements),
                });
            }
            elements.push(self.node(event, span, depth + 1)?);
        }
    }

    fn mapping(&mut self, start: usize, depth: usize) -> Option<Located> {
        let mut entries: Vec<(Located, Located)> = Vec::new();
        let end = loop {
            let (event, span) = self.next_node()?;
            if matches!(event, Event::MappingEnd) {
                break self.bytes(span).end;
            }
            let key = self.node(event, span, depth + 1)?;
            let (event, span) = self.next_node()?;
            entries.push((key, self.node(event, span, depth + 1)?));
        };
        self.check_keys(&entries);
        Some(Located {
            span: self.first_line(start, end),
            data: LocatedData::Map(entries),
        })
    }

    /// The node of an anchor, counted once more.
    fn alias(&mut self, id: usize, at: &Range<usize>) -> Option<Located> {
        let Some((shape, size)) = self.anchors.get(&id) else {
            let help = "write out what is meant; a value cannot hold itself".to_owned();
            self.problems.note(
                at,
                "an alias inside its own anchor",
                "this never ends",
                [help],
            );
            return None;
        };
        let (shape, size) = (shape.clone(), *size);
        self.size.nodes += size.nodes;
        self.size.bytes += size.bytes;
        self.bounded(at)?;
        Some(shape)
    }

    /// `&prod` with nothing behind it was meant as a text.
    fn anchored_nothing(&mut self, at: &Range<usize>) {
        let before = self.text[..at.start].trim_end();
        let Some(start) = before
            .rfind('&')
            .filter(|start| !before[*start..].contains(char::is_whitespace))
        else {
            return;
        };
        let name = &before[start..];
        let help = format!("a text that begins with `&` is quoted: \"{name}\"");
        self.problems.note(
            &(start..before.len()),
            format!("`{name}` is an anchor"),
            "of nothing",
            [help],
        );
    }

    fn nested_too_deeply(&mut self, at: &Range<usize>) {
        let label = format!("deeper than {DEEPEST} levels");
        self.problems.note(
            at,
            "nested too deeply",
            label,
            ["a policy needs eight levels".to_owned()],
        );
    }

    /// Refuses what is more than a policy can need, before it is made.
    fn bounded(&mut self, at: &Range<usize>) -> Option<()> {
        let label = if self.size.nodes > MOST_NODES {
            format!("more than {MOST_NODES} values once aliases are followed")
        } else if self.size.bytes > MOST_BYTES {
            format!("more than {MOST_BYTES} bytes once aliases are followed")
        } else {
            return Some(());
        };
        self.problems.note(
            at,
            "too much in one file",
            label,
            ["split it into several files".to_owned()],
        );
        None
    }

    fn first_line(&self, start: usize, end: usize) -> Range<usize> {
        let line = self.text[start..end.max(start)]
            .find('\n')
            .map_or(end, |newline| start + newline);
        start..line.max(start)
    }

    fn refuse_tag(&mut self, tag: Option<&granit_parser::Tag>, span: Span) {
        let Some(tag) = tag else { return };
        let at = span
            .tag_span()
            .map_or_else(|| self.bytes(span), |span| self.bytes(span));
        let written = self
            .text
            .get(at.clone())
            .map_or_else(|| tag.original(), str::to_owned);
        self.problems.note(
            &at,
            format!("`{written}` is a YAML tag"),
            "tags are not part of the policy language",
            [format!(
                "a text that begins with `!` is quoted: \"{written}\""
            )],
        );
    }

    fn check_keys(&mut self, entries: &[(Located, Located)]) {
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        for (key, _) in entries {
            let LocatedData::Scalar(text) = &key.data else {
                self.problems.note(
                    &key.span,
                    "a key must be a text",
                    "not a list or a mapping",
                    ["give each key an entry of its own".to_owned()],
                );
                continue;
            };
            if text == MERGE_KEY {
                self.problems.note(
                    &key.span,
                    "merge keys are not part of YAML 1.2",
                    "nothing would be merged here",
                    ["write the entries out, or use an alias for the whole value".to_owned()],
                );
            }
            if let Some(first) = seen.insert(text, &key.span) {
                let (line, _) = self.problems.file.position(first.start);
                self.problems.note(
                    &key.span,
                    format!("duplicate key `{text}`"),
                    format!("first on line {line}"),
                    ["one of them would be lost; join them or remove one".to_owned()],
                );
            }
        }
    }
}
