//! What a request asks of OSS, and the words of the answer. Signatures are not checked.

use super::Millis;
use super::http::{Head, Reply, form_fields};
use super::store::{Deed, Done, NO_SUCH_KEY, Refusal, Version, etag};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Of all there is.
pub const BUCKET: &str = "bucket";
pub const KEY: &str = "key";
pub const TOKEN: &str = "x-oss-meta-oss-upload-token";
/// How far a client's clock may be off.
pub const SKEW: i64 = 15 * 60;
pub const SKEWED: Refusal = Refusal(403, "RequestTimeTooSkewed");

pub const INVALID_DIGEST: Refusal = Refusal(400, "InvalidDigest");

/// The kind of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Put,
    Form,
    Append,
    Begin,
    Part,
    Complete,
    Abort,
    List,
    Look,
}

impl Operation {
    pub fn of(head: &Head) -> Option<Operation> {
        let has = |name| head.parameter(name).is_some();
        Some(match head.method.as_str() {
            "PUT" if has("uploadId") => Operation::Part,
            "PUT" => Operation::Put,
            "POST" if has("append") => Operation::Append,
            "POST" if has("uploads") => Operation::Begin,
            "POST" if has("uploadId") => Operation::Complete,
            "POST" => Operation::Form,
            "DELETE" if has("uploadId") => Operation::Abort,
            "GET" if has("uploadId") => Operation::List,
            "HEAD" => Operation::Look,
            _ => return None,
        })
    }

    /// Whether it makes an object, or more of one.
    pub fn creates(self) -> bool {
        matches!(self, Operation::Put | Operation::Form | Operation::Append | Operation::Complete)
    }
}

/// Whether a callback is asked for in the head. A form asks in its body.
pub fn asks_for_callback(head: &Head) -> bool {
    head.header("x-oss-callback").is_some() || head.parameter("callback").is_some()
}

/// Whether OSS is told what it gets, so that it refuses anything else.
pub fn has_digest(head: &Head) -> bool {
    head.header("content-md5").is_some()
}

/// The number of a part; zero for what is none.
pub fn part_number(head: &Head) -> u32 {
    head.parameter("partNumber").and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What is to be done, if the whole request is there.
pub fn deed(operation: Operation, head: &Head, body: Vec<u8>) -> Deed {
    let upload = head.parameter("uploadId").unwrap_or_default().to_owned();
    let token = head.header(TOKEN).map(str::to_owned);
    let callback = asks_for_callback(head);
    match operation {
        Operation::Put => Deed::Put { data: body, token, callback },
        Operation::Form => form(head, &body),
        Operation::Append => {
            let position = head.parameter("position").and_then(|text| text.parse().ok());
            Deed::Append { position: position.unwrap_or(usize::MAX), data: body, token }
        }
        Operation::Begin => Deed::Begin { token },
        Operation::Part => Deed::Part { upload, number: part_number(head), data: body },
        Operation::Complete => {
            let parts = head.header("x-oss-complete-all").is_none().then(|| listed(&body));
            Deed::Complete { upload, parts, callback }
        }
        Operation::Abort => Deed::Abort { upload },
        Operation::List => Deed::List { upload },
        Operation::Look => Deed::Look,
    }
}

fn form(head: &Head, body: &[u8]) -> Deed {
    let mut fields = form_fields(head.header("content-type").unwrap_or_default(), body);
    // An empty one is none.
    let callback = fields.iter().any(|(name, value)| name == "callback" && !value.is_empty());
    let data = fields.pop().filter(|(name, _)| name == "file").map(|(_, data)| data);
    Deed::Put { data: data.unwrap_or_default(), token: None, callback }
}

/// The numbers and ETags in the body of a Complete.
fn listed(body: &[u8]) -> Vec<(u32, String)> {
    let text = String::from_utf8_lossy(body);
    let within = |part: &str, tag: &str| {
        let rest = part.split(&format!("<{tag}>")).nth(1)?;
        Some(rest.split("</").next()?.trim_matches('"').to_owned())
    };
    let part = |part: &str| Some((within(part, "PartNumber")?.parse().ok()?, within(part, "ETag")?));
    text.split("<Part>").skip(1).filter_map(part).collect()
}

/// What the clocks of OSS show: seconds since 1970 at the beginning of the call, by its front and by its store.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    pub front: i64,
    pub store: i64,
}

