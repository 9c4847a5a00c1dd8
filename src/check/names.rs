//! The names and texts that many findings share, each kept once.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::options::Options;
use crate::model::finding::{ApiName, RegionName, StageName};
use crate::model::protocol::Protocol;
use crate::model::{Document, Path, digest};

/// The names and texts so far.
#[derive(Default)]
pub struct SharedNames {
    texts: BTreeSet<Arc<str>>,
    paths: BTreeSet<Arc<Path>>,
    /// The place and the API of the last stage: its neighbours mostly share them.
    last: Option<(Arc<RegionName>, Arc<ApiName>)>,
}

impl SharedNames {
    /// The name of a stage.
    pub fn stage(&mut self, document: &Document<'_>, options: Options) -> Arc<StageName> {
        let place = self.last.as_ref().map(|(place, _)| place).filter(|place| {
            place.account.as_deref() == document.account
                && place.region.as_deref() == document.region
        });
        let api = place
            .and(self.last.as_ref())
            .map(|(_, api)| api)
            .filter(|api| {
                api.id.as_deref() == document.api_id()
                    && api.name.as_deref() == document.api_name()
                    && api.protocol.as_deref() == document.protocol_name()
            });
        let place = place.cloned().unwrap_or_else(|| {
            Arc::new(RegionName {
                account: document.account.map(Box::from),
                region: document.region.map(Box::from),
            })
        });
        let api = api
            .cloned()
            .unwrap_or_else(|| Arc::new(api_name(document, options)));
        self.last = Some((Arc::clone(&place), Arc::clone(&api)));
        let name = document.stage_name().map(|name| self.borrowed(name));
        Arc::new(StageName { place, api, name })
    }

    /// A text that most often is held already: a fleet has a handful of stage names.
    fn borrowed(&mut self, text: &str) -> Arc<str> {
        match self.texts.get(text) {
            Some(known) => Arc::clone(known),
            None => self.text(text.into()),
        }
    }

    /// The same text as it may be held already.
    pub fn text(&mut self, text: Arc<str>) -> Arc<str> {
        shared(&mut self.texts, text)
    }

    /// The same path as it may be held already.
    pub fn path(&mut self, path: Arc<Path>) -> Arc<Path> {
        shared(&mut self.paths, path)
    }
}

fn api_name(document: &Document<'_>, options: Options) -> ApiName {
    let shown = |name| {
        if options.show_values {
            Cow::from(name)
        } else {
            digest::shown(document.account, None, name)
        }
    };
    ApiName {
        id: document.api_id().map(Box::from),
        name: document.api_name().map(|name| shown(name).into()),
        protocol: document
            .protocol_name()
            .map(|name| match Protocol::from_name(name) {
                Some(known) => Cow::Borrowed(known.name()),
                None => Cow::Owned(name.to_owned()),
            }),
    }
}

fn shared<T: Ord + ?Sized>(known: &mut BTreeSet<Arc<T>>, value: Arc<T>) -> Arc<T> {
    // The compiled policy holds most of them, and shares them itself.
    if Arc::strong_count(&value) > 1 {
        return value;
    }
    if let Some(known) = known.get(&value) {
        return Arc::clone(known);
    }
    known.insert(Arc::clone(&value));
    value
}
