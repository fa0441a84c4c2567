//! However much a server says, a call keeps little of it and comes to its end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use oss_upload::engine::{
    Body, Bucket, Multipart, ObjectOptions, Outcome, Part, Status, Stored, UploadOptions, Uploads,
};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::bed::{DATA, KEY, assert_ended};
use support::header;
use support::observer::Unmoved;
use support::raw_server::{Connection, RawServer, over_both};

const MIB: usize = 1 << 20;
/// The longest key, id and ETag that are believed.
const LONGEST: usize = 1024;

/// Counts what a thread has allocated. The servers run on threads of their own.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that is about to end is of no interest.
    let _ = ALLOCATED.try_with(|allocated| {
        allocated.set(allocated.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(allocated.get())));
    });
}

// SAFETY: it hands everything on to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to what is the system's contract, too.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `work` comes to, which takes at most so much memory.
fn within<T>(most: usize, work: impl FnOnce() -> T) -> T {
    let before = ALLOCATED.get();
    PEAK.set(before);
    let result = work();
    let peak = usize::try_from(PEAK.get() - before).unwrap();
    assert!(peak <= most, "{} KiB are more than {} KiB", peak >> 10, most >> 10);
    result
}

/// A server that answers each request, by its head, with these words.
fn answering(https: bool, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> RawServer {
    RawServer::start(https, move |mut connection| {
        while let Some(head) = connection.read_request() {
            if !connection.say(answer(&head).as_bytes()) {
                return;
            }
        }
    })
}

/// A reply of OSS's, with these headers, each with its line end.
fn oss(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn xml(root: &str, inside: &str) -> String {
    oss("", &format!("<{root}>{inside}</{root}>"))
}

/// A page of uploads that says that it is not the last.
fn page(uploads: &[(&str, &str)], next: (&str, &str)) -> String {
    let mut inside = format!(
        "<IsTruncated>true</IsTruncated><NextKeyMarker>{}</NextKeyMarker><NextUploadIdMarker>{}</NextUploadIdMarker>",
        next.0, next.1
    );
    for (key, id) in uploads {
        write!(inside, "<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>").unwrap();
    }
    xml("ListMultipartUploadsResult", &inside)
}

fn query<'a>(head: &'a str, name: &str) -> &'a str {
    let target = head.split(' ').nth(1).unwrap();
    let pairs = target.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).next().unwrap_or_default()
}

fn put(bucket: &Bucket) -> Outcome {
    bucket.put(KEY, Body::Bytes(DATA), None, &ObjectOptions::default())
}

fn begun(server: &RawServer) -> Multipart {
    let bucket = Arc::new(server.bucket(|_| ()));
    Multipart::begin(&bucket, KEY, &ObjectOptions::default()).0.unwrap()
}

/// Uploads for ever, a thousand a page.
fn endless(head: &str) -> String {
    let first: usize = query(head, "upload-id-marker").parse().unwrap_or(0);
    let of = |number: usize| (format!("{number:0LONGEST$}"), number.to_string());
    let uploads: Vec<_> = (first + 1..=first + 1000).map(of).collect();
    let listed: Vec<_> = uploads.iter().map(|(key, id)| (key.as_str(), id.as_str())).collect();
    page(&listed, *listed.last().unwrap())
}

#[test]
fn endless_list_of_uploads_ends_where_that_is_documented() {
    let bucket = answering(false, endless).bucket(|_| ());
    let (found, outcome) = within(48 * MIB, || bucket.list_uploads("", 100_000));
    assert_ended(&outcome, Status::Ok, Stored::No);
    let size: usize = found.uploads.iter().map(|upload| upload.key.len() + upload.upload_id.len()).sum();
    assert!(found.is_truncated && (15 * MIB..=16 * MIB).contains(&size), "{size}");
    let (found, _) = bucket.list_uploads("", 2500);
    assert!(found.is_truncated && found.uploads.len() == 2500);
}

/// What comes of a list whose every page is this.
fn listed(page: String) -> (Uploads, Outcome, u32) {
    let bucket = answering(false, move |_| page.clone()).bucket(|_| ());
    let (found, outcome) = within(32 * MIB, || bucket.list_uploads("", 100_000));
    let attempts = outcome.attempts;
    (found, outcome, attempts)
}

#[test]
fn list_of_uploads_that_does_not_go_on_is_not_believed() {
    let two = [("a", "2"), ("b", "1")];
    // The same again.
    let (_, outcome, pages) = listed(page(&two, ("b", "1")));
    assert_ended(&outcome, Status::BadResponse, Stored::No);
    assert_eq!(pages, 2);
    for (uploads, next) in [
        (&[("b", "1"), ("a", "2")][..], ("b", "1")),
        (&[("a", "1"), ("a", "1")], ("a", "1")),
        (&[("", "1")], ("a", "1")),
        (&two, ("a", "2")),
        (&two, ("", "")),
        (&[], ("b", "1")),
    ] {
        let (_, outcome, pages) = listed(page(uploads, next));
        assert_eq!((outcome.status, pages), (Status::BadResponse, 1), "{uploads:?} {next:?}");
    }
}

