//! The lines of a snapshot, decoded and noted. Pure; it must not know where they come from.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};

use super::catalogue::{API, API_FIELD, Field, STAGE, position};
use super::decode::{Decode, Key};
use super::document::{Document, STAGE_FIELD};
use super::fault;
use super::passed::{EachOnce, Keys};
use super::projection::Projection;
use super::register::{Notes, Register};
use super::state::Unusable;
use super::value::Value;

static STAGE_ROW: Field = STAGE_FIELD;

/// Hands the wanted stages of some lines to `each`, and notes all of them.
pub(super) fn decode(
    name: &str,
    bytes: &[u8],
    first: u64,
    register: &Register,
    projection: &Projection,
    mut each: impl FnMut(&Document<'_>),
) -> Result<(), Unusable> {
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
    let mut notes = Notes::begin(register, first);
    let (mut last, mut start) = (None, 0);
    let unended = (!bytes.ends_with(b"\n")).then_some(bytes.len());
    for (end, at) in memchr::memchr_iter(b'\n', bytes).chain(unended).zip(first..) {
        let line = &text[start..end];
        start = end + 1;
        if line.trim_ascii().is_empty() {
            return Err(damaged(at, 1, "the line is empty, so its stage was lost"));
        }
        // serde_json counts lines within the text it was given, which is one line.
        let line = Line::decode(line, projection, last.as_ref())
            .map_err(|error| damaged(at, error.column().max(1), &fault::words(&error)))?;
        let document = line.document();
        let same_api = last.as_ref().is_some_and(|last| Rc::ptr_eq(&last.head, &line.head));
        let before = last.as_ref().map(Line::document);
        notes.line(before.as_ref(), &document, same_api).map_err(|said| damaged(at, 1, &said))?;
        if register.wants(&document) {
            each(&document);
        }
        last = Some(line);
    }
    if let Some(last) = last {
        notes.end(&last.document());
    }
    Ok(())
}

/// The text before the stage.
const STAGE_KEY: &[u8] = b",\"stage\":";

/// One line of a snapshot.
struct Line<'a> {
    head: Rc<Head<'a>>,
    stage: Value<'a>,
}

/// The part before the stage: the same text on every line of an API.
struct Head<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    api: Value<'a>,
    /// The text up to the stage; `None` when it cannot be told from the line alone.
    text: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// Decodes a line; where it begins as the `last` one did, only its stage.
    fn decode(line: &'a str, projection: &Projection, last: Option<&Self>) -> Result<Self, serde_json::Error> {
        if let Some(Self { head, .. }) = last
            && let Some(stage) =
                head.text.and_then(|text| line.strip_prefix(text)).and_then(|rest| rest.strip_suffix('}'))
        {
            let mut from = serde_json::Deserializer::from_str(stage);
            if let Ok(stage) = Decode::only(&STAGE_ROW, projection.stage()).deserialize(&mut from)
                && from.end().is_ok()
                && has_name(&stage)
            {
                return Ok(Self { head: Rc::clone(head), stage });
            }
        }
        Self::decode_whole(line, projection)
    }

    fn decode_whole(line: &'a str, projection: &Projection) -> Result<Self, serde_json::Error> {
        let mut from = serde_json::Deserializer::from_str(line);
        let mut wire = Parts { projection }.deserialize(&mut from)?;
        from.end()?;
        let unstated = std::mem::take(&mut wire.not_stated);
        for path in &unstated {
            wire.mark_not_stated(path);
        }
        if !has_name(&wire.stage) {
            return Err(serde_json::Error::custom("StageName is missing"));
        }
        for (name, at) in const { [("ApiId", position(API, "ApiId")), ("ProtocolType", position(API, "ProtocolType"))] }
        {
            if matches!(wire.api.member(at), Value::Unset) {
                return Err(serde_json::Error::custom(format!("api.{name} is missing")));
            }
        }
        // Within a JSON string the quotes would be escaped, so the one place with these bytes is the key.
        let mut keys = memchr::memmem::find_iter(line.as_bytes(), STAGE_KEY);
        let text = match (keys.next(), keys.next()) {
            (Some(at), None) if unstated.is_empty() => line.get(..at + STAGE_KEY.len()),
            _ => None,
        };
        let Wire { account, region, api, stage, .. } = wire;
        Ok(Self { head: Rc::new(Head { account, region, api, text }), stage })
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

/// True if the stage has a name, without which a line is damaged.
fn has_name(stage: &Value<'_>) -> bool {
    stage.member(const { position(STAGE, "StageName") }).as_text().is_some()
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
    projection: &'w Projection,
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
        struct Name<'n>(#[serde(borrow)] Option<Cow<'n, str>>);

        let (mut account, mut region, mut api, mut stage, mut not_stated) = (None, None, None, None, None);
        let twice = |key: &str| A::Error::custom(format!("{key} is there twice"));
        let mut others = Keys::default();
        while let Some(key) = from.next_key_seed(Key)? {
            let again = match &*key {
                "account" => account.is_some(),
                "region" => region.is_some(),
                "api" => api.is_some(),
                "stage" => stage.is_some(),
                "not-stated" => not_stated.is_some(),
                _ => false,
            };
            if again {
                return Err(twice(&key));
            }
            match &*key {
                "account" => account = Some(from.next_value::<Name<'de>>()?.0),
                "region" => region = Some(from.next_value::<Name<'de>>()?.0),
                // All of it: the descriptions of an API must agree, whatever of it is read.
                "api" => api = Some(from.next_value_seed(Decode::whole(&API_FIELD))?),
                "stage" => stage = Some(from.next_value_seed(Decode::only(&STAGE_ROW, self.projection.stage()))?),
                "not-stated" => not_stated = Some(from.next_value()?),
                _ => {
                    from.next_value_seed(EachOnce::EXACT)?;
                    others.add(key);
                }
            }
        }
        if let Some(key) = others.twice() {
            return Err(twice(&key));
        }
        let missing = A::Error::missing_field;
        Ok(Wire {
            account: account.ok_or_else(|| missing("account"))?,
            region: region.ok_or_else(|| missing("region"))?,
            api: api.ok_or_else(|| missing("api"))?,
            stage: stage.ok_or_else(|| missing("stage"))?,
            not_stated: not_stated.unwrap_or_default(),
        })
    }
}

impl Wire<'_> {
    /// Takes what is at a dotted path as not stated. Where the catalogue lacks the path, that is its nearest ancestor.
    fn mark_not_stated(&mut self, path: &str) {
        match path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest))) {
            ("api", None) => not_stated_but_names(&mut self.api, &API_FIELD),
            ("api", Some(rest)) => mark_member(&mut self.api, &API_FIELD, rest),
            _ => mark_member(&mut self.stage, &STAGE_ROW, path),
        }
    }
}

