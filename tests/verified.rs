//! Callback requests that are believed, and those that are not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::AppRequest;
use oss_upload::callback::Callback;
use oss_upload::callback::verify::PublicKey;
use oss_upload::engine::{Body, ObjectOptions, Outcome, Status, Verifier, verify_with};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;
use support::bed::{Bed, DATA, KEY};

/// A callback request that the emulator signed.
fn callback_of(bed: &Bed) -> AppRequest {
    bed.put_with_callback();
    bed.application.requests().pop().expect("a callback")
}

fn verify(verifier: &Verifier, request: &AppRequest) -> Outcome {
    let header = |name| request.header(name).unwrap_or_default();
    verifier.verify(
        request.target.as_bytes(),
        &request.body,
        header("authorization"),
        header("x-oss-pub-key-url"),
    )
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

/// A server for a key that gives this reply, or none at all, to whoever asks.
fn key_server(reply: Option<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head);
        match reply {
            Some(reply) => {
                let _ = stream.write_all(reply.as_bytes());
            }
            // Until the client gives up.
            None => {
                let _ = stream.read(&mut head);
            }
        }
    });
    url
}

fn status_with_key_from(reply: Option<String>) -> Status {
    let url = key_server(reply);
    let mut verifier = Verifier::default();
    verifier.add_key_prefix(&url).unwrap();
    verifier.set_fetch_time(Duration::from_millis(500)).unwrap();
    let named = BASE64_STANDARD.encode(format!("{url}key.pem"));
    verifier.verify(b"/", b"body", "AAAA", &named).status
}

#[test]
fn what_could_not_be_found_out_is_not_called_forged() {
    let with = |status: &str, headers: &str, body: &str| {
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let elsewhere = with("302 Found", "Location: http://127.0.0.1:1/\r\n", "");
    let huge = with("200 OK", "", &"A".repeat(1 << 20));
    for (reply, status) in [
        (None, Status::Timeout),
        (Some(with("503 Unavailable", "", "")), Status::Service),
        (Some(elsewhere), Status::Service),
        (Some(with("200 OK", "", "no key")), Status::BadResponse),
        (Some(huge), Status::BadResponse),
    ] {
        assert_eq!(status_with_key_from(reply.clone()), status, "{:.60}", reply.unwrap_or_default());
    }
}

#[test]
fn what_is_no_rsa_key_of_a_sensible_size_is_refused() {
    let elliptic = rcgen::KeyPair::generate().unwrap().public_key_pem();
    for wrong in ["", "no key", &elliptic, &"A".repeat(1 << 20)] {
        assert!(PublicKey::from_pem(wrong).is_err(), "{wrong:.60}");
    }
}
