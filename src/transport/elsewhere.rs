//! Where a call does its blocking work: on its own thread, or, when that is about to end and has no data of its own any more,
//! on another one while it waits.

use super::failure::Failure;
use super::signals::with_all_signals_blocked;
use std::panic::resume_unwind;
use std::{io, thread};
use tokio::runtime::Handle;

/// What is handed to the other thread.
struct Handed<'a>(&'a mut dyn FnMut());

// SAFETY: whoever hands it over waits until the other thread is done, so only one of them uses it at a time; and the other
// thread ends with the work, so that nothing of it stays there.
unsafe impl Send for Handed<'_> {}

impl Handed<'_> {
    fn run(self) {
        (self.0)();
    }
}

/// Does `work`, which blocks on the network, for the calling thread.
pub(super) fn block_on_network<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    if Handle::try_current().is_ok() {
        let message =
            "a function that the library calls must not talk to a server on the same thread meanwhile";
        return Err(Failure::unsendable(message.to_owned()));
    }
    with_thread_data(work)?
}

/// Does `work`, which needs what a thread has of its own, for the calling thread.
pub fn with_thread_data<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    let mut work = Some(work);
    let mut result = None;
    // Of one kind for all, or the compiler would write all that follows anew for each.
    here_or_elsewhere(&mut || result = work.take().map(|work| work()))?;
    // It is there, since the work was done.
    result.ok_or_else(|| Failure::unsendable("nothing was done".to_owned()))
}

fn here_or_elsewhere(work: &mut dyn FnMut()) -> Result<(), Failure> {
    match Handle::try_current() {
        Err(missing) if missing.is_thread_local_destroyed() => work_elsewhere(work).map_err(Failure::setup),
        _ => {
            work();
            Ok(())
        }
    }
}

/// Does `work` on a thread of its own, which no signal interrupts, and waits for it.
fn work_elsewhere(work: &mut dyn FnMut()) -> io::Result<()> {
    let work = Handed(work);
    thread::scope(|scope| {
        let working = with_all_signals_blocked(|| {
            thread::Builder::new().name("oss-at-exit".to_owned()).spawn_scoped(scope, move || work.run())
        })?;
        working.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn work_is_done_elsewhere_with_what_is_here() {
        let here = thread::current().id();
        let count = Rc::new(1);
        let mut there = None;
        work_elsewhere(&mut || there = Some((thread::current().id(), Rc::clone(&count)))).unwrap();
        assert!(there.is_some_and(|(thread, _)| thread != here));
        assert_eq!(Rc::strong_count(&count), 1);
    }
}
