//! The policy of a form: until when it may be sent, and what its fields may say.

use serde_json::Value;

use super::form::Form;
use crate::clock::parse_iso_date;
use crate::errors::OssError;
use crate::text::base64_decode;

/// Refuses a form that its policy does not allow.
pub(super) fn check(
    policy: &str,
    form: &Form,
    bucket: &str,
    now_ms: i64,
    is_v4: bool,
) -> Result<(), OssError> {
    let policy = decode(policy)?;
    let expiration = policy["expiration"]
        .as_str()
        .and_then(parse_iso_date)
        .ok_or_else(|| invalid("The policy has no valid expiration.").ec("0006-00000208"))?;
    let conditions =
        policy["conditions"].as_array().ok_or_else(|| invalid("The policy has no conditions."))?;
    let parsed = conditions.iter().map(Condition::parse).collect::<Result<Vec<_>, _>>()?;
    if now_ms > expiration {
        return Err(denied("Policy expired."));
    }
    for (condition, text) in parsed.iter().zip(conditions) {
        if !condition.holds(form, bucket)? {
            return Err(denied(&format!("Policy Condition failed: {text}")));
        }
    }
    // A token only where there is one.
    let needed = ["x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token"];
    let is_missing =
        |name: &&str| form.get(name).is_some() && !parsed.iter().any(|condition| condition.is_about(name));
    match needed.into_iter().filter(|_| is_v4).find(is_missing) {
        Some(missing) => Err(denied(&format!("the policy has no condition for {missing}"))),
        None => Ok(()),
    }
}

fn invalid(message: &str) -> OssError {
    OssError::new(400, "InvalidPolicyDocument", message)
}

fn denied(what: &str) -> OssError {
    OssError::access_denied(format!("Invalid according to Policy: {what}"))
}

fn decode(policy: &str) -> Result<Value, OssError> {
    base64_decode(policy)
        .and_then(|json| String::from_utf8(json).ok())
        .and_then(|json| serde_json::from_str(&with_plain_dollars(&json)).ok())
        .ok_or_else(|| invalid("The policy is not Base64 of JSON."))
}

/// A dollar sign that is one can be written `\$`, which JSON does not know.
fn with_plain_dollars(json: &str) -> String {
    let mut plain = String::with_capacity(json.len());
    let mut characters = json.chars();
    while let Some(character) = characters.next() {
        match (character, characters.as_str().chars().next()) {
            ('\\', Some('$')) => {}
            ('\\', Some(escaped)) => {
                plain.extend(['\\', escaped]);
                characters.next();
            }
            (other, _) => plain.push(other),
        }
    }
    plain
}

/// What a policy asks for.
enum Condition<'a> {
    /// How much data there is.
    Length {
        min: u64,
        max: u64,
    },
    Field {
        name: String,
        test: Test<'a>,
    },
}

