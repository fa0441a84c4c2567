//! Signature V4: HMAC-SHA256 with a key that is bound to day, region and product.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use zeroize::{Zeroize, Zeroizing};

use super::{
    Identity, Presigned, Request, SECURITY_TOKEN, Signature, SignedHeader, hash, is_oss_header, lower_case,
};
use crate::wire::{date, header, key};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";
const TERMINATOR: &str = "aliyun_v4_request";
const CONTENT_SHA256: &str = "x-oss-content-sha256";
const DATE: &str = "x-oss-date";
/// The only payload hash that OSS accepts.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Where a signature is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The bucket's region without `oss-`, such as `cn-hangzhou`; the id of a cloud box for that product.
    pub region: &'a str,
    /// `oss` or `oss-cloudbox`.
    pub product: &'a str,
}

/// The key that signs for one day. Deriving it takes most of the work of a signature, so it is worth keeping.
///
/// As secret as what it was made from, for as long as its day lasts; wiped when dropped.
pub struct SigningKey {
    key: [u8; 32],
    day: String,
    scope: String,
}

impl SigningKey {
    /// Derives the key for the day of `unix_s`.
    pub fn new(identity: &Identity<'_>, scope: &Scope<'_>, unix_s: i64) -> Self {
        let day = date::iso_day(unix_s);
        let mut secret = Zeroizing::new(Vec::with_capacity(9 + identity.access_key_secret.len()));
        secret.extend_from_slice(b"aliyun_v4");
        secret.extend_from_slice(identity.access_key_secret.as_bytes());
        let mut key = hash::hmac_sha256(&secret, day.as_bytes());
        for step in [scope.region, scope.product, TERMINATOR] {
            let mut next = hash::hmac_sha256(&key, step.as_bytes());
            std::mem::swap(&mut key, &mut next);
            next.zeroize();
        }
        let scope = scope_text(scope, &day);
        Self { key, day, scope }
    }

    /// True while the key signs for this instant.
    pub fn covers(&self, unix_s: i64) -> bool {
        self.day == date::iso_day(unix_s)
    }

    /// Signs text: lower-case hexadecimal.
    fn sign_text(&self, text: &str) -> String {
        let mut signature = String::with_capacity(64);
        hash::push_hex(&mut signature, &hash::hmac_sha256(&self.key, text.as_bytes()));
        signature
    }
}

impl Drop for SigningKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

/// Shows the scope, never the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Signs a request for the `Authorization` header, with a key that was derived from this identity on the day of `unix_s`.
///
/// Adds `x-oss-content-sha256`, `x-oss-date`, and `x-oss-security-token` for temporary credentials. A `Date` header
/// is neither needed nor signed.
pub fn sign(
    request: &Request<'_>,
    identity: &Identity<'_>,
    signing_key: &SigningKey,
    unix_s: i64,
) -> Signature {
    let now = date::iso_basic(unix_s);
    let headers = signed_headers(request, identity, &now);
    let canonical_request = canonical_request(request, request.query, &headers);
    let signature = signing_key.sign_text(&string_to_sign(&canonical_request, signing_key, &now));
    let authorization = format!(
        "{ALGORITHM} Credential={}/{},Signature={signature}",
        identity.access_key_id, signing_key.scope
    );

    let mut headers_added = Vec::with_capacity(3);
    headers_added.push((CONTENT_SHA256.to_owned(), UNSIGNED_PAYLOAD.to_owned()));
    headers_added.push((DATE.to_owned(), now));
    if let Some(token) = identity.token() {
        headers_added.push((SECURITY_TOKEN.to_owned(), token.to_owned()));
    }
    Signature { authorization, headers_added }
}

/// Signs a request in its URL, which is good for `expires_in_s` seconds from `unix_s` on.
///
/// The query gets the parameters of the signature, and `x-oss-security-token` for temporary credentials. `Content-Type`,
/// `Content-MD5` and `x-oss-*` are signed, so whoever uses the URL has to send them.
pub fn presign(
    request: &Request<'_>,
    identity: &Identity<'_>,
    scope: &Scope<'_>,
    unix_s: i64,
    expires_in_s: u64,
) -> Presigned {
    let signing_key = SigningKey::new(identity, scope, unix_s);
    let now = date::iso_basic(unix_s);
    let mut query = request.query.to_vec();
    let mut add = |name: &str, value: String| query.push((name.to_owned(), value));
    add("x-oss-signature-version", ALGORITHM.to_owned());
    add("x-oss-credential", format!("{}/{}", identity.access_key_id, signing_key.scope));
    add(DATE, now.clone());
    add("x-oss-expires", expires_in_s.to_string());
    if let Some(token) = identity.token() {
        add(SECURITY_TOKEN, token.to_owned());
    }
    let mut headers = given_headers(request, |_| false);
    super::sort_headers(&mut headers);
    let canonical_request = canonical_request(request, &query, &headers);
    let signature = signing_key.sign_text(&string_to_sign(&canonical_request, &signing_key, &now));
    query.push(("x-oss-signature".to_owned(), signature));
    Presigned { query }
}

