//! When nothing moves any more, and when something still does: the stall time-out ends the one and leaves the other alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::callback::Callback;
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status, Stored};
use socket2::{Domain, SockRef, Socket, Type};
use std::io::Read;
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use support::bed::assert_ended;
use support::raw_server::{
    ANSWERED, Connection, Deaf, Identity, RawServer, STORED, bucket_at, length_of_body, over_both, pause,
    scheme,
};
use support::together::together;

/// More than the kernel takes on behalf of a server that reads nothing.
const LARGE: usize = 64 << 20;
/// Nothing, hardly anything, and what takes more than one packet.
const SIZES: [usize; 3] = [0, 1, 1 << 20];
/// By then a busy machine has noticed a stall.
const SOON: Duration = Duration::from_secs(8);
/// Ends a call that does not notice.
const DEADLINE: Duration = Duration::from_secs(15);

fn put(bucket: &Bucket, size: usize) -> Outcome {
    bucket.put("key", Body::Bytes(&vec![0; size]), None, &ObjectOptions::default())
}

/// Limits that a busy machine keeps.
fn limits(options: &mut BucketOptions) {
    options.set_stall_timeout(Duration::from_secs(1)).unwrap();
    options.set_deadline(DEADLINE).unwrap();
    options.set_settling_time(Duration::ZERO).unwrap();
}

/// Checks that a put is ended by the stall time-out while it is being sent.
fn assert_stalls(server: &RawServer) {
    let bucket = server.bucket(limits);
    let began = Instant::now();
    let outcome = put(&bucket, LARGE);
    assert_ended(&outcome, Status::Timeout, Stored::No);
    assert!(began.elapsed() < SOON, "after {:?}: {}", began.elapsed(), outcome.message);
    assert!(outcome.message.contains("while sending"), "{}", outcome.message);
}

/// A server that reads nothing, but says something again and again once it is asked.
fn talking<W>(https: bool, words: fn() -> W) -> RawServer
where
    W: Iterator<Item = &'static [u8]> + 'static,
{
    RawServer::start(https, move |mut connection| {
        connection.wait_for_a_byte();
        for words in words() {
            if !connection.say(words) {
                break;
            }
            pause(Duration::from_millis(100));
        }
    })
}

#[test]
fn server_that_reads_nothing_is_given_up() {
    over_both(|https| assert_stalls(&RawServer::start(https, Connection::hold)));
}

#[test]
fn server_that_reads_nothing_is_given_up_although_it_says_that_it_is_at_work() {
    let at_work = || iter::repeat(&b"HTTP/1.1 102 Processing\r\n\r\n"[..]);
    over_both(|https| assert_stalls(&talking(https, at_work)));
}

#[test]
fn server_that_reads_nothing_is_given_up_although_it_answers_byte_by_byte() {
    let byte_by_byte = || b"HTTP/1.1 200 OK\r\nX-Slow: ".chunks(1).chain(iter::repeat(&b"a"[..]));
    over_both(|https| assert_stalls(&talking(https, byte_by_byte)));
}

/// A listener of whose connections the kernel holds hardly a byte back, over an Ethernet as it were.
fn with_small_windows() -> TcpListener {
    const SEGMENT: u32 = 1448;
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    socket.set_tcp_mss(SEGMENT).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(16).unwrap();
    socket.into()
}

/// A server that reads `bytes_per_second` for some seconds, then the rest at once, and then answers.
fn steady(https: bool, listener: TcpListener, bytes_per_second: usize) -> RawServer {
    const STEPS_PER_SECOND: usize = 50;
    let identity = https.then(Identity::new);
    RawServer::on(listener, identity, move |mut connection| {
        let Some(head) = connection.read_head() else { return };
        let mut rest = length_of_body(&head);
        let mut step = vec![0; bytes_per_second / STEPS_PER_SECOND];
        let began = Instant::now();
        while rest > 0 && began.elapsed() < Duration::from_secs(6) {
            let limit = rest.min(step.len());
            if connection.read_exact(&mut step[..limit]).is_err() {
                return;
            }
            rest -= limit;
            pause(Duration::from_secs(1) / STEPS_PER_SECOND as u32);
        }
        if connection.read_exact(&mut vec![0; rest]).is_ok() {
            connection.say(STORED);
            connection.hold();
        }
    })
}

/// Checks that a put to a server that reads steadily is left alone.
fn assert_goes_on(server: &RawServer, size: usize) {
    let bucket = server.bucket(|options| options.set_stall_timeout(Duration::from_secs(2)).unwrap());
    let outcome = put(&bucket, size);
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!((outcome.attempts, server.connections()), (1, 1));
}

/// A listener whose clients have most of what they send in buffers of their own.
fn with_a_large_window() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    SockRef::from(&listener).set_recv_buffer_size(16 << 10).unwrap();
    listener
}

/// How much is put to a slow but steady reader.
#[derive(Debug)]
enum Put {
    OnALineOfSmallPackets,
    BehindALargeSendBuffer,
    /// What the send buffer still holds when all is written is no wait for the reply.
    IntoTheSendBuffer,
}

