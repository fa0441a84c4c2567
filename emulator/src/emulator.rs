//! The emulator as a program sees it that runs one.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::ServerConfig;
use socket2::SockRef;

use crate::callback::{Policy, SigningKey};
use crate::clock::Clock;
use crate::config::{Config, Credential};
use crate::connection;
use crate::connections::Connections;
use crate::digest::{crc64, md5};
use crate::errors::OssError;
use crate::faults::{Fault, Faults};
use crate::host::with_plain_names;
use crate::key::check_key;
use crate::keys::Keys;
use crate::object::{ObjectType, Properties};
use crate::request_log::{Request, RequestLog};
use crate::shared::Shared;
use crate::store::{Settings, Store, Wanted};
use crate::stream::tls_config;
use crate::text::{base64_encode, hex_upper};
use crate::threads::Threads;

/// A running OSS server. It ends, with all its threads and connections, when it is dropped.
///
/// ```
/// use oss_emulator::{Config, Emulator};
///
/// let emulator = Emulator::start(Config::default())?;
/// println!("{}", emulator.endpoint());
/// emulator.put_object("test-bucket", "greeting.txt", b"hello");
/// assert_eq!(emulator.object("test-bucket", "greeting.txt").unwrap().data, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    listener: Arc<TcpListener>,
    accepting: Option<JoinHandle<()>>,
}

/// An object as the emulator keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Object {
    /// The content.
    pub data: Vec<u8>,
    /// The headers given at upload that OSS keeps with an object: content type, metadata and so on. Names are
    /// lower-cased.
    pub headers: Vec<(String, String)>,
    /// Without quotes.
    pub etag: String,
    /// The CRC-64 of the content.
    pub crc64: u64,
    /// `Normal`, `Appendable` or `Multipart`.
    pub object_type: String,
    /// When it was stored, in milliseconds since 1970 by the emulator's clock.
    pub last_modified_ms: i64,
}

