//! The date forms of OSS: HTTP dates, the compact form of signature V4, and ISO 8601 in replies.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Last second of the year 9998: a clock beyond it is broken, and every form below still has four year digits.
const LAST_SECOND: i64 = 253_370_764_799;
/// No date in a reply is longer.
const DATE_MAX: usize = 64;

/// `Sat, 30 Dec 2023 23:59:59 GMT`. Clocks before 1970 or after 9998 read as those ends.
pub fn http_date(unix_s: i64) -> String {
    static PRINTER: rfc2822::DateTimePrinter = rfc2822::DateTimePrinter::new();
    // The printer refuses years that `timestamp` does not produce.
    PRINTER.timestamp_to_rfc9110_string(&timestamp(unix_s)).unwrap_or_default()
}

/// Reads an HTTP date as unix seconds.
pub fn parse_http_date(text: &str) -> Option<i64> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new();
    let text = bounded(text)?;
    PARSER.parse_timestamp(text).ok().map(Timestamp::as_second)
}

/// `20231230T235959Z`, the form of `x-oss-date` in signature V4.
pub fn iso_basic(unix_s: i64) -> String {
    let at = civil(unix_s);
    let mut text = String::with_capacity(16);
    push_day(&mut text, at);
    text.push('T');
    for number in [at.hour(), at.minute(), at.second()] {
        push_two_digits(&mut text, number);
    }
    text.push('Z');
    text
}

/// `2023-12-30T23:59:59.000Z`, the form of the expiration of a post policy.
pub fn iso8601(unix_s: i64) -> String {
    format!("{:.3}", timestamp(unix_s))
}

/// `2023-12-30T23:59:59Z`, the form of the token service.
pub fn iso8601_seconds(unix_s: i64) -> String {
    timestamp(unix_s).to_string()
}

/// `20231230`, the day in UTC.
pub fn iso_day(unix_s: i64) -> String {
    let mut text = String::with_capacity(8);
    push_day(&mut text, civil(unix_s));
    text
}

/// Reads `2012-02-23T07:01:34.000Z` as unix seconds.
pub fn parse_iso8601(text: &str) -> Option<i64> {
    bounded(text)?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

fn bounded(text: &str) -> Option<&str> {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    (text.len() <= DATE_MAX).then_some(text)
}

fn timestamp(unix_s: i64) -> Timestamp {
    Timestamp::from_second(unix_s.clamp(0, LAST_SECOND)).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn civil(unix_s: i64) -> DateTime {
    TimeZone::UTC.to_datetime(timestamp(unix_s))
}

fn push_day(text: &mut String, at: DateTime) {
    // The clamped year has four digits.
    for number in [at.year() / 100, at.year() % 100] {
        push_two_digits(text, number as i8);
    }
    for number in [at.month(), at.day()] {
        push_two_digits(text, number);
    }
}

fn push_two_digits(text: &mut String, number: i8) {
    let number = number.unsigned_abs();
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        for (unix_s, http, basic) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "19700101T000000Z"),
            (1_703_980_799, "Sat, 30 Dec 2023 23:59:59 GMT", "20231230T235959Z"),
            (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 GMT", "20240229T123456Z"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT", "21000301T000000Z"),
            (LAST_SECOND, "Thu, 31 Dec 9998 23:59:59 GMT", "99981231T235959Z"),
        ] {
            assert_eq!(http_date(unix_s), http);
            assert_eq!(iso_basic(unix_s), basic);
            assert_eq!(iso_day(unix_s), basic[..8]);
            assert_eq!(iso8601_seconds(unix_s).replace(['-', ':'], ""), basic);
            assert_eq!(parse_http_date(http), Some(unix_s));
        }
    }

    #[test]
    fn broken_clocks_are_clamped() {
        assert_eq!(http_date(i64::MIN), http_date(0));
        assert_eq!(iso_basic(-1), iso_basic(0));
        assert_eq!(iso_basic(i64::MAX), iso_basic(LAST_SECOND));
        assert_eq!(http_date(i64::MAX), http_date(LAST_SECOND));
    }

    #[test]
    fn dates_of_replies() {
        assert_eq!(parse_iso8601("2012-02-23T07:01:34.000Z"), Some(1_329_980_494));
        assert_eq!(parse_iso8601(" 2012-02-23T07:01:34Z\n"), Some(1_329_980_494));
        assert_eq!(parse_http_date(" Sat, 30 Dec 2023 23:59:59 GMT "), Some(1_703_980_799));
        for junk in
            ["", "yesterday", "2012-02-23", "2012-13-01T00:00:00Z", &"(".repeat(100_000), "\u{0}", "é"]
        {
            assert_eq!(parse_iso8601(junk), None, "{junk:.20}");
            assert_eq!(parse_http_date(junk), None, "{junk:.20}");
        }
    }
}
