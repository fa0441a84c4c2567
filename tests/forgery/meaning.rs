//! What an input means, whatever its spelling. Nothing here is the library's, so that it cannot share its mistakes.

use super::number::Number;
use super::places::Places;
use super::{Input, Key};

#[derive(Clone, PartialEq, Eq)]
pub struct Meaning {
    /// Modulus and exponent, without leading zeros.
    key: (Vec<u8>, Vec<u8>),
    target: Vec<u8>,
    body: Vec<u8>,
    signature: Vec<u8>,
}

impl Meaning {
    pub fn of(input: &Input, places: &Places) -> Option<Meaning> {
        let pem = match &input.key {
            Key::Pem(pem) => pem.as_slice(),
            Key::Named(url) => places.pem_at(&decoded_base64(url)?)?,
        };
        Some(Meaning {
            key: key(pem)?,
            target: decoded_target(&input.target),
            body: input.body.clone(),
            signature: decoded_base64(&input.authorization)?,
        })
    }

    pub fn key(&self) -> (Number, Number) {
        (Number::from_bytes_be(&self.key.0), Number::from_bytes_be(&self.key.1))
    }

    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Decoded up to the question mark.
fn decoded_target(target: &[u8]) -> Vec<u8> {
    let digit = |at: usize| target.get(at).and_then(|digit| char::from(*digit).to_digit(16));
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < target.len() && target[at] != b'?' {
        match (target[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (byte, ..) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded.extend_from_slice(&target[at..]);
    decoded
}

/// With any white space, and with padding or without.
pub fn decoded_base64(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let end = text.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let mut decoded = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in &text[..end] {
        let value = ALPHABET.iter().position(|digit| digit == byte)?;
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    Some(decoded)
}

/// Modulus and exponent of a PEM text, in either form. There may be words before it.
fn key(pem: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let text = std::str::from_utf8(pem).ok()?.trim_end();
    let pem = &text[text.find("-----BEGIN")?..];
    let wrapped = pem.starts_with("-----BEGIN PUBLIC KEY-----");
    let label = if wrapped { "PUBLIC KEY" } else { "RSA PUBLIC KEY" };
    let pem = pem.strip_prefix(&format!("-----BEGIN {label}-----"))?;
    let der = decoded_base64(pem.strip_suffix(&format!("-----END {label}-----"))?.as_bytes())?;
    let (mut key, end) = content(0x30, &der)?;
    if !end.is_empty() {
        return None;
    }
    if wrapped {
        let (algorithm, rest) = content(0x30, key)?;
        let (bits, end) = content(0x03, rest)?;
        let (sequence, rest) = content(0x30, bits.strip_prefix(&[0])?)?;
        let is_rsa = algorithm == [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
        if !is_rsa || !end.is_empty() || !rest.is_empty() {
            return None;
        }
        key = sequence;
    }
    let (modulus, rest) = content(0x02, key)?;
    let (exponent, end) = content(0x02, rest)?;
    end.is_empty().then(|| (without_zeros(modulus), without_zeros(exponent)))
}

/// What is in an element with this tag, and what follows it.
fn content(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der.strip_prefix(&[tag])? {
        [length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}
