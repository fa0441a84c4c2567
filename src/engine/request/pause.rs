//! How long the pause is before a request is sent again.

use std::time::Duration;

const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Full jitter: anything from nothing to a limit that doubles with every attempt.
pub(super) fn pause_after(attempts: u32) -> Duration {
    let limit = SHORTEST_PAUSE.saturating_mul(1 << attempts.min(10)).min(LONGEST_PAUSE);
    limit.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_jittered_and_stay_below_twenty_seconds() {
        for attempts in 1..=100 {
            let limit = Duration::from_secs_f64((0.2 * 2f64.powi(attempts as i32)).min(20.0));
            let pauses: Vec<Duration> = (0..50).map(|_| pause_after(attempts)).collect();
            assert!(pauses.iter().all(|pause| *pause <= limit), "attempt {attempts}");
            assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]), "attempt {attempts}: no jitter");
        }
    }
}
