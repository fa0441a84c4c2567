//! What is still on its way when a server speaks early, or closes its side and reads on, arrives: it is not sent again with a
//! callback, nor said not to be stored.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::callback::Callback;
use oss_upload::engine::{Body, Clock, ObjectOptions, Outcome, Stored};
use socket2::{Domain, Socket, Type};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use support::effort;
use support::raw_server::{Connection, Identity, RawServer, STORED, length_of_body, over_both};

/// More than the kernels take and we hold on their behalf.
const SIZE: usize = 3 << 20;
/// Less than we hold, so that some request is held in part when its server has so much of it.
const STEP: usize = 192 << 10;

/// What a server does in the middle of a request, which it reads to its end all the same.
type Interruption = fn(&mut Connection);

const ABSENT: &[u8] = b"HTTP/1.1 404 Not Found\r\nx-oss-request-id: 2\r\nContent-Length: 0\r\n\r\n";

/// What came of the connections to a server.
#[derive(Default)]
struct Seen {
    arrived: AtomicUsize,
    over: AtomicUsize,
}

impl Seen {
    /// How many requests arrived whole, when all connections are over.
    fn arrived(&self, server: &RawServer) -> usize {
        while self.over.load(Ordering::SeqCst) < server.connections() {
            thread::yield_now();
        }
        self.arrived.load(Ordering::SeqCst)
    }
}

/// A server that is interrupted when it has all but so much of its first PUT, and ends that with these words.
fn interrupted(
    https: bool,
    rest: usize,
    interruption: Interruption,
    last_words: &'static [u8],
) -> (RawServer, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let (noted, puts) = (Arc::clone(&seen), AtomicUsize::new(0));
    let serve = move |mut connection: Connection| {
        while let Some(head) = connection.read_head() {
            if head.starts_with("HEAD") {
                connection.say(ABSENT);
                continue;
            }
            let size = length_of_body(&head);
            let rest = if puts.fetch_add(1, Ordering::SeqCst) == 0 { rest.min(size) } else { 0 };
            let came = |connection: &mut Connection, size| connection.read_exact(&mut vec![0; size]).is_ok();
            let mut is_whole = came(&mut connection, size - rest);
            if rest > 0 {
                interruption(&mut connection);
                is_whole = is_whole && came(&mut connection, rest);
            }
            noted.arrived.fetch_add(usize::from(is_whole), Ordering::SeqCst);
            connection.say(if rest > 0 { last_words } else { STORED });
            if rest > 0 {
                break;
            }
        }
        noted.over.fetch_add(1, Ordering::SeqCst);
    };
    (RawServer::on(with_a_small_buffer(), https.then(Identity::new), serve), seen)
}

/// A listener whose connections' kernel takes little.
fn with_a_small_buffer() -> TcpListener {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(16).unwrap();
    socket.into()
}

fn put(server: &RawServer, with_callback: bool) -> Outcome {
    let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
    let bucket = server.bucket(|options| {
        options.set_clock(Clock::skipping());
        options.set_max_attempts(if with_callback { 3 } else { 1 }).unwrap();
    });
    let callback = Some(&callback).filter(|_| with_callback);
    bucket.put("key", Body::Bytes(&vec![7; SIZE]), callback, &ObjectOptions::default())
}

/// Whatever the server has of a request when it is interrupted: a callback is made once at most, and nothing that arrived is said
/// not to be stored.
fn assert_true_at_every_moment(https: bool, interruption: Interruption, last_words: &'static [u8]) {
    let rests: Vec<usize> = (1..=SIZE / STEP).map(|number| number * STEP).collect();
    let some = if effort::is_full() { 1 } else { 2 };
    for rest in rests.into_iter().step_by(some) {
        for with_callback in [true, false] {
            let (server, seen) = interrupted(https, rest, interruption, last_words);
            let outcome = put(&server, with_callback);
            let words = format!("{rest} bytes to come, {:?}: {}", outcome.stored, outcome.message);
            let arrived = seen.arrived(&server);
            assert!(arrived <= 1, "arrived {arrived} times, {words}");
            assert!(arrived == 0 || outcome.stored != Stored::No, "arrived, {words}");
            assert_eq!(outcome.callback_repeats, 0, "{words}");
        }
    }
}

#[test]
fn reply_that_begins_early_hides_nothing_of_what_arrived() {
    over_both(|https| {
        const BEGINNING: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\nnot";
        let begin: Interruption = |connection| assert!(connection.say(BEGINNING));
        assert_true_at_every_moment(https, begin, b"yet");
    });
}

#[test]
fn refusal_by_somebody_else_that_begins_early_hides_nothing_either() {
    over_both(|https| {
        const BEGINNING: &[u8] = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nnot";
        let begin: Interruption = |connection| assert!(connection.say(BEGINNING));
        assert_true_at_every_moment(https, begin, b"yet");
    });
}

#[test]
fn server_that_closes_its_side_and_reads_on_has_what_arrived() {
    over_both(|https| assert_true_at_every_moment(https, Connection::finish_sending, b""));
}

#[test]
fn server_that_ends_tls_and_reads_on_has_what_arrived() {
    assert_true_at_every_moment(true, Connection::finish_tls, b"");
}
