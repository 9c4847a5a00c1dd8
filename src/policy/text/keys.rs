//! The mappings of fixed keys in policies, waivers and tests: which keys there are, and what they hold.

use crate::policy::text::aliases;
use crate::policy::text::diagnostic::{Problems, nearest, suggestions};
use crate::policy::text::yaml::{Data, Entry, Node};

/// The keys of a mapping, each at most once.
pub struct Keys<'n> {
    entries: &'n [Entry],
    /// The keys that misspelt ones probably mean. These are not reported as missing as well.
    meant: Vec<String>,
}

impl<'n> Keys<'n> {
    /// A mapping with these keys and no others.
    pub fn of(
        node: &'n Node,
        what: &str,
        allowed: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            let title = format!("{what} is a mapping, and this is {}", node.kind());
            let help = format!("keys of {what}: {}", allowed.join(", "));
            problems.note(&node.span, title, "not a mapping", [help]);
            return None;
        };
        let mut meant = Vec::new();
        for entry in entries
            .iter()
            .filter(|entry| !allowed.contains(&entry.key.as_str()))
        {
            let (mut label, mut help) = suggestions(&entry.key, allowed.iter().copied());
            if let Some((ours, what_to_do)) = aliases::key(what, &entry.key) {
                "a word of other tools".clone_into(&mut label);
                help.insert(0, what_to_do.to_owned());
                meant.push(ours.to_owned());
            } else {
                meant.extend(nearest(&entry.key, allowed.iter().copied()).map(str::to_owned));
            }
            problems.note(
                &entry.key_span,
                format!("{what} has no key `{}`", entry.key),
                label,
                help,
            );
        }
        Some(Self { entries, meant })
    }

    /// True if a missing key was probably meant by a misspelt one, which has been noted.
    pub fn is_misspelt(&self, key: &str) -> bool {
        self.meant.iter().any(|meant| meant == key)
    }

    /// The entry of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// A text that must be there.
    pub fn text(
        &self,
        key: &str,
        node: &Node,
        what: &str,
        problems: &mut Problems,
    ) -> Option<(&'n str, &'n Node)> {
        match self.get(key) {
            Some(entry) => text(entry, problems).map(|text| (text, &entry.value)),
            None if self.is_misspelt(key) => None,
            None => {
                problems.note(
                    &node.span,
                    format!("{what} has no `{key}`"),
                    format!("`{key}` is needed"),
                    [],
                );
                None
            }
        }
    }

    /// A text that may be left out.
    pub fn optional_text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        self.get(key)
            .and_then(|entry| text(entry, problems))
            .map(str::to_owned)
    }
}

/// The text of an entry that must be one.
pub fn text<'n>(entry: &'n Entry, problems: &mut Problems) -> Option<&'n str> {
    match &entry.value.data {
        Data::Text(text) if !text.trim().is_empty() => Some(text.trim_end()),
        Data::Boolean(_) | Data::Integer(_) | Data::Number(_) => {
            let written = problems.written(&entry.value.span).to_owned();
            let title = format!(
                "`{}` is a text, and this is {}",
                entry.key,
                entry.value.kind()
            );
            problems.note(
                &entry.value.span,
                title,
                "not a text",
                [format!("quote it: `{}: \"{written}\"`", entry.key)],
            );
            None
        }
        Data::Text(_) | Data::Null => {
            problems.note(
                &entry.key_span,
                format!("`{}` is empty", entry.key),
                "a text is needed",
                [],
            );
            None
        }
        _ => {
            let title = format!(
                "`{}` is a text, and this is {}",
                entry.key,
                entry.value.kind()
            );
            problems.note(&entry.value.span, title, "not a text", []);
            None
        }
    }
}

/// A name in kebab-case.
pub fn name<'n>(
    (text, node): (&'n str, &'n Node),
    what: &str,
    problems: &mut Problems,
) -> Option<&'n str> {
    let kebab = text.split('-').all(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    if kebab {
        return Some(text);
    }
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let help = (!words.is_empty()).then(|| format!("for example `{}`", words.join("-")));
    let title = format!("{what} is written in kebab-case");
    problems.note(
        &node.span,
        title,
        "lower-case letters, digits and single hyphens",
        help,
    );
    None
}
