//! What the gate concluded, as data; `gate.rs` concludes it and reports put it in words.

use super::severity::Severity;

/// The gate's conclusion and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The exit code.
    pub exit: u8,
    /// What was tolerated.
    pub tolerance: Tolerance,
    /// Violations that reach the lowest severity that fails.
    pub failing: usize,
    /// The share of the stages, in percent, that should be governed when fewer are.
    pub below_coverage: Option<f64>,
    /// Things that could not be read, and that count.
    pub unchecked: usize,
    /// Rules on stages that could not be decided, and that count.
    pub undecided: u64,
    /// No stage was governed, and that counts.
    pub nothing_governed: bool,
    /// The signal that ended the run early.
    pub signal: Option<Signal>,
}

/// What the user tolerates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// The lowest severity that fails; `None` for never.
    pub fail_on: Option<Severity>,
    /// What is unchecked or undecided does not count.
    pub allow_incomplete: bool,
    /// That no stage was governed does not count.
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

/// A signal that asks the run to end.
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

    /// The exit code of what it ended: 128 and its number, as shells have it.
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
