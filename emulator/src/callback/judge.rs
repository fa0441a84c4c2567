//! The judgement of a callback by itself, for those who judge callbacks too and want to agree.

use super::carried::{self, Carried};
use crate::errors::OssError;

/// What an upload with a wrong callback is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRefusal {
    /// The number of the cause, where it is known.
    pub ec: Option<&'static str>,
    /// OSS's words.
    pub message: String,
}

impl From<OssError> for CallbackRefusal {
    fn from(error: OssError) -> CallbackRefusal {
        CallbackRefusal { ec: error.ec, message: error.message }
    }
}

/// Whether an upload with these two texts, in Base64, makes a callback, on a bucket without callback policies. Addresses are not
/// looked up.
pub fn judge_callback(callback: &str, variables: &str) -> Result<bool, CallbackRefusal> {
    let header = |text| Carried { header: Some(text), parameter: None };
    Ok(carried::parse(header(callback), header(variables), &[])?.is_some())
}
