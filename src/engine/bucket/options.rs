//! How a bucket is reached.

use super::endpoint::{Addressing, Endpoint};
use super::limits::{self, Limits};
use super::resolved::{ip_address, name_to_look_up};
use super::scope;
use super::signing::{SignatureVersion, Signing};
use crate::engine::log::Log;
use crate::engine::outbox::Outbox;
use crate::transport::{Bind, Clock, Proxy, Settings, Trust};
use crate::wire::header;
use crate::wire::mistake::Mistake;
use crate::wire::pin;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
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
    settling_time: Duration,
    clock: Clock,
    trust: Trust,
    proxy: Option<Proxy>,
    proxy_from_environment: bool,
    bind: Option<Bind>,
    resolve: Vec<(String, IpAddr)>,
    user_agent: String,
    pub(crate) outbox: Option<Arc<Outbox>>,
    pub(crate) log: Option<Log>,
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
            settling_time: Duration::from_secs(10),
            clock: Clock::default(),
            trust: Trust::default(),
            proxy: None,
            proxy_from_environment: false,
            bind: None,
            resolve: Vec::new(),
            user_agent: concat!("oss-upload/", env!("CARGO_PKG_VERSION")).to_owned(),
            outbox: None,
            log: None,
        }
    }
}

impl BucketOptions {
    /// The region that V4 signatures are bound to, such as `cn-hangzhou`.
    pub fn set_region(&mut self, region: &str) -> Result<(), Mistake> {
        scope::check_region(region)?;
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

    /// How long a request may stand still.
    pub fn set_stall_timeout(&mut self, time: Duration) -> Result<(), Mistake> {
        self.stall_timeout = limits::checked_timeout("stall", time)?;
        Ok(())
    }

    /// How long each call may take; zero for no limit.
    pub fn set_deadline(&mut self, time: Duration) -> Result<(), Mistake> {
        self.limits.set_deadline(time)
    }

    /// What every call is bound to.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// How often a request is made at the most.
    pub fn set_max_attempts(&mut self, attempts: u32) -> Result<(), Mistake> {
        if !(1..=MOST_ATTEMPTS).contains(&attempts) {
            return Err(Mistake::new(format!("{attempts} attempts are not from 1 to {MOST_ATTEMPTS}")));
        }
        self.max_attempts = attempts;
        Ok(())
    }

    /// How long to look for an object whose fate a lost reply left open; zero for a single look.
    pub fn set_settling_time(&mut self, time: Duration) -> Result<(), Mistake> {
        self.settling_time = limits::checked_settling_time(time)?;
        Ok(())
    }

    /// Another clock than the system's, to try out what takes long.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// The PEM file with the certificates to trust instead of the system's.
    pub fn set_ca_file(&mut self, path: impl Into<PathBuf>) -> Result<(), Mistake> {
        let path = path.into();
        if path.as_os_str().is_empty() {
            return Err(Mistake::new("the path of the CA file is empty"));
        }
        self.trust.ca_file = Some(path);
        Ok(())
    }

    /// A PEM file with certificates to trust as well.
    pub fn add_ca_file(&mut self, path: impl Into<PathBuf>) -> Result<(), Mistake> {
        let path = path.into();
        if path.as_os_str().is_empty() {
            return Err(Mistake::new("the path of the CA file to add is empty"));
        }
        if self.trust.extra_ca_file.is_some() {
            return Err(Mistake::new(
                "a CA file is added already; one file can hold any number of certificates",
            ));
        }
        self.trust.extra_ca_file = Some(path);
        Ok(())
    }

    /// The PEM files with the certificate that says who we are, and with its private key.
    pub fn set_client_certificate(
        &mut self,
        certificate_file: impl Into<PathBuf>,
        key_file: impl Into<PathBuf>,
    ) -> Result<(), Mistake> {
        let files = (certificate_file.into(), key_file.into());
        for (path, what) in [(&files.0, "certificate"), (&files.1, "private key")] {
            if path.as_os_str().is_empty() {
                return Err(Mistake::new(format!("the path of the client's {what} is empty")));
            }
        }
        self.trust.client_certificate = Some(files);
        Ok(())
    }

    /// The public keys, one of which the endpoint's certificate must have; none for whichever.
    pub fn set_public_key_pin(&mut self, pins: &str) -> Result<(), Mistake> {
        self.trust.pins = pin::parse_all(pins)?;
        Ok(())
    }

    /// The HTTP proxy to go through.
    pub fn set_proxy(&mut self, proxy: &str) -> Result<(), Mistake> {
        self.proxy = Some(Proxy::parse(proxy)?);
        Ok(())
    }

    /// Whether to go through the proxy that the environment names, if none is set.
    pub fn set_proxy_from_environment(&mut self, wanted: bool) {
        self.proxy_from_environment = wanted;
    }

    /// Where connections start from; empty for wherever the system wants.
    pub fn set_bind_address(&mut self, address: &str) -> Result<(), Mistake> {
        self.bind = match address {
            "" => None,
            address => Some(Bind::parse(address)?),
        };
        Ok(())
    }

    /// The address to go to instead of looking `host` up; empty to look it up after all.
    pub fn set_resolve(&mut self, host: &str, address: &str) -> Result<(), Mistake> {
        let host = name_to_look_up(host)?;
        let address = match address {
            "" => None,
            address => Some(ip_address(address)?),
        };
        self.resolve.retain(|(other, _)| *other != host);
        self.resolve.extend(address.map(|address| (host, address)));
        Ok(())
    }

    /// What to call ourselves.
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<(), Mistake> {
        header::check_value(user_agent, "the user agent")?;
        self.user_agent = user_agent.to_owned();
        Ok(())
    }

    /// Where it is kept on disk that a callback is owed, by what has no other options: forms, URLs and uploads reopened.
    pub fn set_outbox(&mut self, outbox: Option<Arc<Outbox>>) {
        self.outbox = outbox;
    }

    /// Who is told what the calls do.
    pub fn set_log(&mut self, log: Option<Log>) {
        self.log = log;
    }

    pub(super) fn addressing(&self) -> Addressing {
        self.addressing
    }

    /// How requests to the endpoint are signed.
    pub(super) fn signing(&self, endpoint: &Endpoint) -> Result<Signing, Mistake> {
        Signing::new(self.signature, self.region.as_deref(), endpoint)
    }

    /// How to get there. If the environment is to name the proxy, it is asked now.
    pub(crate) fn settings(&self, url: &Url) -> Result<Settings, Mistake> {
        let https = url.scheme() == "https";
        let proxy = match (&self.proxy, url.host_str(), url.port_or_known_default()) {
            (None, Some(host), Some(port)) if self.proxy_from_environment => {
                Proxy::from_environment(https, host, port)?
            }
            (proxy, ..) => proxy.clone(),
        };
        Ok(Settings {
            https,
            connect_timeout: self.connect_timeout,
            stall_timeout: self.stall_timeout,
            trust: self.trust.clone(),
            proxy,
            bind: self.bind.clone(),
            resolve: self.resolve.clone(),
            clock: self.clock.clone(),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    pub(super) fn settling_time(&self) -> Duration {
        self.settling_time
    }

    pub(crate) fn user_agent(&self) -> &str {
        &self.user_agent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(options: &BucketOptions) -> Settings {
        options.settings(&Url::parse("https://bucket.example.com").unwrap()).unwrap()
    }

    #[test]
    fn each_host_has_the_address_that_was_given_last() {
        let mut options = BucketOptions::default();
        for (host, address) in [
            ("a.example.com", "192.0.2.1"),
            ("B.example.com", "192.0.2.2"),
            ("A.Example.COM", "2001:db8::1"),
            ("b.example.com", ""),
            ("never-given.example.com", ""),
        ] {
            options.set_resolve(host, address).unwrap();
        }
        let expected = [("a.example.com".to_owned(), "2001:db8::1".parse().unwrap())];
        assert_eq!(settings(&options).resolve, expected);
    }

    #[test]
    fn host_that_is_not_looked_up_and_address_that_is_none_are_refused() {
        let mut options = BucketOptions::default();
        for host in
            ["", "*", "*.example.com", "192.0.2.1", "[::1]", "a.example.com:443", "https://a.example.com"]
        {
            let mistake = options.set_resolve(host, "192.0.2.1").unwrap_err();
            assert!(mistake.message().contains("is not a name to look up"), "{host}: {mistake}");
        }
        for address in ["a.example.com", "192.0.2.1:443", "192.0.2.256", "[::1]"] {
            let mistake = options.set_resolve("a.example.com", address).unwrap_err();
            assert!(mistake.message().contains("is not an IP address"), "{address}: {mistake}");
        }
        assert!(settings(&options).resolve.is_empty());
    }

    #[test]
    fn one_file_can_be_added_to_the_trusted_ones() {
        let mut options = BucketOptions::default();
        options.set_ca_file("all.pem").unwrap();
        options.add_ca_file("more.pem").unwrap();
        assert!(options.add_ca_file("other.pem").unwrap_err().message().contains("added already"));
        let Trust { ca_file, extra_ca_file, .. } = settings(&options).trust;
        assert_eq!((ca_file, extra_ca_file), (Some("all.pem".into()), Some("more.pem".into())));
    }
}
