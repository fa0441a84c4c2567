//! Callback requests that are believed, and those that are not.

use crate::support::bed::{Bed, DATA, KEY};
use crate::support::observer::Unmoved;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::AppRequest;
use oss_upload::callback::Callback;
use oss_upload::callback::verify::PublicKey;
use oss_upload::engine::{
    Body, CallbackRequest, Cancel, Input, Limits, ObjectOptions, Outcome, Reader, SourceFailure, Status,
    UploadOptions, Verifier, verify_with,
};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A callback request that the emulator signed.
fn callback_of(bed: &Bed) -> AppRequest {
    bed.put_with_callback();
    bed.application.requests().pop().expect("a callback")
}

fn verify(verifier: &Verifier, request: &AppRequest) -> Outcome {
    let header = |name| request.header(name).unwrap_or_default();
    verifier.verify(&CallbackRequest {
        target: request.target.as_bytes(),
        body: &request.body,
        authorization: header("authorization"),
        pub_key_url: header("x-oss-pub-key-url"),
        signature_version: header("x-oss-signature-version"),
    })
}

fn believing(bed: &Bed) -> Verifier {
    let mut verifier = Verifier::default();
    verifier.add_key_prefix(&format!("{}/", bed.emulator.endpoint())).unwrap();
    verifier
}

#[test]
fn callback_of_oss_is_believed_and_its_key_fetched_once() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    let (keeping, mut forgetful) = (believing(&bed), believing(&bed));
    forgetful.set_cache_time(Duration::ZERO).unwrap();
    for verifier in [&keeping, &forgetful] {
        let outcome = verify(verifier, &request);
        assert_eq!(outcome.status, Status::Ok, "{}", outcome.message);
    }
    drop(bed);
    assert_eq!(verify(&keeping, &request).status, Status::Ok);
    assert_eq!(verify(&forgetful, &request).status, Status::Network);
}

#[test]
fn whatever_is_changed_in_a_request_is_noticed() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    let key = PublicKey::from_pem(&bed.emulator.callback_public_key_pem()).unwrap();
    let authorization = request.header("authorization").unwrap();
    let verified = |target: &str, body: &[u8], authorization: &str| {
        verify_with(&key, target.as_bytes(), body, authorization).status
    };
    assert_eq!(verified(&request.target, &request.body, authorization), Status::Ok);

    let mut body = request.body.clone();
    body[0] ^= 1;
    assert_eq!(verified(&request.target, &body, authorization), Status::NotAuthentic);
    assert_eq!(
        verified(&format!("{}?a", request.target), &request.body, authorization),
        Status::NotAuthentic
    );
    let signature = BASE64_STANDARD.decode(authorization).unwrap();
    for at in 0..signature.len() {
        let mut changed = signature.clone();
        changed[at] ^= 0x10;
        let changed = BASE64_STANDARD.encode(changed);
        assert_eq!(verified(&request.target, &request.body, &changed), Status::NotAuthentic);
    }
    for wrong in ["", "?", "AAAA", &authorization[1..], &format!("{authorization}{authorization}")] {
        assert_eq!(verified(&request.target, &request.body, wrong), Status::NotAuthentic, "{wrong}");
    }
}

/// OSS signs target, line end, body: with a line end in the target there would be two ways to read that.
#[test]
fn part_of_a_body_cannot_be_passed_off_as_target() {
    let bed = Bed::new();
    let callback = Callback::new(&bed.application.url(), "first\nlast").unwrap();
    bed.bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default());
    let request = bed.application.requests().pop().expect("a callback");
    let key = PublicKey::from_pem(&bed.emulator.callback_public_key_pem()).unwrap();
    let verified = |target: &[u8], body: &[u8]| {
        verify_with(&key, target, body, request.header("authorization").unwrap()).status
    };
    assert_eq!(verified(b"/", b"first\nlast"), Status::Ok);
    for target in ["/%0Afirst", "/%0afirst", "/\nfirst", "/%0A%66irst"] {
        assert_eq!(verified(target.as_bytes(), b"last"), Status::NotAuthentic, "{target}");
    }

    let callback = Callback::new(&format!("{}/?from=oss", bed.application.url()), "first\nlast").unwrap();
    bed.bucket.put(KEY, Body::Bytes(DATA), Some(&callback), &ObjectOptions::default());
    let request = bed.application.requests().pop().expect("a callback");
    let outcome = verify_with(&key, b"/?from=oss\nfirst", b"last", request.header("authorization").unwrap());
    assert_eq!(outcome.status, Status::NotAuthentic);
    assert!(outcome.message.contains("line end"), "{}", outcome.message);
}

#[test]
fn key_from_another_place_is_not_even_fetched() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    // Whoever fetched it would find out that nobody is there.
    drop(bed);
    let outcome = verify(&Verifier::default(), &request);
    assert_eq!(outcome.status, Status::NotAuthentic, "{}", outcome.message);
}

