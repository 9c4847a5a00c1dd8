//! The values of a policy: names for texts, numbers, lists and patterns. They replace every `${values.NAME}` before
//! anything is compiled. It must not know what a value is used for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::scalar::is_bare_number;
use crate::policy::text::yaml::{Data, Entry, MOST_NODES, Node};

/// The beginning of a use.
pub const USE: &str = "${values.";

/// Characters of a value that a message shows.
const SHOWN: usize = 60;

/// A value from outside the policy, in place of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Replacement {
    /// The policy.
    pub policy: String,
    /// The name of the value.
    pub name: String,
    /// The value.
    pub node: Node,
    /// Its origin: `--set`, or a line of a run file.
    pub origin: String,
}

impl Replacement {
    /// The replacement as `--set` takes it.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{}/{}={}", self.policy, self.name, self.node.flow())
    }
}

/// The values of a policy, and the rules that depend on replaced ones.
#[derive(Debug, Default)]
pub struct Values {
    /// Each name with its value as written in the policy, in their order.
    pub named: Vec<(String, String)>,
    of_match: BTreeSet<String>,
    of_rules: Vec<BTreeSet<String>>,
}

impl Values {
    /// The replacements on which a rule depends, by its place in the policy.
    #[must_use]
    pub fn replaced(&self, rule: usize) -> Vec<String> {
        let own = self.of_rules.get(rule).into_iter().flatten();
        let all: BTreeSet<&String> = self.of_match.iter().chain(own).collect();
        all.into_iter().cloned().collect()
    }
}

/// Puts the values of a policy where they are used; tests get them as written, whatever replaces them.
pub fn put_in(root: &mut Node, replaced: &[&Replacement], problems: &mut Problems) -> Values {
    let mut values = Values::default();
    let Data::Map(entries) = &mut root.data else {
        return values;
    };
    let mut table = Table::new(problems);
    if let Some(entry) = entries.iter().find(|entry| entry.key == "values") {
        values.named = table.read(entry, replaced);
    }
    for entry in entries.iter_mut().filter(|entry| entry.key != "values") {
        match (entry.key.as_str(), &mut entry.value.data) {
            ("rules", Data::List(rules)) => {
                values.of_rules = rules.iter_mut().map(|rule| table.in_force(rule)).collect();
            }
            ("match", _) => values.of_match = table.in_force(&mut entry.value),
            ("tests", _) => table.put(&mut entry.value, |value| &value.own, &mut BTreeSet::new()),
            _ => {
                table.in_force(&mut entry.value);
            }
        }
    }
    table.note_unused();
    values
}

/// The tree of something outside a policy, in which every use of a value is a mistake.
pub fn refused(mut root: Node, problems: &mut Problems) -> Node {
    let mut table = Table::new(problems);
    table.is_outside = true;
    table.in_force(&mut root);
    root
}

/// A value that is known.
struct Value {
    key: Range<usize>,
    own: Stands,
    in_force: Stands,
    used: bool,
    /// The replacements on which it depends.
    replaced: BTreeSet<String>,
}

/// A value, and what a message shows of it.
struct Stands {
    node: Node,
    about: String,
}

struct Table<'p> {
    values: BTreeMap<String, Value>,
    /// The names of all values, those that are not known yet too.
    names: Vec<String>,
    /// Nodes that were put in so far.
    nodes: usize,
    /// True outside a policy.
    is_outside: bool,
    /// Number of mistakes before the values were read.
    before: usize,
    problems: &'p mut Problems,
}

impl<'p> Table<'p> {
    fn new(problems: &'p mut Problems) -> Self {
        Self {
            values: BTreeMap::new(),
            names: Vec::new(),
            nodes: 0,
            is_outside: false,
            before: problems.len(),
            problems,
        }
    }

    /// Reads the values, each of which may use those above it.
    fn read(&mut self, entry: &Entry, replaced: &[&Replacement]) -> Vec<(String, String)> {
        let Data::Map(entries) = &entry.value.data else {
            let title = format!("`values` is a mapping, and this is {}", entry.value.kind());
            let help = "give each value a name: `values: {stages: [prod, live]}`".to_owned();
            self.problems
                .note(&entry.value.span, title, "not a mapping", [help]);
            return Vec::new();
        };
        if entries.is_empty() {
            let help = "give a value a name, or leave `values` out".to_owned();
            self.problems
                .note(&entry.key_span, "`values` is empty", "no value", [help]);
        }
        self.names = entries.iter().map(|entry| entry.key.clone()).collect();
        for entry in entries {
            self.define(entry, replaced);
        }
        let named = |entry: &Entry| (entry.key.clone(), entry.value.flow());
        entries.iter().map(named).collect()
    }

