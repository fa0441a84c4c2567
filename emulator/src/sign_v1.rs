//! Signature V1: what a request must have been signed with.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::http::Headers;
use crate::text::base64_encode;

/// The query parameters that say what headers of a reply are to be. Signature V1 covers them.
pub(crate) const RESPONSE: &[&str] = &[
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
];

/// The other query parameters that signature V1 covers, besides their order of arrival.
const SUB_RESOURCES: &[&str] = &[
    "acl",
    "append",
    "asyncFetch",
    "accessPoint",
    "accessPointPolicy",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
    // Newer ones, which SDKs sign with the operations that have them.
    "accessPointConfigForObjectProcess",
    "accessPointForObjectProcess",
    "accessPointPolicyForObjectProcess",
    "cleanRestoredObject",
    "cloudboxes",
    "dataPipeline",
    "legalHold",
    "metadataConfiguration",
    "metadataInventoryTable",
    "metadataJournalTable",
    "objectWorm",
    "overwriteConfig",
    "policyStatus",
    "quota",
    "regions",
    "retention",
    "rtc",
    "seal",
    "userDefinedLogFieldsConfig",
];

/// Whether signature V1 covers a query parameter by its name.
pub(crate) fn is_sub_resource(name: &str) -> bool {
    SUB_RESOURCES.contains(&name) || RESPONSE.contains(&name)
}

/// What of a request is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed<'a> {
    pub method: &'a str,
    /// Bucket and key as a path, not encoded.
    pub resource: &'a str,
    pub headers: &'a Headers,
    pub query: &'a [(String, String)],
}

/// The string to sign. `date` is the value of the fourth line: the date, or when a URL expires. With
/// `every_x_oss_parameter`, query parameters count by their prefix too: SDKs differ there, and OSS serves both.
pub(crate) fn string_to_sign(signed: Signed, date: &str, every_x_oss_parameter: bool) -> Vec<u8> {
    let header = |name: &str| signed.headers.bytes(name).unwrap_or_default();
    let mut text = Vec::new();
    for line in [signed.method.as_bytes(), header("content-md5"), header("content-type"), date.as_bytes()] {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    let mut oss_headers: Vec<(String, &[u8])> = signed
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim_ascii()))
        .filter(|(name, _)| name.starts_with("x-oss-"))
        .collect();
    oss_headers.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in oss_headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text.extend_from_slice(resource(signed, every_x_oss_parameter).as_bytes());
    text
}

fn resource(signed: Signed, every_x_oss_parameter: bool) -> String {
    let mut resource = signed.resource.to_owned();
    let mut parameters: Vec<&(String, String)> = signed
        .query
        .iter()
        .filter(|(name, _)| is_sub_resource(name) || (every_x_oss_parameter && name.starts_with("x-oss-")))
        .collect();
    parameters.sort_by(|a, b| a.0.cmp(&b.0));
    for (index, (name, value)) in parameters.into_iter().enumerate() {
        resource.push(if index == 0 { '?' } else { '&' });
        resource.push_str(name);
        if !value.is_empty() {
            resource.push('=');
            resource.push_str(value);
        }
    }
    resource
}

/// The Base64 signature of a string.
pub(crate) fn signature(secret: &str, string_to_sign: &[u8]) -> String {
    base64_encode(&hmac_sha1(secret.as_bytes(), string_to_sign))
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so this cannot fail.
    match Hmac::<Sha1>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => unreachable!("HMAC takes keys of every length"),
    }
}

/// The parts of `OSS <id>:<signature>`.
pub(crate) fn parse_authorization(value: &str) -> Option<(&str, &str)> {
    let (id, signature) = value.strip_prefix("OSS ")?.trim().split_once(':')?;
    (!id.is_empty() && !signature.is_empty()).then_some((id, signature))
}
