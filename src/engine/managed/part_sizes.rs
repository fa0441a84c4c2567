//! How data is cut into parts.

use super::memory::{DEFAULT_PART, Memory};
use crate::engine::rules::{LARGEST_PUT, PART_NUMBERS};
use crate::wire::mistake::Mistake;

/// Larger parts than the default have a size that is a multiple of this.
const STEP: u64 = 1 << 20;
/// Data of unknown length gets parts of double the size after so many, as long as there is memory for them.
const BEFORE_DOUBLING: u32 = 500;

/// How large each part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartSizes {
    first: u64,
    /// What they grow to.
    most: u64,
}

impl PartSizes {
    /// For data that can be read again, so that no part of it is held. A wanted size of parts is exceeded if OSS's number of
    /// parts would not do otherwise.
    pub(super) fn read(data: u64, wanted: Option<u64>) -> Result<PartSizes, Mistake> {
        let first = fitted(data, wanted.unwrap_or(DEFAULT_PART))?;
        Ok(PartSizes { first, most: first })
    }

    /// For data of a known or unknown size whose parts are held until they are sent, so many at once.
    pub(super) fn held(
        data: Option<u64>,
        wanted: Option<u64>,
        memory: Memory,
        parallel: usize,
    ) -> Result<PartSizes, Mistake> {
        let largest = memory.largest_part().min(LARGEST_PUT);
        // Data that is shorter than a part takes no more than itself.
        let asked_for = wanted.map(|wanted| data.map_or(wanted, |data| wanted.min(data)));
        if let Some(asked_for) = asked_for.filter(|part| *part > largest) {
            return Err(memory.too_small(&format!("parts of {asked_for} bytes are asked for"), asked_for));
        }
        let first = wanted.unwrap_or(memory.part_for(parallel));
        let Some(data) = data else {
            return Ok(PartSizes { first, most: if wanted.is_some() { first } else { largest } });
        };
        let first = fitted(data, first)?.min(data);
        if first > largest {
            return Err(memory.too_small(&format!("{data} bytes need parts of {first} bytes"), first));
        }
        Ok(PartSizes { first, most: first })
    }

    /// The size of every part but the last, where they are all of one size.
    pub(super) fn uniform(self) -> u64 {
        self.first
    }

    /// The size of the part `number`, unless it is the last. Of a part that there cannot be, one byte tells that there is
    /// more than there can be.
    pub(super) fn of(self, number: u32) -> u64 {
        if number > *PART_NUMBERS.end() {
            return 1;
        }
        let doublings = number.saturating_sub(1) / BEFORE_DOUBLING;
        self.first.saturating_mul(1 << doublings.min(20)).min(self.most)
    }

    /// How much data the parts can hold, all together.
    pub(super) fn capacity(self) -> u64 {
        PART_NUMBERS.map(|number| self.of(number)).sum()
    }
}

/// A size of parts, or a larger one if OSS's number of parts would not do otherwise.
fn fitted(data: u64, size: u64) -> Result<u64, Mistake> {
    let needed = data.div_ceil(u64::from(*PART_NUMBERS.end()));
    if needed > LARGEST_PUT {
        return Err(Mistake::new(format!(
            "{data} bytes are more than {} parts of {LARGEST_PUT} bytes",
            PART_NUMBERS.end()
        )));
    }
    Ok(if needed > size { needed.next_multiple_of(STEP).min(LARGEST_PUT) } else { size })
}

/// That data of unknown length was longer than its parts can be.
pub(super) fn too_many_parts() -> Mistake {
    Mistake::new(format!(
        "the data is longer than {} parts can be; set a larger part size, or a higher memory limit",
        PART_NUMBERS.end()
    ))
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
                let size = PartSizes::read(data, wanted).unwrap().uniform();
                check_part_size(size).unwrap();
                let places: Vec<Place> = places(data, size).collect();
                assert!(places.len() <= 10_000, "{data} bytes in parts of {size}");
                assert_eq!(places.iter().map(|place| place.size).sum::<u64>(), data);
                assert_eq!(places.last().map(|place| place.offset + place.size), Some(data));
            }
        }
        assert!(PartSizes::read(LARGEST_PUT * 10_000 + 1, None).is_err());
    }

    #[test]
    fn part_size_is_the_wanted_one_where_that_does() {
        let of = |data, wanted| PartSizes::read(data, wanted).unwrap().uniform();
        assert_eq!(of(1 << 30, Some(SMALLEST_PART)), (1u64 << 30).div_ceil(10_000).next_multiple_of(STEP));
        assert_eq!(of(1 << 20, Some(SMALLEST_PART)), SMALLEST_PART);
        assert_eq!(of(1 << 30, None), DEFAULT_PART);
    }

    fn held(data: Option<u64>, wanted: Option<u64>, limit: u64) -> Result<PartSizes, Mistake> {
        PartSizes::held(data, wanted, Memory::new(limit).unwrap(), 4)
    }

    #[test]
    fn parts_of_unknown_data_grow_as_far_as_the_memory_reaches() {
        let growing = held(None, None, 0).unwrap();
        let sizes = [1, 500, 501, 1500, 10_000].map(|number| growing.of(number) >> 20);
        assert_eq!(sizes, [8, 8, 16, 32, 127]);
        let large = held(None, None, 6 << 30).unwrap();
        assert_eq!(large.of(10_000), LARGEST_PUT);
        assert!(large.capacity() > 25 << 40, "{}", large.capacity());
        let fixed = held(None, Some(SMALLEST_PART), 0).unwrap();
        assert_eq!((fixed.of(10_000), fixed.of(10_001)), (SMALLEST_PART, 1));
        assert_eq!(fixed.capacity(), 10_000 * SMALLEST_PART);
    }

    #[test]
    fn what_cannot_be_held_is_refused_with_the_limit_that_would_do() {
        let refusal = |data, wanted, limit| held(data, wanted, limit).unwrap_err().to_string();
        for (data, wanted, limit) in [(None, Some(64 << 20), 32 << 20), (Some(1 << 40), None, 64 << 20)] {
            let said = refusal(data, wanted, limit);
            let (_, needed) = said.split_once("memory limit of ").unwrap();
            let needed: u64 = needed.split_once(' ').unwrap().0.parse().unwrap();
            assert!(held(data, wanted, needed).is_ok(), "{said}");
        }
        assert!(held(Some(1 << 40), None, 0).unwrap().uniform() <= 105 << 20);
        assert!(held(Some(LARGEST_PUT * 10_000 + 1), None, u64::MAX).is_err());
    }

    #[test]
    fn short_data_takes_no_more_memory_than_itself_however_large_its_parts_are_to_be() {
        for data in [0, 1, 10 << 20, (128 << 20) - (512 << 10)] {
            assert_eq!(held(Some(data), Some(200 << 20), 0).unwrap().uniform(), data);
        }
        assert!(held(Some(128 << 20), Some(200 << 20), 0).is_err());
    }

    #[test]
    fn as_many_parts_are_held_at_once_as_there_is_memory_for() {
        for (limit, first, at_once) in
            [(1u64 << 20, 512 << 10, 1), (8 << 20, 1536 << 10, 4), (0, 8 << 20, 15)]
        {
            let memory = Memory::new(limit).unwrap();
            let sizes = held(None, None, limit).unwrap();
            assert_eq!((sizes.of(1), memory.parts_held(sizes.of(1))), (first, at_once), "{limit}");
            assert_eq!(memory.parts_held(sizes.of(10_000)), 1);
        }
    }
}
