//! What goes through a proxy: that it does, with a password if one is asked for, and who is named when the proxy refuses.

use crate::support::bed::{Bed, assert_ended};
use crate::support::proxy::Proxy;
use crate::support::route::{Route, over};
use oss_upload::engine::{Status, Stored};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

const NAME_AND_PASSWORD: &str = "somebody:secret";

#[test]
fn requests_go_through_the_proxy_over_http_and_tunnels_over_https() {
    over(&[Route::HttpProxy, Route::HttpsProxy], |route| {
        let bed = Bed::over(route);
        for _ in 0..2 {
            assert_ended(&bed.put(), Status::Ok, Stored::Yes);
        }
        let proxy = bed.network.proxy().unwrap();
        let used = if route.is_https() { (0, 1) } else { (2, 0) };
        assert_eq!((proxy.requests(), proxy.tunnels()), used);
        assert_eq!(bed.emulator.connections(), 1);
    });
}

#[test]
fn proxy_is_shown_its_password_and_the_server_is_not() {
    over(&[Route::Http, Route::Https], |route| {
        let proxy = Proxy::with_password(NAME_AND_PASSWORD);
        let bed = Bed::over_with(route, |options| options.set_proxy(&proxy.url()).unwrap());
        assert_ended(&bed.put(), Status::Ok, Stored::Yes);
        assert_eq!(proxy.requests() + proxy.tunnels(), 1);
        assert_eq!(bed.emulator.requests()[0].header("proxy-authorization"), None);
    });
}

#[test]
fn proxy_that_is_shown_no_password_refuses_and_says_so() {
    over(&[Route::Http, Route::Https], |route| {
        let proxy = Proxy::with_password(NAME_AND_PASSWORD);
        let without = format!("http://{}", proxy.address());
        let bed = Bed::over_with(route, |options| options.set_proxy(&without).unwrap());
        let outcome = bed.put();
        assert_eq!((outcome.is_ok(), outcome.stored), (false, Stored::No), "{}", outcome.message);
        assert!(outcome.message.contains("407"), "{}", outcome.message);
        assert!(bed.emulator.requests().is_empty());
    });
}

#[test]
fn refused_tunnel_is_told_with_the_proxy_and_its_status() {
    let proxy = Proxy::start();
    proxy.refuse_tunnels(503);
    let bed = Bed::over_with(Route::Https, |options| {
        options.set_proxy(&proxy.url()).unwrap();
        options.set_max_attempts(1).unwrap();
    });
    let outcome = bed.put();
    assert_ended(&outcome, Status::Network, Stored::No);
    for part in ["503", &proxy.address().to_string()] {
        assert!(outcome.message.contains(part), "{part} is not in {}", outcome.message);
    }
    assert_eq!((proxy.tunnels(), bed.emulator.connections()), (0, 0));
}

/// Both ends of a tunnel through the proxy that the tests have.
fn tunnel() -> (TcpStream, TcpStream, Proxy) {
    let proxy = Proxy::start();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(client, "CONNECT {} HTTP/1.1\r\n\r\n", listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.read_exact(&mut [0; b"HTTP/1.1 200 Connection established\r\n\r\n".len()]).unwrap();
    (client, server, proxy)
}

#[test]
fn end_is_passed_on_as_an_end_and_a_reset_as_a_reset() {
    let (mut client, mut server, _proxy) = tunnel();
    server.write_all(b"last words").unwrap();
    drop(server);
    let mut said = String::new();
    assert_eq!((client.read_to_string(&mut said).unwrap(), said.as_str()), (10, "last words"));

    let (mut client, mut server, proxy) = tunnel();
    server.write_all(b"last words").unwrap();
    SockRef::from(&server).set_linger(Some(Duration::ZERO)).unwrap();
    drop(server);
    let mut said = [0; 10];
    client.read_exact(&mut said).unwrap();
    assert_eq!(client.read(&mut said).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    while proxy.open_connections() > 0 {
        thread::yield_now();
    }

    let (client, mut server, _proxy) = tunnel();
    SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(server.read(&mut said).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn what_the_server_does_not_read_the_proxy_does_not_take() {
    let (mut client, _server, _proxy) = tunnel();
    client.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut taken = 0;
    while let Ok(written) = client.write(&[0; 1 << 16]) {
        taken += written;
        // More than all of the kernel's buffers on the way.
        assert!(taken < 32 << 20, "the proxy takes whatever there is");
    }
}
