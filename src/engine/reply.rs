//! What a reply says: in its headers, in its error document, and by its very coming.

use crate::transport::Reply;
use crate::wire::date;
use crate::wire::error_reply::{self, ErrorReply};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What caches call an answer that they kept, whether or not they asked if it still holds.
const KEPT: [&str; 5] = ["hit", "refreshhit", "revalidated", "stale", "updating"];

/// A header as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
}

/// A header as a time, in seconds since 1970.
pub(crate) fn time_of(reply: &Reply, header: &str) -> Option<i64> {
    text(&reply.headers, header).and_then(date::parse_http_date)
}

/// The CRC-64 in the reply's headers.
pub(crate) fn crc64_of(reply: &Reply) -> Option<u64> {
    text(&reply.headers, "x-oss-hash-crc64ecma").and_then(|value| value.trim().parse().ok())
}

/// Where an appendable object ends, in the reply's headers.
pub(crate) fn next_position_of(reply: &Reply) -> Option<u64> {
    text(&reply.headers, "x-oss-next-append-position")?.parse().ok()
}

/// Whether OSS said this, and just now.
pub(crate) fn is_made_by_oss(reply: &Reply) -> bool {
    text(&reply.headers, "x-oss-request-id").is_some_and(|id| !id.trim().is_empty()) && !was_kept(reply)
}

/// Whether the reply names an object, as OSS does when it has stored one. What the name looks like does not matter.
pub(crate) fn has_etag(reply: &Reply) -> bool {
    reply.headers.get("etag").is_some_and(|etag| !etag.is_empty())
}

/// Whether a cache on the way says that it kept the reply from earlier.
pub(crate) fn was_kept(reply: &Reply) -> bool {
    let is_aged = text(&reply.headers, "age").is_some_and(|age| age.trim().parse() != Ok(0_u64));
    // Varnish names the request that it answers and, if it kept the answer, the one that this was the answer to.
    let is_twice = text(&reply.headers, "x-varnish").is_some_and(|ids| ids.split_whitespace().count() > 1);
    is_aged
        || is_twice
        || reply.headers.iter().any(|(name, value)| is_of_a_cache(name) && tells_of_a_hit(value))
}

/// Whether it is a cache that speaks in a header of this name: each has one of its own. Two are the object's.
fn is_of_a_cache(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.contains("cache") && name != "cache-control" && !name.starts_with("x-oss-")
}

fn tells_of_a_hit(value: &HeaderValue) -> bool {
    let mut words = value.as_bytes().split(|byte| !byte.is_ascii_alphabetic());
    words.any(|word| KEPT.iter().any(|kept| word.eq_ignore_ascii_case(kept.as_bytes())))
}

/// What OSS says is wrong, from the body or, where there is none, from the header that stands in for it.
pub(crate) fn error_of(reply: &Reply) -> ErrorReply {
    if !is_made_by_oss(reply) {
        return ErrorReply::default();
    }
    let header = text(&reply.headers, "x-oss-err").and_then(error_reply::from_header);
    error_reply::parse(&reply.body).or(header).unwrap_or_default()
}
