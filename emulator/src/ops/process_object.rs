//! ProcessObject, of whose processes there is one: `trigger/callback` makes the callback of an object that is there.
//!
//! What it is sent is known from two SDKs, what it answers is not. Assumed is that the settings are judged as those of an
//! upload, that the callback knows of the object what that of an upload knows, with this operation's name, that a failure is
//! told as after an upload, and that the reply has no header of the object's.

use super::context::Context;
use crate::callback::{self, Callback, Carried, Policy};
use crate::errors::OssError;
use crate::http::Reply;

const PROCESS: &str = "x-oss-process";

pub(super) fn process_object(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let (bucket, key) = (context.bucket()?, context.key()?);
    let callback = parse(body, &context.shared.store.callback_policies(bucket)?)?;
    context.refuse_private(Some(&callback))?;
    let (properties, data) = context.read(bucket, key, None)?;
    context.with_callback(Reply::new(200), Some(&callback), key, &properties, &data)
}

/// The callback that a body such as `x-oss-process=trigger/callback,callback_e30=,callback-var_` asks for. It is no form:
/// nothing in it is percent-encoded.
fn parse(body: &[u8], policies: &[Policy]) -> Result<Callback, OssError> {
    let body = String::from_utf8_lossy(body);
    let refuse = |message: &str| OssError::argument(PROCESS, &body, message);
    let (name, process) = body.split_once('=').unwrap_or_default();
    if name != PROCESS {
        return Err(refuse("The process is missing."));
    }
    let mut parameters = process.split(',');
    if parameters.next() != Some("trigger/callback") {
        return Err(OssError::not_implemented("The emulator does not have this process."));
    }
    let (mut settings, mut variables) = (None, None);
    for parameter in parameters {
        match parameter.split_once('_') {
            Some(("callback", text)) => settings = Some(text),
            Some(("callback-var", text)) => variables = Some(text),
            _ => return Err(refuse("The process has a parameter that it does not know.")),
        }
    }
    let carried = |parameter| Carried { header: None, parameter };
    let callback = callback::parse(carried(settings), carried(variables), policies)?;
    callback.ok_or_else(|| refuse("The process has no callback."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_read_as_they_are_meant() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/callback_trigger.json");
        let json: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let vectors = json["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let input = &vector["input"];
            for body in [&vector["output"]["body"], &vector["same_meaning"]["slashes_escaped"]] {
                let callback = parse(body.as_str().unwrap().as_bytes(), &[]).unwrap();
                assert_eq!(callback.body, input["config"]["callbackBody"], "{}", vector["name"]);
                let urls: Vec<&str> = input["config"]["callbackUrl"].as_str().unwrap().split(';').collect();
                let hosts = callback.urls.iter().map(|url| url.authority.as_str());
                assert!(
                    hosts.eq(urls.iter().map(|url| url.split('/').nth(2).unwrap())),
                    "{}",
                    vector["name"]
                );
                let headers = input["config"]["additionalHeaders"].as_object().map_or(0, |map| map.len());
                assert_eq!(callback.headers.len(), headers, "{}", vector["name"]);
                let variables = serde_json::to_value(&callback.variables).unwrap();
                assert_eq!(
                    variables,
                    *input.get("vars").filter(|vars| vars.is_object()).unwrap_or(&serde_json::json!({}))
                );
            }
        }
    }

    #[test]
    fn what_asks_for_no_callback_is_refused() {
        let refusal = |body: &str| parse(body.as_bytes(), &[]).map(drop).unwrap_err();
        for body in [
            "",
            "trigger/callback,callback_e30=,callback-var_",
            "x-oss-process=trigger/callback",
            "x-oss-process=trigger/callback,callback_,callback-var_",
            "x-oss-process=trigger/callback,callback_e30=,other_",
            "x-oss-process=trigger/callback,callback_e30=,callback-var_",
            "x-oss-process=trigger/callback,callback_***,callback-var_",
            "x-oss-process=trigger%2Fcallback%2Ccallback_e30%3D",
        ] {
            let error = refusal(body);
            assert!(matches!(error.status, 400 | 501), "{body}: {}", error.message);
        }
        assert_eq!(refusal("x-oss-process=image/resize,w_100").code, "NotImplemented");
    }
}
