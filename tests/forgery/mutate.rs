//! Requests that were signed, changed afterwards.

use super::{Input, Key, authentic, keys, meaning};
use fastrand::Rng;

/// More than any header or key may have.
const HUGE: usize = 40_000;

/// One to four changes in one request; some are taken from another.
pub fn mutated(rng: &mut Rng, signed: &Input, other: &Input) -> Input {
    let mut input = signed.clone();
    for _ in 0..rng.u32(1..=4) {
        match rng.u32(..10) {
            0 => change(rng, &mut input.target, &other.target),
            1..3 => respell_target(rng, &mut input),
            3..5 => change(rng, &mut input.body, &other.body),
            5 => change(rng, &mut input.authorization, &other.authorization),
            6..8 => respell_base64(rng, &mut input.authorization),
            8 => change_signature(rng, &mut input.authorization, &other.authorization),
            _ => match (&mut input.key, &other.key) {
                (Key::Pem(pem), Key::Pem(other)) => change(rng, pem, other),
                (Key::Named(url), _) => respell_base64(rng, url),
                (Key::Pem(pem), Key::Named(_)) => change(rng, pem, b""),
            },
        }
    }
    input
}

/// Each field from one of two requests.
pub fn spliced(rng: &mut Rng, one: &Input, two: &Input) -> Input {
    let [key, target, body, authorization] = [(); 4].map(|()| if rng.bool() { one } else { two });
    Input {
        key: key.key.clone(),
        target: target.target.clone(),
        body: body.body.clone(),
        authorization: authorization.authorization.clone(),
    }
}

/// Changes bytes without knowing what they mean.
pub fn change(rng: &mut Rng, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = rng.usize(..=bytes.len());
    let to = (at + rng.usize(..=16)).min(bytes.len());
    match rng.u32(..10) {
        0..3 if at < bytes.len() => bytes[at] ^= 1 << rng.u32(..8),
        3 if at < bytes.len() => bytes[at] = rng.u8(..),
        4 => bytes.truncate(at),
        5 => bytes.insert(at, rng.u8(..)),
        6 => drop(bytes.drain(at..to)),
        7 => {
            let piece = bytes[at..to].to_vec();
            bytes.splice(at..at, piece);
        }
        8 => {
            let from = rng.usize(..=other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        _ if rng.u32(..200) == 0 => {
            let byte = rng.u8(..);
            bytes.splice(at..at, std::iter::repeat_n(byte, HUGE));
        }
        _ => bytes.extend((0..rng.usize(..8)).map(|_| rng.u8(..))),
    }
}

/// Writes a target otherwise, in a way that may or may not be another one.
fn respell_target(rng: &mut Rng, input: &mut Input) {
    let target = &mut input.target;
    let find = |target: &[u8], byte: u8| target.iter().position(|other| *other == byte);
    let question_mark = find(target, b'?').unwrap_or(target.len());
    match rng.u32(..9) {
        0..3 => {
            // A byte of the path, percent-encoded; of a byte that is encoded already, the sign is.
            let at = rng.usize(..=question_mark.saturating_sub(1));
            if let Some(byte) = target.get(at).copied() {
                target.splice(at..=at, format!("%{byte:02X}").into_bytes());
            }
        }
        3 => {
            let decoded = authentic::written(rng, &target[..question_mark]);
            target.splice(..question_mark, decoded);
        }
        4 => target.make_ascii_lowercase(),
        5 => {
            if let Some(at) = find(target, b'%') {
                target.splice(at..(at + 3).min(target.len()), [b' ']);
            }
        }
        6 => {
            if question_mark < target.len() {
                target.splice(question_mark..=question_mark, *b"%3F");
            }
        }
        // A line of the body becomes part of the target, encoded or not, or the other way round.
        7 => {
            if let Some(end) = find(&input.body, b'\n') {
                let line: Vec<u8> = input.body.drain(..=end).collect();
                target.extend_from_slice(if rng.bool() { b"%0A" } else { b"\n" });
                target.extend_from_slice(&line[..end]);
            }
        }
        _ => {
            let at = rng.usize(..=target.len());
            let rest: Vec<u8> = target.drain(at..).collect();
            input.body.splice(..0, [rest, b"\n".to_vec()].concat());
        }
    }
}

/// Writes Base64 otherwise, in a way that a decoder may or may not read like the first.
fn respell_base64(rng: &mut Rng, text: &mut Vec<u8>) {
    const WHITE: [u8; 6] = [b' ', b'\n', b'\r', b'\t', 0x0b, 0];
    let at = rng.usize(..=text.len());
    let last_digit = text.iter().rposition(|byte| *byte != b'=');
    match rng.u32(..8) {
        0 => text.insert(at, WHITE[rng.usize(..WHITE.len())]),
        1 => text.retain(|byte| *byte != b'='),
        2 => text.extend_from_slice(&b"===="[..rng.usize(1..=4)]),
        3 => text.iter_mut().for_each(|byte| match *byte {
            b'+' => *byte = b'-',
            b'/' => *byte = b'_',
            _ => {}
        }),
        // The bits that padding leaves unused.
        4 => {
            if let Some(last) = last_digit {
                text[last] = text[last].wrapping_add(rng.u8(1..4));
            }
        }
        5 => text.insert(at, b'='),
        6 => {
            text.splice(..0, *b"OSS ");
        }
        _ => *text = keys::base64(text).into_bytes(),
    }
}

/// Changes the bytes of the signature itself.
fn change_signature(rng: &mut Rng, text: &mut Vec<u8>, other: &[u8]) {
    if let (Some(mut bytes), Some(other)) = (meaning::decoded_base64(text), meaning::decoded_base64(other)) {
        change(rng, &mut bytes, &other);
        *text = keys::base64(&bytes).into_bytes();
    }
}
