//! A connection that was used before: one that is good is used again, and one that the server closes then is nobody's attempt.

use crate::support::bed::assert_ended;
use crate::support::raw_server::{ANSWERED, Connection, RawServer, bucket_at, over_both};
use oss_upload::callback::Callback;
use oss_upload::engine::{Body, Bucket, Level, Log, ObjectOptions, Outcome, Sink, Status, Stored};
use std::net::SocketAddr;
use std::sync::Arc;

/// More than the kernel takes on behalf of a server that reads nothing.
const LARGE: usize = 16 << 20;

fn put(bucket: &Bucket, size: usize, callback: Option<&Callback>) -> Outcome {
    bucket.put("key", Body::Bytes(&vec![0; size]), callback, &ObjectOptions::default())
}

/// What a server does when a second request arrives on a connection, of which it reads nothing.
type Ending = fn(Connection);

/// With something unread, closing is a reset.
fn reset(connection: Connection) {
    drop(connection);
}

/// The end comes before the reset.
fn end(mut connection: Connection) {
    connection.finish_sending();
    connection.hold();
}

/// TLS ends, and the connection does not yet.
fn end_tls(mut connection: Connection) {
    connection.finish_tls();
    connection.hold();
}

/// A server that ends its first connection in this way when a second request arrives there.
fn forgetful(https: bool, ending: Ending) -> RawServer {
    RawServer::start(https, move |mut connection| {
        while connection.read_request().is_some() {
            connection.say(ANSWERED);
            if connection.number == 0 {
                connection.wait_for_a_byte();
                return ending(connection);
            }
        }
    })
}

/// Checks that a put over a connection that goes stale succeeds with the first attempt, which is all it has.
fn assert_replaced(https: bool, ending: Ending, size: usize, callback: Option<&Callback>) {
    let server = forgetful(https, ending);
    let bucket = server.bucket(|_| ());
    assert_ended(&put(&bucket, 1, None), Status::Ok, Stored::Yes);
    // Whatever goes over the next connection stays there.
    for _ in 0..2 {
        let outcome = put(&bucket, size, callback);
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.attempts, server.connections()), (1, 2), "{size} bytes");
    }
}

#[test]
fn put_on_a_connection_that_is_reset_unread_goes_out_on_another() {
    over_both(|https| {
        for size in [0, 1, 100_000, LARGE] {
            assert_replaced(https, reset, size, None);
        }
    });
}

#[test]
fn put_on_a_connection_that_ends_unread_goes_out_on_another() {
    over_both(|https| {
        for size in [0, 1, 100_000, LARGE] {
            assert_replaced(https, end, size, None);
        }
    });
}

#[test]
fn put_on_a_connection_whose_tls_ends_unread_goes_out_on_another() {
    for size in [0, 1, 100_000, LARGE] {
        assert_replaced(true, end_tls, size, None);
    }
}

#[test]
fn put_with_a_callback_that_cannot_have_arrived_whole_goes_out_on_another_connection() {
    let callback = Callback::new("http://127.0.0.1/", "object=${object}").unwrap();
    over_both(|https| {
        for ending in [reset as Ending, end] {
            assert_replaced(https, ending, LARGE, Some(&callback));
        }
    });
}

#[test]
fn new_connection_that_is_closed_costs_an_attempt() {
    over_both(|https| {
        let server = RawServer::start(https, |mut connection| {
            let is_first = connection.number == 0;
            if is_first && connection.read_request().is_some() {
                connection.say(ANSWERED);
            }
            connection.wait_for_a_byte();
        });
        let bucket = server.bucket(|_| ());
        assert_ended(&put(&bucket, LARGE, None), Status::Ok, Stored::Yes);
        // The connection that was used before is replaced; the one in its place was new.
        let outcome = put(&bucket, LARGE, None);
        assert_ended(&outcome, Status::Network, Stored::No);
        assert_eq!(outcome.attempts, 1, "{}", outcome.message);
    });
}

/// Small and large bodies, which are written in different ways, on both sides of where that changes.
const SIZES: [usize; 5] = [0, 1, 64 << 10, (64 << 10) + 1, 1 << 20];

/// A server that answers all requests on a connection, or as a proxy leads to `target` instead.
fn steady(https: bool, target: Option<SocketAddr>) -> RawServer {
    RawServer::start(https, move |mut connection| {
        if let Some(target) = target {
            connection.read_head();
            connection.say(b"HTTP/1.1 200 OK\r\n\r\n");
            return connection.relay(target);
        }
        while connection.read_request().is_some() {
            connection.say(ANSWERED);
        }
    })
}

#[track_caller]
fn assert_all_go_over_one_connection(bucket: &Bucket, server: &RawServer) {
    for size in SIZES {
        assert_ended(&put(bucket, size, None), Status::Ok, Stored::Yes);
        assert_eq!(server.connections(), 1, "{size} bytes");
    }
}

#[test]
fn connection_serves_puts_of_all_sizes() {
    over_both(|https| {
        let server = steady(https, None);
        assert_all_go_over_one_connection(&server.bucket(|_| ()), &server);
    });
}

#[test]
fn connection_to_a_proxy_serves_puts_of_all_sizes() {
    let proxy = steady(false, None);
    let url = format!("http://user:password@{}", proxy.address());
    let bucket = bucket_at("http://oss.example.test", |options| options.set_proxy(&url).unwrap());
    assert_all_go_over_one_connection(&bucket, &proxy);
}

#[test]
fn tunnel_through_a_proxy_serves_puts_of_all_sizes() {
    let server = steady(true, None);
    let proxy = steady(false, Some(server.address()));
    let bucket = server.bucket(|options| options.set_proxy(&format!("http://{}", proxy.address())).unwrap());
    assert_all_go_over_one_connection(&bucket, &proxy);
}

/// A log that nobody reads.
struct Unread;

impl Sink for Unread {
    fn line(&self, _: Level, _: &str) -> bool {
        true
    }
}

#[test]
fn bucket_leaves_nothing_behind_when_a_server_ends_each_connection_with_its_reply() {
    over_both(|https| {
        let answered =
            String::from_utf8(ANSWERED.to_vec()).unwrap().replace("ETag", "Connection: close\r\nETag");
        let server = RawServer::start(https, move |mut connection| {
            connection.read_request();
            connection.say(answered.as_bytes());
        });
        let log: Arc<dyn Sink> = Arc::new(Unread);
        let bucket = server.bucket(|options| options.set_log(Some(Log::new(Level::Error, Arc::clone(&log)))));
        for puts in 1..4 {
            assert_ended(&put(&bucket, 1, None), Status::Ok, Stored::Yes);
            assert_eq!(server.connections(), puts);
        }
        drop(bucket);
        // Whatever a call ran on knows the log.
        assert_eq!(Arc::strong_count(&log), 1);
    });
}
