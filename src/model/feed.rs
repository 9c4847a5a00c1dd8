//! What every source yields: chunks of stages, then one close. No I/O here; a source implements [`Feed`].

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::catalogue::{API_FIELD, Field, position};
use super::decode::Decode;
use super::document::{Document, STAGE_FIELD};
use super::narrowing::Narrowing;
use super::value::Value;
use super::wanted::Wanted;

/// Stages in the order of their source, until it has said everything.
pub trait Feed: Send {
    /// The next chunk, waiting for it; `None` when there is no more.
    fn next(&mut self) -> Option<Chunk>;

    /// The next chunk if it is there already.
    fn ready(&mut self) -> Option<Chunk>;

    /// What the source has to say at its end: the scopes it looked at and what it could not read.
    ///
    /// # Errors
    /// When the input turned out to be unusable, so that nothing was audited.
    fn close(self: Box<Self>) -> Result<Close, Unusable>;
}

/// A feed of what is there already.
pub struct Given {
    chunks: std::vec::IntoIter<Chunk>,
    close: Close,
}

impl Given {
    /// These chunks, and what is to be said at their end.
    #[must_use]
    pub fn new(chunks: Vec<Chunk>, close: Close) -> Self {
        Self { chunks: chunks.into_iter(), close }
    }
}

impl Feed for Given {
    fn next(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    fn ready(&mut self) -> Option<Chunk> {
        self.chunks.next()
    }

    fn close(self: Box<Self>) -> Result<Close, Unusable> {
        Ok(self.close)
    }
}

/// An input that cannot be audited at all. The message says what, where and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub String);

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// Some stages, not decoded where they came as text.
pub enum Chunk {
    /// The stages of one API.
    Api {
        /// The account; `None` when it is not stated.
        account: Option<Arc<str>>,
        /// The Region; `None` when it is not stated.
        region: Option<Arc<str>>,
        /// The API.
        api: Value<'static>,
        /// Its stages.
        stages: Vec<Value<'static>>,
    },
    /// Lines of a snapshot, whole ones.
    Lines {
        /// What messages call the input.
        name: Arc<str>,
        /// The lines, each ended by a newline or by the end.
        bytes: Vec<u8>,
        /// The number of the first line, counted from 1.
        first: u64,
        /// Which of the stages are wanted.
        only: Arc<Selection>,
    },
}

/// The APIs and stages that an audit is narrowed to; empty lists mean all.
#[derive(Debug, Default, Clone)]
pub struct Selection {
    /// Identifiers of APIs.
    pub apis: Vec<String>,
    /// Names of stages.
    pub stages: Vec<String>,
}

impl Selection {
    /// Whether an API is wanted. One whose identifier is not stated is not known to be another one.
    #[must_use]
    pub fn has_api(&self, api_id: Option<&str>) -> bool {
        self.apis.is_empty() || api_id.is_none_or(|id| self.apis.iter().any(|wanted| wanted == id))
    }

