//! The POST to the application server, and the judgement of its answer.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::settings::{Callback, CallbackUrl};
use super::signature::SigningKey;
use super::template::{self, Values};
use super::tls;
use crate::clock::http_date;
use crate::digest::md5;
use crate::http::{HEAD_LIMIT, Headers};
use crate::text::base64_encode;

/// A good answer of an application server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// Why a callback failed, as the 203 reply says it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub message: String,
    pub ec: Option<&'static str>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Failure {
        Failure { message: message.into(), ec: None }
    }

    fn cannot_connect() -> Failure {
        Failure::new("Error status : -1.OSS can not connect to your callbackUrl, please check it.")
    }
}

/// Keeps the emulator's outgoing connections at hand, so that its end can interrupt them.
pub(crate) trait Sockets {
    /// Whether the emulator is about to end, and there is nothing to begin any more.
    fn are_ending(&self) -> bool;
    /// Takes note of a socket that is about to connect.
    fn opened(&self, socket: &Arc<TcpStream>);
    fn closed(&self, socket: &Arc<TcpStream>);
}

/// What a delivery needs to know besides the callback's settings.
pub(crate) struct Delivery<'a> {
    pub values: Values,
    pub bucket: &'a str,
    pub request_id: &'a str,
    pub requester: &'a str,
    pub public_key_url: String,
    pub now_ms: i64,
    pub timeout: Duration,
    pub answer_limit: u64,
    pub key: &'a SigningKey,
    pub sockets: &'a dyn Sockets,
}

