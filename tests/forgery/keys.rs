//! RSA public keys as DER and PEM: written by hand, so that they can be wrong in every way.

use super::number::Number;

const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
pub const NULL: &[u8] = &[0x05, 0x00];

/// A tag, the length, the content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut der = vec![tag];
    match content.len() {
        length @ 0..0x80 => der.push(u8::try_from(length).unwrap()),
        length => {
            let length: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
            der.push(0x80 | u8::try_from(length.len()).unwrap());
            der.extend(length);
        }
    }
    der.extend_from_slice(content);
    der
}

pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A number that is not negative.
pub fn integer(number: &Number) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_none_or(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    element(0x02, &bytes)
}

/// The two integers of a key in the form `PUBLIC KEY`.
pub fn wrapped(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    wrapped_as(&[RSA, NULL].concat(), modulus, exponent)
}

/// The same, of whatever algorithm.
pub fn wrapped_as(algorithm: &[u8], modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let key = [&[0], sequence(&[modulus, exponent]).as_slice()].concat();
    sequence(&[&sequence(&[algorithm]), &element(0x03, &key)])
}

pub fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let text = base64(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into_bytes()
}

pub fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}
