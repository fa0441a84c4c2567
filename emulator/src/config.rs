//! What an emulator is started with.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The access key id that an emulator knows unless it is given others.
pub const DEFAULT_ACCESS_KEY_ID: &str = "emulator-access-key-id";
/// The secret that belongs to [`DEFAULT_ACCESS_KEY_ID`].
pub const DEFAULT_ACCESS_KEY_SECRET: &str = "emulator-access-key-secret";
/// The bucket that exists unless others are named.
pub const DEFAULT_BUCKET: &str = "test-bucket";

/// An access key that the emulator accepts.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key id.
    pub id: String,
    /// The access key secret.
    pub secret: String,
    /// The token of temporary (STS) credentials. If there is one, requests must carry it.
    pub security_token: Option<String>,
    /// When it is accepted no longer, in milliseconds since 1970 by the emulator's clock.
    pub expires_at_ms: Option<i64>,
}

impl Credential {
    /// A permanent access key.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Credential {
        Credential { id: id.into(), secret: secret.into(), security_token: None, expires_at_ms: None }
    }

    /// Temporary credentials, which are only good together with their token.
    pub fn temporary(
        id: impl Into<String>,
        secret: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Credential {
        Credential { security_token: Some(security_token.into()), ..Credential::new(id, secret) }
    }

    /// The same, accepted until then, in milliseconds since 1970 by the emulator's clock.
    pub fn expiring_at_ms(self, expires_at_ms: i64) -> Credential {
        Credential { expires_at_ms: Some(expires_at_ms), ..self }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The certificate with which the emulator speaks https.
#[derive(Clone)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub cert_pem: String,
    /// The private key, PEM (PKCS#8, PKCS#1 or SEC1).
    pub key_pem: String,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Settings of an [`Emulator`](crate::Emulator). Start from `Config::default()`.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen. Default: a free port on 127.0.0.1.
    pub listen: SocketAddr,
    /// Buckets that exist from the start. Default: [`DEFAULT_BUCKET`].
    pub buckets: Vec<String>,
    /// Make a bucket when a request first names it. Default: no.
    pub auto_create_buckets: bool,
    /// The access keys that are accepted at first.
    pub credentials: Vec<Credential>,
    /// Let requests without a signature do everything, and not only what ACLs allow. Default: no.
    pub allow_anonymous: bool,
    /// The region that signature V4 must name. Default: `cn-hangzhou`.
    pub region: String,
    /// Seconds by which the server's clock is ahead of the machine's (negative: behind).
    pub clock_offset_s: i64,
    /// Names of the server, `oss.example.test` for `http://BUCKET.oss.example.test`. `localhost` and the endpoints of OSS are
    /// known without. With any other host the bucket is in the path.
    pub domains: Vec<String>,
    /// Custom domains: `Host` without its port, and the bucket that it stands for.
    pub cnames: BTreeMap<String, String>,
    /// Origins such as `http://127.0.0.1:8080` whose pages may send requests and read the replies; `*` stands for all.
    /// Default: none, as with a bucket that has no CORS rule.
    pub cors_origins: Vec<String>,
    /// How long an application server may take to answer a callback. OSS allows 5 s.
    pub callback_timeout: Duration,
    /// The largest answer of an application server that is accepted. Default: 3 MiB.
    pub callback_answer_limit: u64,
    /// Refuse callbacks to private and loopback addresses, as OSS does. Default: no.
    pub forbid_private_callback: bool,
    /// Size of the RSA key that signs callbacks. Default: 512, the size of the service's own key.
    pub callback_key_bits: usize,
    /// Have the process `trigger/callback`, which calls for an object that is there already. Default: yes.
    pub trigger: bool,
    /// How long the server waits for more of a request's body, which is longer than no time at all. Default: 60 s.
    pub body_timeout: Duration,
    /// The largest object, and the largest request body. Default: 2 GiB.
    pub object_size_limit: u64,
    /// The largest object that is copied at once to another bucket, to another class, or encrypted otherwise. Default: 1 GiB, as
    /// in OSS.
    pub copy_size_limit: u64,
    /// The least size of a part that is not the last. Default: 100 KB, as in OSS.
    pub min_part_size: u64,
    /// Keep buckets and objects in this folder, so that they survive a restart. Default: in memory only.
    pub data: Option<PathBuf>,
    /// Speak https with this certificate instead of http.
    pub tls: Option<Tls>,
    /// How many requests the request log keeps; older ones are forgotten. Default: 20 000.
    pub request_log_limit: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            buckets: vec![DEFAULT_BUCKET.to_owned()],
            auto_create_buckets: false,
            credentials: vec![Credential::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET)],
            allow_anonymous: false,
            region: "cn-hangzhou".to_owned(),
            clock_offset_s: 0,
            domains: Vec::new(),
            cnames: BTreeMap::new(),
            cors_origins: Vec::new(),
            callback_timeout: Duration::from_secs(5),
            callback_answer_limit: 3 << 20,
            forbid_private_callback: false,
            callback_key_bits: 512,
            trigger: true,
            body_timeout: Duration::from_secs(60),
            object_size_limit: 2 << 30,
            copy_size_limit: 1 << 30,
            min_part_size: 100 * 1024,
            data: None,
            tls: None,
            request_log_limit: 20_000,
        }
    }
}
