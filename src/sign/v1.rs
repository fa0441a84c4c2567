//! Signature V1: HMAC-SHA1 over the verb, a few headers and the resource.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{Identity, Request, SECURITY_TOKEN, Signature, SignedHeader, hash, header_value, is_oss_header};
use crate::wire::{date, header};

/// The query parameters that are part of the resource, in byte order. All others are left out of the signature.
const SUB_RESOURCES: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
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
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
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
];

/// Signs a request for the `Authorization` header.
///
/// Adds `date`, and `x-oss-security-token` for temporary credentials. An `x-oss-date` among the headers takes the
/// place of the date in what is signed.
pub fn sign(request: &Request<'_>, identity: &Identity<'_>, unix_s: i64) -> Signature {
    let date = date::http_date(unix_s);
    let string_to_sign = string_to_sign(request, identity, &date);
    let mac = hash::hmac_sha1(identity.access_key_secret.as_bytes(), string_to_sign.as_bytes());

    let mut authorization = String::with_capacity(identity.access_key_id.len() + 33);
    authorization.push_str("OSS ");
    authorization.push_str(identity.access_key_id);
    authorization.push(':');
    BASE64_STANDARD.encode_string(mac, &mut authorization);

    let mut headers_added = Vec::with_capacity(2);
    headers_added.push(("date".to_owned(), date));
    if let Some(token) = identity.token() {
        headers_added.push((SECURITY_TOKEN.to_owned(), token.to_owned()));
    }
    Signature { string_to_sign, canonical_request: None, authorization, headers_added }
}

fn string_to_sign(request: &Request<'_>, identity: &Identity<'_>, date: &str) -> String {
    let headers = oss_headers(request, identity);
    let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut text = String::with_capacity(256 + header_bytes + request.key.map_or(0, str::len));
    for line in [
        request.method,
        header_value(request.headers, "content-md5").unwrap_or_default(),
        header_value(request.headers, "content-type").unwrap_or_default(),
        header_value(request.headers, "x-oss-date").unwrap_or(date),
    ] {
        text.push_str(line);
        text.push('\n');
    }
    super::push_header_lines(&mut text, &headers);
    push_resource(&mut text, request);
    text
}

fn oss_headers<'a>(request: &Request<'a>, identity: &Identity<'a>) -> Vec<SignedHeader<'a>> {
    let token = identity.token();
    let mut headers: Vec<SignedHeader<'a>> = request
        .headers
        .iter()
        .filter(|(name, _)| {
            is_oss_header(name) && !(token.is_some() && name.eq_ignore_ascii_case(SECURITY_TOKEN))
        })
        .map(|(name, value)| (super::lower_case(name), Cow::Borrowed(header::trim(value))))
        .collect();
    if let Some(token) = token {
        headers.push((Cow::Borrowed(SECURITY_TOKEN), Cow::Borrowed(token)));
    }
    super::sort_headers(&mut headers);
    headers
}

fn push_resource(text: &mut String, request: &Request<'_>) {
    text.push('/');
    if let Some(bucket) = request.bucket {
        text.push_str(bucket);
        text.push('/');
        text.push_str(request.key.unwrap_or_default());
    }
    let mut signed: Vec<&(String, String)> = request
        .query
        .iter()
        .filter(|(name, _)| SUB_RESOURCES.binary_search(&name.as_str()).is_ok())
        .collect();
    signed.sort_by_key(|(name, _)| name.as_str());
    let mut separator = '?';
    for (name, value) in signed {
        text.push(separator);
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
        separator = '&';
    }
}

#[cfg(test)]
mod tests {
    use super::SUB_RESOURCES;

    #[test]
    fn the_list_is_sorted_as_the_search_needs_it() {
        assert!(SUB_RESOURCES.windows(2).all(|pair| pair[0] < pair[1]));
        for uploads in [
            "append",
            "callback",
            "callback-var",
            "partNumber",
            "position",
            "sequential",
            "uploadId",
            "uploads",
        ] {
            assert!(SUB_RESOURCES.contains(&uploads), "{uploads}");
        }
    }
}
