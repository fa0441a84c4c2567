//! Turns at something that one caller does for all who want it at the same time, such as fetching a key.

use super::failure::Cause;
use super::fork::{OfProcess, PerProcess};
use super::patience::Patience;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Who is at what. A turn that another thread has at a fork ends with that thread's process, and is none in the child.
#[derive(Default)]
pub struct Turns(PerProcess<UnderWay>);

#[derive(Default)]
struct UnderWay {
    names: Mutex<Vec<String>>,
    one_less: Condvar,
}

/// The turn at the thing of this name, until it is dropped.
pub struct Turn {
    under_way: Arc<OfProcess<UnderWay>>,
    name: String,
}

impl Turns {
    /// Waits until nobody else is at the thing of this name; an error says what ended the patience before.
    pub fn take(&self, name: &str, patience: &Patience) -> Result<Turn, Cause> {
        let under_way = self.0.get();
        let mut names = under_way.names();
        while names.iter().any(|other| other == name) {
            if let Some(cause) = patience.end() {
                return Err(cause);
            }
            let woken = under_way.one_less.wait_timeout(names, patience.pause());
            names = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        names.push(name.to_owned());
        drop(names);
        Ok(Turn { under_way, name: name.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.under_way.names().retain(|other| *other != self.name);
        self.under_way.one_less.notify_all();
    }
}

impl UnderWay {
    fn names(&self) -> MutexGuard<'_, Vec<String>> {
        // The list is whole at every point where a panic could strike.
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::{Cancel, Deadline};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    fn patience(deadline: Option<Duration>) -> Patience {
        Patience {
            timeout: Deadline::after(None),
            deadline: Deadline::after(deadline),
            cancels: vec![Cancel::default()],
        }
    }

    #[test]
    fn one_at_a_time_has_the_turn_and_other_things_have_theirs() {
        let turns = Turns::default();
        let first = turns.take("a", &patience(None)).unwrap();
        let _other = turns.take("b", &patience(Some(Duration::ZERO))).unwrap();
        assert_eq!(turns.take("a", &patience(Some(Duration::from_millis(10)))).err(), Some(Cause::Deadline));
        thread::scope(|scope| {
            let (given_back, is_given_back) = mpsc::channel();
            let turns = &turns;
            scope.spawn(move || {
                let _second = turns.take("a", &patience(None)).unwrap();
                is_given_back.try_recv().expect("the turn of the first is over");
            });
            given_back.send(()).unwrap();
            drop(first);
        });
        assert!(turns.take("a", &patience(Some(Duration::ZERO))).is_ok());
    }

    #[test]
    fn cancel_ends_the_waiting() {
        let turns = Turns::default();
        let _first = turns.take("a", &patience(None)).unwrap();
        let waiting = patience(None);
        thread::scope(|scope| {
            let cancel = waiting.cancels[0].clone();
            let waiter = scope.spawn(|| turns.take("a", &waiting).err());
            cancel.fire();
            assert_eq!(waiter.join().unwrap(), Some(Cause::Cancelled));
        });
    }
}
