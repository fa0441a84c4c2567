//! A server that does with each connection what it is told: what no real one does, or not when a test wants it.

use super::together::together;
use base64::prelude::{BASE64_STANDARD, Engine};
use oss_emulator::Tls;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{Bucket, BucketOptions};
use rcgen::{Certificate, CertificateParams, KeyPair, PublicKeyData};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{ALL_VERSIONS, HandshakeKind, RootCertStore};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
use sha2::{Digest, Sha256};
use socket2::{Domain, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;

/// What OSS says when it has stored something.
pub const STORED: &[u8] =
    b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nContent-Length: 0\r\n\r\n";
/// The same with an application server's answer.
pub const ANSWERED: &[u8] =
    b"HTTP/1.1 200 OK\r\nx-oss-request-id: 1\r\nETag: \"E\"\r\nContent-Length: 15\r\n\r\n{\"Status\":\"OK\"}";

/// Runs a test over http and, at the same time, over https, for which it gets `true`.
pub fn over_both(test: impl Fn(bool) + Sync) {
    together(&["http", "https"], |over| test(*over == "https"));
}

pub fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
}

/// Lets time pass, for a server whose slowness is what is tested.
pub fn pause(time: Duration) {
    let end = Instant::now() + time;
    while let Some(rest) = end.checked_duration_since(Instant::now()) {
        thread::park_timeout(rest);
    }
}

/// A certificate that signed itself, with its key, and the files that hold them.
pub struct Identity {
    certificate: Certificate,
    key: KeyPair,
    file: NamedTempFile,
    key_file: NamedTempFile,
    versions: &'static [&'static SupportedProtocolVersion],
    /// Whose certificates clients must have.
    clients: Option<RootCertStore>,
}

impl Identity {
    /// For the address at which all servers here listen.
    pub fn new() -> Identity {
        Identity::named("127.0.0.1")
    }

    /// For a host of this name.
    pub fn named(name: &str) -> Identity {
        Identity::of(CertificateParams::new([name.to_owned()]).unwrap())
    }

    pub fn of(params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let [file, key_file] = [certificate.pem(), key.serialize_pem()].map(|pem| {
            let file = NamedTempFile::new().unwrap();
            std::fs::write(&file, pem).unwrap();
            file
        });
        Identity { certificate, key, file, key_file, versions: ALL_VERSIONS, clients: None }
    }

    /// The same, which speaks only these versions of TLS.
    pub fn speaking(self, versions: &'static [&'static SupportedProtocolVersion]) -> Identity {
        Identity { versions, ..self }
    }

    /// The same, which wants clients to show that they are `client`.
    pub fn wanting(self, client: &Identity) -> Identity {
        let mut clients = RootCertStore::empty();
        clients.add(client.certificate.der().clone()).unwrap();
        Identity { clients: Some(clients), ..self }
    }

    pub fn ca_file(&self) -> &str {
        self.file.path().to_str().unwrap()
    }

    pub fn key_file(&self) -> &str {
        self.key_file.path().to_str().unwrap()
    }

    /// Its public key as a client pins it.
    pub fn pin(&self) -> String {
        format!("sha256//{}", BASE64_STANDARD.encode(Sha256::digest(self.key.subject_public_key_info())))
    }

    /// As the emulator wants it.
    pub fn for_emulator(&self) -> Tls {
        Tls { cert_pem: self.certificate.pem(), key_pem: self.key.serialize_pem() }
    }

    fn config(&self) -> ServerConfig {
        let chain = vec![self.certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(self.key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(self.versions).unwrap();
        let builder = match self.clients.clone() {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(clients), provider);
                builder.with_client_cert_verifier(clients.build().unwrap())
            }
        };
        builder.with_single_cert(chain, key).unwrap()
    }
}

/// A server on a free port. It ends with the process, its connections when they are dropped.
pub struct RawServer {
    address: SocketAddr,
    identity: Option<Identity>,
    accepted: Arc<AtomicUsize>,
}

