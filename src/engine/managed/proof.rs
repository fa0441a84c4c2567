//! Which parts are certain to be of the very data that is being uploaded.

use super::part_sizes::{PartSizes, Place, places};
use super::record::PartRecord;
use super::run::{Managed, Step, failed};
use crate::engine::multipart::{Part, Parts, with_room_for};
use crate::engine::source::Body;
use std::collections::BTreeMap;

impl Managed<'_> {
    /// Fails if the file may have changed since the upload began, and is not what its parts were made of: those of an earlier
    /// process and those of this one must be of the same data.
    pub(super) async fn check_unchanged(&self, body: &Body<'_>, sizes: PartSizes, parts: &Parts) -> Step<()> {
        let doubtful = body.doubtful().map_err(|failure| failed(failure.into()))?;
        if doubtful == 0 {
            return Ok(());
        }
        let parts = parts.all().map_err(|failure| failed(failure.into()))?;
        let crcs: Option<BTreeMap<_, _>> =
            parts.iter().map(|part| Some((part.number, part.crc64?))).collect();
        match crcs {
            Some(crcs) if self.are_of(body, doubtful, sizes, &crcs).await? => Ok(()),
            _ => Err(failed(body.changed().into())),
        }
    }

    /// Whether the file has, at the place of the part of each number that begins in the first so many bytes, data of the CRC-64
    /// that the part has.
    pub(super) async fn are_of(
        &self,
        body: &Body<'_>,
        first: u64,
        sizes: PartSizes,
        crcs: &BTreeMap<u32, u64>,
    ) -> Step<bool> {
        for place in places(body.size(), sizes.uniform()).take_while(|place| place.offset < first) {
            if let Some(crc64) = crcs.get(&place.number)
                && self.crc64_at(body, place).await? != Some(*crc64)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Those parts of what OSS has that are certain to be parts of this data: parts of the record that are still what they
    /// were, and others whose CRC-64 is that of the file. That the record is of this data has been made sure of before.
    pub(super) async fn proven(
        &self,
        recorded: &[PartRecord],
        listed: Vec<Part>,
        body: &Body<'_>,
        sizes: PartSizes,
    ) -> Step<Vec<Part>> {
        let recorded: BTreeMap<u32, &PartRecord> = recorded.iter().map(|part| (part.number, part)).collect();
        let mut listed: BTreeMap<u32, Part> = listed.into_iter().map(|part| (part.number, part)).collect();
        let mut proven = with_room_for(listed.len()).map_err(|failure| failed(failure.into()))?;
        for place in places(body.size(), sizes.uniform()) {
            let Some(part) = listed.remove(&place.number).filter(|part| part.size == Some(place.size)) else {
                continue;
            };
            let crc64 = match recorded.get(&place.number).and_then(|record| crc64_if_same(record, &part)) {
                Some(crc64) => Some(crc64),
                None => self.crc64_if_of(body, place, &part).await?,
            };
            if crc64.is_some() {
                proven.push(Part { crc64, ..part });
            }
        }
        Ok(proven)
    }

    /// The CRC-64 of a part that was not recorded, if OSS says that it is that of the file at its place.
    async fn crc64_if_of(&self, body: &Body<'_>, place: Place, part: &Part) -> Step<Option<u64>> {
        let Some(theirs) = part.crc64 else { return Ok(None) };
        Ok(self.crc64_at(body, place).await?.filter(|ours| *ours == theirs))
    }

    /// The CRC-64 of what the file has at this place.
    async fn crc64_at(&self, body: &Body<'_>, place: Place) -> Step<Option<u64>> {
        let Some(piece) = body.piece(place.offset, place.size) else { return Ok(None) };
        piece.crc64(self.lane, self.deadline).await.map(Some).map_err(failed)
    }
}

/// The CRC-64 of a part that is still what was recorded of it.
fn crc64_if_same(record: &PartRecord, part: &Part) -> Option<u64> {
    let same = record.etag == part.etag
        && part.size == Some(record.size)
        && part.crc64.is_none_or(|crc64| crc64 == record.crc64);
    same.then_some(record.crc64)
}
