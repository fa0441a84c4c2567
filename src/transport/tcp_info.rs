//! What the kernel knows of a TCP connection: how much the peer has acknowledged, and how much never left.

use std::mem::{MaybeUninit, offset_of, size_of};
use std::os::fd::RawFd;
use std::time::Duration;

/// How far the bytes of a connection have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TcpInfo {
    /// Bytes that the peer's kernel has acknowledged since the connection was made.
    pub(super) acknowledged: u64,
    /// Bytes that the kernel took and has not sent.
    pub(super) unsent: u64,
    /// Who has ended it.
    pub(super) state: State,
    /// Bytes that came, read or not.
    pub(super) received: u64,
    /// How long ago data was sent last, as far as the kernel's clock ticks.
    pub(super) quiet: Duration,
    /// How long it waits for an acknowledgement before it sends again.
    pub(super) patience: Duration,
}

/// Who has ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Neither side.
    Established,
    /// The peer has closed its side, and we perhaps ours.
    ClosedThere,
    /// Nothing can be sent or received any more.
    Over,
    Other,
}

impl State {
    /// From the kernel's number.
    fn of(number: u8) -> State {
        const ESTABLISHED: u8 = 1;
        const CLOSE: u8 = 7;
        const CLOSE_WAIT: u8 = 8;
        const LAST_ACK: u8 = 9;
        match number {
            ESTABLISHED => State::Established,
            CLOSE => State::Over,
            CLOSE_WAIT | LAST_ACK => State::ClosedThere,
            _ => State::Other,
        }
    }
}

/// Where these stand among the times and windows: one in microseconds, one in milliseconds.
const RETRANSMISSION_TIMEOUT: usize = 0;
const LAST_DATA_SENT: usize = 9;

/// The kernel's structure, up to the last field that is read here. It only ever grows at its end.
#[repr(C)]
struct Raw {
    state_and_options: [u8; 8],
    /// From the retransmission time-out to the number of retransmissions.
    times_and_windows: [u32; 24],
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
}

impl TcpInfo {
    /// `None` if it is no TCP connection, or if the kernel does not say (before Linux 4.6).
    pub(super) fn of(fd: RawFd) -> Option<TcpInfo> {
        let mut raw = MaybeUninit::<Raw>::zeroed();
        let mut length = libc::socklen_t::try_from(size_of::<Raw>()).ok()?;
        // SAFETY: the kernel writes at most `length` bytes, which is the size of what `raw` has room for, and says how many it
        // wrote. A wrong descriptor is an error and no breach of memory.
        let result = unsafe {
            libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, raw.as_mut_ptr().cast(), &raw mut length)
        };
        let needed = offset_of!(Raw, notsent_bytes) + size_of::<u32>();
        if result != 0 || (length as usize) < needed {
            return None;
        }
        // SAFETY: all of it was zeroed, and any bytes make valid integers.
        let raw = unsafe { raw.assume_init() };
        // The SYN counts as one. Where there is none, as in sandboxes with a network of their own, nobody counts.
        let acknowledged = raw.bytes_acked.checked_sub(1)?;
        let [state, ..] = raw.state_and_options;
        let time = |at| u64::from(raw.times_and_windows.get(at).copied().unwrap_or_default());
        Some(TcpInfo {
            acknowledged,
            unsent: u64::from(raw.notsent_bytes),
            state: State::of(state),
            received: raw.bytes_received,
            quiet: Duration::from_millis(time(LAST_DATA_SENT)),
            patience: Duration::from_micros(time(RETRANSMISSION_TIMEOUT)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_the_peer_has_is_acknowledged() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut theirs, _) = listener.accept().unwrap();
        ours.write_all(b"12345").unwrap();
        let mut got = [0; 5];
        theirs.read_exact(&mut got).unwrap();
        // An answer carries the acknowledgement.
        theirs.write_all(b"x").unwrap();
        ours.read_exact(&mut got[..1]).unwrap();
        let info = TcpInfo::of(ours.as_raw_fd()).unwrap();
        assert_eq!((info.acknowledged, info.unsent, info.received), (5, 0, 1));
        assert!(info.state == State::Established && info.quiet < Duration::from_secs(5));
        assert!(info.patience > Duration::ZERO && info.patience < Duration::from_secs(5));
        drop(theirs);
        while TcpInfo::of(ours.as_raw_fd()).unwrap().state != State::ClosedThere {}
        // Nobody takes it.
        ours.write_all(b"6").unwrap();
        while TcpInfo::of(ours.as_raw_fd()).unwrap().state != State::Over {}
        assert_eq!(TcpInfo::of(ours.as_raw_fd()).unwrap().acknowledged, 5);
        assert_eq!(TcpInfo::of(UnixStream::pair().unwrap().0.as_raw_fd()), None);
    }
}
