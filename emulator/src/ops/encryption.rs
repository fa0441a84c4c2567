//! What replies say of how an object is encrypted. Nothing is encrypted here.

use crate::http::Reply;

const HEADERS: [&str; 3] = [
    "x-oss-server-side-encryption",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption-key-id",
];

/// Repeats what was asked for when the object was made, or its upload begun.
pub(super) fn tell(mut reply: Reply, headers: &[(String, String)]) -> Reply {
    for (name, value) in headers.iter().filter(|(name, _)| HEADERS.contains(&name.as_str())) {
        reply.set(name, value);
    }
    reply
}
