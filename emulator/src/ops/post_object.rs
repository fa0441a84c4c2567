//! PostObject: an upload by an HTML form. The signature is in the form's fields, over a policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::context::{Context, check_key};
use super::encryption;
use super::headers::{
    FORBID_OVERWRITE, OBJECT_ACL, checked_object_headers, is_overwrite_forbidden, stored_reply,
};
use super::xml::Document;
use crate::auth::{self, Caller};
use crate::callback;
use crate::clock::{MAX_SKEW_MS, parse_iso_date};
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::{ObjectType, Properties};
use crate::operation::is_stored_header;
use crate::sign_v1;
use crate::sign_v4::{self, Scope};
use crate::text::{base64_decode, hex_upper, percent_encode, text_of_bytes};

const FIELD_NAME_LIMIT: usize = 8 * 1024;
const FIELD_LIMIT: usize = 2 << 20;
const MAX_LIFETIME_MS: i64 = 7 * 24 * 3600 * 1000;

/// The fields before the file, names lower-cased, and the file.
#[derive(Debug, Default)]
struct Form {
    fields: BTreeMap<String, String>,
    file_type: Option<String>,
    file_name: String,
    file: Arc<Vec<u8>>,
}

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

pub(super) fn post_object(context: &Context, body: Vec<u8>) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    context.check_md5(&body)?;
    let content_type = context.header("content-type").unwrap_or_default();
    let form = parse_form(&content_type, &body)?;
    drop(body);
    let key = form.get("key").ok_or_else(wrong_number_of_files)?;
    let caller = authenticate(context, &form, bucket)?;
    // The policy speaks of the key as the form has it.
    let key = &key.replace("${filename}", &form.file_name);
    check_key(key, false)?;
    context.make_bucket(caller)?;
    context.authorize_form(caller, key, form.get(OBJECT_ACL))?;

    let callback = callback::parse_form(
        form.get("callback").unwrap_or_default(),
        form.fields
            .iter()
            .filter(|(name, _)| name.starts_with("x:"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        &context.shared.store.callback_policies(bucket)?,
    )?;
    context.refuse_private(callback.as_ref())?;

    let forbid_overwrite = is_overwrite_forbidden(form.get(FORBID_OVERWRITE))?;
    let properties = Properties {
        // Not an MD5 of the data, as in OSS.
        etag: hex_upper(&md5(context.request_id.as_bytes())),
        crc64: crc64(&form.file),
        content_md5: None,
        size: form.file.len() as u64,
        kind: ObjectType::Normal,
        modified_ms: context.now_ms(),
        headers: context.in_class_of_bucket(object_headers(&form)?)?,
        version_id: None,
    };
    let store = &context.shared.store;
    let properties = store.put(bucket, key, properties, Arc::clone(&form.file), forbid_overwrite)?;

    let reply = stored_reply(&properties.etag, properties.crc64, None);
    let reply = encryption::tell(reply, &properties.headers);
    let reply = context.with_version(reply, properties.version())?;
    if callback.is_some() {
        return context.with_callback(reply, callback.as_ref(), key, &properties, &form.file);
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
    "x-oss-content-type",
    "x-oss-credential",
    "x-oss-date",
    "x-oss-security-token",
    "x-oss-signature",
    "x-oss-signature-version",
];

fn object_headers(form: &Form) -> Result<Vec<(String, String)>, OssError> {
    let is_known =
        |name: &str| name == FORBID_OVERWRITE || OTHER_FIELDS.contains(&name) || is_stored_header(name);
    if let Some(name) = form.fields.keys().find(|name| name.starts_with("x-oss-") && !is_known(name)) {
        return Err(OssError::not_implemented(format!("The emulator does not know {name} of PostObject.")));
    }
    let content_type =
        form.get("x-oss-content-type").or(form.file_type.as_deref()).or_else(|| form.get("content-type"));
    let mut given: Vec<(String, String)> = form
        .fields
        .iter()
        .filter(|(name, _)| *name != "content-type")
        .map(|(name, value)| (name.clone(), text_of_bytes(value.as_bytes())))
        .collect();
    if let Some(content_type) = content_type {
        given.push(("content-type".to_owned(), text_of_bytes(content_type.as_bytes())));
    }
    checked_object_headers(given)
}

fn wrong_number_of_files() -> OssError {
    OssError::new(
        400,
        "IncorrectNumberOfFilesInPOSTRequest",
        "POST requires exactly one file upload per request, after a key field.",
    )
}

fn malformed() -> OssError {
    OssError::new(
        400,
        "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.",
    )
}

fn parse_form(content_type: &str, body: &[u8]) -> Result<Form, OssError> {
    let boundary = content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
        .then(|| parameter(content_type, "boundary"))
        .flatten()
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| {
            OssError::new(
                400,
                "RequestIsNotMultiPartContent",
                "Bucket POST must be of the enclosure-type multipart/form-data.",
            )
        })?;
    // Every part but the first is introduced by a line end, which belongs to the delimiter.
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = match body.strip_prefix(&delimiter.as_bytes()[2..]) {
        Some(rest) => rest,
        None => split_at(body, delimiter.as_bytes()).ok_or_else(malformed)?.1,
    };
    let mut form = Form::default();
    loop {
        if rest.starts_with(b"--") {
            return Err(wrong_number_of_files());
        }
        rest = rest.strip_prefix(b"\r\n").ok_or_else(malformed)?;
        let (part, after) = split_at(rest, delimiter.as_bytes()).ok_or_else(malformed)?;
        rest = after;
        let (head, content) = match part.strip_prefix(b"\r\n") {
            Some(content) => (&b""[..], content),
            None => split_at(part, b"\r\n\r\n").ok_or_else(malformed)?,
        };
        let head = String::from_utf8_lossy(head);
        let header = |name: &str| {
            head.split("\r\n").find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let disposition = header("content-disposition").ok_or_else(malformed)?;
        let name = parameter(&disposition, "name").ok_or_else(malformed)?;
        if name.len() > FIELD_NAME_LIMIT {
            return Err(OssError::new(400, "FieldItemTooLong", "A field's name is too long."));
        }
        if name.eq_ignore_ascii_case("file") {
            form.file_type = header("content-type");
            form.file_name = parameter(&disposition, "filename").unwrap_or_default();
            form.file = Arc::new(content.to_vec());
            // What comes behind the file is ignored.
            return Ok(form);
        }
        if content.len() > FIELD_LIMIT {
            return Err(OssError::new(400, "FieldItemTooLong", "A field's value is too long."));
        }
        let value = std::str::from_utf8(content).map_err(|_| malformed())?;
        form.fields.insert(name.to_ascii_lowercase(), value.to_owned());
    }
}

/// What is before and behind the first occurrence.
fn split_at<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *delimiter.first()?;
    let mut from = 0;
    // Looking for the first byte first is fast enough for large files.
    while let Some(found) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + found;
        if bytes[at..].starts_with(delimiter) {
            return Some((&bytes[..at], &bytes[at + delimiter.len()..]));
        }
        from = at + 1;
    }
    None
}