#[test]
fn key_that_was_set_is_believed_whatever_the_request_names() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    let mut verifier = Verifier::default();
    verifier.set_public_key(&bed.emulator.callback_public_key_pem()).unwrap();
    drop(bed);
    assert_eq!(verify(&verifier, &request).status, Status::Ok);

    let other = Bed::new();
    verifier.set_public_key(&other.emulator.callback_public_key_pem()).unwrap();
    assert_eq!(verify(&verifier, &request).status, Status::NotAuthentic);
}

/// A server for keys, which leaves it to the test what becomes of those who ask.
struct KeyServer {
    url: String,
    asking: Receiver<TcpStream>,
}

impl KeyServer {
    fn start() -> KeyServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (asks, asking) = mpsc::channel();
        thread::spawn(move || {
            // Until the test is over.
            while let Ok((stream, _)) = listener.accept()
                && asks.send(stream).is_ok()
            {}
        });
        KeyServer { url, asking }
    }

    /// A verifier that believes this server.
    fn verifier(&self) -> Verifier {
        let mut verifier = Verifier::default();
        verifier.add_key_prefix(&self.url).unwrap();
        verifier.set_fetch_time(PATIENCE).unwrap();
        verifier
    }

    /// Host and port.
    fn place(&self) -> &str {
        self.url.trim_start_matches("http://").trim_end_matches('/')
    }

    /// The connection of whoever asks next.
    fn asked(&self) -> TcpStream {
        self.asking.recv_timeout(PATIENCE).expect("somebody asks for the key")
    }

    /// Gives everybody who asks this reply.
    fn answer(self, reply: String) -> Answering {
        let (counts, counted) = mpsc::channel();
        thread::spawn(move || {
            for stream in self.asking {
                // Not every test counts.
                let _ = counts.send(());
                give(stream, &reply);
            }
        });
        Answering { counted }
    }

    fn asked_nothing_more(&self) -> bool {
        self.asking.try_recv().is_err()
    }
}

/// How often a server was asked.
struct Answering {
    counted: Receiver<()>,
}

impl Answering {
    fn times(&self) -> usize {
        self.counted.try_iter().count()
    }
}

