//! The `Range` of a GET. What OSS does with it is its own way, unless the request asks for that of the standard.

use super::context::Context;
use crate::errors::OssError;

/// The first and the last byte that a request wants of an object; nothing if it gets the whole.
pub(super) fn requested(context: &Context, size: u64) -> Result<Option<(u64, u64)>, OssError> {
    let range = context.header("range").unwrap_or_default();
    match context.header("x-oss-range-behavior").as_deref() {
        None => Ok(parse(&range).and_then(|range| range.within(size))),
        Some("standard") => match parse(&range) {
            None => Ok(None),
            Some(wanted) => wanted.cut_to(size).map(Some).ok_or_else(|| unsatisfiable(&range, size)),
        },
        Some(other) => {
            Err(OssError::argument("x-oss-range-behavior", other, "x-oss-range-behavior must be standard."))
        }
    }
}

fn unsatisfiable(range: &str, size: u64) -> OssError {
    OssError::new(416, "InvalidRange", "The requested range cannot be satisfied")
        .detail("ActualObjectSize", size.to_string())
        .detail("RangeRequested", range)
        .header("Content-Range", format!("bytes */{size}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    From(u64),
    FromTo(u64, u64),
    /// So many bytes at the end.
    Last(u64),
}

/// Of several ranges the first counts. One that is malformed counts for nothing.
fn parse(header: &str) -> Option<Range> {
    let first = header.strip_prefix("bytes=")?.split(',').next()?;
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().unwrap_or(u64::MAX))
    };
    match first.trim().split_once('-')? {
        ("", last) => Some(Range::Last(number(last)?)),
        (first, "") => Some(Range::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Range::FromTo(first, last))
        }
    }
}

impl Range {
    /// If an object has all of it. OSS sends the whole object otherwise.
    fn within(self, size: u64) -> Option<(u64, u64)> {
        let is_within = match self {
            Range::From(first) => first < size,
            Range::FromTo(_, last) => last < size,
            Range::Last(count) => count <= size,
        };
        self.cut_to(size).filter(|_| is_within)
    }

    /// What an object has of it, if that is anything.
    fn cut_to(self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        let (first, last) = match self {
            Range::From(first) => (first, end),
            Range::FromTo(first, last) => (first, last.min(end)),
            Range::Last(count) => (size.saturating_sub(count), end),
        };
        (first <= last).then_some((first, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_counts_only_if_the_object_has_all_of_it() {
        let within = |header: &str, size| parse(header).and_then(|range| range.within(size));
        for (header, expected) in [
            ("bytes=0-3", Some((0, 3))),
            ("bytes=8-", Some((8, 9))),
            ("bytes=-4", Some((6, 9))),
            ("bytes=-10", Some((0, 9))),
            ("bytes=0-9", Some((0, 9))),
            ("bytes=0-1,3-4", Some((0, 1))),
            ("bytes=5-10", None),
            ("bytes=10-", None),
            ("bytes=-11", None),
            ("bytes=-0", None),
            ("bytes=5-4", None),
            ("bytes=a-b", None),
            ("bytes=+1-2", None),
            ("byte=0-1", None),
            ("", None),
        ] {
            assert_eq!(within(header, 10), expected, "{header}");
        }
        assert_eq!(within("bytes=0-0", 0), None);
    }

    #[test]
    fn the_standard_cuts_ranges_to_the_object() {
        let cut = |header: &str| parse(header).and_then(|range| range.cut_to(10));
        for (header, expected) in [
            ("bytes=5-100", Some((5, 9))),
            ("bytes=-40", Some((0, 9))),
            ("bytes=0-99999999999999999999999", Some((0, 9))),
            ("bytes=10-", None),
            ("bytes=-0", None),
        ] {
            assert_eq!(cut(header), expected, "{header}");
        }
    }
}
