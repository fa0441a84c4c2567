//! Requests that really were signed: captured ones, and new ones of our own keys.

use super::forge::{self, MD5};
use super::keys;
use super::meaning::Meaning;
use super::number::{self, Number};
use super::places::Places;
use super::{Input, Key};
use crate::support;
use fastrand::Rng;
use md5::{Digest, Md5};
use rsa::RsaPrivateKey;
use rsa::rand_core::{CryptoRng, Error, RngCore};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::Value;

/// Bits and exponents of our own keys. The service's has 512 bits; with an exponent of 3, forging comes easiest.
const KEYS: [(usize, u32); 6] = [(512, 65537), (512, 3), (520, 3), (768, 17), (1024, 3), (1024, 65537)];
/// How many new requests there are at a time.
const FRESH: usize = 40;

pub struct Authentic {
    pub input: Input,
    pub meaning: Meaning,
}

/// A key pair.
pub struct Signer {
    pub n: Number,
    pub e: Number,
    d: Number,
    /// In bytes.
    pub size: usize,
}

impl Signer {
    fn new(rng: &mut Rng, bits: usize, exponent: u32) -> Signer {
        let e = number::number(exponent);
        let key = RsaPrivateKey::new_with_exp(&mut Seeded(rng), bits, &e).expect("a key");
        Signer { n: key.n().clone(), e, d: key.d().clone(), size: key.size() }
    }

    /// Signs a block as it is, whether it is a right one or not.
    pub fn sign(&self, block: &[u8]) -> Number {
        Number::from_bytes_be(block).modpow(&self.d, &self.n)
    }

    pub fn pem(&self, rng: &mut Rng) -> Vec<u8> {
        let (n, e) = (keys::integer(&self.n), keys::integer(&self.e));
        match rng.bool() {
            true => keys::pem("PUBLIC KEY", &keys::wrapped(&n, &e)),
            false => keys::pem("RSA PUBLIC KEY", &keys::sequence(&[&n, &e])),
        }
    }
}

pub struct Signers(Vec<Signer>);

impl Signers {
    pub fn new(rng: &mut Rng) -> Signers {
        Signers(KEYS.into_iter().map(|(bits, exponent)| Signer::new(rng, bits, exponent)).collect())
    }

    pub fn any(&self, rng: &mut Rng) -> &Signer {
        // The small keys more often: they are the faster ones.
        let last = if rng.u32(..32) == 0 { self.0.len() } else { 3 };
        &self.0[rng.usize(..last)]
    }

    /// The one whose key is published, and one who would like to be believed instead.
    pub fn published_and_foreign(&self) -> (&Signer, &Signer) {
        (&self.0[0], &self.0[1])
    }
}

/// The random numbers that making keys asks for.
struct Seeded<'a>(&'a mut Rng);

impl RngCore for Seeded<'_> {
    fn next_u32(&mut self) -> u32 {
        self.0.u32(..)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.u64(..)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl CryptoRng for Seeded<'_> {}

/// What is signed: the path decoded, the query as it is, a line end, the body.
fn digest(path: &[u8], query: &[u8], body: &[u8]) -> [u8; 16] {
    Md5::digest([path, query, b"\n", body].concat()).into()
}

/// A path as it is meant, a query with its question mark, and a body.
pub fn text(rng: &mut Rng) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    const PATHS: [&str; 6] = ["/", "/index.php", "/cb dir/中", "/a+b+c%41/", "//x/../y", "/up?loaded"];
    const QUERIES: [&str; 5] = ["", "?", "?id=1&index=2", "?x=%20y+z", "?a?b"];
    const BODIES: [&str; 4] =
        ["", "bucket=b&object=dir%2Fk&size=17", "{\"bucket\":\"b\",\n \"size\":17}\n", "a\nb\n\n%41?"];
    let pick = |rng: &mut Rng, texts: &[&str]| texts[rng.usize(..texts.len())].as_bytes().to_vec();
    let (path, query, mut body) = (pick(rng, &PATHS), pick(rng, &QUERIES), pick(rng, &BODIES));
    if rng.u32(..3) == 0 {
        body.extend((0..rng.usize(..300)).map(|_| rng.u8(..)));
    }
    (path, query, body)
}

/// A path as it is written in a target, each byte in one of its spellings.
pub fn written(rng: &mut Rng, path: &[u8]) -> Vec<u8> {
    let mut target = Vec::new();
    for byte in path {
        let plain = byte.is_ascii_graphic() && !b"%?".contains(byte);
        match (plain && rng.u32(..20) > 0, rng.bool()) {
            (true, _) => target.push(*byte),
            (false, true) => target.extend(format!("%{byte:02X}").bytes()),
            (false, false) => target.extend(format!("%{byte:02x}").bytes()),
        }
    }
    target
}

/// Texts with a digest, which are to be signed rightly or wrongly.
pub fn unsigned(rng: &mut Rng) -> (Vec<u8>, Vec<u8>, [u8; 16]) {
    let (path, query, body) = text(rng);
    let digest = digest(&path, &query, &body);
    ([written(rng, &path), query].concat(), body, digest)
}

pub fn signed(rng: &mut Rng, signer: &Signer, key: Key) -> Input {
    let (target, body, digest) = unsigned(rng);
    let block = forge::block(signer.size, &MD5, &digest);
    let authorization = keys::base64(&number::bytes(&signer.sign(&block), signer.size)).into_bytes();
    Input { key, target, body, authorization }
}

fn captured() -> Vec<Input> {
    let document: Value = serde_json::from_str(&support::read("tests/vectors/callback_rsa.json")).unwrap();
    let vectors = document["vectors"].as_array().unwrap();
    let valid = vectors.iter().filter(|vector| vector["output"]["valid"] == true).map(|vector| {
        let input = &vector["input"];
        let text = |field: &str| input[field].as_str().unwrap().as_bytes().to_vec();
        let pem = match input["key_index"].as_u64() {
            Some(index) => &document["keys"][usize::try_from(index).unwrap()]["public_pem"],
            None => &document["service_key"]["public_pem"],
        };
        Input {
            key: Key::Pem(pem.as_str().unwrap().as_bytes().to_vec()),
            target: text("request_target"),
            body: super::meaning::decoded_base64(&text("body_base64")).unwrap(),
            authorization: text("authorization"),
        }
    });
    valid.collect()
}

/// The captured requests, and new ones.
pub fn requests(rng: &mut Rng, signers: &Signers, places: &Places) -> Vec<Authentic> {
    let mut inputs = captured();
    assert!(inputs.len() > 5, "there are captured requests");
    for _ in 0..FRESH {
        let signer = signers.any(rng);
        let key = Key::Pem(signer.pem(rng));
        inputs.push(signed(rng, signer, key));
        let (published, _) = signers.published_and_foreign();
        inputs.push(signed(rng, published, Key::Named(places.published())));
    }
    let authentic = inputs.into_iter().map(|input| {
        let meaning = Meaning::of(&input, places).expect("a meaning");
        Authentic { input, meaning }
    });
    authentic.collect()
}
