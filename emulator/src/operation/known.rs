//! What any operation may carry, and what none may pass over.

use crate::sign_v1;

const PREFIX: &str = "x-oss-";

/// Parameters that say who asks and who pays.
const PARAMETERS: &[&str] = &[
    "Expires",
    "OSSAccessKeyId",
    "Signature",
    "security-token",
    "x-oss-additional-headers",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-expires",
    "x-oss-request-payer",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
];

/// Headers that do so, or only tell of the client.
const HEADERS: &[&str] = &[
    "x-oss-content-sha256",
    "x-oss-date",
    "x-oss-request-payer",
    "x-oss-security-token",
    "x-oss-user-agent",
];

/// The conditions of HTTP.
pub(super) const CONDITIONS: &[&str] =
    &["if-match", "if-modified-since", "if-none-match", "if-unmodified-since"];

/// Parameters of OSS's that signature V1 does not cover, and that have values.
const UNSIGNED: &[&str] = &[
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "key-marker",
    "list-type",
    "marker",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "prefix",
    "start-after",
    "tag-key",
    "tag-value",
    "upload-id-marker",
    "version-id-marker",
];

/// Parameters of OSS's that only the SDK for Java signs.
const OF_JAVA: &[&str] = &["dir", "dirDelete", "img", "rename", "vip", "vpcip"];

/// Whether a header, whose name is lower-cased, is a condition.
pub(crate) fn is_condition(name: &str) -> bool {
    CONDITIONS.contains(&name)
}

/// Whether an operation that does not know this parameter would do something else than it is asked for. OSS passes over
/// what has no meaning for it, such as `?from=mail`. A name without a value is a sub-resource's, and of those there are
/// always newer ones.
pub(super) fn must_know_parameter(name: &str, value: &str) -> bool {
    let is_of_oss = value.is_empty()
        || name.starts_with(PREFIX)
        || name.starts_with("udf")
        || sign_v1::is_sub_resource(name)
        || UNSIGNED.contains(&name)
        || OF_JAVA.contains(&name);
    is_of_oss && !PARAMETERS.contains(&name)
}

/// The same of a header, whose name is lower-cased. Whoever passes over a condition does what was not to be done.
pub(super) fn must_know_header(name: &str) -> bool {
    is_condition(name) || (name.starts_with(PREFIX) && !HEADERS.contains(&name))
}
