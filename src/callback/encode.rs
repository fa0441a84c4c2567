//! A callback as it travels: compact JSON in Base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{BodyType, Callback, Settings, Target, Values, check};
use crate::wire::mistake::Mistake;
use std::collections::BTreeMap;

/// The two texts that go into a request: as headers `x-oss-callback` and `x-oss-callback-var`, or as the query
/// parameters `callback` and `callback-var`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    /// The settings.
    pub callback: String,
    /// The variables, if there are any.
    pub variables: Option<String>,
}

impl Encoded {
    /// The body of a request that has OSS call for an object which is there already. It is sent as it is: Base64 keeps its
    /// padding, and nothing is percent-encoded.
    pub fn to_trigger(&self) -> String {
        let variables = self.variables.as_deref().unwrap_or_default();
        format!("x-oss-process=trigger/callback,callback_{},callback-var_{variables}", self.callback)
    }
}

impl Callback {
    /// Encodes it for one upload, after checking that OSS accepts texts of this length.
    pub fn encode(&self) -> Result<Encoded, Mistake> {
        let delivered = self.delivered()?;
        let variables = (!delivered.variables.is_empty()).then(|| delivered.encode_variables());
        Ok(Encoded { callback: delivered.encode_settings()?, variables: variables.transpose()? })
    }

    /// Encodes it for a request that carries the variables beside it: the body may name only those that are set.
    pub fn encode_with_variables(&self) -> Result<Encoded, Mistake> {
        if let Target::Settings(settings) = &self.target {
            self.check_references(&settings.body)?;
        }
        self.encode()
    }

    /// Checks that each variable of one's own that the body names is set.
    pub(super) fn check_references(&self, body: &str) -> Result<(), Mistake> {
        check::wrong_references(body, |name| self.has_variable(name)).next().map_or(Ok(()), Err)
    }

    pub(super) fn encode_settings(&self) -> Result<String, Mistake> {
        let json = match &self.target {
            Target::Settings(settings) => settings_json(settings),
            Target::Policy(name) => object(&[("callbackPolicy", &quoted(name))]),
        };
        encoded("settings", &json)
    }

    pub(super) fn encode_variables(&self) -> Result<String, Mistake> {
        encoded("variables", &object_of_texts(&self.variables))
    }
}

impl Values {
    /// The variables of one's own in a text as it travels; none if it is no such text.
    pub(crate) fn of_variables(encoded: &str) -> Values {
        let json = BASE64_STANDARD.decode(encoded).unwrap_or_default();
        let variables: BTreeMap<String, String> = serde_json::from_slice(&json).unwrap_or_default();
        let mut values = Values::default();
        for (name, value) in variables.iter().filter(|(name, _)| name.starts_with("x:")) {
            values.put(name, value);
        }
        values
    }
}

fn encoded(what: &str, json: &str) -> Result<String, Mistake> {
    let encoded = BASE64_STANDARD.encode(json);
    check::check_encoded(what, &encoded)?;
    Ok(encoded)
}

fn settings_json(settings: &Settings) -> String {
    let urls = quoted(&settings.urls.join(";"));
    let host = settings.host.as_deref().map(quoted);
    let body = quoted(&settings.body);
    let headers = object_of_texts(&settings.headers);
    let mut fields: Vec<(&str, &str)> = Vec::new();
    fields.push(("callbackUrl", &urls));
    if let Some(host) = &host {
        fields.push(("callbackHost", host));
    }
    fields.push(("callbackBody", &body));
    if let Some(body_type) = settings.body_type {
        let literal = match body_type {
            BodyType::Form => "\"application/x-www-form-urlencoded\"",
            BodyType::Json => "\"application/json\"",
        };
        fields.push(("callbackBodyType", literal));
    }
    if let Some(sni) = settings.sni {
        fields.push(("callbackSNI", if sni { "true" } else { "false" }));
    }
    if !settings.headers.is_empty() {
        fields.push(("additionalHeaders", &headers));
    }
    fields.extend(settings.fields.iter().map(|(name, json)| (name.as_str(), json.as_str())));
    object(&fields)
}

/// A JSON string literal.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A JSON object of texts in the order given.
fn object_of_texts(texts: &[(String, String)]) -> String {
    let literals: Vec<String> = texts.iter().map(|(_, text)| quoted(text)).collect();
    let names = texts.iter().map(|(name, _)| name.as_str());
    object(&names.zip(literals.iter().map(String::as_str)).collect::<Vec<_>>())
}

