//! A pattern as it is written, taken apart into what must hold together. It must not know what any of it means, but
//! for the types of settings.

use std::ops::Range;

use crate::model::catalogue::ours::EACH_ROUTE;
use crate::model::catalogue::{Field, Kind};
use crate::model::protocol::Protocol;
use crate::policy::language::glob::Glob;
use crate::policy::language::pattern::Top;
use crate::policy::text::yaml::{Data, Entry, Node};

/// One test of one setting; a pattern holds when all of its conjuncts do.
#[derive(Debug, Clone)]
pub struct Conjunct {
    /// The names and keys that lead to the setting.
    pub path: Vec<String>,
    /// The row of the setting; `None` where the catalogue has none.
    pub field: Option<&'static Field>,
    /// The name of the test; `is` for a bare value, a glob for the keys that fit it.
    pub test: String,
    /// The operand of the test.
    pub node: Node,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// True if it applies to every key that fits a glob; no key may fit.
    pub of_each_key: bool,
    /// The protocols that have the setting.
    pub on: Vec<Protocol>,
    /// For a `not`: patterns that must all fail, each as its conjuncts.
    pub denied: Vec<Vec<String>>,
    /// Path, test and value in one form: two conjuncts that are equal in it mean the same.
    pub canonical: String,
}

/// The place of a node.
#[derive(Clone)]
pub struct Position {
    path: Vec<String>,
    field: Option<&'static Field>,
    of_each_key: bool,
    on: Vec<Protocol>,
}

impl Position {
    /// The conjuncts of a pattern of the whole document.
    pub fn of(node: &Node) -> Vec<Conjunct> {
        let top = Self { path: Vec::new(), field: None, of_each_key: false, on: Protocol::ALL.to_vec() };
        let mut out = Vec::new();
        top.pattern(node, &mut out);
        out
    }

    /// One step down.
    fn below(&self, segment: &str, field: &'static Field) -> Self {
        let mut below = self.clone();
        below.path.push(segment.to_owned());
        below.on.retain(|protocol| field.on.include(*protocol));
        Self { field: Some(field), ..below }
    }

    fn pattern(&self, node: &Node, out: &mut Vec<Conjunct>) {
        match (&node.data, self.field.map(|field| field.kind)) {
            (Data::Map(entries), None | Some(Kind::Struct(_))) => {
                for entry in entries {
                    match self.member(&entry.key) {
                        Some(field) => self.below(&entry.key, field).pattern(&entry.value, out),
                        None => out.push(self.test(entry)),
                    }
                }
            }
            (Data::Map(entries), Some(Kind::Map(of))) => {
                for entry in entries {
                    if ["not", "any-of", "present"].contains(&entry.key.as_str()) {
                        out.push(self.test(entry));
                    } else {
                        self.key(entry, of, out);
                    }
                }
            }
            // The keys that must be there.
            (Data::List(keys), Some(Kind::Map(of))) => {
                for key in keys {
                    match &key.data {
                        Data::Text(text) => {
                            let present = Node { span: key.span.clone(), data: Data::Boolean(true) };
                            let below = self.below(text, of);
                            out.push(below.conjunct("present", present, key.span.clone()));
                        }
                        _ => self.pattern(key, out),
                    }
                }
            }
            (Data::Map(entries), Some(_)) => out.extend(entries.iter().map(|entry| self.test(entry))),
            _ => out.push(self.conjunct("is", node.clone(), node.span.clone())),
        }
    }

    fn member(&self, name: &str) -> Option<&'static Field> {
        match self.field {
            Some(field) => field.members().iter().find(|field| field.name == name),
            None if name == EACH_ROUTE.name => Some(EACH_ROUTE),
            None => Top::all().map(|(_, field)| field).find(|field| field.name == name),
        }
    }

    /// A key of a map. Under a glob `present` is about the keys, and everything else about their values.
    fn key(&self, entry: &Entry, of: &'static Field, out: &mut Vec<Conjunct>) {
        let mut below = self.below(&entry.key, of);
        below.of_each_key |= Glob::is_glob(&entry.key);
        below.pattern(&entry.value, out);
    }

    fn test(&self, entry: &Entry) -> Conjunct {
        self.conjunct(&entry.key, entry.value.clone(), entry.key_span.start..entry.value.span.end)
    }

    fn conjunct(&self, test: &str, node: Node, span: Range<usize>) -> Conjunct {
        let denied = if test == "not" { self.denied(&node) } else { Vec::new() };
        let canonical = format!("{}\0\0{test}\0{}", self.path.join("\0"), canonical_list(&node));
        Conjunct {
            path: self.path.clone(),
            field: self.field,
            test: test.to_owned(),
            node,
            span,
            of_each_key: self.of_each_key,
            on: self.on.clone(),
            denied,
            canonical,
        }
    }

    /// `not: [A, B]` denies A, and B.
    fn denied(&self, node: &Node) -> Vec<Vec<String>> {
        let alternatives = match &node.data {
            Data::List(alternatives) => alternatives.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let conjuncts = |node: &Node| {
            let mut conjuncts = Vec::new();
            match (&node.data, self.field.map(|field| field.kind)) {
                // A bare key in a list under `not` is that key.
                (Data::Text(_), Some(Kind::Map(_))) => {
                    let key = Node { span: node.span.clone(), data: Data::List(vec![node.clone()]) };
                    self.pattern(&key, &mut conjuncts);
                }
                _ => self.pattern(node, &mut conjuncts),
            }
            conjuncts.into_iter().map(|conjunct| conjunct.canonical).collect()
        };
        alternatives.iter().map(conjuncts).collect()
    }
}

/// A value in one form. No order counts in a pattern: that of a mapping does not, and every list is a choice, a set of
/// keys, or several patterns, at least one of which must hold.
pub fn canonical(node: &Node) -> String {
    match &node.data {
        Data::Null => "null".to_owned(),
        Data::Boolean(value) => value.to_string(),
        #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
        Data::Integer(number) => (*number as f64).to_string(),
        Data::Number(number) => number.to_string(),
        Data::Text(text) => format!("{text:?}"),
        Data::List(nodes) => format!("[{}]", sorted(nodes.iter().map(canonical))),
        Data::Map(entries) => {
            let entries = entries.iter().map(|entry| format!("{:?}: {}", entry.key, canonical_list(&entry.value)));
            format!("{{{}}}", sorted(entries))
        }
    }
}

/// One value is a list of one, wherever a test takes either.
fn canonical_list(node: &Node) -> String {
    match node.data {
        Data::List(_) => canonical(node),
        _ => format!("[{}]", canonical(node)),
    }
}

fn sorted(parts: impl Iterator<Item = String>) -> String {
    let mut parts: Vec<String> = parts.collect();
    parts.sort();
    parts.dedup();
    parts.join(", ")
}