/// Tries the URLs in order until one answers as it should. The last failure is the one that is reported.
pub(crate) fn deliver(callback: &Callback, delivery: &Delivery) -> Result<Answer, Failure> {
    let body = template::render(&callback.body, callback.body_type, &delivery.values, &callback.variables);
    let mut failure = Failure::cannot_connect();
    for url in &callback.urls {
        if delivery.sockets.are_ending() {
            break;
        }
        match post(callback, delivery, url, body.as_bytes()) {
            Ok(answer) => return Ok(answer),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// The addresses that a URL's host has. IPv6 is not used, as in the service.
pub(crate) fn addresses(url: &CallbackUrl) -> Vec<SocketAddr> {
    (url.host.as_str(), url.port)
        .to_socket_addrs()
        .map(|found| found.filter(SocketAddr::is_ipv4).collect())
        .unwrap_or_default()
}

/// Loopback, link-local and the ranges of private networks.
pub(crate) fn is_private(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(_) => true,
    }
}

trait Duplex: Read + Write {}
impl<T: Read + Write> Duplex for T {}

fn post(callback: &Callback, delivery: &Delivery, url: &CallbackUrl, body: &[u8]) -> Result<Answer, Failure> {
    let request = request(callback, delivery, url, body).map_err(Failure::new)?;
    // The clock starts here: making the key that signs the first callback takes its time.
    let deadline = Instant::now() + delivery.timeout;
    let (tcp, address) = addresses(url)
        .into_iter()
        .find_map(|address| Some((connect(address, deadline, delivery.sockets).ok()?, address)))
        .ok_or_else(Failure::cannot_connect)?;
    let exchanged = exchange(&tcp, callback, url, &request, deadline, delivery.answer_limit);
    delivery.sockets.closed(&tcp);
    exchanged.map_err(|error| match error {
        ExchangeError::Io(error) if is_timeout(&error) => {
            let ms = delivery.timeout.as_millis();
            let message = format!(
                "Error status : -1 {address} reply timeout, cost:{ms}ms, timeout:{ms}ms (err -4, errno115)"
            );
            Failure { message, ec: Some("0007-00000202") }
        }
        ExchangeError::Io(_) => Failure::cannot_connect(),
        ExchangeError::Tls => {
            Failure { message: "Error status : 502.".to_owned(), ec: Some("0007-00000203") }
        }
        ExchangeError::Answer(failure) => failure,
    })
}

/// Connects a socket that is at hand from before it begins.
fn connect(address: SocketAddr, deadline: Instant, sockets: &dyn Sockets) -> io::Result<Arc<TcpStream>> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    let tcp = Arc::new(TcpStream::from(socket));
    sockets.opened(&tcp);
    let connected = match left(deadline) {
        Ok(_) if sockets.are_ending() => Err(io::ErrorKind::ConnectionAborted.into()),
        Ok(left) => SockRef::from(&*tcp).connect_timeout(&address.into(), left),
        Err(late) => Err(late),
    };
    if connected.is_err() {
        sockets.closed(&tcp);
    }
    connected.map(|()| tcp)
}

enum ExchangeError {
    Io(io::Error),
    /// The handshake failed.
    Tls,
    Answer(Failure),
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn left(deadline: Instant) -> io::Result<Duration> {
    deadline
        .checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
        .ok_or_else(|| io::ErrorKind::TimedOut.into())
}

fn request(
    callback: &Callback,
    delivery: &Delivery,
    url: &CallbackUrl,
    body: &[u8],
) -> Result<Vec<u8>, String> {
    let host = callback.host.as_deref().unwrap_or(&url.authority);
    let names: Vec<&str> = callback.headers.iter().map(|(name, _)| name.as_str()).collect();
    let own = [
        ("Host", host.to_owned()),
        ("Connection", "close".to_owned()),
        ("Content-Length", body.len().to_string()),
        ("Content-Type", callback.body_type.content_type().to_owned()),
        ("Content-MD5", base64_encode(&md5(body))),
        ("Date", http_date(delivery.now_ms)),
        ("User-Agent", "aliyun-oss-callback".to_owned()),
        ("Authorization", delivery.key.sign(&url.target, body)?),
        ("x-oss-pub-key-url", base64_encode(delivery.public_key_url.as_bytes())),
        ("x-oss-bucket", delivery.bucket.to_owned()),
        ("x-oss-request-id", delivery.request_id.to_owned()),
        ("x-oss-requester", delivery.requester.to_owned()),
        ("x-oss-signature-version", callback.signature_version.text().to_owned()),
        ("x-oss-tag", "CALLBACK".to_owned()),
        // Captured without any; how names are listed is a guess.
        ("x-oss-additional-headers", names.join(";")),
    ];
    // What says how the request is sent is said once, and by whoever sends it.
    let is_own = |name: &str| {
        name == "transfer-encoding" || own.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    let additional = callback.headers.iter().filter(|(name, _)| !is_own(name));
    let mut head = format!("POST {} HTTP/1.1\r\n", url.target);
    let headers = own.iter().map(|(name, value)| (*name, value));
    for (name, value) in headers.chain(additional.map(|(name, value)| (name.as_str(), value))) {
        head.push_str(&format!("{name}: {}\r\n", value.replace('\0', " ")));
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    Ok(bytes)
}

fn exchange(
    tcp: &TcpStream,
    callback: &Callback,
    url: &CallbackUrl,
    request: &[u8],
    deadline: Instant,
    limit: u64,
) -> Result<Answer, ExchangeError> {
    let prepare = || -> io::Result<()> {
        tcp.set_nodelay(true)?;
        tcp.set_write_timeout(Some(left(deadline)?))?;
        tcp.set_read_timeout(Some(left(deadline)?))
    };
    prepare().map_err(ExchangeError::Io)?;
    let mut stream: Box<dyn Duplex> = if url.https {
        let tcp = tcp.try_clone().map_err(ExchangeError::Io)?;
        let mut tls = tls::connect(tcp, &url.host, callback.sni).map_err(|_| ExchangeError::Tls)?;
        while tls.conn.is_handshaking() {
            tls.conn.complete_io(&mut tls.sock).map_err(|error| match is_timeout(&error) {
                true => ExchangeError::Io(error),
                false => ExchangeError::Tls,
            })?;
        }
        Box::new(tls)
    } else {
        Box::new(tcp)
    };
    // A server may answer and close without reading everything; its answer counts.
    let sent = stream.write_all(request).and_then(|()| stream.flush());
    let answer = read_answer(tcp, &mut *stream, deadline, limit);
    match (sent, answer) {
        (Err(error), Err(ExchangeError::Io(_))) => Err(ExchangeError::Io(error)),
        (_, answer) => answer,
    }
}

fn read_answer(
    tcp: &TcpStream,
    stream: &mut dyn Duplex,
    deadline: Instant,
    limit: u64,
) -> Result<Answer, ExchangeError> {
    let mut read = |bytes: &mut Vec<u8>| -> Result<bool, ExchangeError> {
        let mut buffer = [0; 16 * 1024];
        left(deadline).and_then(|left| tcp.set_read_timeout(Some(left))).map_err(ExchangeError::Io)?;
        let count = match crate::http::retry_interrupted(|| stream.read(&mut buffer)) {
            // A TLS peer that ends without saying so.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            other => other.map_err(ExchangeError::Io)?,
        };
        bytes.extend_from_slice(&buffer[..count]);
        Ok(count > 0)
    };
    let ended = || ExchangeError::Io(io::ErrorKind::UnexpectedEof.into());
    let mut bytes = Vec::new();
    let (status, headers, head_length) = loop {
        if bytes.len() > HEAD_LIMIT || !read(&mut bytes)? {
            return Err(ended());
        }
        match parse_head(&bytes) {
            Ok(Some((100..=199, _, length))) => {
                bytes.drain(..length);
            }
            Ok(Some(head)) => break head,
            Ok(None) => {}
            Err(()) => return Err(ended()),
        }
    };
    let length = judge_head(status, &headers, limit).map_err(ExchangeError::Answer)?;
    let end = head_length + length;
    while bytes.len() < end {
        if !read(&mut bytes)? {
            return Err(ended());
        }
    }
    let body = bytes[head_length..end].to_vec();
    // This also refuses a byte-order mark.
    if serde_json::from_slice::<IgnoredAny>(&body).is_err() {
        return Err(ExchangeError::Answer(Failure {
            message: "Response body is not valid json format.".to_owned(),
            ec: Some("0007-00000205"),
        }));
    }
    Ok(Answer { content_type: headers.get("content-type").map(|value| value.into_owned()), body })
}

/// The length of the body, if the head is that of a good answer.
fn judge_head(status: u16, headers: &Headers, limit: u64) -> Result<usize, Failure> {
    if status != 200 {
        return Err(Failure { message: format!("Error status : {status}."), ec: Some("0007-00000203") });
    }
    let refuse = |reason: &str| Failure::new(format!("Error Status : 400.User server return {reason}"));
    if headers.get("transfer-encoding").is_some() {
        return Err(refuse("missing content-length."));
    }
    let text = headers.get("content-length").ok_or_else(|| refuse("missing content-length."))?;
    let length: u64 = text
        .parse()
        .ok()
        .filter(|length| *length > 0)
        // The service spells it like this.
        .ok_or_else(|| refuse("invalid conent-length value."))?;
    if length > limit {
        return Err(refuse("too long content-length value"));
    }
    usize::try_from(length).map_err(|_| refuse("too long content-length value"))
}

type AnswerHead = (u16, Headers, usize);

fn parse_head(bytes: &[u8]) -> Result<Option<AnswerHead>, ()> {
    let mut fields = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut fields);
    match response.parse(bytes) {
        Ok(httparse::Status::Partial) => Ok(None),
        Ok(httparse::Status::Complete(length)) => {
            let mut headers = Headers::default();
            for field in response.headers.iter() {
                headers.push(field.name, field.value);
            }
            Ok(Some((response.code.unwrap_or_default(), headers, length)))
        }
        Err(_) => Err(()),
    }
}
