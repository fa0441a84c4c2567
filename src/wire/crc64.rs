//! CRC-64/XZ, the checksum that OSS reports as `x-oss-hash-crc64ecma`.

use crc_fast::{CrcAlgorithm, checksum_combine};
use crc64fast::Digest;

/// A running CRC-64 over data that arrives in pieces.
#[derive(Default)]
pub struct Crc64(Digest);

impl Crc64 {
    /// The CRC of nothing, which is 0.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds data.
    pub fn update(&mut self, data: &[u8]) {
        self.0.write(data);
    }

    /// The CRC of all data so far; more may follow.
    pub fn value(&self) -> u64 {
        self.0.sum64()
    }
}

/// The CRC of two pieces in a row, from their CRCs and the length of the second.
pub fn combine(crc_a: u64, crc_b: u64, len_b: u64) -> u64 {
    match (crc_a, len_b) {
        // The CRC of nothing, and of a piece that nothing comes before.
        (0, _) => crc_b,
        // The matrix method is undefined for a piece of no length, which changes nothing.
        (_, 0) => crc_a,
        _ => checksum_combine(CrcAlgorithm::Crc64Xz, crc_a, crc_b, len_b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc(data: &[u8]) -> u64 {
        let mut crc = Crc64::new();
        crc.update(data);
        crc.value()
    }

    /// The definition, a bit at a time.
    fn crc_by_definition(data: &[u8]) -> u64 {
        let mut register = u64::MAX;
        for byte in data {
            register ^= u64::from(*byte);
            for _ in 0..8 {
                register = (register >> 1) ^ (if register & 1 == 1 { 0xC96C_5795_D787_0F42 } else { 0 });
            }
        }
        !register
    }

    #[test]
    fn equals_the_definition_at_every_length_and_alignment() {
        let data: Vec<u8> = (0..2000_u32).map(|i| (i * 7 + i / 256) as u8).collect();
        for start in 0..17 {
            for end in (start..data.len()).step_by(13) {
                assert_eq!(crc(&data[start..end]), crc_by_definition(&data[start..end]), "{start}..{end}");
            }
        }
    }

    #[test]
    fn goes_on_and_combines_at_every_split() {
        let data: Vec<u8> = (0..700_u32).map(|i| (i * 31) as u8).collect();
        let whole = crc(&data);
        for at in 0..=data.len() {
            let (a, b) = data.split_at(at);
            let mut running = Crc64::new();
            running.update(a);
            assert_eq!(running.value(), crc(a));
            running.update(b);
            assert_eq!(running.value(), whole, "went on at {at}");
            assert_eq!(combine(crc(a), crc(b), b.len() as u64), whole, "combined at {at}");
        }
    }

    #[test]
    fn combining_accepts_any_length() {
        assert_eq!(combine(5, 0, 0), 5);
        let zeros = [0_u8; 16];
        assert_eq!(combine(0, crc(&zeros), 16), crc(&zeros));
        // No more than that it ends and stays linear: there is no data this long to compare with.
        let far = u64::MAX;
        assert_eq!(combine(1, 7, far) ^ combine(1, 9, far), 7 ^ 9);
    }
}
