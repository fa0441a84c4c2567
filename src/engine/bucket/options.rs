//! How a bucket is reached.

use super::endpoint::{Addressing, Endpoint, Scope};
use super::limits::{self, Limits};
use super::signing::{SignatureVersion, Signing};
use crate::transport::{Cancel, Settings};
use crate::wire::header;
use crate::wire::mistake::Mistake;
use std::time::Duration;
use url::Url;

const MOST_ATTEMPTS: u32 = 100;

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
        self.connect_timeout = limits::checked_timeout("connect", time)?;
        Ok(())
    }

    /// How long nothing may move on a connection.
    pub fn set_stall_timeout(&mut self, time: Duration) -> Result<(), Mistake> {
        self.stall_timeout = limits::checked_timeout("stall", time)?;
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

    /// What to call ourselves.
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<(), Mistake> {
        header::check_value(user_agent)?;
        self.user_agent = user_agent.to_owned();
        Ok(())
    }

    pub(super) fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// How requests to the endpoint are signed. V4 signatures are bound to the region that was set, or else to the
    /// endpoint's.
    pub(super) fn signing(&self, endpoint: &Endpoint) -> Result<Signing, Mistake> {
        let product = endpoint.scope().map_or("oss", |scope| scope.product);
        let given = self.region.clone().map(|region| Scope { region, product });
        Signing::new(self.signature, given.or_else(|| endpoint.scope().cloned()))
    }

    /// How to get there.
    pub(crate) fn settings(&self, https: bool) -> Settings {
        Settings {
            https,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            ca_file: self.ca_file.clone(),
            proxy: self.proxy.clone(),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.user_agent
    }
}