    /// Whether a stage of that name is wanted.
    #[must_use]
    pub fn has_stage(&self, name: Option<&str>) -> bool {
        self.stages.is_empty() || name.is_some_and(|name| self.stages.iter().any(|wanted| wanted == name))
    }
}

static STAGE_ROW: Field = STAGE_FIELD;

impl Chunk {
    /// Hands each stage to `each`: CPU work only, on whatever thread it is called.
    ///
    /// # Errors
    /// When a line is not what a snapshot holds.
    pub fn decode(&self, wanted: &Wanted, mut each: impl FnMut(&Document<'_>)) -> Result<(), Unusable> {
        match self {
            Self::Api { account, region, api, stages } => {
                for stage in stages {
                    each(&Document { account: account.as_deref(), region: region.as_deref(), api, stage });
                }
                Ok(())
            }
            Self::Lines { name, bytes, first, only } => {
                let damaged = |at: u64, column: usize, said: &str| {
                    Unusable(format!(
                        "{name}:{at}:{column}: not a stage of a snapshot: {said}. The file is damaged; nothing was read."
                    ))
                };
                // Once for all lines: the strings in them need not be looked at again.
                let text = std::str::from_utf8(bytes).map_err(|error| {
                    let before = &bytes[..error.valid_up_to()];
                    let line = before.split(|byte| *byte == b'\n').count() as u64 - 1;
                    damaged(first + line, 1, "it is not UTF-8 text")
                })?;
                let (mut last, mut start) = (None, 0);
                let unended = (!bytes.ends_with(b"\n")).then_some(bytes.len());
                for (end, at) in memchr::memchr_iter(b'\n', bytes).chain(unended).zip(*first..) {
                    let line = &text[start..end];
                    start = end + 1;
                    if line.trim_ascii().is_empty() {
                        return Err(damaged(at, 1, "the line is empty, so its stage was lost"));
                    }
                    let line = Line::decode(line, wanted, last.take()).map_err(|error| {
                        // serde_json counts lines within the text it was given, which is one line.
                        let said = error.to_string();
                        damaged(at, error.column(), said.split(" at line ").next().unwrap_or(&said))
                    })?;
                    let document = line.document();
                    if only.has_api(document.api_id()) && only.has_stage(document.stage_name()) {
                        each(&document);
                    }
                    last = Some(line.head);
                }
                Ok(())
            }
        }
    }
}

/// What stands before the stage.
const STAGE_KEY: &[u8] = b",\"stage\":";

/// One line of a snapshot.
struct Line<'a> {
    head: Head<'a>,
    stage: Value<'a>,
}

/// What stands before the stage: the same text on every line of an API.
struct Head<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    api: Value<'a>,
    /// The text up to the stage; `None` when it cannot be told from the line alone.
    text: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// Decodes a line; where it begins as the `last` one did, only its stage.
    fn decode(line: &'a str, wanted: &Wanted, last: Option<Head<'a>>) -> Result<Self, serde_json::Error> {
        if let Some(head) = last
            && let Some(stage) =
                head.text.and_then(|text| line.strip_prefix(text)).and_then(|rest| rest.strip_suffix('}'))
        {
            let mut from = serde_json::Deserializer::from_str(stage);
            if let Ok(stage) = Decode::only(&STAGE_ROW, wanted.stage()).deserialize(&mut from)
                && from.end().is_ok()
            {
                return Ok(Self { head, stage });
            }
        }
        Self::decode_whole(line, wanted)
    }

    fn decode_whole(line: &'a str, wanted: &Wanted) -> Result<Self, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(line);
        let mut wire = Parts { wanted }.deserialize(&mut from)?;
        from.end()?;
        for path in &wire.not_stated {
            match path.strip_prefix("api.") {
                Some(path) => mark_not_stated(&mut wire.api, &API_FIELD, path),
                None => mark_not_stated(&mut wire.stage, &STAGE_ROW, path),
            }
        }
        // Within a JSON string the quotes would be escaped, so the one place with these bytes is the key.
        let mut keys = memchr::memmem::find_iter(line.as_bytes(), STAGE_KEY);
        let text = match (keys.next(), keys.next()) {
            (Some(at), None) if wire.not_stated.is_empty() => line.get(..at + STAGE_KEY.len()),
            _ => None,
        };
        let Wire { account, region, api, stage, .. } = wire;
        Ok(Self { head: Head { account, region, api, text }, stage })
    }

    fn document(&self) -> Document<'_> {
        Document {
            account: self.head.account.as_deref(),
            region: self.head.region.as_deref(),
            api: &self.head.api,
            stage: &self.stage,
        }
    }
}

/// The members of a line.
struct Wire<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    api: Value<'a>,
    stage: Value<'a>,
    not_stated: Vec<String>,
}

/// Reads the members of a line, in any order; others are passed over.
struct Parts<'w> {
    wanted: &'w Wanted,
}

impl<'de> DeserializeSeed<'de> for Parts<'_> {
    type Value = Wire<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Wire<'de>, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Parts<'_> {
    type Value = Wire<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object with account, region, api and stage")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Wire<'de>, A::Error> {
        #[derive(Deserialize)]
        #[serde(field_identifier, rename_all = "kebab-case")]
        enum Key {
            Account,
            Region,
            Api,
            Stage,
            NotStated,
            #[serde(other)]
            Other,
        }
        #[derive(Deserialize)]
        struct Name<'n>(#[serde(borrow)] Option<Cow<'n, str>>);

        let (mut account, mut region, mut api, mut stage) = (None, None, None, None);
        let mut not_stated = Vec::new();
        while let Some(key) = from.next_key()? {
            match key {
                Key::Account => account = Some(from.next_value::<Name<'de>>()?.0),
                Key::Region => region = Some(from.next_value::<Name<'de>>()?.0),
                Key::Api => api = Some(from.next_value_seed(Decode::only(&API_FIELD, self.wanted.api()))?),
                Key::Stage => stage = Some(from.next_value_seed(Decode::only(&STAGE_ROW, self.wanted.stage()))?),
                Key::NotStated => not_stated = from.next_value()?,
                Key::Other => drop(from.next_value::<IgnoredAny>()?),
            }
        }
        let missing = A::Error::missing_field;
        Ok(Wire {
            account: account.ok_or_else(|| missing("account"))?,
            region: region.ok_or_else(|| missing("region"))?,
            api: api.ok_or_else(|| missing("api"))?,
            stage: stage.ok_or_else(|| missing("stage"))?,
            not_stated,
        })
    }
}

