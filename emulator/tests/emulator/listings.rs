//! Listings by the page.

use crate::support::{Reply, once, start};
use oss_emulator::Emulator;

const KEYS: [&str; 5] = ["a", "d/1", "d/2", "e", "f/1"];

/// An object, a version and an upload under each key.
fn start_with_keys() -> Emulator {
    let emulator = start();
    for key in KEYS {
        emulator.put_object("test-bucket", key, b"");
        once(&emulator, "POST", &format!("/test-bucket/{key}?uploads"), &[], b"");
    }
    emulator
}

/// The texts of all elements of a name, in order.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&start).skip(1).map(|rest| rest.split(&end).next().unwrap().to_owned()).collect()
}

/// The keys and the common prefixes of a page.
fn entries(page: &Reply) -> Vec<String> {
    let text = page.text();
    assert_eq!(page.status, 200, "{text}");
    let prefixes = texts(&text, "CommonPrefixes").into_iter().flat_map(|common| texts(&common, "Prefix"));
    texts(&text, "Key").into_iter().chain(prefixes).collect()
}

#[test]
fn all_listings_go_on_behind_a_marker_in_the_same_way() {
    let emulator = start_with_keys();
    for (listing, marker) in [
        ("", "marker"),
        ("list-type=2", "start-after"),
        ("versions", "key-marker"),
        ("uploads", "key-marker"),
    ] {
        let listed = |query: &str| {
            entries(&once(&emulator, "GET", &format!("/test-bucket/?{listing}&{query}"), &[], b""))
        };
        assert_eq!(listed("delimiter=/"), ["a", "e", "d/", "f/"], "{listing}");
        // The marker is within what has one common prefix, and stands behind all of it.
        assert_eq!(listed(&format!("delimiter=/&{marker}=d/1")), ["e", "f/"], "{listing}");
        assert_eq!(listed(&format!("delimiter=/&{marker}=d/")), ["e", "f/"], "{listing}");
        assert_eq!(listed(&format!("{marker}=d/1")), ["d/2", "e", "f/1"], "{listing}");
        assert_eq!(listed(&format!("prefix=d/&{marker}=a")), ["d/1", "d/2"], "{listing}");
        assert_eq!(listed(&format!("prefix=d/&delimiter=/&{marker}=d/1")), ["d/2"], "{listing}");
        assert_eq!(listed(&format!("prefix=d/&{marker}=e")), [""; 0], "{listing}");
    }
}

#[test]
fn pages_together_are_the_whole() {
    let emulator = start_with_keys();
    // What the next page is asked for by, and what of this page that is.
    let key = ("key-marker", "NextKeyMarker");
    for (listing, max, markers) in [
        ("", "max-keys", [("marker", "NextMarker")].as_slice()),
        ("list-type=2", "max-keys", &[("continuation-token", "NextContinuationToken")]),
        ("versions", "max-keys", &[key, ("version-id-marker", "NextVersionIdMarker")]),
        ("uploads", "max-uploads", &[key, ("upload-id-marker", "NextUploadIdMarker")]),
    ] {
        for (delimiter, whole) in [("", &KEYS[..]), ("/", &["a", "d/", "e", "f/"])] {
            let first = format!("{listing}&delimiter={delimiter}&{max}=1");
            let mut query = first.clone();
            let mut found = Vec::new();
            loop {
                let page = once(&emulator, "GET", &format!("/test-bucket/?{query}"), &[], b"");
                found.extend(entries(&page));
                if page.element("IsTruncated").unwrap() == "false" {
                    break;
                }
                let next =
                    markers.iter().map(|(marker, next)| format!("&{marker}={}", page.element(next).unwrap()));
                query = first.clone() + &next.collect::<String>();
            }
            assert_eq!(found, whole, "{listing} {delimiter}");
        }
    }
}

#[test]
fn a_name_that_xml_cannot_carry_is_listed_encoded_or_not_at_all() {
    let emulator = start();
    emulator.put_object("test-bucket", "a\u{1}/b", b"");
    once(&emulator, "POST", "/test-bucket/a%01/b?uploads", &[], b"");
    for listing in ["", "list-type=2", "versions", "uploads"] {
        for more in ["", "&delimiter=/"] {
            let target = format!("/test-bucket/?{listing}{more}");
            assert_eq!(once(&emulator, "GET", &target, &[], b"").status, 501, "{target}");
            let listed = once(&emulator, "GET", &format!("{target}&encoding-type=url"), &[], b"");
            assert!(listed.text().contains("a%01%2F"), "{target}");
        }
    }
}

#[test]
fn a_list_of_channels_repeats_what_was_asked() {
    let listed = once(&start(), "GET", "/test-bucket/?live&prefix=p&marker=m&max-keys=7", &[], b"");
    let found = ["Prefix", "Marker", "MaxKeys"].map(|name| listed.element(name).unwrap());
    assert_eq!(found, ["p", "m", "7"]);
}
