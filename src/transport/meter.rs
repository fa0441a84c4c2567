//! How an exchange went: by the clock, and on the wire.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What an exchange spends its time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Finding the addresses of a name.
    Resolving,
    /// Reaching one of them, and what is behind a proxy.
    Connecting,
    /// Handshakes.
    Tls,
    /// Making the request ready and giving it to the kernel, waits for the source and for the pace included.
    Sending,
    /// Until the head of the reply is there.
    Waiting,
    /// The rest of the reply.
    Receiving,
}

/// How long each phase took; together that is all the time there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times([Duration; 6]);

impl Times {
    /// How long a phase took.
    pub fn of(&self, phase: Phase) -> Duration {
        self.0.get(phase as usize).copied().unwrap_or_default()
    }

    /// How long all took together.
    pub fn sum(&self) -> Duration {
        self.0.iter().sum()
    }

    /// Adds to a phase.
    pub fn add(&mut self, phase: Phase, time: Duration) {
        if let Some(sum) = self.0.get_mut(phase as usize) {
            *sum += time;
        }
    }

    /// Adds others, phase by phase.
    pub fn add_all(&mut self, others: Times) {
        self.0.iter_mut().zip(others.0).for_each(|(sum, time)| *sum += time);
    }
}

/// What is known of an exchange besides its reply.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// What it spent its time on.
    pub times: Times,
    /// Where the connection led, be it to a proxy, if there was one.
    pub address: Option<SocketAddr>,
    /// Whether the connection was used before.
    pub reused: bool,
    /// Bytes that the kernel took, as they went over the network.
    pub sent: u64,
    /// Those of them that have arrived for certain.
    pub acknowledged: u64,
}

/// Measures an exchange while it goes on.
pub struct Meter {
    measured: RefCell<Measured>,
    phase: Cell<Phase>,
    since: Cell<Instant>,
}

impl Meter {
    /// Begins with making the request ready, `since` when that goes on.
    pub fn start(since: Instant) -> Meter {
        let measured = RefCell::default();
        Meter { measured, phase: Cell::new(Phase::Sending), since: Cell::new(since) }
    }

    /// What was measured until now.
    pub fn stop(self) -> Measured {
        self.enter(self.phase.get());
        self.measured.into_inner()
    }

    pub(super) fn enter(&self, phase: Phase) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.since.replace(now));
        self.measured.borrow_mut().times.add(self.phase.replace(phase), passed);
    }

    pub(super) fn is_in(&self, phase: Phase) -> bool {
        self.phase.get() == phase
    }

    /// There is a connection, and what comes now is the request.
    pub(super) fn begin(&self, address: SocketAddr, reused: bool) {
        self.enter(Phase::Sending);
        let measured = &mut *self.measured.borrow_mut();
        (measured.address, measured.reused) = (Some(address), reused);
    }

    pub(super) fn count(&self, sent: u64, acknowledged: u64) {
        let measured = &mut *self.measured.borrow_mut();
        (measured.sent, measured.acknowledged) = (sent, acknowledged);
    }

    /// What its time was spent on so far.
    pub(super) fn so_far(&self) -> Times {
        self.measured.borrow().times
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_all_the_time_there_was() {
        let began = Instant::now();
        let meter = Meter::start(began);
        for phase in [Phase::Resolving, Phase::Connecting, Phase::Sending, Phase::Waiting, Phase::Sending] {
            meter.enter(phase);
            std::thread::sleep(Duration::from_millis(2));
        }
        let times = meter.stop().times;
        let most = began.elapsed();
        assert!(times.of(Phase::Sending) >= Duration::from_millis(4));
        assert_eq!(times.of(Phase::Tls), Duration::ZERO);
        assert!(times.sum() <= most && times.sum() >= Duration::from_millis(10));
    }
}