fn give(mut stream: TcpStream, reply: &str) {
    // What is closed with something unread in it is reset.
    let _ = stream.read(&mut [0; 4096]);
    let _ = stream.write_all(reply.as_bytes());
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Asks about a request with a signature of so many bytes, whose key has this name.
fn verify_signature(verifier: &Verifier, server: &str, name: &str, bytes: usize) -> Outcome {
    verifier.verify(&CallbackRequest {
        target: b"/",
        body: b"body",
        authorization: &BASE64_STANDARD.encode(vec![1; bytes]),
        pub_key_url: &BASE64_STANDARD.encode(format!("{server}{name}")),
        ..CallbackRequest::default()
    })
}

fn forged(verifier: &Verifier, server: &str) -> Outcome {
    verify_signature(verifier, server, "key.pem", 64)
}

fn with_deadline(time: Duration) -> Limits {
    let mut limits = Limits::default();
    limits.set_deadline(time).unwrap();
    limits
}

fn with_cancel(cancel: &Cancel) -> Limits {
    let mut limits = Limits::default();
    limits.set_cancel(Some(cancel.clone()));
    limits
}

#[test]
fn what_could_not_be_found_out_is_not_called_forged() {
    let elsewhere = reply("302 Found", "Location: http://127.0.0.1:1/\r\n", "");
    let huge = reply("200 OK", "", &"A".repeat(1 << 20));
    for (reply, status) in [
        (reply("503 Unavailable", "", ""), Status::Service),
        (elsewhere, Status::Service),
        (reply("200 OK", "", "no key"), Status::BadResponse),
        (huge, Status::BadResponse),
        ("no HTTP\r\n\r\n".to_owned(), Status::Network),
    ] {
        let server = KeyServer::start();
        let (url, verifier) = (server.url.clone(), server.verifier());
        let _answering = server.answer(reply.clone());
        assert_eq!(forged(&verifier, &url).status, status, "{reply:.60}");
    }
}

#[test]
fn what_no_key_can_have_signed_makes_nobody_fetch_one() {
    let server = KeyServer::start();
    let (url, verifier) = (server.url.clone(), server.verifier());
    let answering = server.answer(reply("404 Not Found", "", ""));
    let named = BASE64_STANDARD.encode(format!("{url}key.pem"));
    for authorization in ["", "?", "AAAA", "AAA", "not a signature"] {
        let request = CallbackRequest {
            target: b"/",
            authorization,
            pub_key_url: &named,
            ..CallbackRequest::default()
        };
        assert_eq!(verifier.verify(&request).status, Status::NotAuthentic, "{authorization}");
    }
    for bytes in [0, 63, 513, 100_000] {
        let outcome = verify_signature(&verifier, &url, "key.pem", bytes);
        assert_eq!(outcome.status, Status::NotAuthentic, "{bytes}");
        assert!(outcome.message.contains(&bytes.to_string()), "{}", outcome.message);
    }
    let authorization = &BASE64_STANDARD.encode([1; 64]);
    let request =
        CallbackRequest { target: b"/%0A", authorization, pub_key_url: &named, ..CallbackRequest::default() };
    assert_eq!(verifier.verify(&request).status, Status::NotAuthentic);
    assert_eq!(answering.times(), 0);
    for bytes in [64, 512] {
        let name = format!("{bytes}.pem");
        assert_eq!(verify_signature(&verifier, &url, &name, bytes).status, Status::Service, "{bytes}");
    }
    assert_eq!(answering.times(), 2);
}

#[test]
fn signature_has_to_be_as_long_as_the_key_that_is_known() {
    let bed = Bed::new();
    let pem = bed.emulator.callback_public_key_pem();
    let key = PublicKey::from_pem(&pem).unwrap();
    let own = BASE64_STANDARD.decode(callback_of(&bed).header("authorization").unwrap()).unwrap().len();
    for bytes in [own - 1, own + 1] {
        let outcome = verify_with(&key, b"/", b"", &BASE64_STANDARD.encode(vec![1; bytes]));
        assert_eq!(outcome.status, Status::NotAuthentic);
        assert!(outcome.message.contains(&format!("{bytes} bytes")), "{}", outcome.message);
    }
}

#[test]
fn fetch_that_failed_is_remembered_and_told_again() {
    let server = KeyServer::start();
    let (url, verifier) = (server.url.clone(), server.verifier());
    let answering = server.answer(reply("503 Unavailable", "", ""));
    let first = forged(&verifier, &url);
    let again = forged(&verifier, &url);
    assert_eq!((first.status, again.status), (Status::Service, Status::Service));
    assert_eq!((first.http_status, again.http_status), (503, 503));
    assert!(again.message.contains("remembered") && again.message.contains(&first.message));
    assert!(!first.message.contains("remembered"), "{}", first.message);
    assert_eq!(answering.times(), 1);
    // Of another key that says nothing.
    assert_eq!(verify_signature(&verifier, &url, "other.pem", 64).status, Status::Service);
    assert_eq!(answering.times(), 1);
}

#[test]
fn headers_of_a_key_server_are_kept_only_if_they_are_small() {
    for (size, status) in [(600, Status::Service), (700, Status::BadResponse)] {
        let server = KeyServer::start();
        let (url, verifier) = (server.url.clone(), server.verifier());
        let headers = format!("a: {}\r\n", "b".repeat(size)).repeat(98);
        let _answering = server.answer(reply("503 Unavailable", &headers, ""));
        let outcome = forged(&verifier, &url);
        assert_eq!(outcome.status, status, "{}", outcome.message);
    }
}

#[test]
fn key_server_that_does_not_answer_is_named_and_remembered() {
    let server = KeyServer::start();
    let mut verifier = server.verifier();
    verifier.set_fetch_time(Duration::from_millis(100)).unwrap();
    let first = forged(&verifier, &server.url);
    assert_eq!(first.status, Status::Timeout);
    assert!(first.message.contains(server.place()), "{}", first.message);
    let _asking = server.asked();
    assert_eq!(forged(&verifier, &server.url).status, Status::Timeout);
    assert!(server.asked_nothing_more());
}

#[test]
fn one_caller_fetches_and_the_others_wait_within_their_own_limits() {
    let bed = Bed::new();
    let server = KeyServer::start();
    let verifier = server.verifier();
    thread::scope(|scope| {
        let fetching = scope.spawn(|| forged(&verifier, &server.url));
        let stream = server.asked();

        let hurried = forged(&verifier.with_limits(with_deadline(Duration::from_millis(100))), &server.url);
        assert_eq!(hurried.status, Status::Timeout);
        assert!(hurried.message.contains(server.place()), "{}", hurried.message);
        let cancel = Cancel::default();
        let limited = verifier.with_limits(with_cancel(&cancel));
        let url = &server.url;
        let cancelled = scope.spawn(move || forged(&limited, url));
        cancel.fire();
        assert_eq!(cancelled.join().unwrap().status, Status::Cancelled);
        let waiting = scope.spawn(|| forged(&verifier, &server.url));

        give(stream, &reply("200 OK", "", &bed.emulator.callback_public_key_pem()));
        for caller in [fetching, waiting] {
            assert_eq!(caller.join().unwrap().status, Status::NotAuthentic);
        }
    });
    // A verifier with limits of its own has the same keys.
    let limited = verifier.with_limits(with_deadline(PATIENCE));
    assert_eq!(forged(&limited, &server.url).status, Status::NotAuthentic);
    assert!(server.asked_nothing_more());
}

#[test]
fn caller_that_is_ended_while_it_fetches_leaves_that_to_the_next() {
    let cancel = Cancel::default();
    for (limits, status) in [
        (with_cancel(&cancel), Status::Cancelled),
        (with_deadline(Duration::from_millis(100)), Status::Timeout),
    ] {
        let server = KeyServer::start();
        let verifier = server.verifier();
        let limited = verifier.with_limits(limits);
        thread::scope(|scope| {
            let fetching = scope.spawn(|| forged(&limited, &server.url));
            let _first = server.asked();
            let waiting = scope.spawn(|| forged(&verifier, &server.url));
            cancel.fire();
            assert_eq!(fetching.join().unwrap().status, status);
            give(server.asked(), &reply("404 Not Found", "", ""));
            assert_eq!(waiting.join().unwrap().status, Status::Service);
        });
    }
}

/// Data whose reader wants to know whether a callback is authentic, in the middle of an upload.
struct Curious<'a> {
    verifier: &'a Verifier,
    url: &'a str,
}

