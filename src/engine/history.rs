//! What the requests of a call came to.

use crate::transport::{Cause, Measured, Times};
use std::collections::VecDeque;
use std::time::Duration;

/// So many attempts are kept from the beginning of a call, and so many from its end.
const FIRST: usize = 8;
const LAST: usize = 24;

/// One request, sent once, and what came of it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Which it was of the call, from 1 on.
    pub number: u64,
    /// OSS's name for what it asked for.
    pub operation: &'static str,
    /// The number of the part that it sent; 0 if it sent none.
    pub part_number: u32,
    /// What came of it.
    pub end: End,
    /// The HTTP status of the reply; 0 when there was none.
    pub http_status: u16,
    /// The id that OSS gave it.
    pub request_id: String,
    /// OSS's name for the error.
    pub error_code: String,
    /// How it went.
    pub measured: Measured,
    /// Whether it counts as one of those that are limited.
    pub is_counted: bool,
    /// What it came from.
    pub origin: Origin,
}

/// What an attempt came from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// What was wrong with the one before; empty if it was not sent again.
    pub reason: String,
    /// How long the call did nothing before it.
    pub pause: Duration,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// What it was for.
    Done,
    /// The same, but the application server did not answer as it should.
    CallbackFailed,
    /// OSS has nothing of that name.
    Absent,
    /// Another reply.
    Refused,
    /// No reply.
    Failed(Cause),
}

/// All attempts of a call: some of them one by one, and the sum of all.
#[derive(Debug, Clone, Default)]
pub struct History {
    first: Vec<Attempt>,
    last: VecDeque<Attempt>,
    /// The sum of all.
    pub sum: Sum,
}

/// What all attempts of a call come to.
#[derive(Debug, Clone, Default)]
pub struct Sum {
    /// How many there were.
    pub attempts: u64,
    /// How long the phases took.
    pub times: Times,
    /// How long the call did nothing before or after attempts.
    pub pauses: Duration,
    /// Bytes that the kernel took.
    pub sent: u64,
    /// Bytes that arrived for certain.
    pub acknowledged: u64,
}

impl History {
    /// Those that are kept, in the order in which they ended.
    pub fn kept(&self) -> impl Iterator<Item = &Attempt> {
        self.first.iter().chain(&self.last)
    }

    /// Adds an attempt, and says which number it is.
    pub(super) fn add(&mut self, mut attempt: Attempt) -> u64 {
        let Sum { attempts, times, sent, acknowledged, .. } = &mut self.sum;
        *attempts += 1;
        *sent += attempt.measured.sent;
        *acknowledged += attempt.measured.acknowledged;
        times.add_all(attempt.measured.times);
        let number = *attempts;
        attempt.number = number;
        if self.first.len() < FIRST {
            self.first.push(attempt);
            return number;
        }
        if self.last.len() >= LAST {
            self.last.pop_front();
        }
        self.last.push_back(attempt);
        number
    }

    /// Has the attempt of this number, if it is kept, be none of those that are limited.
    pub(super) fn uncount(&mut self, number: u64) {
        let mut kept = self.first.iter_mut().chain(&mut self.last);
        if let Some(attempt) = kept.find(|attempt| attempt.number == number) {
            attempt.is_counted = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Phase;

    #[test]
    fn first_and_last_attempts_are_kept_and_all_are_summed_up() {
        let mut history = History::default();
        let mut times = Times::default();
        times.add(Phase::Waiting, Duration::from_secs(1));
        for sent in 1..=100 {
            let measured = Measured { times, sent, ..Measured::default() };
            history.add(Attempt {
                number: 0,
                operation: "PutObject",
                part_number: 0,
                end: End::Done,
                http_status: 200,
                request_id: String::new(),
                error_code: String::new(),
                measured,
                is_counted: true,
                origin: Origin::default(),
            });
        }
        let numbers: Vec<u64> = history.kept().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..=8).chain(77..=100).collect::<Vec<_>>());
        assert_eq!((history.sum.attempts, history.sum.sent), (100, 5050));
        assert_eq!(history.sum.times.of(Phase::Waiting), Duration::from_secs(100));
        [8, 9, 90].into_iter().for_each(|number| history.uncount(number));
        let uncounted = history.kept().filter(|attempt| !attempt.is_counted).map(|attempt| attempt.number);
        assert_eq!(uncounted.collect::<Vec<_>>(), [8, 90]);
    }
}
