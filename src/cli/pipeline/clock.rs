//! The clock of a run.

use crate::model::moment::Moment;

/// The day in UTC, by the real clock: SOURCE_DATE_EPOCH must not revive expired waivers.
pub fn today() -> jiff::civil::Date {
    jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date()
}

/// The time, as ages are counted to it.
pub fn moment_now() -> Moment {
    Moment {
        seconds: jiff::Timestamp::now().as_second(),
    }
}

/// The time, as RFC 3339 in UTC with seconds.
pub fn now() -> String {
    jiff::Timestamp::now()
        .round(jiff::Unit::Second)
        .map_or_else(|_| String::new(), |now| now.to_string())
}
