//! What others may upload with a form (PostObject): the policy that says so, and the fields that prove it.

use super::post_form::{PostForm, check_form_key};
use crate::callback::Callback;
use crate::engine::bucket::Bucket;
use crate::engine::outcome::Outcome;
use crate::engine::rules::LARGEST_PUT;
use crate::wire::mistake::{Mistake, shown};
use crate::wire::{date, header};
use serde_json::{Value, json};

/// Fields that are not given like others: the key, what has a meaning of its own, and what signing adds.
const FIELDS_OF_THEIR_OWN: [&str; 13] = [
    "key",
    "bucket",
    "file",
    "submit",
    "callback",
    "policy",
    "ossaccesskeyid",
    "signature",
    "x-oss-signature",
    "x-oss-signature-version",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-security-token",
];
const CONTENT_TYPE: &str = "x-oss-content-type";

/// What a form may upload. All that is not said is left to whoever fills in the form.
#[derive(Debug, Clone, Default)]
pub struct PostPolicy {
    key: Option<Rule>,
    /// Least and most bytes.
    length: Option<(u64, u64)>,
    fields: Vec<(String, Rule)>,
    any_callback: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Is(String),
    BeginsWith(String),
}

impl PostPolicy {
    /// The object has this key and no other.
    pub fn set_key(&mut self, key: &str) -> Result<(), Mistake> {
        check_form_key(key)?;
        self.key = Some(Rule::Is(key.to_owned()));
        Ok(())
    }

    /// The object's key begins with this; nothing stands for any key.
    pub fn set_key_prefix(&mut self, prefix: &str) -> Result<(), Mistake> {
        if !prefix.is_empty() {
            check_form_key(prefix)?;
        }
        self.key = Some(Rule::BeginsWith(prefix.to_owned()));
        Ok(())
    }

    /// The object has so many bytes.
    pub fn set_length_range(&mut self, least: u64, most: u64) -> Result<(), Mistake> {
        if least > most || most > LARGEST_PUT {
            return Err(Mistake::new(format!(
                "{least} to {most} is no range of lengths: the first is at most the second, which is at most {LARGEST_PUT}"
            )));
        }
        self.length = Some((least, most));
        Ok(())
    }

    /// The object has this content type.
    pub fn set_content_type(&mut self, content_type: &str) -> Result<(), Mistake> {
        self.add_field(CONTENT_TYPE, content_type)
    }

    /// The form has a field with this value.
    pub fn add_field(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        self.put(name, value, Rule::Is)
    }

    /// The form has a field whose value begins with this; whoever fills in the form adds it.
    pub fn add_field_prefix(&mut self, name: &str, prefix: &str) -> Result<(), Mistake> {
        self.put(name, prefix, Rule::BeginsWith)
    }

    /// Whether whoever fills in a form without a callback may add one of their own.
    pub fn allow_any_callback(&mut self, allow: bool) {
        self.any_callback = allow;
    }

    fn put(&mut self, name: &str, value: &str, rule: impl FnOnce(String) -> Rule) -> Result<(), Mistake> {
        if name.starts_with("x:") {
            return Err(Mistake::new(format!(
                "{} is a variable of the callback; add it to that",
                shown(name)
            )));
        }
        header::check_name(name, "field")?;
        header::check_value(value, format_args!("the field {name}"))?;
        if FIELDS_OF_THEIR_OWN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Err(Mistake::new(format!(
                "the field {} is not one that can be added: it is set otherwise, or by signing",
                shown(name)
            )));
        }
        self.fields.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.fields.push((name.to_owned(), rule(value.to_owned())));
        Ok(())
    }

    /// The callback as fields of a form: its variables are fields of their own. Without one, the field is there and empty, so
    /// that it has its condition like any other and nobody can have OSS call where they like, with OSS's signature.
    fn callback_fields(&self, callback: Option<&Callback>) -> Result<Vec<(String, String)>, Mistake> {
        let field = |value| ("callback".to_owned(), value);
        let Some(callback) = callback else {
            return Ok(Vec::from_iter((!self.any_callback).then(|| field(String::new()))));
        };
        let callback = callback.delivered()?;
        let mut fields = vec![field(callback.encode()?.callback)];
        fields.extend_from_slice(callback.variables());
        Ok(fields)
    }

    /// The policy as JSON, with a condition for each of the `fields` that the form has besides its own.
    fn json<'a>(
        &self,
        key: &Rule,
        bucket: &str,
        fields: impl Iterator<Item = &'a (String, String)>,
        expires: i64,
    ) -> String {
        let mut conditions = vec![json!({ "bucket": bucket }), key.condition("key")];
        conditions.extend(self.length.map(|(least, most)| json!(["content-length-range", least, most])));
        conditions.extend(self.fields.iter().map(|(name, rule)| rule.condition(name)));
        conditions.extend(fields.map(|(name, value)| equal(name, value)));
        json!({ "expiration": date::iso8601(expires), "conditions": conditions }).to_string()
    }
}

impl Rule {
    fn condition(&self, field: &str) -> Value {
        match self {
            Rule::Is(value) => equal(field, value),
            Rule::BeginsWith(prefix) => json!(["starts-with", format!("${field}"), prefix]),
        }
    }

    fn value(&self) -> Option<&str> {
        match self {
            Rule::Is(value) => Some(value),
            Rule::BeginsWith(_) => None,
        }
    }
}

fn equal(field: &str, value: &str) -> Value {
    json!(["eq", format!("${field}"), value])
}

impl Bucket {
    /// Signs what a form may upload within `life_s` seconds, and gives its fields, those of the callback included.
    pub fn sign_post_policy(
        &self,
        policy: &PostPolicy,
        callback: Option<&Callback>,
        life_s: u64,
    ) -> Result<PostForm, Box<Outcome>> {
        let Some(key) = &policy.key else {
            return Err(Mistake::new(
                "the policy says nothing of the key, so that any object could be overwritten; set the key, or what it begins \
                 with",
            )
            .into());
        };
        self.check_life(life_s)?;
        let access_key = self.key_to_hand_out()?;
        let now = self.time_to_hand_out();
        let expires = now.saturating_add(i64::try_from(life_s).unwrap_or(i64::MAX));
        let identity = access_key.identity();
        let callback = policy.callback_fields(callback)?;
        let signature = self.signing.policy_fields(&identity, now);
        let json = policy.json(key, self.endpoint.bucket(), callback.iter().chain(&signature), expires);

        let given = std::iter::once(("key", key))
            .chain(policy.fields.iter().map(|(name, rule)| (name.as_str(), rule)));
        let mut fields: Vec<(String, String)> =
            given.filter_map(|(name, rule)| Some((name.to_owned(), rule.value()?.to_owned()))).collect();
        fields.extend(callback);
        fields.extend(self.signing.sign_policy(&json, &identity, now));
        Ok(PostForm { url: self.endpoint.url(None, &[])?.into(), fields, expires: Some(expires) })
    }
}
