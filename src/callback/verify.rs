//! Whether a callback request comes from OSS: RSA, PKCS#1 v1.5, with an MD5 digest over target and body.

use crate::wire::mistake::Mistake;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use percent_encoding::percent_decode;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey};

/// The service's key has 512 bits; a key with fewer is none, and one with more than this would take too long.
const SIZES: std::ops::RangeInclusive<usize> = 512..=4096;
/// A key of the largest size has less than a tenth of this.
pub(crate) const PEM_MAX: usize = 16 << 10;
/// What stands before an MD5 digest in a signature: the ASN.1 of "MD5, without parameters, 16 bytes".
const MD5_PREFIX: [u8; 18] = [
    0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04,
    0x10,
];

/// An RSA public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey(RsaPublicKey);

impl PublicKey {
    /// Reads a key in PEM form, `PUBLIC KEY` or `RSA PUBLIC KEY`.
    pub fn from_pem(pem: &str) -> Result<PublicKey, Mistake> {
        if pem.len() > PEM_MAX {
            return Err(Mistake::new(format!("a public key of {} bytes is none", pem.len())));
        }
        let pem = pem.trim();
        let key = RsaPublicKey::from_public_key_pem(pem)
            .or_else(|_| RsaPublicKey::from_pkcs1_pem(pem))
            .map_err(|_| Mistake::new("the public key is not that of an RSA key in PEM form"))?;
        let bits = key.n().bits();
        if !SIZES.contains(&bits) {
            return Err(Mistake::new(format!(
                "a key of {bits} bits is not from {} to {}",
                SIZES.start(),
                SIZES.end()
            )));
        }
        // An even modulus is that of no key, and not every way to compute with it copes.
        if key.n() % 2u32 == BigUint::from(0u32) {
            return Err(Mistake::new("the public key's modulus is even"));
        }
        Ok(PublicKey(key))
    }
}

/// Why a callback request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// The signature is not Base64.
    NotBase64,
    /// It has so many bytes, as none under this key has, or under any key.
    WrongLength(usize),
    /// The target has a line end in it.
    LineEnd,
    /// It is not that of this request under this key.
    WrongSignature,
}

/// What a request claims: that this signature is that of this digest.
pub struct Claim {
    signature: Vec<u8>,
    digest: [u8; 16],
}

impl Claim {
    /// What `authorization` claims of a request: its target as OSS sent it, path and query, and its raw body. It is refused if
    /// there is no key under which that can be true.
    pub fn new(target: &[u8], body: &[u8], authorization: &str) -> Result<Claim, Forgery> {
        let signature = BASE64_STANDARD.decode(authorization).map_err(|_| Forgery::NotBase64)?;
        if !(bytes_of(*SIZES.start())..=bytes_of(*SIZES.end())).contains(&signature.len()) {
            return Err(Forgery::WrongLength(signature.len()));
        }
        let digest = digest(target, body).ok_or(Forgery::LineEnd)?;
        Ok(Claim { signature, digest })
    }

    /// Whether it is true under this key.
    pub fn verify(&self, key: &PublicKey) -> Result<(), Forgery> {
        if self.signature.len() != bytes_of(key.0.n().bits()) {
            return Err(Forgery::WrongLength(self.signature.len()));
        }
        let scheme = Pkcs1v15Sign { hash_len: Some(16), prefix: MD5_PREFIX.into() };
        key.0.verify(scheme, &self.digest, &self.signature).map_err(|_| Forgery::WrongSignature)
    }
}

/// Whether `authorization` signs the request under this key.
pub fn verify(key: &PublicKey, target: &[u8], body: &[u8], authorization: &str) -> Result<(), Forgery> {
    Claim::new(target, body, authorization)?.verify(key)
}

/// How many bytes a signature has under a key of so many bits.
fn bytes_of(bits: usize) -> usize {
    bits.div_ceil(8)
}

/// The path is decoded, the query is not. A line end tells target and body apart, so there is no digest of a target with
/// another one in it: the first lines of a signed body could be passed off as part of the target.
fn digest(target: &[u8], body: &[u8]) -> Option<[u8; 16]> {
    let query = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at(query);
    let signed: Vec<u8> = percent_decode(path).chain(query.iter().copied()).collect();
    if signed.contains(&b'\n') {
        return None;
    }
    let md5 = Md5::new().chain_update(signed).chain_update(b"\n").chain_update(body);
    Some(md5.finalize().into())
}

/// The URL of the key that a request names, which comes in Base64.
pub fn key_url(pub_key_url: &str) -> Option<String> {
    String::from_utf8(BASE64_STANDARD.decode(pub_key_url).ok()?).ok()
}
