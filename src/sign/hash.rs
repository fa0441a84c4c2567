//! HMAC with keys of any length, and hexadecimal digits.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Block of both SHA-1 and SHA-256, in bytes.
const BLOCK: usize = 64;

/// HMAC-SHA1.
pub(super) fn hmac_sha1(key: &[u8], data: &[u8]) -> [u8; 20] {
    let block = block_of::<Sha1>(key);
    let mut mac = Hmac::<Sha1>::new((&*block).into());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// HMAC-SHA256.
pub(super) fn hmac_sha256(key: &[u8], data: &[u8]) -> [u8; 32] {
    let block = block_of::<Sha256>(key);
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

/// SHA-256.
pub(super) fn sha256(data: &[u8]) -> [u8; 32] {
    Sha256::digest(data).into()
}

/// The key as HMAC pads it: hashed if it is longer than a block, then filled up with zeros.
fn block_of<D: Digest>(key: &[u8]) -> Zeroizing<[u8; BLOCK]> {
    let mut block = Zeroizing::new([0; BLOCK]);
    if key.len() > BLOCK {
        let mut hashed = D::digest(key);
        fill(&mut block, &hashed);
        zeroize::Zeroize::zeroize(hashed.as_mut_slice());
    } else {
        fill(&mut block, key);
    }
    block
}

fn fill(block: &mut [u8; BLOCK], key: &[u8]) {
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
}

/// Appends lower-case hexadecimal digits.
pub(super) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        let mut text = String::new();
        push_hex(&mut text, bytes);
        text
    }

    /// Test cases 1, 2 and 6 of RFC 2202 and RFC 4231.
    #[test]
    fn published_values() {
        let what = b"what do ya want for nothing?";
        assert_eq!(hex(&hmac_sha1(&[0x0b; 20], b"Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
        assert_eq!(hex(&hmac_sha1(b"Jefe", what)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(hex(&hmac_sha1(&[0xaa; 80], long)), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", what)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(&hmac_sha256(&[0xaa; 131], long)),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }

    #[test]
    fn keys_at_the_block_boundary() {
        for length in [63, 64, 65] {
            let key = vec![0x5a; length];
            let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
            mac.update(b"data");
            let expected: [u8; 32] = mac.finalize().into_bytes().into();
            assert_eq!(hmac_sha256(&key, b"data"), expected, "{length}");
        }
    }
}