/// Sets the member at a dotted path of catalogue names to "not stated".
fn mark_not_stated(value: &mut Value<'_>, field: &'static Field, path: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let at = position(field.members(), name);
    if matches!(value, Value::Unset) {
        *value = Value::empty_struct(field.members());
    }
    let Value::Struct(members) = value else { return };
    let (Some(member), Some(field)) = (members.get_mut(at), field.members().get(at)) else { return };
    match rest {
        Some(rest) => mark_not_stated(member, field, rest),
        None => *member = Value::NotStated,
    }
}

/// The dotted paths of everything that is not stated, for the line of a snapshot.
#[must_use]
pub fn not_stated(field: &'static Field, value: &Value<'_>, prefix: &str) -> Vec<String> {
    let Value::Struct(members) = value else { return Vec::new() };
    let mut paths = Vec::new();
    for (field, value) in field.members().iter().zip(members) {
        let path = format!("{prefix}{}", field.name);
        match value {
            Value::NotStated => paths.push(path),
            Value::Struct(_) => paths.extend(not_stated(field, value, &format!("{path}."))),
            // A map in which something is not stated is taken to be not stated whole.
            Value::Map(entries) if entries.iter().any(|(_, value)| holds_unstated(value)) => paths.push(path),
            _ => {}
        }
    }
    paths
}

fn holds_unstated(value: &Value<'_>) -> bool {
    match value {
        Value::NotStated => true,
        Value::Struct(members) => members.iter().any(holds_unstated),
        _ => false,
    }
}

/// What a source says at its end.
#[derive(Debug, Default)]
pub struct Close {
    /// Every account and Region that was asked for.
    pub scopes: Vec<Scope>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// What is worth knowing and does not make the audit incomplete.
    pub warnings: Vec<Warning>,
    /// Why the run as a whole failed, in words, although it came to its end.
    pub failed: Option<String>,
    /// What was asked for as the source understood it, where the flags alone do not say it: the Regions, and the caller
    /// where accounts are not named. `None` where the source did not come to know it.
    pub asked: Option<String>,
    /// What the source was narrowed to.
    pub narrowing: Narrowing,
    /// How many stages were handed on, where the source counts them: as many must have been checked.
    pub handed_on: Option<u64>,
    /// How many scopes were meant, where the source counts them as it decides on them: as many must be there.
    pub scopes_meant: Option<u64>,
}

/// One account and Region, and how far it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The account; `None` when it is not stated.
    pub account: Option<String>,
    /// The Region; `None` when it is not stated.
    pub region: Option<String>,
    /// APIs in scope that were found; each of them is in exactly one of the four counts that follow.
    #[serde(default)]
    pub apis: u64,
    /// APIs whose stages were read.
    #[serde(default)]
    pub checked_apis: u64,
    /// APIs that were not fetched because no rule can match their stages.
    #[serde(default)]
    pub skipped_apis: u64,
    /// APIs that were deleted after they were listed.
    #[serde(default)]
    pub deleted_apis: u64,
    /// APIs whose stages could not be read, or not all of them.
    #[serde(default)]
    pub unchecked_apis: u64,
    /// Stages that were read.
    #[serde(default)]
    pub stages: u64,
    /// Requests that were sent to API Gateway, retries included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// How far it was read.
    pub outcome: Read,
}

/// How far a scope was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Read {
    /// All of it.
    Checked,
    /// Some of it.
    Partial,
    /// None of it.
    #[default]
    Unchecked,
    /// None of it, as configured.
    Excluded,
}

impl Read {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Partial => "partial",
            Self::Unchecked => "unchecked",
            Self::Excluded => "excluded",
        }
    }
}

