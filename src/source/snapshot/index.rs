//! The stages of a snapshot, counted while they are decoded on whatever thread: what the file states of them must agree,
//! whichever of them are selected.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::document::Document;
use crate::model::moment::Moment;
use crate::model::state::{FoundNames, Narrowing, ScopeName, Selection};
use crate::model::value::Value;

/// The selected stages of a file, and an index of all of them.
#[derive(Debug, Default)]
pub struct StageIndex {
    /// The names that are selected.
    pub selection: Arc<Selection>,
    /// The narrowing of the file, which no stage in it may be outside of.
    pub narrowing: Narrowing,
    /// The time at which the stages were read from AWS, if it is stated.
    pub read_at: Option<Moment>,
    indexed: Mutex<IndexedStages>,
}

/// The index of a whole file.
#[derive(Debug, Default)]
pub struct IndexedStages {
    /// The number of stages of each account and Region.
    scopes: BTreeMap<ScopeName, u64>,
    /// The selected names that were found.
    pub found: FoundNames,
    stretches: Vec<Stretch>,
}

#[derive(Debug)]
struct Stretch {
    line: u64,
    first: Name<String>,
    last: Name<String>,
    /// True if each stage comes after the one before it.
    ascending: bool,
    hashes: Vec<u64>,
    apis: Vec<Described>,
}

/// A line that describes an API. The order of these brings the lines of each API together, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Described {
    api: u64,
    line: u64,
    description: u64,
    scope: u64,
}

/// Account, Region, API and stage.
type Name<T> = [Option<T>; 4];

fn name_of<'d>(document: &Document<'d>) -> Name<&'d str> {
    [
        document.account,
        document.region,
        document.api_id(),
        document.stage_name(),
    ]
}

fn owned(name: Name<&str>) -> Name<String> {
    name.map(|name| name.map(str::to_owned))
}

/// The index of one stretch of lines, while it is decoded.
pub struct BatchIndex<'r> {
    index: &'r StageIndex,
    line: u64,
    hashes: Vec<u64>,
    apis: Vec<Described>,
    /// The hash over account, Region and API of the last line.
    api: DefaultHasher,
    ascending: bool,
    scopes: Vec<(ScopeName, u64)>,
    found: FoundNames,
    first: Option<Name<String>>,
}

impl StageIndex {
    /// An index for a file with this narrowing; only these stages are selected.
    #[must_use]
    pub fn new(selection: Arc<Selection>, narrowing: Narrowing, read_at: Option<Moment>) -> Self {
        Self {
            selection,
            narrowing,
            read_at,
            indexed: Mutex::default(),
        }
    }

    /// True if a stage is selected.
    pub fn selects(&self, document: &Document<'_>) -> bool {
        self.selection.has_api(document.api_id())
            && self.selection.has_protocol(document.protocol_name())
            && self.selection.has_stage(document.stage_name())
    }

    /// The notes on all lines, once they are decoded.
    #[must_use]
    pub fn indexed(&self) -> IndexedStages {
        let mut indexed =
            std::mem::take(&mut *self.indexed.lock().unwrap_or_else(PoisonError::into_inner));
        indexed.stretches.sort_by_key(|stretch| stretch.line);
        indexed
    }
}

impl<'r> BatchIndex<'r> {
    pub fn begin(index: &'r StageIndex, line: u64) -> Self {
        let (hashes, apis, scopes, found) =
            (Vec::new(), Vec::new(), Vec::new(), FoundNames::default());
        Self {
            index,
            line,
            hashes,
            apis,
            api: DefaultHasher::new(),
            ascending: true,
            scopes,
            found,
            first: None,
        }
    }

