//! What can be the key of an object.

use crate::errors::OssError;

const LIMIT: usize = 1023;

/// Refuses keys that OSS refuses.
pub(crate) fn check_key(key: &str, not_utf8: bool) -> Result<(), OssError> {
    match broken_rule(key, not_utf8) {
        None => Ok(()),
        Some((ec, rule)) => {
            let message = format!("The specified object is not valid: {rule}.");
            Err(OssError::new(400, "InvalidObjectName", message).ec(ec).detail("ObjectName", key))
        }
    }
}

/// The number of the refusal, and the rule.
fn broken_rule(key: &str, not_utf8: bool) -> Option<(&'static str, &'static str)> {
    if key.is_empty() {
        return Some(("0016-00000001", "its name is empty"));
    }
    if not_utf8 || key.len() > LIMIT {
        return Some(("0016-00000002", "its name must have at most 1023 bytes, and be UTF-8"));
    }
    if key.starts_with(['/', '\\']) {
        return Some(("0016-00000005", "its name must not begin with a slash or a backslash"));
    }
    None
}
