//! The headers of an object: which ones are kept, what they may say, and what a reply to its upload has.

use super::context::Context;
use super::{encryption, tagging};
use crate::errors::OssError;
use crate::http::Reply;
use crate::operation::is_stored_header;
use crate::text::{base64_decode, bytes_of_text, number, text_of_bytes};

pub(super) const OBJECT_ACL: &str = "x-oss-object-acl";
pub(super) const FORBID_OVERWRITE: &str = "x-oss-forbid-overwrite";
const TRAFFIC_LIMIT: &str = "x-oss-traffic-limit";
const METADATA: &str = "x-oss-meta-";
const METADATA_LIMIT: usize = 8 * 1024;

/// Headers of HTTP's that are kept with the object, besides those of OSS's.
pub(super) const KEPT: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

/// Headers that no object can bring along, besides those of OSS's: they say what a reply is, or how it is sent.
const OF_REPLIES: &[&str] = &[
    "accept-ranges",
    "connection",
    "content-length",
    "content-md5",
    "content-range",
    "date",
    "etag",
    "keep-alive",
    "last-modified",
    "server",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl Context<'_> {
    /// The headers to keep with an object, if all of them are right.
    pub(super) fn object_headers(&self) -> Result<Vec<(String, String)>, OssError> {
        self.refuse_conditions()?;
        self.check_traffic_limit()?;
        self.forbid_overwrite()?;
        let given: Vec<(String, String)> = self
            .head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = text_of_bytes(value.trim_ascii());
                (name.to_ascii_lowercase(), value)
            })
            .collect();
        self.in_class_of_bucket(checked_object_headers(given)?)
    }

    pub(super) fn forbid_overwrite(&self) -> Result<bool, OssError> {
        is_overwrite_forbidden(self.header(FORBID_OVERWRITE).as_deref())
    }

    fn refuse_conditions(&self) -> Result<(), OssError> {
        for name in ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"] {
            if self.header(name).is_some() {
                return Err(OssError::new(
                    400,
                    "NotImplemented",
                    "A header you provided implies functionality that is not implemented.",
                )
                .ec("0017-00000245")
                .detail("Header", name));
            }
        }
        Ok(())
    }

    pub(super) fn check_traffic_limit(&self) -> Result<(), OssError> {
        let refuse = |text: &str, message: &str| {
            Err(OssError::argument(TRAFFIC_LIMIT, text, message).ec("0004-00000502"))
        };
        let header = self.header(TRAFFIC_LIMIT);
        let text = match (header.as_deref(), self.meaning.parameter(TRAFFIC_LIMIT)) {
            (None, None) => return Ok(()),
            (Some(text), None) | (None, Some(text)) => text,
            (Some(text), Some(_)) => {
                return refuse(text, "x-oss-traffic-limit is given as a header and as a parameter.");
            }
        };
        match number::<u64>(text) {
            // The pages name two lower bounds; the wider one is taken.
            Some(245_760..=838_860_800) => Ok(()),
            _ => refuse(text, "x-oss-traffic-limit is not valid."),
        }
    }
}

/// What a header or a field of a form says of overwriting.
pub(super) fn is_overwrite_forbidden(given: Option<&str>) -> Result<bool, OssError> {
    match given {
        None | Some("") => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(OssError::argument(
            FORBID_OVERWRITE,
            value,
            format!("{FORBID_OVERWRITE} must be true or false."),
        )),
    }
}

/// Picks the headers that are kept; names must be lower-cased.
pub(super) fn checked_object_headers(
    given: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, OssError> {
    let mut kept = Vec::new();
    let mut metadata = 0;
    for (name, value) in given {
        if let Some(rest) = name.strip_prefix(METADATA) {
            let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if rest.is_empty() || !rest.bytes().all(legal) {
                return Err(OssError::argument(&name, &value, "The name of user metadata is not valid."));
            }
            metadata += name.len() + bytes_of_text(&value).len();
        } else if !KEPT.contains(&name.as_str()) && !is_stored_header(&name) {
            continue;
        }
        check_value(&name, &value)?;
        kept.push((name, value));
    }
    encryption::check(&kept)?;
    if metadata > METADATA_LIMIT {
        return Err(OssError::invalid_argument("The total size of user metadata exceeds 8 KB."));
    }
    Ok(kept)
}

/// Whether a header is kept as it is, even if it is no text.
pub(super) fn keeps_bytes(name: &str) -> bool {
    name.starts_with(METADATA) || KEPT.contains(&name)
}

pub(super) fn check_value(name: &str, value: &str) -> Result<(), OssError> {
    let allowed: &[&str] = match name {
        OBJECT_ACL => &["default", "private", "public-read", "public-read-write"],
        "x-oss-storage-class" => &["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"],
        "x-oss-server-side-encryption" => &["AES256", "KMS", "SM4"],
        "x-oss-server-side-data-encryption" => &["SM4"],
        "x-oss-tagging" => return tagging::tags_of_header(value).map(drop),
        "x-oss-persistent-headers" if persistent_headers(value).is_some() => return Ok(()),
        "x-oss-persistent-headers" => &[],
        _ => return Ok(()),
    };
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(match name {
        "x-oss-server-side-encryption" | "x-oss-server-side-data-encryption" => OssError::new(
            400,
            "InvalidEncryptionAlgorithmError",
            "The Encryption request you specified is not valid.",
        ),
        OBJECT_ACL => OssError::argument(name, value, "no such object access control exists"),
        "x-oss-persistent-headers" => {
            OssError::argument(name, value, "The persistent headers are not name:Base64Encode(value),...")
        }
        _ => OssError::argument(name, value, format!("{name} is not valid.")),
    })
}

/// The headers that a reply has beside OSS's own: `name:base64,...`.
pub(super) fn persistent_headers(value: &str) -> Option<Vec<(String, String)>> {
    let header = |pair: &str| {
        let (name, value) = pair.split_once(':')?;
        let value = text_of_bytes(&base64_decode(value)?);
        is_of_ones_own(name).then(|| (name.to_owned(), value))
    };
    value.split(',').map(header).collect()
}

fn is_of_ones_own(name: &str) -> bool {
    let is_for_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let lower = name.to_ascii_lowercase();
    !name.is_empty()
        && name.bytes().all(is_for_names)
        && !lower.starts_with("x-oss-")
        && !OF_REPLIES.contains(&lower.as_str())
}

/// The headers of a reply to something that was stored.
pub(super) fn stored_reply(etag: &str, crc64: u64, content_md5: Option<&str>) -> Reply {
    let mut reply =
        Reply::new(200).with("ETag", &format!("\"{etag}\"")).with("x-oss-hash-crc64ecma", &crc64.to_string());
    if let Some(md5) = content_md5 {
        reply.set("Content-MD5", md5);
    }
    reply
}
