//! PostObject: an upload by an HTML form. The signature is in the form's fields, over a policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::encryption;
use super::form::{Form, wrong_number_of_files};
use super::form_signature::authenticate;
use super::headers::{
    FORBID_OVERWRITE, OBJECT_ACL, checked_object_headers, is_overwrite_forbidden, stored_reply,
};
use super::xml::Document;
use crate::callback::{self, Callback};
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::key::check_key;
use crate::object::{ObjectType, Properties};
use crate::operation::{is_condition, is_stored_header};
use crate::text::{hex_upper, percent_encode, text_of_bytes};

pub(super) fn post_object(context: &Context, body: Vec<u8>) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    let content_type = context.header("content-type").unwrap_or_default();
    let form = Form::parse(&content_type, &body)?;
    drop(body);
    let key = form.get("key").ok_or_else(wrong_number_of_files)?;
    let caller = authenticate(context, &form, bucket)?;
    refuse_unknown(&form)?;
    // The policy speaks of the key as the form has it.
    let key = &key.replace("${filename}", &form.file.name);
    check_key(key, false)?;
    context.make_bucket(caller)?;
    context.authorize_form(caller, key, form.get(OBJECT_ACL))?;

    let callback = callback_of(context, &form)?;
    context.refuse_private(callback.as_ref())?;

    let forbid_overwrite = is_overwrite_forbidden(form.get(FORBID_OVERWRITE))?;
    let properties = Properties {
        // Not an MD5 of the data, as in OSS.
        etag: hex_upper(&md5(context.request_id.as_bytes())),
        crc64: crc64(&form.file.data),
        content_md5: None,
        size: form.file.data.len() as u64,
        kind: ObjectType::Normal,
        modified_ms: context.now_ms(),
        headers: context.in_class_of_bucket(object_headers(&form)?)?,
        version_id: None,
    };
    let store = &context.shared.store;
    let properties = store.put(bucket, key, properties, Arc::clone(&form.file.data), forbid_overwrite)?;

    let reply = stored_reply(&properties.etag, properties.crc64, None);
    let reply = encryption::tell(reply, &properties.headers);
    let reply = context.with_version(reply, properties.version())?;
    if callback.is_some() {
        return context.with_callback(reply, callback.as_ref(), key, &properties, &form.file.data);
    }
    let location = format!("{}/{bucket}/{}", context.shared.endpoint(), percent_encode(key));
    let mut reply = reply.with("Location", &location);
    if let Some(target) = form.get("success_action_redirect") {
        reply.status = 303;
        reply.set("Location", &text_of_bytes(target.as_bytes()));
        return Ok(reply);
    }
    reply.status = match form.get("success_action_status") {
        Some("200") => 200,
        Some("201") => 201,
        _ => 204,
    };
    if reply.status == 201 {
        let document = Document::new("PostResponse")
            .text("Bucket", bucket)
            .text("ETag", &format!("\"{}\"", properties.etag))
            .text("Key", key)
            .text("Location", &location);
        reply = reply.body("application/xml", document.finish().into_bytes());
    }
    Ok(reply)
}

/// Fields of OSS's that are not kept with the object.
const OTHER_FIELDS: &[&str] = &[
    FORBID_OVERWRITE,
    "x-oss-content-type",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
];

/// Refuses fields that somebody means something by. Others, such as `name`, are passed over, as OSS does.
fn refuse_unknown(form: &Form) -> Result<(), OssError> {
    let has_meaning = |name: &str| {
        name.starts_with("x-oss-")
            || name.starts_with("x-amz-")
            || is_condition(name)
            || matches!(name, "awsaccesskeyid" | "content-md5")
    };
    let is_known = |name: &str| OTHER_FIELDS.contains(&name) || is_stored_header(name);
    match form.fields.keys().find(|name| has_meaning(name) && !is_known(name)) {
        Some(name) => {
            Err(OssError::not_implemented(format!("The emulator does not know {name} of PostObject.")))
        }
        None => Ok(()),
    }
}

fn callback_of(context: &Context, form: &Form) -> Result<Option<Callback>, OssError> {
    let variables: BTreeMap<String, String> = form
        .fields
        .iter()
        .filter(|(name, _)| name.starts_with("x:"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    callback::parse_form(
        form.get("callback").unwrap_or_default(),
        form.get("callback-var").unwrap_or_default(),
        variables,
        &context.shared.store.callback_policies(context.bucket()?)?,
    )
}

fn object_headers(form: &Form) -> Result<Vec<(String, String)>, OssError> {
    let mut given: Vec<(String, String)> = form
        .fields
        .iter()
        .filter(|(name, _)| *name != "content-type")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let content_type = form.get("x-oss-content-type").or(form.file.content_type.as_deref());
    if let Some(content_type) = content_type.or_else(|| form.get("content-type")) {
        given.push(("content-type".to_owned(), content_type.to_owned()));
    }
    checked_object_headers(given)
}