/// A parameter of a header's value, such as `name="file"`. What stands in quotes may have a semicolon in it.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut quoted = false;
    let mut is_end = |character| {
        quoted ^= character == '"';
        character == ';' && !quoted
    };
    value.split(&mut is_end).skip(1).find_map(|part| {
        let (found, value) = part.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Checks the signature over the policy, then the policy.
fn authenticate(context: &Context, form: &Form, bucket: &str) -> Result<Caller, OssError> {
    let config = &context.shared.config;
    let now_ms = context.now_ms();
    let v4 = form.get("x-oss-signature-version").is_some();
    let policy = form.get("policy");
    let (credential, signature, expected) = if v4 {
        let field = |name: &'static str| {
            form.get(name)
                .ok_or_else(|| OssError::argument(name, "", format!("The field {name} is missing.")))
        };
        let version = field("x-oss-signature-version")?;
        if version != sign_v4::ALGORITHM {
            return Err(OssError::argument(
                "x-oss-signature-version",
                version,
                "The signature version is not supported.",
            ));
        }
        let text = field("x-oss-credential")?;
        let scope = Scope::parse(text)
            .ok_or_else(|| OssError::argument("x-oss-credential", text, "x-oss-credential is not valid."))
            .and_then(|scope| auth::check_scope(&scope, config, "x-oss-credential", text).map(|()| scope))
            .map_err(|error| error.ec("0002-00000710"))?;
        let date_ms = auth::v4_date(field("x-oss-date")?, &scope)?;
        let age_ms = now_ms.saturating_sub(date_ms);
        if !(-MAX_SKEW_MS..=MAX_LIFETIME_MS).contains(&age_ms) {
            return Err(OssError::access_denied("Invalid according to Policy: the date is not valid now."));
        }
        let signature = field("x-oss-signature")?;
        let policy = policy.ok_or_else(|| OssError::argument("policy", "", "The policy is missing."))?;
        let credential = context.shared.keys.find(&scope.id, now_ms)?;
        let key = sign_v4::signing_key(&credential.secret, &scope);
        (credential, signature, sign_v4::signature(&key, policy))
    } else {
        let id = form.get("ossaccesskeyid");
        match (id, policy, form.get("signature")) {
            (None, None, None) if config.allow_anonymous => return Ok(Caller::Owner),
            (None, None, None) => return Ok(Caller::Anybody),
            (Some(id), Some(policy), Some(signature)) => {
                let credential = context.shared.keys.find(id, now_ms)?;
                let expected = sign_v1::signature(&credential.secret, policy.as_bytes());
                (credential, signature, expected)
            }
            (_, _, signature) => {
                let error = OssError::invalid_argument(
                    "The fields OSSAccessKeyId, policy and Signature must come together.",
                );
                return Err(error.ec(match (policy, signature) {
                    (None, _) => "0002-00000702",
                    (_, None) => "0002-00000703",
                    (_, Some("")) => "0002-00000704",
                    (_, Some(_)) => "0002-00000706",
                }));
            }
        }
    };
    let policy = policy.unwrap_or_default();
    if signature != expected {
        return Err(auth::mismatch(&credential, signature, policy.as_bytes()));
    }
    auth::check_token(&credential, form.get("x-oss-security-token"))?;
    check_policy(policy, form, bucket, now_ms, v4)?;
    Ok(Caller::Owner)
}

fn check_policy(policy: &str, form: &Form, bucket: &str, now_ms: i64, v4: bool) -> Result<(), OssError> {
    let invalid = |message: &str| OssError::new(400, "InvalidPolicyDocument", message);
    let denied = |what: &str| OssError::access_denied(format!("Invalid according to Policy: {what}"));
    let json = base64_decode(policy)
        .and_then(|json| serde_json::from_slice::<Value>(&json).ok())
        .ok_or_else(|| invalid("The policy is not Base64 of JSON."))?;
    let expiration = json["expiration"]
        .as_str()
        .and_then(parse_iso_date)
        .ok_or_else(|| invalid("The policy has no valid expiration."))?;
    let conditions = json["conditions"].as_array().ok_or_else(|| invalid("The policy has no conditions."))?;
    if now_ms > expiration {
        return Err(denied("Policy expired."));
    }
    let found = |name: &str| match name {
        "bucket" => Some(bucket),
        name => form.get(name),
    };
    let mut named: Vec<String> = Vec::new();
    for condition in conditions {
        let holds = match condition {
            Value::Object(fields) => fields.iter().all(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let holds = value.is_string() && found(&name) == value.as_str();
                named.push(name);
                holds
            }),
            Value::Array(items) => match items.as_slice() {
                [Value::String(kind), min, max] if kind == "content-length-range" => {
                    let (min, max) = min
                        .as_u64()
                        .zip(max.as_u64())
                        .ok_or_else(|| invalid("A range of lengths is not one of numbers."))?;
                    let size = form.file.len() as u64;
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
                    true
                }
                [Value::String(kind), Value::String(field), value] => {
                    let name = field
                        .strip_prefix('$')
                        .ok_or_else(|| invalid("A condition's field lacks its dollar sign."))?
                        .to_ascii_lowercase();
                    let actual = found(&name).unwrap_or_default();
                    let is_in = |list: &Value| {
                        list.as_array().is_some_and(|list| list.iter().any(|item| item == actual))
                    };
                    named.push(name.clone());
                    match kind.as_str() {
                        "eq" => value == actual,
                        "starts-with" => value.as_str().is_some_and(|prefix| actual.starts_with(prefix)),
                        "in" => is_in(value),
                        "not-in" => !is_in(value),
                        _ => return Err(invalid("A condition has an unknown operator.")),
                    }
                }
                _ => return Err(invalid("A condition has the wrong form.")),
            },
            _ => return Err(invalid("A condition has the wrong form.")),
        };
        if !holds {
            return Err(denied(&format!("Policy Condition failed: {condition}")));
        }
    }
    // A token only where there is one.
    let needed = ["x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token"];
    let is_missing = |name: &&str| form.get(name).is_some() && !named.iter().any(|other| other == name);
    match needed.into_iter().filter(|_| v4).find(is_missing) {
        Some(missing) => Err(denied(&format!("the policy has no condition for {missing}"))),
        None => Ok(()),
    }
}
