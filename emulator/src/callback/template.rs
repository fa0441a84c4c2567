//! The callback's body: a template with `${name}` placeholders.

use std::collections::BTreeMap;

use crate::errors::OssError;
use crate::text::percent_encode;

/// How the body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyType {
    Form,
    Json,
}

impl BodyType {
    pub fn content_type(self) -> &'static str {
        match self {
            BodyType::Form => "application/x-www-form-urlencoded",
            BodyType::Json => "application/json",
        }
    }
}

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    /// A property that the object does not have, such as the width of a text.
    Absent,
}

/// The system variables of one callback.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// Refuses templates whose placeholders are broken.
pub(super) fn check(template: &str) -> Result<(), OssError> {
    let refuse = |value: &str, message: &str| {
        OssError::argument("ReplaceKeyPrefix", value, message).ec("0007-00000105")
    };
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        let placeholder = &rest[at..];
        rest = &placeholder[1..];
        if let Some(name) = rest.strip_prefix('{') {
            let end = name.find('}').ok_or_else(|| refuse(placeholder, "Right brace is missing."))?;
            rest = &name[end + 1..];
        } else if rest.trim_start().starts_with('{') {
            return Err(refuse(placeholder, "Left brace must be adjacent to dollar sign."));
        }
    }
    Ok(())
}

/// Fills the template in. A variable that nobody defined is like one that is empty.
pub(super) fn render(
    template: &str,
    body_type: BodyType,
    values: &Values,
    variables: &BTreeMap<String, String>,
) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        let Some(length) = rest[at..].find('}') else {
            break;
        };
        out.push_str(&rest[..at]);
        let name = &rest[at + 2..at + length];
        let value = match variables.get(name) {
            Some(text) => Value::Text(text.clone()),
            None => values.get(name).cloned().unwrap_or_else(|| Value::Text(String::new())),
        };
        out.push_str(&literal(&value, body_type));
        rest = &rest[at + length + 1..];
    }
    out.push_str(rest);
    out
}

fn literal(value: &Value, body_type: BodyType) -> String {
    match (value, body_type) {
        (Value::Text(text), BodyType::Form) => percent_encode(text),
        // The JSON text of a string, with its quotes; slashes and non-ASCII characters stay.
        (Value::Text(text), BodyType::Json) => serde_json::Value::from(text.as_str()).to_string(),
        (Value::Number(number), _) => number.to_string(),
        (Value::Absent, BodyType::Form) => String::new(),
        (Value::Absent, BodyType::Json) => "null".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_bodies_are_reproduced() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/callback_body.json");
        let text = std::fs::read_to_string(path).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vectors = json["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        const NAMES: &[&str] = &["object", "size", "mimeType", "imageInfo.height", "imageInfo.width"];
        for vector in vectors {
            let mut values = Values::new();
            let mut variables = BTreeMap::new();
            for (name, value) in vector["input"]["values"].as_object().unwrap() {
                match NAMES.iter().find(|known| *known == name) {
                    Some(known) => {
                        let value = match value.as_u64() {
                            Some(number) => Value::Number(number),
                            None => Value::Text(value.as_str().unwrap().to_owned()),
                        };
                        values.insert(known, value);
                    }
                    None => {
                        variables.insert(name.clone(), value.as_str().unwrap().to_owned());
                    }
                }
            }
            let body_type = match vector["input"]["callbackBodyType"].as_str().unwrap() {
                "application/json" => BodyType::Json,
                _ => BodyType::Form,
            };
            let template = vector["input"]["callbackBody"].as_str().unwrap();
            assert_eq!(check(template).map_err(|error| error.message), Ok(()));
            let body = render(template, body_type, &values, &variables);
            assert_eq!(body, vector["output"]["body"].as_str().unwrap(), "{}", vector["name"]);
        }
    }

    #[test]
    fn values_are_written_for_their_body_type_and_the_rest_stays() {
        let values =
            Values::from([("object", Value::Text("a \"/中".into())), ("imageInfo.width", Value::Absent)]);
        let variables = BTreeMap::from([("x:a".to_owned(), String::new())]);
        let template = "${object}|${imageInfo.width}|${x:a}|${x:none}|$(object)|%24%7Bobject%7D|${";
        assert_eq!(
            render(template, BodyType::Form, &values, &variables),
            "a%20%22%2F%E4%B8%AD||||$(object)|%24%7Bobject%7D|${"
        );
        assert_eq!(
            render(template, BodyType::Json, &values, &variables),
            "\"a \\\"/中\"|null|\"\"|\"\"|$(object)|%24%7Bobject%7D|${"
        );
    }

    #[test]
    fn broken_placeholders_are_refused() {
        for template in ["a=$ {object}", "a=${object"] {
            assert_eq!(check(template).unwrap_err().ec, Some("0007-00000105"), "{template}");
        }
        for template in ["a=$(object)", "a=$", "${object}$", "${a$ {b}"] {
            assert!(check(template).is_ok(), "{template}");
        }
    }
}
