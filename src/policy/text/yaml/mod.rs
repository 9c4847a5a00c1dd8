//! YAML text to a tree that knows where everything stands. It must not know what a policy is.
//!
//! Two readers look at the text. granit-parser's events give every place, and stop what must not reach the second
//! one: deep nesting, alias bombs, several documents. serde_yaml then decides what each scalar is. The two agree on
//! the shape, which `tests/policies.rs` tries with many texts; where they do not, it is an error.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde::de::{Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::policy::text::diagnostic::Problems;

/// How deep a file may nest. A policy needs eight levels.
pub const DEEPEST: usize = 64;
/// How many nodes a file may have once its aliases are followed: some 5,000 rules.
pub const MOST_NODES: usize = 200_000;
/// How many bytes of text a file may have once its aliases are followed: four times what the largest file has.
pub const MOST_BYTES: usize = 4 << 20;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The bytes of it; of a block, those of its first line.
    pub span: Range<usize>,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing: an empty value, `null` or `~`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key's text.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// What it is, in words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Boolean(_) => "a boolean",
            Data::Integer(_) | Data::Number(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }
}

/// Reads a text; `None` when it cannot be read at all. What is wrong is noted either way.
pub fn read(problems: &mut Problems) -> Option<Node> {
    let file = std::sync::Arc::clone(&problems.file);
    // YAML 1.1 ends a line at these and YAML 1.2 does not; where a lone carriage return stands, people see no line end.
    let line_end = |(at, c): &(usize, char)| match c {
        '\u{85}' | '\u{2028}' | '\u{2029}' => true,
        '\r' => !file.text[at + 1..].starts_with('\n'),
        _ => false,
    };
    if let Some((at, character)) = file.text.char_indices().find(line_end) {
        let code = format!("U+{:04X}", u32::from(character));
        problems.note(
            &(at..at + character.len_utf8()),
            format!("{code} ends a line for some YAML readers, and is text for others"),
            "an invisible line end",
            ["end the line with a plain newline; in a text write it as an escape, in double quotes".to_owned()],
        );
        return None;
    }
    // A last line without its end is read in two ways.
    let text = if file.text.ends_with('\n') { Cow::from(&file.text) } else { Cow::from(format!("{}\n", file.text)) };
    let shape = Places::of(&text, problems)?;
    let values: Raw = match serde_yaml::from_str(&text) {
        Ok(values) => values,
        // One of the readers has told what is wrong, and the other would tell the same in its own words.
        Err(_) if !problems.is_empty() => return None,
        Err(error) => {
            let at = error.location().map_or(0, |location| location.index());
            let said = error.to_string();
            // The place is told already.
            let said = said.split(" at line ").next().unwrap_or_default();
            problems.note(&(at..at + 1), "this is not YAML", said, []);
            return None;
        }
    };
    Some(join(shape, values, problems))
}

/// What granit says of a mistake, and what to do about it.
const SYNTAX: &[(&str, &str)] = &[
    (
        "mapping values are not allowed",
        "a text with a colon and a space in it is quoted; a key begins a line of its own",
    ),
    (
        "unclosed quote",
        "close it; a quote inside single quotes is written twice, inside double quotes behind a backslash",
    ),
    ("escape", "a backslash in double quotes begins an escape: write two, or use single quotes"),
    ("expected ',' or '}'", "put a comma between entries, and close the mapping with `}`"),
    ("expected ',' or ']'", "put a comma between elements, and close the list with `]`"),
    ("mismatched bracket", "close the innermost bracket first"),
    ("expected '-' indicator", "the entries of a list or mapping all begin in the same column"),
    ("expected key", "the keys of a mapping all begin in the same column"),
    ("\\u{", "remove the character; in double quotes it can be written as an escape"),
];

/// A node as granit sees it: places, and the text of scalars.
#[derive(Debug, Clone)]
struct Shape {
    span: Range<usize>,
    data: ShapeData,
}

#[derive(Debug, Clone)]
enum ShapeData {
    Scalar(String),
    List(Vec<Shape>),
    Map(Vec<(Shape, Shape)>),
}

/// How much there is of a node and of what is below it.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

/// The walk over granit's events.
struct Places<'p, 't> {
    events: Parser<'t, granit_parser::StrInput<'t>>,
    text: &'t str,
    anchors: BTreeMap<usize, (Shape, Size)>,
    size: Size,
    problems: &'p mut Problems,
}

