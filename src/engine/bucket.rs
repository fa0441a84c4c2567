//! A bucket: where it is, who signs, and the connections to it.

use super::endpoint::{Addressing, Endpoint, Scope};
use super::limits::Limits;
use super::outcome::{Outcome, Stored};
use super::signing::Signing;
use crate::credentials::Credentials;
use crate::transport::{Bounds, Cancel, Deadline, Failure, Lane, Settings, Transport};
use crate::wire::header;
use crate::wire::mistake::Mistake;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use url::Url;

/// The longest time that a setting can express; beyond it, a number is more likely a mistake than a wish.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
const MOST_ATTEMPTS: u32 = 100;

/// How requests are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureVersion {
    /// HMAC-SHA1, closed to new accounts.
    V1,
    /// HMAC-SHA256 over a scope with the region.
    V4,
}

/// How a bucket is reached.
#[derive(Clone)]
pub struct BucketOptions {
    region: Option<String>,
    signature: Option<SignatureVersion>,
    addressing: Addressing,
    connect_timeout: Duration,
    stall_timeout: Duration,
    limits: Limits,
    max_attempts: u32,
    ca_file: Option<String>,
    proxy: Option<String>,
    user_agent: String,
}

impl Default for BucketOptions {
    fn default() -> BucketOptions {
        BucketOptions {
            region: None,
            signature: None,
            addressing: Addressing::Auto,
            connect_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
            limits: Limits::default(),
            max_attempts: 3,
            ca_file: None,
            proxy: None,
            user_agent: concat!("oss-upload/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl BucketOptions {
    /// The region that V4 signatures are bound to, such as `cn-hangzhou`.
    pub fn set_region(&mut self, region: &str) -> Result<(), Mistake> {
        if let Some(name) = region.strip_prefix("oss-") {
            return Err(Mistake::new(format!(
                "the region {region:?} begins with \"oss-\", which belongs to host names; write {name:?}"
            )));
        }
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(fits) {
            return Err(Mistake::new(format!("the region {region:?} is not of a-z, 0-9 and -")));
        }
        self.region = Some(region.to_owned());
        Ok(())
    }

    /// Which signature to use whatever the endpoint.
    pub fn set_signature(&mut self, version: SignatureVersion) {
        self.signature = Some(version);
    }

    /// Where the bucket's name goes.
    pub fn set_addressing(&mut self, addressing: Addressing) {
        self.addressing = addressing;
    }

    /// How long a connection may take to be made.
    pub fn set_connect_timeout(&mut self, time: Duration) -> Result<(), Mistake> {
        self.connect_timeout = checked_timeout("connect", time)?;
        Ok(())
    }

    /// How long nothing may move on a connection.
    pub fn set_stall_timeout(&mut self, time: Duration) -> Result<(), Mistake> {
        self.stall_timeout = checked_timeout("stall", time)?;
        Ok(())
    }

    /// How long each call may take; zero for no limit.
    pub fn set_deadline(&mut self, time: Duration) -> Result<(), Mistake> {
        self.limits.set_deadline(time)
    }

    /// Who may end every call.
    pub fn set_cancel(&mut self, cancel: Option<Cancel>) {
        self.limits.set_cancel(cancel);
    }

    /// How often a request is made at the most.
    pub fn set_max_attempts(&mut self, attempts: u32) -> Result<(), Mistake> {
        if !(1..=MOST_ATTEMPTS).contains(&attempts) {
            return Err(Mistake::new(format!("{attempts} attempts are not from 1 to {MOST_ATTEMPTS}")));
        }
        self.max_attempts = attempts;
        Ok(())
    }

    /// The PEM file with the certificates to trust instead of the system's.
    pub fn set_ca_file(&mut self, path: &str) -> Result<(), Mistake> {
        if path.is_empty() {
            return Err(Mistake::new("the path of the CA file is empty"));
        }
        self.ca_file = Some(path.to_owned());
        Ok(())
    }

    /// The HTTP proxy to go through.
    pub fn set_proxy(&mut self, proxy: &str) -> Result<(), Mistake> {
        // A proxy's URL can hold a password, so the message does not repeat it.
        let usable =
            Url::parse(proxy).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !usable {
            return Err(Mistake::new("the proxy is not a URL of the form http://[user:password@]host:port"));
        }
        self.proxy = Some(proxy.to_owned());
        Ok(())
    }

    /// What V4 signatures are bound to: the region that was set, or else the endpoint's.
    fn scope(&self, endpoint: &Endpoint) -> Option<Scope> {
        let product = endpoint.scope().map_or("oss", |scope| scope.product);
        let given = self.region.clone().map(|region| Scope { region, product });
        given.or_else(|| endpoint.scope().cloned())
    }

    /// How to get there.
    pub(super) fn settings(&self, https: bool) -> Settings {
        Settings {
            https,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            ca_file: self.ca_file.clone(),
            proxy: self.proxy.clone(),
        }
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    pub(super) fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// What to call ourselves.
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<(), Mistake> {
        header::check_value(user_agent)?;
        self.user_agent = user_agent.to_owned();
        Ok(())
    }
}

fn checked_timeout(which: &str, time: Duration) -> Result<Duration, Mistake> {
    if time.is_zero() || time > LONGEST {
        return Err(Mistake::new(format!(
            "a {which} time-out of {} ms is not from 1 to {} ms",
            time.as_millis(),
            LONGEST.as_millis()
        )));
    }
    Ok(time)
}

/// A deadline of zero means none.
pub(super) fn checked_deadline(time: Duration) -> Result<Option<Duration>, Mistake> {
    if time > LONGEST {
        return Err(Mistake::new(format!(
            "a deadline of {} ms is longer than {} ms; 0 stands for none",
            time.as_millis(),
            LONGEST.as_millis()
        )));
    }
    Ok(Some(time).filter(|time| !time.is_zero()))
}

/// A bucket and the way to it. Shared by any number of threads. Clones share the connections and what was learnt.
#[derive(Clone)]
pub struct Bucket {
    pub(super) endpoint: Endpoint,
    pub(super) credentials: Arc<Credentials>,
    pub(super) signing: Arc<Signing>,
    pub(super) max_attempts: u32,
    pub(super) user_agent: String,
    limits: Limits,
    transport: Arc<Transport>,
    /// Seconds that the server's clock is ahead of ours.
    clock_offset: Arc<AtomicI64>,
}

impl Bucket {
    /// Checks everything, but touches neither the network nor a file.
    pub fn new(
        endpoint: &str,
        name: &str,
        credentials: Arc<Credentials>,
        options: &BucketOptions,
    ) -> Result<Bucket, Mistake> {
        let endpoint = Endpoint::new(endpoint, name, options.addressing)?;
        let transport = Transport::new(options.settings(endpoint.is_https()));
        Ok(Bucket {
            signing: Arc::new(Signing::new(options.signature, options.scope(&endpoint))?),
            endpoint,
            credentials,
            max_attempts: options.max_attempts,
            user_agent: options.user_agent.clone(),
            limits: options.limits.clone(),
            transport: Arc::new(transport),
            clock_offset: Arc::default(),
        })
    }

    /// The same bucket, whose calls are bound to other limits.
    pub fn with_limits(&self, limits: Limits) -> Bucket {
        Bucket { limits, ..self.clone() }
    }

    /// Runs an operation on the calling thread, within its own limits and the bucket's. `stored` is what is known when
    /// the network cannot even be set up.
    pub(super) fn run(
        &self,
        limits: &Limits,
        stored: Stored,
        operation: impl AsyncFnOnce(&Lane, Deadline) -> Outcome,
    ) -> Outcome {
        run_on(&self.transport, limits, &self.limits, stored, operation)
    }

    /// The server's time, as far as it is known, in seconds since 1970.
    pub(super) fn server_time(&self) -> i64 {
        our_time() + self.clock_offset.load(Ordering::Relaxed)
    }

    /// Learns the server's clock from a reply that says `now`.
    pub(super) fn learn_server_time(&self, now: i64) {
        self.clock_offset.store(now - our_time(), Ordering::Relaxed);
    }
}

/// Runs an operation on the calling thread, within its `own` limits and the `common` ones.
pub(super) fn run_on(
    transport: &Transport,
    own: &Limits,
    common: &Limits,
    stored: Stored,
    operation: impl AsyncFnOnce(&Lane, Deadline) -> Outcome,
) -> Outcome {
    let deadline = Deadline::after(own.or(common).deadline.flatten());
    let cancels = own.cancel.iter().chain(&common.cancel).cloned().collect();
    let bounds = Bounds { cancels, bytes_per_second: own.bytes_per_second };
    let result = transport.run(bounds, async |lane: &Lane| {
        let outcome = operation(lane, deadline).await;
        if lane.is_cancelled() { outcome.cut_short(lane.was_cut_short()) } else { outcome }
    });
    result.unwrap_or_else(|failure: Failure| Outcome::failed(failure, stored))
}

fn our_time() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
}

/// The header promises that threads may share these; here the compiler holds it.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Bucket>();
    shareable::<super::multipart::Multipart>();
};
