//! Warnings of policies and waivers, and their kinds.

use crate::policy::text::diagnostic::{Diagnostic, Excerpt};

/// A probable mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Its kind.
    pub kind: LintKind,
    /// Its place, its text and the ways out.
    pub diagnostic: Diagnostic,
    /// The other place that it is about.
    pub beside: Option<Excerpt>,
}

/// The kinds of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintKind {
    /// A throttling limit may be 0.
    ZeroPasses,
    /// Two rules demand what no stage can meet.
    Contradiction,
    /// A rule repeats another one.
    Repetition,
    /// The `match` of a rule excludes itself.
    NeverMatches,
    /// An expectation of a rule that is never tested on a protocol that its `assert` leaves out.
    ExpectationLeftOut,
    /// A `match` names a route in full, which may have no entry.
    LiteralRoute,
    /// A test is probably meant in another way.
    Suspicious,
    /// A waiver names no rule.
    WaiverWithoutRule,
    /// A waiver is over.
    WaiverExpired,
    /// The `accept` of a waiver can name nothing that its rules find.
    WaiverAcceptsNothing,
}

impl LintKind {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZeroPasses => "zero-passes",
            Self::Contradiction => "contradiction",
            Self::Repetition => "repetition",
            Self::NeverMatches => "never-matches",
            Self::ExpectationLeftOut => "expectation-left-out",
            Self::LiteralRoute => "literal-route",
            Self::Suspicious => "suspicious",
            Self::WaiverWithoutRule => "waiver-without-rule",
            Self::WaiverExpired => "waiver-expired",
            Self::WaiverAcceptsNothing => "waiver-accepts-nothing",
        }
    }
}
