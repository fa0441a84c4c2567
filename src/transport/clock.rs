//! What time it is, and how it passes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The clock that a bucket's calls pause and wait by. Time-outs and deadlines, which end what hangs, go by the system's.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<Skipping>>);

/// A clock that stands still until somebody waits.
#[derive(Debug)]
struct Skipping {
    began: Instant,
    /// In milliseconds.
    began_unix: i64,
    milliseconds: AtomicU64,
}

impl Clock {
    /// A clock that skips what would be waited for, so that hours can be tried in a moment. Its clones are the same clock.
    pub fn skipping() -> Clock {
        let milliseconds = AtomicU64::new(0);
        Clock(Some(Arc::new(Skipping { began: Instant::now(), began_unix: system_millis(), milliseconds })))
    }

    /// A point in time.
    pub fn now(&self) -> Instant {
        match &self.0 {
            None => Instant::now(),
            Some(skipping) => {
                let passed = Duration::from_millis(skipping.milliseconds.load(Ordering::Relaxed));
                skipping.began.checked_add(passed).unwrap_or(skipping.began)
            }
        }
    }

    /// How long ago `then` was.
    pub fn since(&self, then: Instant) -> Duration {
        self.now().saturating_duration_since(then)
    }

    /// Seconds since 1970.
    pub fn unix_time(&self) -> i64 {
        self.unix_millis().div_euclid(1000)
    }

    /// Milliseconds since 1970.
    pub fn unix_millis(&self) -> i64 {
        match &self.0 {
            None => system_millis(),
            Some(skipping) => {
                let passed = skipping.milliseconds.load(Ordering::Relaxed);
                skipping.began_unix.saturating_add_unsigned(passed)
            }
        }
    }

    /// Moves on by `time` if that need not be waited for, and says whether it did.
    pub fn skip(&self, time: Duration) -> bool {
        let Some(skipping) = &self.0 else { return false };
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        skipping.milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
        true
    }
}

fn system_millis() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipping_clock_moves_when_somebody_waits_and_only_then() {
        let clock = Clock::skipping();
        let (began, began_unix) = (clock.now(), clock.unix_time());
        assert_eq!(clock.since(began), Duration::ZERO);
        assert!(clock.clone().skip(Duration::from_secs(90)));
        assert_eq!((clock.since(began), clock.unix_time()), (Duration::from_secs(90), began_unix + 90));
        assert!(!Clock::default().skip(Duration::from_secs(90)));
    }
}
