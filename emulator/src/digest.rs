//! Checksums of object data.

use md5::{Digest, Md5};

const CRC64: crc::Crc<u64, crc::Table<16>> = crc::Crc::<u64, crc::Table<16>>::new(&crc::CRC_64_XZ);
static CRC64_TABLE: crc::Crc<u64, crc::Table<16>> = CRC64;

/// The value of `x-oss-hash-crc64ecma`.
pub(crate) fn crc64(data: &[u8]) -> u64 {
    CRC64_TABLE.checksum(data)
}

pub(crate) fn md5(data: &[u8]) -> [u8; 16] {
    Md5::digest(data).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc64_has_the_published_check_value() {
        assert_eq!(crc64(b"123456789"), 11_051_210_869_376_104_954);
        assert_eq!(crc64(b""), 0);
    }
}
