//! The error documents of OSS, in bodies and in the header `x-oss-err`.

use std::fmt::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::date;
use super::mistake::shown;
use super::xml;

/// Longest text of one element that is kept, in bytes. Canonical requests are the longest.
const VALUE_MAX: usize = 16 * 1024;
/// Most elements that are kept besides the well-known ones.
const DETAILS_MAX: usize = 64;
/// Longest message, in bytes.
const MESSAGE_MAX: usize = 1024;
/// Longest code, request id or EC, in bytes.
const ID_MAX: usize = 256;
/// Longest document that is read as one. OSS sends a few kilobytes.
const DOCUMENT_MAX: usize = 256 * 1024;
/// How far a broken or endless document is searched.
const SEARCH_MAX: usize = 64 * 1024;
/// Longest header that is decoded.
const HEADER_MAX: usize = 32 * 1024;

/// Details that help whoever reads a message, and that never hold a secret.
const TOLD: [&str; 14] = [
    "ArgumentName",
    "Bucket",
    "BucketName",
    "Endpoint",
    "Header",
    "Key",
    "MaxAllowedSkewMilliseconds",
    "MaxSizeAllowed",
    "MinSizeAllowed",
    "PartNumber",
    "ProposedSize",
    "RequestTime",
    "ServerTime",
    "UploadId",
];

/// An error as OSS describes it. Fields that it left out are empty.
///
/// All texts are the server's, but short, and without control characters except in the details.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ErrorReply {
    /// `SignatureDoesNotMatch` and the like.
    pub code: String,
    /// For people.
    pub message: String,
    /// What support asks for.
    pub request_id: String,
    /// The stable number of the cause. For people: the vendor may change it.
    pub ec: String,
    /// Everything else, by element name. May span lines, and may repeat what the request said about its credentials.
    pub details: Vec<(String, String)>,
}

/// Shows the names of the details only: they may hold tokens and signatures.
impl fmt::Debug for ErrorReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details: Vec<&str> = self.details.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ErrorReply")
            .field("code", &self.code)
            .field("message", &self.message)
            .field("request_id", &self.request_id)
            .field("ec", &self.ec)
            .field("details", &details)
            .finish()
    }
}

impl ErrorReply {
    /// The detail of this name.
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The server's clock in unix seconds, from a reply about clock skew.
    pub fn server_time(&self) -> Option<i64> {
        let text = self.detail("ServerTime")?;
        date::parse_iso8601(text).or_else(|| date::parse_http_date(text))
    }

    /// One line for a message: code, message and the details that help. It never holds a signature, a token, or the
    /// strings that were signed.
    pub fn line(&self) -> String {
        let mut line = String::new();
        line.push_str(if self.code.is_empty() { "an error without a code" } else { &self.code });
        if !self.message.is_empty() {
            line.push_str(": ");
            line.push_str(&self.message);
        }
        let mut separator = " (";
        for (name, value) in &self.details {
            if TOLD.contains(&name.as_str()) || (name == "ArgumentValue" && self.argument_is_harmless()) {
                // Writing to a string does not fail.
                let _ = write!(line, "{separator}{name} {}", shown(value));
                separator = ", ";
            }
        }
        if !self.ec.is_empty() {
            let _ = write!(line, "{separator}EC {}", self.ec);
            separator = ", ";
        }
        if separator == ", " {
            line.push(')');
        }
        line
    }

    fn argument_is_harmless(&self) -> bool {
        let name = self.detail("ArgumentName").unwrap_or_default().to_ascii_lowercase();
        !["sign", "token", "auth", "credential", "key", "policy", "secret", "callback"]
            .iter()
            .any(|part| name.contains(part))
            && !name.is_empty()
    }

    fn put(&mut self, name: &str, value: &str) {
        let field = match name {
            "Code" => &mut self.code,
            "RequestId" => &mut self.request_id,
            "EC" => &mut self.ec,
            "Message" => {
                if self.message.is_empty() {
                    self.message = one_line(value.trim(), MESSAGE_MAX);
                }
                return;
            }
            _ => {
                if self.details.len() < DETAILS_MAX {
                    self.details.push((name.to_owned(), cut(value.trim(), VALUE_MAX).to_owned()));
                }
                return;
            }
        };
        if field.is_empty() {
            *field = one_line(value.trim(), ID_MAX);
        }
    }
}

