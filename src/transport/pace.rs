//! A limit on how fast a call sends.

use std::time::{Duration, Instant};

/// Everything that a call sends goes through one of these, however many requests it has under way.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    bytes_per_second: u64,
    /// When all that was let through will have had its time.
    free_at: Instant,
}

impl Pace {
    pub(super) fn new(bytes_per_second: u64) -> Pace {
        Pace { bytes_per_second: bytes_per_second.max(1), free_at: Instant::now() }
    }

    /// Lets `bytes` through, at the time that is returned.
    pub(super) fn admit(&mut self, bytes: u64) -> Instant {
        let start = self.free_at.max(Instant::now());
        let time = Duration::from_secs_f64(bytes as f64 / self.bytes_per_second as f64);
        self.free_at = start.checked_add(time).unwrap_or(start);
        start
    }

    /// How much to send at once so that it flows rather than comes in gulps.
    pub(super) fn gulp(self) -> usize {
        gulp(self.bytes_per_second)
    }
}

pub(super) fn gulp(bytes_per_second: u64) -> usize {
    usize::try_from(bytes_per_second / 10).unwrap_or(usize::MAX)
}
