//! Signatures that are none, though one verifier or another took them for such.

use super::authentic::{self, Authentic, Signers};
use super::keys::{self, NULL};
use super::number::{self, Number, number};
use super::{Input, Key, mutate};
use fastrand::Rng;

/// What stands before an MD5 digest in a block: the ASN.1 of "MD5, without parameters, 16 bytes".
pub const MD5: [u8; 18] =
    [0x30, 0x20, 0x30, 0x0c, 6, 8, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5, 5, 0, 4, 0x10];
const OID_OF_MD5: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5];
/// MD2, MD4, RIPEMD-128, whose digests are as long; SHA-1 and SHA-256, whose are not.
const OTHERS: [&[u8]; 5] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 2],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 4],
    &[0x2b, 0x24, 3, 2, 2],
    &[0x2b, 0x0e, 3, 2, 0x1a],
    &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
];

/// The block of PKCS#1 v1.5 that a signature of this size has in it: 0, 1, as many 255 as fit, 0, the rest.
pub fn block(size: usize, prefix: &[u8], digest: &[u8]) -> Vec<u8> {
    padded(size, &[prefix, digest].concat())
}

fn padded(size: usize, info: &[u8]) -> Vec<u8> {
    let padding = vec![0xff; size.saturating_sub(info.len() + 3)];
    [&[0, 1], padding.as_slice(), &[0], info].concat()
}

/// An algorithm, its parameters, a digest.
fn info(oid: &[u8], parameters: &[u8], digest: &[u8]) -> Vec<u8> {
    let algorithm = keys::sequence(&[&keys::element(6, oid), parameters]);
    keys::sequence(&[&algorithm, &keys::element(4, digest)])
}

fn garbage(rng: &mut Rng, length: usize) -> Vec<u8> {
    (0..length).map(|_| rng.u8(..)).collect()
}

/// A block for this digest that is wrong in one way.
fn wrong_block(rng: &mut Rng, size: usize, digest: &[u8; 16]) -> Vec<u8> {
    match rng.u32(..8) {
        0..2 => garbage_behind(rng, size, digest),
        2..5 => wrong_padding(rng, size, digest),
        5 => {
            let right = block(size, &MD5, digest);
            let mut wrong = right.clone();
            mutate::change(rng, &mut wrong, &right);
            wrong
        }
        _ => padded(size, &wrong_info(rng, digest)),
    }
}

/// Short padding, and something behind the digest instead, within the sequence or not.
fn garbage_behind(rng: &mut Rng, size: usize, digest: &[u8; 16]) -> Vec<u8> {
    let mut info = [MD5.as_slice(), digest].concat();
    let room = size - 3 - info.len();
    let short = rng.usize(..room);
    if rng.bool() {
        info[1] += u8::try_from((room - short).min(80)).unwrap();
    }
    let behind = if rng.bool() { garbage(rng, room - short) } else { vec![0; room - short] };
    [&[0, 1], vec![0xff; short].as_slice(), &[0], &info, &behind].concat()
}

fn wrong_padding(rng: &mut Rng, size: usize, digest: &[u8; 16]) -> Vec<u8> {
    let mut wrong = block(size, &MD5, digest);
    let separator = size - MD5.len() - digest.len() - 1;
    match rng.u32(..6) {
        0 => wrong[0] = rng.u8(1..),
        1 => wrong[1] = [0, 2, 3, 0xff][rng.usize(..4)],
        2 => wrong[rng.usize(2..separator)] = rng.u8(..0xff),
        3 => wrong[separator] = rng.u8(1..),
        4 => wrong[separator + 1..].rotate_left(rng.usize(1..16)),
        _ => wrong.rotate_left(rng.usize(1..size)),
    }
    wrong
}

/// Something else where the algorithm and the digest should be.
fn wrong_info(rng: &mut Rng, digest: &[u8; 16]) -> Vec<u8> {
    match rng.u32(..8) {
        0 => digest.to_vec(),
        1 => info(OTHERS[rng.usize(..OTHERS.len())], NULL, digest),
        2 => info(&OID_OF_MD5, &[], digest),
        // Garbage where no parameters belong.
        3 => {
            let length = rng.usize(1..20);
            let parameters = keys::element([5, 4][rng.usize(..2)], &garbage(rng, length));
            info(&OID_OF_MD5, &parameters, digest)
        }
        // A length in a longer form than need be.
        4 => [&[0x30, 0x81, 0x20], &MD5[2..], digest].concat(),
        5 => info(&OID_OF_MD5, NULL, &digest[..rng.usize(..16)]),
        6 => {
            let text: String = digest[..12].iter().map(|byte| format!("{byte:02x}")).collect();
            info(&OID_OF_MD5, NULL, text.as_bytes())
        }
        _ => {
            let mut info = info(&OID_OF_MD5, NULL, digest);
            let at = rng.usize(..info.len());
            info[at] ^= 1 << rng.u32(..8);
            info
        }
    }
}

