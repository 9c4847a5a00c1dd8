//! One line of a snapshot: an account, a Region, an API and one of its stages. It must not know where lines come from.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::model::Document;
use crate::model::catalogue::{API_FIELD, Field, STAGE_FIELD, api, stage};
use crate::model::decode::Decode;
use crate::model::json::{EachOnce, Key, ObjectKeys};
use crate::model::projection::{Members, Projection};
use crate::model::scan::Scan;
use crate::model::value::{Value, Written};

/// The text before the stage.
const STAGE_KEY: &str = ",\"stage\":";

pub struct Line<'a> {
    head: Rc<Head<'a>>,
    stage: Value<'a>,
}

/// The part before the stage: the same text on every line of an API.
struct Head<'a> {
    account: Option<Cow<'a, str>>,
    region: Option<Cow<'a, str>>,
    api: Value<'a>,
    /// The text up to the stage; `None` when the line alone does not show it.
    text: Option<&'a str>,
}

impl<'a> Line<'a> {
    /// True if another line begins with the same text up to its stage.
    pub fn shares_api(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.head, &other.head)
    }

    /// Decodes a line; where it begins as the `last` one did, only its stage.
    pub fn decode(
        line: &'a str,
        projection: &Projection,
        last: Option<&Self>,
    ) -> Result<Self, serde_json::Error> {
        if let Some(Self { head, .. }) = last
            && let Some(stage) = head
                .text
                .and_then(|text| line.strip_prefix(text))
                .and_then(|rest| rest.strip_suffix('}'))
        {
            let mut scan = Scan::new(stage);
            if let Some(stage) = scan.value(&STAGE_FIELD, projection.stage())
                && scan.rest().is_empty()
                && has_name(&stage)
            {
                return Ok(Self {
                    head: Rc::clone(head),
                    stage,
                });
            }
        }
        match Self::scan(line, projection) {
            Some(line) => Ok(line),
            None => Self::decode_whole(line, projection),
        }
    }

    /// Scans a line as driftgate writes it; `None` for any other, right or wrong.
    fn scan(line: &'a str, projection: &Projection) -> Option<Self> {
        let mut scan = Scan::new(line);
        scan.pass("{\"account\":")?;
        let account = scan.optional_text()?;
        scan.pass(",\"region\":")?;
        let region = scan.optional_text()?;
        scan.pass(",\"api\":")?;
        let api = scan.value(&API_FIELD, Members::ALL)?;
        scan.pass(STAGE_KEY)?;
        let text = line.get(..line.len() - scan.rest().len());
        let stage = scan.value(&STAGE_FIELD, projection.stage())?;
        let named = [api::ID, api::PROTOCOL]
            .iter()
            .all(|row| !matches!(api.member(row.at), Value::Unset));
        (named && has_name(&stage) && scan.rest() == "}").then_some(())?;
        let head = Rc::new(Head {
            account,
            region,
            api,
            text,
        });
        Some(Self { head, stage })
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
        if let Some(row) = [api::ID, api::PROTOCOL]
            .iter()
            .find(|row| matches!(wire.api.member(row.at), Value::Unset))
        {
            return Err(serde_json::Error::custom(format!(
                "api.{} is missing",
                row.name
            )));
        }
        // Within a JSON string the quotes would be escaped, so the one place with these bytes is the key.
        let mut keys = memchr::memmem::find_iter(line.as_bytes(), STAGE_KEY.as_bytes());
        let text = match (keys.next(), keys.next()) {
            (Some(at), None) if unstated.is_empty() => line.get(..at + STAGE_KEY.len()),
            _ => None,
        };
        let Wire {
            account,
            region,
            api,
            stage,
            ..
        } = wire;
        Ok(Self {
            head: Rc::new(Head {
                account,
                region,
                api,
                text,
            }),
            stage,
        })
    }

    pub fn document(&self) -> Document<'_> {
        Document {
            read_at: None,
            account: self.head.account.as_deref(),
            region: self.head.region.as_deref(),
            api: &self.head.api,
            stage: &self.stage,
        }
    }
}

