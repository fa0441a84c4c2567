//! Settings of callbacks, made at random: as they are sent, and as a program sets them.

pub mod random;
pub mod rules;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_upload::callback::{BodyType, Callback, Severity};
use oss_upload::wire::mistake::Mistake;
pub use random::spelled;
use rules::Rule;

/// The id of a delivery.
const ID: &str = "0123456789abcdef0123456789abcdef";

/// What a program wants to set.
#[derive(Debug, Default)]
pub struct Settings {
    pub urls: Vec<String>,
    pub host: Option<String>,
    pub body: String,
    pub body_type: Option<BodyType>,
    pub sni: Option<bool>,
    pub headers: Vec<(String, String)>,
    /// Names and JSON, or what is meant to be JSON.
    pub fields: Vec<(String, String)>,
    pub variables: Vec<(String, String)>,
    pub delivery_variable: Option<String>,
}

/// The two texts of a request.
pub struct Encoded {
    pub callback: String,
    /// Empty for none.
    pub variables: String,
}

/// As much of the settings as the library took, and the rules by which it refused the rest.
pub struct Attempt {
    pub callback: Callback,
    pub rules: Vec<Rule>,
}

impl Settings {
    /// The JSON that says all of it, right or wrong.
    pub fn json(&self) -> String {
        let mut fields = vec![("callbackUrl", quoted(&self.urls.join(";")))];
        fields.extend(self.host.iter().map(|host| ("callbackHost", quoted(host))));
        fields.push(("callbackBody", quoted(&self.body)));
        fields.extend(self.body_type.map(|body_type| {
            let name = match body_type {
                BodyType::Form => "application/x-www-form-urlencoded",
                BodyType::Json => "application/json",
            };
            ("callbackBodyType", quoted(name))
        }));
        fields.extend(self.sni.map(|sni| ("callbackSNI", sni.to_string())));
        if !self.headers.is_empty() {
            fields.push(("additionalHeaders", object_of_texts(&self.headers)));
        }
        fields.extend(self.fields.iter().map(|(name, json)| (name.as_str(), json.clone())));
        object(&fields)
    }

    /// As it is sent.
    pub fn encoded(&self) -> Encoded {
        let mut variables = self.variables.clone();
        variables.extend(self.delivery_variable.iter().map(|name| (name.clone(), ID.to_owned())));
        let variables = match variables.is_empty() {
            true => String::new(),
            false => BASE64_STANDARD.encode(object_of_texts(&variables)),
        };
        Encoded { callback: BASE64_STANDARD.encode(self.json()), variables }
    }

    /// As a program sets it, which goes on after each refusal.
    pub fn attempted(&self) -> Attempt {
        let mut rules = Vec::new();
        let mut note = |set: Result<(), Mistake>, rule: &dyn Fn(&str) -> Rule| {
            rules.extend(set.err().map(|mistake| rule(&mistake.to_string())));
        };
        let url = &self.urls[0];
        note(Callback::new(url, "b").map(drop), &Rule::of);
        note(Callback::new("http://a", &self.body).map(drop), &Rule::of_body);
        let mut callback = Callback::new(url, &self.body)
            .or_else(|_| Callback::new(url, "b"))
            .or_else(|_| Callback::new("http://a", &self.body))
            .or_else(|_| Callback::new("http://a", "b"))
            .unwrap();
        for url in &self.urls[1..] {
            note(callback.add_url(url), &Rule::of);
        }
        if let Some(host) = &self.host {
            note(callback.set_host(host), &Rule::of);
        }
        if let Some(body_type) = self.body_type {
            note(callback.set_body_type(body_type), &Rule::of);
        }
        if let Some(sni) = self.sni {
            note(callback.set_sni(sni), &Rule::of);
        }
        for (name, value) in &self.headers {
            note(callback.add_header(name, value), &Rule::of);
        }
        for (name, json) in &self.fields {
            note(callback.set_field(name, json), &Rule::of);
        }
        for (name, value) in &self.variables {
            note(callback.add_variable(name, value), &|mistake| Rule::of_name(mistake, name));
        }
        if let Some(name) = &self.delivery_variable {
            note(callback.set_delivery_variable(name), &|mistake| Rule::of_name(mistake, name));
        }
        let callback = callback.delivered_as(ID).into_owned();
        let findings = callback.findings().into_iter().filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<Rule> = findings.map(|finding| Rule::of(&finding.message)).collect();
        assert_eq!(callback.encode_with_variables().is_err(), !errors.is_empty(), "{errors:?}");
        rules.extend(errors);
        Attempt { callback, rules }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn object_of_texts(texts: &[(String, String)]) -> String {
    let fields: Vec<(&str, String)> =
        texts.iter().map(|(name, text)| (name.as_str(), quoted(text))).collect();
    object(&fields)
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, json)| format!("{}:{json}", quoted(name))).collect();
    format!("{{{}}}", fields.join(","))
}
