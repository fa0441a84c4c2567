//! The settings of a callback, checked before any data are stored.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::headers;
use super::template::{self, BodyType};
use crate::errors::OssError;
use crate::text::{base64_decode, number};

/// Each of the two Base64 texts may be as long as this.
const TEXT_LIMIT: usize = 5 * 1024;
const URL_LIMIT: usize = 5;

/// Where a callback goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallbackUrl {
    pub https: bool,
    pub host: String,
    pub port: u16,
    /// Host and port as in the URL, for the `Host` header.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

/// How a callback says that it is signed. The second version is for those whom the service has invited, and how it signs is not
/// known: here it is as the first one, under another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignatureVersion {
    First,
    Second,
}

impl SignatureVersion {
    pub fn text(self) -> &'static str {
        match self {
            SignatureVersion::First => "1.0",
            SignatureVersion::Second => "2.0",
        }
    }
}

/// Settings that were found to be right.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub urls: Vec<CallbackUrl>,
    pub host: Option<String>,
    pub body: String,
    pub body_type: BodyType,
    pub sni: bool,
    pub headers: Vec<(String, String)>,
    pub signature_version: SignatureVersion,
    /// The `x:` variables.
    pub variables: BTreeMap<String, String>,
}

/// The settings that a text has, with the JSON that it is the Base64 of.
pub(super) fn decode(text: &str) -> Result<(Map<String, Value>, String), OssError> {
    let refuse = |value: &str, message: &str| OssError::argument("callback", value, message);
    if text.len() > TEXT_LIMIT {
        return Err(refuse(text, "The callback configuration is too long.").ec("0007-00000001"));
    }
    let json = base64_decode(text).ok_or_else(|| {
        refuse(text, "The callback configuration is not base64 encoded.").ec("0007-00000002")
    })?;
    let shown = String::from_utf8_lossy(&json).into_owned();
    let fields = json_object(&json).ok_or_else(|| {
        refuse(&shown, "The callback configuration is not json format.").ec("0007-00000003")
    })?;
    Ok((fields, shown))
}

/// A callback whose settings are all there; `shown` is what an error repeats of them.
pub(super) fn parse(
    fields: &Map<String, Value>,
    shown: &str,
    variables: BTreeMap<String, String>,
) -> Result<Option<Callback>, OssError> {
    let refuse = |name: &str, message: &str| OssError::argument(name, shown, message);
    let urls = match fields.get("callbackUrl") {
        Some(Value::String(urls)) if urls.is_empty() => return Ok(None),
        Some(Value::String(urls)) => parse_urls(urls)?,
        _ => {
            return Err(refuse("callbackUrl", "The callback url is not valid.").ec("0007-00000004"));
        }
    };
    let host = match fields.get("callbackHost") {
        None => None,
        Some(Value::String(host)) if host.is_empty() => None,
        Some(Value::String(host)) if is_host(host) => Some(host.clone()),
        Some(_) => {
            return Err(refuse("callbackHost", "The callback host is not valid.").ec("0007-00000009"));
        }
    };
    let body = match fields.get("callbackBody") {
        Some(Value::String(body)) if !body.is_empty() => body.clone(),
        _ => return Err(refuse("callbackBody", "The callback body is empty.").ec("0007-00000011")),
    };
    let body_type = match fields.get("callbackBodyType") {
        None => BodyType::Form,
        Some(Value::String(name)) => match name.as_str() {
            "" | "application/x-www-form-urlencoded" => BodyType::Form,
            "application/json" => BodyType::Json,
            _ => {
                return Err(refuse("callbackBodyType", "The body type of callback is not supported."));
            }
        },
        Some(_) => {
            return Err(
                refuse("callbackBodyType", "The body type of callback is not a string.").ec("0007-00000012")
            );
        }
    };
    let sni = match fields.get("callbackSNI") {
        None => false,
        Some(Value::Bool(sni)) => *sni,
        Some(Value::String(text)) if text == "true" => true,
        Some(Value::String(text)) if text == "false" => false,
        Some(_) => {
            return Err(refuse("callbackSNI", "The callback SNI must be true or false."));
        }
    };
    let headers = match fields.get("additionalHeaders") {
        None => Vec::new(),
        Some(headers) => headers::parse(headers)?,
    };
    let signature_version = match fields.get("signatureVersion") {
        None => SignatureVersion::First,
        Some(Value::String(version)) if version == "2.0" => SignatureVersion::Second,
        Some(Value::String(_)) => SignatureVersion::First,
        Some(_) => {
            return Err(refuse("signatureVersion", "The signature version of callback is not a string."));
        }
    };
    template::check(&body)?;
    Ok(Some(Callback { urls, host, body, body_type, sni, headers, signature_version, variables }))
}

