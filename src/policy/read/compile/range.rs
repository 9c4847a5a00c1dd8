//! Ranges into which no number falls.

use crate::model::catalogue::{Field, Kind};
use crate::policy::text::diagnostic::Problems;
use crate::policy::text::yaml::{Data, Entry};

/// A bound of a range.
struct Bound<'n> {
    /// The outermost number.
    at: f64,
    /// True if that number is within.
    fits: bool,
    /// The number as it was written.
    written: f64,
    entry: &'n Entry,
}

/// A range into which no number falls.
pub fn check_range(entries: &[Entry], field: &Field, problems: &mut Problems) {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^53")]
    let number = |entry: &Entry| match entry.value.data {
        Data::Integer(number) => Some(number as f64),
        Data::Number(number) => Some(number).filter(|number| number.is_finite()),
        _ => None,
    };
    let whole = matches!(field.kind, Kind::Integer);
    let (mut lowest, mut highest): (Option<Bound<'_>>, Option<Bound<'_>>) = (None, None);
    for entry in entries {
        let Some(written) = number(entry) else { continue };
        // The nearest number that fits, and whether it does itself: only whole numbers have neighbours.
        let (at, fits) = match (entry.key.as_str(), whole) {
            ("min", true) => (written.ceil(), true),
            ("above", true) => (written.floor() + 1.0, true),
            ("max", true) => (written.floor(), true),
            ("below", true) => (written.ceil() - 1.0, true),
            ("min" | "max", false) => (written, true),
            _ => (written, false),
        };
        let bound = Bound { at, fits, written, entry };
        match entry.key.as_str() {
            "min" | "above" if lowest.as_ref().is_none_or(|low| (low.at, !low.fits) < (at, !fits)) => {
                lowest = Some(bound);
            }
            "max" | "below" if highest.as_ref().is_none_or(|high| (at, fits) < (high.at, high.fits)) => {
                highest = Some(bound);
            }
            _ => {}
        }
    }
    let (Some(low), Some(high)) = (lowest, highest) else { return };
    if low.at > high.at || (low.at >= high.at && !(low.fits && high.fits)) {
        let (one, other) =
            if low.entry.key_span.start < high.entry.key_span.start { (&low, &high) } else { (&high, &low) };
        let number = if whole && low.written < high.written { "whole number" } else { "number" };
        let title = format!(
            "no {number} fits `{}: {}` and `{}: {}`",
            one.entry.key, one.written, other.entry.key, other.written
        );
        let span = one.entry.key_span.start..other.entry.value.span.end;
        let help = "`min` and `max` include their number, `above` and `below` do not".to_owned();
        problems.note(&span, title, "an impossible range", [help]);
    }
}