/// True if the stage has a name, without which a line is damaged.
fn has_name(stage: &Value<'_>) -> bool {
    stage.member(stage::NAME.at).as_text().is_some()
}

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

        let (mut account, mut region, mut api, mut stage, mut not_stated) =
            (None, None, None, None, None);
        let twice = |key: &str| A::Error::custom(format!("{key} is there twice"));
        let mut others = ObjectKeys::default();
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
                "stage" => {
                    stage = Some(
                        from.next_value_seed(Decode::only(&STAGE_FIELD, self.projection.stage()))?,
                    );
                }
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
        match path
            .split_once('.')
            .map_or((path, None), |(first, rest)| (first, Some(rest)))
        {
            ("api", None) => not_stated_but_names(&mut self.api, &API_FIELD),
            ("api", Some(rest)) => mark_member(&mut self.api, &API_FIELD, rest),
            _ => mark_member(&mut self.stage, &STAGE_FIELD, path),
        }
    }
}

fn mark_member(value: &mut Value<'_>, field: &'static Field, path: &str) {
    let (name, rest) = path
        .split_once('.')
        .map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(at) = field
        .members()
        .iter()
        .position(|field| field.is_spelt(name))
    else {
        return not_stated_but_names(value, field);
    };
    if matches!(value, Value::Unset) {
        *value = Value::empty_struct(field.members());
    }
    let Value::Struct(members) = value else {
        return;
    };
    let (Some(member), Some(field)) = (members.get_mut(at), field.members().get(at)) else {
        return;
    };
    match rest {
        Some(rest) if !field.members().is_empty() => mark_member(member, field, rest),
        // Below a map or a list no part is known alone.
        _ => *member = Value::NotStated,
    }
}

/// Takes a value as not stated; of an API and a stage as a whole, all but the names that tell which one it is.
fn not_stated_but_names(value: &mut Value<'_>, field: &'static Field) {
    match value {
        Value::Struct(members) if [API_FIELD.name, STAGE_FIELD.name].contains(&field.name) => {
            for (member, field) in members.iter_mut().zip(field.members()) {
                if !field.identity || matches!(member, Value::Unset) {
                    *member = Value::NotStated;
                }
            }
        }
        _ => *value = Value::NotStated,
    }
}

/// Writes the line of a document with that `stage` in it, which may hide what the document's own shows.
///
/// # Errors
/// When `out` cannot be written.
pub fn stage_line(
    out: &mut dyn Write,
    document: &Document<'_>,
    stage: &Value<'_>,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Line<'l> {
        account: Option<&'l str>,
        region: Option<&'l str>,
        api: Written<'l>,
        stage: Written<'l>,
        #[serde(rename = "not-stated", skip_serializing_if = "Vec::is_empty")]
        not_stated: Vec<String>,
    }
    let mut unstated = not_stated(&API_FIELD, document.api, "api.");
    unstated.extend(not_stated(&STAGE_FIELD, document.stage, ""));
    let written = Line {
        account: document.account,
        region: document.region,
        api: Written {
            field: &API_FIELD,
            value: document.api,
        },
        stage: Written {
            field: &STAGE_FIELD,
            value: stage,
        },
        not_stated: unstated,
    };
    json_line(out, &written)
}

pub fn json_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// The dotted paths of everything that is not stated, for the line of a snapshot.
#[must_use]
pub fn not_stated(field: &'static Field, value: &Value<'_>, prefix: &str) -> Vec<String> {
    let Value::Struct(members) = value else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    for (field, value) in field.members().iter().zip(members) {
        let path = format!("{prefix}{}", field.name);
        match value {
            Value::NotStated => paths.push(path),
            Value::Struct(_) => paths.extend(not_stated(field, value, &format!("{path}."))),
            // A map in which something is not stated is taken to be not stated whole.
            Value::Map(entries) if entries.iter().any(|(_, value)| holds_unstated(value)) => {
                paths.push(path);
            }
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