    fn define(&mut self, entry: &Entry, replaced: &[&Replacement]) {
        let name = &entry.key;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !is_name {
            let label = "letters, digits, `-` and `_`, the first a letter";
            let title = format!("`{name}` is not a name for a value");
            self.problems.note(&entry.key_span, title, label, []);
        }
        if entry.value.data == Data::Null {
            let title = format!("the value `{name}` is empty");
            self.problems
                .note(&entry.key_span, title, "a value is needed", []);
        }
        self.note_bare_numbers(&entry.value);
        let (line, _) = self.problems.file.position(entry.key_span.start);
        let mut depends = BTreeSet::new();
        let mut own = entry.value.clone();
        self.put(&mut own, |value| &value.own, &mut BTreeSet::new());
        let replacement = replaced.iter().find(|one| one.name == *name);
        let (in_force, origin) = match replacement {
            Some(replacement) => {
                depends.insert(replacement.written());
                (
                    replacement.node.clone(),
                    format!("from {}", replacement.origin),
                )
            }
            None => {
                let mut node = entry.value.clone();
                self.put(&mut node, |value| &value.in_force, &mut depends);
                let with: Vec<&str> = depends.iter().map(String::as_str).collect();
                let origin = match with.as_slice() {
                    [] => format!("line {line}"),
                    with => format!("line {line}, with {}", with.join(", ")),
                };
                (node, origin)
            }
        };
        let value = Value {
            key: entry.key_span.clone(),
            own: Stands::new(name, own, &format!("line {line}")),
            in_force: Stands::new(name, in_force, &origin),
            used: false,
            replaced: depends,
        };
        self.values.insert(name.clone(), value);
    }

    /// Notes digits that some readers take for a number, and others for a text.
    fn note_bare_numbers(&mut self, node: &Node) {
        match &node.data {
            Data::Text(text) if !text.is_empty() && is_bare_number(text, node, self.problems) => {
                let help = format!("quote it: \"{text}\"");
                let title = "this reads as a number, and is a text";
                self.problems
                    .note(&node.span, title, "without quotes", [help]);
            }
            Data::List(nodes) => nodes.iter().for_each(|node| self.note_bare_numbers(node)),
            Data::Map(entries) => entries
                .iter()
                .for_each(|entry| self.note_bare_numbers(&entry.value)),
            _ => {}
        }
    }

    /// Puts in the values in force, and returns the replacements among them.
    fn in_force(&mut self, node: &mut Node) -> BTreeSet<String> {
        let mut replaced = BTreeSet::new();
        self.put(node, |value| &value.in_force, &mut replaced);
        replaced
    }

    fn put(
        &mut self,
        node: &mut Node,
        which: fn(&Value) -> &Stands,
        replaced: &mut BTreeSet<String>,
    ) {
        match &mut node.data {
            Data::Text(text) => match used(text) {
                None => {}
                Some(Ok(name)) => {
                    let name = name.to_owned();
                    self.put_one(node, &name, which, replaced);
                }
                Some(Err(written)) => {
                    let title = format!("`{written}` is only a part of this text");
                    let help = "a value stands alone: give the whole text a name under `values`"
                        .to_owned();
                    let escape = "for the characters themselves: `$${`".to_owned();
                    self.problems
                        .note(&node.span, title, "more than a value", [help, escape]);
                    self.problems.settle(&node.span);
                }
            },
            Data::List(nodes) => {
                for node in nodes {
                    self.put(node, which, replaced);
                }
            }
            Data::Map(entries) => {
                for entry in entries {
                    if let Some(name) = used(&entry.key) {
                        let written =
                            name.map_or_else(str::to_owned, |name| format!("{USE}{name}}}"));
                        let title = format!("`{written}` cannot be a key");
                        let help = "give the whole mapping a name under `values`".to_owned();
                        self.problems
                            .note(&entry.key_span, title, "a value is not a key", [help]);
                    }
                    self.put(&mut entry.value, which, replaced);
                }
            }
            _ => {}
        }
    }