/// Reads an error document. `None` if the body is something else.
///
/// A broken document still gives its code and message when they can be made out.
pub fn parse(body: &[u8]) -> Option<ErrorReply> {
    match xml::root_name(body) {
        Some(name) if name == "Error" => {}
        // Most bodies that are no error end here, however long they are.
        Some(_) => return None,
        None => return search(body),
    }
    if body.len() > DOCUMENT_MAX {
        return search(body);
    }
    let Ok(root) = xml::parse(body) else { return search(body) };
    let mut reply = ErrorReply::default();
    for child in &root.children {
        reply.put(&child.name, &child.text);
    }
    Some(reply)
}

/// Reads the value of the header `x-oss-err`, which carries the document where there is no body.
pub fn from_header(x_oss_err_base64: &str) -> Option<ErrorReply> {
    const BASE64: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = x_oss_err_base64.trim();
    if text.len() > HEADER_MAX {
        return None;
    }
    parse(&BASE64.decode(text).ok()?)
}

/// Looks for code and message in a document that a parser refuses, such as one that was cut off.
fn search(body: &[u8]) -> Option<ErrorReply> {
    let body = body.get(..SEARCH_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(body);
    let (_, text) = text.split_once("<Error")?;
    let mut reply = ErrorReply::default();
    for name in ["Code", "RequestId", "EC"] {
        // A name that was cut off would be a wrong name: only whole ones count.
        if let Some(value) = after_tag(text, name).and_then(|rest| rest.split_once("</")) {
            reply.put(name, &unescaped(value.0));
        }
    }
    if let Some(rest) = after_tag(text, "Message") {
        reply.put("Message", &unescaped(rest.split('<').next().unwrap_or_default()));
    }
    (!reply.code.is_empty() || !reply.message.is_empty()).then_some(reply)
}

fn after_tag<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.split_once(&format!("<{name}>")).map(|(_, rest)| rest)
}

fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), |text| text.into_owned())
}

/// Text on one line: control characters, line ends among them, become blanks.
pub fn one_line(text: &str, max: usize) -> String {
    cut(text, max).chars().map(|character| if is_unfit(character) { ' ' } else { character }).collect()
}

/// A name or a path made fit for a one-line message: what `one_line` makes blanks of is escaped.
pub fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match is_unfit(character) {
            true => line.extend(character.escape_default()),
            false => line.push(character),
        }
    }
    line
}

/// The same of a path, whose bytes need not be text.
pub fn escaped_path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

