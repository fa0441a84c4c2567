//! Which bucket, which key and which operation a request means.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use crate::errors::OssError;
use crate::http::Head;
use crate::text::percent_decode;

/// The operations of OSS that the emulator tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    PutBucket,
    DeleteBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketAcl,
    PutBucketCallbackPolicy,
    GetBucketCallbackPolicy,
    DeleteBucketCallbackPolicy,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListLiveChannel,
    ListMultipartUploads,
    DeleteMultipleObjects,
    PostObject,
    OptionObject,
    PutObject,
    CopyObject,
    AppendObject,
    GetObject,
    HeadObject,
    GetObjectMeta,
    GetObjectAcl,
    PutObjectAcl,
    DeleteObject,
    ProcessObject,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    Unknown,
}

impl Operation {
    /// The name in OSS's documentation.
    pub fn name(self) -> &'static str {
        match self {
            Operation::ListBuckets => "ListBuckets",
            Operation::PutBucket => "PutBucket",
            Operation::DeleteBucket => "DeleteBucket",
            Operation::GetBucketInfo => "GetBucketInfo",
            Operation::GetBucketLocation => "GetBucketLocation",
            Operation::GetBucketAcl => "GetBucketAcl",
            Operation::PutBucketCallbackPolicy => "PutBucketCallbackPolicy",
            Operation::GetBucketCallbackPolicy => "GetBucketCallbackPolicy",
            Operation::DeleteBucketCallbackPolicy => "DeleteBucketCallbackPolicy",
            Operation::ListObjects => "ListObjects",
            Operation::ListObjectsV2 => "ListObjectsV2",
            Operation::ListObjectVersions => "ListObjectVersions",
            Operation::ListLiveChannel => "ListLiveChannel",
            Operation::ListMultipartUploads => "ListMultipartUploads",
            Operation::DeleteMultipleObjects => "DeleteMultipleObjects",
            Operation::PostObject => "PostObject",
            Operation::OptionObject => "OptionObject",
            Operation::PutObject => "PutObject",
            Operation::CopyObject => "CopyObject",
            Operation::AppendObject => "AppendObject",
            Operation::GetObject => "GetObject",
            Operation::HeadObject => "HeadObject",
            Operation::GetObjectMeta => "GetObjectMeta",
            Operation::GetObjectAcl => "GetObjectAcl",
            Operation::PutObjectAcl => "PutObjectAcl",
            Operation::DeleteObject => "DeleteObject",
            Operation::ProcessObject => "ProcessObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::UploadPartCopy => "UploadPartCopy",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
            Operation::Unknown => "Unknown",
        }
    }

    /// Whether the request's body is object data rather than a small document.
    pub fn carries_data(self) -> bool {
        matches!(
            self,
            Operation::PutObject | Operation::AppendObject | Operation::UploadPart | Operation::PostObject
        )
    }
}

/// A request's meaning, read from its line and its `Host`.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    pub operation: Operation,
    pub bucket: Option<String>,
    pub key: Option<String>,
    /// Decoded, in the order of arrival.
    pub query: Vec<(String, String)>,
    /// True if the bucket was read from the path, not from the host.
    pub path_style: bool,
    /// The `Host` as it was sent, for the error body.
    pub host: String,
    /// The path is not UTF-8, so there is no key.
    pub key_is_not_utf8: bool,
}

impl Meaning {
    pub fn of(head: &Head, cnames: &BTreeMap<String, String>) -> Meaning {
        let (authority, path_and_query) = split_target(&head.target);
        let host = match authority {
            Some(authority) => authority.to_owned(),
            None => head.headers.get("host").unwrap_or_default().into_owned(),
        };
        let (path, raw_query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, query),
            None => (path_and_query, ""),
        };
        let query = parse_query(raw_query);

        let host_bucket = bucket_of_host(&host, cnames);
        let decoded = percent_decode(path.strip_prefix('/').unwrap_or(path), false);
        let (path_text, key_is_not_utf8) = match String::from_utf8(decoded) {
            Ok(text) => (text, false),
            Err(error) => (String::from_utf8_lossy(error.as_bytes()).into_owned(), true),
        };
        let path_style = host_bucket.is_none();
        let (bucket, key) = match host_bucket {
            Some(bucket) => (Some(bucket), path_text),
            // The slash between bucket and key may have been written as %2F, so it is looked for after decoding.
            None => match path_text.split_once('/') {
                Some((bucket, key)) => (Some(bucket.to_owned()), key.to_owned()),
                None => (Some(path_text), String::new()),
            },
        };
        let bucket = bucket.filter(|bucket| !bucket.is_empty());
        let key = Some(key).filter(|key| !key.is_empty());
        let operation = operation_of(head, bucket.is_some(), key.is_some(), &query);
        Meaning { operation, bucket, key, query, path_style, host, key_is_not_utf8 }
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        parameter(&self.query, name)
    }

    /// A query parameter that must be a number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, OssError> {
        match self.parameter(name) {
            None | Some("") => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(OssError::argument(name, text, format!("{name} must be an integer."))),
            },
        }
    }
}

fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// Proxies and some clients write the whole URL as the target.
fn split_target(target: &str) -> (Option<&str>, &str) {
    for scheme in ["http://", "https://"] {
        if let Some(rest) = target.strip_prefix(scheme) {
            return match rest.find(['/', '?']) {
                Some(at) => (Some(&rest[..at]), &rest[at..]),
                None => (Some(rest), "/"),
            };
        }
    }
    (None, target)
}

fn parse_query(raw: &str) -> Vec<(String, String)> {
    let text = |part: &str| String::from_utf8_lossy(&percent_decode(part, true)).into_owned();
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (text(name), text(value)),
            None => (text(pair), String::new()),
        })
        .collect()
}

/// The bucket that a host stands for: a custom domain's, or the first label. Addresses and single labels have none.
fn bucket_of_host(host: &str, cnames: &BTreeMap<String, String>) -> Option<String> {
    let name = if host.starts_with('[') {
        return None;
    } else {
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    };
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    if let Some(bucket) = cnames.get(&name) {
        return Some(bucket.clone());
    }
    if name.parse::<IpAddr>().is_ok() || name == "localhost" {
        return None;
    }
    let (first, rest) = name.split_once('.')?;
    // 127.0.0.1.nip.io and its like name an address, without a bucket before it.
    let four: Vec<&str> = name.splitn(5, '.').take(4).collect();
    if four.join(".").parse::<Ipv4Addr>().is_ok() {
        return None;
    }
    if first.is_empty() || rest.is_empty() {
        return None;
    }
    Some(first.to_owned())
}

fn operation_of(head: &Head, has_bucket: bool, has_key: bool, query: &[(String, String)]) -> Operation {
    let has = |name: &str| parameter(query, name).is_some();
    let has_header = |name: &str| head.headers.get(name).is_some();
    let method = head.method.as_str();
    if !has_bucket {
        return match method {
            "GET" => Operation::ListBuckets,
            _ => Operation::Unknown,
        };
    }
    if method == "OPTIONS" {
        return Operation::OptionObject;
    }
    if !has_key {
        let is_callback_policy = has("policy") && parameter(query, "comp") == Some("callback");
        return match method {
            "PUT" if is_callback_policy => Operation::PutBucketCallbackPolicy,
            "GET" if is_callback_policy => Operation::GetBucketCallbackPolicy,
            "DELETE" if is_callback_policy => Operation::DeleteBucketCallbackPolicy,
            "GET" if has("uploads") => Operation::ListMultipartUploads,
            "GET" if has("bucketInfo") => Operation::GetBucketInfo,
            "GET" if has("location") => Operation::GetBucketLocation,
            "GET" if has("acl") => Operation::GetBucketAcl,
            "GET" if has("versions") => Operation::ListObjectVersions,
            "GET" if has("live") => Operation::ListLiveChannel,
            "GET" if parameter(query, "list-type") == Some("2") => Operation::ListObjectsV2,
            "GET" if query.iter().all(|(name, _)| !is_bucket_setting(name)) => Operation::ListObjects,
            "PUT" if query.iter().all(|(name, _)| !is_bucket_setting(name)) => Operation::PutBucket,
            "DELETE" if query.iter().all(|(name, _)| !is_bucket_setting(name)) => Operation::DeleteBucket,
            "POST" if has("delete") => Operation::DeleteMultipleObjects,
            "POST" => Operation::PostObject,
            _ => Operation::Unknown,
        };
    }
    match method {
        "PUT" if has("partNumber") || has("uploadId") => {
            if has_header("x-oss-copy-source") {
                Operation::UploadPartCopy
            } else {
                Operation::UploadPart
            }
        }
        "PUT" if has("acl") => Operation::PutObjectAcl,
        "PUT" if has_header("x-oss-copy-source") => Operation::CopyObject,
        "PUT" if query.iter().all(|(name, _)| !is_object_setting(name)) => Operation::PutObject,
        "POST" if has("uploads") => Operation::InitiateMultipartUpload,
        "POST" if has("uploadId") => Operation::CompleteMultipartUpload,
        "POST" if has("append") => Operation::AppendObject,
        "POST" if has("x-oss-process") => Operation::ProcessObject,
        "GET" if has("uploadId") => Operation::ListParts,
        "GET" | "HEAD" if has("objectMeta") => Operation::GetObjectMeta,
        "GET" if has("acl") => Operation::GetObjectAcl,
        "GET" if query.iter().all(|(name, _)| !is_object_setting(name)) => Operation::GetObject,
        "HEAD" => Operation::HeadObject,
        "DELETE" if has("uploadId") => Operation::AbortMultipartUpload,
        "DELETE" if query.iter().all(|(name, _)| !is_object_setting(name)) => Operation::DeleteObject,
        _ => Operation::Unknown,
    }
}

