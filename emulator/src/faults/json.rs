//! Faults as JSON. What cannot happen is refused: whoever orders it waits for it in vain.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Action, Fault};
use crate::operation;

/// More than any client reads; they are made in memory.
const HUGE_HEADERS_MAX: u64 = 64 << 20;

impl Fault {
    /// Reads a fault as the control interface and the command line write it: the action's JSON (see [`Action`]) with
    /// the optional members `method`, `operation`, `bucket`, `key`, `part_number`, `skip`, `times` (a number or
    /// `"always"`) and `probability`.
    ///
    /// ```
    /// # use oss_emulator::{Action, Fault};
    /// let fault = Fault::from_json(r#"{"action":"wrong_crc","operation":"PutObject","times":2}"#);
    /// assert_eq!(fault, Ok(Fault::new(Action::WrongCrc).operation("PutObject").times(2)));
    /// ```
    pub fn from_json(text: &str) -> Result<Fault, String> {
        let value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let Value::Object(members) = value else {
            return Err("a fault is a JSON object".to_owned());
        };
        let mut members = Members(members);
        let name = members.text("action")?.ok_or("action is missing")?;
        let mut fault = Fault::new(action(&name, &mut members)?);
        narrow(&mut fault, &mut members)?;
        match members.0.keys().next() {
            None => Ok(fault),
            Some(stranger) => Err(format!("{name} has no member {stranger:?}")),
        }
    }
}

/// What has not been read yet.
struct Members(Map<String, Value>);

impl Members {
    fn number(&mut self, name: &str) -> Result<Option<u64>, String> {
        let Some(value) = self.0.remove(name) else {
            return Ok(None);
        };
        value.as_u64().map(Some).ok_or_else(|| format!("{name} must be a number, not negative"))
    }

    fn needed(&mut self, name: &str) -> Result<u64, String> {
        self.number(name)?.ok_or_else(|| format!("{name} is missing"))
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.0.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} must be a string")),
        }
    }

    fn flag(&mut self, name: &str) -> Result<bool, String> {
        match self.0.remove(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(format!("{name} must be true or false")),
        }
    }

    fn milliseconds(&mut self, name: &str) -> Result<Duration, String> {
        self.needed(name).map(Duration::from_millis)
    }

    /// The HTTP status and the error's code.
    fn error(&mut self) -> Result<(u16, String), String> {
        let status = u16::try_from(self.needed("status")?)
            .ok()
            .filter(|status| (200..=599).contains(status))
            .ok_or("status must be between 200 and 599")?;
        Ok((status, self.text("code")?.unwrap_or_else(|| default_code(status))))
    }
}

fn action(name: &str, members: &mut Members) -> Result<Action, String> {
    Ok(match name {
        "reset_after_body_bytes" => Action::ResetAfterBodyBytes(members.needed("bytes")?),
        "stall_after_body_bytes" => Action::StallAfterBodyBytes(members.needed("bytes")?),
        "early_error" => {
            let (status, code) = members.error()?;
            Action::EarlyError { status, code, abrupt: members.flag("abrupt")? }
        }
        "close_before_work" => Action::CloseBeforeWork,
        "reset_before_work" => Action::ResetBeforeWork,
        "status" => {
            let (status, code) = members.error()?;
            Action::Status { status, code }
        }
        "redirect" => Action::Redirect(members.text("location")?.ok_or("location is missing")?),
        "close_without_reply" => Action::CloseWithoutReply,
        "reset_before_reply" => Action::ResetBeforeReply,
        "status_after_work" => {
            let (status, code) = members.error()?;
            Action::StatusAfterWork { status, code }
        }
        "slow_reply" => Action::SlowReply(members.milliseconds("delay_ms")?),
        "drip_reply" => {
            Action::DripReply(Duration::from_millis(members.number("interval_ms")?.unwrap_or_default()))
        }
        "close_idle" => Action::CloseIdle { reset: members.flag("reset")? },
        "wrong_crc" => Action::WrongCrc,
        "omit_crc" => Action::OmitCrc,
        "omit_etag" => Action::OmitEtag,
        "garble_etag" => Action::GarbleEtag,
        "truncate_reply_body" => Action::TruncateReplyBody,
        "garbage_reply" => Action::GarbageReply,
        "huge_reply_body" => Action::HugeReplyBody(members.needed("bytes")?),
        "huge_reply_headers" => match members.needed("bytes")? {
            bytes @ 0..=HUGE_HEADERS_MAX => Action::HugeReplyHeaders(bytes),
            _ => return Err(format!("bytes of headers must be at most {HUGE_HEADERS_MAX}")),
        },
        "chunked_reply" => Action::ChunkedReply,
        other => return Err(format!("there is no action {other:?}")),
    })
}

