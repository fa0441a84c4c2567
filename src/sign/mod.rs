//! Signatures V1 and V4 in the `Authorization` header and in the URL: pure functions of request, identity and clock.
//!
//! What is signed are the decoded values. It makes no difference to a signature whether the bucket travels in the
//! host or in the path.

use std::borrow::Cow;
use std::fmt;

use crate::wire::header;
use zeroize::{Zeroize, Zeroizing};

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
#[derive(PartialEq, Eq)]
pub struct Signature {
    /// The value of the header `Authorization`.
    pub authorization: String,
    /// What must be sent besides `Authorization`. Names are in lower case.
    pub headers_added: Vec<(String, String)>,
}

/// Wipes what may be a security token.
impl Drop for Signature {
    fn drop(&mut self) {
        self.headers_added.iter_mut().for_each(|(_, value)| value.zeroize());
    }
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
pub struct Presigned {
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

/// Text with room for all of a request that is signed, percent-encoded: it is wiped when it is dropped, and what moved to another
/// place while it grew would be left behind.
fn text_to_sign(
    request: &Request<'_>,
    query: &[(String, String)],
    headers: &[SignedHeader<'_>],
) -> Zeroizing<String> {
    let header_bytes: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let query_bytes: usize = query.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let path_bytes = request.bucket.map_or(0, str::len) + request.key.map_or(0, str::len);
    Zeroizing::new(String::with_capacity(256 + header_bytes + 3 * (path_bytes + query_bytes)))
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

    fn sign_v1(headers: &[(&str, &str)], identity: &Identity<'_>) -> Signature {
        v1::sign(&request(&[], &owned(headers)), identity, 0)
    }

    fn sign_v4(headers: &[(&str, &str)], identity: &Identity<'_>) -> Signature {
        v4::sign(&request(&[], &owned(headers)), identity, &v4::SigningKey::new(identity, &SCOPE, 0), 0)
    }

    #[test]
    fn nothing_secret_is_shown() {
        let (query, headers) = (owned(&[("q", "QVALUE")]), owned(&[("x-oss-h", "HVALUE")]));
        let request = request(&query, &headers);
        let key = v4::SigningKey::new(&IDENTITY, &SCOPE, 0);
        for text in [
            format!("{IDENTITY:?}"),
            format!("{request:?}"),
            format!("{key:?}"),
            format!("{:?}", v1::sign(&request, &IDENTITY, 0)),
            format!("{:?}", v4::sign(&request, &IDENTITY, &key, 0)),
            format!("{:?}", v1::presign(&request, &IDENTITY, 900)),
            format!("{:?}", v4::presign(&request, &IDENTITY, &SCOPE, 0, 900)),
        ] {
            for secret in ["SECRET", "TOKEN", "QVALUE", "HVALUE", "Signature=", "OSS akid"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn repeated_headers_are_joined_in_their_order() {
        let repeated = [("x-oss-meta-b", "2"), ("X-Oss-Meta-A", " 1 "), ("x-oss-meta-a", "0")];
        let joined = [("x-oss-meta-a", "1,0"), ("x-oss-meta-b", "2")];
        for sign in [sign_v1, sign_v4] {
            assert_eq!(sign(&repeated, &IDENTITY), sign(&joined, &IDENTITY));
        }
    }

    #[test]
    fn the_lines_of_v1_are_trimmed() {
        let blanks = [("Content-MD5", " md5 "), ("content-type", "\ttype "), ("X-Oss-Date", " now ")];
        let trimmed = [("content-md5", "md5"), ("content-type", "type"), ("x-oss-date", "now")];
        assert_eq!(sign_v1(&blanks, &IDENTITY), sign_v1(&trimmed, &IDENTITY));
    }

    #[test]
    fn an_empty_token_is_none() {
        let identity = Identity { security_token: Some(""), ..IDENTITY };
        assert_eq!(names(&sign_v1(&[], &identity).headers_added), ["date"]);
        assert_eq!(names(&sign_v4(&[], &identity).headers_added), ["x-oss-content-sha256", "x-oss-date"]);
    }

    #[test]
    fn a_header_that_signing_sets_is_signed_once() {
        let old = [("X-Oss-Security-Token", "old"), ("x-oss-date", "old"), ("x-oss-content-sha256", "old")];
        assert_eq!(sign_v4(&old, &IDENTITY), sign_v4(&[], &IDENTITY));
        assert_eq!(sign_v1(&old[..1], &IDENTITY), sign_v1(&[], &IDENTITY));
    }
}
