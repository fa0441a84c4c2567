//! OSS's own limits, each with the check that names it.

use crate::wire::mistake::Mistake;
use std::ops::RangeInclusive;

/// The largest object that one request can make, and the largest part.
pub(crate) const LARGEST_PUT: u64 = 5 << 30;
/// The part numbers that OSS accepts.
pub(crate) const PART_NUMBERS: RangeInclusive<u32> = 1..=10_000;
/// Every part but the last must have this many bytes.
pub(crate) const SMALLEST_PART: u64 = 100 << 10;
/// The traffic limits that the service documents, in bits a second.
pub(crate) const TRAFFIC_LIMITS: RangeInclusive<u64> = 245_760..=838_860_800;
/// No upload id is longer.
const LONGEST_UPLOAD_ID: usize = 1024;

/// The size of a request's body.
pub(crate) fn check_size(size: u64) -> Result<(), Mistake> {
    if size > LARGEST_PUT {
        return Err(Mistake::new(format!(
            "{size} bytes are more than one request can carry ({LARGEST_PUT}); upload them in parts"
        )));
    }
    Ok(())
}

/// The number of a part.
pub(crate) fn check_part_number(number: u32) -> Result<(), Mistake> {
    if !PART_NUMBERS.contains(&number) {
        return Err(Mistake::new(format!(
            "the part number {number} is not from {} to {}",
            PART_NUMBERS.start(),
            PART_NUMBERS.end()
        )));
    }
    Ok(())
}

/// The size that all parts but the last are to have.
pub(crate) fn check_part_size(size: u64) -> Result<(), Mistake> {
    if !(SMALLEST_PART..=LARGEST_PUT).contains(&size) {
        return Err(Mistake::new(format!(
            "a part size of {size} bytes is not from {SMALLEST_PART} to {LARGEST_PUT}"
        )));
    }
    Ok(())
}

/// The id of an upload in parts, as somebody gives it to us.
pub(crate) fn check_upload_id(upload_id: &str) -> Result<(), Mistake> {
    if upload_id.is_empty() || upload_id.len() > LONGEST_UPLOAD_ID {
        return Err(Mistake::new(format!("an upload id of {} bytes is not one of OSS's", upload_id.len())));
    }
    Ok(())
}

/// How fast OSS is to let data in.
pub(crate) fn check_traffic_limit(bits_per_second: u64) -> Result<(), Mistake> {
    if !TRAFFIC_LIMITS.contains(&bits_per_second) {
        return Err(Mistake::new(format!(
            "a traffic limit of {bits_per_second} bit/s is not from {} to {}",
            TRAFFIC_LIMITS.start(),
            TRAFFIC_LIMITS.end()
        )));
    }
    Ok(())
}
