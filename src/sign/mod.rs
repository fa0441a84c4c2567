//! Signatures V1 and V4 in the `Authorization` header and in the URL: pure functions of request, identity and clock.
//!
//! What is signed are the decoded values. It makes no difference to a signature whether the bucket travels in the
//! host or in the path.

use std::borrow::Cow;
use std::fmt;

use crate::wire::header;

mod hash;
pub mod v1;
pub mod v4;

/// The header that carries an STS token.
const SECURITY_TOKEN: &str = "x-oss-security-token";

/// Who signs.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// Public part of the key.
    pub access_key_id: &'a str,
    /// Secret part of the key.
    pub access_key_secret: &'a str,
    /// Set for temporary credentials. An empty token counts as none.
    pub security_token: Option<&'a str>,
}

impl<'a> Identity<'a> {
    fn token(&self) -> Option<&'a str> {
        self.security_token.filter(|token| !token.is_empty())
    }
}

/// Shows the key id, and of the rest only whether it is there.
impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("access_key_id", &self.access_key_id)
            .field("has_security_token", &self.token().is_some())
            .finish_non_exhaustive()
    }
}

/// What is signed. All values are decoded.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// In upper case.
    pub method: &'a str,
    /// `None` at service level.
    pub bucket: Option<&'a str>,
    /// `None` at bucket level.
    pub key: Option<&'a str>,
    /// Names and values. An empty value stands for a name alone.
    pub query: &'a [(String, String)],
    /// As they are given, blanks around values included. All that are sent and start with `x-oss-` must be here,
    /// except those that signing adds.
    pub headers: &'a [(String, String)],
}

/// Leaves out values, which may be confidential.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .field("query", &names(self.query))
            .field("headers", &names(self.headers))
            .finish()
    }
}

/// What signing gives.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    /// What was signed; with V1 it may contain the STS token.
    pub string_to_sign: String,
    /// V4 only; may contain the STS token.
    pub canonical_request: Option<String>,
    /// The value of the header `Authorization`.
    pub authorization: String,
    /// What must be sent besides `Authorization`. Names are in lower case.
    pub headers_added: Vec<(String, String)>,
}

/// Shows which headers were added and nothing that is confidential.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("headers_added", &names(&self.headers_added))
            .finish_non_exhaustive()
    }
}

/// A signature in a URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Presigned {
    /// What was signed. It contains secret values.
    pub string_to_sign: String,
    /// V4's canonical request.
    pub canonical_request: Option<String>,
    /// All parameters of the URL, decoded: those of the request and those of the signature.
    pub query: Vec<(String, String)>,
}

/// Shows names, never values: who has the signature can use the URL.
impl fmt::Debug for Presigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presigned").field("query", &names(&self.query)).finish_non_exhaustive()
    }
}

fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

/// A header as it is signed: name in lower case, value trimmed.
type SignedHeader<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Puts headers in the order of signing, byte-wise by name, and joins repeated ones as HTTP does.
fn sort_headers(headers: &mut Vec<SignedHeader<'_>>) {
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));
    headers.dedup_by(|(name, value), (kept_name, kept_value)| {
        let same = name == kept_name;
        if same {
            let joined = kept_value.to_mut();
            joined.push(',');
            joined.push_str(value);
        }
        same
    });
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn is_oss_header(name: &str) -> bool {
    name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-oss-"))
}

fn push_header_lines(text: &mut String, headers: &[SignedHeader<'_>]) {
    for (name, value) in headers {
        text.push_str(name);
        text.push(':');
        text.push_str(value);
        text.push('\n');
    }
}

/// The trimmed value of the first header of this name.
fn header_value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| header::trim(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const IDENTITY: Identity<'_> =
        Identity { access_key_id: "akid", access_key_secret: "SECRET", security_token: Some("TOKEN") };
    const SCOPE: v4::Scope<'_> = v4::Scope { region: "cn-hangzhou", product: "oss" };

    fn request<'a>(query: &'a [(String, String)], headers: &'a [(String, String)]) -> Request<'a> {
        Request { method: "PUT", bucket: Some("bkt"), key: Some("k"), query, headers }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let (query, headers) = (owned(&[("q", "QVALUE")]), owned(&[("x-oss-h", "HVALUE")]));
        let request = request(&query, &headers);
        for text in [
            format!("{IDENTITY:?}"),
            format!("{request:?}"),
            format!("{:?}", v1::sign(&request, &IDENTITY, 0)),
            format!("{:?}", v4::sign(&request, &IDENTITY, &SCOPE, &[], 0)),
            format!("{:?}", v1::presign(&request, &IDENTITY, 900)),
            format!("{:?}", v4::presign(&request, &IDENTITY, &SCOPE, &[], 0, 900)),
            format!("{:?}", v4::SigningKey::new(&IDENTITY, &SCOPE, 0)),
        ] {
            for secret in ["SECRET", "TOKEN", "QVALUE", "HVALUE", "Signature=", "OSS akid"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn repeated_headers_are_joined_in_their_order() {
        let headers = owned(&[("x-oss-meta-b", "2"), ("X-Oss-Meta-A", " 1 "), ("x-oss-meta-a", "0")]);
        let expected = "x-oss-meta-a:1,0\nx-oss-meta-b:2\n";
        let identity = Identity { security_token: None, ..IDENTITY };
        assert!(v1::sign(&request(&[], &headers), &identity, 0).string_to_sign.contains(expected));
        let signature = v4::sign(&request(&[], &headers), &identity, &SCOPE, &[], 0);
        assert!(signature.canonical_request.unwrap().contains(expected));
    }

    #[test]
    fn the_lines_of_v1_are_trimmed() {
        let headers =
            owned(&[("Content-MD5", " md5 "), ("content-type", "\ttype "), ("X-Oss-Date", " now ")]);
        let signature = v1::sign(&request(&[], &headers), &IDENTITY, 0);
        assert!(signature.string_to_sign.starts_with("PUT\nmd5\ntype\nnow\nx-oss-date:now\n"));
    }

    #[test]
    fn an_empty_token_is_none() {
        let identity = Identity { security_token: Some(""), ..IDENTITY };
        let added = v1::sign(&request(&[], &[]), &identity, 0).headers_added;
        assert_eq!(names(&added), ["date"]);
        let added = v4::sign(&request(&[], &[]), &identity, &SCOPE, &[], 0).headers_added;
        assert_eq!(names(&added), ["x-oss-content-sha256", "x-oss-date"]);
    }

    #[test]
    fn a_header_that_signing_sets_is_signed_once() {
        let headers =
            owned(&[("X-Oss-Security-Token", "old"), ("x-oss-date", "old"), ("x-oss-content-sha256", "old")]);
        let signature = v4::sign(&request(&[], &headers), &IDENTITY, &SCOPE, &[], 0);
        let canonical = signature.canonical_request.unwrap();
        assert!(!canonical.contains("old"), "{canonical}");
        assert_eq!(canonical.matches("x-oss-").count(), 3, "{canonical}");
        let signature = v1::sign(&request(&[], &headers[..1]), &IDENTITY, 0);
        assert!(signature.string_to_sign.contains("x-oss-security-token:TOKEN\n/bkt/k"));
    }
}
