//! The end of an emulator: all of it is over when it has been dropped, and nothing makes that wait.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Client, PATIENCE, start, start_with};
use base64::Engine;
use oss_emulator::{Action, AppServer, Config, Emulator, Fault};
use serde_json::json;
use socket2::{Domain, Socket, Type};

/// A listener that has no room for another connection, so that whoever connects waits.
fn full_listener() -> (Socket, TcpStream) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let only = TcpStream::connect(listener.local_addr().unwrap().as_socket().unwrap()).unwrap();
    (listener, only)
}

fn wait_until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline);
        thread::yield_now();
    }
}

/// Whether an emulator ends before anybody would have given up.
fn ends_at_once(emulator: Emulator) -> bool {
    let begun = Instant::now();
    drop(emulator);
    begun.elapsed() < Duration::from_secs(5)
}

#[test]
fn a_callback_that_still_connects_does_not_hold_up_the_end() {
    let (listener, _only) = full_listener();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    // Neither this URL nor the next one answers.
    let url = format!("http://{address}/;http://{address}/again");
    let settings = json!({"callbackUrl": url, "callbackBody": "${object}"}).to_string();
    let settings = base64::engine::general_purpose::STANDARD.encode(settings);
    let emulator = start_with(Config { callback_timeout: Duration::from_secs(600), ..Config::default() });
    let mut client = Client::connect(&emulator);
    client.send("PUT", "/test-bucket/k", &[("x-oss-callback", &settings)], b"data").unwrap();
    wait_until(|| emulator.object("test-bucket", "k").is_some());
    assert!(ends_at_once(emulator));
}

#[test]
fn a_request_that_stalls_does_not_hold_up_the_end() {
    let emulator = start();
    emulator.inject(Fault::new(Action::StallAfterBodyBytes(2)));
    let mut client = Client::connect(&emulator);
    client.send("PUT", "/test-bucket/k", &[], b"data").unwrap();
    wait_until(|| emulator.requests().first().is_some_and(|request| request.body_bytes_received == 2));
    assert!(ends_at_once(emulator));
    assert_eq!(client.receive_raw(), b"");
}

#[test]
fn an_application_server_that_hears_nothing_ends_at_once() {
    let application = AppServer::start().unwrap();
    let _silent = Client::connect_to(application.port());
    let begun = Instant::now();
    drop(application);
    assert!(begun.elapsed() < Duration::from_secs(5));
}
