//! The callback policies of a bucket. They are stored, read and deleted all at once.

use super::context::Context;
use super::xml::{self, Document};
use crate::callback::Policy;
use crate::errors::OssError;
use crate::http::Reply;

pub(super) fn put(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    context.shared.store.set_callback_policies(context.bucket()?, policies(body)?)?;
    Ok(Reply::new(200))
}

pub(super) fn get(context: &Context) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    let policies = context.shared.store.callback_policies(bucket)?;
    if policies.is_empty() {
        return Err(OssError::new(404, "BucketCallbackPolicyNotExist", "The bucket has no callback policy.")
            .detail("BucketName", bucket));
    }
    let mut document = Document::new("BucketCallbackPolicy");
    for Policy { name, callback, variables } in &policies {
        let children = [("PolicyName", name.as_str()), ("Callback", callback), ("CallbackVar", variables)];
        document.push_group("PolicyItem", &children);
    }
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn delete(context: &Context) -> Result<Reply, OssError> {
    context.shared.store.set_callback_policies(context.bucket()?, Vec::new())?;
    Ok(Reply::new(204))
}

/// None at all are as good as some.
fn policies(body: &[u8]) -> Result<Vec<Policy>, OssError> {
    const KNOWN: &[&str] = &[
        "BucketCallbackPolicy",
        "BucketCallbackPolicy/PolicyItem",
        "BucketCallbackPolicy/PolicyItem/PolicyName",
        "BucketCallbackPolicy/PolicyItem/Callback",
        "BucketCallbackPolicy/PolicyItem/CallbackVar",
    ];
    let mut policies: Vec<Policy> = Vec::new();
    let (mut name, mut callback, mut variables) = (None, None, None);
    for (path, text) in xml::read(body, KNOWN, &["BucketCallbackPolicy/PolicyItem"])? {
        match path {
            "BucketCallbackPolicy/PolicyItem/PolicyName" => name = Some(text),
            "BucketCallbackPolicy/PolicyItem/Callback" => callback = Some(text),
            "BucketCallbackPolicy/PolicyItem/CallbackVar" => variables = Some(text),
            "BucketCallbackPolicy/PolicyItem" => {
                let (Some(name), Some(callback)) = (name.take(), callback.take()) else {
                    return Err(OssError::malformed_xml());
                };
                let policy = Policy { name, callback, variables: variables.take().unwrap_or_default() };
                policy.check()?;
                if policies.iter().any(|other| other.name == policy.name) {
                    return Err(OssError::argument(
                        "PolicyName",
                        &policy.name,
                        "The name of a callback policy is given twice.",
                    ));
                }
                policies.push(policy);
            }
            _ => {}
        }
    }
    Ok(policies)
}
