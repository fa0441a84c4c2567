//! Checksums of object data.

use md5::{Digest, Md5};

const CRC64: crc::Crc<u64, crc::Table<16>> = crc::Crc::<u64, crc::Table<16>>::new(&crc::CRC_64_XZ);
static CRC64_TABLE: crc::Crc<u64, crc::Table<16>> = CRC64;

/// The value of `x-oss-hash-crc64ecma`.
pub(crate) fn crc64(data: &[u8]) -> u64 {
    CRC64_TABLE.checksum(data)
}

/// That of data that have a known one so far, once there is more of them.
pub(crate) fn crc64_of_more(so_far: u64, more: &[u8]) -> u64 {
    // A digest starts from its register: not inverted, and with its bits in the other order.
    let mut digest = CRC64_TABLE.digest_with_initial((!so_far).reverse_bits());
    digest.update(more);
    digest.finalize()
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

    #[test]
    fn crc64_goes_on_where_it_ended() {
        assert_eq!(crc64_of_more(crc64(b"1234"), b"56789"), crc64(b"123456789"));
        assert_eq!(crc64_of_more(0, b"123456789"), crc64(b"123456789"));
        assert_eq!(crc64_of_more(crc64(b"1234"), b""), crc64(b"1234"));
    }
}
