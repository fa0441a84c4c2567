//! Headers that a callback is to have besides OSS's own. What is known of them are OSS's refusals.

use serde_json::Value;

use crate::errors::OssError;

const LIMIT: usize = 10;

/// The headers of the field `additionalHeaders`.
pub(super) fn parse(value: &Value) -> Result<Vec<(String, String)>, OssError> {
    let refuse = |message: &str| OssError::argument("additionalHeaders", &value.to_string(), message);
    let fields = value
        .as_object()
        .ok_or_else(|| refuse("The additional headers are not a map.").ec("0007-00000021"))?;
    if fields.len() > LIMIT {
        return Err(refuse("The number of additional headers exceeds max value."));
    }
    fields
        .iter()
        .map(|(name, value)| {
            let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() {
                return Err(refuse("The key of an additional header is empty.").ec("0007-00000023"));
            }
            if !name.bytes().all(legal) {
                return Err(refuse("The key of an additional header has characters that are not allowed."));
            }
            if name.starts_with("x-oss-") {
                return Err(
                    refuse("The key of an additional header must not start with x-oss-.").ec("0007-00000026")
                );
            }
            match value {
                Value::String(value) if value.contains(['\r', '\n']) => {
                    Err(refuse("The value of an additional header has a line end.").ec("0007-00000025"))
                }
                Value::String(value) => Ok((name.clone(), value.clone())),
                _ => Err(refuse("The value of an additional header is not a string.")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_and_refused_as_the_error_pages_say() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/callback_additional_headers.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let vectors = document["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let parsed = parse(&vector["input"]["config"]["additionalHeaders"]);
            let expected = &vector["output"];
            assert_eq!(Some(parsed.is_ok()), expected["accepted"].as_bool(), "{}", vector["name"]);
            assert_eq!(
                parsed.err().and_then(|error| error.ec),
                expected["ec"].as_str(),
                "{}",
                vector["name"]
            );
        }
    }

    #[test]
    fn values_are_strings() {
        assert!(parse(&serde_json::json!({"a": 1})).is_err());
        assert_eq!(parse(&serde_json::json!({"a": ""})).unwrap(), [("a".to_owned(), String::new())]);
    }
}
