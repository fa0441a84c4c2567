//! The open connections, and how they are told to end.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::callback::Sockets;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Connected; no request has arrived yet.
    New,
    /// A request is being received or worked on.
    Busy,
    /// A reply is being written.
    Replying,
    /// Kept alive, waiting for the next request.
    Idle,
}

#[derive(Debug)]
struct Open {
    /// Shared, not duplicated: a reset happens when the last descriptor is closed.
    socket: Arc<TcpStream>,
    phase: Phase,
}

#[derive(Debug, Default)]
struct State {
    accepted: u64,
    open: HashMap<u64, Open>,
    /// Connections to application servers.
    outgoing: Vec<Arc<TcpStream>>,
    stopping: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Connections {
    state: Mutex<State>,
    changed: Condvar,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a new connection in and numbers it; `None` when the emulator is ending.
    pub fn accept(&self, socket: Arc<TcpStream>) -> Option<u64> {
        let mut state = self.lock();
        if state.stopping {
            return None;
        }
        state.accepted += 1;
        let id = state.accepted;
        state.open.insert(id, Open { socket, phase: Phase::New });
        Some(id)
    }

    /// Has a connection forgotten when what this returns is dropped, be it because its thread panics.
    pub fn until_dropped(&self, id: u64) -> impl Drop {
        Registration { connections: self, id }
    }

    /// Forgets a connection. That closes its socket, if its thread is through with it.
    pub fn remove(&self, id: u64) {
        self.lock().open.remove(&id);
        self.changed.notify_all();
    }

    pub fn set_phase(&self, id: u64, phase: Phase) {
        if let Some(open) = self.lock().open.get_mut(&id) {
            open.phase = phase;
        }
        self.changed.notify_all();
    }

    pub fn accepted(&self) -> u64 {
        self.lock().accepted
    }

    pub fn open(&self) -> usize {
        self.lock().open.len()
    }

    pub fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Waits so long, or until the emulator ends; true in the latter case.
    pub fn wait_for_stop(&self, time: Duration) -> bool {
        let deadline = Instant::now().checked_add(time);
        let mut state = self.lock();
        while !state.stopping {
            // A time beyond reckoning is for ever.
            let left = match deadline {
                None => Duration::from_secs(3600),
                Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => left,
                    _ => return false,
                },
            };
            state = self.wait(state, left);
        }
        true
    }

    fn wait<'a>(&'a self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        match self.changed.wait_timeout(state, time) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }

    /// Ends all kept-alive connections that are idle, and returns when they are gone. Replies that are just being
    /// written are waited for, because their connections are idle in the eyes of the client that read them.
    pub fn close_idle(&self) {
        const PATIENCE: Duration = Duration::from_secs(10);
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while state.open.values().any(|open| open.phase == Phase::Replying) && Instant::now() < deadline {
            state = self.wait(state, deadline.saturating_duration_since(Instant::now()));
        }
        let mut closing = Vec::new();
        for (id, open) in &state.open {
            if open.phase == Phase::Idle {
                shut_down(open);
                closing.push(*id);
            }
        }
        while closing.iter().any(|id| state.open.contains_key(id)) && Instant::now() < deadline {
            state = self.wait(state, deadline.saturating_duration_since(Instant::now()));
        }
    }

    /// Begins the end: there are no new connections, and waits are over.
    pub fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    /// Shuts all connections down, and waits a moment for what comes of it. To be done until all are gone: a socket that
    /// is only about to connect is not kept from it.
    pub fn shut_down(&self) {
        const MOMENT: Duration = Duration::from_millis(1);
        let state = self.lock();
        for open in state.open.values() {
            shut_down(open);
        }
        for socket in &state.outgoing {
            let _ = socket.shutdown(Shutdown::Both);
        }
        drop(self.wait(state, MOMENT));
    }
}

fn shut_down(open: &Open) {
    // It may be broken already, which is as good.
    let _ = open.socket.shutdown(Shutdown::Both);
}

/// A connection, for as long as it is one of those that are open.
struct Registration<'a> {
    connections: &'a Connections,
    id: u64,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        self.connections.remove(self.id);
    }
}

impl Sockets for Connections {
    fn are_ending(&self) -> bool {
        self.is_stopping()
    }

    fn opened(&self, socket: &Arc<TcpStream>) {
        self.lock().outgoing.push(Arc::clone(socket));
    }

    fn closed(&self, socket: &Arc<TcpStream>) {
        self.lock().outgoing.retain(|other| !Arc::ptr_eq(other, socket));
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn a_connection_is_forgotten_when_its_thread_panics() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let connections = Connections::default();
        let id = connections.accept(Arc::new(client)).unwrap();
        thread::scope(|scope| {
            let serving = scope.spawn(|| {
                let _open = connections.until_dropped(id);
                assert_eq!(connections.open(), 0, "as is wanted here");
            });
            assert!(serving.join().is_err());
        });
        assert_eq!(connections.open(), 0);
    }
}
