//! Conditions on an object: that it is the one, or not the one, and that it changed since, or did not.

use super::context::Context;
use crate::clock::parse_http_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;

/// The reply to a request whose conditions, in headers that begin like this, the object does not meet.
pub(super) fn refusal(
    context: &Context,
    prefix: &str,
    properties: &Properties,
) -> Result<Option<Reply>, OssError> {
    let given = |name: &str| context.header(&format!("{prefix}{name}"));
    let is_this = |list: String| {
        let mut etags = list.split(',').map(|etag| etag.trim().trim_matches('"'));
        etags.any(|etag| etag == "*" || etag.eq_ignore_ascii_case(&properties.etag))
    };
    // A date has whole seconds, and one that cannot be read is none.
    let changed_after = |date: &String| {
        parse_http_date(date).map(|date_ms| properties.modified_ms.div_euclid(1000) * 1000 > date_ms)
    };
    let is_another = given("if-match").is_some_and(|list| !is_this(list));
    let has_changed = given("if-unmodified-since").as_ref().and_then(changed_after) == Some(true);
    if is_another || has_changed {
        return Err(OssError::new(
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold.",
        ));
    }
    let is_known = given("if-none-match").is_some_and(is_this);
    let is_unchanged = given("if-modified-since").as_ref().and_then(changed_after) == Some(false);
    let not_modified = || Reply::new(304).with("ETag", &format!("\"{}\"", properties.etag));
    Ok((is_known || is_unchanged).then(not_modified))
}
