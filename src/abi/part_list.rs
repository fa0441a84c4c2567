//! `oss_part_list`: parts of a multipart upload, as OSS lists them or as the caller wants them completed.

use super::convert::{self, c_text};
use super::guard;
use super::operation::{Refusal, list};
use super::settable::{self, HasSetters, Settable, set};
use super::status::oss_status;
use crate::engine::Part;
use crate::wire::mistake::Mistake;
use std::ffi::{CString, c_char};

/// Parts of a multipart upload. For one thread at a time.
#[derive(Default)]
pub struct oss_part_list {
    entries: Settable<Vec<Entry>>,
}

pub(super) struct Entry {
    part: Part,
    etag: CString,
}

impl oss_part_list {
    pub(super) fn new(parts: Vec<Part>) -> Result<oss_part_list, Refusal> {
        let entries = parts.into_iter().map(|part| Entry { etag: c_text(&part.etag), part });
        Ok(oss_part_list { entries: Settable::new(list(entries)?) })
    }

    /// Number and ETag of each part.
    pub(super) fn wanted(&self) -> Result<Vec<(u32, String)>, Refusal> {
        list(self.entries.iter().map(|entry| (entry.part.number, entry.part.etag.clone())))
    }
}

impl HasSetters for oss_part_list {
    type Value = Vec<Entry>;

    fn settable(&self) -> &Settable<Vec<Entry>> {
        &self.entries
    }

    fn settable_mut(&mut self) -> &mut Settable<Vec<Entry>> {
        &mut self.entries
    }
}

/// # Safety
/// `list` is NULL or a live handle.
unsafe fn field<T>(list: *const oss_part_list, index: usize, absent: T, of: impl FnOnce(&Entry) -> T) -> T {
    // SAFETY: the caller vouches for it.
    unsafe { list.as_ref() }.and_then(|list| list.entries.get(index)).map_or(absent, of)
}

/// Makes an empty list, for oss_complete_multipart_with_parts().
///
/// @return a handle, to be freed with oss_part_list_free(); never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn oss_part_list_new() -> *mut oss_part_list {
    Box::into_raw(Box::default())
}

/// Adds a part to a list. The order does not matter.
///
/// @param list         not NULL.
/// @param part_number  from 1 to 10000, each once.
/// @param etag         what oss_result_etag() said of the part, with or without quotes; not NULL, not empty; copied.
/// @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_add(
    list: *mut oss_part_list,
    part_number: u32,
    etag: *const c_char,
) -> oss_status {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe {
        set(list, |entries| {
            let part = Part::named(part_number, convert::text(etag, "etag")?)?;
            if entries.iter().any(|entry| entry.part.number == part_number) {
                return Err(Mistake::new(format!("part {part_number} is in the list already")));
            }
            entries.try_reserve(1).map_err(|_| Mistake::new("there is no memory for another part"))?;
            entries.push(Entry { etag: c_text(&part.etag), part });
            Ok(())
        })
    }
}

/// Counts the parts.
///
/// @param list  may be NULL.
/// @return how many there are; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_count(list: *const oss_part_list) -> usize {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { list.as_ref() }.map_or(0, |list| list.entries.len())
}

/// Gives a part's number.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the number; 0 if there is no such part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_number(list: *const oss_part_list, index: usize) -> u32 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, 0, |entry| entry.part.number) }
}

/// Gives a part's size.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the size in bytes; 0 if there is no such part, or it was added by the caller.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_size(list: *const oss_part_list, index: usize) -> u64 {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, 0, |entry| entry.part.size.unwrap_or_default()) }
}

/// Gives a part's ETag.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @return the ETag without its quotes, valid until the list is freed; empty if there is no such part.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_etag(list: *const oss_part_list, index: usize) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { field(list, index, c"".as_ptr(), |entry| entry.etag.as_ptr()) }
}

/// Gives a part's CRC-64.
///
/// @param list   may be NULL.
/// @param index  from 0 to the count less one.
/// @param crc64  receives the value if it is known; may be NULL.
/// @return 1 if it is known, otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_crc64(
    list: *const oss_part_list,
    index: usize,
    crc64: *mut u64,
) -> i32 {
    // SAFETY: the caller keeps to what the header says of each pointer.
    unsafe { convert::known(field(list, index, None, |entry| entry.part.crc64), crc64) }
}

/// Says which rule the part broke that oss_part_list_add() refused last.
///
/// @param list  may be NULL.
/// @return one line for a human, valid until the next refusal or until `list` is freed; empty if no part was refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_error(list: *const oss_part_list) -> *const c_char {
    // SAFETY: the caller passes NULL or a live handle.
    unsafe { settable::error(list) }
}

/// Frees a list.
///
/// @param list  may be NULL; not to be used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn oss_part_list_free(list: *mut oss_part_list) {
    // SAFETY: the caller passes NULL or a handle that it gives up.
    guard::value((), || unsafe { convert::free(list) });
}