/// Control characters, the separators of lines and paragraphs, and marks that turn the writing direction.
fn is_unfit(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// At most `max` bytes, at a character's end.
fn cut(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    const SIGNATURE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n  <Code>SignatureDoesNotMatch</Code>\n\
        <Message>The request signature we calculated\ndoes not match.</Message><RequestId>R1</RequestId>\
        <HostId>b.oss</HostId><OSSAccessKeyId>akid</OSSAccessKeyId><SignatureProvided>SIG/provided=</SignatureProvided>\
        <StringToSign>PUT\n\nx-oss-security-token:TOKEN\n/b/k</StringToSign><EC>0002-00000040</EC></Error>";

    #[test]
    fn names_stay_on_one_line_and_are_told_apart() {
        assert_eq!(escaped("/dir/it's \"a\" é.txt"), "/dir/it's \"a\" é.txt");
        assert_eq!(escaped("a\nERROR\r\u{2028}\u{202e}b"), r"a\nERROR\r\u{2028}\u{202e}b");
    }

    #[test]
    fn documents_are_read_whole() {
        let reply = parse(SIGNATURE.as_bytes()).unwrap();
        assert_eq!(reply.code, "SignatureDoesNotMatch");
        assert_eq!(reply.request_id, "R1");
        assert_eq!(reply.ec, "0002-00000040");
        assert_eq!(reply.detail("HostId"), Some("b.oss"));
        assert_eq!(reply.detail("StringToSign"), Some("PUT\n\nx-oss-security-token:TOKEN\n/b/k"));
        assert_eq!(reply.detail("Missing"), None);
    }

    #[test]
    fn lines_and_debug_keep_secrets_and_stay_one_line() {
        let reply = parse(SIGNATURE.as_bytes()).unwrap();
        for text in [reply.line(), format!("{reply:?}")] {
            assert!(text.contains("SignatureDoesNotMatch"), "{text}");
            assert!(
                !text.contains("TOKEN") && !text.contains("SIG/provided") && !text.contains("akid"),
                "{text}"
            );
            assert!(!text.contains('\n'), "{text}");
        }
        assert_eq!(
            reply.line(),
            "SignatureDoesNotMatch: The request signature we calculated does not match. (EC 0002-00000040)"
        );
    }

    #[test]
    fn arguments_are_told_unless_they_may_be_secret() {
        let reply = |name: &str| {
            parse(
                format!(
                    "<Error><Code>InvalidArgument</Code><ArgumentName>{name}</ArgumentName>\
                     <ArgumentValue>the value</ArgumentValue></Error>"
                )
                .as_bytes(),
            )
            .unwrap()
            .line()
        };
        assert_eq!(
            reply("x-oss-object-acl"),
            "InvalidArgument (ArgumentName \"x-oss-object-acl\", ArgumentValue \"the value\")"
        );
        // A callback's variables are the application's own business.
        let secrets = [
            "Signature",
            "security-token",
            "Authorization",
            "x-oss-credential",
            "OSSAccessKeyId",
            "callback",
            "",
        ];
        for secret in secrets {
            assert!(!reply(secret).contains("the value"), "{secret}");
        }
    }

    #[test]
    fn other_bodies_are_not_errors() {
        for body in
            ["", "{\"Code\":1}", "<html><body>Bad Gateway</body></html>", "<Errors/>", "<br><Code>x</Code>"]
        {
            assert_eq!(parse(body.as_bytes()), None, "{body}");
        }
        assert_eq!(parse(b"<Error/>"), Some(ErrorReply::default()));
        assert_eq!(ErrorReply::default().line(), "an error without a code");
    }

    #[test]
    fn broken_documents_give_what_is_whole() {
        let reply = parse(b"<Error><Code>InternalError</Code><Message>a &amp; bro").unwrap();
        assert_eq!((reply.code.as_str(), reply.message.as_str()), ("InternalError", "a & bro"));
        assert_eq!(parse(b"<Error><Code>Intern"), None);
        assert_eq!(parse(b"<!DOCTYPE x><Error><Code>A</Code></Error>").unwrap().code, "A");
        assert_eq!(parse(b"<Error><Message>\xff</Message>").unwrap().message, "\u{fffd}");
        for end in 0..SIGNATURE.len() {
            if let Some(reply) = parse(&SIGNATURE.as_bytes()[..end]) {
                assert!(matches!(reply.code.as_str(), "" | "SignatureDoesNotMatch"), "{end}");
            }
        }
    }

    #[test]
    fn headers_carry_the_same_document() {
        let header = BASE64_STANDARD.encode(SIGNATURE);
        assert_eq!(from_header(&header), parse(SIGNATURE.as_bytes()));
        assert_eq!(from_header(header.trim_end_matches('=')), parse(SIGNATURE.as_bytes()));
        for junk in ["", "%%%", "AAAA", &"A".repeat(HEADER_MAX + 4)] {
            assert_eq!(from_header(junk), None, "{junk:.20}");
        }
    }

    #[test]
    fn everything_is_bounded() {
        let long = "é".repeat(20_000);
        let details: String = (0..1000).map(|i| format!("<D{i}>x</D{i}>")).collect();
        let body =
            format!("<Error><Code>{long}</Code><Message>{long}</Message><A>{long}</A>{details}</Error>");
        let reply = parse(body.as_bytes()).unwrap();
        assert_eq!(reply.code.len(), ID_MAX);
        assert_eq!(reply.message.len(), MESSAGE_MAX);
        assert!(reply.details.iter().all(|(_, value)| value.len() <= VALUE_MAX));
        assert_eq!(reply.details.len(), DETAILS_MAX);
        assert!(reply.line().len() < 2 * MESSAGE_MAX);

        let endless =
            format!("<Error><Code>A</Code><Message>m</Message><B>{}</B></Error>", "b".repeat(DOCUMENT_MAX));
        let reply = parse(endless.as_bytes()).unwrap();
        assert_eq!((reply.code.as_str(), reply.details.len()), ("A", 0));
        assert_eq!(cut("éé", 3), "é");
    }

    #[test]
    fn control_characters_do_not_reach_a_line() {
        let reply = parse(
            "<Error><Code>A&#13;&#10;B</Code><Message>&#27;[31m\u{202e}x&#10;y</Message></Error>".as_bytes(),
        );
        let line = reply.unwrap().line();
        assert_eq!(line, "A  B:  [31m x y");
    }

    #[test]
    fn clock_skew_replies_tell_the_time() {
        let reply =
            |time: &str| parse(format!("<Error><ServerTime>{time}</ServerTime></Error>").as_bytes()).unwrap();
        assert_eq!(reply("2012-02-23T07:01:34.000Z").server_time(), Some(1_329_980_494));
        assert_eq!(reply("Sat, 30 Dec 2023 23:59:59 GMT").server_time(), Some(1_703_980_799));
        assert_eq!(reply("noon").server_time(), None);
        assert_eq!(ErrorReply::default().server_time(), None);
    }
}
