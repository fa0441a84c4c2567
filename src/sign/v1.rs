//! Signature V1: HMAC-SHA1 over the verb, a few headers and the resource.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{
    Identity, Presigned, Request, SECURITY_TOKEN, Signature, SignedHeader, hash, header_value, is_oss_header,
};
use crate::wire::{date, header};
use zeroize::Zeroizing;

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
    let signed_date = header_value(request.headers, "x-oss-date").unwrap_or(&date);
    let string_to_sign = string_to_sign(request, request.query, identity.token(), signed_date);
    let mut authorization = String::with_capacity(identity.access_key_id.len() + 33);
    authorization.push_str("OSS ");
    authorization.push_str(identity.access_key_id);
    authorization.push(':');
    authorization.push_str(&sign_text(&string_to_sign, identity));

    let mut headers_added = Vec::with_capacity(2);
    headers_added.push(("date".to_owned(), date));
    if let Some(token) = identity.token() {
        headers_added.push((SECURITY_TOKEN.to_owned(), token.to_owned()));
    }
    Signature { authorization, headers_added }
}

/// Signs a request in its URL, which is good until `expires_unix_s`.
///
/// The query gets `security-token` for temporary credentials, `OSSAccessKeyId`, `Expires` and `Signature`. The headers are
/// signed, so whoever uses the URL has to send them.
pub fn presign(request: &Request<'_>, identity: &Identity<'_>, expires_unix_s: i64) -> Presigned {
    let mut query = request.query.to_vec();
    if let Some(token) = identity.token() {
        query.push(("security-token".to_owned(), token.to_owned()));
    }
    let expires = expires_unix_s.to_string();
    let string_to_sign = string_to_sign(request, &query, None, &expires);
    let signature = sign_text(&string_to_sign, identity);
    query.push(("OSSAccessKeyId".to_owned(), identity.access_key_id.to_owned()));
    query.push(("Expires".to_owned(), expires));
    query.push(("Signature".to_owned(), signature));
    Presigned { query }
}

/// Signs the policy of a form, which is JSON. Gives the form's fields: `OSSAccessKeyId`, `policy` and `Signature`, and those
/// of [`policy_fields`].
pub fn sign_policy(policy: &str, identity: &Identity<'_>) -> Vec<(String, String)> {
    let policy = BASE64_STANDARD.encode(policy);
    let signature = sign_text(&policy, identity);
    let mut fields = policy_fields(identity);
    fields.push(("OSSAccessKeyId".to_owned(), identity.access_key_id.to_owned()));
    fields.push(("policy".to_owned(), policy));
    fields.push(("Signature".to_owned(), signature));
    fields
}

/// The fields of the signature that the policy can speak of: the token of temporary credentials.
pub fn policy_fields(identity: &Identity<'_>) -> Vec<(String, String)> {
    identity.token().map(|token| (SECURITY_TOKEN.to_owned(), token.to_owned())).into_iter().collect()
}

/// Signs text: Base64.
fn sign_text(text: &str, identity: &Identity<'_>) -> String {
    BASE64_STANDARD.encode(hash::hmac_sha1(identity.access_key_secret.as_bytes(), text.as_bytes()))
}

fn string_to_sign(
    request: &Request<'_>,
    query: &[(String, String)],
    token: Option<&str>,
    date: &str,
) -> Zeroizing<String> {
    let headers = oss_headers(request, token);
    let mut text = super::text_to_sign(request, query, &headers);
    for line in [
        request.method,
        header_value(request.headers, "content-md5").unwrap_or_default(),
        header_value(request.headers, "content-type").unwrap_or_default(),
        date,
    ] {
        text.push_str(line);
        text.push('\n');
    }
    super::push_header_lines(&mut text, &headers);
    push_resource(&mut text, request, query);
    text
}

fn oss_headers<'a>(request: &Request<'a>, token: Option<&'a str>) -> Vec<SignedHeader<'a>> {
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

fn push_resource(text: &mut String, request: &Request<'_>, query: &[(String, String)]) {
    text.push('/');
    if let Some(bucket) = request.bucket {
        text.push_str(bucket);
        text.push('/');
        text.push_str(request.key.unwrap_or_default());
    }
    let mut signed: Vec<&(String, String)> =
        query.iter().filter(|(name, _)| SUB_RESOURCES.binary_search(&name.as_str()).is_ok()).collect();
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
