//! How much of a call's data is on its way.

use super::connection::Track;
use std::cell::{Cell, RefCell};

/// The data of a call that the network has.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnItsWay {
    /// Bytes of data that requests under way have handed to the system.
    pub sent: u64,
    /// Those of them that have been acknowledged, or all where the system does not say.
    pub acknowledged: u64,
    /// All bytes of data that have been acknowledged in the call, whatever was sent twice.
    pub carried: u64,
}

/// The requests of a call that send data.
#[derive(Default)]
pub(super) struct Traffic {
    under_way: RefCell<Vec<(u64, Track)>>,
    begun: Cell<u64>,
    /// What those carried that have ended.
    carried: Cell<u64>,
}

/// One of them, until it is dropped.
pub(super) struct UnderWay<'a> {
    traffic: &'a Traffic,
    number: u64,
}

impl Traffic {
    /// Forgets what another call sent.
    pub(super) fn begin(&self) {
        self.carried.set(0);
    }

    /// A request begins.
    pub(super) fn join(&self, track: Track) -> UnderWay<'_> {
        let number = self.begun.get();
        self.begun.set(number + 1);
        self.under_way.borrow_mut().push((number, track));
        UnderWay { traffic: self, number }
    }

    /// How much is on its way. That asks the kernel about each request.
    pub(super) fn now(&self) -> OnItsWay {
        let mut now = OnItsWay { carried: self.carried.get(), ..OnItsWay::default() };
        for (_, track) in &*self.under_way.borrow() {
            let acknowledged = track.data_acknowledged();
            now.sent += track.data_sent();
            now.acknowledged += acknowledged;
            now.carried += acknowledged;
        }
        now
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut under_way = self.traffic.under_way.borrow_mut();
        let Some(place) = under_way.iter().position(|(number, _)| *number == self.number) else { return };
        let (_, track) = under_way.swap_remove(place);
        // What was answered has arrived: there is no need to ask.
        let carried = if track.received() > 0 { track.data_sent() } else { track.data_acknowledged() };
        self.traffic.carried.set(self.traffic.carried.get() + carried);
    }
}
