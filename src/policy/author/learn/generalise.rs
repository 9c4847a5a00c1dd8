//! A text of one stage to a text for many: account, Region and names become `${PATH}`. It knows no rule.

use super::writing::{Yaml, map, scalar};
use crate::model::Document;
use crate::model::catalogue::{api, ours, stage};
use crate::model::secret::looks_secret;
use crate::policy::language::context::{EXAMPLE_ACCOUNT, EXAMPLE_REGION};
use crate::policy::language::glob::Glob;

/// The API of an example.
pub(super) const EXAMPLE_API: &str = "a1b2c3d4e5";
/// Its name.
pub(super) const EXAMPLE_NAME: &str = "example";
/// The longest key in bytes. AWS's own are shorter; with every character escaped it is below YAML's 1024.
const LONGEST_KEY: usize = 160;
/// Its partition, which is that of the Region.
const EXAMPLE_PARTITION: &str = "aws";

/// The values of a stage that are named, and not copied.
pub(super) struct Generaliser<'d> {
    partition: Option<&'static str>,
    /// The values that may not be copied, each with its path.
    secret: Vec<(&'d str, &'static str)>,
    region: Vec<(&'d str, &'static str)>,
    names: Vec<(&'d str, &'static str)>,
}

/// A text, with the values of its stage taken out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct General {
    parts: Vec<GeneralPart>,
}

#[derive(Debug, Clone, PartialEq)]
enum GeneralPart {
    Literal(String),
    Path(&'static str),
    /// An account that is not the stage's own.
    OtherAccount,
}

impl<'d> Generaliser<'d> {
    pub(super) fn of(document: &Document<'d>) -> Self {
        let set = |values: &[(Option<&'d str>, &'static str)]| -> Vec<(&'d str, &'static str)> {
            let set = values
                .iter()
                .filter_map(|(value, path)| Some(((*value)?, *path)));
            set.filter(|(value, _)| !value.is_empty()).collect()
        };
        Self {
            partition: document.partition(),
            secret: set(&[
                (document.account, ours::ACCOUNT.path),
                (document.api_id(), api::ID.path),
            ]),
            region: set(&[(document.region, ours::REGION.path)]),
            names: set(&[
                (document.stage_name(), stage::NAME.path),
                (document.api_name(), api::NAME.path),
            ]),
        }
    }

    /// True if a policy may hold a text as it is.
    pub(super) fn may_copy(&self, text: &str) -> bool {
        !text.is_empty()
            && !looks_secret("", text)
            && !self.secret.iter().any(|(value, _)| text.contains(value))
    }

    /// True if a text may be a key as it is: YAML has a limit for keys, and takes `<<` for something else.
    pub(super) fn may_be_key(&self, text: &str) -> bool {
        text != "<<" && text.len() <= LONGEST_KEY && self.may_copy(text)
    }

    /// True if nothing is left in a text that may not be copied, such as an account inside a longer word.
    pub(super) fn is_clean(&self, text: &str, general: &General) -> bool {
        !looks_secret("", text)
            && general
                .parts
                .iter()
                .all(|part| !matches!(part, GeneralPart::Literal(text) if !self.may_copy(text)))
    }

    /// A text for every stage that is built alike. Names are looked for only where people choose them: in an ARN,
    /// behind AWS's own part.
    pub(super) fn text(&self, text: &str) -> General {
        let mut general = General { parts: Vec::new() };
        let mut at = 0;
        let behind = |partition: &str| {
            text.strip_prefix("arn:")?
                .strip_prefix(partition)?
                .strip_prefix(':')
        };
        if let Some(partition) = self
            .partition
            .filter(|partition| behind(partition).is_some())
        {
            "arn:".chars().for_each(|c| general.push(c));
            general.parts.push(GeneralPart::Path(ours::PARTITION.path));
            at = "arn:".len() + partition.len();
        }
        let chosen = chosen_from(text);
        while let Some(c) = text[at..].chars().next() {
            let names = self.names.iter().filter(|_| at >= chosen);
            let found = self
                .secret
                .iter()
                .chain(&self.region)
                .chain(names)
                .find(|(value, _)| stands_at(text, at, value));
            if let Some((value, path)) = found {
                general.parts.push(GeneralPart::Path(path));
                at += value.len();
            } else if text.starts_with("arn:") && account_at(text, at) {
                general.parts.push(GeneralPart::OtherAccount);
                at += EXAMPLE_ACCOUNT.len();
            } else {
                general.push(c);
                at += c.len_utf8();
            }
        }
        general
    }
}

/// The start of the part of an ARN that people choose: behind `log-group:`, or behind the kind of another resource.
fn chosen_from(text: &str) -> usize {
    let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).collect();
    match (text.starts_with("arn:"), colons.as_slice()) {
        (true, [_, _, _, _, _, sixth, ..]) => sixth + 1,
        (true, [_, _, _, _, fifth]) => text[*fifth..]
            .find('/')
            .map_or(text.len(), |slash| fifth + slash + 1),
        _ => text.len(),
    }
}

/// True if a value is a word of its own there. Behind a `$` it would be read as `$${`, which is a text.
fn stands_at(text: &str, at: usize, value: &str) -> bool {
    text[at..]
        .strip_prefix(value)
        .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        && !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '$')
}

