//! How data is cut into parts.

use crate::engine::rules::{LARGEST_PUT, PART_NUMBERS};
use crate::wire::mistake::Mistake;

/// The size of a part where nothing else is asked for.
pub(super) const DEFAULT_PART: u64 = 8 << 20;
/// Larger parts than the default have a size that is a multiple of this.
const STEP: u64 = 1 << 20;
/// Data of unknown length gets parts of double the size after so many. In the end that is half a terabyte.
const BEFORE_DOUBLING: u32 = 2000;

/// How large each part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartSizes {
    first: u64,
    grow: bool,
}

impl PartSizes {
    /// For data of a known or unknown size. A wanted size of parts is exceeded if OSS's number of parts would not do
    /// otherwise.
    pub(super) fn new(data: Option<u64>, wanted: Option<u64>) -> Result<PartSizes, Mistake> {
        let Some(data) = data else {
            return Ok(PartSizes { first: wanted.unwrap_or(DEFAULT_PART), grow: wanted.is_none() });
        };
        let needed = data.div_ceil(u64::from(*PART_NUMBERS.end()));
        if needed > LARGEST_PUT {
            return Err(Mistake::new(format!(
                "{data} bytes are more than {} parts of {LARGEST_PUT} bytes",
                PART_NUMBERS.end()
            )));
        }
        let least = wanted.unwrap_or(DEFAULT_PART);
        let first = if needed > least { needed.next_multiple_of(STEP).min(LARGEST_PUT) } else { least };
        Ok(PartSizes { first, grow: false })
    }

    /// The size of every part but the last, where they are all of one size.
    pub(super) fn uniform(self) -> u64 {
        self.first
    }

    /// The size of the part `number`, unless it is the last.
    pub(super) fn of(self, number: u32) -> u64 {
        let doublings = if self.grow { number.saturating_sub(1) / BEFORE_DOUBLING } else { 0 };
        self.first.saturating_mul(1 << doublings.min(10)).min(LARGEST_PUT)
    }
}

/// A part's place in data of a known size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// The places of all parts of `data` bytes. Nothing is one empty part, since there must be one.
pub(super) fn places(data: u64, part: u64) -> impl Iterator<Item = Place> {
    let count = data.div_ceil(part.max(1)).max(1);
    (0..count).map(move |index| {
        let offset = index * part;
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        Place { number, offset, size: part.min(data - offset) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::{SMALLEST_PART, check_part_size};

    #[test]
    fn ten_thousand_parts_suffice_for_data_of_any_size() {
        for data in [0, 1, DEFAULT_PART, 80_000 << 20, (80_000 << 20) + 1, 1 << 40, LARGEST_PUT * 10_000] {
            for wanted in [None, Some(SMALLEST_PART), Some(LARGEST_PUT)] {
                let size = PartSizes::new(Some(data), wanted).unwrap().uniform();
                check_part_size(size).unwrap();
                let places: Vec<Place> = places(data, size).collect();
                assert!(places.len() <= 10_000, "{data} bytes in parts of {size}");
                assert_eq!(places.iter().map(|place| place.size).sum::<u64>(), data);
                assert_eq!(places.last().map(|place| place.offset + place.size), Some(data));
            }
        }
        assert!(PartSizes::new(Some(LARGEST_PUT * 10_000 + 1), None).is_err());
    }

    #[test]
    fn part_size_is_the_wanted_one_where_that_does() {
        let of = |data, wanted| PartSizes::new(Some(data), wanted).unwrap().uniform();
        assert_eq!(of(1 << 30, Some(SMALLEST_PART)), (1u64 << 30).div_ceil(10_000).next_multiple_of(STEP));
        assert_eq!(of(1 << 20, Some(SMALLEST_PART)), SMALLEST_PART);
        assert_eq!(of(1 << 30, None), DEFAULT_PART);
    }

    #[test]
    fn parts_of_unknown_data_grow_unless_a_size_is_asked_for() {
        let growing = PartSizes::new(None, None).unwrap();
        assert_eq!([1, 2000, 2001, 10_000].map(|number| growing.of(number) >> 20), [8, 8, 16, 128]);
        let fixed = PartSizes::new(None, Some(SMALLEST_PART)).unwrap();
        assert_eq!(fixed.of(10_000), SMALLEST_PART);
    }
}
