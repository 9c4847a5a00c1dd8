//! The JSON result, for other tools.

use std::io;

use crate::report::facts::{Facts, Style};
use crate::report::result;

/// Writes the report.
pub fn render(facts: &Facts<'_>, _: Style, out: &mut dyn io::Write) -> io::Result<()> {
    result::write(facts, out)
}
