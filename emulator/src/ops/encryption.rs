//! What replies say of how an object is encrypted. Nothing is encrypted here.

use crate::errors::OssError;
use crate::http::Reply;

const METHOD: &str = "x-oss-server-side-encryption";
const OF_KMS: [&str; 2] = ["x-oss-server-side-data-encryption", "x-oss-server-side-encryption-key-id"];

/// Refuses what is said of KMS where that does not encrypt.
pub(super) fn check(headers: &[(String, String)]) -> Result<(), OssError> {
    if headers.iter().any(|(name, value)| name == METHOD && value == "KMS") {
        return Ok(());
    }
    match headers.iter().find(|(name, _)| OF_KMS.contains(&name.as_str())) {
        Some((name, value)) => {
            Err(OssError::argument(name, value, format!("{name} is only for {METHOD}: KMS.")))
        }
        None => Ok(()),
    }
}

/// Repeats what was asked for when the object was made, or its upload begun.
pub(super) fn tell(mut reply: Reply, headers: &[(String, String)]) -> Reply {
    let is_told = |name: &str| name == METHOD || OF_KMS.contains(&name);
    for (name, value) in headers.iter().filter(|(name, _)| is_told(name)) {
        reply.set(name, value);
    }
    reply
}