/// Signs the policy of a form, which is JSON and has conditions for what [`policy_fields`] gives. Gives the form's fields:
/// those, `policy` and `x-oss-signature`.
pub fn sign_policy(
    policy: &str,
    identity: &Identity<'_>,
    scope: &Scope<'_>,
    unix_s: i64,
) -> Vec<(String, String)> {
    let policy = BASE64_STANDARD.encode(policy);
    let signature = SigningKey::new(identity, scope, unix_s).sign_text(&policy);
    let mut fields = policy_fields(identity, scope, unix_s);
    fields.push(("policy".to_owned(), policy));
    fields.push(("x-oss-signature".to_owned(), signature));
    fields
}

/// The fields of the signature for which OSS wants the policy to have conditions.
pub fn policy_fields(identity: &Identity<'_>, scope: &Scope<'_>, unix_s: i64) -> Vec<(String, String)> {
    let scope = scope_text(scope, &date::iso_day(unix_s));
    let mut fields = vec![
        ("x-oss-signature-version".to_owned(), ALGORITHM.to_owned()),
        ("x-oss-credential".to_owned(), format!("{}/{scope}", identity.access_key_id)),
        (DATE.to_owned(), date::iso_basic(unix_s)),
    ];
    if let Some(token) = identity.token() {
        fields.push((SECURITY_TOKEN.to_owned(), token.to_owned()));
    }
    fields
}

fn scope_text(scope: &Scope<'_>, day: &str) -> String {
    format!("{day}/{}/{}/{TERMINATOR}", scope.region, scope.product)
}

fn string_to_sign(canonical_request: &str, signing_key: &SigningKey, now: &str) -> String {
    let mut text = String::with_capacity(100 + signing_key.scope.len());
    for line in [ALGORITHM, now, &signing_key.scope] {
        text.push_str(line);
        text.push('\n');
    }
    hash::push_hex(&mut text, &hash::sha256(canonical_request.as_bytes()));
    text
}

fn is_signed(name: &str) -> bool {
    is_oss_header(name)
        || name.eq_ignore_ascii_case("content-type")
        || name.eq_ignore_ascii_case("content-md5")
}

fn canonical_request(
    request: &Request<'_>,
    query: &[(String, String)],
    headers: &[SignedHeader<'_>],
) -> Zeroizing<String> {
    let mut text = super::text_to_sign(request, query, headers);
    text.push_str(request.method);
    text.push_str("\n/");
    if let Some(bucket) = request.bucket {
        text.push_str(bucket);
        text.push('/');
        text.push_str(&key::encoded_keeping_slash(request.key.unwrap_or_default()));
    }
    text.push('\n');
    push_query(&mut text, query);
    text.push('\n');
    super::push_header_lines(&mut text, headers);
    // Between the line ends would be the names of additional headers, of which there are none.
    text.push_str("\n\n");
    text.push_str(UNSIGNED_PAYLOAD);
    text
}

fn signed_headers<'a>(request: &Request<'a>, identity: &Identity<'a>, now: &'a str) -> Vec<SignedHeader<'a>> {
    let token = identity.token();
    let set_here = |name: &str| {
        name.eq_ignore_ascii_case(DATE)
            || name.eq_ignore_ascii_case(CONTENT_SHA256)
            || (token.is_some() && name.eq_ignore_ascii_case(SECURITY_TOKEN))
    };
    let mut headers = given_headers(request, set_here);
    headers.push((Cow::Borrowed(CONTENT_SHA256), Cow::Borrowed(UNSIGNED_PAYLOAD)));
    headers.push((Cow::Borrowed(DATE), Cow::Borrowed(now)));
    if let Some(token) = token {
        headers.push((Cow::Borrowed(SECURITY_TOKEN), Cow::Borrowed(token)));
    }
    super::sort_headers(&mut headers);
    headers
}

/// Those of the request's headers that are signed, without those that are left out.
fn given_headers<'a>(request: &Request<'a>, left_out: impl Fn(&str) -> bool) -> Vec<SignedHeader<'a>> {
    let headers = request.headers.iter().filter(|(name, _)| is_signed(name) && !left_out(name));
    headers.map(|(name, value)| (lower_case(name), Cow::Borrowed(header::trim(value)))).collect()
}

/// Every parameter, sorted by its encoded name.
fn push_query(text: &mut String, query: &[(String, String)]) {
    let mut encoded: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        query.iter().map(|(name, value)| (key::encoded(name), key::encoded(value))).collect();
    encoded.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (position, (name, value)) in encoded.iter().enumerate() {
        if position > 0 {
            text.push('&');
        }
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: Identity<'_> =
        Identity { access_key_id: "ak", access_key_secret: "sk", security_token: None };
    const SCOPE: Scope<'_> = Scope { region: "cn-hangzhou", product: "oss" };

    #[test]
    fn a_kept_key_signs_the_same_until_midnight() {
        let request = Request { method: "GET", bucket: None, key: None, query: &[], headers: &[] };
        let noon = 1_703_937_600;
        let late = 1_703_980_799;
        let [kept, fresh, next] =
            [noon, late, late + 1].map(|unix_s| SigningKey::new(&IDENTITY, &SCOPE, unix_s));
        assert!(kept.covers(late));
        assert!(!kept.covers(late + 1));
        let sign_late = |key: &SigningKey| sign(&request, &IDENTITY, key, late);
        assert_eq!(sign_late(&kept), sign_late(&fresh));
        assert_ne!(sign_late(&kept), sign_late(&next));
    }
}