impl<'p, 't> Places<'p, 't> {
    fn of(text: &'t str, problems: &'p mut Problems) -> Option<Shape> {
        let options = granit_parser::options! { emit_unresolved_aliases: true };
        let events = Parser::new_from_str_with_options(text, options);
        let mut walk = Self { events, text, anchors: BTreeMap::new(), size: Size::default(), problems };
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
            walk.problems.note(&(0..0), "the file is empty", "a policy begins with `policy: NAME`", []);
        }
        root
    }

    fn next(&mut self) -> Option<(Event<'t>, Span)> {
        match self.events.next_event() {
            Some(Ok(event)) => Some(event),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or(0);
                if matches!(error.kind(), granit_parser::ErrorKind::RecursionLimitExceeded) {
                    self.nested_too_deeply(&(at..at + 1));
                    return None;
                }
                if let Some(tab) = self.tab_of_indentation(at, &error.info()) {
                    let help = "YAML indents with spaces, not with tabs".to_owned();
                    self.problems.note(&(tab..tab + 1), "this is not YAML", "a tab", [help]);
                    return None;
                }
                let (at, help) = self.syntax_help(at, &error.info());
                let said = error.info();
                let character = said.strip_prefix("unexpected character: `").and_then(|rest| rest.strip_suffix('\''));
                let said = match character {
                    Some("`") => "a backtick cannot stand here".to_owned(),
                    Some(character) => format!("`{character}` cannot stand here"),
                    None => said.clone(),
                };
                self.problems.note(&(at..at + 1), "this is not YAML", said, help);
                None
            }
            None => None,
        }
    }

    /// The tab that indents the line of a mistake; when a tab is what is wrong, perhaps one of the lines behind it.
    fn tab_of_indentation(&self, at: usize, said: &str) -> Option<usize> {
        let at = self.problems.file.floor(at);
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let mut line = start;
        for text in self.text[start..].split_inclusive('\n').take(if said.contains("tab") { usize::MAX } else { 1 }) {
            let indentation = text.len() - text.trim_start_matches(' ').len();
            if text[indentation..].starts_with('\t') {
                return Some(line + indentation);
            }
            line += text.len();
        }
        None
    }

    /// What is special to YAML but plain text to people is the usual cause of a syntax error.
    fn syntax_help(&self, at: usize, said: &str) -> (usize, Vec<String>) {
        let at = self.problems.file.floor(at);
        let line_start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline);
        let line = &self.text[line_start..line_end];
        let value = line.find(": ").map_or(0, |colon| colon + 2);
        let after_key = line[value..].trim_start_matches([' ', '-', '[', '{', ',']);
        for word in [&self.text[at..line_end], after_key] {
            if let Some(first) = word.chars().next().filter(|c| "*!&@`%".contains(*c)) {
                let word = word.split([',', ']', '}', ' ']).next().unwrap_or(word);
                let place = line_start + (word.as_ptr() as usize - line.as_ptr() as usize);
                let first = if first == '`' { "a backtick".to_owned() } else { format!("`{first}`") };
                return (place, vec![format!("{first} has a meaning of its own in YAML; quote the text: \"{word}\"")]);
            }
        }
        let help = SYNTAX.iter().find(|(words, _)| said.contains(words)).map(|(_, help)| (*help).to_owned());
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

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Option<Shape> {
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
                (anchor, Shape { span: at, data: ShapeData::Scalar(text.into_owned()) })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                let mut elements = Vec::new();
                let end = loop {
                    let (event, span) = self.next_node()?;
                    if matches!(event, Event::SequenceEnd) {
                        break self.bytes(span).end;
                    }
                    elements.push(self.node(event, span, depth + 1)?);
                };
                (anchor, Shape { span: self.first_line(at.start, end), data: ShapeData::List(elements) })
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                let mut entries: Vec<(Shape, Shape)> = Vec::new();
                let end = loop {
                    let (event, span) = self.next_node()?;
                    if matches!(event, Event::MappingEnd) {
                        break self.bytes(span).end;
                    }
                    let key = self.node(event, span, depth + 1)?;
                    let (event, span) = self.next_node()?;
                    let value = self.node(event, span, depth + 1)?;
                    entries.push((key, value));
                };
                self.check_keys(&entries);
                (anchor, Shape { span: self.first_line(at.start, end), data: ShapeData::Map(entries) })
            }
            Event::Alias(id) => {
                let Some((_, size)) = self.anchors.get(&id) else {
                    let help = "write out what is meant; a value cannot hold itself".to_owned();
                    self.problems.note(&at, "an alias inside its own anchor", "this never ends", [help]);
                    return None;
                };
                self.size.nodes += size.nodes;
                self.size.bytes += size.bytes;
                self.bounded(&at)?;
                let (shape, _) = self.anchors.get(&id).cloned()?;
                (0, shape)
            }
            Event::UnresolvedAlias(name) => {
                let help = format!("a text that begins with `*` is quoted: \"*{name}\"");
                self.problems.note(
                    &at,
                    format!("no anchor `&{name}` stands before this alias"),
                    "an alias in YAML",
                    [help],
                );
                return None;
            }
            _ => return None,
        };
        if anchor != 0 {
            let (nodes, bytes) = (self.size.nodes - before.nodes, self.size.bytes - before.bytes);
            self.anchors.insert(anchor, (shape.clone(), Size { nodes, bytes }));
        }
        Some(shape)
    }

    /// `&prod` with nothing behind it was meant as a text.
    fn anchored_nothing(&mut self, at: &Range<usize>) {
        let before = self.text[..at.start].trim_end();
        let Some(start) = before.rfind('&').filter(|start| !before[*start..].contains(char::is_whitespace)) else {
            return;
        };
        let name = &before[start..];
        let help = format!("a text that begins with `&` is quoted: \"{name}\"");
        self.problems.note(&(start..before.len()), format!("`{name}` is an anchor"), "of nothing", [help]);
    }

    fn nested_too_deeply(&mut self, at: &Range<usize>) {
        let label = format!("deeper than {DEEPEST} levels");
        self.problems.note(at, "nested too deeply", label, ["a policy needs eight levels".to_owned()]);
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
        self.problems.note(at, "too much in one file", label, ["split it into several files".to_owned()]);
        None
    }

    fn first_line(&self, start: usize, end: usize) -> Range<usize> {
        let line = self.text[start..end.max(start)].find('\n').map_or(end, |newline| start + newline);
        start..line.max(start)
    }

    fn refuse_tag(&mut self, tag: Option<&granit_parser::Tag>, span: Span) {
        let Some(tag) = tag else { return };
        let at = span.tag_span().map_or_else(|| self.bytes(span), |span| self.bytes(span));
        let written = self.text.get(at.clone()).map_or_else(|| tag.original(), str::to_owned);
        self.problems.note(
            &at,
            format!("`{written}` is a YAML tag"),
            "tags are not part of the policy language",
            [format!("a text that begins with `!` is quoted: \"{written}\"")],
        );
    }

    fn check_keys(&mut self, entries: &[(Shape, Shape)]) {
        let mut seen: BTreeMap<&str, &Range<usize>> = BTreeMap::new();
        for (key, _) in entries {
            let ShapeData::Scalar(text) = &key.data else {
                self.problems.note(&key.span, "a key must be a text", "not a list or a mapping", []);
                continue;
            };
            if text == "<<" {
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
                    format!("the key `{text}` stands twice"),
                    format!("first on line {line}"),
                    ["one of them would be lost; join them or remove one".to_owned()],
                );
            }
        }
    }
}

