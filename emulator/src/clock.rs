//! The server's clock, which tests may set wrong, and the date formats of OSS.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

const HTTP: &[BorrowedFormatItem] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const ISO: &[BorrowedFormatItem] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const BASIC: &[BorrowedFormatItem] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// How far the clocks of clients may be off.
pub(crate) const MAX_SKEW_MS: i64 = 15 * 60 * 1000;

/// Milliseconds since 1970, by a clock that can be off.
#[derive(Debug)]
pub(crate) struct Clock {
    offset_s: AtomicI64,
}

impl Clock {
    pub fn new(offset_s: i64) -> Clock {
        Clock { offset_s: AtomicI64::new(offset_s) }
    }

    /// Refuses an offset with which the clock shows what no date can say: their years have four digits.
    pub fn check_offset_s(offset_s: i64) -> io::Result<()> {
        let shown = OffsetDateTime::now_utc().checked_add(time::Duration::seconds(offset_s));
        if shown.is_some_and(|date| (0..=9999).contains(&date.year())) {
            return Ok(());
        }
        let message = format!("no date can say the time of a clock that is {offset_s} s ahead");
        Err(io::Error::new(ErrorKind::InvalidInput, message))
    }

    pub fn set_offset_s(&self, offset_s: i64) {
        self.offset_s.store(offset_s, Ordering::Relaxed);
    }

    pub fn now_ms(&self) -> i64 {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        let offset = self.offset_s.load(Ordering::Relaxed).saturating_mul(1000);
        now.saturating_add(offset)
    }
}

/// Whether two times are farther apart than clocks may be.
pub(crate) fn is_skewed(a_ms: i64, b_ms: i64) -> bool {
    a_ms.saturating_sub(b_ms).saturating_abs() > MAX_SKEW_MS
}

fn format(ms: i64, format: &[BorrowedFormatItem]) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|date| date.format(format).ok())
        // Only a clock set beyond the year 9999 gets here.
        .unwrap_or_default()
}

fn parse(text: &str, format: &[BorrowedFormatItem]) -> Option<i64> {
    let date = PrimitiveDateTime::parse(text, format).ok()?;
    let ns = date.assume_utc().unix_timestamp_nanos();
    i64::try_from(ns.div_euclid(1_000_000)).ok()
}

/// `Sat, 16 Dec 2023 16:20:57 GMT`
pub(crate) fn http_date(ms: i64) -> String {
    format(ms, HTTP)
}

/// `2023-12-16T16:20:57.000Z`. The milliseconds are always zero, and there are clients that read nothing else.
pub(crate) fn iso_date(ms: i64) -> String {
    format(ms.saturating_sub(ms.rem_euclid(1000)), ISO)
}

/// `20231216T162057Z`
#[cfg(test)]
pub(crate) fn basic_date(ms: i64) -> String {
    format(ms, BASIC)
}

/// Milliseconds of a date as in the `Date` header.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    parse(text, HTTP)
}

/// Milliseconds of a date as in `x-oss-date` of signature V4.
pub(crate) fn parse_basic_date(text: &str) -> Option<i64> {
    parse(text, BASIC)
}

/// Milliseconds of a date as in the expiration of a form's policy.
pub(crate) fn parse_iso_date(text: &str) -> Option<i64> {
    const SECONDS: &[BorrowedFormatItem] =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    parse(text, ISO).or_else(|| parse(text, SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_and_read_in_the_three_formats() {
        let ms = 1_702_743_657_000;
        assert_eq!(http_date(ms), "Sat, 16 Dec 2023 16:20:57 GMT");
        assert_eq!(iso_date(ms + 999), "2023-12-16T16:20:57.000Z");
        assert_eq!(basic_date(ms), "20231216T162057Z");
        assert_eq!(parse_http_date("Sat, 16 Dec 2023 16:20:57 GMT"), Some(ms));
        assert_eq!(parse_basic_date("20231216T162057Z"), Some(ms));
        assert_eq!(parse_iso_date("2023-12-16T16:20:57.000Z"), Some(ms));
        assert_eq!(parse_iso_date("2023-12-16T16:20:57Z"), Some(ms));
        assert_eq!(parse_http_date("2023-12-16"), None);
    }

    #[test]
    fn offsets_are_refused_that_lead_beyond_all_dates() {
        const YEAR_S: i64 = 366 * 24 * 3600;
        for offset in [-2000 * YEAR_S, -3600, 0, 3600, 7000 * YEAR_S] {
            assert!(Clock::check_offset_s(offset).is_ok(), "{offset}");
        }
        for offset in [i64::MIN, -3000 * YEAR_S, 8000 * YEAR_S, i64::MAX] {
            assert!(Clock::check_offset_s(offset).is_err(), "{offset}");
        }
    }

    #[test]
    fn the_offset_moves_the_clock() {
        let clock = Clock::new(0);
        let before = clock.now_ms() / 1000;
        clock.set_offset_s(-3600);
        assert!((before - clock.now_ms() / 1000 - 3600).abs() <= 5);
    }
}
