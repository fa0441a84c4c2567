//! Signature V4: what a request must have been signed with.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::sign_v1::Signed;
use crate::text::{hex_lower, percent_encode, percent_encode_path};

pub(crate) const ALGORITHM: &str = "OSS4-HMAC-SHA256";
pub(crate) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// `<id>/<date>/<region>/<product>/aliyun_v4_request`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub id: String,
    pub date: String,
    pub region: String,
    pub product: String,
    pub terminator: String,
}

impl Scope {
    /// Splits a credential. What its parts must be is for the caller to check.
    pub fn parse(credential: &str) -> Option<Scope> {
        // An access key id may hold slashes, so the parts are counted from the end.
        let mut parts = credential.rsplitn(5, '/');
        let terminator = parts.next()?.to_owned();
        let product = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let date = parts.next()?.to_owned();
        let id = parts.next()?.to_owned();
        (!id.is_empty()).then_some(Scope { id, date, region, product, terminator })
    }

    fn text(&self) -> String {
        let Scope { date, region, product, terminator, .. } = self;
        format!("{date}/{region}/{product}/{terminator}")
    }
}

/// The fields of an `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub credential: String,
    pub additional_headers: Option<String>,
    pub signature: String,
}

/// Reads the header's value; blanks after the commas and the order of the fields do not matter.
pub(crate) fn parse_authorization(value: &str) -> Option<Authorization> {
    let fields: BTreeMap<&str, &str> = value
        .strip_prefix(ALGORITHM)?
        .strip_prefix(' ')?
        .split(',')
        .map(|field| field.trim().split_once('='))
        .collect::<Option<_>>()?;
    let field = |name: &str| fields.get(name).map(|value| (*value).to_owned());
    Some(Authorization {
        credential: field("Credential")?,
        additional_headers: field("AdditionalHeaders"),
        signature: field("Signature")?,
    })
}

/// The canonical request. `additional` are the names of further signed headers, lower-cased and sorted.
pub(crate) fn canonical_request(signed: Signed, additional: &[String], payload: &str) -> Vec<u8> {
    let mut query: Vec<(String, String)> = signed
        .query
        .iter()
        .filter(|(name, _)| name != "x-oss-signature")
        .map(|(name, value)| (percent_encode(name), percent_encode(value)))
        .collect();
    query.sort();
    let query: Vec<String> = query
        .into_iter()
        .map(|(name, value)| match value.as_str() {
            "" => name,
            value => format!("{name}={value}"),
        })
        .collect();

    // Fields that arrive more than once are one field with commas.
    let mut headers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (name, value) in signed.headers.iter() {
        let name = name.to_ascii_lowercase();
        let by_default =
            matches!(name.as_str(), "content-type" | "content-md5") || name.starts_with("x-oss-");
        if by_default || additional.contains(&name) {
            let value = value.trim_ascii();
            headers
                .entry(name)
                .and_modify(|joined| {
                    joined.push(b',');
                    joined.extend_from_slice(value);
                })
                .or_insert_with(|| value.to_vec());
        }
    }

    let mut text = Vec::new();
    for line in [signed.method, &percent_encode_path(signed.resource), &query.join("&")] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    for (name, value) in &headers {
        text.extend_from_slice(name.as_bytes());
        text.push(b':');
        text.extend_from_slice(value);
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(additional.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload.as_bytes());
    text
}

/// The string to sign.
pub(crate) fn string_to_sign(date: &str, scope: &Scope, canonical_request: &[u8]) -> String {
    let hash = hex_lower(&Sha256::digest(canonical_request));
    format!("{ALGORITHM}\n{date}\n{}\n{hash}", scope.text())
}

/// The signing key of a day, a region and a product.
pub(crate) fn signing_key(secret: &str, scope: &Scope) -> Vec<u8> {
    let mut key = format!("aliyun_v4{secret}").into_bytes();
    for part in [&scope.date, &scope.region, &scope.product, &scope.terminator] {
        key = hmac_sha256(&key, part.as_bytes());
    }
    key
}

/// The hexadecimal signature of a string.
pub(crate) fn signature(signing_key: &[u8], string_to_sign: &str) -> String {
    hex_lower(&hmac_sha256(signing_key, string_to_sign.as_bytes()))
}

fn hmac_sha256(key: &[u8], data: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(data);
            mac.finalize().into_bytes().to_vec()
        }
        Err(_) => unreachable!("HMAC takes keys of every length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_written_forms_of_the_header_are_read() {
        let first = "OSS4-HMAC-SHA256 Credential=i/20231216/r/oss/aliyun_v4_request,AdditionalHeaders=host,Signature=ab";
        let second = "OSS4-HMAC-SHA256 Credential=i/20231216/r/oss/aliyun_v4_request, Signature=ab, AdditionalHeaders=host";
        let parsed = parse_authorization(first).unwrap();
        assert_eq!(Some(&parsed), parse_authorization(second).as_ref());
        assert_eq!(parsed.additional_headers.as_deref(), Some("host"));
        assert_eq!(Scope::parse(&parsed.credential).unwrap().region, "r");
        assert_eq!(parse_authorization("OSS4-HMAC-SHA256 Credential=i"), None);
        assert_eq!(parse_authorization("OSS4-HMAC-SHA256"), None);
    }
}
