//! The server's request quota: one token bucket for each account and Region. It knows no clock but the instants it is
//! given.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::emulator::wire::Caller;

/// A quota on API Gateway calls, for each account and Region; requests beyond it are answered with 429.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Throttle {
    /// Requests a second, in the long run.
    pub rate: f64,
    /// Requests at once, after a pause.
    pub burst: u32,
}

impl Throttle {
    /// "Total operations" in the developer guide: 10 a second, burst 40.
    pub const AWS: Throttle = Throttle {
        rate: 10.0,
        burst: 40,
    };
}

/// The buckets that have been used so far. A bucket starts full.
#[derive(Debug)]
pub struct Buckets {
    quota: Throttle,
    /// By account and Region.
    used: Mutex<HashMap<String, HashMap<String, Bucket>>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Buckets {
    pub fn new(quota: Throttle) -> Buckets {
        Buckets {
            quota,
            used: Mutex::default(),
        }
    }

    /// Takes a token for a request of `caller` that arrived `at`; false when there is none.
    pub fn admit(&self, caller: &Caller<'_>, at: Instant) -> bool {
        let burst = f64::from(self.quota.burst);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        // Looked up before it is put in: the keys are copied once for each bucket, not for each request.
        let known = used
            .get_mut(caller.account)
            .and_then(|regions| regions.get_mut(caller.region));
        let bucket = match known {
            Some(bucket) => bucket,
            None => used
                .entry(caller.account.to_owned())
                .or_default()
                .entry(caller.region.to_owned())
                .or_insert(Bucket {
                    tokens: burst,
                    filled: at,
                }),
        };
        // Two workers may get here in the other order than their instants: then no time has passed.
        let passed = at.saturating_duration_since(bucket.filled);
        bucket.tokens = (bucket.tokens + passed.as_secs_f64() * self.quota.rate).min(burst);
        bucket.filled = bucket.filled.max(at);
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn caller(region: &str) -> Caller<'_> {
        Caller {
            account: "111122223333",
            region,
            ..Caller::default()
        }
    }

    #[test]
    fn the_burst_is_spent_and_refills_at_the_rate() {
        let (buckets, start) = (Buckets::new(Throttle::AWS), Instant::now());
        let at_once = (0..50)
            .filter(|_| buckets.admit(&caller("us-east-1"), start))
            .count();
        assert_eq!(at_once, 40);
        let later = start + Duration::from_millis(501);
        assert_eq!(
            (0..50)
                .filter(|_| buckets.admit(&caller("us-east-1"), later))
                .count(),
            5
        );
        let much_later = start + Duration::from_hours(1);
        assert_eq!(
            (0..50)
                .filter(|_| buckets.admit(&caller("us-east-1"), much_later))
                .count(),
            40
        );
    }

    #[test]
    fn each_region_has_its_own_bucket() {
        let (buckets, start) = (
            Buckets::new(Throttle {
                rate: 0.0,
                burst: 1,
            }),
            Instant::now(),
        );
        assert!(buckets.admit(&caller("us-east-1"), start));
        assert!(!buckets.admit(&caller("us-east-1"), start));
        assert!(buckets.admit(&caller("eu-west-1"), start));
    }
}
