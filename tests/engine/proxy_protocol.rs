//! What goes through a proxy: what the proxy is told, what it is not, and whose fault something is.

use crate::support;
use crate::support::bed::{BUCKET, assert_ended};
use crate::support::raw_server::{ANSWERED, Connection, Identity, RawServer, bucket_at, over_both, scheme};
use base64::prelude::{BASE64_STANDARD, Engine};
use oss_emulator::{Config, Credential, Emulator};
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status, Stored};
use rcgen::{CertificateParams, DnType};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

/// A name that only the proxy has to know.
const NAME: &str = "oss.example.test";
const HOST: &str = "test-bucket.oss.example.test";

fn put(bucket: &Bucket, data: &[u8]) -> Outcome {
    bucket.put("key", Body::Bytes(data), None, &ObjectOptions::default())
}

/// A certificate for 127.0.0.1 that is told from others by the name of its owner.
fn identity_of(name: &str) -> Identity {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned(), HOST.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    Identity::of(params)
}

/// The heads of the requests that a proxy got.
type Heads = Arc<Mutex<Vec<String>>>;

/// A proxy, itself over TLS or not, that does this with each connection after it has read and noted the first head.
fn proxy(https: bool, serve: impl Fn(Connection) + Send + Sync + 'static) -> (RawServer, Heads) {
    let heads = Heads::default();
    let seen = Arc::clone(&heads);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let identity = https.then(|| identity_of("the proxy"));
    let server = RawServer::on(listener, identity, move |mut connection| {
        if let Some(head) = connection.read_head() {
            seen.lock().unwrap().push(head);
            serve(connection);
        }
    });
    (server, heads)
}

/// A proxy whose tunnels all lead to one server.
fn tunnel_to(server: SocketAddr, https: bool) -> (RawServer, Heads) {
    proxy(https, move |mut connection| {
        connection.say(b"HTTP/1.1 200 Connection established\r\n\r\n");
        connection.relay(server);
    })
}

fn through(proxy: &RawServer, options: &mut BucketOptions) {
    let scheme = scheme(proxy.identity().is_some());
    options.set_proxy(&format!("{scheme}://user:p%40ss@{}", proxy.address())).unwrap();
    if let Some(identity) = proxy.identity() {
        options.add_ca_file(identity.ca_file()).unwrap();
    }
}

/// Checks that a head has this first line and these lines.
#[track_caller]
fn assert_head(head: &str, first: &str, lines: &[&str]) {
    assert_eq!(head.lines().next(), Some(first));
    for line in lines {
        let there = head.lines().any(|other| other.eq_ignore_ascii_case(line));
        assert!(there, "without {line:?}: {head}");
    }
}

fn authorization() -> String {
    format!("Proxy-Authorization: Basic {}", BASE64_STANDARD.encode("user:p@ss"))
}

#[test]
fn proxy_of_an_http_endpoint_is_told_the_whole_url() {
    over_both(|https_proxy| {
        let (proxy, heads) = proxy(https_proxy, |mut connection| {
            connection.say(ANSWERED);
            connection.hold();
        });
        let bucket = bucket_at(&format!("http://{NAME}"), |options| through(&proxy, options));
        assert_ended(&put(&bucket, b""), Status::Ok, Stored::Yes);
        let head = heads.lock().unwrap()[0].clone();
        let line = format!("PUT http://{HOST}/key HTTP/1.1");
        assert_head(&head, &line, &[&format!("Host: {HOST}"), &authorization()]);
    });
}

#[test]
fn proxy_of_an_https_endpoint_is_asked_for_a_tunnel_and_told_nothing_else() {
    over_both(|https_proxy| {
        let identity = identity_of("the server");
        let ca_file = identity.ca_file().to_owned();
        let requests = Heads::default();
        let seen = Arc::clone(&requests);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = RawServer::on(listener, Some(identity), move |mut connection| {
            while let Some(head) = connection.read_request() {
                seen.lock().unwrap().push(head);
                connection.say(ANSWERED);
            }
        });
        let (proxy, heads) = tunnel_to(server.address(), https_proxy);
        let bucket = bucket_at(&format!("https://{NAME}"), |options| {
            through(&proxy, options);
            options.set_ca_file(&ca_file).unwrap();
        });
        for _ in 0..2 {
            assert_ended(&put(&bucket, b"data"), Status::Ok, Stored::Yes);
        }
        let target = format!("{HOST}:443");
        let connect = format!("CONNECT {target} HTTP/1.1");
        let asked = heads.lock().unwrap();
        assert_eq!(asked.len(), 1);
        assert_head(&asked[0], &connect, &[&format!("Host: {target}"), &authorization()]);
        for head in &*requests.lock().unwrap() {
            assert_head(head, "PUT /key HTTP/1.1", &[&format!("Host: {HOST}")]);
            assert!(!head.to_lowercase().contains("proxy"), "{head}");
        }
    });
}