    /// Adds a line; `before` is the one before it, and `same_api` tells that they are of one API.
    pub fn line(
        &mut self,
        before: Option<&Document<'_>>,
        document: &Document<'_>,
        same_api: bool,
    ) -> Result<(), String> {
        match before {
            Some(before) if same_api => {
                self.follows(before.stage_name().cmp(&document.stage_name()))?;
            }
            Some(before) => self.follows(name_of(before).cmp(&name_of(document)))?,
            None => self.first = Some(owned(name_of(document))),
        }
        if !same_api {
            self.begin_api(before, document)?;
        }
        let StageIndex {
            selection,
            narrowing,
            ..
        } = self.index;
        if let Some(name) = document.stage_name() {
            if !narrowing.stage.is_empty() && !narrowing.stage.iter().any(|of| of == name) {
                return Err(
                    "the header names the stages that the snapshot was narrowed to, and not this one".to_owned()
                );
            }
            if !selection.stages.is_empty()
                && selection.has_api(document.api_id())
                && selection.has_protocol(document.protocol_name())
            {
                self.found.stage(selection, name);
            }
        }
        let mut hash = self.api.clone();
        document.stage_name().hash(&mut hash);
        self.hashes.push(hash.finish());
        if let Some((_, stages)) = self.scopes.last_mut() {
            *stages += 1;
        }
        Ok(())
    }

    fn begin_api(
        &mut self,
        before: Option<&Document<'_>>,
        document: &Document<'_>,
    ) -> Result<(), String> {
        let [account, region, api, _] = name_of(document);
        if let Some(before) = before
            && api.is_some()
            && name_of(before)[..3] == [account, region, api]
            && before.api != document.api
        {
            return Err("the line before it describes the same API in another way".to_owned());
        }
        let StageIndex {
            selection,
            narrowing,
            ..
        } = self.index;
        if let Some(id) = api {
            if !narrowing.api.is_empty() && !narrowing.api.iter().any(|of| of == id) {
                return Err(
                    "the header names the APIs that the snapshot was narrowed to, and not this one"
                        .to_owned(),
                );
            }
            self.found.api(selection, id);
        }
        if let Some(protocol) = document.protocol_name()
            && !narrowing.protocol.is_empty()
            && !narrowing.protocol.iter().any(|of| of == protocol)
        {
            return Err(
                "the header names the protocols that the snapshot was narrowed to, and not that of this one"
                    .to_owned(),
            );
        }
        self.api = DefaultHasher::new();
        (account, region, api).hash(&mut self.api);
        // An API that is not named is not known to be the same.
        if api.is_some() {
            self.describe(document.api, scope_hash(account, region));
        }
        let same_scope = |(of, _): &(ScopeName, u64)| {
            (of.account.as_deref(), of.region.as_deref()) == (account, region)
        };
        if !self.scopes.last().is_some_and(same_scope) {
            let name = ScopeName {
                account: account.map(str::to_owned),
                region: region.map(str::to_owned),
            };
            self.scopes.push((name, 0));
        }
        Ok(())
    }

    /// Adds the description of the API that begins.
    fn describe(&mut self, api: &Value<'_>, scope: u64) {
        let mut description = DefaultHasher::new();
        hash_value(api, &mut description);
        let line = self.line + self.hashes.len() as u64;
        let described = Described {
            api: self.api.finish(),
            line,
            description: description.finish(),
            scope,
        };
        let same = |last: &Described| {
            (last.api, last.description) == (described.api, described.description)
        };
        if !self.apis.last().is_some_and(same) {
            self.apis.push(described);
        }
    }

    fn follows(&mut self, order: std::cmp::Ordering) -> Result<(), String> {
        match order {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Greater => {
                self.ascending = false;
                Ok(())
            }
            std::cmp::Ordering::Equal => Err("the line before it is the same stage".to_owned()),
        }
    }

