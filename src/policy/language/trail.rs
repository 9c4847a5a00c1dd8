//! The place of a walk through a pattern.

use std::sync::Arc;

use crate::model::catalogue::stage;
use crate::model::path::{Path, Segment};

/// The way from the top of the document to the setting at which a walk through a pattern is.
#[derive(Debug)]
pub struct Trail {
    pub(super) path: Path,
    /// True if the stage decided a part of it, such as a key that fits a glob.
    pub(super) varies: bool,
}

impl Trail {
    /// The top of the document.
    #[must_use]
    pub fn top() -> Self {
        Self {
            path: Path::new(),
            varies: false,
        }
    }

    /// A member of the stage.
    #[must_use]
    pub fn member(name: &str) -> Self {
        let mut trail = Self::top();
        trail.path.push(Segment::Member(name));
        trail
    }

    /// The entry of a route, which only some stages have.
    #[must_use]
    pub fn route(key: &str) -> Self {
        let mut trail = Self::member(stage::ROUTES.name);
        trail.path.push(Segment::Key(key));
        Self {
            varies: true,
            ..trail
        }
    }

    /// Goes one step down, for as long as `below` takes.
    pub(super) fn below<T>(
        &mut self,
        segment: Segment<'_>,
        below: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.path.push(segment);
        let result = below(self);
        self.path.pop();
        result
    }

    /// Goes down to a key that the stage has.
    pub(super) fn below_key<T>(&mut self, key: &str, below: impl FnOnce(&mut Self) -> T) -> T {
        let varies = std::mem::replace(&mut self.varies, true);
        let result = self.below(Segment::Key(key), below);
        self.varies = varies;
        result
    }

    pub(super) fn path(&self) -> Arc<Path> {
        Arc::new(self.path.clone())
    }

    pub(super) fn text(&self) -> Arc<str> {
        self.path.text().into()
    }
}