fn input(pem: Vec<u8>, target: Vec<u8>, body: Vec<u8>, signature: &[u8]) -> Input {
    Input { key: Key::Pem(pem), target, body, authorization: keys::base64(signature).into_bytes() }
}

/// The private key itself signs a block that is wrong.
pub fn signed_wrongly(rng: &mut Rng, signers: &Signers) -> Input {
    let signer = signers.any(rng);
    let (target, body, digest) = authentic::unsigned(rng);
    let right = Number::from_bytes_be(&block(signer.size, &MD5, &digest));
    let wrong = loop {
        let wrong = wrong_block(rng, signer.size, &digest);
        // Leading zeros make no difference, and a change may undo itself.
        if Number::from_bytes_be(&wrong) % &signer.n != right {
            break wrong;
        }
    };
    let signature = number::bytes(&signer.sign(&wrong), signer.size);
    input(signer.pem(rng), target, body, &signature)
}

/// Numbers near a signature, near the modulus, and at the ends.
pub fn numbers(rng: &mut Rng, signed: &Authentic) -> Input {
    let (n, e) = signed.meaning.key();
    let s = Number::from_bytes_be(signed.meaning.signature());
    let (size, one) = (n.bits().div_ceil(8), number(1));
    let signature = match rng.u32(..17) {
        0 => number::bytes(&(&s + &n), size),
        1 => number::bytes(&(&s + &n * number(rng.u32(2..1000))), size),
        2 => number::bytes(&(&n - &s), size),
        3 => number::bytes(&number(rng.u32(..3)), size),
        4 => number::bytes(&(&n - &one), size),
        5 => number::bytes(&n, size),
        6 => number::bytes(&(&n + &one), size),
        7 => vec![0xff; size],
        8 => vec![0; rng.usize(..2 * size)],
        9 => number::bytes(&s, size + rng.usize(1..20)),
        10 => [number::bytes(&s, size), vec![0; rng.usize(1..20)]].concat(),
        11 => number::bytes(&(&s + &one), size),
        12 => number::bytes(&(&s - &one), size),
        13 => number::bytes(&s, size).into_iter().rev().collect(),
        14 => number::bytes(&(&s * number(2) % &n), size),
        // The block that was signed.
        15 => number::bytes(&s.modpow(&e, &n), size),
        _ => number::bytes(&s, size)[1..].to_vec(),
    };
    Input { authorization: keys::base64(&signature).into_bytes(), ..signed.input.clone() }
}

/// Whoever has but the public key, with an exponent of 3, takes roots of a block that looks right where a lax verifier looks:
/// at its beginning, at its end, or at both.
pub fn without_the_private_key(rng: &mut Rng) -> Input {
    let bits = [2048, 3072, 4096][rng.usize(..3)];
    let size = bits / 8;
    let mut n: Vec<u8> = (0..size).map(|_| rng.u8(..)).collect();
    n[0] |= 0x80;
    n[size - 1] |= 1;
    let n = Number::from_bytes_be(&n);
    let (target, body, digest) = loop {
        let unsigned = authentic::unsigned(rng);
        // Odd numbers have such roots.
        if unsigned.2[15] & 1 == 1 {
            break unsigned;
        }
    };
    let info = [MD5.as_slice(), &digest].concat();
    let beginning = [&[0, 1], [0xff; 8].as_slice(), &[0], &info].concat();
    let root = number::cube_root(&(Number::from_bytes_be(&beginning) << (bits - 8 * beginning.len())));
    let end = 8 * (info.len() + 1);
    let root_of_end = number::cube_root_of_end(&Number::from_bytes_be(&info), end);
    let (begins, ends, root) = match rng.u32(..3) {
        0 => (true, false, root),
        1 => (false, true, root_of_end),
        _ => (true, true, (((root >> end) + number(1)) << end) + root_of_end),
    };
    let cube = number::bytes(&(&root * &root * &root), size);
    assert!(cube.starts_with(&beginning) >= begins && cube.ends_with(&info) >= ends, "it looks right");
    assert!(Number::from_bytes_be(&cube) < n, "the modulus does not spoil it");
    let pem = keys::pem("PUBLIC KEY", &keys::wrapped(&keys::integer(&n), &keys::integer(&number(3))));
    input(pem, target, body, &number::bytes(&root, size))
}

