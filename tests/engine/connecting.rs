//! How a connection comes about, or does not: names with several addresses, what speaks another language than was meant,
//! whom TLS trusts; and that what is said of a failure helps whoever reads it.

use crate::support::bed::assert_ended;
use crate::support::bucket::TestBucket;
use crate::support::c_program::{CProgram, Linkage};
use crate::support::raw_server::{Deaf, Identity, RawServer, STORED, bucket_at, over_both, scheme};
use crate::support::tools::skip;
use oss_emulator::{Config, DEFAULT_BUCKET, Emulator};
use oss_upload::engine::{Body, Bucket, ObjectOptions, Outcome, Status, Stored};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, date_time_ymd};
use socket2::{Domain, Socket, Type};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

/// The bucket's own name, which only the programs' own resolver knows.
const NAME: &str = "oss.example.test";

fn put(bucket: &Bucket, size: usize) -> Outcome {
    bucket.put("key", Body::Bytes(&vec![0; size]), None, &ObjectOptions::default())
}

/// Checks that a message is one line with all of these in it.
#[track_caller]
fn assert_says(outcome: &Outcome, parts: &[&str]) {
    let message = &outcome.message;
    for part in parts {
        assert!(message.contains(part), "without {part:?}: {message}");
    }
    assert!(!message.contains(['\r', '\n']), "{message}");
}

/// Runs a program with a resolver of its own, which answers with `addresses`, on a server at this port.
fn run_by_name(program: &str, port: u16, identity: Option<&Identity>, addresses: &str) {
    let bucket = TestBucket::at(format!("{}://{NAME}:{port}", scheme(identity.is_some())));
    let ca_file = identity.map_or("", |identity| identity.ca_file());
    let environment = [("NAME", NAME), ("ADDRESSES", addresses), ("CA_FILE", ca_file)];
    CProgram::compile(program, Linkage::Shared).run_on(&bucket, &environment);
}

/// The same on an emulator, which is at the only address.
fn run_on_emulator(program: &str, https: bool) {
    let identity = https.then(|| Identity::named(NAME));
    let tls = identity.as_ref().map(Identity::for_emulator);
    let cnames = [(NAME.to_owned(), DEFAULT_BUCKET.to_owned())].into();
    let emulator = Emulator::start(Config { tls, cnames, ..Config::default() }).unwrap();
    run_by_name(program, emulator.port(), identity.as_ref(), "127.0.0.1");
}

/// A server that closes each connection after one reply.
fn closing(https: bool) -> RawServer {
    const CLOSING: &[u8] =
        b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    RawServer::on(listener, https.then(|| Identity::named(NAME)), |mut connection| {
        connection.read_request();
        connection.say(CLOSING);
    })
}

#[test]
fn first_address_that_is_dead_costs_a_moment_once() {
    over_both(|https| {
        let server = closing(https);
        let port = server.address().port();
        let _dead = Deaf::at(SocketAddr::from(([127, 0, 0, 2], port)));
        run_by_name("dead_address", port, server.identity(), "127.0.0.2,127.0.0.1");
    });
}

#[test]
fn first_address_that_refuses_costs_nothing() {
    over_both(|https| {
        let server = closing(https);
        run_by_name("dead_address", server.address().port(), server.identity(), "127.0.0.3,127.0.0.1");
    });
}

#[test]
fn name_is_looked_up_once_for_all_parts_of_an_upload() {
    over_both(|https| run_on_emulator("one_look_up", https));
}

#[test]
fn name_is_looked_up_once_for_all_threads_that_want_it() {
    over_both(|https| run_on_emulator("many_look_ups", https));
}

#[test]
fn resolver_that_hangs_holds_few_threads() {
    over_both(|https| run_on_emulator("hanging_resolver", https));
}

#[test]
fn name_that_nobody_knows_is_told() {
    over_both(|https| {
        let identity = https.then(|| Identity::named(NAME));
        run_by_name("no_such_name", 8080, identity.as_ref(), "");
    });
}

/// What a server saw of each request: where it came from, and its head.
type Seen = Arc<Mutex<Vec<(SocketAddr, String)>>>;

/// A server that stores whatever comes.
fn observing(https: bool, host: &str) -> (RawServer, Seen) {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = RawServer::on(listener, https.then(|| Identity::named(host)), move |mut connection| {
        while let Some(head) = connection.read_request() {
            noted.lock().unwrap().push((connection.peer(), head));
            connection.say(STORED);
        }
    });
    (server, seen)
}

#[test]
fn connections_start_from_the_address_that_was_set() {
    over_both(|https| {
        let (server, seen) = observing(https, "127.0.0.1");
        let bucket = server.bucket(|options| options.set_bind_address("127.0.0.2").unwrap());
        assert_ended(&put(&bucket, 1), Status::Ok, Stored::Yes);
        assert_eq!(seen.lock().unwrap()[0].0.ip().to_string(), "127.0.0.2");
    });
}