impl RawServer {
    /// Serves each connection on a thread of its own.
    pub fn start(https: bool, serve: impl Fn(Connection) + Send + Sync + 'static) -> RawServer {
        RawServer::on(TcpListener::bind("127.0.0.1:0").unwrap(), https.then(Identity::new), serve)
    }

    /// The same on a listener that was made in a special way. With an identity it speaks https.
    pub fn on(
        listener: TcpListener,
        identity: Option<Identity>,
        serve: impl Fn(Connection) + Send + Sync + 'static,
    ) -> RawServer {
        let address = listener.local_addr().unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (counter, serve) = (Arc::clone(&accepted), Arc::new(serve));
        let tls = identity.as_ref().map(|identity| Arc::new(identity.config()));
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                let (tls, serve) = (tls.clone(), Arc::clone(&serve));
                thread::spawn(move || {
                    // A handshake that fails is the client's to report.
                    let _ = Connection::accepted(number, socket, tls).map(|connection| serve(connection));
                });
            }
        });
        RawServer { address, identity, accepted }
    }

    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn endpoint(&self) -> String {
        format!("{}://{}", scheme(self.identity.is_some()), self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// A bucket on it whose requests are tried once, unless `set` says otherwise.
    pub fn bucket(&self, set: impl FnOnce(&mut BucketOptions)) -> Bucket {
        bucket_at(&self.endpoint(), |options| {
            if let Some(identity) = &self.identity {
                options.set_ca_file(identity.ca_file()).unwrap();
            }
            set(options);
        })
    }
}

/// A bucket at an endpoint, whose requests are tried once, unless `set` says otherwise.
pub fn bucket_at(endpoint: &str, set: impl FnOnce(&mut BucketOptions)) -> Bucket {
    let mut options = BucketOptions::default();
    options.set_region("cn-hangzhou").unwrap();
    options.set_max_attempts(1).unwrap();
    set(&mut options);
    let credentials = Credentials::new("id", "secret", None).unwrap();
    Bucket::new(endpoint, "test-bucket", Arc::new(credentials), &options).unwrap()
}

/// A connection as the server has it. To drop it closes it: with a reset if there is something left to read.
pub struct Connection {
    /// Which of the server's connections it is, from 0.
    pub number: usize,
    socket: TcpStream,
    tls: Option<ServerConnection>,
}

impl Connection {
    fn accepted(
        number: usize,
        mut socket: TcpStream,
        tls: Option<Arc<ServerConfig>>,
    ) -> io::Result<Connection> {
        socket.set_nodelay(true)?;
        let Some(config) = tls else { return Ok(Connection { number, socket, tls: None }) };
        let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            if let Err(error) = tls.complete_io(&mut socket) {
                // What is wrong is still to be said.
                let _ = tls.write_tls(&mut socket);
                return Err(error);
            }
        }
        Ok(Connection { number, socket, tls: Some(tls) })
    }

    /// Who is at the other end.
    pub fn peer(&self) -> SocketAddr {
        self.socket.peer_addr().unwrap()
    }

    /// Whether it goes on with the TLS session of an earlier one.
    pub fn is_resumed(&self) -> bool {
        let kind = self.tls.as_ref().and_then(|tls| tls.handshake_kind());
        kind == Some(HandshakeKind::Resumed)
    }

    /// Reads the head of a request; `None` when there is none any more.
    pub fn read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        String::from_utf8(head).ok()
    }

    /// Reads a request to its end, and returns the head.
    pub fn read_request(&mut self) -> Option<String> {
        let head = self.read_head()?;
        self.read_exact(&mut vec![0; length_of_body(&head)]).ok()?;
        Some(head)
    }

    /// Returns whether the client was still there to hear it.
    pub fn say(&mut self, words: &[u8]) -> bool {
        self.write_all(words).is_ok() && self.flush().is_ok()
    }

    /// Waits until there is something to read, without reading it.
    pub fn wait_for_a_byte(&mut self) {
        // It may have come with the end of the handshake.
        let state = self.tls.as_mut().and_then(|tls| tls.process_new_packets().ok());
        if state.is_none_or(|state| state.plaintext_bytes_to_read() == 0) {
            let _ = self.socket.peek(&mut [0]);
        }
    }

    /// Says that nothing more will be said, and goes on listening.
    pub fn finish_sending(&mut self) {
        self.finish_tls();
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Says so in TLS, and nowhere else.
    pub fn finish_tls(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.write_tls(&mut self.socket);
        }
    }

    /// Hands on what comes, to this address and back, until both sides have ended.
    pub fn relay(self, to: SocketAddr) {
        let Ok(upstream) = TcpStream::connect(to) else { return };
        let Connection { socket, tls, .. } = self;
        let tls = tls.map(Mutex::new);
        thread::scope(|scope| {
            let asking = scope.spawn(|| {
                hand_on(&socket, &upstream, |bytes| match &tls {
                    Some(tls) => decrypted(&mut tls.lock().unwrap(), bytes),
                    None => Ok(bytes.to_vec()),
                })
            });
            hand_on(&upstream, &socket, |bytes| match &tls {
                Some(tls) => encrypted(&mut tls.lock().unwrap(), bytes),
                None => Ok(bytes.to_vec()),
            });
            // The end of a scope waits too, but no sanitizer sees it.
            asking.join().unwrap();
        });
    }

    /// Keeps it open for as long as the process lives.
    pub fn hold(self) {
        static HELD: Mutex<Vec<Connection>> = Mutex::new(Vec::new());
        HELD.lock().unwrap().push(self);
    }
}

