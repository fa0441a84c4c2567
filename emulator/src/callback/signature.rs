//! The RSA signature by which an application server knows that a callback is genuine.

use std::sync::OnceLock;

use md5::{Digest, Md5};
use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use rsa::{RsaPrivateKey, RsaPublicKey};

use crate::text::{base64_encode, percent_decode};

/// How PKCS#1 v1.5 announces an MD5 digest.
const MD5_INFO: [u8; 18] = [
    0x30, 0x20, 0x30, 0x0c, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05, 0x05, 0x00, 0x04,
    0x10,
];

/// A key pair that is made when it is first needed.
#[derive(Debug)]
pub(crate) struct SigningKey {
    bits: usize,
    key: OnceLock<Result<RsaPrivateKey, String>>,
}

impl SigningKey {
    pub fn new(bits: usize) -> SigningKey {
        SigningKey { bits, key: OnceLock::new() }
    }

    fn key(&self) -> Result<&RsaPrivateKey, String> {
        self.key
            .get_or_init(|| RsaPrivateKey::new(&mut OsRng, self.bits).map_err(|error| error.to_string()))
            .as_ref()
            .map_err(Clone::clone)
    }

    pub fn public_pem(&self) -> Result<String, String> {
        RsaPublicKey::from(self.key()?).to_public_key_pem(LineEnding::LF).map_err(|error| error.to_string())
    }

    /// The value of the callback's `Authorization` header.
    pub fn sign(&self, target: &str, body: &[u8]) -> Result<String, String> {
        let digest = Md5::digest(signed_bytes(target, body));
        let signature = self.key()?.sign(scheme(), &digest).map_err(|error| error.to_string())?;
        Ok(base64_encode(&signature))
    }
}

fn scheme() -> Pkcs1v15Sign {
    Pkcs1v15Sign { hash_len: Some(16), prefix: MD5_INFO.into() }
}

/// The decoded path, the query as it is, a line end, the body.
fn signed_bytes(target: &str, body: &[u8]) -> Vec<u8> {
    let (path, query) = match target.find('?') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    let mut bytes = percent_decode(path, false);
    bytes.extend_from_slice(query.as_bytes());
    bytes.push(b'\n');
    bytes.extend_from_slice(body);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::base64_decode;
    use rsa::pkcs8::DecodePublicKey;

    fn verifies(key: &RsaPublicKey, target: &str, body: &[u8], authorization: &str) -> bool {
        let digest = Md5::digest(signed_bytes(target, body));
        base64_decode(authorization)
            .is_some_and(|signature| key.verify(scheme(), &digest, &signature).is_ok())
    }

    #[test]
    fn signatures_of_the_service_and_of_test_keys_are_told_from_wrong_ones() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/callback_rsa.json");
        let text = std::fs::read_to_string(path).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vectors = json["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let input = &vector["input"];
            let pem = match input["key_index"].as_u64() {
                Some(index) => &json["keys"][usize::try_from(index).unwrap()],
                None => &json["service_key"],
            };
            let key = RsaPublicKey::from_public_key_pem(pem["public_pem"].as_str().unwrap()).unwrap();
            let body = base64_decode(input["body_base64"].as_str().unwrap()).unwrap();
            let target = input["request_target"].as_str().unwrap();
            let authorization = input["authorization"].as_str().unwrap();
            assert_eq!(
                verifies(&key, target, &body, authorization),
                vector["output"]["valid"].as_bool().unwrap(),
                "{}",
                vector["name"]
            );
        }
    }

    #[test]
    fn what_the_emulator_signs_verifies_with_its_public_key() {
        let key = SigningKey::new(512);
        let public = RsaPublicKey::from_public_key_pem(&key.public_pem().unwrap()).unwrap();
        let target = "/a%20b+c?d=%20e";
        let authorization = key.sign(target, b"body").unwrap();
        assert!(verifies(&public, target, b"body", &authorization));
        assert!(!verifies(&public, target, b"other", &authorization));
        assert!(!verifies(&public, "/a%20b+c?d=e", b"body", &authorization));
    }
}