/// A request that was signed, and a key that is not its own or not written as it should be.
pub fn with_another_key(rng: &mut Rng, signed: &Input) -> Input {
    let der = match rng.u32(..16) {
        0 => return with_an_exponent_of_one(rng),
        1 => return with_a_key_in_other_words(rng, signed),
        2..9 => odd_numbers(rng),
        9..14 => odd_structure(rng),
        _ => {
            let mut der = own_der(signed).unwrap_or_default();
            let other = odd_structure(rng);
            mutate::change(rng, &mut der, &other);
            der
        }
    };
    let label = ["PUBLIC KEY", "PUBLIC KEY", "RSA PUBLIC KEY"][rng.usize(..3)];
    Input { key: Key::Pem(keys::pem(label, &der)), ..signed.clone() }
}

/// A block is its own signature then.
fn with_an_exponent_of_one(rng: &mut Rng) -> Input {
    let (target, body, digest) = authentic::unsigned(rng);
    let pem = keys::pem("PUBLIC KEY", &written(&random(rng, 512, true), &number(1)));
    input(pem, target, body, &block(64, &MD5, &digest))
}

fn with_a_key_in_other_words(rng: &mut Rng, signed: &Input) -> Input {
    let Key::Pem(pem) = &signed.key else { return signed.clone() };
    let (from, to) = [
        ("PUBLIC KEY", "PRIVATE KEY"),
        ("PUBLIC KEY", "CERTIFICATE"),
        ("-----BEGIN", "----BEGIN"),
        ("\n", "\r\n"),
        ("\n", "\n\n"),
        ("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n\n"),
        ("-----BEGIN", "text before it\n-----BEGIN"),
        ("-----BEGIN", "\n -----BEGIN"),
    ][rng.usize(..8)];
    let pem = String::from_utf8_lossy(pem).replace(from, to);
    Input { key: Key::Pem(pem.into_bytes()), ..signed.clone() }
}

fn written(modulus: &Number, exponent: &Number) -> Vec<u8> {
    keys::wrapped(&keys::integer(modulus), &keys::integer(exponent))
}

/// Even, small and large ones in all sizes.
fn odd_numbers(rng: &mut Rng) -> Vec<u8> {
    let (n, e) = (random(rng, 512, true), number(65537));
    match rng.u32(..7) {
        0 => written(&random(rng, 512, false), &e),
        1 => written(&number(rng.u32(..10)), &e),
        2 => {
            let bits = rng.usize(1..512);
            written(&random(rng, bits, true), &e)
        }
        3 => {
            let bits = [513, 1000, 4096, 4097, 8192][rng.usize(..5)];
            written(&random(rng, bits, true), &e)
        }
        4 => written(&n, &number(rng.u32(..20))),
        5 => {
            let bits = rng.usize(17..600);
            written(&n, &random(rng, bits, true))
        }
        _ => written(&e, &n),
    }
}

/// Numbers that are negative, empty, or have zeros before them; one too many; another algorithm; anything at all.
fn odd_structure(rng: &mut Rng) -> Vec<u8> {
    let n = random(rng, 512, true);
    let (modulus, exponent) = (keys::integer(&n), keys::integer(&number(65537)));
    match rng.u32(..6) {
        0 => keys::wrapped(&keys::element(2, &n.to_bytes_be()), &exponent),
        1 => keys::wrapped(&modulus, &keys::element(2, &[])),
        2 => {
            let zeros = [vec![0; rng.usize(2..9)], n.to_bytes_be()].concat();
            keys::wrapped(&keys::element(2, &zeros), &exponent)
        }
        3 => {
            let oid = OTHERS[rng.usize(..OTHERS.len())];
            keys::wrapped_as(&[keys::element(6, oid), NULL.to_vec()].concat(), &modulus, &exponent)
        }
        4 => keys::sequence(&[&modulus, &exponent, &exponent]),
        _ => {
            let length = rng.usize(..100);
            garbage(rng, length)
        }
    }
}

fn own_der(signed: &Input) -> Option<Vec<u8>> {
    let Key::Pem(pem) = &signed.key else { return None };
    let lines = pem.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-"));
    super::meaning::decoded_base64(&lines.collect::<Vec<_>>().concat())
}

fn random(rng: &mut Rng, bits: usize, odd: bool) -> Number {
    let number = (0..bits.div_ceil(32)).fold(number(0), |sum, _| (sum << 32) + number(rng.u32(..)));
    let number = number % (number::number(1) << bits);
    let number = (number >> 1) << 1;
    let top = number::number(1) << (bits - 1);
    let number = if number < top { number + top } else { number };
    if odd { number + number::number(1) } else { number }
}
