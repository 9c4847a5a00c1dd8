//! The pacer: the time of the next request to an account and Region. It must not know what a request is.
//!
//! A token bucket whose promise is about arrivals: in any window of t seconds at most `burst + rate × t` requests, the
//! first and the last instant of the window included. Requests that are sent evenly may arrive bunched, so the bucket
//! stays one token and half a percent below.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Line, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

/// The part of the rate that is used; the rest is for jitter of clocks and networks.
const USED_SHARE: f64 = 0.995;
/// The factor by which a throttling answer cuts the rate.
const CUT: f64 = 0.7;
/// The rate in requests a second below which no throttling answer cuts.
const FLOOR: f64 = 0.5;
/// The part of the ceiling by which one success raises a rate that was cut.
const RECOVERY: f64 = 0.01;

/// Admits requests of one account and Region, first come, first served.
#[derive(Debug)]
pub struct Pacer {
    /// The line for tokens. Only its head looks at the bucket, so no request is overtaken.
    line: Line<()>,
    /// `None` when the pacer is off.
    bucket: Option<Mutex<Bucket>>,
}

impl Pacer {
    /// A pacer for `rate` requests a second and `burst` at once; both are ceilings. A rate of 0 switches it off, its
    /// answer to throttling included.
    pub fn new(rate: f64, burst: u32) -> Self {
        let bucket = (rate > 0.0).then(|| Mutex::new(Bucket::new(rate, burst, Instant::now())));
        Self {
            line: Line::new(()),
            bucket,
        }
    }

    /// Waits until a request may be sent, and takes its token and its slot among those `in_flight`.
    ///
    /// The slot is taken last and the token with it, so that a Region that waits for tokens holds no slot, and no token
    /// grows old while its request waits for a slot. A cancelled wait has taken nothing.
    ///
    /// `None` only when the semaphore was closed.
    pub async fn admit<'s>(&self, in_flight: &'s Semaphore) -> Option<SemaphorePermit<'s>> {
        let Some(bucket) = &self.bucket else {
            return in_flight.acquire().await.ok();
        };
        let _turn = self.line.lock().await;
        loop {
            let wait = locked(bucket).wait(Instant::now());
            if wait.is_zero() {
                let place = in_flight.acquire().await.ok()?;
                // A throttling answer may have emptied the bucket during the wait for the slot.
                if locked(bucket).take(Instant::now()) {
                    return Some(place);
                }
            } else {
                sleep(wait).await;
            }
        }
    }

    /// A request was throttled: nothing is sent for `pause`, and more slowly after it.
    pub fn throttled(&self, pause: Duration) {
        if let Some(bucket) = &self.bucket {
            locked(bucket).throttled(Instant::now(), pause);
        }
    }

    /// A request was answered: a rate that was cut recovers a little.
    pub fn answered(&self) {
        if let Some(bucket) = &self.bucket {
            locked(bucket).answered(Instant::now());
        }
    }

    /// The current pace; `None` if the pacer is off.
    pub fn pace(&self) -> Option<Pace> {
        self.bucket
            .as_ref()
            .map(|bucket| locked(bucket).pace(Instant::now()))
    }
}

/// The pace at which requests are sent, as long as nothing is throttled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Requests that may be sent at once.
    pub tokens: f64,
    /// Requests a second after that.
    pub rate: f64,
    /// Seconds in which nothing may be sent.
    pub pause: f64,
}

impl Pace {
    /// Seconds until the last of so many requests is sent.
    pub fn seconds_for(self, requests: f64) -> f64 {
        if requests <= 0.0 {
            0.0
        } else {
            self.pause + ((requests - self.tokens) / self.rate).max(0.0)
        }
    }
}

fn locked(bucket: &Mutex<Bucket>) -> MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Bucket {
    capacity: f64,
    /// The highest rate, in tokens a second.
    ceiling: f64,
    rate: f64,
    tokens: f64,
    /// The time up to which the bucket has been filled; in the future while it is paused.
    filled: Instant,
}

