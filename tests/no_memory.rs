//! Where there is no memory, a call ends, and its host does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_emulator::{Answer, DEFAULT_BUCKET};
use oss_upload::engine::{Body, Multipart, ObjectOptions};
use rcgen::{CertificateParams, DnType, KeyPair};
use std::fs;
use support::bed::{BUCKET, Bed};
use support::bucket::{TestBucket, app_server};
use support::c_program::{CProgram, Linkage};
use support::effort;
use support::route::{Route, over_every_route};

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKs/JBGzwUB2aVht4crBx3oIPBLNsjGs\n\
    C0fTXv+nvlmklvkcolvpvXLTjaxUHR3W9LXxQ2EHXAJfCB+6H2YF1k8CAwEAAQ==\n\
    -----END PUBLIC KEY-----\n";

/// More than any system has.
const AUTHORITIES: u64 = 1000;
/// So many that a list of them is large too.
const EVEN_MORE_AUTHORITIES: u64 = 3000;

/// So many small ones that a list of them is large, and where everything is tried, one of several pages.
fn parts() -> u32 {
    if effort::is_full() { 3000 } else { 1100 }
}

/// Goes every way over this route, with all that the program finds there.
fn go_every_way(route: Route) {
    assert_eq!(BUCKET, DEFAULT_BUCKET);
    let bed = Bed::over(route);
    let application = app_server();
    application.answer(Answer::json(format!("\"{}\"", "x".repeat(300_000))));
    let begin = |key: &str| Multipart::begin(&bed.bucket, key, &ObjectOptions::default()).0.unwrap();
    for number in 0..400 {
        begin(&format!("left/{number}{}", "x".repeat(200)));
    }
    let many = begin("many");
    for number in 1..=parts() {
        assert!(many.upload_part(number, Body::Bytes(b"x")).is_ok());
    }
    let program = CProgram::compile("no_memory", Linkage::Shared);
    let bucket = TestBucket::emulated(&bed.emulator).with_callback_url(&application.url());
    let source = written(&program, "source", &[0; 600_000]);
    let profiles = written(&program, "profiles", profiles(&bucket).as_bytes());
    let command = format!(
        r#"echo '{{"AccessKeyId": "{}", "AccessKeySecret": "{}"}}'"#,
        bucket.access_key_id, bucket.access_key_secret
    );
    let mut environment = vec![
        ("SOURCE", source.as_str()),
        ("MANY_PARTS", many.upload_id()),
        ("PUBLIC_KEY", PUBLIC_KEY),
        ("PROFILES", &profiles),
        ("KEY_COMMAND", &command),
    ];
    let network = bed.network.environment();
    environment.extend(network.iter().map(|(name, value)| (*name, value.as_str())));
    println!("{route:?}:\n{}", program.run_on(&bucket, &environment));
}

/// Goes one way over https, where whom to trust is in a large file, which this variable names.
fn go_trusting_many(way: &str, variable: &str, authorities: u64) {
    let bed = Bed::over(Route::Https);
    let program = CProgram::compile("no_memory", Linkage::Shared);
    let own = bed.network.tls().unwrap().cert_pem;
    let trusted = written(&program, "trusted", (own + &certificates(authorities)).as_bytes());
    let environment = [("ONLY", way), (variable, trusted.as_str())];
    println!("{variable}:\n{}", program.run_on(&TestBucket::emulated(&bed.emulator), &environment));
}

/// The path of a file in the program's folder, which has this in it.
fn written(program: &CProgram, name: &str, content: &[u8]) -> String {
    let path = program.folder().join(name).to_str().unwrap().to_owned();
    fs::write(&path, content).unwrap();
    path
}

/// A file of a command line tool's, with a long list of others' profiles.
fn profiles(bucket: &TestBucket) -> String {
    let profile = |name: &str, id: &str, secret: &str| {
        format!(
            r#"{{"name": "{name}", "mode": "AK", "access_key_id": "{id}", "access_key_secret": "{secret}"}}"#
        )
    };
    let others = (0..1000).map(|number| profile(&number.to_string(), "id", "secret") + ", ");
    let own = profile("own", &bucket.access_key_id, &bucket.access_key_secret);
    format!(r#"{{"current": "own", "profiles": [{}{own}]}}"#, others.collect::<String>())
}

/// The certificates of so many authorities.
fn certificates(authorities: u64) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = |number: u64| {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, format!("authority {number}"));
        params.self_signed(&key).unwrap().pem()
    };
    (0..authorities).map(certificate).collect()
}

#[test]
fn no_large_allocation_that_fails_ends_the_host() {
    over_every_route(go_every_way);
}

#[test]
fn no_large_allocation_that_fails_while_roots_are_read_ends_the_host() {
    // The caller's, and the system's.
    go_trusting_many("put", "CA_FILE", EVEN_MORE_AUTHORITIES);
    go_trusting_many("put", "SSL_CERT_FILE", AUTHORITIES);
    go_trusting_many("fetch key", "CA_FILE", AUTHORITIES);
}