#[test]
fn tls_goes_through_the_tls_of_a_proxy() {
    let identity = identity_of("the emulator");
    let credentials = vec![Credential::new("id", "secret")];
    let tls = Some(identity.for_emulator());
    let emulator = Emulator::start(Config { tls, credentials, ..Config::default() }).unwrap();
    let (proxy, heads) = tunnel_to(emulator.address(), true);
    let bucket = bucket_at(&emulator.endpoint(), |options| {
        through(&proxy, options);
        options.set_ca_file(identity.ca_file()).unwrap();
    });
    for size in [0, 1, 64 << 10, 3 << 20] {
        let data = support::noise(size);
        assert_ended(&put(&bucket, &data), Status::Ok, Stored::Yes);
        assert!(emulator.object(BUCKET, "key").unwrap().data == data, "{size}");
    }
    assert_eq!((heads.lock().unwrap().len(), emulator.connections()), (1, 1));
}

#[test]
fn proxy_that_wants_another_password_is_named() {
    over_both(|https_proxy| {
        let (proxy, _) = proxy(https_proxy, |mut connection| {
            connection.say(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
            connection.hold();
        });
        let bucket = bucket_at(&format!("http://{NAME}"), |options| through(&proxy, options));
        let outcome = put(&bucket, b"data");
        assert_ended(&outcome, Status::Service, Stored::No);
        assert_eq!(outcome.http_status, 407);
        assert!(outcome.message.contains("proxy"), "{}", outcome.message);
        assert!(!outcome.message.contains("p@ss"), "{}", outcome.message);
    });
}

#[test]
fn proxy_whose_certificate_is_not_trusted_is_named() {
    over_both(|https| {
        let (proxy, heads) = proxy(true, |_| ());
        let stranger = identity_of("a stranger");
        let bucket = bucket_at(&format!("{}://{NAME}", scheme(https)), |options| {
            options.set_max_attempts(3).unwrap();
            options.set_proxy(&format!("https://{}", proxy.address())).unwrap();
            options.set_ca_file(stranger.ca_file()).unwrap();
        });
        let outcome = put(&bucket, b"data");
        assert_ended(&outcome, Status::Tls, Stored::No);
        assert_eq!(outcome.attempts, 1);
        let place = format!("the proxy {}", proxy.address());
        assert!(outcome.message.contains(&place), "{}", outcome.message);
        assert!(outcome.message.contains("certificate"), "{}", outcome.message);
        assert!(heads.lock().unwrap().is_empty());
    });
}

#[test]
fn pins_and_the_client_certificate_are_not_for_the_proxy() {
    let (identity, client) = (identity_of("the server"), identity_of("the client"));
    let (ca_file, pin) = (identity.ca_file().to_owned(), identity.pin());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = RawServer::on(listener, Some(identity.wanting(&client)), |mut connection| {
        connection.read_request();
        connection.say(ANSWERED);
    });
    let (proxy, _) = tunnel_to(server.address(), true);
    let bucket = bucket_at(&format!("https://{NAME}"), |options| {
        through(&proxy, options);
        options.set_ca_file(&ca_file).unwrap();
        options.set_public_key_pin(&pin).unwrap();
        options.set_client_certificate(client.ca_file(), client.key_file()).unwrap();
    });
    assert_ended(&put(&bucket, b"data"), Status::Ok, Stored::Yes);
}

#[test]
fn proxy_that_wants_a_client_certificate_is_named() {
    over_both(|https| {
        let identity = identity_of("the proxy").wanting(&identity_of("the client"));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = RawServer::on(listener, Some(identity), |_| ());
        let bucket = bucket_at(&format!("{}://{NAME}", scheme(https)), |options| {
            options.set_max_attempts(3).unwrap();
            options.set_ca_file(proxy.identity().unwrap().ca_file()).unwrap();
            options.set_proxy(&format!("https://{}", proxy.address())).unwrap();
        });
        let outcome = put(&bucket, b"data");
        assert_ended(&outcome, Status::Tls, Stored::No);
        assert_eq!(outcome.attempts, 1);
        let place = format!("the proxy {}", proxy.address());
        assert!(outcome.message.contains(&place), "{}", outcome.message);
        assert!(outcome.message.contains("client certificate"), "{}", outcome.message);
    });
}