/// Something that could not be read: where, what was tried, what came back, what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API; `None` when the Region's APIs could not be listed.
    pub api_id: Option<String>,
    /// The stage; `None` when all of the API's are missing.
    pub stage: Option<String>,
    /// The call that failed, by AWS's name.
    pub operation: String,
    /// AWS's error code, or ours (`Timeout`, `Interrupted`, …).
    pub code: String,
    /// What came back.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// Something worth knowing that is neither a violation nor a gap.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Warning {
    /// What kind of warning, in kebab-case.
    pub kind: String,
    /// What happened, in words.
    pub message: String,
    /// The account.
    pub account: Option<String>,
    /// The Region.
    pub region: Option<String>,
    /// The API.
    pub api_id: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Chunk {
        Chunk::Lines { name: "fleet".into(), bytes: text.as_bytes().to_vec(), first: 2, only: Arc::default() }
    }

    #[test]
    fn lines_become_documents_in_order() {
        let chunk = lines(concat!(
            r#"{"account":"111122223333","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"dev"}}"#,
            "\n",
            r#"{"account":null,"region":null,"api":{},"stage":{"StageName":"prod"},"not-stated":["api.Tags","DefaultRouteSettings.ThrottlingRateLimit"],"more":1}"#,
        ));
        let mut seen = Vec::new();
        chunk
            .decode(&Wanted::all(), |stage| {
                seen.push((stage.account.map(str::to_owned), stage.stage_name().map(str::to_owned), stage.arn()));
                if stage.account.is_none() {
                    assert_eq!(stage.api.member(position(API_FIELD.members(), "Tags")), &Value::NotStated);
                    let mut all = not_stated(&API_FIELD, stage.api, "api.");
                    all.extend(not_stated(&STAGE_ROW, stage.stage, ""));
                    assert_eq!(all, ["api.Tags", "DefaultRouteSettings.ThrottlingRateLimit"]);
                }
            })
            .unwrap();
        assert_eq!(seen[0].0.as_deref(), Some("111122223333"));
        assert_eq!(seen[0].2.as_deref(), Some("arn:aws:apigateway:us-east-1::/apis/a/stages/dev"));
        assert_eq!(seen[1], (None, Some("prod".to_owned()), None));
    }

    #[test]
    fn lines_that_begin_alike_are_decoded_as_if_they_stood_alone() {
        let api = r#"{"account":"1","region":"us-east-1","api":{"ApiId":"a","Name":",\"stage\":"},"#;
        let odd = r#"{"account":"1","region":"us-east-1","api":{"ApiId":"b","New":{"x":1,"stage":{}}},"#;
        let all = [
            format!(r#"{api}"stage":{{"StageName":"a"}}}}"#),
            format!(r#"{api}"stage":{{"StageName":"b"}},"not-stated":["Tags"]}}"#),
            format!(r#"{api}"stage":{{"StageName":"c"}}}}"#),
            format!(r#"{api}"stage":{{"StageName":"d"}} }}"#),
            format!(r#"{odd}"stage":{{"StageName":"e"}}}}"#),
            format!(r#"{odd}"stage":{{"StageName":"f"}},"more":1}}"#),
        ];
        let seen = |text: &str| {
            let mut seen = Vec::new();
            let decoded = lines(text).decode(&Wanted::all(), |stage| seen.push(format!("{stage:?}")));
            decoded.map(|()| seen)
        };
        let alone: Vec<String> = all.iter().flat_map(|line| seen(line).unwrap()).collect();
        assert_eq!(seen(&all.join("\n")).unwrap(), alone);
        for tail in ["", "}}", r#","more":}"#] {
            let broken = format!("{}\n{api}\"stage\":{{\"StageName\":\"b\"}}{tail}", all[0]);
            assert!(seen(&broken).is_err(), "{tail}");
        }
    }

    #[test]
    fn a_damaged_line_says_where() {
        let error = lines("{\"account\":null}\n").decode(&Wanted::all(), |_| ()).unwrap_err();
        assert!(error.0.starts_with("fleet:2:") && error.0.contains("missing field"), "{error}");
    }

    #[test]
    fn a_selection_without_names_is_everything() {
        let all = Selection::default();
        assert!(all.has_api(None) && all.has_api(Some("a")) && all.has_stage(Some("prod")) && all.has_stage(None));
        let some = Selection { apis: vec!["a".into()], stages: vec!["prod".into()] };
        assert!(some.has_api(Some("a")) && some.has_api(None) && !some.has_api(Some("b")));
        assert!(some.has_stage(Some("prod")) && !some.has_stage(Some("dev")) && !some.has_stage(None));
    }
}