/// Without a text there are none.
pub(super) fn parse_variables(text: &str) -> Result<BTreeMap<String, String>, OssError> {
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let refuse = |value: &str, message: &str| OssError::argument("callback-var", value, message);
    if text.len() > TEXT_LIMIT {
        return Err(refuse(text, "The callback-var configuration is too long.").ec("0007-00000101"));
    }
    let json = base64_decode(text).ok_or_else(|| {
        refuse(text, "The callback-var configuration is not base64 encoded.").ec("0007-00000102")
    })?;
    let shown = String::from_utf8_lossy(&json).into_owned();
    let fields = json_object(&json).ok_or_else(|| {
        refuse(&shown, "The callback-var configuration is not json format.").ec("0007-00000103")
    })?;
    fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(value) if is_variable_name(&name) => Ok((name, value)),
            Value::String(_) => Err(refuse(
                &shown,
                "The name of a callback variable must start with x: and be in lower case.",
            )),
            _ => Err(refuse(&shown, "The value of a callback variable must be a string.")),
        })
        .collect()
}

/// `x:` and something after it, without capitals.
pub(super) fn is_variable_name(name: &str) -> bool {
    name.strip_prefix("x:").is_some_and(|rest| !rest.is_empty() && !rest.chars().any(char::is_uppercase))
}

fn json_object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

fn parse_urls(text: &str) -> Result<Vec<CallbackUrl>, OssError> {
    let urls: Vec<&str> = text.split(';').filter(|url| !url.is_empty()).collect();
    if urls.len() > URL_LIMIT {
        return Err(OssError::argument("callbackUrl", text, "The number of callback url exceed max value.")
            .ec("0007-00000005"));
    }
    let urls =
        urls.into_iter().map(parse_url).collect::<Option<Vec<CallbackUrl>>>().filter(|urls| !urls.is_empty());
    urls.ok_or_else(|| {
        OssError::argument("callbackUrl", text, "The callback url is not valid.").ec("0007-00000004")
    })
}

/// `http` if there is no scheme. Nothing but visible ASCII, a host that is no IPv6 address, a port that is one.
fn parse_url(url: &str) -> Option<CallbackUrl> {
    if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (https, rest) = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
        // A colon and slashes behind the first slash, question mark or hash belong to what comes after the host.
        Some((scheme, _)) if !scheme.contains(['/', '?', '#']) => return None,
        _ => (false, url),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, parse_port(port)?),
        None => (authority, if https { 443 } else { 80 }),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if host.is_empty() || !host.bytes().all(named) {
        return None;
    }
    let target = match target.bytes().next() {
        None => "/".to_owned(),
        Some(b'?') => format!("/{target}"),
        Some(_) => target.to_owned(),
    };
    Some(CallbackUrl { https, host: host.to_owned(), port, authority: authority.to_owned(), target })
}

/// At most five digits, which together are a port.
fn parse_port(text: &str) -> Option<u16> {
    number(text).filter(|port| text.len() <= 5 && *port != 0)
}