impl Object {
    /// The header of that name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl Emulator {
    /// Starts a server. It is ready when this returns.
    pub fn start(config: Config) -> io::Result<Emulator> {
        let config = with_plain_names(config);
        let tls = config.tls.as_ref().map(tls_config).transpose()?;
        let store = Store::open(config.data.as_deref()).map_err(|error| {
            let folder = config.data.as_deref().unwrap_or(Path::new("")).display();
            named(error, format!("the data folder {folder}"))
        })?;
        Clock::check_offset_s(config.clock_offset_s)?;
        let clock = Clock::new(config.clock_offset_s);
        for bucket in &config.buckets {
            store.create_bucket(bucket, Settings::new(clock.now_ms())).map_err(|error| {
                let message = format!("bucket {bucket:?}: {}", error.message);
                io::Error::new(ErrorKind::InvalidInput, message)
            })?;
        }
        let listener = TcpListener::bind(config.listen);
        let listener = Arc::new(listener.map_err(|error| named(error, config.listen))?);
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            clock,
            keys: Keys::new(config.credentials.clone()),
            store,
            faults: Faults::default(),
            log: RequestLog::new(config.request_log_limit),
            connections: Connections::default(),
            signing_key: SigningKey::new(config.callback_key_bits),
            config,
        });
        let accepting = thread::Builder::new().name("oss-emulator".to_owned()).spawn({
            let (shared, listener) = (Arc::clone(&shared), Arc::clone(&listener));
            move || accept(&shared, &listener, tls.as_ref())
        })?;
        Ok(Emulator { shared, listener, accepting: Some(accepting) })
    }

    /// `http://127.0.0.1:PORT`, or `https://…` with TLS.
    pub fn endpoint(&self) -> String {
        self.shared.endpoint()
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.shared.address.port()
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Adds a fault behind those that wait.
    pub fn inject(&self, fault: Fault) {
        self.shared.faults.inject(fault);
    }

    /// Forgets all faults that wait. One that has begun goes on.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// Accepts an access key, in the place of one of the same id.
    pub fn add_credential(&self, credential: Credential) {
        self.shared.keys.add(credential, self.shared.clock.now_ms());
    }

    /// Knows an access key no longer.
    pub fn remove_credential(&self, id: &str) {
        self.shared.keys.remove(id);
    }

    /// Sets the server's clock so many seconds ahead of the machine's (negative: behind).
    pub fn set_clock_offset_s(&self, seconds: i64) {
        self.shared.clock.set_offset_s(seconds);
    }

    /// The same; refused if the clock would show a time that no date can say.
    pub fn try_set_clock_offset_s(&self, seconds: i64) -> io::Result<()> {
        Clock::check_offset_s(seconds)?;
        self.set_clock_offset_s(seconds);
        Ok(())
    }

    /// The requests so far, in the order in which their heads arrived. Those under `/-/` are not among them.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.all()
    }

    /// The next request that is over: its reply has begun, or there is none. Each is given once.
    pub fn take_request(&self) -> Option<Request> {
        self.shared.log.take()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.accepted()
    }

    /// How many connections are open now.
    pub fn open_connections(&self) -> usize {
        self.shared.connections.open()
    }

    /// Closes (FIN) all kept-alive connections that wait for another request, and returns when they are closed.
    /// Connections that have not seen a request yet stay open.
    pub fn close_idle_connections(&self) {
        self.shared.connections.close_idle();
    }

    /// An object, if it is there.
    ///
    /// # Panics
    ///
    /// If the data folder cannot be read.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        match self.try_object(bucket, key) {
            Ok(object) => object,
            Err(error) => panic!("{error}"),
        }
    }

    /// The same; the error says why the object cannot be read.
    pub fn try_object(&self, bucket: &str, key: &str) -> io::Result<Option<Object>> {
        let found = unless_absent(self.shared.store.read(bucket, key, None))
            .map_err(|error| io::Error::other(format!("{bucket}/{key} cannot be read: {}", error.message)))?;
        Ok(found.map(|(properties, data)| Object {
            data: data.to_vec(),
            headers: properties.headers,
            etag: properties.etag,
            crc64: properties.crc64,
            object_type: properties.kind.name().to_owned(),
            last_modified_ms: properties.modified_ms,
        }))
    }

    /// Stores an object as if it had been uploaded. The bucket is made if need be.
    ///
    /// # Panics
    ///
    /// If the bucket's name or the key is not valid, or the data folder cannot be written.
    pub fn put_object(&self, bucket: &str, key: &str, data: impl AsRef<[u8]>) {
        if let Err(error) = self.try_put_object(bucket, key, data.as_ref()) {
            panic!("{error}");
        }
    }

    /// The same; the error says why the object cannot be stored.
    pub fn try_put_object(&self, bucket: &str, key: &str, data: &[u8]) -> io::Result<()> {
        let cannot_be_stored = |error: OssError| {
            let kind = if error.status < 500 { ErrorKind::InvalidInput } else { ErrorKind::Other };
            io::Error::new(kind, format!("{bucket}/{key} cannot be stored: {}", error.message))
        };
        check_key(key, false).map_err(cannot_be_stored)?;
        let now_ms = self.shared.clock.now_ms();
        let properties = Properties {
            etag: hex_upper(&md5(data)),
            crc64: crc64(data),
            content_md5: Some(base64_encode(&md5(data))),
            size: data.len() as u64,
            kind: ObjectType::Normal,
            modified_ms: now_ms,
            headers: Vec::new(),
            version_id: None,
        };
        let store = &self.shared.store;
        store
            .create_bucket(bucket, Settings::new(now_ms))
            .and_then(|()| store.put(bucket, key, properties, Arc::new(data.to_vec()), false).map(drop))
            .map_err(cannot_be_stored)
    }

    /// Removes an object, if it is there.
    ///
    /// # Panics
    ///
    /// If the data folder cannot be written.
    pub fn delete_object(&self, bucket: &str, key: &str) {
        if let Err(error) = self.try_delete_object(bucket, key) {
            panic!("{error}");
        }
    }

    /// The same; the error says why the object cannot be removed.
    pub fn try_delete_object(&self, bucket: &str, key: &str) -> io::Result<()> {
        unless_absent(self.shared.store.delete(bucket, key, None, self.shared.clock.now_ms()))
            .map(drop)
            .map_err(|error| io::Error::other(format!("{bucket}/{key} cannot be removed: {}", error.message)))
    }

    /// Stores a callback policy on a bucket, beside those of other names. `callback` and `variables` are the JSON texts that
    /// a request would carry in Base64; `variables` may be empty.
    ///
    /// # Panics
    ///
    /// If the bucket does not exist, OSS would refuse the callback, or the data folder cannot be written.
    pub fn put_callback_policy(&self, bucket: &str, name: &str, callback: &str, variables: &str) {
        let [callback, variables] = [callback, variables].map(|json| base64_encode(json.as_bytes()));
        let policy = Policy { name: name.to_owned(), callback, variables };
        let store = &self.shared.store;
        let stored = policy.check().and_then(|()| {
            store.change_settings(bucket, |settings| {
                settings.callback_policies.retain(|other| other.name != name);
                settings.callback_policies.push(policy);
            })
        });
        if let Err(error) = stored {
            panic!("the callback policy {name:?} cannot be stored on {bucket:?}: {}", error.message);
        }
    }

    /// The keys of a bucket, in byte order.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let all = self.shared.store.objects(bucket, &Wanted::EVERYTHING);
        all.map(|page| page.items.into_iter().map(|(key, _)| key).collect()).unwrap_or_default()
    }

    /// The unfinished multipart uploads of a bucket: key and upload id.
    pub fn uploads(&self, bucket: &str) -> Vec<(String, String)> {
        let all = self.shared.store.uploads(bucket, &Wanted::EVERYTHING);
        all.map(|page| page.items.into_iter().map(|(key, upload)| (key, upload.id)).collect())
            .unwrap_or_default()
    }

    /// The public key that verifies this emulator's callbacks; also at `/-/callback_pub_key.pem`.
    ///
    /// # Panics
    ///
    /// If no key of [`Config::callback_key_bits`] can be made.
    pub fn callback_public_key_pem(&self) -> String {
        match self.shared.signing_key.public_pem() {
            Ok(pem) => pem,
            Err(error) => panic!("there is no key to sign callbacks with: {error}"),
        }
    }
}