/// Sub-resources of buckets that the emulator does not have; without this, `PUT /?lifecycle` would make a bucket.
fn is_bucket_setting(name: &str) -> bool {
    matches!(
        name,
        "lifecycle"
            | "logging"
            | "website"
            | "referer"
            | "cors"
            | "policy"
            | "versioning"
            | "encryption"
            | "tagging"
            | "requestPayment"
            | "inventory"
            | "replication"
            | "worm"
            | "stat"
            | "acl"
            | "style"
            | "cname"
            | "transferAcceleration"
            | "accessPoint"
            | "publicAccessBlock"
            | "resourceGroup"
    )
}

fn is_object_setting(name: &str) -> bool {
    matches!(name, "tagging" | "symlink" | "restore" | "acl" | "select")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn meaning(method: &str, target: &str, host: &str) -> Meaning {
        let mut headers = Headers::default();
        headers.push("Host", host);
        let head = Head { method: method.to_owned(), target: target.to_owned(), http_1_0: false, headers };
        let cnames = BTreeMap::from([("static.example.com".to_owned(), "b2".to_owned())]);
        Meaning::of(&head, &cnames)
    }

    fn address(target: &str, host: &str) -> (Option<String>, Option<String>) {
        let meaning = meaning("PUT", target, host);
        (meaning.bucket, meaning.key)
    }

    fn pair(bucket: &str, key: &str) -> (Option<String>, Option<String>) {
        (Some(bucket.to_owned()), Some(key.to_owned()))
    }

    #[test]
    fn the_bucket_is_found_in_path_host_and_custom_domain() {
        assert_eq!(address("/b/a/k", "127.0.0.1:80"), pair("b", "a/k"));
        assert_eq!(address("/b%2Fa%2Fk", "127.0.0.1:80"), pair("b", "a/k"));
        assert_eq!(address("/b/k", "[::1]:80"), pair("b", "k"));
        assert_eq!(address("/b/k", "localhost:80"), pair("b", "k"));
        assert_eq!(address("/b/k", "127.0.0.1.nip.io"), pair("b", "k"));
        assert_eq!(address("/a/k", "b.localhost:80"), pair("b", "a/k"));
        assert_eq!(address("/k", "b.127.0.0.1.nip.io:80"), pair("b", "k"));
        assert_eq!(address("/k", "static.example.com"), pair("b2", "k"));
        assert_eq!(address("http://b.localhost/k", "x"), pair("b", "k"));
        assert_eq!(address("/b/", "127.0.0.1"), (Some("b".into()), None));
        assert_eq!(address("/", "127.0.0.1"), (None, None));
    }

    #[test]
    fn keys_are_decoded_and_never_normalised() {
        assert_eq!(address("/b/a/./b//../c+d%2B%25%20", "127.0.0.1"), pair("b", "a/./b//../c+d+% "));
        assert_eq!(address("/b//k", "127.0.0.1"), pair("b", "/k"));
    }

    #[test]
    fn operations_are_told_apart() {
        for (method, target, name) in [
            ("PUT", "/b/k", "PutObject"),
            ("PUT", "/b/k?partNumber=1&uploadId=x", "UploadPart"),
            ("POST", "/b/k?uploads", "InitiateMultipartUpload"),
            ("POST", "/b/k?uploads=", "InitiateMultipartUpload"),
            ("POST", "/b/k?uploadId=x", "CompleteMultipartUpload"),
            ("POST", "/b/k?append&position=0", "AppendObject"),
            ("POST", "/b/k?x-oss-process", "ProcessObject"),
            ("POST", "/b/k?x-oss-process=", "ProcessObject"),
            ("DELETE", "/b/k?uploadId=x", "AbortMultipartUpload"),
            ("DELETE", "/b/k", "DeleteObject"),
            ("GET", "/b/k?uploadId=x", "ListParts"),
            ("GET", "/b/?uploads", "ListMultipartUploads"),
            ("GET", "/b/k", "GetObject"),
            ("HEAD", "/b/k", "HeadObject"),
            ("HEAD", "/b/k?objectMeta", "GetObjectMeta"),
            ("POST", "/b/", "PostObject"),
            ("OPTIONS", "/b/k", "OptionObject"),
            ("OPTIONS", "/b/", "OptionObject"),
            ("OPTIONS", "/", "Unknown"),
            ("PUT", "/b/?lifecycle", "Unknown"),
            ("PUT", "/b/?policy", "Unknown"),
            ("PUT", "/b/?policy&comp=callback", "PutBucketCallbackPolicy"),
            ("GET", "/b/?comp=callback&policy=", "GetBucketCallbackPolicy"),
            ("DELETE", "/b/?policy&comp=callback", "DeleteBucketCallbackPolicy"),
            ("PATCH", "/b/k", "Unknown"),
        ] {
            let found = meaning(method, target, "127.0.0.1").operation.name();
            assert_eq!(found, name, "{method} {target}");
        }
    }
}
