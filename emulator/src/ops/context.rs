//! What the operations ask of a request.

use std::net::IpAddr;

use crate::errors::OssError;
use crate::http::Head;
use crate::key::check_key;
use crate::meaning::Meaning;
use crate::shared::Shared;

/// One request, while it is being answered.
pub(crate) struct Context<'a> {
    pub shared: &'a Shared,
    pub head: &'a Head,
    pub meaning: &'a Meaning,
    pub request_id: &'a str,
    pub client: IpAddr,
}

impl<'a> Context<'a> {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.head.headers.get(name).map(|value| value.into_owned())
    }

    pub(super) fn bucket(&self) -> Result<&'a str, OssError> {
        self.meaning
            .bucket
            .as_deref()
            .ok_or_else(|| OssError::new(400, "InvalidBucketName", "The bucket name is missing."))
    }

    pub(super) fn key(&self) -> Result<&'a str, OssError> {
        match self.meaning.key.as_deref() {
            Some(key) => {
                check_key(key, self.meaning.key_is_not_utf8)?;
                Ok(key)
            }
            None => check_key("", false).map(|()| ""),
        }
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// Whether names in lists are to be percent-encoded.
    pub(super) fn url_encoding(&self) -> Result<bool, OssError> {
        match self.meaning.parameter("encoding-type") {
            None | Some("") => Ok(false),
            Some("url") => Ok(true),
            Some(other) => Err(OssError::argument(
                "encoding-type",
                other,
                "Invalid Encoding Method specified in Request.",
            )),
        }
    }
}