/// Reads which requests a fault befalls, and how often.
fn narrow(fault: &mut Fault, members: &mut Members) -> Result<(), String> {
    fault.method = members.text("method")?;
    fault.operation = members.text("operation")?.filter(|name| !name.eq_ignore_ascii_case("any"));
    if let Some(name) = fault.operation.as_deref().filter(|name| !operation::is_name(name)) {
        return Err(format!("there is no operation {name:?}"));
    }
    fault.bucket = members.text("bucket")?;
    fault.key = members.text("key")?;
    fault.part_number = members.number("part_number")?;
    fault.skip = members.number("skip")?.unwrap_or_default();
    if let Some(value) = members.0.remove("probability") {
        let probability = value.as_f64().filter(|p| (0.0..=1.0).contains(p));
        fault.probability = Some(probability.ok_or("probability must be between 0 and 1")?);
        fault.times = None;
    }
    if members.0.get("times").is_some_and(|times| times == "always") {
        members.0.remove("times");
        fault.times = None;
    }
    match members.number("times")? {
        None => {}
        Some(0) => return Err("times must be at least 1".to_owned()),
        times => fault.times = times,
    }
    Ok(())
}

fn default_code(status: u16) -> String {
    match status {
        400 => "InvalidArgument",
        403 => "AccessDenied",
        404 => "NoSuchKey",
        429 => "TooManyRequests",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "InternalError",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_what_a_program_can_say() {
        for (json, fault) in [
            (r#"{"action":"reset_after_body_bytes","bytes":7}"#, Fault::new(Action::ResetAfterBodyBytes(7))),
            (
                r#"{"action":"early_error","status":403,"abrupt":true}"#,
                Fault::new(Action::EarlyError { status: 403, code: "AccessDenied".into(), abrupt: true }),
            ),
            (
                r#"{"action":"slow_reply","delay_ms":5}"#,
                Fault::new(Action::SlowReply(Duration::from_millis(5))),
            ),
            (
                r#"{"action":"redirect","location":"http://x/"}"#,
                Fault::new(Action::Redirect("http://x/".into())),
            ),
            (
                r#"{"action":"wrong_crc","operation":"UploadPart","part_number":2,"times":3}"#,
                Fault::new(Action::WrongCrc).operation("UploadPart").part_number(2).times(3),
            ),
            (r#"{"action":"wrong_crc","operation":"OptionObject"}"#, {
                Fault::new(Action::WrongCrc).operation("OptionObject")
            }),
            (
                r#"{"action":"wrong_crc","operation":"Any","times":"always"}"#,
                Fault::new(Action::WrongCrc).always(),
            ),
            (
                r#"{"action":"wrong_crc","probability":0.5,"skip":1}"#,
                Fault::new(Action::WrongCrc).probability(0.5).skip(1),
            ),
            (
                r#"{"action":"huge_reply_headers","bytes":1000000}"#,
                Fault::new(Action::HugeReplyHeaders(1_000_000)),
            ),
        ] {
            assert_eq!(Fault::from_json(json), Ok(fault), "{json}");
        }
    }

    #[test]
    fn what_cannot_happen_is_refused() {
        for (json, reason) in [
            ("[]", "a JSON object"),
            ("{}", "action is missing"),
            (r#"{"action":"nonsense"}"#, "no action \"nonsense\""),
            (r#"{"action":"status"}"#, "status is missing"),
            (r#"{"action":"status","status":99}"#, "status must be"),
            (r#"{"action":"wrong_crc","time":1}"#, "no member \"time\""),
            (r#"{"action":"wrong_crc","status":7}"#, "wrong_crc has no member \"status\""),
            (r#"{"action":"status","status":500,"bytes":7}"#, "status has no member \"bytes\""),
            (r#"{"action":"wrong_crc","operation":"PutObjct"}"#, "no operation \"PutObjct\""),
            (r#"{"action":"wrong_crc","probability":2}"#, "probability must be"),
            (r#"{"action":"wrong_crc","times":0}"#, "times must be"),
            (r#"{"action":"wrong_crc","times":-1}"#, "times must be"),
            (r#"{"action":"wrong_crc","times":"often"}"#, "times must be"),
            (r#"{"action":"huge_reply_headers","bytes":18446744073709551615}"#, "bytes of headers must be"),
        ] {
            let refused = Fault::from_json(json).unwrap_err();
            assert!(refused.contains(reason), "{json}: {refused}");
        }
        assert!(Fault::from_json("").is_err());
    }
}
