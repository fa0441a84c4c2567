//! Requests of pages from other origins: what a browser asks beforehand, and what it needs to let a page read a reply.
//!
//! A bucket has one CORS rule here or none. It allows every method and header; only the origins are to be chosen.

use crate::errors::OssError;
use crate::http::{Head, Reply};

const METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];
/// What a page may read besides what every page may.
const EXPOSED: &str = "ETag, x-oss-request-id, x-oss-hash-crc64ecma, x-oss-version-id";

/// What `Access-Control-Allow-Origin` is to say, if the rule covers the request.
fn allowed_origin(origins: &[String], head: &Head) -> Option<String> {
    let origin = head.headers.get("origin")?;
    origins.iter().find(|allowed| *allowed == "*" || **allowed == origin).cloned()
}

/// Lets the page read the reply that the request came from, if the rule covers it.
pub(crate) fn share(origins: &[String], head: &Head, reply: &mut Reply) {
    let Some(origin) = allowed_origin(origins, head) else { return };
    reply.set("Access-Control-Allow-Origin", &origin);
    reply.set("Access-Control-Expose-Headers", EXPOSED);
    if origin != "*" {
        reply.set("Vary", "Origin");
    }
}

/// Answers the question whether a page may send a request.
pub(crate) fn preflight(origins: &[String], head: &Head) -> Result<Reply, OssError> {
    let forbidden = |message: &str| OssError::new(403, "AccessForbidden", message);
    if origins.is_empty() {
        return Err(forbidden("CORSResponse: CORS is not enabled for this bucket."));
    }
    let method = head.headers.get("access-control-request-method").unwrap_or_default();
    if allowed_origin(origins, head).is_none() || !METHODS.contains(&method.as_ref()) {
        return Err(forbidden("CORSResponse: This CORS request is not allowed."));
    }
    let mut reply = Reply::new(200).with("Access-Control-Allow-Methods", &method);
    if let Some(headers) = head.headers.get("access-control-request-headers") {
        reply.set("Access-Control-Allow-Headers", &headers);
    }
    Ok(reply)
}
