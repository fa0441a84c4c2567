//! How long a caller waits for something that is no exchange of a lane's.

use super::cancel::Cancel;
use super::deadline::Deadline;
use super::failure::Cause;
use std::time::{Duration, Instant};

/// A cancel is noticed within this.
const LOOK: Duration = Duration::from_millis(50);

/// When a caller waits no longer.
#[derive(Debug, Clone)]
pub struct Patience {
    /// When what is waited for has taken too long.
    pub timeout: Deadline,
    /// When the call has to end, whatever it waits for.
    pub deadline: Deadline,
    /// Whoever may end it before.
    pub cancels: Vec<Cancel>,
}

impl Patience {
    /// What ended it, if it is at its end.
    pub fn end(&self) -> Option<Cause> {
        if self.cancels.iter().any(Cancel::has_fired) {
            Some(Cause::Cancelled)
        } else if self.deadline.has_passed() {
            Some(Cause::Deadline)
        } else if self.timeout.has_passed() {
            Some(Cause::Timeout)
        } else {
            None
        }
    }

    /// The same caller's, for something that must not take longer than `time`.
    pub fn within(&self, time: Duration) -> Patience {
        Patience { timeout: self.timeout.within(time), ..self.clone() }
    }

    /// How long to wait before it is asked for its end again.
    pub fn pause(&self) -> Duration {
        let now = Instant::now();
        let end = self.deadline.or_sooner(self.timeout.or_sooner(now + LOOK));
        end.saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn patience(timeout: Duration, deadline: Duration) -> Patience {
        let after = |time| Deadline::after(Some(time));
        Patience { timeout: after(timeout), deadline: after(deadline), cancels: vec![Cancel::default()] }
    }

    #[test]
    fn whatever_comes_first_ends_it() {
        assert_eq!(patience(HOUR, HOUR).end(), None);
        assert_eq!(patience(Duration::ZERO, HOUR).end(), Some(Cause::Timeout));
        assert_eq!(patience(HOUR, Duration::ZERO).end(), Some(Cause::Deadline));
        let cancelled = patience(HOUR, HOUR);
        cancelled.cancels[0].fire();
        assert_eq!(cancelled.end(), Some(Cause::Cancelled));
    }

    #[test]
    fn nobody_sleeps_through_its_end() {
        assert_eq!(patience(HOUR, HOUR).pause(), LOOK);
        assert!(patience(LOOK / 5, HOUR).pause() <= LOOK / 5);
        assert!(patience(HOUR, LOOK / 5).pause() <= LOOK / 5);
    }
}