/// An error that says what it is about.
fn named(error: io::Error, what: impl Display) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// Where there is no bucket or no object, there is nothing, which is no error.
fn unless_absent<T>(outcome: Result<T, OssError>) -> Result<Option<T>, OssError> {
    match outcome {
        Err(error) if error.status == 404 => Ok(None),
        outcome => outcome.map(Some),
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.shared.connections.stop();
        stop_listening(&self.listener);
        if let Some(accepting) = self.accepting.take() {
            // It waits for the threads of the connections.
            while !accepting.is_finished() {
                self.shared.connections.shut_down();
            }
            let _ = accepting.join();
        }
    }
}

/// Wakes the thread that waits for connections: there will be none. This takes no descriptor, and none may be left.
pub(crate) fn stop_listening(listener: &TcpListener) {
    let _ = SockRef::from(listener).shutdown(Shutdown::Both);
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener, tls: Option<&Arc<ServerConfig>>) {
    let mut serving = Threads::default();
    loop {
        let accepted = listener.accept();
        if shared.connections.is_stopping() {
            return;
        }
        let Ok((tcp, peer)) = accepted else {
            // Out of descriptors, or the peer is gone again; a short wait keeps this from spinning.
            if shared.connections.wait_for_stop(Duration::from_millis(10)) {
                return;
            }
            continue;
        };
        // A reply of many small writes must not wait for acknowledgements.
        let _ = tcp.set_nodelay(true);
        let tcp = Arc::new(tcp);
        let Some(id) = shared.connections.accept(Arc::clone(&tcp)) else {
            return;
        };
        let started = serving.start(format!("oss-emulator-{id}"), {
            let shared = Arc::clone(shared);
            let tls = tls.cloned();
            move || connection::serve(&shared, id, tcp, peer.ip(), tls.as_ref())
        });
        if started.is_err() {
            shared.connections.remove(id);
        }
    }
}
