//! Callback policies: callbacks that are stored on a bucket under a name, so that a request need only name one.
//!
//! What the SDKs show is how policies are stored and named. The rest is assumed: that a policy is checked when it is stored,
//! that a request which names one says nothing else about the callback, and that the request's own variables are joined
//! with those of the policy and replace those of the same name.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::settings::{self, Callback};
use crate::errors::OssError;

/// The field of a request's callback that names a policy.
const FIELD: &str = "callbackPolicy";

/// A stored callback: the two texts that a request could carry instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub name: String,
    pub callback: String,
    /// Empty for none.
    pub variables: String,
}

impl Policy {
    /// Whether it can be stored.
    pub fn check(&self) -> Result<(), OssError> {
        if self.name.is_empty() {
            return Err(OssError::argument("PolicyName", "", "The name of a callback policy is empty."));
        }
        match self.callback(BTreeMap::new())? {
            Some(_) => Ok(()),
            None => {
                Err(OssError::argument("Callback", &self.callback, "The callback of a policy has no url."))
            }
        }
    }

    /// The callback, with the variables of the request that names it.
    fn callback(&self, more: BTreeMap<String, String>) -> Result<Option<Callback>, OssError> {
        let mut variables = settings::parse_variables(&self.variables)?;
        variables.extend(more);
        // A policy that names another finds none.
        resolve(&self.callback, variables, &[])
    }
}

/// The callback that a text means, by settings of its own or by the name of a policy.
pub(super) fn resolve(
    text: &str,
    variables: BTreeMap<String, String>,
    policies: &[Policy],
) -> Result<Option<Callback>, OssError> {
    let (fields, shown) = settings::decode(text)?;
    match fields.get(FIELD) {
        Some(name) => named(name, &fields, policies)?.callback(variables),
        None => settings::parse(&fields, &shown, variables),
    }
}

/// The policy that one of these settings names.
fn named<'a>(
    name: &Value,
    fields: &Map<String, Value>,
    policies: &'a [Policy],
) -> Result<&'a Policy, OssError> {
    let refuse = |message: &str| OssError::argument(FIELD, &name.to_string(), message);
    if fields.len() > 1 {
        return Err(refuse("A callback that names a policy has no other settings."));
    }
    let found = policies.iter().find(|policy| name.as_str() == Some(&policy.name));
    found.ok_or_else(|| refuse("The callback policy does not exist."))
}
