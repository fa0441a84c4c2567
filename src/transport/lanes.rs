//! The idle lanes of a bucket, safe across `fork`.

use super::fork::Birthplace;
use super::lane::Lane;
use super::shared::Shared;
use arc_swap::ArcSwap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More idle lanes than this are closed: a burst of threads must not hold its connections for ever.
const MOST_IDLE: usize = 64;

/// The lanes that no call is using.
///
/// They belong to one process. In a child of it they are forgotten, neither used nor dropped, since dropping would take
/// the parent's sockets out of the epoll instance that both share. What locks is replaced with them: another thread may
/// have held it at the fork, and in the child nobody would ever release it.
pub(super) struct Lanes(ArcSwap<OfProcess>);

struct OfProcess {
    birthplace: Birthplace,
    idle: Mutex<Vec<Lane>>,
    shared: Arc<Shared>,
}

impl Lanes {
    pub(super) fn new() -> Lanes {
        Lanes(ArcSwap::from(OfProcess::new()))
    }

    pub(super) fn take(&self) -> Option<Lane> {
        self.of_this_process().idle().pop()
    }

    pub(super) fn put_back(&self, lane: Lane) {
        let own = self.of_this_process();
        let mut idle = own.idle();
        if idle.len() < MOST_IDLE {
            idle.push(lane);
        }
    }

    /// What all lanes of this process share.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.of_this_process().shared)
    }

    fn of_this_process(&self) -> Arc<OfProcess> {
        let current = self.0.load_full();
        if current.birthplace.is_here() {
            return current;
        }
        let previous = self.0.compare_and_swap(&current, OfProcess::new());
        // One more reference that is never given back keeps the parent's lanes from being dropped.
        if Arc::ptr_eq(&previous, &current) {
            mem::forget(Arc::clone(&current));
        }
        self.0.load_full()
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let current = self.0.load_full();
        if !current.birthplace.is_here() {
            mem::forget(current);
        }
    }
}

impl OfProcess {
    fn new() -> Arc<OfProcess> {
        Arc::new(OfProcess { birthplace: Birthplace::here(), idle: Mutex::default(), shared: Arc::default() })
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Lane>> {
        // The list is whole at every point where a panic could strike.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
