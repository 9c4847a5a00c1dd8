//! The difference between this machine's clock and AWS's, by the `Date` of an answer. It must not know the requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

use crate::model::moment::Moment;

/// The time of this machine.
pub fn now() -> Moment {
    Moment {
        seconds: jiff::Timestamp::now().as_second(),
    }
}

/// Watches the answers of the clients that it is given to.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Mutex<Option<i64>>>);

impl Clock {
    /// Seconds by which this machine's clock is ahead of AWS's; `None` before an answer that has a date.
    pub fn ahead(&self) -> Option<i64> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for Clock {
    fn name(&self) -> &'static str {
        "Clock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        if let Some(ahead) = date.and_then(|date| ahead(date, SystemTime::now())) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
        Ok(())
    }
}

/// Seconds by which a time is later than the time in a header.
fn ahead(date: &str, now: SystemTime) -> Option<i64> {
    let theirs = DateTime::from_str(date, Format::HttpDate).ok()?.secs();
    let now = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    i64::try_from(now).ok()?.checked_sub(theirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_in_seconds_and_has_a_sign() {
        let now = UNIX_EPOCH + Duration::from_mins(29_924_005);
        assert_eq!(ahead("Mon, 23 Nov 2026 13:25:00 GMT", now), Some(0));
        assert_eq!(ahead("Mon, 23 Nov 2026 13:35:01 GMT", now), Some(-601));
        assert_eq!(ahead("Mon, 23 Nov 2026 12:25:00 GMT", now), Some(3600));
        assert_eq!(ahead("yesterday", now), None);
    }
}
