//! Conditions under which an object is read or copied. Each has to hold, whatever the others say.

use super::context::Context;
use crate::clock::{http_date, parse_http_date};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;

/// The reply in place of the object, where a condition does not hold that a header with this prefix makes.
pub(super) fn unmet(
    context: &Context,
    prefix: &str,
    properties: &Properties,
) -> Result<Option<Reply>, OssError> {
    let given = |name: &str| context.header(&format!("{prefix}{name}"));
    let is_this = |list: &str| {
        let mut etags = list.split(',').map(|etag| etag.trim().trim_matches('"'));
        etags.any(|etag| etag == "*" || etag.eq_ignore_ascii_case(&properties.etag))
    };
    // Times in headers are whole seconds. One that is none counts for nothing.
    let modified_ms = properties.modified_ms - properties.modified_ms.rem_euclid(1000);
    let time = |name: &str| given(name).as_deref().and_then(parse_http_date);
    let failed = |name: &str| failed(&format!("{prefix}{name}"));

    if given("If-Match").is_some_and(|list| !is_this(&list)) {
        return Err(failed("If-Match"));
    }
    if time("If-Unmodified-Since").is_some_and(|time_ms| modified_ms > time_ms) {
        return Err(failed("If-Unmodified-Since"));
    }
    let is_known = given("If-None-Match").is_some_and(|list| is_this(&list))
        || time("If-Modified-Since").is_some_and(|time_ms| modified_ms <= time_ms);
    Ok(is_known.then(|| {
        Reply::new(304)
            .with("ETag", &format!("\"{}\"", properties.etag))
            .with("Last-Modified", &http_date(properties.modified_ms))
    }))
}

fn failed(condition: &str) -> OssError {
    OssError::new(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
        .ec("0017-00001001")
        .detail("Condition", condition)
}
