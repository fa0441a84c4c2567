//! Whom TLS trusts and what it shows of the caller, and that a session is gone on with.

use crate::support::bed::assert_ended;
use crate::support::raw_server::{ANSWERED, Connection, Identity, RawServer, bucket_at};
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status, Stored};
use rcgen::{CertificateParams, DnType};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};
use std::net::TcpListener;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

const VERSIONS: [&[&SupportedProtocolVersion]; 2] = [&[&TLS12], &[&TLS13]];

fn put(bucket: &Bucket, size: usize) -> Outcome {
    bucket.put("key", Body::Bytes(&vec![0; size]), None, &ObjectOptions::default())
}

fn start(identity: Identity, serve: impl Fn(Connection) + Send + Sync + 'static) -> RawServer {
    RawServer::on(TcpListener::bind("127.0.0.1:0").unwrap(), Some(identity), serve)
}

/// A server with this certificate that stores whatever comes.
fn storing(identity: Identity) -> RawServer {
    start(identity, |mut connection| {
        while connection.read_request().is_some() {
            connection.say(ANSWERED);
        }
    })
}

#[track_caller]
fn assert_stored(bucket: &Bucket) {
    assert_ended(&put(bucket, 1), Status::Ok, Stored::Yes);
}

/// Checks that a put was refused at the first attempt, in one line that names the server and has these words in it.
#[track_caller]
fn assert_refused(outcome: &Outcome, server: &RawServer, words: &str) {
    assert_ended(outcome, Status::Tls, Stored::No);
    assert_eq!(outcome.attempts, 1, "{}", outcome.message);
    let message = &outcome.message;
    assert!(message.contains(&server.address().to_string()) && message.contains(words), "{message}");
    assert!(!message.contains(['\r', '\n']), "{message}");
}

/// Which of a server's connections went on with a session, in their order.
type Resumed = Arc<Mutex<Vec<bool>>>;

#[test]
fn connection_goes_on_with_the_session_of_the_one_before() {
    for versions in VERSIONS {
        let resumed = Resumed::default();
        let seen = Arc::clone(&resumed);
        let server = start(Identity::new().speaking(versions), move |mut connection| {
            seen.lock().unwrap().push(connection.is_resumed());
            connection.read_request();
            connection.say(ANSWERED);
        });
        let bucket = server.bucket(|_| ());
        for _ in 0..3 {
            assert_stored(&bucket);
        }
        assert_eq!(*resumed.lock().unwrap(), [false, true, true], "{versions:?}");
    }
}

#[test]
fn calls_at_the_same_time_go_on_with_the_same_session() {
    const CALLS: usize = 3;
    for versions in VERSIONS {
        let resumed = Resumed::default();
        let seen = Arc::clone(&resumed);
        let all_there = Barrier::new(CALLS);
        let server = start(Identity::new().speaking(versions), move |mut connection| {
            seen.lock().unwrap().push(connection.is_resumed());
            for number in 0.. {
                if connection.read_request().is_none() {
                    break;
                }
                // The very first request is alone.
                if (connection.number, number) != (0, 0) {
                    all_there.wait();
                }
                connection.say(ANSWERED);
            }
        });
        let bucket = server.bucket(|_| ());
        assert_stored(&bucket);
        thread::scope(|scope| {
            for _ in 0..CALLS {
                scope.spawn(|| assert_stored(&bucket));
            }
        });
        assert_eq!(*resumed.lock().unwrap(), [false, true, true], "{versions:?}");
    }
}

/// A certificate of an address whose owner has this name.
fn owned_by(name: &str) -> Identity {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    Identity::of(params)
}

/// A bucket with up to three attempts that shows this certificate, if any.
fn visitor(server: &RawServer, client: Option<&Identity>) -> Bucket {
    server.bucket(|options| {
        options.set_max_attempts(3).unwrap();
        if let Some(client) = client {
            options.set_client_certificate(client.ca_file(), client.key_file()).unwrap();
        }
    })
}

#[test]
fn client_certificate_is_shown_to_a_server_that_wants_one() {
    for versions in VERSIONS {
        let client = owned_by("the client");
        let server = storing(Identity::new().speaking(versions).wanting(&client));
        assert_stored(&visitor(&server, Some(&client)));
    }
}

#[test]
fn server_that_wants_a_client_certificate_says_so() {
    let (client, stranger) = (owned_by("the client"), owned_by("a stranger"));
    for versions in VERSIONS {
        let server = storing(Identity::new().speaking(versions).wanting(&client));
        for shown in [None, Some(&stranger)] {
            for size in [0, 1, 100_000, 8 << 20] {
                let outcome = put(&visitor(&server, shown), size);
                assert_refused(&outcome, &server, "client certificate");
            }
        }
    }
}

#[test]
fn server_must_have_a_key_that_is_pinned() {
    let identity = Identity::new();
    let (own, other) = (identity.pin(), Identity::new().pin());
    let server = storing(identity);
    let pinned = |pins: &str| {
        server.bucket(|options| {
            options.set_max_attempts(3).unwrap();
            options.set_public_key_pin(pins).unwrap();
        })
    };
    for pins in [&own, &format!("{own};{other}"), &format!("{other};{own}")] {
        assert_stored(&pinned(pins));
    }
    for pins in [&other, &format!("{other};{other}")] {
        assert_refused(&put(&pinned(pins), 1), &server, "public key");
    }
}

#[test]
fn pin_does_not_stand_in_for_trust() {
    let identity = Identity::new();
    let pin = identity.pin();
    let server = storing(identity);
    let stranger = owned_by("a stranger");
    let bucket = server.bucket(|options| {
        options.set_ca_file(stranger.ca_file()).unwrap();
        options.set_public_key_pin(&pin).unwrap();
    });
    assert_refused(&put(&bucket, 1), &server, "certificate");
}

fn bucket_of(server: &RawServer, set: impl FnOnce(&mut BucketOptions)) -> Bucket {
    bucket_at(&server.endpoint(), set)
}

#[test]
fn ca_file_that_is_added_is_trusted_besides_the_systems() {
    let server = storing(Identity::new());
    let ca_file = server.identity().unwrap().ca_file();
    assert_refused(&put(&bucket_of(&server, |_| ()), 1), &server, "certificate");
    assert_stored(&bucket_of(&server, |options| options.add_ca_file(ca_file).unwrap()));
}

#[test]
fn ca_file_that_is_added_is_trusted_besides_the_one_that_is_set() {
    let (one, other) = (storing(owned_by("one")), storing(owned_by("other")));
    let stranger = storing(owned_by("a stranger"));
    let ca_file = |server: &RawServer| server.identity().unwrap().ca_file().to_owned();
    let bucket = |server: &RawServer| {
        bucket_of(server, |options| {
            options.set_ca_file(ca_file(&one)).unwrap();
            options.add_ca_file(ca_file(&other)).unwrap();
        })
    };
    assert_stored(&bucket(&one));
    assert_stored(&bucket(&other));
    assert_refused(&put(&bucket(&stranger), 1), &stranger, "certificate");
}
