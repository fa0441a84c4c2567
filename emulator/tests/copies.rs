//! How large an object may be that is copied at once.

#![allow(clippy::unwrap_used)]

mod support;

use oss_emulator::Config;
use support::{once, start_with};

#[test]
fn only_what_stays_where_and_as_it_is_can_be_of_any_size() {
    let buckets = vec!["bucket-a".to_owned(), "bucket-b".to_owned()];
    let emulator = start_with(Config { copy_size_limit: 4, buckets, ..Config::default() });
    emulator.put_object("bucket-a", "large", b"12345");
    emulator.put_object("bucket-a", "small", b"1234");
    let copy = |source: &str, target: &str, class: &str| {
        let headers = [("x-oss-copy-source", source), ("x-oss-storage-class", class)];
        let headers = if class.is_empty() { &headers[..1] } else { &headers[..] };
        let reply = once(&emulator, "PUT", target, headers, b"");
        reply.element("Code").unwrap_or_else(|| reply.status.to_string())
    };
    assert_eq!(copy("/bucket-a/large", "/bucket-a/copy", ""), "200");
    assert_eq!(copy("/bucket-a/large", "/bucket-b/copy", ""), "EntityTooLarge");
    assert_eq!(copy("/bucket-a/large", "/bucket-a/class", "IA"), "EntityTooLarge");
    assert_eq!(copy("/bucket-a/small", "/bucket-b/copy", "IA"), "200");
    assert_eq!(emulator.keys("bucket-a"), ["copy", "large", "small"]);
}