impl Clocks {
    pub fn date(&self, now: Millis) -> String {
        http_date(self.front + now.div_euclid(1000))
    }

    fn last_modified(&self, at: Millis) -> String {
        http_date(self.store + at.div_euclid(1000))
    }

    /// Whether the client's clock is too far off, by the date that it sends.
    pub fn refuse(&self, head: &Head, now: Millis) -> bool {
        let date = head.header("date").filter(|_| head.header("authorization").is_some());
        let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        let front = self.front + now.div_euclid(1000);
        date.is_some_and(|date| (date.as_second() - front).abs() > SKEW)
    }

    /// An error document, with the clock if that is what it is about.
    pub fn error(&self, status: u16, code: &str, now: Millis) -> Reply {
        let time = match code {
            "RequestTimeTooSkewed" => {
                let now = Timestamp::from_second(self.front + now.div_euclid(1000)).unwrap();
                format!("<ServerTime>{now:.3}</ServerTime>")
            }
            _ => String::new(),
        };
        Reply::new(status).saying(format!("<Error><Code>{code}</Code><Message>No.</Message>{time}</Error>"))
    }
}

pub fn http_date(unix_time: i64) -> String {
    let time = Timestamp::from_second(unix_time).unwrap();
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).unwrap()
}

/// What OSS says, but for what all its replies have.
pub fn reply(clocks: &Clocks, operation: Operation, done: &Result<Done, Refusal>, now: Millis) -> Reply {
    let done = match done {
        Ok(done) => done,
        Err(Refusal(status, code)) => return clocks.error(*status, code, now),
    };
    let ok = Reply::new(200);
    match done {
        Done::Stored(version, None) => stored(operation, version),
        Done::Stored(version, Some(true)) => {
            tagged(ok, version.crc64).with("Content-Type", "application/json").saying(ANSWER)
        }
        Done::Stored(version, Some(false)) => {
            let error = clocks.error(203, "CallbackFailed", now);
            Reply { headers: tagged(ok, version.crc64).headers, ..error }
        }
        Done::Begun(id) => ok.saying(format!(
            "<InitiateMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{KEY}</Key><UploadId>{id}</UploadId>\
             </InitiateMultipartUploadResult>"
        )),
        Done::PartStored { crc64 } => tagged(ok, *crc64),
        Done::Parts { upload, parts } => ok.saying(list(upload, parts)),
        Done::Aborted => Reply::new(204),
        Done::Removed => clocks.error(NO_SUCH_KEY.0, NO_SUCH_KEY.1, now).with("x-oss-delete-marker", true),
        Done::Found(version) => {
            let reply = tagged(ok, version.crc64).with("Last-Modified", clocks.last_modified(version.at));
            let token = version.token.iter();
            let reply = token.fold(reply, |reply, token| reply.with(TOKEN, token));
            Reply { length: Some(version.data.len()), ..reply }
        }
    }
}

/// What the application server answers.
pub const ANSWER: &str = "{\"Status\":\"OK\"}";

fn stored(operation: Operation, version: &Version) -> Reply {
    let ok = tagged(Reply::new(200), version.crc64);
    match operation {
        Operation::Form => Reply { status: 204, ..ok },
        Operation::Append => ok.with("x-oss-next-append-position", version.data.len()),
        Operation::Complete => {
            let etag = etag(version.crc64);
            ok.saying(format!(
                "<CompleteMultipartUploadResult><Bucket>{BUCKET}</Bucket><Key>{KEY}</Key><ETag>\"{etag}\"</ETag>\
                 </CompleteMultipartUploadResult>"
            ))
        }
        _ => ok,
    }
}

fn tagged(reply: Reply, crc64: u64) -> Reply {
    let reply = reply.with("ETag", format!("\"{}\"", etag(crc64)));
    reply.with("x-oss-hash-crc64ecma", crc64)
}

fn list(upload: &str, parts: &[(u32, usize, u64)]) -> String {
    let part = |(number, size, crc64): &(u32, usize, u64)| {
        let etag = etag(*crc64);
        format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag><Size>{size}</Size>\
             <HashCrc64ecma>{crc64}</HashCrc64ecma></Part>"
        )
    };
    let parts: String = parts.iter().map(part).collect();
    format!(
        "<ListPartsResult><Bucket>{BUCKET}</Bucket><Key>{KEY}</Key><UploadId>{upload}</UploadId>\
         <IsTruncated>false</IsTruncated>{parts}</ListPartsResult>"
    )
}
