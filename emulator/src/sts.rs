//! The token service, STS: AssumeRole, which gives temporary access keys.
//!
//! It stands at `/-/sts`, and at `/` for clients that can be told a host but no path; there, `Action` in the query shows
//! that it is meant. Whoever has an access key may assume whatever role is named, for there are no roles here, so that
//! a key can do all that its owner can. A policy that should allow it less is therefore refused, never ignored.

use std::collections::BTreeMap;
use std::iter::repeat_with;

use serde_json::{Value, json};

use crate::clock::{is_skewed, iso_date, parse_iso_date};
use crate::config::Credential;
use crate::http::{Head, Reply};
use crate::meaning::parse_query;
use crate::shared::Shared;
use crate::sign_v1;
use crate::text::{base64_encode, number, percent_encode, xml_escape};

const PATH: &str = "/-/sts";
const VERSION: &str = "2015-04-01";

/// What every request has for the sake of its signature, and what one for AssumeRole may have besides. Who may assume a
/// role is not a question here, and so neither is by which `ExternalId`.
const KNOWN: &[&str] = &[
    "AccessKeyId",
    "Action",
    "Format",
    "RegionId",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
    "DurationSeconds",
    "ExternalId",
    "RoleArn",
    "RoleSessionName",
];

/// A refusal in STS's own terms.
struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into() }
    }
}

pub(crate) fn is_request(head: &Head) -> bool {
    match split(&head.target) {
        (PATH, _) => true,
        ("/", query) => parse_query(query).iter().any(|(name, _)| name == "Action"),
        _ => false,
    }
}

pub(crate) fn answer(shared: &Shared, head: &Head, body: &[u8]) -> Reply {
    let request = Request::of(head, body);
    let request_id = new_request_id();
    let (status, root, mut answer) = match assume_role(shared, &request) {
        Ok(granted) => (200, "AssumeRoleResponse", granted),
        Err(Refusal { status, code, message }) => {
            let host = head.headers.get("host").unwrap_or_default();
            (status, "Error", json!({"HostId": host, "Code": code, "Message": message}))
        }
    };
    answer["RequestId"] = request_id.into();
    if request.get("Format").eq_ignore_ascii_case("JSON") {
        Reply::json(status, &answer)
    } else {
        let document = format!("<?xml version='1.0' encoding='UTF-8'?>{}", element(root, &answer));
        Reply::new(status).body("text/xml;charset=utf-8", document.into_bytes())
    }
}

/// The parameters of a request, those of the query and those of a form in its body.
struct Request<'a> {
    method: &'a str,
    parameters: BTreeMap<String, String>,
}

impl Request<'_> {
    fn of<'a>(head: &'a Head, body: &[u8]) -> Request<'a> {
        let (_, query) = split(&head.target);
        let form = String::from_utf8_lossy(body);
        let parameters = parse_query(query).into_iter().chain(parse_query(&form)).collect();
        Request { method: &head.method, parameters }
    }

    /// A parameter's value, empty if it is missing.
    fn get(&self, name: &str) -> &str {
        self.parameters.get(name).map(String::as_str).unwrap_or_default()
    }

    fn string_to_sign(&self) -> String {
        let pairs: Vec<String> = self
            .parameters
            .iter()
            .filter(|(name, _)| *name != "Signature")
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
            .collect();
        format!("{}&%2F&{}", self.method, percent_encode(&pairs.join("&")))
    }
}

fn assume_role(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    check_operation(request)?;
    let now_ms = shared.clock.now_ms();
    authenticate(shared, request, now_ms)?;
    refuse_unknown(request)?;
    let arn = request.get("RoleArn");
    if arn.is_empty() {
        return Err(Refusal::new(400, "MissingRoleArn", "RoleArn is mandatory for this action."));
    }
    if !is_role(arn) {
        return Err(malformed("InvalidParameter.RoleArn", "RoleArn"));
    }
    let session = request.get("RoleSessionName");
    if session.is_empty() {
        let message = "RoleSessionName is mandatory for this action.";
        return Err(Refusal::new(400, "MissingRoleSessionName", message));
    }
    if !is_session_name(session) {
        return Err(malformed("InvalidParameter.RoleSessionName", "RoleSessionName"));
    }
    let expires_at_ms = now_ms.saturating_add(duration_s(request)? * 1000);
    let key = new_key(expires_at_ms);
    let granted = json!({
        "AssumedRoleUser": {
            "Arn": format!("{arn}/{session}"),
            "AssumedRoleId": format!("300000000000000001:{session}"),
        },
        "Credentials": {
            "AccessKeyId": key.id,
            "AccessKeySecret": key.secret,
            "SecurityToken": key.security_token,
            "Expiration": iso_date(expires_at_ms).replace(".000Z", "Z"),
        },
    });
    shared.keys.add(key, now_ms);
    Ok(granted)
}

