//! What ends or slows a call.

use crate::transport::{Cancel, Rate};
use crate::wire::mistake::Mistake;
use std::time::Duration;

/// The longest time that a setting can express; beyond it, a number is more likely a mistake than a wish.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// The slowest pace that can be asked for. Slower than this, servers give connections up.
const SLOWEST: u64 = 1024;

/// What a call is bound to, where that is not left to the bucket.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    pub(crate) deadline: Option<Option<Duration>>,
    pub(crate) cancel: Option<Cancel>,
    pub(super) bytes_per_second: Option<u64>,
    pub(super) rate: Option<Rate>,
}

impl Limits {
    /// How long a call may take; zero for as long as it needs.
    pub fn set_deadline(&mut self, time: Duration) -> Result<(), Mistake> {
        self.deadline = Some(checked_deadline(time)?);
        Ok(())
    }

    /// Who may end it.
    pub fn set_cancel(&mut self, cancel: Option<Cancel>) {
        self.cancel = cancel;
    }

    /// How fast it may send; zero for as fast as it can.
    pub fn set_bytes_per_second(&mut self, rate: u64) -> Result<(), Mistake> {
        if (1..SLOWEST).contains(&rate) {
            return Err(Mistake::new(format!(
                "a rate of {rate} bytes a second is less than {SLOWEST}; 0 stands for no limit"
            )));
        }
        self.bytes_per_second = Some(rate).filter(|rate| *rate > 0);
        Ok(())
    }

    /// How fast it may send together with all others that have the same rate; none for no such limit.
    pub fn set_rate(&mut self, rate: Option<Rate>) {
        self.rate = rate;
    }

    /// These, with the rate of `others`.
    pub(crate) fn at_rate_of(self, others: &Limits) -> Limits {
        Limits { rate: others.rate.clone(), ..self }
    }

    /// These, and `others` where these say nothing.
    pub(crate) fn or(&self, others: &Limits) -> Limits {
        Limits {
            deadline: self.deadline.or(others.deadline),
            cancel: self.cancel.clone().or_else(|| others.cancel.clone()),
            bytes_per_second: self.bytes_per_second.or(others.bytes_per_second),
            rate: self.rate.clone().or_else(|| others.rate.clone()),
        }
    }
}

/// A time-out, which is named in what is wrong with it.
pub(super) fn checked_timeout(which: &str, time: Duration) -> Result<Duration, Mistake> {
    if time.is_zero() || time > LONGEST {
        return Err(Mistake::new(format!(
            "a {which} time-out of {} ms is not from 1 to {} ms",
            time.as_millis(),
            LONGEST.as_millis()
        )));
    }
    Ok(time)
}

/// A settling time of zero means a single look.
pub(super) fn checked_settling_time(time: Duration) -> Result<Duration, Mistake> {
    if time > LONGEST {
        return Err(Mistake::new(format!(
            "a settling time of {} ms is longer than {} ms; 0 stands for a single look",
            time.as_millis(),
            LONGEST.as_millis()
        )));
    }
    Ok(time)
}

/// A deadline of zero means none.
fn checked_deadline(time: Duration) -> Result<Option<Duration>, Mistake> {
    if time > LONGEST {
        return Err(Mistake::new(format!(
            "a deadline of {} ms is longer than {} ms; 0 stands for none",
            time.as_millis(),
            LONGEST.as_millis()
        )));
    }
    Ok(Some(time).filter(|time| !time.is_zero()))
}