    /// Adds the notes to those of the other lines; `last` is the last of these.
    pub fn end(self, last: &Document<'_>) {
        let Self {
            index,
            line,
            hashes,
            mut apis,
            ascending,
            scopes,
            found,
            first,
            ..
        } = self;
        let Some(first) = first else { return };
        if !ascending {
            // One of each description is enough, in whatever order the stages come.
            apis.sort_unstable_by_key(|of| (of.api, of.description, of.line));
            apis.dedup_by_key(|of| (of.api, of.description));
        }
        let mut indexed = index.indexed.lock().unwrap_or_else(PoisonError::into_inner);
        for (scope, stages) in scopes {
            *indexed.scopes.entry(scope).or_default() += stages;
        }
        indexed.found.add(found);
        indexed.stretches.push(Stretch {
            line,
            first,
            last: owned(name_of(last)),
            ascending,
            hashes,
            apis,
        });
    }
}

impl IndexedStages {
    /// Each account and Region with its number of stages.
    pub fn stages(&self) -> impl Iterator<Item = (&ScopeName, u64)> {
        self.scopes.iter().map(|(scope, stages)| (scope, *stages))
    }

    /// Each account and Region with its number of APIs.
    #[must_use]
    pub fn apis(&self) -> BTreeMap<&ScopeName, u64> {
        let mut apis: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
        for described in self.stretches.iter().flat_map(|stretch| &stretch.apis) {
            apis.entry(described.scope)
                .or_default()
                .insert(described.api);
        }
        let number = |scope: &ScopeName| {
            apis.get(&scope_hash(
                scope.account.as_deref(),
                scope.region.as_deref(),
            ))
            .map_or(0, |apis| apis.len() as u64)
        };
        self.scopes
            .keys()
            .map(|scope| (scope, number(scope)))
            .collect()
    }

    fn in_order(&self) -> bool {
        self.stretches.iter().all(|stretch| stretch.ascending)
            && self.stretches.is_sorted_by(|a, b| a.last < b.first)
    }

    /// The lines of a stage that is there twice.
    #[must_use]
    pub fn twice(&self) -> Option<(u64, u64)> {
        if self.in_order() {
            return None;
        }
        let mut all: Vec<(u64, u64)> = self
            .stretches
            .iter()
            .flat_map(|stretch| stretch.hashes.iter().copied().zip(stretch.line..))
            .collect();
        all.sort_unstable();
        all.windows(2)
            .find(|pair| pair[0].0 == pair[1].0)
            .map(|pair| (pair[0].1, pair[1].1))
    }

    /// Two lines that describe the same API in different ways.
    #[must_use]
    pub fn described_in_two_ways(&self) -> Option<(u64, u64)> {
        let mut all: Vec<Described> = self
            .stretches
            .iter()
            .flat_map(|stretch| stretch.apis.iter().copied())
            .collect();
        if !self.in_order() {
            all.sort_unstable();
        }
        let differ = |pair: &&[Described]| {
            pair[0].api == pair[1].api && pair[0].description != pair[1].description
        };
        all.windows(2)
            .find(differ)
            .map(|pair| (pair[0].line, pair[1].line))
    }
}

fn scope_hash(account: Option<&str>, region: Option<&str>) -> u64 {
    let mut hash = DefaultHasher::new();
    (account, region).hash(&mut hash);
    hash.finish()
}

/// Hashes a value, so that equal ones hash alike.
fn hash_value(value: &Value<'_>, to: &mut DefaultHasher) {
    std::mem::discriminant(value).hash(to);
    match value {
        Value::Unset | Value::NotStated | Value::SomeValue => {}
        Value::Boolean(value) => value.hash(to),
        Value::Integer(value) => value.hash(to),
        // Zero has two signs, which are equal.
        Value::Number(value) => (value + 0.0).to_bits().hash(to),
        Value::Text(text) => text.hash(to),
        Value::Digest(digest) => (digest.sha256, digest.looks_secret).hash(to),
        Value::Struct(values) | Value::List(values) => {
            values.len().hash(to);
            values.iter().for_each(|value| hash_value(value, to));
        }
        Value::Map(entries) => {
            entries.len().hash(to);
            for (key, value) in entries {
                key.hash(to);
                hash_value(value, to);
            }
        }
    }
}
