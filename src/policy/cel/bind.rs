//! A stage bound to the names of an expression: each place that is read gives a value of CEL, or the reason why there
//! is none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cel::ExecutionError;
use cel::common::traits::Indexer;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelString, Type};
use cel::common::value::{CowVal, Val};

use super::place::{self, Access, AccessKind, EACH_ROUTE, ROOTS, Step};
use crate::model::Document;
use crate::model::catalogue::stage::{DEFAULT_ROUTE, ROUTES};
use crate::model::catalogue::{Field, Kind};
use crate::model::protocol::Protocol;
use crate::model::value::{NOT_STATED, UNSET, Value};
use crate::policy::language::explain::OpenQuestion;
use crate::policy::language::test::{DIGEST_REASON, NOT_STATED_REASON};
use crate::policy::language::value::{compared, resolve};

/// The values behind [`ROOTS`].
#[derive(Debug)]
pub struct Roots<'d> {
    stage: &'d Value<'d>,
    api: &'d Value<'d>,
    /// The settings in force of the stage default, under the empty key, and of each entry that is stated.
    routes: Value<'d>,
    /// True if there may be more entries, since the source states none.
    may_be_more_routes: bool,
    /// Account, Region, partition, ARN.
    ours: [Value<'d>; 4],
}

impl<'d> Roots<'d> {
    /// The values of a document. `in_force` gives the settings of a route from its entry and the stage default.
    pub fn of(
        document: &Document<'d>,
        reads_routes: bool,
        in_force: impl Fn(&'d Value<'d>, &'d Value<'d>) -> Value<'d>,
    ) -> Self {
        let entries = document.value(ROUTES);
        let routes = || {
            let default = document.value(DEFAULT_ROUTE);
            let routes = entries
                .entries()
                .iter()
                .map(|(key, entry)| (key.as_ref().into(), in_force(entry, default)));
            let default = ("".into(), in_force(default, default));
            Value::map([default].into_iter().chain(routes).collect())
        };
        let text = |text: Option<&'d str>| text.map_or(Value::NotStated, Value::text);
        let arn = document.arn().map_or(Value::NotStated, Value::text);
        Self {
            stage: document.stage,
            api: document.api,
            routes: if reads_routes { routes() } else { Value::Unset },
            may_be_more_routes: matches!(entries, Value::NotStated),
            ours: [
                text(document.account),
                text(document.region),
                text(document.partition()),
                arn,
            ],
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
}

/// The reason why a place gives no value.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The source does not state it.
    Open(OpenQuestion),
    /// It is not set: the number of the read.
    Missing(usize),
    /// A key that was worked out is not there.
    MissingKey,
}

/// One stage as an expression sees it.
#[derive(Clone, Copy, Debug)]
pub struct BoundStage<'r> {
    /// The places that the expression reads.
    pub reads: &'r [Access],
    /// The values that they lead to.
    pub roots: &'r Roots<'r>,
    /// The protocol of the stage: what it lacks is not there.
    pub protocol: Protocol,
    /// The reasons of the places that gave no value, in the order in which they were read.
    pub refusals: &'r Mutex<Vec<Refusal>>,
}

static TYPE: Type = Type::new_unspecified_type(place::STAGE);

type Boxed<'v> = Box<dyn Val + 'v>;

/// The way from a value to something inside it that is not stated, from the inside.
struct Hole {
    way: Vec<String>,
    reason: &'static str,
}

impl Hole {
    fn here(reason: &'static str) -> Self {
        Self {
            way: Vec::new(),
            reason,
        }
    }

    fn below(mut self, name: &str) -> Self {
        self.way.push(name.to_owned());
        self
    }
}

impl<'r> BoundStage<'r> {
    /// The account of the stage, if it is stated.
    pub fn account(&self) -> Option<&str> {
        self.roots.get("account").as_text()
    }

    /// The reason behind an error of CEL, if it is one of a place.
    pub fn refusal(&self, error: &ExecutionError) -> Option<Refusal> {
        match error {
            ExecutionError::FunctionError { function, message } if function == place::STAGE => {
                let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
                refusals.get(message.parse::<usize>().ok()?).cloned()
            }
            _ => None,
        }
    }

    /// True if the stage may have routes that its source does not state.
    pub const fn may_have_more_routes(&self) -> bool {
        self.roots.may_be_more_routes
    }