    fn put_one(
        &mut self,
        node: &mut Node,
        name: &str,
        which: fn(&Value) -> &Stands,
        replaced: &mut BTreeSet<String>,
    ) {
        let Some(value) = self.values.get_mut(name) else {
            self.note_unknown(node, name);
            return;
        };
        value.used = true;
        replaced.extend(value.replaced.iter().cloned());
        let stands = which(value);
        let before = self.nodes;
        self.nodes += stands.node.size();
        if self.nodes > MOST_NODES {
            if before <= MOST_NODES {
                let help = "use a large value in fewer places".to_owned();
                let title = "the values make the policy too large";
                self.problems
                    .note(&node.span, title, "at this place", [help]);
            }
            return;
        }
        let text = match stands.node.data {
            // A message about an element must not show the whole.
            Data::List(_) | Data::Map(_) => "…".to_owned(),
            _ => stands.node.flow(),
        };
        self.problems
            .stands_for(&node.span, text, stands.about.clone());
        *node = stands.node.clone().at(&node.span);
    }

    fn note_unknown(&mut self, node: &Node, name: &str) {
        let written = format!("{USE}{name}}}");
        let is_below = self.names.iter().any(|known| known == name);
        let (title, label, help) = if self.is_outside {
            let title = format!("`{written}` cannot be used here");
            let label = "known only in the file of its policy".to_owned();
            (title, label, vec!["write the value itself".to_owned()])
        } else if is_below {
            let help = format!("put `{name}` above it, and do not let a value use itself");
            let title = format!("`{written}` is not known here");
            let label = "a value can use only those above it".to_owned();
            (title, label, vec![help])
        } else if self.names.is_empty() {
            let help = format!(
                "give it a name at the top of its policy: `values: {{{}: …}}`",
                if name.is_empty() { "NAME" } else { name }
            );
            let title = format!("there is no value `{name}`");
            (title, "no `values` here".to_owned(), vec![help])
        } else {
            let (label, help) = suggestions(name, self.names.iter().map(String::as_str));
            (format!("there is no value `{name}`"), label, help)
        };
        self.problems.note(&node.span, title, label, help);
        self.problems.settle(&node.span);
    }

    /// Notes values that are used nowhere, unless one of the mistakes so far may be the reason.
    fn note_unused(&mut self) {
        if self.problems.len() > self.before {
            return;
        }
        for (name, value) in &self.values {
            if !value.used {
                let title = format!("the value `{name}` is not used");
                let help = format!("put `{USE}{name}}}` where it is meant, or remove it");
                self.problems
                    .note(&value.key, title, "used nowhere", [help]);
            }
        }
    }
}

impl Stands {
    fn new(name: &str, node: Node, origin: &str) -> Self {
        let flow = node.flow();
        let shown: String = flow.chars().take(SHOWN).collect();
        let more = if shown.len() < flow.len() { "…" } else { "" };
        let about = format!("`{USE}{name}}}` is `{shown}{more}` ({origin})");
        Self { node, about }
    }
}

/// The name of the value that a text is, or the use that is only a part of it; `None` for any other text.
fn used(text: &str) -> Option<Result<&str, &str>> {
    if let Some(name) = text
        .strip_prefix(USE)
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|name| !name.contains(['$', '{', '}']))
    {
        return Some(Ok(name));
    }
    let at = text
        .match_indices(USE)
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with('$'))?;
    let end = text[at..].find('}').map_or(text.len(), |end| at + end + 1);
    Some(Err(&text[at..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_a_whole_text() {
        assert_eq!(used("${values.a-b}"), Some(Ok("a-b")));
        assert_eq!(used("${values.}"), Some(Ok("")));
        assert_eq!(used("x-${values.a}-y"), Some(Err("${values.a}")));
        assert_eq!(used("${values.a}${values.b}"), Some(Err("${values.a}")));
        assert_eq!(used("${values.a"), Some(Err("${values.a")));
        assert_eq!(used("$${values.a}"), None);
        assert_eq!(used("${account}"), None);
    }
}