/// True if a number of twelve digits begins there.
fn account_at(text: &str, at: usize) -> bool {
    text[at..]
        .get(..EXAMPLE_ACCOUNT.len())
        .is_some_and(|digits| {
            digits.bytes().all(|b| b.is_ascii_digit()) && stands_at(text, at, digits)
        })
}

impl General {
    /// A text as it is.
    pub(super) fn of_text(text: &str) -> Self {
        Self {
            parts: vec![GeneralPart::Literal(text.to_owned())],
        }
    }

    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(GeneralPart::Literal(text)) => text.push(c),
            _ => self.parts.push(GeneralPart::Literal(c.to_string())),
        }
    }

    /// The pattern of a text field.
    pub(super) fn pattern(&self) -> Yaml {
        let stars = |wild: &[char]| {
            self.parts
                .iter()
                .any(|part| matches!(part, GeneralPart::Literal(text) if text.contains(wild)))
        };
        match (self.is_exact(), stars(&['*']), stars(&['*', '?'])) {
            (true, false, _) => self.literal(),
            // A glob with the text's own `*` fits the text.
            (true, true, _) | (false, _, false) if !self.fits_all() => map("like", self.literal()),
            (true, true, _) | (false, _, false) => map("present", scalar(true)),
            (false, _, true) => map("present", scalar(true)),
        }
    }

    /// True if the text is nothing but a `*` or several.
    fn fits_all(&self) -> bool {
        matches!(self.parts.as_slice(), [GeneralPart::Literal(text)] if Glob::fits_all(text))
    }

    /// True if it can be compared by equality.
    pub(super) fn is_exact(&self) -> bool {
        !self.parts.contains(&GeneralPart::OtherAccount)
    }

    /// The text with `${PATH}` in it.
    pub(super) fn literal(&self) -> Yaml {
        let part = |part: &GeneralPart| match part {
            GeneralPart::Literal(text) => text.replace("${", "$${"),
            GeneralPart::Path(path) => format!("${{{path}}}"),
            GeneralPart::OtherAccount => "*".to_owned(),
        };
        Yaml::Text(self.parts.iter().map(part).collect())
    }

    /// The text on the stage of an example.
    pub(super) fn example(&self, stage: &str) -> String {
        let part = |part: &GeneralPart| match part {
            GeneralPart::Literal(text) => text.clone(),
            GeneralPart::OtherAccount => EXAMPLE_ACCOUNT.to_owned(),
            GeneralPart::Path(path) => {
                let examples = [
                    (ours::ACCOUNT, EXAMPLE_ACCOUNT),
                    (ours::REGION, EXAMPLE_REGION),
                    (ours::PARTITION, EXAMPLE_PARTITION),
                    (api::ID, EXAMPLE_API),
                    (api::NAME, EXAMPLE_NAME),
                ];
                let known = examples.into_iter().find(|(row, _)| row.path == *path);
                known.map_or(stage, |(_, example)| example).to_owned()
            }
        };
        self.parts.iter().map(part).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalogue::{API, STAGE, position};
    use crate::model::value::Value;

    fn value(
        fields: &'static [crate::model::catalogue::Field],
        set: &[(&str, &'static str)],
    ) -> Value<'static> {
        let mut members = vec![Value::Unset; fields.len()];
        for (name, text) in set {
            members[position(fields, name).unwrap()] = Value::text(*text);
        }
        Value::Struct(members.into())
    }

    #[test]
    fn what_belongs_to_one_stage_is_named_and_what_only_looks_so_is_not() {
        let api = value(API, &[("ApiId", "k7p4rtn3r6"), ("Name", "group")]);
        let stage = value(STAGE, &[("StageName", "v1")]);
        let document = Document {
            read_at: None,
            account: Some("444455556666"),
            region: Some("eu-west-1"),
            api: &api,
            stage: &stage,
        };
        let general = Generaliser::of(&document);
        for (text, expected) in [
            (
                "arn:aws:logs:eu-west-1:444455556666:log-group:/x/group-v1",
                "arn:${partition}:logs:${region}:${account}:log-group:/x/${api.Name}-${StageName}",
            ),
            (
                "arn:aws:logs:eu-west-1:444455556666:log-group:/x/groups-v10",
                "arn:${partition}:logs:${region}:${account}:log-group:/x/groups-v10",
            ),
            (
                "arn:aws:firehose:eu-west-1:444455556666:deliverystream/v1",
                "arn:${partition}:firehose:${region}:${account}:deliverystream/${StageName}",
            ),
            (
                "arn:aws-cn:logs:eu-west-1:1:log-group:aws",
                "arn:aws-cn:logs:${region}:1:log-group:aws",
            ),
            (
                "arn:aws:logs:eu-west-1:999988887777:log-group:k7p4rtn3r6",
                "arn:${partition}:logs:${region}:*:log-group:${api.ApiId}",
            ),
            ("$444455556666 ${x} $v1", "$444455556666 $${x} $v1"),
            ("444455556666", "${account}"),
        ] {
            assert_eq!(
                general.text(text).literal(),
                Yaml::Text(expected.to_owned()),
                "{text}"
            );
        }
        let like = general
            .text("arn:aws:logs:eu-west-1:999988887777:log-group:x")
            .pattern();
        assert!(matches!(like, Yaml::Map(entries) if entries[0].0 == "like"));
        assert!(!general.may_copy("by-444455556666") && general.may_copy("owner"));
    }
}
