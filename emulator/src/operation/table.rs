//! Which operation a request asks for, and what each of them knows.
//!
//! What an operation does not know is refused: to go on without would be to do something else. `DELETE /?lifecycle` must not
//! delete the bucket, nor `PUT /k?retention` overwrite the object.

use super::Operation::{self, *};
use super::known::{CONDITIONS, must_know_header, must_know_parameter};
use crate::http::Head;
use crate::sign_v1::RESPONSE;

/// What a request is addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Service,
    Bucket,
    Object,
}

use Level::{Bucket, Object, Service};

/// One way to ask for an operation.
struct Row {
    method: &'static str,
    level: Level,
    /// The parameters that ask for it, as they stand in a query: all of them have to be there.
    query: &'static str,
    /// The header that has to be there too.
    header: Option<&'static str>,
    operation: Operation,
    /// What else it knows.
    parameters: &'static [&'static [&'static str]],
    /// Names with a hyphen at the end are beginnings.
    headers: &'static [&'static [&'static str]],
}

type Names = &'static [&'static [&'static str]];

const fn row(method: &'static str, level: Level, query: &'static str, operation: Operation) -> Row {
    Row { method, level, query, header: None, operation, parameters: &[], headers: &[] }
}

impl Row {
    const fn with(self, header: &'static str) -> Row {
        Row { header: Some(header), ..self }
    }

    const fn parameters(self, parameters: Names) -> Row {
        Row { parameters, ..self }
    }

    const fn headers(self, headers: Names) -> Row {
        Row { headers, ..self }
    }
}

/// What an object is stored with.
const STORED: &[&str] = &[
    "x-oss-meta-",
    "x-oss-object-acl",
    "x-oss-persistent-headers",
    "x-oss-server-side-data-encryption",
    "x-oss-server-side-encryption",
    "x-oss-server-side-encryption-key-id",
    "x-oss-storage-class",
    "x-oss-tagging",
];
/// Whether it may take the place of another.
const OVERWRITE: &[&str] = &["x-oss-forbid-overwrite"];
/// What whoever encrypts an upload in parts says of that with each of them.
const CLIENT_ENCRYPTION: &[&str] = &["x-oss-meta-client-side-encryption-"];
const CALLBACK_HEADERS: &[&str] = &["x-oss-callback", "x-oss-callback-var"];
const CALLBACK: &[&str] = &["callback", "callback-var"];
const TRAFFIC: &[&str] = &["x-oss-traffic-limit"];
const COPY_SOURCE: &str = "x-oss-copy-source";
const COPY_CONDITIONS: &[&str] = &[
    "x-oss-copy-source-if-match",
    "x-oss-copy-source-if-modified-since",
    "x-oss-copy-source-if-none-match",
    "x-oss-copy-source-if-unmodified-since",
];
const LISTING: &[&str] = &["delimiter", "encoding-type", "max-keys", "prefix"];
const VERSION: &[&str] = &["versionId"];
const ENCODING: &[&str] = &["encoding-type"];

/// Of several rows that fit the first one counts. Where an object is stored, conditions are known in order to be refused
/// in OSS's own words.
const ROWS: &[Row] =
    &[
        row("GET", Service, "", ListBuckets).parameters(&[&["marker", "max-keys", "prefix"]]),
        row("GET", Bucket, "policy&comp=callback", GetBucketCallbackPolicy),
        row("PUT", Bucket, "policy&comp=callback", PutBucketCallbackPolicy),
        row("DELETE", Bucket, "policy&comp=callback", DeleteBucketCallbackPolicy),
        row("GET", Bucket, "bucketInfo", GetBucketInfo),
        row("GET", Bucket, "location", GetBucketLocation),
        row("GET", Bucket, "acl", GetBucketAcl),
        row("PUT", Bucket, "acl", PutBucketAcl).headers(&[&["x-oss-acl"]]),
        row("GET", Bucket, "versioning", GetBucketVersioning),
        row("PUT", Bucket, "versioning", PutBucketVersioning),
        row("GET", Bucket, "live", ListLiveChannel).parameters(&[&["marker", "max-keys", "prefix"]]),
        row("GET", Bucket, "uploads", ListMultipartUploads).parameters(&[&[
            "delimiter",
            "encoding-type",
            "key-marker",
            "max-uploads",
            "prefix",
            "upload-id-marker",
        ]]),
        row("GET", Bucket, "versions", ListObjectVersions)
            .parameters(&[LISTING, &["key-marker", "version-id-marker"]]),
        row("GET", Bucket, "list-type=2", ListObjectsV2)
            .parameters(&[LISTING, &["continuation-token", "fetch-owner", "start-after"]]),
        row("GET", Bucket, "", ListObjects).parameters(&[LISTING, &["marker"]]),
        row("PUT", Bucket, "", PutBucket).headers(&[&["x-oss-acl"]]),
        row("DELETE", Bucket, "", DeleteBucket),
        row("POST", Bucket, "delete", DeleteMultipleObjects).parameters(&[ENCODING]),
        row("POST", Bucket, "", PostObject),
        row("GET", Object, "acl", GetObjectAcl).parameters(&[VERSION]),
        row("PUT", Object, "acl", PutObjectAcl).parameters(&[VERSION]).headers(&[&["x-oss-object-acl"]]),
        row("GET", Object, "tagging", GetObjectTagging).parameters(&[VERSION]),
        row("PUT", Object, "tagging", PutObjectTagging).parameters(&[VERSION]),
        row("DELETE", Object, "tagging", DeleteObjectTagging).parameters(&[VERSION]),
        row("GET", Object, "objectMeta", GetObjectMeta).parameters(&[VERSION]),
        row("HEAD", Object, "objectMeta", GetObjectMeta).parameters(&[VERSION]),
        row("GET", Object, "uploadId", ListParts).parameters(&[&[
            "encoding-type",
            "max-parts",
            "part-number-marker",
        ]]),
        row("GET", Object, "", GetObject).parameters(&[RESPONSE, TRAFFIC, VERSION]).headers(&[
            CONDITIONS,
            TRAFFIC,
            &["x-oss-range-behavior"],
        ]),
        row("HEAD", Object, "", HeadObject).parameters(&[VERSION]).headers(&[CONDITIONS]),
        row("PUT", Object, "uploadId", UploadPartCopy)
            .with(COPY_SOURCE)
            .parameters(&[TRAFFIC, &["partNumber"]])
            .headers(&[COPY_CONDITIONS, TRAFFIC, &["x-oss-copy-source-range"]]),
        // The SDK that begins an upload with its callback ends it without one, and no callback is made. So it is in OSS, too.
        row("PUT", Object, "uploadId", UploadPart).parameters(&[TRAFFIC, &["partNumber"]]).headers(&[
            TRAFFIC,
            CALLBACK_HEADERS,
            CLIENT_ENCRYPTION,
        ]),
        row("PUT", Object, "", CopyObject).with(COPY_SOURCE).headers(&[
            CONDITIONS,
            COPY_CONDITIONS,
            STORED,
            OVERWRITE,
            TRAFFIC,
            &["x-oss-metadata-directive", "x-oss-tagging-directive"],
        ]),
        row("PUT", Object, "", PutObject).parameters(&[CALLBACK, TRAFFIC]).headers(&[
            CONDITIONS,
            STORED,
            OVERWRITE,
            CALLBACK_HEADERS,
            TRAFFIC,
        ]),
        row("POST", Object, "append", AppendObject)
            .parameters(&[TRAFFIC, &["position"]])
            .headers(&[CONDITIONS, STORED, OVERWRITE, TRAFFIC]),
        row("POST", Object, "x-oss-process=", ProcessObject),
        row("POST", Object, "uploads", InitiateMultipartUpload)
            .parameters(&[ENCODING, &["sequential"]])
            .headers(&[CONDITIONS, STORED, OVERWRITE, CALLBACK_HEADERS]),
        row("POST", Object, "uploadId", CompleteMultipartUpload)
            .parameters(&[CALLBACK, ENCODING])
            .headers(&[CALLBACK_HEADERS, OVERWRITE, &["x-oss-complete-all", "x-oss-object-acl"]]),
        row("DELETE", Object, "uploadId", AbortMultipartUpload),
        row("DELETE", Object, "", DeleteObject).parameters(&[VERSION]),
    ];

/// Whether an object can be stored with a header of OSS's.
pub(crate) fn is_stored_header(name: &str) -> bool {
    is_among(name, STORED)
}

/// Whether the emulator has an operation of that name, or calls by it what it does not have.
pub(crate) fn is_name(name: &str) -> bool {
    let known = ROWS.iter().map(|row| row.operation);
    known.chain([OptionObject, Unknown]).any(|operation| operation.name() == name)
}

/// The operation that a request asks for, or why there is none.
pub(crate) fn find(level: Level, head: &Head, query: &[(String, String)]) -> Result<Operation, String> {
    // A browser asks beforehand about a request of another method, whose parameters it repeats.
    if head.method == "OPTIONS" && level != Service {
        return Ok(OptionObject);
    }
    let row = ROWS
        .iter()
        .find(|row| row.fits(level, head, query))
        .ok_or("The emulator does not have this operation.")?;
    match row.stranger(head, query) {
        None => Ok(row.operation),
        Some(name) => Err(format!("The emulator does not know {name} of {}.", row.operation.name())),
    }
}

impl Row {
    fn fits(&self, level: Level, head: &Head, query: &[(String, String)]) -> bool {
        let is_asked = |(name, value): (&str, Option<&str>)| {
            let found = query.iter().find(|(other, _)| other == name);
            found.is_some_and(|(_, found)| value.is_none_or(|value| value == found))
        };
        self.method == head.method
            && self.level == level
            && self.asked().all(is_asked)
            && self.header.is_none_or(|name| head.headers.bytes(name).is_some())
    }

    /// The parameters that ask for it, and what they must say, if that matters.
    fn asked(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        pairs.map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        })
    }

    /// Something in the request that the operation would have to know and does not.
    fn stranger(&self, head: &Head, query: &[(String, String)]) -> Option<String> {
        let parameter = query.iter().find(|(name, value)| {
            must_know_parameter(name, value)
                && self.asked().all(|(asked, _)| asked != name)
                && !self.parameters.iter().any(|group| group.contains(&name.as_str()))
        });
        let header = || {
            let mut names = head.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
            names.find(|name| must_know_header(name) && !self.knows_header(name))
        };
        parameter.map(|(name, _)| name.clone()).or_else(header)
    }

    fn knows_header(&self, name: &str) -> bool {
        self.header == Some(name) || self.headers.iter().any(|group| is_among(name, group))
    }
}

fn is_among(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name == *known || (known.ends_with('-') && name.starts_with(known)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn found(method: &str, level: Level, query: &str, header: &str) -> Result<&'static str, String> {
        let mut headers = Headers::default();
        if !header.is_empty() {
            headers.push(header, "x");
        }
        let head = Head { method: method.to_owned(), target: String::new(), http_1_0: false, headers };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), value.to_owned())
        };
        let query: Vec<_> = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        find(level, &head, &query).map(Operation::name)
    }

    #[test]
    fn operations_are_told_apart() {
        for (method, level, query, name) in [
            ("PUT", Object, "", "PutObject"),
            ("PUT", Object, "partNumber=1&uploadId=x", "UploadPart"),
            ("POST", Object, "uploads", "InitiateMultipartUpload"),
            ("POST", Object, "uploadId=x", "CompleteMultipartUpload"),
            ("POST", Object, "append&position=0", "AppendObject"),
            ("POST", Object, "x-oss-process", "ProcessObject"),
            ("DELETE", Object, "uploadId=x", "AbortMultipartUpload"),
            ("DELETE", Object, "", "DeleteObject"),
            ("GET", Object, "uploadId=x", "ListParts"),
            ("GET", Bucket, "uploads", "ListMultipartUploads"),
            ("GET", Bucket, "prefix=a&list-type=2", "ListObjectsV2"),
            ("GET", Object, "", "GetObject"),
            ("GET", Object, "from=mail", "GetObject"),
            ("HEAD", Object, "", "HeadObject"),
            ("HEAD", Object, "objectMeta", "GetObjectMeta"),
            ("POST", Bucket, "", "PostObject"),
            ("OPTIONS", Object, "uploads", "OptionObject"),
            ("OPTIONS", Bucket, "", "OptionObject"),
            ("PUT", Bucket, "policy&comp=callback", "PutBucketCallbackPolicy"),
            ("GET", Bucket, "comp=callback&policy", "GetBucketCallbackPolicy"),
        ] {
            assert_eq!(found(method, level, query, ""), Ok(name), "{method} {level:?} {query}");
        }
        assert_eq!(found("PUT", Object, "", "X-Oss-Copy-Source"), Ok("CopyObject"));
        assert_eq!(found("PUT", Object, "uploadId=x", "x-oss-copy-source"), Ok("UploadPartCopy"));
        assert_eq!(found("PUT", Object, "", "x-oss-meta-a"), Ok("PutObject"));
    }

    #[test]
    fn the_page_for_users_names_the_operations() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/emulator.md");
        let page = std::fs::read_to_string(path).unwrap();
        for name in ROWS.iter().map(|row| row.operation.name()) {
            assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
        }
    }

    #[test]
    fn an_operation_that_does_not_know_all_of_a_request_is_not_carried_out() {
        for (method, level, query, header) in [
            ("DELETE", Bucket, "overwriteConfig", ""),
            ("DELETE", Bucket, "prefix=a", ""),
            ("PUT", Bucket, "lifecycle", ""),
            ("PUT", Bucket, "policy", ""),
            ("PUT", Bucket, "something-new", ""),
            ("GET", Bucket, "regionList", ""),
            ("PUT", Object, "retention", ""),
            ("PUT", Object, "partNumber=1", ""),
            ("PUT", Object, "versionId=1", ""),
            ("GET", Object, "x-oss-process=image/resize,w_100", ""),
            ("GET", Object, "x-oss-ac-source-ip=10.0.0.1", ""),
            ("PUT", Object, "rename=other", ""),
            ("GET", Object, "udfImage=x", ""),
            ("POST", Object, "append&position=0&callback=e30=", ""),
            ("POST", Object, "append&position=0", "x-oss-callback"),
            ("POST", Object, "uploadId=x", "If-None-Match"),
            ("DELETE", Object, "", "If-Match"),
            ("DELETE", Object, "", "x-oss-callback"),
            ("PUT", Object, "", "X-Oss-Object-Worm-Mode"),
            ("PUT", Object, "", "x-oss-copy-source-if-match"),
            ("POST", Object, "", ""),
            ("OPTIONS", Service, "", ""),
            ("PATCH", Object, "", ""),
        ] {
            assert!(found(method, level, query, header).is_err(), "{method} {level:?} {query} {header}");
        }
        let reason = found("PUT", Object, "retention", "").unwrap_err();
        assert_eq!(reason, "The emulator does not know retention of PutObject.");
    }
}