/// A node as serde_yaml sees it. Keys that stand twice are kept: the first reader has told of them, and what else is
/// wrong with the file should be told as well.
enum Raw {
    Scalar(Data),
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("any YAML value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Boolean(value)))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Integer(value)))
            }

            #[expect(clippy::cast_precision_loss, reason = "a number beyond i64 is out of every range here")]
            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Scalar(i64::try_from(value).map_or(Data::Number(value as f64), Data::Integer)))
            }

            #[expect(clippy::cast_precision_loss, reason = "a number beyond i64 is out of every range here")]
            fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Number(value as f64)))
            }

            #[expect(clippy::cast_precision_loss, reason = "a number beyond i64 is out of every range here")]
            fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Number(value as f64)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Number(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::Scalar(Data::Text(value.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = from.next_element()? {
                    elements.push(element);
                }
                Ok(Raw::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = from.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }

            fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Raw, A::Error> {
                let (_tag, value): (serde::de::IgnoredAny, _) = from.variant()?;
                value.newtype_variant()
            }
        }
        from.deserialize_any(Any)
    }
}

fn join(shape: Shape, values: Raw, problems: &mut Problems) -> Node {
    let span = shape.span;
    let data = match (shape.data, values) {
        (ShapeData::List(shapes), Raw::List(values)) if shapes.len() == values.len() => {
            Data::List(shapes.into_iter().zip(values).map(|(shape, value)| join(shape, value, problems)).collect())
        }
        (ShapeData::Map(shapes), Raw::Map(values)) if shapes.len() == values.len() => {
            let entry = |((key, shape), (raw_key, value)): ((Shape, Shape), (Raw, Raw))| {
                // That another key is none was noted when it was read.
                let ShapeData::Scalar(text) = key.data else { return None };
                if matches!(&raw_key, Raw::Scalar(Data::Text(raw)) if *raw != text) {
                    disagreement(&key.span, problems);
                }
                Some(Entry { key: text, key_span: key.span, value: join(shape, value, problems) })
            };
            Data::Map(shapes.into_iter().zip(values).filter_map(entry).collect())
        }
        (ShapeData::Scalar(text), Raw::Scalar(data)) => {
            if matches!(&data, Data::Text(raw) if *raw != text) {
                disagreement(&span, problems);
            }
            // A whole number is an integer, unless it is beyond all of them.
            if matches!(data, Data::Number(_))
                && text.trim_start_matches(['-', '+']).bytes().all(|c| c.is_ascii_digit())
            {
                let help = "write a smaller number; quote it if it is a text".to_owned();
                problems.note(&span, "the number is too large", "no setting can be so large", [help]);
            }
            data
        }
        // An empty value is no event of its own for one of the readers.
        (_, Raw::Scalar(Data::Null)) => Data::Null,
        _ => {
            disagreement(&span, problems);
            Data::Null
        }
    };
    Node { span, data }
}

/// Two readers that see different things are one too many to trust either.
fn disagreement(at: &Range<usize>, problems: &mut Problems) {
    let help = "write it in a plainer way: quote texts, and put each entry on a line of its own".to_owned();
    problems.note(at, "YAML readers do not agree on this", "read in two ways", [help]);
}

#[cfg(test)]
mod tests;
