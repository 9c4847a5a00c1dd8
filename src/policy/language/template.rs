//! `${PATH}` in a text: another value of the same stage, taken literally.

use std::borrow::Cow;

use crate::model::Document;
use crate::model::catalogue::{Row, api, ours, stage};
use crate::model::value::Value;
use crate::policy::language::context::Context;
use crate::policy::language::glob::{Glob, push_glob};
use crate::policy::text::diagnostic::{Problems, suggestions};
use crate::policy::text::yaml::Node;

/// A text with values of the stage in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    parts: Vec<TemplatePart>,
    /// The same as a glob, with the values to be given.
    glob: Glob,
    written: Box<str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TemplatePart {
    Literal(Box<str>),
    Value(Source),
}

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Account,
    Region,
    Partition,
    /// A name of the stage or the API.
    Name(Row),
    /// A tag of either, by its key.
    Tag(Row, Box<str>),
}

/// The paths that are allowed in `${…}`, for messages; KEY is any tag key.
pub const PATHS: [&str; 8] = [
    ours::ACCOUNT.path,
    ours::REGION.path,
    ours::PARTITION.path,
    stage::NAME.path,
    api::ID.path,
    api::NAME.path,
    "Tags.KEY",
    "api.Tags.KEY",
];

/// The reason why a template has no text on a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The path in `${…}`.
    pub path: String,
    /// True if the source states that it is unset; otherwise it is not stated.
    pub unset: bool,
}

impl Source {
    fn of(path: &str) -> Option<Self> {
        let plain = [
            (ours::ACCOUNT, Self::Account),
            (ours::REGION, Self::Region),
            (ours::PARTITION, Self::Partition),
        ];
        let names = [stage::NAME, api::ID, api::NAME].map(|row| (row, Self::Name(row)));
        if let Some((_, source)) = plain
            .into_iter()
            .chain(names)
            .find(|(row, _)| row.path == path)
        {
            return Some(source);
        }
        [stage::TAGS, api::TAGS].into_iter().find_map(|row| {
            let key = path
                .strip_prefix(row.path)?
                .strip_prefix('.')
                .filter(|key| !key.is_empty())?;
            Some(Self::Tag(row, key.into()))
        })
    }

    fn path(&self) -> String {
        match self.key() {
            Some(key) => format!("{}.{key}", self.field()),
            None => self.field().to_owned(),
        }
    }

    /// The key of a value of a map.
    fn key(&self) -> Option<&str> {
        match self {
            Self::Tag(_, key) => Some(key),
            _ => None,
        }
    }

    /// The field that the value is in.
    fn field(&self) -> &'static str {
        match self {
            Self::Account => ours::ACCOUNT.path,
            Self::Region => ours::REGION.path,
            Self::Partition => ours::PARTITION.path,
            Self::Name(row) | Self::Tag(row, _) => row.path,
        }
    }

    fn read<'d>(&self, document: &Document<'d>) -> Result<&'d str, Missing> {
        let stated = |text: Option<&'d str>| {
            text.ok_or_else(|| Missing {
                path: self.path(),
                unset: false,
            })
        };
        let value = |value: &'d Value<'d>| {
            value.as_text().ok_or_else(|| Missing {
                path: self.path(),
                unset: !matches!(value, Value::NotStated),
            })
        };
        match self {
            Self::Account => stated(document.account),
            Self::Region => stated(document.region),
            Self::Partition => stated(document.partition()),
            Self::Name(row) => value(document.value(*row)),
            Self::Tag(row, key) => value(document.value(*row).entry(key)),
        }
    }
}