fn mark_member(value: &mut Value<'_>, field: &'static Field, path: &str) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(at) = field.members().iter().position(|field| field.is_spelt(name)) else {
        return not_stated_but_names(value, field);
    };
    if matches!(value, Value::Unset) {
        *value = Value::empty_struct(field.members());
    }
    let Value::Struct(members) = value else { return };
    let (Some(member), Some(field)) = (members.get_mut(at), field.members().get(at)) else { return };
    match rest {
        Some(rest) if !field.members().is_empty() => mark_member(member, field, rest),
        // Below a map or a list no part is known alone.
        _ => *member = Value::NotStated,
    }
}

/// Takes a value as not stated; of an API and a stage as a whole, all but the names that tell which one it is.
fn not_stated_but_names(value: &mut Value<'_>, field: &'static Field) {
    const NAMES: [&str; 4] = ["ApiId", "Name", "ProtocolType", "StageName"];
    match value {
        Value::Struct(members) if [API_FIELD.name, STAGE_ROW.name].contains(&field.name) => {
            for (member, field) in members.iter_mut().zip(field.members()) {
                if !NAMES.contains(&field.name) || matches!(member, Value::Unset) {
                    *member = Value::NotStated;
                }
            }
        }
        _ => *value = Value::NotStated,
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::state::Batch;

    fn lines(text: &str) -> Batch {
        Batch::Lines { name: "fleet".into(), bytes: text.as_bytes().to_vec(), first: 2, register: Arc::default() }
    }

    #[test]
    fn lines_become_documents_in_order() {
        let batch = lines(concat!(
            r#"{"account":"111122223333","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP"},"stage":{"StageName":"dev"}}"#,
            "\n",
            r#"{"account":null,"region":null,"api":{"ApiId":"b","ProtocolType":"HTTP"},"stage":{"StageName":"prod"},"not-stated":["api.Tags","DefaultRouteSettings.ThrottlingRateLimit"],"more":1}"#,
        ));
        let mut seen = Vec::new();
        batch
            .decode(&Projection::all(), |stage| {
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
        let api =
            r#"{"account":"1","region":"us-east-1","api":{"ApiId":"a","ProtocolType":"HTTP","Name":",\"stage\":"},"#;
        let odd = r#"{"account":"1","region":"us-east-1","api":{"ApiId":"b","ProtocolType":"HTTP","New":{"x":1,"stage":{}}},"#;
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
            let decoded = lines(text).decode(&Projection::all(), |stage| seen.push(format!("{stage:?}")));
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
        let error = lines("{\"account\":null}\n").decode(&Projection::all(), |_| ()).unwrap_err();
        assert!(error.0.starts_with("fleet:2:") && error.0.contains("missing field"), "{error}");
    }
}
