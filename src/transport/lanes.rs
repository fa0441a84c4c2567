//! The idle lanes of a bucket, safe across `fork`.

use super::fork::PerProcess;
use super::lane::Lane;
use super::shared::Shared;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// More idle lanes than this are closed: a burst of threads must not hold its connections for ever.
const MOST_IDLE: usize = 64;

/// The lanes that no call is using.
///
/// They belong to one process, as long as it leaves them their descriptors. Dropping them in a child of it would take the parent's sockets out of the epoll instance that
/// both share.
#[derive(Default)]
pub(super) struct Lanes(PerProcess<Own>);

#[derive(Default)]
struct Own {
    idle: Mutex<Vec<Lane>>,
    shared: Arc<Shared>,
}

impl Lanes {
    pub(super) fn take(&self) -> Option<Lane> {
        let own = self.0.get();
        loop {
            let lane = own.idle().pop()?;
            if lane.route.is_ours() {
                return Some(lane);
            }
            mem::forget(lane);
        }
    }

    /// Keeps a lane that has a connection to keep.
    pub(super) fn put_back(&self, lane: Lane) {
        let own = self.0.get();
        let mut idle = own.idle();
        if idle.len() < MOST_IDLE && lane.route.has_idle() {
            idle.push(lane);
        }
    }

    /// What all lanes of this process share.
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0.get().shared)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What the host closed is not closed again: the numbers may be those of its files.
        let idle = mem::take(&mut *self.idle());
        idle.into_iter().filter(|lane| !lane.route.is_ours()).for_each(mem::forget);
    }
}

impl Own {
    fn idle(&self) -> MutexGuard<'_, Vec<Lane>> {
        // The list is whole at every point where a panic could strike.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