impl Template {
    /// The template that is written so.
    ///
    /// # Errors
    /// The path of a `${…}` that names nothing; `None` when the brace is not closed.
    pub fn of(text: &str) -> Result<Self, Option<String>> {
        let mut parts: Vec<TemplatePart> = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            if rest[..at].ends_with('$') {
                literal.push_str(&rest[..at - 1]);
                literal.push_str("${");
                rest = &rest[at + 2..];
                continue;
            }
            literal.push_str(&rest[..at]);
            let (path, after) = rest[at + 2..].split_once('}').ok_or(None)?;
            let source = Source::of(path).ok_or_else(|| Some(path.to_owned()))?;
            if !literal.is_empty() {
                parts.push(TemplatePart::Literal(std::mem::take(&mut literal).into()));
            }
            parts.push(TemplatePart::Value(source));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(literal.into()));
        }
        let mut glob = Glob::new();
        let mut values = 0;
        for part in &parts {
            match part {
                TemplatePart::Literal(literal) => glob.push_pattern(literal),
                TemplatePart::Value(_) => {
                    glob.push_placeholder(values);
                    values += 1;
                }
            }
        }
        Ok(Self {
            parts,
            glob,
            written: text.into(),
        })
    }

    /// The template that a node holds; a mistake in it is noted.
    pub fn read(text: &str, node: &Node, problems: &mut Problems) -> Option<Self> {
        match Self::of(text) {
            Ok(template) => Some(template),
            Err(None) => {
                let help = "write `$${` for the two characters themselves".to_owned();
                problems.note(
                    &node.span,
                    "`${` without a closing brace",
                    "never closed",
                    [help],
                );
                None
            }
            Err(Some(path)) => {
                let (label, help) = suggestions(&path, PATHS);
                let written = format!("${{{path}}}");
                let span = problems.part_of(&node.span, &written, &(0..written.len()));
                problems.note(
                    &span,
                    format!("`${{{path}}}` names no value of a stage"),
                    label,
                    help,
                );
                None
            }
        }
    }

    /// The regular expression of the texts that it stands for, read as a glob or as it is.
    #[must_use]
    pub fn regex(&self, glob: bool) -> String {
        let mut regex = String::from("(?s)");
        for part in &self.parts {
            match part {
                TemplatePart::Literal(text) if glob => push_glob(text, &mut regex),
                TemplatePart::Literal(text) => regex.push_str(&regex::escape(text)),
                TemplatePart::Value(_) => regex.push_str(".*"),
            }
        }
        regex
    }

    /// The template as it was written.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The fields of the values that it takes from the stage.
    #[must_use]
    pub fn reads(&self) -> Vec<String> {
        self.sources()
            .map(|source| source.field().to_owned())
            .collect()
    }

    fn sources(&self) -> impl Iterator<Item = &Source> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Value(source) => Some(source),
            TemplatePart::Literal(_) => None,
        })
    }

    /// The text, when no value of the stage is in it.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text on a stage.
    ///
    /// # Errors
    /// A value that is unset or not stated.
    pub fn text(&self, document: &Document<'_>) -> Result<Cow<'_, str>, Missing> {
        if let Some(literal) = self.literal() {
            return Ok(Cow::Borrowed(literal));
        }
        self.filled(|source| source.read(document).map(Cow::Borrowed))
            .map(Cow::Owned)
    }

    fn filled<'d>(
        &self,
        value: impl Fn(&Source) -> Result<Cow<'d, str>, Missing>,
    ) -> Result<String, Missing> {
        let part = |part: &TemplatePart| match part {
            TemplatePart::Literal(literal) => Ok(literal.to_string()),
            TemplatePart::Value(source) => value(source).map(Cow::into_owned),
        };
        self.parts.iter().map(part).collect()
    }

    /// The text on a stage as a report may show it.
    ///
    /// # Errors
    /// A value that is unset or not stated.
    pub fn shown(&self, at: &Context<'_>) -> Result<String, Missing> {
        self.filled(|source| Ok(at.shown(source.key(), source.read(at.document)?)))
    }

    /// True if the template, read as a glob, fits a text: only what the policy's author wrote is special, never a value.
    ///
    /// # Errors
    /// A value that is unset or not stated.
    pub fn fits(&self, text: &str, document: &Document<'_>) -> Result<bool, Missing> {
        let values: Vec<&str> = self
            .sources()
            .map(|source| source.read(document))
            .collect::<Result<_, _>>()?;
        Ok(self.glob.fits_with(text, &values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::value::UNSET;

    const DOCUMENT: Document<'static> = Document {
        read_at: None,
        account: Some("111122223333"),
        region: Some("us-gov-west-1"),
        api: &UNSET,
        stage: &UNSET,
    };

    #[test]
    fn values_are_put_in_and_dollars_are_escaped() {
        let text = |template: &str| {
            Template::of(template)
                .unwrap()
                .text(&DOCUMENT)
                .map(Cow::into_owned)
        };
        assert_eq!(
            text("arn:${partition}:logs:${region}:${account}:x").unwrap(),
            "arn:aws-us-gov:logs:us-gov-west-1:111122223333:x"
        );
        assert_eq!(text("$${account} costs $5").unwrap(), "${account} costs $5");
        assert_eq!(text("").unwrap(), "");
        assert_eq!(
            text("${api.Name}").unwrap_err(),
            Missing {
                path: "api.Name".into(),
                unset: true
            }
        );
        let unstated = Document {
            account: None,
            ..DOCUMENT
        };
        assert!(
            !Template::of("${account}")
                .unwrap()
                .text(&unstated)
                .unwrap_err()
                .unset
        );
    }

    #[test]
    fn a_path_that_names_nothing_is_refused() {
        assert_eq!(
            Template::of("${acount}").unwrap_err().as_deref(),
            Some("acount")
        );
        assert_eq!(
            Template::of("${Tags.}").unwrap_err().as_deref(),
            Some("Tags.")
        );
        assert_eq!(Template::of("${account").unwrap_err(), None);
    }

    #[test]
    fn a_value_is_literal_inside_a_glob() {
        let document = Document {
            account: Some("*"),
            ..DOCUMENT
        };
        let template = Template::of("${account}-*").unwrap();
        assert_eq!(template.fits("*-x", &document), Ok(true));
        assert_eq!(template.fits("y-x", &document), Ok(false));
    }
}