/// What can stand in a `Host` header.
fn is_host(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::base64_encode;

    fn callback(json: &str) -> Result<Option<Callback>, OssError> {
        let (fields, shown) = decode(&base64_encode(json.as_bytes()))?;
        parse(&fields, &shown, BTreeMap::new())
    }

    fn with_url(url: &str) -> Result<Option<Callback>, OssError> {
        callback(&serde_json::json!({"callbackUrl": url, "callbackBody": "a=b"}).to_string())
    }

    fn refusal(json: &str) -> (Option<&'static str>, String) {
        match callback(json) {
            Err(error) => {
                assert_eq!((error.status, error.code.as_str()), (400, "InvalidArgument"));
                (error.ec, error.message)
            }
            Ok(_) => panic!("{json} was taken"),
        }
    }

    #[test]
    fn urls_are_read_as_the_service_reads_them() {
        let url = |text: &str| with_url(text).unwrap().unwrap().urls.remove(0);
        let plain = url("app.example.com:8080/a/b?c=d#fragment");
        assert_eq!((plain.https, plain.port), (false, 8080));
        assert_eq!(plain.host, "app.example.com");
        assert_eq!(plain.target, "/a/b?c=d");
        assert_eq!(url("http://h").target, "/");
        assert_eq!(url("http://h?x=http://y").target, "/?x=http://y");
        assert_eq!(url("h#a://y").host, "h");
        let https = url("HTTPS://h/p");
        assert_eq!((https.https, https.port), (true, 443));
        let many = with_url("http://a/;http://b/;").unwrap().unwrap();
        assert_eq!(many.urls.len(), 2);
        assert!(with_url("").unwrap().is_none());
    }

    #[test]
    fn wrong_urls_are_refused() {
        for url in [
            "http://",
            "http://h:0/",
            "http://h:+80/",
            "http://h:000080/",
            " http://h/",
            "http://h:99999/",
            "http://h:x/",
            "ftp://h/",
            "http://[::1]/",
            "http://h/a b",
            "http://h/中",
            "http://u:p@h/",
            ";",
        ] {
            assert_eq!(with_url(url).unwrap_err().ec, Some("0007-00000004"), "{url}");
        }
        let many = with_url("http://a;http://b;http://c;http://d;http://e;http://f").unwrap_err();
        assert_eq!(many.message, "The number of callback url exceed max value.");
    }

    #[test]
    fn each_wrong_setting_has_its_own_refusal() {
        assert_eq!(refusal("[]").0, Some("0007-00000003"));
        assert_eq!(refusal("{").1, "The callback configuration is not json format.");
        assert_eq!(refusal(r#"{"callbackBody":"x"}"#).0, Some("0007-00000004"));
        let with = |rest: &str| refusal(&format!(r#"{{"callbackUrl":"http://h"{rest}}}"#));
        assert_eq!(with("").1, "The callback body is empty.");
        assert_eq!(with(r#","callbackBody":"""#).1, "The callback body is empty.");
        assert_eq!(with(r#","callbackBody":1"#).1, "The callback body is empty.");
        let with = |rest: &str| with(&format!(r#","callbackBody":"x"{rest}"#));
        for host in ["1", r#""a b""#, r#""a\r\nb: c""#, r#""中""#] {
            assert_eq!(with(&format!(r#","callbackHost":{host}"#)).0, Some("0007-00000009"), "{host}");
        }
        assert_eq!(with(r#","callbackBodyType":1"#).0, Some("0007-00000012"));
        let unsupported = with(r#","callbackBodyType":"text/plain""#).1;
        assert_eq!(unsupported, "The body type of callback is not supported.");
        assert!(with(r#","callbackSNI":"yes""#).1.contains("SNI"));
        assert_eq!(with(r#","additionalHeaders":[]"#).0, Some("0007-00000021"));
        assert!(with(r#","signatureVersion":2"#).1.contains("not a string"));
        assert_eq!(with(r#","additionalHeaders":{"x-oss-a":"b"}"#).0, Some("0007-00000026"));
    }

    #[test]
    fn texts_must_be_base64_and_short() {
        let long = "A".repeat(TEXT_LIMIT + 4);
        assert_eq!(decode("***").unwrap_err().ec, Some("0007-00000002"));
        assert_eq!(decode(&long).unwrap_err().ec, Some("0007-00000001"));
        assert_eq!(parse_variables(&long).unwrap_err().ec, Some("0007-00000101"));
        assert_eq!(parse_variables("***").unwrap_err().ec, Some("0007-00000102"));
        assert_eq!(parse_variables("W10=").unwrap_err().ec, Some("0007-00000103"));
    }

    #[test]
    fn variables_have_lower_case_names_and_text_values() {
        let parse = |json: &str| parse_variables(&base64_encode(json.as_bytes()));
        assert!(parse(r#"{"x:a_1-b.c":"中"}"#).is_ok());
        for json in [r#"{"a":"b"}"#, r#"{"x:A":"b"}"#, r#"{"x:":"b"}"#, r#"{"x:a":1}"#] {
            assert!(parse(json).is_err(), "{json}");
        }
    }
}