    fn read(&self, number: usize, keys: &[Boxed<'_>]) -> Result<Boxed<'r>, Refusal> {
        let read = self.reads.get(number).ok_or(Refusal::MissingKey)?;
        let texts: Vec<Option<&str>> = keys
            .iter()
            .map(|key| key.downcast_ref::<CelString<'_>>().map(CelString::inner))
            .collect();
        let open = |hole: Hole| Refusal::Open(open(read, &texts, &hole));
        let may_be_more = ROOTS[read.root].name == EACH_ROUTE.name && self.may_have_more_routes();
        if may_be_more && read.steps.is_empty() {
            return Err(open(Hole::here(NOT_STATED_REASON)));
        }
        let (mut value, mut field) = (self.roots.get(ROOTS[read.root].name), ROOTS[read.root]);
        let (mut worked, mut key, mut is_entry) = (texts.iter(), None, false);
        for (at, step) in read.steps.iter().enumerate() {
            key = match (step, field.kind) {
                (Step::Member(place), Kind::Struct(members)) => {
                    (value, field, is_entry) = (
                        value.member(*place),
                        members.get(*place).ok_or(Refusal::MissingKey)?,
                        false,
                    );
                    continue;
                }
                (Step::Key(key), _) => Some(&**key),
                _ => worked.next().copied().flatten(),
            };
            let Kind::Map(of) = field.kind else {
                return Err(Refusal::MissingKey);
            };
            let entries = value.entries();
            let place = key.and_then(|key| {
                entries
                    .binary_search_by(|(name, _)| name.as_ref().cmp(key))
                    .ok()
            });
            (value, field, is_entry) = match place {
                _ if matches!(value, Value::NotStated) => (value, of, false),
                Some(place) => (&entries[place].1, of, true),
                // Of a map, the routes are the only one that is stated in part.
                None if may_be_more && at == 0 => (&NOT_STATED, of, false),
                None if at + 1 == read.steps.len() && read.kind == AccessKind::Presence => {
                    (&UNSET, of, false)
                }
                None if matches!(step, Step::Key(_)) => return Err(Refusal::Missing(number)),
                None => return Err(Refusal::MissingKey),
            };
        }
        let value = resolve(field, value);
        match (read.kind, value) {
            (_, Value::NotStated) => Err(open(Hole::here(NOT_STATED_REASON))),
            (AccessKind::Presence, _) => {
                let is_there = !matches!(value, Value::Unset)
                    || (is_entry && matches!(field.kind, Kind::Struct(_)));
                Ok(Box::new(CelBool::from(is_there)))
            }
            (AccessKind::Keys, _) => keys_of(value, field).map_err(open),
            (AccessKind::Equality, Value::Digest(digest)) => {
                let text = texts.last().copied().flatten();
                let is_equal = text.is_some_and(|text| {
                    digest.is_of(self.account(), key.unwrap_or_default(), text)
                });
                Ok(Box::new(CelBool::from(is_equal)))
            }
            (AccessKind::Equality, Value::Text(text)) => Ok(Box::new(CelBool::from(
                texts.last().copied().flatten() == Some(compared(field, text)),
            ))),
            (AccessKind::Equality | AccessKind::Value, _) => {
                let shown = shown(value, field, self.protocol).map_err(open)?;
                shown.ok_or_else(|| match read.steps.last() {
                    Some(Step::Worked) => Refusal::MissingKey,
                    _ => Refusal::Missing(number),
                })
            }
        }
    }
}

/// The question that a hole in the value of a place leaves open.
fn open(read: &Access, keys: &[Option<&str>], hole: &Hole) -> OpenQuestion {
    let mut field = ROOTS[read.root];
    let mut keys = keys.iter();
    let mut way = Vec::new();
    for step in &read.steps {
        let name = match (step, field.kind) {
            (Step::Member(at), Kind::Struct(members)) => {
                field = &members[*at];
                Some(field.name)
            }
            (step, Kind::Map(of)) => {
                field = of;
                if let Step::Key(key) = step {
                    Some(&**key)
                } else {
                    keys.next().copied().flatten()
                }
            }
            _ => None,
        };
        way.extend(name);
    }
    way.extend(hole.way.iter().rev().map(String::as_str));
    let (start, route, way) = match (ROOTS[read.root].name, way.as_slice()) {
        ("stage", [name, key, ..]) if *name == ROUTES.name => {
            (None, Some(Arc::from(*key)), way.as_slice())
        }
        ("stage", way) => (None, None, way),
        ("each_route", ["", way @ ..]) => (Some(DEFAULT_ROUTE.name), None, way),
        ("each_route", [key, ..]) => (Some(ROUTES.name), Some(Arc::from(*key)), way.as_slice()),
        ("each_route", []) => (Some(ROUTES.name), None, [].as_slice()),
        (root, way) => (Some(root), None, way),
    };
    let path: Vec<&str> = start.into_iter().chain(way.iter().copied()).collect();
    OpenQuestion {
        route,
        path: path.join(".").into(),
        reason: hole.reason.into(),
    }
}

/// The keys of a map. Of a text that is not stated it is not known whether it is set, and so whether its key counts.
fn keys_of<'v>(value: &'v Value<'v>, field: &'static Field) -> Result<Boxed<'v>, Hole> {
    let mut keys: Vec<Boxed<'v>> = Vec::with_capacity(value.entries().len());
    for (key, value) in value.entries() {
        match value {
            Value::NotStated if !of_structs(field) => {
                return Err(Hole::here(NOT_STATED_REASON).below(key));
            }
            Value::Unset if !of_structs(field) => {}
            _ => keys.push(Box::new(CelString::from(key.as_ref()))),
        }
    }
    Ok(Box::new(CelList::from(keys)))
}

fn of_structs(field: &Field) -> bool {
    matches!(field.kind, Kind::Map(of) if matches!(of.kind, Kind::Struct(_)))
}

/// A value with what unset means filled in; `None` for what is not there. What the protocol lacks is left out.
fn shown<'v>(
    value: &'v Value<'v>,
    field: &'static Field,
    protocol: Protocol,
) -> Result<Option<Boxed<'v>>, Hole> {
    let value = resolve(field, value);
    Ok(match (value, field.kind) {
        (Value::NotStated | Value::SomeValue, _) => return Err(Hole::here(NOT_STATED_REASON)),
        (Value::Digest(_), _) => return Err(Hole::here(DIGEST_REASON)),
        (_, Kind::Struct(members)) => {
            let mut read = HashMap::new();
            for (at, member) in members
                .iter()
                .enumerate()
                .filter(|(_, member)| member.on.include(protocol))
            {
                let inside = shown(value.member(at), member, protocol)
                    .map_err(|hole| hole.below(member.name))?;
                read.extend(inside.map(|inside| (CelMapKey::from(member.name), inside)));
            }
            Some(Box::new(CelMap::from(read)))
        }
        (_, Kind::Map(of)) => {
            let mut read = HashMap::new();
            for (key, value) in value.entries() {
                let inside = shown(value, of, protocol).map_err(|hole| hole.below(key))?;
                read.extend(inside.map(|inside| (CelMapKey::from(key.as_ref()), inside)));
            }
            Some(Box::new(CelMap::from(read)))
        }
        (Value::List(elements), Kind::List(of)) => {
            let mut read = Vec::with_capacity(elements.len());
            for element in elements {
                read.extend(shown(element, of, protocol)?);
            }
            Some(Box::new(CelList::from(read)))
        }
        (_, Kind::List(_)) => Some(Box::new(CelList::from(Vec::new()))),
        (Value::Boolean(value), _) => Some(Box::new(CelBool::from(*value))),
        (Value::Integer(value), _) => Some(Box::new(CelInt::from(*value))),
        (Value::Number(value), _) => Some(Box::new(CelDouble::from(*value))),
        (Value::Text(text), _) => Some(Box::new(CelString::from(compared(field, text)))),
        (Value::Unset | Value::Struct(_) | Value::Map(_) | Value::List(_), _) => None,
    })
}

