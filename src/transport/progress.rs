//! How far a request has come.

use super::body::{Outgoing, Taken};
use super::direct::Connection;
use super::lane::Way;
use super::socket::Health;
use bytes::Bytes;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

/// How far a request has come.
pub(super) struct Progress {
    pub(super) taken: Taken,
    pub(super) size: u64,
    /// Whether we see the socket itself, rather than what the client takes.
    sees_socket: bool,
    socket: OnceCell<Arc<Health>>,
    /// How often nothing moved because of ourselves: the source took its time, or the pace did.
    own_pauses: Cell<u64>,
}

impl Progress {
    pub(super) fn new(way: &Way, size: u64) -> Progress {
        let sees_socket = matches!(way, Way::Direct(_));
        Progress {
            taken: Taken::default(),
            size,
            sees_socket,
            socket: OnceCell::new(),
            own_pauses: Cell::new(0),
        }
    }

    pub(super) fn empty_body(&self) -> Outgoing {
        Outgoing::whole(Bytes::new(), self.taken.clone())
    }

    pub(super) fn connected(&self, connection: &Connection) {
        // An exchange has one connection, so it is set once.
        let _ = self.socket.set(connection.health());
    }

    /// Whether the server may have the whole request.
    pub(super) fn is_wholly_sent(&self) -> bool {
        let arrived = match self.socket.get() {
            Some(socket) => !socket.is_broken(),
            None => !self.sees_socket,
        };
        arrived && self.taken.bytes() == self.size
    }

    /// Whether, for all we know, there is no connection yet.
    pub(super) fn is_connecting(&self) -> bool {
        if self.sees_socket { self.socket.get().is_none() } else { self.taken.bytes() == 0 }
    }

    /// A number that grows whenever something moves.
    pub(super) fn moved(&self) -> u64 {
        self.taken.bytes() + self.own_pauses.get() + self.socket.get().map_or(0, |socket| socket.moved())
    }

    pub(super) fn note_own_pause(&self) {
        self.own_pauses.set(self.own_pauses.get() + 1);
    }
}
