//! A moment, as ages are counted to it. It must not know a clock.

use jiff::civil::Date;
use jiff::fmt::temporal::DateTimeParser;

/// A moment in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Seconds since the beginning of 1970, UTC.
    pub seconds: i64,
}

/// The parser of RFC 3339, which is strict about the offset.
static PARSER: DateTimeParser = DateTimeParser::new();

impl Moment {
    /// The moment that a text names: a time as in RFC 3339, or a date, which begins at midnight UTC.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let seconds = if text.len() == DATE {
            let date: Date = text.parse().ok()?;
            let days = (date - Date::constant(1970, 1, 1)).get_days();
            i64::from(days) * 86_400
        } else {
            PARSER.parse_timestamp(text).ok()?.as_second()
        };
        Some(Self { seconds })
    }

    /// Seconds from an earlier moment to this one; negative if the other is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.seconds.saturating_sub(earlier.seconds)
    }
}

/// The length of a date such as `2027-01-31`.
const DATE: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_dates_are_moments() {
        let seconds = |text| Moment::of(text).map(|moment| moment.seconds);
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-02", Some(86_400)),
            ("1969-12-31", Some(-86_400)),
            ("1970-01-01T00:01:00Z", Some(60)),
            ("1970-01-01T00:01:00.5Z", Some(60)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("2023-04-06T09:27:26+00:00", Some(1_680_773_246)),
            ("2026-12-01", Some(1_796_083_200)),
            // Without an offset nobody knows when it was.
            ("2023-04-06T09:27:26", None),
            ("2026-02-30", None),
            ("2026-2-3", None),
            ("01.12.2026", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