impl Reader for Curious<'_> {
    fn read(&self, _: &mut [u8]) -> Result<usize, SourceFailure> {
        let outcome = forged(self.verifier, self.url);
        assert_eq!(outcome.status, Status::InvalidArgument, "{}", outcome.message);
        Ok(0)
    }

    fn can_rewind(&self) -> bool {
        false
    }

    fn rewind(&self) -> Result<(), SourceFailure> {
        unreachable!("it cannot")
    }
}

#[test]
fn call_that_may_not_fetch_says_nothing_to_others() {
    let bed = Bed::new();
    let server = KeyServer::start();
    let (url, verifier) = (server.url.clone(), server.verifier());
    let input = Input::Reader(Box::new(Curious { verifier: &verifier, url: &url }), None);
    let outcome = bed.bucket.upload(KEY, input, None, &UploadOptions::default(), &Unmoved);
    assert_eq!(outcome.status, Status::Ok, "{}", outcome.message);
    let answering = server.answer(reply("200 OK", "", &bed.emulator.callback_public_key_pem()));
    assert_eq!(forged(&verifier, &url).status, Status::NotAuthentic);
    assert_eq!(answering.times(), 1);
}

#[test]
fn way_of_signing_that_is_not_known_here_is_not_called_forged() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    let mut verifier = Verifier::default();
    verifier.set_public_key(&bed.emulator.callback_public_key_pem()).unwrap();
    let versioned = |signature_version| CallbackRequest {
        target: request.target.as_bytes(),
        body: &request.body,
        authorization: request.header("authorization").unwrap(),
        signature_version,
        ..CallbackRequest::default()
    };
    for known in ["", "1.0"] {
        assert_eq!(verifier.verify(&versioned(known)).status, Status::Ok, "{known}");
    }
    let long = "2\r\n\u{1b}".repeat(1000);
    for unknown in ["2.0", "1.00", " ", &long] {
        let outcome = verifier.verify(&versioned(unknown));
        assert_eq!(outcome.status, Status::BadResponse, "{unknown:.10}");
        assert!(outcome.message.len() < 500 && !outcome.message.contains(char::is_control));
    }
    assert!(verifier.verify(&versioned("2.0")).message.contains("\"2.0\""));
    // It may be signed with what is no RSA key, which is nowhere to be fetched.
    let server = KeyServer::start();
    let signed_otherwise = CallbackRequest {
        authorization: "none",
        pub_key_url: &BASE64_STANDARD.encode(format!("{}key.pem", server.url)),
        ..versioned("2.0")
    };
    assert_eq!(server.verifier().verify(&signed_otherwise).status, Status::BadResponse);
    assert!(server.asked_nothing_more());
}

#[test]
fn keys_that_were_fetched_with_another_trust_are_fetched_anew() {
    let bed = Bed::new();
    let request = callback_of(&bed);
    let verifier = believing(&bed);
    assert_eq!(verify(&verifier, &request).status, Status::Ok);
    let mut strict = verifier.with_limits(Limits::default());
    strict.set_ca_file("/nonexistent").unwrap();
    drop(bed);
    assert_eq!(verify(&verifier, &request).status, Status::Ok);
    assert_eq!(verify(&strict, &request).status, Status::Network);
}

#[test]
fn what_is_no_rsa_key_of_a_sensible_size_is_refused() {
    let elliptic = rcgen::KeyPair::generate().unwrap().public_key_pem();
    for wrong in ["", "no key", &elliptic, &"A".repeat(1 << 20)] {
        assert!(PublicKey::from_pem(wrong).is_err(), "{wrong:.60}");
    }
}
