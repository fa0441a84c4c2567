//! Small encodings: percent, Base64, hexadecimal, XML text.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) fn base64_encode(data: &[u8]) -> String {
    STANDARD.encode(data)
}

/// Standard alphabet, padding required.
pub(crate) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(crate) fn hex_lower(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn hex_upper(data: &[u8]) -> String {
    data.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

fn percent_encode_except(data: &[u8], keep: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(data.len());
    for &byte in data {
        if is_unreserved(byte) || keep(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Everything but unreserved characters is encoded.
pub(crate) fn percent_encode(text: &str) -> String {
    percent_encode_except(text.as_bytes(), |_| false)
}

/// Like [`percent_encode`], but a slash stays.
pub(crate) fn percent_encode_path(text: &str) -> String {
    percent_encode_except(text.as_bytes(), |byte| byte == b'/')
}

/// A number that is written in digits alone.
pub(crate) fn number<T: FromStr>(text: &str) -> Option<T> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// Decodes `%XX`; anything that is not such an escape stays as it is. With `plus`, a plus sign is a space.
pub(crate) fn percent_decode(text: &str, plus: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%').and_then(|digits| {
            let high = char::from(digits[0]).to_digit(16)?;
            let low = char::from(digits[1]).to_digit(16)?;
            u8::try_from(high * 16 + low).ok()
        });
        match escape {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(if plus && bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    out
}

/// Stands for the byte 0 where bytes that are not UTF-8 are kept as text: a character that nobody else uses.
const FIRST_BYTE: u32 = 0x10_FF00;

/// Bytes as text from which [`bytes_of_text`] makes the same bytes again, UTF-8 or not.
pub(crate) fn text_of_bytes(bytes: &[u8]) -> String {
    let escaped = |bytes: &[u8]| -> String {
        bytes.iter().filter_map(|byte| char::from_u32(FIRST_BYTE + u32::from(*byte))).collect()
    };
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match u32::from(character) {
                FIRST_BYTE.. => text.push_str(&escaped(character.encode_utf8(&mut [0; 4]).as_bytes())),
                _ => text.push(character),
            }
        }
        text.push_str(&escaped(chunk.invalid()));
    }
    text
}

/// The bytes that a text stands for.
pub(crate) fn bytes_of_text(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u32::from(character).checked_sub(FIRST_BYTE).map(u8::try_from) {
            Some(Ok(byte)) => bytes.push(byte),
            _ => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Whether XML 1.0 can carry a character.
pub(crate) fn is_for_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Text for an XML element. Characters that XML 1.0 cannot carry become U+FFFD.
pub(crate) fn xml_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            other if is_for_xml(other) => out.push(other),
            _ => out.push('\u{FFFD}'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decoding_leaves_broken_escapes_alone() {
        assert_eq!(percent_decode("a%2Fb%zz%4", false), b"a/b%zz%4");
        assert_eq!(percent_decode("%E4%B8%AD", false), "中".as_bytes());
        assert_eq!(percent_decode("a+b", false), b"a+b");
        assert_eq!(percent_decode("a+b%2B", true), b"a b+");
    }

    #[test]
    fn percent_encoding_keeps_only_unreserved_bytes() {
        assert_eq!(percent_encode("a/b c+~*'é"), "a%2Fb%20c%2B~%2A%27%C3%A9");
        assert_eq!(percent_encode_path("a/b c"), "a/b%20c");
    }

    #[test]
    fn bytes_that_are_no_text_are_kept() {
        for bytes in
            [b"".as_slice(), b"plain", "名".as_bytes(), b"\xff\xfe", b"a\xe5\x90b", b"\xf4\x8f\xbf\xbf\xff"]
        {
            assert_eq!(bytes_of_text(&text_of_bytes(bytes)), bytes);
        }
        assert_eq!(text_of_bytes("名".as_bytes()), "名");
    }

    #[test]
    fn xml_text_is_escaped_and_always_legal() {
        assert_eq!(xml_escape("<a&\"b\u{1}>"), "&lt;a&amp;&quot;b\u{FFFD}&gt;");
    }
}