/// The keys of a map of CEL in byte order; every other value as it is.
pub fn ordered<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = args.pop().ok_or(ExecutionError::MissingArgumentOrTarget)?;
    let Some(map) = value.downcast_ref::<CelMap<'_>>() else {
        return Ok(value);
    };
    let mut keys: Vec<&CelMapKey<'_>> = map.inner().keys().collect();
    keys.sort_unstable();
    let keys = keys.into_iter().map(|key| key.inner().clone_as_boxed());
    Ok(CowVal::owned(CelList::from(keys.collect::<Vec<_>>())))
}

impl Val for BoundStage<'_> {
    fn get_type(&self) -> &Type {
        &TYPE
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Indexer for BoundStage<'_> {
    /// The value of a place: by the number of the read, or by a list of that and the keys that are worked out.
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let list = index
            .downcast_ref::<CelList<'_>>()
            .and_then(|list| list.inner().split_first());
        let (number, keys) =
            list.map_or((index, [].as_slice()), |(number, keys)| (&**number, keys));
        let number = number
            .downcast_ref::<CelInt>()
            .and_then(|number| usize::try_from(*number.inner()).ok());
        self.read(number.unwrap_or(usize::MAX), keys)
            .map(CowVal::Owned)
            .map_err(|refusal| {
                let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
                refusals.push(refusal);
                ExecutionError::function_error(place::STAGE, refusals.len() - 1)
            })
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}