#[test]
fn connections_start_from_the_interface_that_was_set() {
    over_both(|https| {
        let (server, seen) = observing(https, "127.0.0.1");
        let outcome = put(&server.bucket(|options| options.set_bind_address("lo").unwrap()), 1);
        if outcome.message.contains("not permitted") {
            return skip("a network interface to start from", &outcome.message);
        }
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn where_connections_cannot_start_from_is_named() {
    over_both(|https| {
        let (server, _) = observing(https, "127.0.0.1");
        for (own, why) in [("192.0.2.1", "address"), ("nonesuch0", "device")] {
            let outcome = put(&server.bucket(|options| options.set_bind_address(own).unwrap()), 1);
            assert_ended(&outcome, Status::Network, Stored::No);
            assert_says(&outcome, &[&server.address().to_string(), own, why]);
            assert!(!outcome.message.contains("os error"), "{}", outcome.message);
        }
    });
}

#[test]
fn endpoint_without_an_address_of_the_same_kind_is_told() {
    over_both(|https| {
        let identity = Identity::new();
        let bucket = bucket_at(&format!("{}://[::1]:1", scheme(https)), |options| {
            options.set_bind_address("127.0.0.2").unwrap();
            options.set_ca_file(identity.ca_file()).unwrap();
        });
        let outcome = put(&bucket, 1);
        assert_ended(&outcome, Status::Network, Stored::No);
        assert_says(&outcome, &["[::1]:1", "none of its addresses can be reached from"]);
    });
}

/// A bucket at a name that is nowhere, whose own address is set in letters of the other case.
fn bucket_nowhere(server: &RawServer) -> Bucket {
    let https = server.identity().is_some();
    let endpoint = format!("{}://bucket-host.invalid:{}", scheme(https), server.address().port());
    bucket_at(&endpoint, |options| {
        options.set_resolve("Test-Bucket.Bucket-Host.invalid", "127.0.0.1").unwrap();
        if let Some(identity) = server.identity() {
            options.set_ca_file(identity.ca_file()).unwrap();
        }
    })
}

#[test]
fn name_whose_address_is_set_is_not_looked_up_and_stays_the_name() {
    over_both(|https| {
        let (server, seen) = observing(https, "test-bucket.bucket-host.invalid");
        assert_ended(&put(&bucket_nowhere(&server), 1), Status::Ok, Stored::Yes);
        let host = format!("host: test-bucket.bucket-host.invalid:{}\r\n", server.address().port());
        let head = seen.lock().unwrap()[0].1.to_lowercase();
        assert!(head.contains(&host), "{head}");
    });
}

#[test]
fn certificate_is_that_of_the_name_and_not_of_the_address_that_was_set() {
    let (server, seen) = observing(true, "127.0.0.1");
    let outcome = put(&bucket_nowhere(&server), 1);
    assert_ended(&outcome, Status::Tls, Stored::No);
    assert_says(&outcome, &["certificate", "test-bucket.bucket-host.invalid"]);
    assert!(seen.lock().unwrap().is_empty());
}

/// A port that nobody listens on, and that nobody else can have meanwhile.
struct Vacant {
    address: SocketAddr,
    _socket: Socket,
}

impl Vacant {
    fn new() -> Vacant {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Vacant { address: socket.local_addr().unwrap().as_socket().unwrap(), _socket: socket }
    }
}

#[test]
fn refusal_to_connect_names_whoever_refused() {
    over_both(|https| {
        let vacant = Vacant::new();
        let outcome = put(&bucket_at(&format!("{}://{}", scheme(https), vacant.address), |_| ()), 1);
        assert_ended(&outcome, Status::Network, Stored::No);
        assert_says(&outcome, &[&vacant.address.to_string(), "refused"]);
        assert!(!outcome.message.contains("proxy"), "{}", outcome.message);
    });
}

#[test]
fn proxy_that_cannot_be_reached_is_named() {
    over_both(|https| {
        let vacant = Vacant::new();
        let bucket = bucket_at(&format!("{}://{NAME}", scheme(https)), |options| {
            options.set_proxy(&format!("http://user:password@{}", vacant.address)).unwrap();
        });
        let outcome = put(&bucket, 1);
        assert_ended(&outcome, Status::Network, Stored::No);
        assert_says(&outcome, &["proxy", &vacant.address.to_string(), "refused"]);
        assert!(!outcome.message.contains("password"), "{}", outcome.message);
    });
}

#[test]
fn proxy_that_refuses_is_named_with_what_it_said() {
    for status in [407, 403, 502] {
        let proxy = RawServer::start(false, move |mut connection| {
            connection.read_request();
            let reply =
                format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            connection.say(reply.as_bytes());
        });
        let bucket = bucket_at(&format!("https://{NAME}"), |options| {
            options.set_proxy(&format!("http://user:password@{}", proxy.address())).unwrap();
        });
        let outcome = put(&bucket, 1);
        assert!(!outcome.is_ok() && outcome.stored == Stored::No, "{outcome:?}");
        assert_says(&outcome, &["proxy", &proxy.address().to_string(), &status.to_string()]);
        assert!(!outcome.message.contains("password"), "{}", outcome.message);
    }
}

/// Checks that an endpoint whose server speaks the other of http and https is told so, at once.
#[track_caller]
fn assert_mixed_up(bucket: &Bucket, server: &RawServer) {
    for size in [0, 1, 8 << 20] {
        let outcome = put(bucket, size);
        assert!(matches!(outcome.status, Status::Tls | Status::BadResponse), "{outcome:?}");
        assert_eq!((outcome.stored, outcome.attempts), (Stored::No, 1), "{size}: {}", outcome.message);
        assert_says(&outcome, &[&server.address().to_string()]);
        let words: Vec<&str> = outcome.message.split(|c: char| !c.is_ascii_alphanumeric()).collect();
        assert!(words.contains(&"http") && words.contains(&"https"), "{}", outcome.message);
    }
}

#[test]
fn http_endpoint_whose_server_speaks_https_is_told_so() {
    let server = RawServer::start(true, |_| ());
    let endpoint = format!("http://{}", server.address());
    assert_mixed_up(&bucket_at(&endpoint, |options| options.set_max_attempts(3).unwrap()), &server);
}

#[test]
fn https_endpoint_whose_server_speaks_http_is_told_so() {
    const REFUSAL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    let server = RawServer::start(false, |mut connection| {
        let _ = connection.read(&mut [0; 4096]);
        connection.say(REFUSAL);
    });
    let identity = Identity::new();
    let bucket = bucket_at(&format!("https://{}", server.address()), |options| {
        options.set_max_attempts(3).unwrap();
        options.set_ca_file(identity.ca_file()).unwrap();
    });
    assert_mixed_up(&bucket, &server);
}

#[test]
fn ca_file_that_is_missing_is_called_missing() {
    let bucket = bucket_at("https://127.0.0.1:1", |options| {
        options.set_ca_file("/nonexistent/ca.pem").unwrap();
    });
    let outcome = put(&bucket, 1);
    assert_ended(&outcome, Status::Tls, Stored::No);
    assert_says(&outcome, &["/nonexistent/ca.pem", "does not exist"]);
}

/// What `openssl req -x509` makes when it is not told otherwise: an authority.
fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A put to a server with this certificate, which trusts that very one, or only `another`.
fn put_to(identity: Identity, another: Option<&Identity>) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = RawServer::on(listener, Some(identity), |mut connection| {
        connection.read_request();
        connection.say(STORED);
        connection.hold();
    });
    let bucket = server.bucket(|options| {
        if let Some(another) = another {
            options.set_ca_file(another.ca_file()).unwrap();
        }
    });
    let outcome = put(&bucket, 1);
    assert_eq!(outcome.attempts, 1, "{}", outcome.message);
    outcome
}

/// Checks that a certificate was refused, in words that say whose it is and what is wrong with it.
#[track_caller]
fn assert_distrusted(outcome: &Outcome, wrong: &str) {
    assert_ended(outcome, Status::Tls, Stored::No);
    assert_says(outcome, &["127.0.0.1:", wrong]);
    assert!(!outcome.message.contains("Other("), "{}", outcome.message);
}

#[test]
fn authority_that_signed_itself_is_trusted_when_it_is_the_one_that_was_given() {
    assert_ended(&put_to(Identity::of(authority("127.0.0.1")), None), Status::Ok, Stored::Yes);
}

#[test]
fn another_authority_of_the_same_name_is_not_trusted() {
    let given = Identity::of(authority("127.0.0.1"));
    assert_distrusted(&put_to(Identity::of(authority("127.0.0.1")), Some(&given)), "certificate");
    // Nor is what is no authority.
    assert_distrusted(&put_to(Identity::new(), Some(&given)), "certificate");
}

#[test]
fn authority_that_was_given_is_checked_like_any_certificate() {
    assert_distrusted(&put_to(Identity::of(authority("elsewhere.test")), None), "certificate");
    let mut expired = authority("127.0.0.1");
    expired.not_after = date_time_ymd(2020, 1, 1);
    assert_distrusted(&put_to(Identity::of(expired), None), "expired");
    let mut early = authority("127.0.0.1");
    early.not_before = date_time_ymd(4000, 1, 1);
    assert_distrusted(&put_to(Identity::of(early), None), "not valid yet");
}
