//! What is known of a request's way to the server when no reply came.

/// What is known of it. Only what is known counts: what merely is likely does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Whether its last byte was given to the kernel.
    pub(super) written: bool,
    /// How its connection came to an end, if it did.
    pub(super) end: Option<End>,
    /// Bytes that the kernel had not sent at the end, if it says.
    pub(super) unsent: Option<u64>,
    /// Bytes that the peer had not acknowledged at the end, if the kernel says.
    pub(super) unacknowledged: Option<u64>,
    /// Whether there is a proxy, so that the kernel knows only of the way to that.
    pub(super) proxied: bool,
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The peer closed its side. It may go on reading, and our kernel goes on sending.
    Closed,
    /// The peer closed its side, and then reset the connection: what came when it had closed found nobody who takes it.
    Gone,
    /// The peer reset it without closing its side before.
    Reset,
    /// Our own side could not go on with it.
    Local,
}

impl Delivery {
    /// There was no connection to send anything on.
    pub(super) const NONE: Delivery =
        Delivery { written: false, end: None, unsent: None, unacknowledged: None, proxied: false };

    /// Whether the server may have the whole request, and so may have done what it asks for, or be at it.
    ///
    /// A reset that comes without a close proves nothing, whatever was acknowledged: on a warm connection a server can read
    /// all of a request, do the work and reset the connection before its kernel acknowledges anything. Nor does a close without a
    /// reset: what is with the kernel goes out also when we have closed our end, to a peer that perhaps reads on.
    pub fn is_possible(self) -> bool {
        if !self.written {
            return false;
        }
        if self.proxied {
            return true;
        }
        let known_to_be_short = match self.end {
            Some(End::Gone) => self.unacknowledged.is_some_and(|bytes| bytes > 0),
            Some(End::Reset) => self.unsent.is_some_and(|unsent| unsent > 0),
            Some(End::Closed | End::Local) | None => false,
        };
        !known_to_be_short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: Delivery = Delivery { written: true, ..Delivery::NONE };

    #[test]
    fn only_what_is_known_not_to_have_arrived_was_not_delivered() {
        let ended =
            |end, unsent, unacknowledged| Delivery { end: Some(end), unsent, unacknowledged, ..WRITTEN };
        for (delivery, possible) in [
            (Delivery::NONE, false),
            // Nobody knows what becomes of what is still on its way.
            (WRITTEN, true),
            (Delivery { unsent: Some(1), unacknowledged: Some(1), ..WRITTEN }, true),
            (ended(End::Gone, Some(0), Some(0)), true),
            (ended(End::Gone, Some(0), Some(1)), false),
            (ended(End::Gone, Some(1), Some(1)), false),
            // Our kernel goes on.
            (ended(End::Closed, Some(0), Some(1)), true),
            (ended(End::Closed, Some(1), Some(1)), true),
            (ended(End::Local, Some(1), Some(1)), true),
            (ended(End::Reset, Some(0), Some(5000)), true),
            (ended(End::Reset, Some(1), Some(5000)), false),
            // A kernel that does not say.
            (ended(End::Gone, None, None), true),
            (ended(End::Reset, None, None), true),
            // What a proxy took.
            (Delivery { proxied: true, ..ended(End::Gone, Some(1), Some(1)) }, true),
            (Delivery { proxied: true, ..Delivery::NONE }, false),
        ] {
            assert_eq!(delivery.is_possible(), possible, "{delivery:?}");
        }
    }
}
