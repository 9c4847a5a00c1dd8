//! The options of a check.

use crate::model::finding::Reading;

/// The values a check may show, and its reading of settings that AWS does not define.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The reading of partial entries of `RouteSettings`.
    pub inheritance: Inheritance,
    /// True for a shard: another shard may need the waivers that it did not.
    pub sharded: bool,
    /// Show the values of stage variables, and what looks like a secret, instead of digests.
    pub show_values: bool,
}

/// The reading of partial entries of `RouteSettings`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Inheritance {
    /// Members that they leave out come from the stage default.
    #[default]
    Inherit,
    /// Members that they leave out are unset.
    Replace,
    /// A rule must hold either way.
    Both,
}

impl Inheritance {
    /// The choice of that name, as on the command line.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "inherit" => Self::Inherit,
            "replace" => Self::Replace,
            "both" => Self::Both,
            _ => return None,
        })
    }

    /// The readings under which a rule must hold.
    #[must_use]
    pub const fn readings(self) -> &'static [Reading] {
        match self {
            Self::Inherit => &[Reading::Inherit],
            Self::Replace => &[Reading::Replace],
            Self::Both => &[Reading::Inherit, Reading::Replace],
        }
    }
}
