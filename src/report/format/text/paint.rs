//! The colours of the text report.

use anstyle::{AnsiColor, Style as Paint};

use crate::model::Severity;

pub(super) const PLAIN: Paint = Paint::new();
pub(super) const BOLD: Paint = Paint::new().bold();
pub(super) const DIM: Paint = Paint::new().dimmed();
pub(super) const ALARM: Paint = AnsiColor::Yellow.on_default().bold();
/// Column of the text beside a severity.
pub(super) const INDENT: usize = 12;

pub(super) fn paint(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => DIM,
    }
}
