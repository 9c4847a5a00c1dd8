//! A stage as an expression sees it: the parts that are read, as values of CEL, and what the source leaves open in
//! them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString};
use cel::common::value::Val;

use super::reading::{ROOTS, Read, Step};
use crate::model::Document;
use crate::model::catalogue::{Field, Kind, Protocol, STAGE, position};
use crate::model::value::{NOT_STATED, Value};
use crate::policy::explain::{NOT_STATED_REASON, Open};
use crate::policy::operator::{DIGEST_REASON, compared};
use crate::policy::pattern::resolve;

/// The values behind [`ROOTS`].
pub struct Roots<'d> {
    stage: &'d Value<'d>,
    api: &'d Value<'d>,
    routes: Value<'d>,
    /// Account, Region, partition, ARN.
    ours: [Value<'d>; 4],
}

impl<'d> Roots<'d> {
    /// Those of a document. `in_force` gives the settings of a route from its entry and the stage default.
    pub fn of(
        document: &Document<'d>,
        reads_routes: bool,
        in_force: impl Fn(&'d Value<'d>, &'d Value<'d>) -> Value<'d>,
    ) -> Self {
        let routes = || match document.stage.member(const { position(STAGE, "RouteSettings") }) {
            Value::NotStated => Value::NotStated,
            entries => {
                let default = document.stage.member(const { position(STAGE, "DefaultRouteSettings") });
                let entries = entries.entries().iter();
                let routes = entries.map(|(key, entry)| (key.as_ref().into(), in_force(entry, default)));
                Value::map([("".into(), in_force(default, default))].into_iter().chain(routes).collect())
            }
        };
        let text = |text: Option<&'d str>| text.map_or(Value::NotStated, Value::text);
        let arn = document.arn().map_or(Value::NotStated, Value::text);
        Self {
            stage: document.stage,
            api: document.api,
            routes: if reads_routes { routes() } else { Value::Unset },
            ours: [text(document.account), text(document.region), text(document.partition()), arn],
        }
    }

    fn get(&self, name: &str) -> &Value<'d> {
        match name {
            "stage" => self.stage,
            "api" => self.api,
            "each_route" => &self.routes,
            "account" => &self.ours[0],
            "region" => &self.ours[1],
            "partition" => &self.ours[2],
            "arn" => &self.ours[3],
            _ => &NOT_STATED,
        }
    }

    /// What of a read place the source does not state.
    pub fn open(&self, read: &Read, protocol: Protocol, out: &mut Vec<Open>) {
        let Some((Step::Name(name), rest)) = read.path.split_first() else { return };
        let Some(field) = ROOTS.into_iter().find(|root| *root.name == **name) else { return };
        let mut place = Place { root: name, path: Vec::new(), keys_only: read.keys_only, protocol, out };
        place.open(self.get(name), field, rest);
    }

    /// Whether a stage variable, of which there is only a digest, has this value.
    pub fn is_digest_of(&self, variable: &str, value: &str) -> Option<bool> {
        let variables = self.stage.member(const { position(STAGE, "StageVariables") });
        match variables.entry(variable) {
            Value::Digest(digest) => Some(digest.is_of(self.ours[0].as_text(), variable, value)),
            _ => None,
        }
    }

    /// The values of the roots that are read.
    pub fn values<'v>(&'v self, take: &'v Take, protocol: Protocol) -> impl Iterator<Item = (&'static str, Boxed<'v>)> {
        ROOTS.into_iter().filter_map(move |field| {
            let take = take.below.get(field.name)?;
            Some((field.name, shown(self.get(field.name), field, protocol, take)?))
        })
    }
}

/// A place on the way to what is not stated.
struct Place<'p> {
    root: &'p str,
    path: Vec<&'p str>,
    keys_only: bool,
    protocol: Protocol,
    out: &'p mut Vec<Open>,
}

impl<'p> Place<'p> {
    fn open(&mut self, value: &'p Value<'p>, field: &'static Field, steps: &'p [Step]) {
        match (steps.split_first(), field.kind) {
            (None, _) if self.keys_only => self.unless_stated(value),
            (None, kind) => match (value, kind) {
                (Value::NotStated | Value::Digest(_), _) => self.unless_stated(value),
                (Value::Struct(_), Kind::Struct(members)) => {
                    for (at, member) in members.iter().enumerate() {
                        self.below(member.name, value.member(at), member, &[]);
                    }
                }
                (Value::Map(entries), Kind::Map(of)) => {
                    for (key, value) in entries {
                        self.below(key, value, of, &[]);
                    }
                }
                (Value::List(elements), _) => elements.iter().for_each(|element| self.unless_stated(element)),
                _ => {}
            },
            (Some((Step::Name(name), rest)), Kind::Struct(members)) => {
                let at = position(members, name);
                if let Some(member) = members.get(at) {
                    self.below(name, value.member(at), member, rest);
                }
            }
            (Some((Step::Name(name), rest)), Kind::Map(of)) => self.below(name, value.entry(name), of, rest),
            (Some((Step::Any, rest)), Kind::Map(of)) => {
                self.unless_stated(value);
                for (key, value) in value.entries() {
                    self.below(key, value, of, rest);
                }
            }
            _ => {}
        }
    }

