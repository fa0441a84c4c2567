//! PostObject: an upload by a form, whose fields somebody signed.

use super::form_data::FormData;
use crate::callback::Callback;
use crate::engine::bucket::BucketOptions;
use crate::engine::outcome::Outcome;
use crate::engine::request::{Call, Creation, FormAnswer, Operation, SignedUrl, Target};
use crate::engine::rules::check_size;
use crate::engine::source::{Body, Input};
use crate::transport::{Deadline, Lane};
use crate::wire::mistake::Mistake;
use crate::wire::{content_type, header, key};
use serde_json::{Map, Value, json};

/// What OSS replaces in the key of a form.
const FILE_NAME: &str = "${filename}";

/// A form that uploads an object: where it is sent, and its fields without the file.
#[derive(Clone, PartialEq, Eq)]
pub struct PostForm {
    /// Where it is sent.
    pub url: String,
    /// Names and values. Who has them can use them.
    pub fields: Vec<(String, String)>,
    /// Until when it can be used, in seconds since 1970, if that is known.
    pub expires: Option<i64>,
}

impl PostForm {
    /// A form without fields that is sent to this URL.
    pub fn from_url(url: &str) -> Result<PostForm, Mistake> {
        SignedUrl::parse(url)?;
        Ok(PostForm { url: url.to_owned(), fields: Vec::new(), expires: None })
    }

    /// Fills in a field, or replaces what is in it.
    pub fn set_field(&mut self, name: &str, value: &str) -> Result<(), Mistake> {
        let is_variable = name.starts_with("x:");
        header::check_name(name.strip_prefix("x:").unwrap_or(name), "field")?;
        if name.eq_ignore_ascii_case("file") {
            return Err(Mistake::new("the field \"file\" is the data that is uploaded; it cannot be set"));
        }
        // What becomes a header of the object must not end its line; a key and a callback's variable may be any text.
        if name.eq_ignore_ascii_case("key") {
            check_form_key(value)?;
        } else if !is_variable {
            header::check_value(value, format_args!("the field {name}"))?;
        }
        match self.fields.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some(field) => value.clone_into(&mut field.1),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        Ok(())
    }

    /// The form for a browser: its URL, and its fields as one object.
    pub fn to_json(&self) -> String {
        let fields: Map<String, Value> =
            self.fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        json!({ "url": self.url, "fields": fields }).to_string()
    }

    /// Stores `input` as the form says. The options say how to get there.
    pub fn post<'a>(&self, input: impl Into<Input<'a>>, options: &BucketOptions) -> Outcome {
        let (url, key) = match self.checked(options) {
            Ok(checked) => checked,
            Err(mistake) => return mistake.into(),
        };
        let owed = match options.outbox.as_ref().map(|_| self.callback()).transpose() {
            Ok(callback) => callback.flatten(),
            Err(mistake) => return mistake.into(),
        };
        url.run(input.into(), options, async |lane: &Lane, deadline: Deadline, body: Body<'_>| {
            let content_type = self.content_type(key, body.file_name());
            let form = FormData::new(&self.fields, file_name(key), content_type);
            if let Err(mistake) = check_size(form.frame.size_around(body.size())) {
                return mistake.into();
            }
            // An empty one is none.
            let callback = self.field("callback").is_some_and(|callback| !callback.is_empty());
            let call = Call::new(Operation::PostObject(self.answer()), key)
                .with_header("content-type", form.content_type())
                .with_foreign_callback(callback, None)
                .recorded(options.outbox.as_ref(), owed.as_ref(), Some(content_type));
            let creation = Creation::new(Target::Url(&url), call, &body).framed(&form.frame);
            let mut outcome = creation.run(lane, deadline).await.outcome;
            if callback {
                outcome.uploaded.put("object", key);
                outcome.uploaded.put("mimeType", content_type);
                for (name, value) in self.fields.iter().filter(|(name, _)| name.starts_with("x:")) {
                    outcome.uploaded.put(name, value);
                }
            }
            outcome
        })
    }

    fn checked(&self, options: &BucketOptions) -> Result<(SignedUrl, &str), Mistake> {
        let Some(key) = self.field("key") else {
            return Err(Mistake::new("the form has no field \"key\", which names the object"));
        };
        check_form_key(key)?;
        Ok((SignedUrl::new(&self.url, options)?, key))
    }

    /// What the form asks for as the answer to a success.
    fn answer(&self) -> FormAnswer {
        if self.field("success_action_redirect").is_some() {
            FormAnswer::Redirect
        } else if self.field("success_action_status") == Some("201") {
            FormAnswer::Created
        } else {
            FormAnswer::Usual
        }
    }

    /// The callback that it asks for; an empty one is none.
    fn callback(&self) -> Result<Option<Callback>, Mistake> {
        let Some(settings) = self.field("callback").filter(|settings| !settings.is_empty()) else {
            return Ok(None);
        };
        let variables = self.fields.iter().filter(|(name, _)| name.starts_with("x:"));
        Callback::decode(settings, variables.cloned().collect()).map(Some)
    }

    /// A value of the field, whatever the case of its name.
    fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        field.map(|(_, value)| value.as_str())
    }

    /// OSS takes the file's own type before that of the field Content-Type, so they have to be the same.
    fn content_type(&self, key: &str, file_name: Option<&str>) -> &str {
        let given = self.field("x-oss-content-type").or_else(|| self.field("content-type"));
        given.unwrap_or_else(|| content_type::guess_by(key, file_name))
    }
}

fn file_name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// Checks the key of an object that a form makes: it has to arrive as it is.
pub(super) fn check_form_key(key: &str) -> Result<(), Mistake> {
    key::check_key(key)?;
    if key.contains(FILE_NAME) {
        return Err(Mistake::new(format!(
            "the key of a form has {FILE_NAME:?} in it, which OSS replaces by the name of the file, and for which there is no \
             other way of writing; upload it by a put"
        )));
    }
    Ok(())
}
