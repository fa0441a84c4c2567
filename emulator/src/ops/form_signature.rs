//! Who sent a form: its signature is in its fields, over the policy.

use super::context::Context;
use super::form::Form;
use super::form_policy;
use crate::auth::{self, Caller};
use crate::clock::MAX_SKEW_MS;
use crate::config::Credential;
use crate::errors::OssError;
use crate::sign_v1;
use crate::sign_v4::{self, Scope};

const MAX_LIFETIME_MS: i64 = 7 * 24 * 3600 * 1000;

/// The fields that signatures V4 are known by.
const OF_V4: &[&str] = &["x-oss-signature-version", "x-oss-signature", "x-oss-credential"];

/// A form that is signed, by whom, and how that would have signed it.
struct Signed<'a> {
    policy: &'a str,
    credential: Credential,
    signature: &'a str,
    expected: String,
}

/// Checks the signature over the policy, then the policy.
pub(super) fn authenticate(context: &Context, form: &Form, bucket: &str) -> Result<Caller, OssError> {
    let is_v4 = OF_V4.iter().any(|name| form.get(name).is_some());
    let signed = if is_v4 { Some(v4(context, form)?) } else { v1(context, form)? };
    let Some(Signed { policy, credential, signature, expected }) = signed else {
        let is_taken = context.shared.config.allow_anonymous;
        return Ok(if is_taken { Caller::Owner } else { Caller::Anybody });
    };
    if signature != expected {
        return Err(auth::mismatch(&credential, signature, policy.as_bytes()));
    }
    auth::check_token(&credential, form.get("x-oss-security-token"))?;
    form_policy::check(policy, form, bucket, context.now_ms(), is_v4)?;
    Ok(Caller::Owner)
}

/// All of its fields, or none.
fn v1<'a>(context: &Context, form: &'a Form) -> Result<Option<Signed<'a>>, OssError> {
    let refuse = |ec| {
        let message = "The fields OSSAccessKeyId, policy and Signature must come together, and have values.";
        Err(OssError::invalid_argument(message).ec(ec))
    };
    let (policy, signature, id) = match ["policy", "signature", "ossaccesskeyid"].map(|name| form.get(name)) {
        [None, None, None] => return Ok(None),
        [None, ..] => return refuse("0002-00000702"),
        [_, None, _] => return refuse("0002-00000703"),
        [_, Some(""), _] => return refuse("0002-00000704"),
        [.., None] => return refuse("0002-00000706"),
        [.., Some("")] => return refuse("0002-00000707"),
        [Some(policy), Some(signature), Some(id)] => (policy, signature, id),
    };
    let credential = context.shared.keys.find(id, context.now_ms())?;
    let expected = sign_v1::signature(&credential.secret, policy.as_bytes());
    Ok(Some(Signed { policy, credential, signature, expected }))
}

fn v4<'a>(context: &Context, form: &'a Form) -> Result<Signed<'a>, OssError> {
    let (config, now_ms) = (&context.shared.config, context.now_ms());
    let field = |name: &'static str| {
        let missing = || OssError::argument(name, "", format!("The field {name} is missing."));
        form.get(name).ok_or_else(missing)
    };
    let policy = field("policy").map_err(|error| error.ec("0002-00000702"))?;
    let signature = field("x-oss-signature").map_err(|error| error.ec("0002-00000703"))?;
    if signature.is_empty() {
        let error = OssError::argument("x-oss-signature", "", "The field x-oss-signature is empty.");
        return Err(error.ec("0002-00000704"));
    }
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
    let credential = context.shared.keys.find(&scope.id, now_ms)?;
    let key = sign_v4::signing_key(&credential.secret, &scope);
    Ok(Signed { policy, credential, signature, expected: sign_v4::signature(&key, policy) })
}
