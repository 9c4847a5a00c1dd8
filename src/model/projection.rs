//! The part of each stage that is decoded: the members that rules read or reports name. An API is decoded whole:
//! its descriptions must agree. It must not know rules.

use super::catalogue::{Field, STAGE, position};

/// The part of each stage that is decoded. The rest may be left out, and is then not stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    stage: Struct,
}

/// Some members of a struct, by their places in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct Members<'w> {
    own: u32,
    /// The members of each member; where there is no entry, all of them.
    below: &'w [u32],
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Struct {
    own: u32,
    below: Vec<u32>,
}

impl Members<'_> {
    /// All of them.
    pub const ALL: Self = Self {
        own: u32::MAX,
        below: &[],
    };

    /// True if the member at a position is decoded. A struct with more members than bits is decoded whole.
    #[must_use]
    pub const fn include(self, at: usize) -> bool {
        at >= 32 || self.own & (1 << at) != 0
    }

    /// The members of the member at a place.
    #[must_use]
    pub fn below(self, at: usize) -> Self {
        Self {
            own: self.below.get(at).copied().unwrap_or(u32::MAX),
            below: &[],
        }
    }
}

impl Struct {
    fn none_of(fields: &[Field]) -> Self {
        Self {
            own: 0,
            below: vec![0; fields.len()],
        }
    }

    fn all_of(fields: &[Field]) -> Self {
        Self {
            own: u32::MAX,
            below: vec![u32::MAX; fields.len()],
        }
    }

    /// Adds everything at a path.
    fn add(&mut self, fields: &[Field], path: &str) {
        let (name, rest) = path
            .split_once('.')
            .map_or((path, None), |(name, rest)| (name, Some(rest)));
        let Some(at) = position(fields, name) else {
            return;
        };
        let (Some(below), Some(field)) = (self.below.get_mut(at), fields.get(at)) else {
            return;
        };
        let bit = |at: usize| if at < 32 { 1 << at } else { u32::MAX };
        self.own |= bit(at);
        // A name that is not a member is a key of a map, and maps are decoded whole.
        let member =
            rest.and_then(|rest| position(field.members(), rest.split('.').next().unwrap_or(rest)));
        *below |= member.map_or(u32::MAX, bit);
    }

    fn members(&self) -> Members<'_> {
        Members {
            own: self.own,
            below: &self.below,
        }
    }
}

impl Projection {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        Self {
            stage: Struct::all_of(STAGE),
        }
    }

    /// The members that hold these paths of the document, and those that every report names.
    pub fn of<'p>(paths: impl IntoIterator<Item = &'p str>) -> Self {
        let mut projection = Self {
            stage: Struct::none_of(STAGE),
        };
        // A path below the API, or outside the rows of the stage, adds nothing: its value is known without.
        let names = STAGE
            .iter()
            .filter(|field| field.identity)
            .map(|field| field.name);
        for path in names.chain(paths) {
            projection.stage.add(STAGE, path);
        }
        projection
    }

    /// The members of the stage.
    #[must_use]
    pub fn stage(&self) -> Members<'_> {
        self.stage.members()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_has_what_is_read_and_nothing_around_it() {
        let projection = Projection::of([
            "AccessLogSettings.DestinationArn",
            "Tags.owner",
            "DefaultRouteSettings",
            "api.Tags",
            "account",
        ]);
        let stage = |name| position(STAGE, name).unwrap();
        let logs = projection.stage().below(stage("AccessLogSettings"));
        assert!(
            projection.stage().include(stage("AccessLogSettings"))
                && projection.stage().include(stage("Tags"))
        );
        assert!(logs.include(0));
        assert!(!logs.include(1));
        assert!(!projection.stage().include(stage("StageVariables")));
        let routes = projection.stage().below(stage("DefaultRouteSettings"));
        assert!(
            (0..5).all(|at| routes.include(at)),
            "a struct that is read whole is decoded whole"
        );
    }
}
