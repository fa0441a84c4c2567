//! A limit on how fast all those who share it send, which can be turned while they do.

use super::fork::PerProcess;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// As slow as it can be, short of a pause: slower than this, servers give connections up.
const SLOWEST: u64 = 1024;
/// Who waits looks so often whether the rate was turned.
const LOOK: Duration = Duration::from_millis(50);

/// Bytes a second, for any number of calls together. Clones are the same rate. Who comes first goes first.
#[derive(Clone)]
pub struct Rate(Arc<Shared>);

struct Shared {
    /// Zero is a pause.
    bytes_per_second: AtomicU64,
    /// A lock is in it, and a fork may find that taken.
    queue: PerProcess<Mutex<Queue>>,
}

/// Who waits, as bytes: each has a place, and goes when so many have had their time.
struct Queue {
    places: f64,
    passed: f64,
    /// Until when `passed` is right.
    at: Instant,
}

impl Rate {
    /// Zero pauses until another rate is set; any other that is too slow becomes the slowest.
    pub fn new(bytes_per_second: u64) -> Rate {
        let rate = Shared { bytes_per_second: AtomicU64::new(0), queue: PerProcess::default() };
        let rate = Rate(Arc::new(rate));
        rate.set(bytes_per_second);
        rate
    }

    /// Sets another rate. It is one store, so a signal handler may do it.
    pub fn set(&self, bytes_per_second: u64) {
        let bytes_per_second = if bytes_per_second == 0 { 0 } else { bytes_per_second.max(SLOWEST) };
        self.0.bytes_per_second.store(bytes_per_second, Ordering::Relaxed);
    }

    /// Whether the two are the same.
    pub fn is(&self, other: &Rate) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(super) fn bytes_per_second(&self) -> u64 {
        self.0.bytes_per_second.load(Ordering::Relaxed)
    }

    /// Gets in line with so many bytes.
    pub(super) fn queue(&self, bytes: u64) -> Turn {
        let bytes = bytes as f64;
        let place = self.with_queue(|queue| {
            let place = queue.places;
            queue.places += bytes;
            place
        });
        Turn { rate: self.clone(), place, bytes, has_come: false }
    }

    /// The queue as it is now.
    fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let own = self.0.queue.get();
        // It is whole at every point where a panic could strike.
        let mut queue: MutexGuard<'_, Queue> = own.lock().unwrap_or_else(PoisonError::into_inner);
        queue.advance(self.bytes_per_second());
        work(&mut queue)
    }
}

impl Queue {
    /// Lets the time since the last look pass. Nobody saves up time in which there was nothing to send.
    fn advance(&mut self, bytes_per_second: u64) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.at).as_secs_f64() * bytes_per_second as f64;
        self.passed = (self.passed + passed).min(self.places);
        self.at = now;
    }
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { places: 0.0, passed: 0.0, at: Instant::now() }
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rate").field(&self.bytes_per_second()).finish()
    }
}

/// A place in the line. Who leaves it before his turn makes room for those behind.
pub(super) struct Turn {
    rate: Rate,
    place: f64,
    bytes: f64,
    has_come: bool,
}

impl Turn {
    /// How long to wait before it is worth another look; not at all once it is its turn.
    pub(super) fn wait(&mut self) -> Duration {
        let bytes_per_second = self.rate.bytes_per_second();
        if self.has_come {
            return Duration::ZERO;
        }
        let ahead = self.place - self.rate.with_queue(|queue| queue.passed);
        if bytes_per_second == 0 {
            return LOOK;
        }
        let wait = Duration::from_secs_f64((ahead / bytes_per_second as f64).clamp(0.0, LOOK.as_secs_f64()));
        self.has_come = wait.is_zero();
        wait
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.has_come {
            self.rate.with_queue(|queue| queue.passed = (queue.passed + self.bytes).min(queue.places));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_goes_first_and_who_leaves_makes_room() {
        let rate = Rate::new(1 << 20);
        let mut first = rate.queue(64 << 20);
        let mut second = rate.queue(64 << 20);
        let mut third = rate.queue(1);
        assert!(first.wait().is_zero() && !second.wait().is_zero() && !third.wait().is_zero());
        drop(second);
        assert!(!third.wait().is_zero());
        assert!(first.wait().is_zero());
        rate.set(u64::MAX);
        while !third.wait().is_zero() {}
    }

    #[test]
    fn pause_lets_nobody_through_and_a_rate_that_is_set_does() {
        let rate = Rate::new(0);
        let mut turn = rate.queue(1);
        assert_eq!(turn.wait(), LOOK);
        rate.set(1);
        assert_eq!(rate.bytes_per_second(), SLOWEST);
        assert!(turn.wait().is_zero());
    }

    #[test]
    fn time_without_anything_to_send_is_not_saved_up() {
        let rate = Rate::new(SLOWEST);
        assert!(rate.queue(SLOWEST).wait().is_zero());
        let own = rate.0.queue.get();
        own.lock().unwrap().at = Instant::now().checked_sub(Duration::from_secs(100)).unwrap();
        assert!(rate.queue(SLOWEST).wait().is_zero());
        assert_eq!(rate.queue(1).wait(), LOOK);
    }
}