/// What the value of a field has to be.
enum Test<'a> {
    Equal(&'a str),
    Start(&'a str),
    In(Vec<&'a str>),
    NotIn(Vec<&'a str>),
}

impl<'a> Condition<'a> {
    fn parse(condition: &'a Value) -> Result<Condition<'a>, OssError> {
        match condition {
            Value::Object(fields) => match fields.iter().next() {
                Some((name, value)) if fields.len() == 1 => {
                    Ok(Condition::Field { name: name.to_ascii_lowercase(), test: Test::Equal(text(value)?) })
                }
                _ => Err(invalid("A condition that is a map has exactly one member.")),
            },
            Value::Array(items) => match items.as_slice() {
                [Value::String(kind), min, max] if kind == "content-length-range" => {
                    Condition::length(min, max)
                }
                [Value::String(kind), Value::String(field), value] => {
                    let test = Test::parse(kind, value)?;
                    let name = field
                        .strip_prefix('$')
                        .ok_or_else(|| invalid("A condition's field lacks its dollar sign."))?;
                    Ok(Condition::Field { name: name.to_ascii_lowercase(), test })
                }
                _ => Err(invalid("A condition has the wrong form.")),
            },
            _ => Err(invalid("A condition is neither a map nor a list.").ec("0006-00000222")),
        }
    }

    fn length(min: &Value, max: &Value) -> Result<Condition<'a>, OssError> {
        let range = min.as_u64().zip(max.as_u64());
        let (min, max) = range.ok_or_else(|| invalid("A range of lengths is not one of numbers."))?;
        if min > max {
            return Err(invalid("A range of lengths ends before it begins.").ec("0006-00000221"));
        }
        Ok(Condition::Length { min, max })
    }

    fn is_about(&self, field: &str) -> bool {
        matches!(self, Condition::Field { name, .. } if name == field)
    }

    fn holds(&self, form: &Form, bucket: &str) -> Result<bool, OssError> {
        match self {
            Condition::Length { min, max } => {
                check_length(form.file.data.len() as u64, *min, *max).map(|()| true)
            }
            Condition::Field { name, test } if name == "bucket" => Ok(test.passes(bucket)),
            Condition::Field { name, test: Test::Equal(value) } => Ok(form.get(name) == Some(value)),
            Condition::Field { name, test } => Ok(test.passes(form.get(name).unwrap_or_default())),
        }
    }
}

impl<'a> Test<'a> {
    fn parse(kind: &str, value: &'a Value) -> Result<Test<'a>, OssError> {
        match kind {
            "eq" => text(value).map(Test::Equal),
            "starts-with" => text(value).map(Test::Start),
            "in" => texts(value).map(Test::In),
            "not-in" => texts(value).map(Test::NotIn),
            _ => Err(invalid("A condition has an unknown operator.")),
        }
    }

    fn passes(&self, value: &str) -> bool {
        match self {
            Test::Equal(wanted) => *wanted == value,
            Test::Start(start) => value.starts_with(start),
            Test::In(list) => list.contains(&value),
            Test::NotIn(list) => !list.contains(&value),
        }
    }
}

fn check_length(size: u64, min: u64, max: u64) -> Result<(), OssError> {
    if size > max {
        return Err(OssError::entity_too_large(max));
    }
    if size < min {
        return Err(OssError::new(
            400,
            "EntityTooSmall",
            "Your proposed upload smaller than the minimum allowed size.",
        ));
    }
    Ok(())
}

fn of_another_type() -> OssError {
    invalid("The value of a condition is of another type than its operator asks for.").ec("0006-00000224")
}

fn text(value: &Value) -> Result<&str, OssError> {
    value.as_str().ok_or_else(of_another_type)
}

fn texts(value: &Value) -> Result<Vec<&str>, OssError> {
    value.as_array().ok_or_else(of_another_type)?.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_sign_may_be_escaped() {
        for (json, plain) in
            [(r#"{"a":"\$5"}"#, r#"{"a":"$5"}"#), (r#"["\\$5\n\"$"]"#, r#"["\\$5\n\"$"]"#), ("\\", "\\")]
        {
            assert_eq!(with_plain_dollars(json), plain);
        }
    }

    #[test]
    fn conditions_have_the_form_that_oss_asks_for() {
        let ec =
            |json: &str| Condition::parse(&serde_json::from_str(json).unwrap()).map(drop).unwrap_err().ec;
        assert_eq!(ec("{}"), None);
        assert_eq!(ec(r#"{"a":"b","c":"d"}"#), None);
        assert_eq!(ec("123"), Some("0006-00000222"));
        assert_eq!(ec(r#"["content-length-range",10,1]"#), Some("0006-00000221"));
        for json in [
            r#"["not-in","cache-control","no-cache"]"#,
            r#"["in","$key","k"]"#,
            r#"["in","$key",[1]]"#,
            r#"["eq","$key",1]"#,
            r#"["starts-with","$key",["k"]]"#,
            r#"{"key":1}"#,
        ] {
            assert_eq!(ec(json), Some("0006-00000224"), "{json}");
        }
    }
}
