//! The flags of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use crate::policy::read::files::Unreadable;
use crate::policy::read::tuning::Tuning;
use crate::policy::text::diagnostic::Diagnostic;

/// Flags of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The run file: defaults for command-line flags [default: driftgate.yaml if there]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Log every request on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// Only reports named with --report on stdout, only errors on stderr
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// The run file that was read.
    #[arg(skip)]
    pub run_file: Option<String>,
    /// True if it names the policies of the command.
    #[arg(skip)]
    pub run_file_policies: bool,
    /// The changes of policies in it.
    #[arg(skip)]
    pub run_file_tuning: Tuning,
    /// The mistakes in it, for the command that reports them itself.
    #[arg(skip)]
    pub run_file_mistakes: Vec<Diagnostic>,
    /// The run file that could not be read, for the same command.
    #[arg(skip)]
    pub run_file_unreadable: Option<Unreadable>,
}

impl Global {
    /// True if progress may be shown; `stdout` is true if results are written to stdout meanwhile.
    pub fn shows_progress(&self, stdout: bool) -> bool {
        let shared = stdout && std::io::IsTerminal::is_terminal(&std::io::stdout());
        !self.quiet && !self.verbose && !shared
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Makes this the choice of the process.
    pub fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