/// Hands on what comes, changed in this way, until there is no more.
fn hand_on(mut from: &TcpStream, mut to: &TcpStream, change: impl Fn(&[u8]) -> io::Result<Vec<u8>>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let handed_on = change(&buffer[..length]).and_then(|bytes| to.write_all(&bytes));
        if handed_on.is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// What these bytes of a TLS connection say, as far as they are complete.
fn decrypted(tls: &mut ServerConnection, mut bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    while !bytes.is_empty() {
        tls.read_tls(&mut bytes)?;
        let state = tls.process_new_packets().map_err(io::Error::other)?;
        let mut said = vec![0; state.plaintext_bytes_to_read()];
        tls.reader().read_exact(&mut said)?;
        plain.extend(said);
    }
    Ok(plain)
}

fn encrypted(tls: &mut ServerConnection, bytes: &[u8]) -> io::Result<Vec<u8>> {
    tls.set_buffer_limit(None);
    tls.writer().write_all(bytes)?;
    let mut sealed = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut sealed)?;
    }
    Ok(sealed)
}

/// How much follows the head of a request.
pub fn length_of_body(head: &str) -> usize {
    let length = head.lines().filter_map(|line| line.split_once(": "));
    let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.next().map_or(0, |(_, value)| value.parse().unwrap())
}

impl Read for Connection {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).read(bytes),
            None => self.socket.read(bytes),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).write(bytes),
            None => self.socket.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => rustls::Stream::new(tls, &mut self.socket).flush(),
            None => self.socket.flush(),
        }
    }
}

/// An address to which nobody can connect, since whoever listens has no room for another connection: as with a host that
/// is gone, the packets that ask for one are dropped.
pub struct Deaf {
    pub address: SocketAddr,
    _listener: Socket,
    _waiting: Vec<Socket>,
}

impl Deaf {
    pub fn new() -> Deaf {
        Deaf::at(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    pub fn at(address: SocketAddr) -> Deaf {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&address.into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        loop {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let is_full = socket.connect_timeout(&address, Duration::from_millis(300)).is_err();
            waiting.push(socket);
            if is_full {
                break;
            }
        }
        Deaf { address: address.as_socket().unwrap(), _listener: listener, _waiting: waiting }
    }
}