/// Uploads of one key for ever, in no order of their ids.
fn of_one_key(head: &str) -> String {
    let number: u32 = query(head, "upload-id-marker").parse().unwrap_or(1 << 30);
    let ids = [number / 2, number - 1].map(|id| id.to_string());
    page(&ids.each_ref().map(|id| ("a", id.as_str())), ("a", &ids[1]))
}

#[test]
fn uploads_of_one_key_come_in_any_order_and_end_at_the_limit() {
    let bucket = answering(false, of_one_key).bucket(|_| ());
    let (found, outcome) = bucket.list_uploads("", 101);
    assert_ended(&outcome, Status::Ok, Stored::No);
    assert_eq!((found.uploads.len(), outcome.attempts, found.is_truncated), (101, 51, true));
}

#[test]
fn list_of_uploads_with_what_is_too_long_is_not_believed() {
    let (long, longest) = ("k".repeat(4_000_000), "k".repeat(LONGEST));
    for (upload, next) in [
        ((long.as_str(), "1"), ("l", "1")),
        (("k", &long), ("l", "1")),
        (("k", "1"), (&long, "1")),
        (("k", "1"), ("k", &long)),
    ] {
        let (_, outcome, pages) = listed(page(&[upload], next));
        assert_eq!((outcome.status, pages), (Status::BadResponse, 1), "{:.80}", outcome.message);
    }
    let (_, _, pages) = listed(page(&[(&longest, &longest)], (&longest, &longest)));
    assert_eq!(pages, 2);
}

/// All parts that an upload can have, a thousand a page, with ETags of this length.
fn parts(head: &str, etag: usize) -> String {
    let first: u32 = query(head, "part-number-marker").parse().unwrap();
    let mut inside = format!(
        "<UploadId>U</UploadId><IsTruncated>{}</IsTruncated><NextPartNumberMarker>{}</NextPartNumberMarker>",
        first < 9000,
        first + 1000
    );
    let etag = "E".repeat(etag);
    for number in first + 1..=first + 1000 {
        write!(inside, "<Part><PartNumber>{number}</PartNumber><Size>1</Size><ETag>{etag}</ETag></Part>")
            .unwrap();
    }
    xml("ListPartsResult", &inside)
}

#[test]
fn list_of_all_parts_takes_no_more_than_they_can_need() {
    let list = |etag: usize| -> (Vec<Part>, Outcome) {
        let server = answering(false, move |head| match head.starts_with("POST") {
            true => xml("InitiateMultipartUploadResult", "<UploadId>U</UploadId>"),
            false => parts(head, etag),
        });
        let multipart = begun(&server);
        within(24 * MIB, || multipart.list_parts())
    };
    let (found, outcome) = list(LONGEST);
    assert_ended(&outcome, Status::Ok, Stored::No);
    assert_eq!(found.len(), 10_000);
    assert_ended(&list(LONGEST + 1).1, Status::BadResponse, Stored::No);
}

#[test]
fn part_with_an_etag_that_is_too_long_is_not_one() {
    over_both(|https| {
        for (length, status) in
            [(LONGEST, Status::Ok), (LONGEST + 1, Status::BadResponse), (50_000, Status::BadResponse)]
        {
            let server = answering(https, move |head| match head.starts_with("POST") {
                true => xml("InitiateMultipartUploadResult", "<UploadId>U</UploadId>"),
                false => oss(&format!("ETag: {}\r\n", "E".repeat(length)), ""),
            });
            let outcome = begun(&server).upload_part(1, Body::Bytes(DATA));
            assert_eq!(outcome.status, status, "{length}: {}", outcome.message);
        }
    });
}

#[test]
fn parts_in_flight_do_not_bring_a_large_reply_each() {
    let data = vec![7; 32 * (100 << 10)];
    let server = answering(false, |head| match head.split(' ').next().unwrap() {
        "PUT" => oss("ETag: E\r\n", &"x".repeat(4 * MIB - 1)),
        "POST" if head.contains("?uploads") => xml("InitiateMultipartUploadResult", "<UploadId>U</UploadId>"),
        _ => xml("CompleteMultipartUploadResult", ""),
    });
    let bucket = Arc::new(server.bucket(|_| ()));
    let mut options = UploadOptions::default();
    options.set_part_size(100 << 10).unwrap();
    options.set_threshold(0).unwrap();
    options.set_parallel(32).unwrap();
    let outcome = within(32 * MIB, || bucket.upload(KEY, Body::Bytes(&data), None, &options, &Unmoved));
    assert_ended(&outcome, Status::Ok, Stored::Yes);
}