fn check_operation(request: &Request) -> Result<(), Refusal> {
    if request.get("Version") != VERSION {
        return Err(Refusal::new(400, "InvalidVersion", "Specified parameter Version is not valid."));
    }
    match request.get("Action") {
        "AssumeRole" => Ok(()),
        "AssumeRoleWithOIDC" | "AssumeRoleWithSAML" | "GetCallerIdentity" => {
            Err(not_implemented("The emulator does not have this action."))
        }
        _ => Err(Refusal::new(
            404,
            "InvalidAction.NotFound",
            "Specified api is not found, please check your url and method.",
        )),
    }
}

/// Passes a request that is signed as it should be.
fn authenticate(shared: &Shared, request: &Request, now_ms: i64) -> Result<(), Refusal> {
    if request.get("SignatureMethod") != "HMAC-SHA1" || request.get("SignatureVersion") != "1.0" {
        return Err(not_implemented("The emulator knows signatures of version 1.0 by HMAC-SHA1 only."));
    }
    let timestamp = parse_iso_date(request.get("Timestamp")).ok_or_else(|| {
        Refusal::new(
            400,
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
        )
    })?;
    if is_skewed(now_ms, timestamp) {
        let message = "Specified time stamp or date value is expired.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Expired", message));
    }
    let credential =
        shared.keys.find(request.get("AccessKeyId"), now_ms).map_err(|error| match error.code.as_str() {
            "SecurityTokenExpired" => {
                Refusal::new(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
            }
            _ => Refusal::new(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found."),
        })?;
    let string = request.string_to_sign();
    if request.get("Signature") != sign_v1::signature(&format!("{}&", credential.secret), string.as_bytes()) {
        return Err(Refusal::new(
            400,
            "SignatureDoesNotMatch",
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:{string}"
            ),
        ));
    }
    match credential.security_token.as_deref().unwrap_or_default() {
        token if token == request.get("SecurityToken") => Ok(()),
        _ if request.get("SecurityToken").is_empty() => {
            Err(Refusal::new(400, "MissingSecurityToken", "SecurityToken is mandatory for this action."))
        }
        _ => Err(Refusal::new(
            400,
            "InvalidSecurityToken.MismatchWithAccessKey",
            "Specified SecurityToken mismatch with the AccessKey.",
        )),
    }
}

fn refuse_unknown(request: &Request) -> Result<(), Refusal> {
    match request.parameters.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        Some(name) if name == "Policy" => Err(not_implemented(
            "The emulator's keys can do everything, and take no policy that would allow less.",
        )),
        Some(name) => Err(not_implemented(&format!("The emulator does not know the parameter {name}."))),
        None => Ok(()),
    }
}

fn not_implemented(message: &str) -> Refusal {
    Refusal::new(501, "NotImplemented", message)
}

fn malformed(code: &'static str, parameter: &str) -> Refusal {
    Refusal::new(400, code, format!("The parameter {parameter} is wrongly formed."))
}

/// How long the key is to live.
fn duration_s(request: &Request) -> Result<i64, Refusal> {
    match request.get("DurationSeconds") {
        "" => Ok(3600),
        text => number(text).filter(|seconds| (900..=43_200).contains(seconds)).ok_or_else(|| {
            let message = "The Min/Max value of DurationSeconds is 15min/12hr.";
            Refusal::new(400, "InvalidParameter.DurationSeconds", message)
        }),
    }
}

/// `acs:ram::<account>:role/<name>`
fn is_role(arn: &str) -> bool {
    let account_and_name = arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(":role/"));
    account_and_name.is_some_and(|(account, name)| {
        !account.is_empty() && account.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty()
    })
}

fn is_session_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'@' | b'-' | b'_');
    (2..=64).contains(&name.len()) && name.bytes().all(legal)
}

fn new_key(expires_at_ms: i64) -> Credential {
    let letters = |count| repeat_with(fastrand::alphanumeric).take(count).collect::<String>();
    // Tokens of the service have characters that URLs and forms must encode.
    let token: Vec<u8> = repeat_with(|| fastrand::u8(..)).take(200).collect();
    Credential::temporary(
        format!("STS.N{}", letters(22)),
        letters(44),
        format!("CAIS{}", base64_encode(&token)),
    )
    .expiring_at_ms(expires_at_ms)
}

fn new_request_id() -> String {
    let [a, b, c] = [(); 3].map(|()| fastrand::u16(..));
    format!("{:08X}-{a:04X}-{b:04X}-{c:04X}-{:012X}", fastrand::u32(..), fastrand::u64(..1 << 48))
}

fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

/// An answer as an XML element.
fn element(name: &str, value: &Value) -> String {
    let inner = match value {
        Value::Object(members) => members.iter().map(|(name, value)| element(name, value)).collect(),
        Value::String(text) => xml_escape(text),
        other => other.to_string(),
    };
    format!("<{name}>{inner}</{name}>")
}
