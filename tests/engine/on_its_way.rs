//! What is still on its way when a server speaks early, or closes its side and reads on, arrives: it is not sent again with a
//! callback, nor said not to be stored.

use crate::support::effort;
use crate::support::raw_server::{Connection, Identity, RawServer, STORED, length_of_body, over_both, pause};
use oss_upload::callback::Callback;
use oss_upload::engine::{Body, Clock, ObjectOptions, Outcome, Stored};
use socket2::{Domain, Socket, Type};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// More than the kernels take and we hold on their behalf.
const SIZE: usize = 3 << 20;
/// Less than we hold, so that some request is held in part when its server has so much of it.
const STEP: usize = 192 << 10;

/// So often a server begins early, until it is seen to.
const TRIES: usize = 20;

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

/// A server that says the beginning of its answer when it has the head of a PUT, and the rest when it has all of it.
fn beginning_early(https: bool, beginning: &'static [u8], rest: &'static [u8]) -> (Outcome, usize) {
    let puts = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&puts);
    let serve = move |mut connection: Connection| {
        while let Some(head) = connection.read_head() {
            if head.starts_with("HEAD") {
                connection.say(ABSENT);
                continue;
            }
            counted.fetch_add(1, Ordering::SeqCst);
            connection.say(beginning);
            // Mostly it is seen by then.
            pause(Duration::from_millis(20));
            let came = connection.read_exact(&mut vec![0; length_of_body(&head)]);
            if came.is_err() || !connection.say(rest) {
                break;
            }
        }
    };
    let server = RawServer::on(with_a_small_buffer(), https.then(Identity::new), serve);
    let outcome = put(&server, true);
    (outcome, puts.load(Ordering::SeqCst))
}

#[test]
fn nobody_knows_how_a_request_ends_before_it_is_there() {
    over_both(|https| {
        let beginnings: [&'static [u8]; 2] = [
            b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nContent-Length: 6\r\n\r\nnot",
            b"HTTP/1.1 500 Error\r\nx-oss-request-id: 1\r\nContent-Length: 6\r\n\r\nnot",
        ];
        for beginning in beginnings {
            let ends = (0..TRIES).map(|_| beginning_early(https, beginning, b"yet"));
            let mut ends = ends.map(|(outcome, puts)| (outcome.is_ok(), outcome.stored, puts));
            assert!(ends.any(|end| end == (false, Stored::Unknown, 1)));
        }
        // A refusal needs no more than the head.
        let refusal = b"HTTP/1.1 403 No\r\nx-oss-request-id: 1\r\nContent-Length: 6\r\n\r\nnot";
        let (outcome, puts) = beginning_early(https, refusal, b"yet");
        assert_eq!((outcome.stored, puts), (Stored::No, 1), "{}", outcome.message);
    });
}

/// Puts something to a server that answers when it has the head, and takes no more. Says how often it was sent.
fn put_to_who_takes_only_the_head(https: bool, answer: &'static str) -> (Outcome, usize) {
    let puts = Arc::new(AtomicUsize::new(0));
    let call = Arc::new(Mutex::new(()));
    let (counted, goes_on) = (Arc::clone(&puts), Arc::clone(&call));
    let serve = move |mut connection: Connection| {
        if connection.read_head().is_some() {
            counted.fetch_add(1, Ordering::SeqCst);
            connection.say(answer.as_bytes());
            // The connection stays until the call is over.
            drop(goes_on.lock());
        }
    };
    let server = RawServer::on(with_a_small_buffer(), https.then(Identity::new), serve);
    let during = call.lock().unwrap();
    let outcome = put(&server, true);
    drop(during);
    (outcome, puts.load(Ordering::SeqCst))
}

#[test]
fn what_was_refused_before_it_was_sent_is_sent_again_where_that_can_help() {
    over_both(|https| {
        let by_oss = "x-oss-request-id: 1\r\n";
        for (status, headers, puts) in [
            (403, by_oss, 1),
            (429, by_oss, 3),
            (403, "", 1),
            (429, "", 1),
            (307, "", 1),
            (200, by_oss, 3),
            (502, "", 3),
        ] {
            let answer = format!("HTTP/1.1 {status} Words\r\n{headers}Content-Length: 0\r\n\r\n");
            let (outcome, sent) = put_to_who_takes_only_the_head(https, answer.leak());
            assert_eq!((outcome.stored, sent), (Stored::No, puts), "{status}: {}", outcome.message);
        }
    });
}