#[test]
fn slow_but_steady_reader_is_no_stall() {
    let puts = [Put::OnALineOfSmallPackets, Put::BehindALargeSendBuffer, Put::IntoTheSendBuffer];
    over_both(|https| {
        together(&puts, |put| {
            let (listener, bytes_per_second, size) = match put {
                Put::OnALineOfSmallPackets => (with_small_windows(), 20_000, 4 << 20),
                Put::BehindALargeSendBuffer => (with_a_large_window(), 100_000, 8 << 20),
                Put::IntoTheSendBuffer => (with_small_windows(), 20_000, 100_000),
            };
            assert_goes_on(&steady(https, listener, bytes_per_second), size);
        });
    });
}

#[test]
fn wait_for_the_answer_to_a_callback_is_longer_than_the_stall_time_out() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            connection.read_request();
            pause(Duration::from_secs(3));
            connection.say(ANSWERED);
            connection.hold();
        });
        let bucket = server.bucket(|options| options.set_stall_timeout(Duration::from_secs(1)).unwrap());
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let data = vec![0; 1 << 20];
        let outcome = bucket.put("key", Body::Bytes(&data), Some(&callback), &ObjectOptions::default());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, server.connections()), (1, 1));
    });
}

#[test]
fn silence_after_the_last_byte_is_a_wait_for_the_reply() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            connection.read_request();
            connection.hold();
        });
        together(&SIZES, |size| {
            let began = Instant::now();
            let outcome = put(&server.bucket(limits), *size);
            assert_ended(&outcome, Status::Timeout, Stored::Unknown);
            assert!(began.elapsed() < SOON, "{size} bytes, after {:?}", began.elapsed());
            assert!(outcome.message.contains("while waiting for the reply"), "{}", outcome.message);
        });
    });
}

#[test]
fn reply_that_stops_midway_is_ended_by_the_stall_time_out() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            connection.read_request();
            connection.say(&ANSWERED[..ANSWERED.len() - 1]);
            connection.hold();
        });
        let bucket = server.bucket(limits);
        let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
        let began = Instant::now();
        let outcome = bucket.put("key", Body::Bytes(b"data"), Some(&callback), &ObjectOptions::default());
        assert_ended(&outcome, Status::CallbackUnknown, Stored::Yes);
        assert!(began.elapsed() < SOON, "after {:?}", began.elapsed());
    });
}

/// What ends a call that cannot connect.
#[derive(Debug)]
enum Limit {
    ConnectTimeout,
    Deadline,
}

/// Checks that a put whose connection is never made is not stored, whichever limit it is that ends it.
fn assert_never_connects(endpoint: &str, set: impl Fn(&mut BucketOptions) + Sync) {
    // A busy machine has read by then whom to trust, and begins to connect.
    const SHORT: Duration = Duration::from_secs(2);
    together(&[Limit::ConnectTimeout, Limit::Deadline], |limit| {
        let bucket = bucket_at(endpoint, |options| {
            options.set_deadline(DEADLINE).unwrap();
            set(options);
            match limit {
                Limit::ConnectTimeout => options.set_connect_timeout(SHORT).unwrap(),
                Limit::Deadline => options.set_deadline(SHORT).unwrap(),
            }
        });
        together(&SIZES, |size| {
            let began = Instant::now();
            let outcome = put(&bucket, *size);
            assert_ended(&outcome, Status::Timeout, Stored::No);
            assert!(began.elapsed() < SOON, "{size} bytes, after {:?}", began.elapsed());
            assert!(outcome.message.contains("connect"), "{size} bytes: {}", outcome.message);
        });
    });
}

#[test]
fn connection_that_is_never_accepted_is_not_waited_for() {
    over_both(|https| {
        let deaf = Deaf::new();
        assert_never_connects(&format!("{}://{}", scheme(https), deaf.address), |_| ());
    });
}

#[test]
fn handshake_that_is_never_answered_is_part_of_connecting() {
    // The kernel accepts connections for it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_never_connects(&format!("https://{}", silent.local_addr().unwrap()), |_| ());
}

#[test]
fn tunnel_that_is_never_granted_is_part_of_connecting() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://{}", silent.local_addr().unwrap());
    assert_never_connects("https://oss.example.test", |options| options.set_proxy(&proxy).unwrap());
}

#[test]
fn early_refusal_is_read_although_its_head_and_its_body_come_apart() {
    const HEAD: &[u8] = b"HTTP/1.1 403 Forbidden\r\nx-oss-request-id: 1\r\nContent-Length: 60\r\n\r\n";
    const BODY: &[u8] = b"<Error><Code>InvalidAccessKeyId</Code><Message/></Error>    ";
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            connection.read_head();
            connection.say(HEAD);
            pause(Duration::from_millis(200));
            connection.say(BODY);
            connection.hold();
        });
        let outcome = put(&server.bucket(limits), LARGE);
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.error.code, "InvalidAccessKeyId", "{}", outcome.message);
    });
}
