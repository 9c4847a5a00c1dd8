//! Severity of a violation.

use std::fmt;

/// The severity of a rule, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be put right some day.
    Low,
    /// Should be put right.
    Medium,
    /// Should be put right soon.
    High,
    /// Should be put right now.
    Critical,
}

impl Severity {
    /// All of them, worst first, which is the order of every report.
    pub const WORST_FIRST: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Info,
    ];

    /// Its name in policies, flags and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::WORST_FIRST
            .into_iter()
            .find(|severity| severity.name() == name)
    }

    /// Its place in [`Self::WORST_FIRST`].
    #[must_use]
    pub const fn rank(self) -> usize {
        Self::Critical as usize - self as usize
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_places_of_the_list() {
        for (at, severity) in Severity::WORST_FIRST.into_iter().enumerate() {
            assert_eq!(severity.rank(), at);
            assert_eq!(Severity::from_name(severity.name()), Some(severity));
        }
        assert!(Severity::Critical > Severity::Info);
    }
}