#[test]
fn ids_that_are_too_long_are_as_good_as_none() {
    let server = answering(false, |_| {
        let id = "i".repeat(LONGEST + 1);
        oss(&format!("ETag: {id}\r\nx-oss-version-id: {id}\r\nx-oss-ec: {id}\r\nContent-MD5: {id}\r\n"), "")
    });
    let outcome = put(&server.bucket(|_| ()));
    assert_ended(&outcome, Status::Ok, Stored::Yes);
    assert_eq!((outcome.etag(), outcome.version_id(), outcome.ec()), ("", "", ""));
    let server = answering(false, |_| {
        format!(
            "HTTP/1.1 200 OK\r\nx-oss-request-id: {}\r\nContent-Length: 0\r\n\r\n",
            "i".repeat(LONGEST + 1)
        )
    });
    assert_eq!(put(&server.bucket(|_| ())).request_id(), "");
}

#[test]
fn upload_id_that_is_too_long_begins_no_upload() {
    let server = answering(false, |_| {
        let id = "U".repeat(LONGEST + 1);
        xml("InitiateMultipartUploadResult", &format!("<UploadId>{id}</UploadId>"))
    });
    let bucket = Arc::new(server.bucket(|_| ()));
    let (multipart, outcome) = Multipart::begin(&bucket, KEY, &ObjectOptions::default());
    assert!(multipart.is_none());
    assert_ended(&outcome, Status::BadResponse, Stored::No);
}

/// How many headers a reply may have, as it is said of the function that gives them.
fn most_headers() -> usize {
    let items = header::items();
    let item = items.iter().find(|item| item.name == "oss_result_header").unwrap();
    let (_, rest) = item.doc.as_ref().unwrap().split_once("more than ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn head_of_a_reply_is_small() {
    // Two are there already.
    let most = most_headers() - 2;
    over_both(|https| {
        for (headers, status) in [
            ("a: b\r\n".repeat(most), Status::Ok),
            ("a: b\r\n".repeat(most + 1), Status::BadResponse),
            (format!("a: {}\r\n", "b".repeat(30_000)), Status::Ok),
            // It may have come with as much in one go.
            (format!("a: {}\r\n", "b".repeat(70_000)), Status::BadResponse),
        ] {
            let server = answering(https, move |_| oss(&headers, ""));
            let bucket = server.bucket(|options| options.set_settling_time(Duration::ZERO).unwrap());
            let outcome = within(MIB, || put(&bucket));
            assert_eq!(outcome.status, status, "{:.200}", outcome.message);
        }
        let server = answering(https, |_| format!("HTTP/1.1 200 {}\r\n", "x".repeat(100 << 20)));
        let bucket = server.bucket(|options| options.set_settling_time(Duration::ZERO).unwrap());
        let outcome = within(MIB, || put(&bucket));
        assert_ended(&outcome, Status::BadResponse, Stored::Unknown);
        assert!(outcome.message.len() < 1000);
    });
}

/// Says the same again and again for as long as somebody listens.
fn flood(connection: &mut Connection, words: &str) {
    let words = words.repeat((64 << 10) / words.len());
    while connection.say(words.as_bytes()) {}
}

/// A put to a server that answers with this and then floods with that, and how long it took.
fn flooded(https: bool, first: &'static str, then: &'static str) -> (Outcome, Duration) {
    let server = RawServer::start(https, move |mut connection| {
        let _ = connection.read_request();
        connection.say(first.as_bytes());
        flood(&mut connection, then);
    });
    let bucket = server.bucket(|options| {
        options.set_deadline(Duration::from_secs(2)).unwrap();
        options.set_settling_time(Duration::ZERO).unwrap();
    });
    let start = Instant::now();
    (within(8 * MIB, || put(&bucket)), start.elapsed())
}

#[test]
fn interim_replies_without_end_are_not_waited_out() {
    over_both(|https| {
        for words in
            ["HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"]
        {
            let (outcome, took) = flooded(https, "", words);
            assert_ended(&outcome, Status::Timeout, Stored::Unknown);
            assert!(took < Duration::from_secs(10), "{took:?}");
        }
    });
}

#[test]
fn what_comes_around_a_body_without_end_is_not_kept() {
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nTransfer-Encoding: chunked\r\n\r\n";
    over_both(|https| {
        let begin = |rest: &str| -> &'static str { Box::leak(format!("{CHUNKED}{rest}").into_boxed_str()) };
        for (first, then) in [
            (begin("0\r\n"), "trailer: of no use\r\n"),
            (begin("1;"), "extension=of-no-use;"),
            (begin(""), "1;x=y\r\n \r\n"),
            (begin("0\r\na: "), "x"),
        ] {
            let (outcome, took) = flooded(https, first, then);
            // That it is stored was said before.
            assert_ended(&outcome, Status::Ok, Stored::Yes);
            assert!(outcome.body.len() <= 4 * MIB && took < Duration::from_secs(10), "{took:?}");
        }
    });
}
