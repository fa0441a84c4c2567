//! What an unfinished multipart upload is, and which of its parts become the object.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::errors::OssError;

#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub etag: String,
    pub crc64: u64,
    pub modified_ms: i64,
    pub data: Arc<Vec<u8>>,
}

#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub initiated_ms: i64,
    pub sequential: bool,
    /// Kept, because another upload may make the object in the meantime.
    pub forbid_overwrite: bool,
    pub headers: Vec<(String, String)>,
    pub parts: BTreeMap<u32, Part>,
}

impl Upload {
    pub fn storage_class(&self) -> &str {
        let given = self.headers.iter().find(|(name, _)| name == "x-oss-storage-class");
        given.map_or("Standard", |(_, class)| class)
    }

    /// How much there is, apart from one part.
    pub fn size_without(&self, number: u32) -> u64 {
        let others = self.parts.iter().filter(|(other, _)| **other != number);
        others.map(|(_, part)| part.data.len() as u64).sum()
    }
}

/// A part that the client names at the end of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPart {
    pub number: u32,
    pub etag: String,
}

/// Which parts become the object.
pub(crate) enum Parts {
    Named(Vec<NamedPart>),
    All,
}

/// How an upload ends.
pub(crate) struct Completion<'a> {
    pub parts: Parts,
    /// In place of the one that the upload was begun with.
    pub acl: Option<&'a str>,
    pub forbid_overwrite: bool,
    pub min_part_size: u64,
    pub now_ms: i64,
}

/// The parts to put together, in their order.
pub(super) fn choose_parts(
    upload: &Upload,
    parts: &Parts,
    upload_id: &str,
    min_part_size: u64,
) -> Result<Vec<Part>, OssError> {
    let numbered: Vec<(u32, Part)> = match parts {
        Parts::All => upload.parts.iter().map(|(number, part)| (*number, part.clone())).collect(),
        Parts::Named(named) => {
            let numbers: Vec<u32> = named.iter().map(|part| part.number).collect();
            let ascending: BTreeSet<u32> = numbers.iter().copied().collect();
            if !numbers.iter().eq(ascending.iter()) {
                return Err(OssError::new(
                    400,
                    "InvalidPartOrder",
                    "The list of parts was not in ascending order. Parts list must specified in order by part number.",
                )
                .ec("0042-00000209")
                .detail("UploadId", upload_id));
            }
            named
                .iter()
                .map(|named| {
                    upload
                        .parts
                        .get(&named.number)
                        .filter(|part| part.etag.eq_ignore_ascii_case(&named.etag))
                        .map(|part| (named.number, part.clone()))
                        .ok_or_else(|| {
                            OssError::new(
                                400,
                                "InvalidPart",
                                "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.",
                            )
                            .detail("PartNumber", named.number.to_string())
                            .detail("ETag", &named.etag)
                            .detail("UploadId", upload_id)
                        })
                })
                .collect::<Result<_, _>>()?
        }
    };
    // Without any parts the object is empty.
    if numbered.is_empty() && !upload.parts.is_empty() {
        return Err(OssError::malformed_xml());
    }
    let before_last = numbered.split_last().map_or(&[][..], |(_, before)| before);
    for (number, part) in before_last {
        if (part.data.len() as u64) < min_part_size {
            return Err(OssError::new(
                400,
                "EntityTooSmall",
                "Your proposed upload smaller than the minimum allowed size.",
            )
            .ec("0042-00000213")
            .detail("ProposedSize", part.data.len().to_string())
            .detail("MinSizeAllowed", min_part_size.to_string())
            .detail("PartNumber", number.to_string()));
        }
    }
    Ok(numbered.into_iter().map(|(_, part)| part).collect())
}
