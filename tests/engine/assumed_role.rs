//! Temporary keys of the emulator's token service: the library uploads with one until it ends.

use crate::support::bucket::emulator;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use oss_emulator::{DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator};
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Body, Bucket, BucketOptions, ObjectOptions, Outcome, Status};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// The answer to AssumeRole, whose form is XML as long as nothing else is asked for.
fn assume_role(emulator: &Emulator) -> String {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let query = [
        ("AccessKeyId", DEFAULT_ACCESS_KEY_ID),
        ("Action", "AssumeRole"),
        ("DurationSeconds", "900"),
        ("RoleArn", "acs:ram::1234567890:role/uploads"),
        ("RoleSessionName", "session"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", "once"),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &now),
        ("Version", "2015-04-01"),
    ]
    .map(|(name, value)| format!("{name}={}", encoded(value)))
    .join("&");
    let mut mac = Hmac::<Sha1>::new_from_slice(format!("{DEFAULT_ACCESS_KEY_SECRET}&").as_bytes()).unwrap();
    mac.update(format!("GET&%2F&{}", encoded(&query)).as_bytes());
    let signature = encoded(&STANDARD.encode(mac.finalize().into_bytes()));
    get(emulator, &format!("/-/sts?{query}&Signature={signature}"))
}

fn get(emulator: &Emulator, target: &str) -> String {
    let mut stream = TcpStream::connect(emulator.address()).unwrap();
    write!(stream, "GET {target} HTTP/1.1\r\nHost: sts\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn element<'a>(xml: &'a str, name: &str) -> &'a str {
    let (_, rest) =
        xml.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} is missing: {xml}"));
    rest.split_once("</").unwrap().0
}

fn put(bucket: &Bucket) -> Outcome {
    bucket.put("key", Body::Bytes(b"data"), None, &ObjectOptions::default())
}

#[test]
fn the_library_uploads_with_a_key_of_an_assumed_role_until_it_ends() {
    let emulator = emulator();
    let answer = assume_role(&emulator);
    let [id, secret, token] =
        ["AccessKeyId", "AccessKeySecret", "SecurityToken"].map(|name| element(&answer, name));
    let ends_at = element(&answer, "Expiration").parse::<Timestamp>().unwrap();
    assert!((890..=900).contains(&(ends_at.as_second() - Timestamp::now().as_second())), "{ends_at}");

    let mut options = BucketOptions::default();
    options.set_region("cn-hangzhou").unwrap();
    let credentials = Arc::new(Credentials::new(id, secret, Some(token)).unwrap());
    let bucket = Bucket::new(&emulator.endpoint(), DEFAULT_BUCKET, credentials, &options).unwrap();
    assert_eq!(put(&bucket).status, Status::Ok);
    assert_eq!(emulator.object(DEFAULT_BUCKET, "key").unwrap().data, b"data");

    emulator.set_clock_offset_s(890);
    assert_eq!(put(&bucket).status, Status::Ok);
    emulator.set_clock_offset_s(901);
    assert_eq!(put(&bucket).error.code, "SecurityTokenExpired");
}
