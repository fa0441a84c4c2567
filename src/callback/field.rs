//! The rules for fields of the settings that have no setter of their own.

use crate::wire::mistake::{Mistake, shown};
use serde_json::Value;

/// What sets each of the fields that are known.
const SET_OTHERWISE: [(&str, &str); 7] = [
    ("callbackUrl", "the URLs are"),
    ("callbackHost", "the host is"),
    ("callbackBody", "the body is"),
    ("callbackBodyType", "the body type is"),
    ("callbackSNI", "SNI is"),
    ("additionalHeaders", "headers are"),
    ("callbackPolicy", "a policy is"),
];
/// The only other field that OSS's documentation names. Its value is a string.
const SIGNATURE_VERSION: &str = "signatureVersion";

/// Checks a field whose value is given as JSON.
pub(super) fn check(name: &str, json: &str) -> Result<(), Mistake> {
    if name.is_empty() {
        return Err(Mistake::new("the name of a callback field is empty"));
    }
    if let Some((_, what)) = SET_OTHERWISE.iter().find(|(known, _)| *known == name) {
        return Err(Mistake::new(format!("the callback field {name} cannot be set: {what} set otherwise")));
    }
    let value: Value = serde_json::from_str(json)
        .map_err(|error| Mistake::new(format!("the callback field {} is no JSON: {error}", shown(name))))?;
    if name == SIGNATURE_VERSION && !value.is_string() {
        return Err(Mistake::new("the callback field signatureVersion is no JSON string, with its quotes"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_json_is_a_value() {
        for json in ["null", " true ", "-1e3", "\"\"", "[1, {\"a\": []}]", "{}"] {
            assert_eq!(check("later", json), Ok(()), "{json}");
        }
        assert_eq!(check(SIGNATURE_VERSION, "\"2.0\""), Ok(()));
    }

    #[test]
    fn what_is_no_json_is_refused_and_not_repeated() {
        for json in ["", "text", "1,\"b\":2", "{", "'a'", "1 2", "\"VALUE"] {
            let mistake = check("later", json).unwrap_err().to_string();
            assert!(mistake.contains("no JSON") && !mistake.contains("VALUE"), "{json}: {mistake}");
        }
        for json in ["2.0", "null", "[\"2.0\"]"] {
            assert!(check(SIGNATURE_VERSION, json).is_err(), "{json}");
        }
    }

    #[test]
    fn fields_with_setters_are_left_to_them() {
        for (name, _) in SET_OTHERWISE {
            assert!(check(name, "\"a\"").unwrap_err().to_string().contains("set otherwise"), "{name}");
        }
        assert!(check("", "1").is_err());
    }
}
