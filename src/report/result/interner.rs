//! Keeps once what many findings of a result share: names of stages, texts, rules and waivers by number. It must not
//! know JSON.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::json::Text;
use super::records::{Stage, WaiverOf};
use crate::model::Path;
use crate::model::finding::{ApiName, RegionName, StageName, WaiverFacts};
use crate::model::protocol::Protocol;

/// Everything that is shared so far by the findings of one list.
#[derive(Default)]
pub struct Interner {
    texts: HashSet<Arc<str>>,
    paths: HashSet<Arc<Path>>,
    places: HashSet<Arc<RegionName>>,
    apis: HashSet<Arc<ApiName>>,
    stages: HashSet<Arc<StageName>>,
    /// Findings on one stage follow each other.
    last: Option<Arc<StageName>>,
    /// Rules by name, in the order of their first finding.
    pub rules: Numbered<Box<str>>,
    /// Waivers that findings name, likewise.
    pub waivers: Numbered<WaiverKey>,
}

/// The members by which a finding names its waiver.
#[derive(PartialEq, Eq, Hash)]
pub struct WaiverKey {
    reason: String,
    owner: String,
    expires: String,
    /// The file that holds the waiver.
    pub file: String,
    /// The line of it.
    pub line: usize,
}

impl WaiverKey {
    /// True if the finding names this waiver.
    pub fn is(&self, waiver: &WaiverFacts) -> bool {
        let Self {
            reason,
            owner,
            expires,
            file,
            line,
        } = self;
        (file, *line, reason, owner, expires)
            == (
                &waiver.file,
                waiver.line,
                &waiver.reason,
                &waiver.owner,
                &waiver.expires,
            )
    }
}

/// Things with a number each, in the order in which they came.
pub struct Numbered<T> {
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
        }
    }
}

impl<T: Hash + Eq> Numbered<T> {
    /// The number of a thing.
    pub fn number(&mut self, of: T) -> u32 {
        // A result of four billion rules does not fit into memory.
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(of).or_insert(next)
    }

    /// For each number its place elsewhere; the thing that has none.
    pub fn places(&self, place: impl Fn(&T) -> Option<usize>) -> Result<Vec<u32>, &T> {
        // In the order of the numbers, so that of several without a place it is always the first.
        let mut things: Vec<(&T, &u32)> = self.numbers.iter().collect();
        things.sort_unstable_by_key(|(_, number)| **number);
        things
            .into_iter()
            .map(|(thing, _)| {
                place(thing)
                    .and_then(|at| u32::try_from(at).ok())
                    .ok_or(thing)
            })
            .collect()
    }
}

impl Interner {
    /// A text that may be held already.
    pub fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let new: Arc<str> = text.into();
        self.texts.insert(Arc::clone(&new));
        new
    }

    /// A path that may be held already.
    pub fn path(&mut self, path: Path) -> Arc<Path> {
        if let Some(known) = self.paths.get(&path) {
            return Arc::clone(known);
        }
        let new = Arc::new(path);
        self.paths.insert(Arc::clone(&new));
        new
    }

    /// The same, where there may be none.
    pub fn optional(&mut self, text: Option<&str>) -> Option<Arc<str>> {
        text.map(|text| self.text(text))
    }

    /// The number of a waiver.
    pub fn waiver(&mut self, of: WaiverOf<'_>) -> u32 {
        let WaiverOf {
            reason,
            owner,
            expires,
            file,
            line,
        } = of;
        let [reason, owner, expires, file] = [reason, owner, expires, file].map(Text::into_owned);
        self.waivers.number(WaiverKey {
            reason,
            owner,
            expires,
            file,
            line,
        })
    }

    /// The number of a rule.
    pub fn rule(&mut self, name: &str) -> u32 {
        match self.rules.numbers.get(name) {
            Some(number) => *number,
            None => self.rules.number(name.into()),
        }
    }

    /// The name of a stage.
    pub fn stage(&mut self, stage: &Stage<'_>) -> Arc<StageName> {
        if let Some(last) = self.last.as_ref().filter(|last| same(stage, last)) {
            return Arc::clone(last);
        }
        let [account, region, api_id, api_name, _] = texts(stage).map(|text| text.map(Box::from));
        let name = self.optional(stage.name.as_deref());
        let place = once(&mut self.places, RegionName { account, region });
        let protocol = stage
            .protocol
            .as_ref()
            .map(|Text(name)| match Protocol::from_name(name) {
                Some(known) => Cow::Borrowed(known.name()),
                None => Cow::Owned(name.clone().into_owned()),
            });
        let api = once(
            &mut self.apis,
            ApiName {
                id: api_id,
                name: api_name,
                protocol,
            },
        );
        let stage = once(&mut self.stages, StageName { place, api, name });
        self.last = Some(Arc::clone(&stage));
        stage
    }
}

fn once<T: Hash + Eq>(known: &mut HashSet<Arc<T>>, new: T) -> Arc<T> {
    if let Some(known) = known.get(&new) {
        return Arc::clone(known);
    }
    let new = Arc::new(new);
    known.insert(Arc::clone(&new));
    new
}

/// Account, Region, API id, API name, own name.
fn texts<'s>(stage: &'s Stage<'_>) -> [Option<&'s str>; 5] {
    [
        &stage.account,
        &stage.region,
        &stage.api_id,
        &stage.api_name,
        &stage.name,
    ]
    .map(|text| Some(&**text.as_ref()?))
}

/// True if a stage has this name.
fn same(stage: &Stage<'_>, name: &StageName) -> bool {
    let StageName { place, api, name } = name;
    let [account, region, id, api_name] =
        [&place.account, &place.region, &api.id, &api.name].map(Option::as_deref);
    texts(stage) == [account, region, id, api_name, name.as_deref()]
        && stage.protocol.as_deref() == api.protocol.as_deref()
}
