//! How far a request has come.

use super::connection::Track;
use super::delivery::Delivery;
use super::failure::{Cause, Failure, in_words};
use super::meter::{Meter, Phase};
use super::route::Route;
use super::tls;
use std::cell::{Cell, OnceCell};
use url::Url;

/// What a peer that speaks TLS says first to one that does not: an alert, or a part of a handshake.
const TLS_RECORDS: std::ops::RangeInclusive<u8> = 0x15..=0x16;

/// How far a request has come, on its way to where it goes.
pub(super) struct Progress<'a> {
    route: &'a Route,
    url: &'a Url,
    pub(super) meter: &'a Meter,
    pub(super) size: u64,
    /// Once there is a connection.
    ride: OnceCell<Ride>,
    /// How often nothing moved because of ourselves: the source took its time, or the pace did.
    own_pauses: Cell<u64>,
}

/// The connection, as far as it is the request's.
struct Ride {
    track: Track,
    /// Whether it was idle before.
    reused: bool,
}

impl<'a> Progress<'a> {
    pub(super) fn new(route: &'a Route, url: &'a Url, meter: &'a Meter, size: u64) -> Progress<'a> {
        Progress { route, url, meter, size, ride: OnceCell::new(), own_pauses: Cell::new(0) }
    }

    /// There is a connection, and the request is about to be written to it.
    pub(super) fn begin(&self, track: Track, reused: bool) {
        self.meter.begin(track.address, reused);
        // An exchange has one connection, so it is set once.
        let _ = self.ride.set(Ride { track, reused });
    }

    /// The request on its connection; `None` while there is none.
    pub(super) fn track(&self) -> Option<&Track> {
        self.ride.get().map(|ride| &ride.track)
    }

    /// Whether the last byte of the request was given to the kernel.
    pub(super) fn is_written(&self) -> bool {
        self.track().is_some_and(Track::is_written)
    }

    /// What is left is the reply, if all is with the kernel.
    pub(super) fn note_written(&self) {
        if self.meter.is_in(Phase::Sending) && self.is_written() {
            self.meter.enter(Phase::Waiting);
        }
    }

    /// Counts what went out. Of a request that was answered after all of it was sent, all has arrived.
    pub(super) fn count_bytes(&self, arrived: bool) {
        if let Some(track) = self.track() {
            let sent = track.bytes_sent();
            self.meter.count(sent, if arrived { sent } else { track.bytes_acknowledged() });
        }
    }

    /// Whether a connection that had been idle gave no sign of life.
    pub(super) fn met_silence(&self) -> bool {
        self.ride.get().is_some_and(|ride| ride.reused && ride.track.received() == 0)
    }

    pub(super) fn own_pauses(&self) -> u64 {
        self.own_pauses.get()
    }

    pub(super) fn note_own_pause(&self) {
        self.own_pauses.set(self.own_pauses.get() + 1);
    }

    /// What is being done, for messages.
    fn doing(&self) -> String {
        match self.track() {
            None => format!("connecting to {}", self.route.first_hop(self.url)),
            Some(track) if track.is_written() => format!("waiting for the reply of {}", self.peer()),
            Some(_) => format!("sending to {}", self.peer()),
        }
    }

    fn peer(&self) -> String {
        self.route.peer(self.url)
    }

    /// The exchange ends here, for a reason of ours.
    pub(super) fn given_up(&self, cause: Cause, what: &str) -> Failure {
        let delivery = self.track().map_or(Delivery::NONE, Track::delivery);
        Failure { cause, delivery, stale: false, message: format!("{what} while {}", self.doing()) }
    }

    /// The exchange ended with its connection.
    pub(super) fn broken(&self, error: &hyper::Error) -> Failure {
        let Some(track) = self.track() else {
            return Failure::before(Cause::Network, in_words(error));
        };
        if error.is_parse() && self.speaks_tls(track) {
            return Failure::before(Cause::Tls, self.mix_up(track));
        }
        let tls_error = tls::error_in(error);
        // Only what comes before any byte belongs to the handshake.
        let refusal = tls_error.filter(|error| tls::refuses_us(error) && track.first_byte().is_none());
        if let Some(refusal) = refusal {
            return Failure::before(Cause::Tls, tls::in_words(refusal, &self.peer()));
        }
        let delivery = track.delivery();
        let (cause, why) = match tls_error {
            Some(error) => (Cause::Tls, tls::in_words(error, &self.peer())),
            None if error.is_parse() => (Cause::BadResponse, format!("what came is no HTTP: {error}")),
            None if track.ended_there() && !delivery.written => (Cause::Interrupted, in_words(error)),
            None => (Cause::Network, in_words(error)),
        };
        let is_cut = matches!(cause, Cause::Network | Cause::Interrupted);
        let stale = is_cut && track.ended_there() && self.met_silence();
        Failure {
            cause,
            delivery,
            stale,
            message: format!("the connection broke while {}: {why}", self.doing()),
        }
    }

    /// Whether the other side answered with TLS what was sent without.
    fn speaks_tls(&self, track: &Track) -> bool {
        !track.leads_through_tls && track.first_byte().is_some_and(|byte| TLS_RECORDS.contains(&byte))
    }

    fn mix_up(&self, track: &Track) -> String {
        let hop = self.route.first_hop(self.url);
        let whose = if track.proxied { "its URL" } else { "the endpoint" };
        format!("{hop} speaks TLS: {whose} should begin with https://, not with http://")
    }
}
