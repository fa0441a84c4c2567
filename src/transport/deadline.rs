//! One point in time that ends a call, whatever it is doing.

use std::time::{Duration, Instant};

/// When a call must end, on the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// `limit` from now; `None` for a call that may take as long as it needs.
    pub fn after(limit: Option<Duration>) -> Deadline {
        // A limit beyond what the clock can express is no limit.
        Deadline(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// Whether the time is up.
    pub fn has_passed(self) -> bool {
        self.0.is_some_and(|at| Instant::now() >= at)
    }

    /// The earlier of this deadline and `limit` from now.
    pub fn within(self, limit: Duration) -> Deadline {
        Deadline(Instant::now().checked_add(limit).map(|at| self.or_sooner(at)).or(self.0))
    }

    /// A deadline that leaves a tenth of the time, but no more than `most`, for what is to be done afterwards.
    pub fn leaving(self, most: Duration) -> Deadline {
        let rest = |at: Instant| at.saturating_duration_since(Instant::now()) / 10;
        Deadline(self.0.map(|at| at.checked_sub(rest(at).min(most)).unwrap_or(at)))
    }

    /// The earlier of this deadline and `other`.
    pub(super) fn or_sooner(self, other: Instant) -> Instant {
        self.0.map_or(other, |at| at.min(other))
    }

    /// Whether something that takes `time` from now would end in time.
    pub fn allows(self, time: Duration) -> bool {
        self.0.is_none_or(|at| Instant::now().checked_add(time).is_some_and(|end| end < at))
    }
}