    fn below(&mut self, name: &'p str, value: &'p Value<'p>, field: &'static Field, rest: &'p [Step]) {
        if field.on.include(self.protocol) {
            self.path.push(name);
            self.open(value, field, rest);
            self.path.pop();
        }
    }

    fn unless_stated(&mut self, value: &Value<'_>) {
        let reason = match value {
            Value::NotStated => NOT_STATED_REASON,
            Value::Digest(_) if !self.keys_only => DIGEST_REASON,
            _ => return,
        };
        let (start, route, path) = match (self.root, self.path.as_slice()) {
            ("stage", path) => (None, None, path),
            ("each_route", ["", path @ ..]) => (Some("DefaultRouteSettings"), None, path),
            ("each_route", path @ [route, ..]) => (Some("RouteSettings"), Some(Arc::from(*route)), path),
            ("each_route", []) => (Some("RouteSettings"), None, [].as_slice()),
            (root, path) => (Some(root), None, path),
        };
        let path: Vec<&str> = start.into_iter().chain(path.iter().copied()).collect();
        let open = Open { route, path: path.join(".").into(), reason: reason.into() };
        if !self.out.contains(&open) {
            self.out.push(open);
        }
    }
}

/// What is read of a value: all of it, or parts.
#[derive(Debug, Default)]
pub struct Take {
    whole: bool,
    /// The keys of a map, though not their values.
    keys: bool,
    /// The members and keys that are named.
    below: BTreeMap<Box<str>, Take>,
    /// Every value of a map, or parts of it.
    any: Option<Box<Take>>,
}

impl Take {
    /// What these places need.
    pub fn of<'r>(reads: impl IntoIterator<Item = &'r Read>) -> Self {
        let mut top = Self::default();
        for read in reads {
            let mut take = &mut top;
            for step in &read.path {
                take = match step {
                    Step::Name(name) => take.below.entry(name.clone()).or_default(),
                    Step::Any => take.any.get_or_insert_default(),
                };
            }
            take.keys |= read.keys_only;
            take.whole |= !read.keys_only;
        }
        top
    }
}

static WHOLE: Take = Take { whole: true, keys: false, below: BTreeMap::new(), any: None };

type Boxed<'v> = Box<dyn Val + 'v>;

/// A value with what unset means filled in; `None` for what is not there, and for what the protocol lacks.
///
/// What is not read is left out, or stands as a null when only its key is read.
fn shown<'v>(value: &'v Value<'v>, field: &'static Field, protocol: Protocol, take: &Take) -> Option<Boxed<'v>> {
    let value = resolve(field, value);
    match field.kind {
        Kind::Struct(members) => {
            let read = members.iter().enumerate().filter_map(|(at, member)| {
                let take = if take.whole { &WHOLE } else { take.below.get(member.name)? };
                if !member.on.include(protocol) {
                    return None;
                }
                Some((CelMapKey::from(member.name), shown(value.member(at), member, protocol, take)?))
            });
            Some(Box::new(CelMap::from(read.collect::<HashMap<_, _>>())))
        }
        Kind::Map(of) => {
            let read = value.entries().iter().filter_map(|(key, value)| {
                let take = match (take.whole, take.below.get(key.as_ref()), take.any.as_deref()) {
                    (false, Some(one), None) | (false, None, Some(one)) => one,
                    (false, None, None) if !take.keys => return None,
                    (false, None, None) if value.is_unset() && !matches!(of.kind, Kind::Struct(_)) => return None,
                    (false, None, None) => return Some((CelMapKey::from(key.as_ref()), null())),
                    _ => &WHOLE,
                };
                Some((CelMapKey::from(key.as_ref()), shown(value, of, protocol, take)?))
            });
            Some(Box::new(CelMap::from(read.collect::<HashMap<_, _>>())))
        }
        Kind::List(of) => {
            let Value::List(elements) = value else { return Some(Box::new(CelList::from(Vec::new()))) };
            let elements = elements.iter().filter_map(|element| shown(element, of, protocol, &WHOLE));
            Some(Box::new(CelList::from(elements.collect::<Vec<_>>())))
        }
        Kind::Boolean | Kind::Integer | Kind::Number | Kind::Text | Kind::OneOf(_) => match value {
            Value::Unset => None,
            // What reads the value is not evaluated; what reads the key may be.
            Value::NotStated | Value::Digest(_) => Some(null()),
            _ if !take.whole => Some(null()),
            Value::Boolean(value) => Some(Box::new(CelBool::from(*value))),
            Value::Integer(value) => Some(Box::new(CelInt::from(*value))),
            Value::Number(value) => Some(Box::new(CelDouble::from(*value))),
            Value::Text(text) => Some(Box::new(CelString::from(compared(field, text)))),
            Value::Struct(_) | Value::Map(_) | Value::List(_) => None,
        },
    }
}

fn null<'v>() -> Boxed<'v> {
    Box::new(CelNull)
}
