//! What many findings of a result share is kept once: names of stages, texts, rules and waivers by their number. It must
//! not know JSON.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::types::{Stage, WaiverOf};
use crate::model::Path;
use crate::model::catalogue::Protocol;
use crate::model::finding::{ApiName, Place, StageName};

/// Everything that is shared so far.
#[derive(Default)]
pub(super) struct Shared {
    texts: HashSet<Arc<str>>,
    paths: HashSet<Arc<Path>>,
    places: HashSet<Arc<Place>>,
    apis: HashSet<Arc<ApiName>>,
    stages: HashSet<Arc<StageName>>,
    /// Findings on one stage follow each other.
    last: Option<Arc<StageName>>,
    /// Rules by name, in the order of their first finding.
    pub rules: Numbered<Box<str>>,
    /// Waivers that findings name, likewise.
    pub waivers: Numbered<WaiverOf>,
}

/// Things with a number each, in the order in which they came.
pub(super) struct Numbered<T> {
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new() }
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
        things.into_iter().map(|(thing, _)| place(thing).and_then(|at| u32::try_from(at).ok()).ok_or(thing)).collect()
    }
}

impl Shared {
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

    /// The number of a rule.
    pub fn rule(&mut self, name: &str) -> u32 {
        match self.rules.numbers.get(name) {
            Some(number) => *number,
            None => self.rules.number(name.into()),
        }
    }

    /// The name of a stage.
    pub fn stage(&mut self, stage: &Stage<'_>) -> Arc<StageName> {
        if let Some(last) = self.last.as_ref().filter(|last| stage.is(last)) {
            return Arc::clone(last);
        }
        let [account, region, api_id, api_name, name] = stage.texts().map(|text| text.map(Box::from));
        let place = once(&mut self.places, Place { account, region });
        let protocol = stage.protocol().map(|name| match Protocol::from_name(name) {
            Some(known) => Cow::Borrowed(known.name()),
            None => Cow::Owned(name.to_owned()),
        });
        let api = once(&mut self.apis, ApiName { id: api_id, name: api_name, protocol });
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
