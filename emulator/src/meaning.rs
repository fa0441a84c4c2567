//! Which bucket, which key and which operation a request means.

use crate::config::Config;
use crate::errors::OssError;
use crate::host::bucket_of_host;
use crate::http::Head;
use crate::operation::{self, Level, Operation};
use crate::text::{number, percent_decode};

/// A request's meaning, read from its line and its `Host`.
#[derive(Debug, Clone)]
pub(crate) struct Meaning {
    pub operation: Operation,
    /// Why the operation is unknown.
    pub unknown: Option<String>,
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
    pub fn of(head: &Head, config: &Config) -> Meaning {
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

        let host_bucket = bucket_of_host(&host, config);
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
        let level = match (&bucket, &key) {
            (_, Some(_)) => Level::Object,
            (Some(_), None) => Level::Bucket,
            (None, None) => Level::Service,
        };
        let (operation, unknown) = match operation::find(level, head, &query) {
            Ok(operation) => (operation, None),
            Err(reason) => (Operation::Unknown, Some(reason)),
        };
        Meaning { operation, unknown, bucket, key, query, path_style, host, key_is_not_utf8 }
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that must be a number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, OssError> {
        match self.parameter(name) {
            None | Some("") => Ok(None),
            Some(text) => match number(text) {
                Some(number) => Ok(Some(number)),
                None => Err(OssError::argument(name, text, format!("{name} must be an integer."))),
            },
        }
    }
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

/// The pairs of a query or a form, decoded.
pub(crate) fn parse_query(raw: &str) -> Vec<(String, String)> {
    let text = |part: &str| String::from_utf8_lossy(&percent_decode(part, true)).into_owned();
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (text(name), text(value)),
            None => (text(pair), String::new()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Headers;

    fn meaning(method: &str, target: &str, host: &str) -> Meaning {
        let mut headers = Headers::default();
        headers.push("Host", host);
        let head = Head { method: method.to_owned(), target: target.to_owned(), http_1_0: false, headers };
        let cnames = [("static.example.com".to_owned(), "b2".to_owned())].into();
        Meaning::of(&head, &Config { cnames, ..Config::default() })
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
        assert_eq!(address("/a/k", "b.localhost:80"), pair("b", "a/k"));
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
}