/// A JSON object in the order given; values are literals. A map type would sort the fields.
fn object(fields: &[(&str, &str)]) -> String {
    let mut json = String::from("{");
    for (position, (name, literal)) in fields.iter().enumerate() {
        if position > 0 {
            json.push(',');
        }
        json.push_str(&quoted(name));
        json.push(':');
        json.push_str(literal);
    }
    json.push('}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback_with_delivery() -> Callback {
        let mut callback = Callback::new("http://a.example.com", "a=${x:a}").unwrap();
        callback.set_delivery_variable("x:a").unwrap();
        callback
    }

    fn decoded(text: &str) -> String {
        String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap()
    }

    #[test]
    fn fields_come_in_their_order_and_only_when_set() {
        let mut callback = Callback::new("http://a/?q=\"\\", "o=${object}").unwrap();
        let encoded = callback.encode().unwrap();
        assert_eq!(
            decoded(&encoded.callback),
            r#"{"callbackUrl":"http://a/?q=\"\\","callbackBody":"o=${object}"}"#
        );
        assert_eq!(encoded.variables, None);

        callback.add_url("b").unwrap();
        callback.set_host("h").unwrap();
        callback.set_sni(false).unwrap();
        callback.set_body_type(BodyType::Form).unwrap();
        callback.add_header("b", "\"").unwrap();
        callback.add_header("a", "").unwrap();
        callback.set_field("z\"", "[1, \"}\"]").unwrap();
        callback.set_field("y", "null").unwrap();
        callback.add_variable("x:b", "2\n").unwrap();
        callback.add_variable("x:a", "\u{0}é\u{2028}").unwrap();
        let encoded = callback.encode().unwrap();
        assert_eq!(
            decoded(&encoded.callback),
            "{\"callbackUrl\":\"http://a/?q=\\\"\\\\;b\",\"callbackHost\":\"h\",\"callbackBody\":\"o=${object}\",\
             \"callbackBodyType\":\"application/x-www-form-urlencoded\",\"callbackSNI\":false,\
             \"additionalHeaders\":{\"b\":\"\\\"\",\"a\":\"\"},\"z\\\"\":[1, \"}\"],\"y\":null}"
        );
        assert_eq!(decoded(&encoded.variables.unwrap()), "{\"x:b\":\"2\\n\",\"x:a\":\"\\u0000é\u{2028}\"}");
    }

    #[test]
    fn variables_are_read_as_they_were_written() {
        let mut callback = Callback::new("http://a.example.com", "a=${x:a}").unwrap();
        callback.add_variable("x:a", "1 é").unwrap();
        let values = Values::of_variables(&callback.encode().unwrap().variables.unwrap());
        let other = Callback::new("http://a.example.com", "a=${x:a}").unwrap();
        assert!(other.render(&values).is_err(), "it is not set");
        callback = callback_with_delivery();
        assert_eq!(callback.render(&values).unwrap(), "a=1%20%C3%A9");
        for text in ["", "*", "e30=", "W10=", "eyJ4OmEiOjF9", &BASE64_STANDARD.encode(r#"{"bucket":"b"}"#)] {
            assert_eq!(Values::of_variables(text), Values::default(), "{text}");
        }
    }

    #[test]
    fn a_policy_is_all_there_is() {
        let encoded = Callback::with_policy("my \"policy\"").unwrap().encode().unwrap();
        assert_eq!(decoded(&encoded.callback), r#"{"callbackPolicy":"my \"policy\""}"#);
    }

    #[test]
    fn each_text_has_its_limit() {
        // 3840 bytes of JSON make exactly 5120 of Base64.
        let frame = r#"{"callbackUrl":"http://a","callbackBody":""}"#.len();
        let callback = |length: usize| Callback::new("http://a", &"b".repeat(length)).unwrap();
        assert_eq!(callback(3840 - frame).encode().unwrap().callback.len(), check::ENCODED_MAX);
        let mistake = callback(3841 - frame).encode().unwrap_err().to_string();
        assert!(mistake.contains("settings take 5124 bytes"), "{mistake}");

        let mut callback = callback(1);
        callback.add_variable("x:a", &"v".repeat(3840 - r#"{"x:a":""}"#.len())).unwrap();
        assert_eq!(callback.encode().unwrap().variables.unwrap().len(), check::ENCODED_MAX);
        callback.add_variable("x:b", "").unwrap();
        assert!(callback.encode_with_variables().unwrap_err().to_string().contains("variables take"));
    }
}
