//! The gate's judgement, as data; `gate.rs` makes it and reports put it in words.

use super::severity::Severity;

/// The gate's verdict and the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The exit code.
    pub exit: u8,
    /// The tolerance of the audit.
    pub tolerance: Tolerance,
    /// Violations that reach the lowest severity that fails.
    pub failing: usize,
    /// The share of the stages, in percent, that should be governed when fewer are.
    pub below_coverage: Option<f64>,
    /// Number of gaps that count.
    pub unchecked: usize,
    /// Number of undecided checks that count.
    pub undecided: u64,
    /// True if no stage was governed, and that counts.
    pub nothing_governed: bool,
    /// The signal that ended the run early.
    pub signal: Option<Signal>,
}

/// The user's tolerance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// The lowest severity that fails; `None` for never.
    pub fail_on: Option<Severity>,
    /// True if gaps and undecided checks do not count.
    pub allow_incomplete: bool,
    /// True if it does not count that no stage was governed.
    pub allow_empty: bool,
    /// The share of the stages that must be governed, in percent.
    pub min_coverage: Option<f64>,
}

/// The gate's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything in scope was checked and nothing fails.
    Conforms,
    /// A violation reaches the threshold.
    Violations,
    /// Nothing fails, but not everything is known.
    Incomplete,
}

impl Verdict {
    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Conforms => "conforms",
            Self::Violations => "violations",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A signal that ends the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT, as from Ctrl-C.
    Interrupt,
    /// SIGTERM, as from a scheduler.
    Terminate,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Interrupt, Self::Terminate];

    /// The exit code of a command that it ended: 128 and its number, as in shells.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}
