//! The parts of a multipart upload.

use crate::engine::rules::{SMALLEST_PART, check_part_number};
use crate::engine::source::Content;
use crate::transport::SourceFailure;
use crate::wire::mistake::Mistake;
use crate::wire::{header, xml};
use arc_swap::{ArcSwap, ArcSwapOption};
use std::sync::Arc;
use std::time::Instant;

/// A part that OSS has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1 to 10000.
    pub number: u32,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Its size in bytes, if known.
    pub size: Option<u64>,
    /// Its CRC-64, if known.
    pub crc64: Option<u64>,
}

impl Part {
    /// A part of which no more is known than its number and ETag, which may come in quotes.
    pub fn named(number: u32, etag: &str) -> Result<Part, Mistake> {
        check_part_number(number)?;
        header::check_value(etag, format_args!("the ETag of part {number}"))?;
        let etag = xml::unquoted(etag);
        if etag.is_empty() {
            return Err(Mistake::new(format!("the ETag of part {number} is empty")));
        }
        Ok(Part { number, etag: etag.to_owned(), size: None, crc64: None })
    }
}

/// The parts known so far, in the order of their numbers.
///
/// Any thread may add one, and a forked child may go on with what was known at the fork. So there is no lock, which
/// another thread could have held at that moment: the list is replaced as a whole.
#[derive(Default)]
pub(crate) struct Parts {
    known: ArcSwap<Vec<Arc<Part>>>,
    /// When OSS is over with all that were sent to it and not answered.
    over_at: ArcSwapOption<Instant>,
}

impl Parts {
    /// Adds a part, unless there is no memory for the list.
    pub(crate) fn add(&self, part: Part) -> Result<(), SourceFailure> {
        let part = Arc::new(part);
        loop {
            let before = self.known.load_full();
            let mut parts = with_room_for(before.len() + 1)?;
            parts.extend(before.iter().cloned());
            match parts.binary_search_by_key(&part.number, |other| other.number) {
                Ok(index) => parts.splice(index..=index, [Arc::clone(&part)]).for_each(drop),
                Err(index) => parts.insert(index, Arc::clone(&part)),
            }
            if Arc::ptr_eq(&self.known.compare_and_swap(&before, Arc::new(parts)), &before) {
                return Ok(());
            }
        }
    }

    /// All of them, unless there is no memory for that.
    pub(crate) fn all(&self) -> Result<Vec<Part>, SourceFailure> {
        let parts = self.known.load();
        let mut all = with_room_for(parts.len())?;
        all.extend(parts.iter().map(|part| Part::clone(part)));
        Ok(all)
    }

    /// Whether the part of this number is known.
    pub(crate) fn has(&self, number: u32) -> bool {
        self.known.load().binary_search_by_key(&number, |part| part.number).is_ok()
    }

    /// Notes that one was sent and not answered, and when OSS is over with it.
    pub(crate) fn leave_open(&self, over_at: Instant) {
        self.over_at.rcu(|latest| {
            let latest = latest.as_deref().copied().max(Some(over_at));
            latest.map(Arc::new)
        });
    }

    /// Whether one may arrive yet that was not answered.
    pub(crate) fn may_arrive(&self, now: Instant) -> bool {
        self.over_at.load().as_deref().is_some_and(|over_at| now < *over_at)
    }

    pub(super) fn find(&self, number: u32, etag: &str) -> Option<Part> {
        let parts = self.known.load();
        let index = parts.binary_search_by_key(&number, |part| part.number).ok()?;
        let part = parts.get(index).filter(|part| part.etag == etag)?;
        Some(Part::clone(part))
    }
}

/// An empty list with room for so many, if there is the memory.
pub(crate) fn with_room_for<T>(count: usize) -> Result<Vec<T>, SourceFailure> {
    let mut list = Vec::new();
    list.try_reserve_exact(count).map_err(|_| SourceFailure::no_memory(count * size_of::<T>()))?;
    Ok(list)
}

/// Puts the parts of a Complete in order and applies OSS's rules to them.
pub(super) fn check_list(mut parts: Vec<Part>) -> Result<Vec<Part>, Mistake> {
    parts.sort_unstable_by_key(|part| part.number);
    let Some((_, all_but_last)) = parts.split_last() else {
        return Err(Mistake::new("there is no part to complete"));
    };
    for part in &parts {
        check_part_number(part.number)?;
        if part.etag.is_empty() {
            return Err(Mistake::new(format!("part {} has no ETag", part.number)));
        }
    }
    if let Some(small) = all_but_last.iter().find(|part| part.size.is_some_and(|size| size < SMALLEST_PART)) {
        return Err(Mistake::new(format!(
            "part {} has {} bytes; every part but the last needs {SMALLEST_PART}",
            small.number,
            small.size.unwrap_or_default()
        )));
    }
    let twice = parts.iter().zip(parts.iter().skip(1)).find(|(part, next)| part.number == next.number);
    if let Some((part, _)) = twice {
        return Err(Mistake::new(format!("part {} is listed twice", part.number)));
    }
    Ok(parts)
}

/// What the parts make together, if size and CRC-64 of every one are known.
pub(super) fn content(parts: &[Part]) -> Option<Content> {
    parts.iter().try_fold(Content::NOTHING, |whole, part| {
        whole.followed_by(Content { size: part.size?, crc64: part.crc64? })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn part(number: u32, size: u64) -> Part {
        Part { number, etag: format!("etag-{number}"), size: Some(size), crc64: Some(0) }
    }

    fn rule(parts: Vec<Part>) -> String {
        check_list(parts).unwrap_err().to_string()
    }

    #[test]
    fn parts_are_completed_in_order_whatever_order_they_came_in() {
        let parts = Parts::default();
        for number in [3, 1, 2, 1] {
            parts.add(part(number, 1 << 20)).unwrap();
        }
        let numbers: Vec<u32> = parts.all().unwrap().iter().map(|part| part.number).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[test]
    fn a_list_that_oss_would_refuse_is_refused_with_the_rule() {
        assert!(rule(vec![]).contains("no part"));
        assert!(rule(vec![part(0, 1)]).contains("part number 0 is not from 1 to 10000"));
        assert!(rule(vec![part(10_001, 1)]).contains("part number 10001"));
        assert!(rule(vec![part(1, SMALLEST_PART - 1), part(2, 1)]).contains("every part but the last"));
        assert!(
            rule(vec![part(2, SMALLEST_PART), part(2, SMALLEST_PART)]).contains("part 2 is listed twice")
        );
        assert!(rule(vec![Part { etag: String::new(), ..part(1, 1) }]).contains("no ETag"));
        assert!(check_list(vec![part(1, SMALLEST_PART), part(9, 1)]).is_ok());
    }

    #[test]
    fn content_of_parts_is_known_only_if_every_part_is() {
        assert_eq!(content(&[part(1, 5), part(2, 7)]), Some(Content { size: 12, crc64: 0 }));
        assert_eq!(content(&[part(1, 5), Part { crc64: None, ..part(2, 7) }]), None);
    }
}
