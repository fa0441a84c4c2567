//! The keys that verify callback requests: fetched once for all who want them, and remembered.

use crate::callback::verify::PublicKey;
use crate::engine::outcome::{Outcome, Status, Stored};
use crate::transport::{Cause, Errand, Turns};
use arc_swap::ArcSwap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long nobody asks again for what could not be fetched: callers come in crowds when their server is down.
const FAILURE_TIME: Duration = Duration::from_secs(5);
/// So many are remembered of each kind, since whoever sends a request may name a place of their own.
const MOST_REMEMBERED: usize = 16;

/// What is known of keys, by their URLs.
#[derive(Default)]
pub(super) struct Keys {
    keys: Memory<PublicKey>,
    failures: Memory<Arc<Outcome>>,
    turns: Turns,
}

impl Keys {
    /// The key that this errand is for, fetched unless it was within `cache_time`. Of several callers one fetches it.
    pub(super) fn get(&self, errand: &Errand, cache_time: Duration) -> Result<PublicKey, Box<Outcome>> {
        let asked = Instant::now();
        let url = errand.url.as_str();
        if let Some(known) = self.known(url, cache_time, asked) {
            return known;
        }
        let turn = self.turns.take(url, &errand.patience);
        let _turn = turn.map_err(|cause| not_fetched(Outcome::failed(errand.cut_off(cause), Stored::No)))?;
        // Whoever had the turn before is likely to have found out.
        self.known(url, cache_time, asked).unwrap_or_else(|| self.fetch(errand, cache_time))
    }

    /// What was found out lately, or since it was `asked` for.
    fn known(
        &self,
        url: &str,
        cache_time: Duration,
        asked: Instant,
    ) -> Option<Result<PublicKey, Box<Outcome>>> {
        if let Some(key) = self.keys.of(url, cache_time, asked) {
            return Some(Ok(key));
        }
        let failure = Outcome::clone(&*self.failures.of(url, FAILURE_TIME, asked)?);
        let seconds = FAILURE_TIME.as_secs();
        let message = format!("remembered from the last {seconds} seconds: {}", failure.message);
        Some(Err(Box::new(failure.saying(message))))
    }

    fn fetch(&self, errand: &Errand, cache_time: Duration) -> Result<PublicKey, Box<Outcome>> {
        let url = errand.url.as_str();
        let sent = errand.run();
        // What ended the call of one caller says nothing to others; nor that he may not fetch, being within a call.
        let is_of_the_caller = sent
            .as_ref()
            .is_err_and(|failure| failure.cause == Cause::Unsendable || failure.cause.is_of_the_caller());
        let outcome = match sent {
            Ok(reply) if reply.status == 200 => Outcome::success(reply, Stored::No),
            sent => not_fetched(Outcome::without_success(sent, Stored::No)),
        };
        let failure = match key_in(outcome) {
            Ok(key) => {
                self.keys.keep(url, &key, cache_time);
                return Ok(key);
            }
            Err(failure) => failure,
        };
        if !is_of_the_caller {
            self.failures.keep(url, &Arc::new(Outcome::clone(&failure)), FAILURE_TIME);
        }
        Err(failure)
    }
}

fn not_fetched(outcome: Outcome) -> Outcome {
    let message = format!("the service's public key could not be fetched: {}", outcome.message);
    outcome.saying(message)
}

/// The key that a reply brought.
fn key_in(outcome: Outcome) -> Result<PublicKey, Box<Outcome>> {
    if !outcome.is_ok() {
        return Err(Box::new(outcome));
    }
    PublicKey::from_pem(&String::from_utf8_lossy(&outcome.body)).map_err(|mistake| {
        let message = format!("what was fetched as the service's public key is none: {mistake}");
        Box::new(outcome.with(Status::BadResponse, message))
    })
}

/// What came from some URLs. It is replaced as a whole, so that no lock is held over a fork.
struct Memory<T>(ArcSwap<Vec<Remembered<T>>>);

#[derive(Clone)]
struct Remembered<T> {
    url: String,
    value: T,
    came: Instant,
}

impl<T: Clone> Memory<T> {
    /// What came from `url` within this time, or since it was `asked` for.
    fn of(&self, url: &str, time: Duration, asked: Instant) -> Option<T> {
        let all = self.0.load();
        let found = all.iter().find(|other| other.url == url)?;
        (found.came >= asked || found.came.elapsed() < time).then(|| found.value.clone())
    }

    /// Remembers what came from `url`, and no longer what is older than this time.
    fn keep(&self, url: &str, value: &T, time: Duration) {
        self.0.rcu(|all| {
            let mut all = Vec::clone(all);
            all.retain(|other| other.url != url && other.came.elapsed() < time);
            // What has served for long goes last: it is not what strangers name.
            all.truncate(MOST_REMEMBERED - 1);
            all.push(Remembered { url: url.to_owned(), value: value.clone(), came: Instant::now() });
            all
        });
    }
}

impl<T> Default for Memory<T> {
    fn default() -> Memory<T> {
        Memory(ArcSwap::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_much_is_remembered_and_the_oldest_stays() {
        let memory = Memory::default();
        let hour = Duration::from_secs(3600);
        for number in 0..100 {
            memory.keep(&number.to_string(), &number, hour);
        }
        let later = Instant::now();
        let remembered: Vec<i32> =
            (0..100).filter_map(|number| memory.of(&number.to_string(), hour, later)).collect();
        assert_eq!(remembered.len(), MOST_REMEMBERED);
        assert_eq!((remembered.first(), remembered.last()), (Some(&0), Some(&99)));
    }

    #[test]
    fn what_is_older_than_its_time_serves_only_those_who_asked_before() {
        let memory = Memory::default();
        let before = Instant::now();
        memory.keep("a", &1, Duration::ZERO);
        assert_eq!(memory.of("a", Duration::ZERO, before), Some(1));
        let after = Instant::now() + Duration::from_nanos(1);
        assert_eq!(memory.of("a", Duration::ZERO, after), None);
        memory.keep("b", &2, Duration::ZERO);
        assert_eq!(memory.0.load().len(), 1);
    }
}
