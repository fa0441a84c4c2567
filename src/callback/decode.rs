//! A callback that somebody else has encoded, as it travels.

use super::{BodyType, Callback, Settings, Target};
use crate::wire::mistake::Mistake;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value};

impl Callback {
    /// Reads settings in Base64, with these variables beside them. Its rules are for OSS to judge.
    pub(crate) fn decode(settings: &str, variables: Vec<(String, String)>) -> Result<Callback, Mistake> {
        let target = Target::decode(settings).ok_or_else(|| unreadable("settings"))?;
        Ok(Callback { target, variables, delivery_variable: None })
    }

    /// Reads variables in Base64.
    pub(crate) fn decode_variables(variables: &str) -> Result<Vec<(String, String)>, Mistake> {
        let json = BASE64_STANDARD.decode(variables).ok();
        let variables = json.and_then(|json| serde_json::from_slice(&json).ok()).and_then(texts);
        variables.ok_or_else(|| unreadable("variables"))
    }
}

fn unreadable(what: &str) -> Mistake {
    Mistake::new(format!("the {what} of the callback that was signed cannot be read"))
}

impl Target {
    fn decode(settings: &str) -> Option<Target> {
        let json = BASE64_STANDARD.decode(settings).ok()?;
        let mut fields: Map<String, Value> = serde_json::from_slice(&json).ok()?;
        Some(match fields.remove("callbackPolicy") {
            Some(name) => Target::Policy(text(name)?),
            None => Target::Settings(Settings::decode(fields)?),
        })
    }
}

impl Settings {
    fn decode(mut fields: Map<String, Value>) -> Option<Settings> {
        let mut take = |name: &str| fields.remove(name);
        Some(Settings {
            urls: text(take("callbackUrl")?)?.split(';').map(str::to_owned).collect(),
            body: text(take("callbackBody")?)?,
            host: take("callbackHost").map(|host| text(host).ok_or(())).transpose().ok()?,
            body_type: match take("callbackBodyType") {
                None => None,
                Some(Value::String(body_type)) if body_type == "application/json" => Some(BodyType::Json),
                Some(Value::String(body_type)) if body_type == "application/x-www-form-urlencoded" => {
                    Some(BodyType::Form)
                }
                Some(_) => return None,
            },
            sni: take("callbackSNI").map(|sni| sni.as_bool().ok_or(())).transpose().ok()?,
            headers: match take("additionalHeaders") {
                None => Vec::new(),
                Some(Value::Object(headers)) => texts(headers)?,
                Some(_) => return None,
            },
            fields: fields.into_iter().map(|(name, value)| (name, value.to_string())).collect(),
        })
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn texts(values: Map<String, Value>) -> Option<Vec<(String, String)>> {
    values.into_iter().map(|(name, value)| Some((name, text(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_read_again() {
        let mut callback = Callback::new("http://a.example.com/?q=1", "o=${object}&u=${x:u}").unwrap();
        let read = |callback: &Callback| {
            let encoded = callback.encode().unwrap();
            let variables = encoded.variables.map(|text| Callback::decode_variables(&text).unwrap());
            Callback::decode(&encoded.callback, variables.unwrap_or_default()).unwrap()
        };
        assert_eq!(read(&callback), callback);
        callback.add_url("b.example.com").unwrap();
        callback.set_host("h").unwrap();
        callback.set_sni(true).unwrap();
        callback.set_body_type(BodyType::Json).unwrap();
        callback.add_header("a", "1").unwrap();
        callback.set_field("signatureVersion", "\"2.0\"").unwrap();
        callback.add_variable("x:u", "1").unwrap();
        assert_eq!(read(&callback), callback);
        let policy = Callback::with_policy("p").unwrap();
        assert_eq!(read(&policy), policy);
    }

    #[test]
    fn what_is_no_callback_is_not_read() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"callbackUrl":"a"}"#,
            r#"{"callbackUrl":1,"callbackBody":"b"}"#,
            r#"{"callbackUrl":"a","callbackBody":"b","callbackBodyType":"text/plain"}"#,
            r#"{"callbackUrl":"a","callbackBody":"b","callbackSNI":"true"}"#,
            r#"{"callbackUrl":"a","callbackBody":"b","callbackHost":1}"#,
            r#"{"callbackUrl":"a","callbackBody":"b","additionalHeaders":{"a":1}}"#,
            r#"{"callbackPolicy":1}"#,
        ] {
            assert!(Callback::decode(&BASE64_STANDARD.encode(json), vec![]).is_err(), "{json}");
        }
        assert!(Callback::decode("*", vec![]).is_err());
        assert!(Callback::decode_variables("*").is_err());
        assert!(Callback::decode_variables(&BASE64_STANDARD.encode(r#"{"x:a":1}"#)).is_err());
    }
}
