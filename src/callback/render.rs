//! The body that OSS sends for a callback: the template, filled in.

use super::template::{Piece, SYSTEM_VARIABLES, pieces};
use super::{BodyType, Callback, Target, check};
use crate::wire::key;
use crate::wire::mistake::{Mistake, shown};
use std::collections::BTreeMap;

/// What comes as a bare number in JSON.
const NUMBERS: [&str; 3] = ["size", "imageInfo.height", "imageInfo.width"];
/// What not every upload has, or OSS alone knows.
const MAY_BE_ABSENT: [&str; 6] =
    ["contentMd5", "vpcId", "clientIp", "imageInfo.height", "imageInfo.width", "imageInfo.format"];

/// What OSS knows of an upload, by the names of its variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// Sets what one of OSS's variables stands for, or one that was set for the upload alone, in place of what it stood for
    /// before.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        if name.starts_with("x:") {
            check::check_variable_name(name)?;
        } else if !SYSTEM_VARIABLES.contains(&name) {
            return Err(Mistake::new(format!(
                "OSS has no variable {}; it has {}",
                shown(name),
                SYSTEM_VARIABLES.join(", ")
            )));
        }
        if NUMBERS.contains(&name) && value.parse::<u64>().is_err() {
            return Err(Mistake::new(format!("{name} is a number, not {}", shown(value))));
        }
        self.put(name, value);
        Ok(())
    }

    /// The same for a name that OSS has, and for a value that it can have.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// These, and `others` where these say nothing.
    pub fn or(&self, others: &Values) -> Values {
        let mut all = others.clone();
        all.0.extend(self.0.clone());
        all
    }
}

impl Callback {
    /// The body that OSS sends after an upload of which it knows `values`.
    ///
    /// A value that some uploads do not have is empty if it is not given, and null for an image that is none. Any other that
    /// the template names has to be there.
    pub fn render(&self, values: &Values) -> Result<String, Mistake> {
        let Target::Settings(settings) = &self.target else {
            return Err(Mistake::new(
                "the template is in the bucket's policy, so the body cannot be made here",
            ));
        };
        self.check_references(&settings.body)?;
        let body_type = settings.body_type.unwrap_or(BodyType::Form);
        let mut body = String::with_capacity(settings.body.len());
        for piece in pieces(&settings.body) {
            match piece? {
                Piece::Text(text) => body.push_str(text),
                Piece::Placeholder(name) => body.push_str(&self.literal(name, values, body_type)?),
            }
        }
        Ok(body)
    }

    fn literal(&self, name: &str, values: &Values, body_type: BodyType) -> Result<String, Mistake> {
        let own = self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let value = own.or_else(|| values.0.get(name));
        Ok(match (value, body_type) {
            (Some(value), BodyType::Form) => key::encode(value),
            (Some(value), BodyType::Json) if NUMBERS.contains(&name) => value.clone(),
            (Some(value), BodyType::Json) => quoted(value),
            (None, _) if !MAY_BE_ABSENT.contains(&name) => {
                return Err(Mistake::new(format!(
                    "what {name} stands for is not known, and has to be given"
                )));
            }
            (None, BodyType::Form) => String::new(),
            (None, BodyType::Json) if name.starts_with("imageInfo.") => "null".to_owned(),
            (None, BodyType::Json) => quoted(""),
        })
    }
}

/// A JSON string: slashes and what is not ASCII stay as they are.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a variable comes as a string in JSON, with quotes of its own.
pub(super) fn is_quoted(name: &str) -> bool {
    !NUMBERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback(body: &str, body_type: BodyType) -> Callback {
        let mut callback = Callback::new("http://a.example.com", body).unwrap();
        callback.set_body_type(body_type).unwrap();
        callback
    }

    #[test]
    fn what_some_uploads_do_not_have_is_empty() {
        let body = "${contentMd5}|${vpcId}|${clientIp}|${imageInfo.height}|${imageInfo.format}";
        let values = Values::default();
        assert_eq!(callback(body, BodyType::Form).render(&values).unwrap(), "||||");
        assert_eq!(callback(body, BodyType::Json).render(&values).unwrap(), r#"""|""|""|null|null"#);
    }

    #[test]
    fn what_every_upload_has_must_be_known() {
        for name in ["bucket", "object", "etag", "size", "mimeType", "crc64", "reqId", "operation"] {
            let callback = callback(&format!("${{{name}}}"), BodyType::Form);
            let mistake = callback.render(&Values::default()).unwrap_err().to_string();
            assert!(mistake.contains(name), "{mistake}");
            let mut values = Values::default();
            values.set(name, "1").unwrap();
            assert_eq!(callback.render(&values).unwrap(), "1");
        }
    }

    #[test]
    fn values_are_written_as_the_body_type_has_them() {
        let mut values = Values::default();
        values.set("object", "a/b c\"é").unwrap();
        values.set("size", "7").unwrap();
        values.set("crc64", "18446744073709551615").unwrap();
        let body = "$ o=${object}$&s=${size}&c=${crc64}&u=${x:u}";
        let with_variable = |body_type| {
            let mut callback = callback(body, body_type);
            callback.add_variable("x:u", "${size}\n").unwrap();
            callback.render(&values).unwrap()
        };
        assert_eq!(
            with_variable(BodyType::Form),
            "$ o=a%2Fb%20c%22%C3%A9$&s=7&c=18446744073709551615&u=%24%7Bsize%7D%0A"
        );
        assert_eq!(
            with_variable(BodyType::Json),
            "$ o=\"a/b c\\\"é\"$&s=7&c=\"18446744073709551615\"&u=\"${size}\\n\""
        );
    }

    #[test]
    fn wrong_values_are_refused_and_change_nothing() {
        let mut values = Values::default();
        for (name, value) in
            [("x:A", "1"), ("Size", "1"), ("size", "-1"), ("size", ""), ("imageInfo.width", "1px")]
        {
            assert!(values.set(name, value).is_err(), "{name}={value}");
        }
        assert_eq!(values, Values::default());
    }

    #[test]
    fn given_values_come_before_known_ones() {
        let (mut given, mut known) = (Values::default(), Values::default());
        given.put("etag", "given");
        known.put("etag", "known");
        known.put("size", "1");
        let callback = callback("${etag} ${size}", BodyType::Form);
        assert_eq!(callback.render(&given.or(&known)).unwrap(), "given 1");
    }

    #[test]
    fn variables_that_are_not_set_and_policies_cannot_be_rendered() {
        let values = Values::default();
        assert!(callback("${x:a}", BodyType::Form).render(&values).is_err());
        assert!(Callback::with_policy("p").unwrap().render(&values).is_err());
    }
}