impl Bucket {
    fn new(rate: f64, burst: u32, now: Instant) -> Self {
        let capacity = f64::from(burst.saturating_sub(1).max(1));
        let ceiling = rate * USED_SHARE;
        Self {
            capacity,
            ceiling,
            rate: ceiling,
            tokens: capacity,
            filled: now,
        }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled);
        self.tokens = (self.tokens + passed.as_secs_f64() * self.rate).min(self.capacity);
        self.filled = self.filled.max(now);
    }

    /// The time until there is a token; zero only if there is one.
    fn wait(&mut self, now: Instant) -> Duration {
        self.fill(now);
        let pause = self.filled.saturating_duration_since(now);
        if self.tokens >= 1.0 {
            return pause;
        }
        // Rounded up, so that the sleeper finds the token when it wakes.
        let growing =
            Duration::try_from_secs_f64((1.0 - self.tokens) / self.rate).unwrap_or(Duration::MAX);
        pause
            .saturating_add(growing)
            .saturating_add(Duration::from_nanos(1))
    }

    fn take(&mut self, now: Instant) -> bool {
        let there = self.wait(now).is_zero();
        if there {
            self.tokens -= 1.0;
        }
        there
    }

    fn throttled(&mut self, now: Instant, pause: Duration) {
        self.fill(now);
        let paused = self.filled > now;
        // Requests that were sent before the pause are throttled during it: they say nothing new.
        if !paused {
            self.rate = (self.rate * CUT).max(FLOOR.min(self.ceiling));
        }
        self.tokens = 0.0;
        self.filled = self.filled.max(now.checked_add(pause).unwrap_or(now));
    }

    fn pace(&mut self, now: Instant) -> Pace {
        self.fill(now);
        let pause = self.filled.saturating_duration_since(now).as_secs_f64();
        Pace {
            tokens: self.tokens,
            rate: self.rate,
            pause,
        }
    }

    fn answered(&mut self, now: Instant) {
        self.fill(now);
        if self.filled <= now {
            self.rate = (self.rate + self.ceiling * RECOVERY).min(self.ceiling);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;
    use tokio::time::timeout;

    use super::*;

    fn paused<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(test)
    }

    /// The instants, in seconds, at which `count` waiters were admitted.
    async fn admissions(pacer: &Pacer, count: usize) -> Vec<f64> {
        let (room, start) = (Semaphore::new(1), Instant::now());
        let mut at = Vec::new();
        for _ in 0..count {
            drop(pacer.admit(&room).await);
            at.push(start.elapsed().as_secs_f64());
        }
        at
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_goes_at_once_and_the_rest_at_the_rate() {
        let at = admissions(&Pacer::new(5.0, 20), 29).await;
        assert!(at[..19].iter().all(|at| *at == 0.0), "{at:?}");
        for (nth, at) in (1_u32..).zip(&at[19..]) {
            let due = f64::from(nth) / 4.975;
            assert!(
                (due..due + 0.003).contains(at),
                "{nth}: {at} instead of {due}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_pace_foretells_when_requests_are_sent() {
        let (pacer, room) = (Pacer::new(10.0, 21), Semaphore::new(1));
        assert_eq!(Pacer::new(0.0, 1).pace(), None);
        assert_eq!(
            pacer.pace(),
            Some(Pace {
                tokens: 20.0,
                rate: 9.95,
                pause: 0.0
            })
        );
        for requests in [10, 30, 1] {
            let (expected, start) = (
                pacer.pace().unwrap().seconds_for(f64::from(requests)),
                Instant::now(),
            );
            for _ in 0..requests {
                drop(pacer.admit(&room).await);
            }
            let took = start.elapsed().as_secs_f64();
            assert!(
                (expected..expected + 0.003).contains(&took),
                "{requests}: {took} s instead of {expected}"
            );
        }
        pacer.throttled(Duration::from_secs(3));
        let throttled = Pace {
            tokens: 0.0,
            rate: 9.95 * CUT,
            pause: 3.0,
        };
        assert_eq!(pacer.pace(), Some(throttled));
        assert!(throttled.seconds_for(0.0).abs() < 1e-9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_of_one_or_none_is_one_at_a_time() {
        for burst in [0, 1, 2] {
            let at = admissions(&Pacer::new(10.0, burst), 3).await;
            assert!(at[0] == 0.0 && at[1] > 0.1 && at[2] > 0.2, "{at:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn rate_zero_is_off_and_does_not_adapt() {
        let pacer = Pacer::new(0.0, 1);
        pacer.throttled(Duration::from_mins(1));
        assert_eq!(admissions(&pacer, 1000).await, vec![0.0; 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn first_come_first_served() {
        let (pacer, room) = (Arc::new(Pacer::new(10.0, 1)), Arc::new(Semaphore::new(64)));
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiters: Vec<_> = (0..20)
            .map(|number| {
                let (pacer, room, order) =
                    (Arc::clone(&pacer), Arc::clone(&room), Arc::clone(&order));
                tokio::spawn(async move {
                    let _place = pacer.admit(&room).await;
                    order.lock().unwrap().push(number);
                })
            })
            .collect();
        for waiter in waiters {
            waiter.await.unwrap();
        }
        let order = Arc::into_inner(order).unwrap().into_inner().unwrap();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_leaves_takes_nothing() {
        let (pacer, room) = (Pacer::new(1.0, 1), Semaphore::new(1));
        drop(pacer.admit(&room).await);
        for _ in 0..9 {
            assert!(
                timeout(Duration::from_millis(100), pacer.admit(&room))
                    .await
                    .is_err()
            );
        }
        // 0.9 s have passed, and the token that was waited for comes after 1.005 s.
        let start = Instant::now();
        assert!(pacer.admit(&room).await.is_some());
        assert!(
            (0.1..0.12).contains(&start.elapsed().as_secs_f64()),
            "{:?}",
            start.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_tokens_holds_no_slot() {
        let (slow, off, room) = (Pacer::new(0.001, 1), Pacer::new(0.0, 1), Semaphore::new(1));
        drop(slow.admit(&room).await);
        let mut waiting = Box::pin(slow.admit(&room));
        assert!(timeout(Duration::from_secs(1), &mut waiting).await.is_err());
        assert!(timeout(Duration::ZERO, off.admit(&room)).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn no_token_is_taken_before_its_slot() {
        let (pacer, room) = (Arc::new(Pacer::new(10.0, 3)), Arc::new(Semaphore::new(1)));
        let taken = room.acquire().await.unwrap();
        let admitted = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let (pacer, room, admitted) =
                (Arc::clone(&pacer), Arc::clone(&room), Arc::clone(&admitted));
            tokio::spawn(async move {
                let _place = pacer.admit(&room).await;
                admitted.fetch_add(1, Ordering::Relaxed);
            });
        }
        sleep(Duration::from_secs(10)).await;
        drop(taken);
        sleep(Duration::from_millis(50)).await;
        assert_eq!(admitted.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_drains_pauses_slows_and_recovers() {
        let pacer = Pacer::new(10.0, 20);
        let rate = || locked(pacer.bucket.as_ref().unwrap()).rate;
        let start = Instant::now();
        pacer.throttled(Duration::from_secs(2));
        // Answers to what was sent before the pause change nothing but its length.
        pacer.throttled(Duration::from_secs(3));
        pacer.throttled(Duration::from_secs(1));
        pacer.answered();
        assert!((rate() - 9.95 * 0.7).abs() < 1e-9);
        let first = admissions(&pacer, 2).await;
        assert!(first[0] > 3.0 + 1.0 / 7.0 && first[0] < 3.2, "{first:?}");
        assert!(
            first[1] - first[0] > 1.0 / 7.0,
            "nothing is saved up during the pause: {first:?}"
        );
        assert!(start.elapsed() > Duration::from_secs(3));
        for _ in 0..100 {
            pacer.answered();
        }
        assert!((rate() - 9.95).abs() < 1e-9);
        for _ in 0..100 {
            sleep(Duration::from_secs(1)).await;
            pacer.throttled(Duration::from_millis(1));
        }
        assert!((rate() - FLOOR).abs() < 1e-9);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_window_holds_more_than_burst_and_rate_allow(
            rate in 0.5_f64..200.0,
            burst in 2_u32..50,
            room in 1_usize..40,
            // Arrival, time in flight, time until it gives up waiting, and true for a throttled request.
            requests in prop::collection::vec((0_u64..3000, 0_u64..500, prop::option::of(0_u64..1000), any::<bool>()), 1..120),
        ) {
            let mut at = paused(async move {
                let pacer = Arc::new(Pacer::new(rate, burst));
                let (room, start) = (Arc::new(Semaphore::new(room)), Instant::now());
                let tasks: Vec<_> = requests.into_iter().map(|(comes, lasts, patience, throttled)| {
                    let (pacer, room) = (Arc::clone(&pacer), Arc::clone(&room));
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(comes)).await;
                        let patience = patience.map_or(Duration::from_secs(100_000), Duration::from_millis);
                        let Ok(place) = timeout(patience, pacer.admit(&room)).await else { return None };
                        let at = start.elapsed().as_secs_f64();
                        sleep(Duration::from_millis(lasts)).await;
                        drop(place);
                        if throttled { pacer.throttled(Duration::from_millis(lasts)) } else { pacer.answered() }
                        Some(at)
                    })
                }).collect();
                let mut at = Vec::new();
                for task in tasks {
                    at.extend(task.await.unwrap());
                }
                at
            });
            at.sort_by(f64::total_cmp);
            for (first, from) in at.iter().enumerate() {
                for (count, to) in (1_u32..).zip(&at[first..]) {
                    let allowed = f64::from(burst) + rate * (to - from);
                    prop_assert!(f64::from(count) <= allowed + 1e-6, "{count} from number {first} of {at:?}");
                }
            }
        }
    }
}
