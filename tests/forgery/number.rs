//! Arithmetic with numbers of the size of keys.

pub use rsa::BigUint as Number;

pub fn number(value: u32) -> Number {
    Number::from(value)
}

/// A number in so many bytes, or in more if it needs them.
pub fn bytes(number: &Number, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    [vec![0; size.saturating_sub(bytes.len())], bytes].concat()
}

/// The smallest number whose cube is not less than this one.
pub fn cube_root(of: &Number) -> Number {
    // Newton's method from above.
    let mut root = number(1) << (of.bits() / 3 + 1);
    loop {
        let next = (&root * number(2) + of / (&root * &root)) / number(3);
        if next >= root {
            break;
        }
        root = next;
    }
    if &root * &root * &root < *of { root + number(1) } else { root }
}

/// A number whose cube ends, in so many bits, like this odd one.
pub fn cube_root_of_end(of: &Number, bits: usize) -> Number {
    let mut root = number(1);
    for bit in 1..bits {
        let modulus = number(1) << (bit + 1);
        if &root * &root * &root % &modulus != of % &modulus {
            root += number(1) << bit;
        }
    }
    root
}
