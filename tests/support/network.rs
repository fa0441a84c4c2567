//! What lies between a client and its servers: their certificate, and a proxy.

use super::proxy::Proxy;
use super::route::Route;
use oss_emulator::Tls;
use oss_upload::engine::BucketOptions;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use tempfile::NamedTempFile;

/// To be kept as long as anybody uses it.
pub struct Network {
    certificate: Option<Certificate>,
    proxy: Option<Proxy>,
}

/// A certificate for this machine, and a file by which clients trust it.
struct Certificate {
    tls: Tls,
    ca_file: NamedTempFile,
}

impl Network {
    pub fn of(route: Route) -> Network {
        Network {
            certificate: route.is_https().then(Certificate::new),
            proxy: route.has_proxy().then(Proxy::start),
        }
    }

    /// What an emulator is started with.
    pub fn tls(&self) -> Option<Tls> {
        self.certificate.as_ref().map(|certificate| certificate.tls.clone())
    }

    /// What the URLs of servers begin with.
    pub fn scheme(&self) -> &'static str {
        if self.certificate.is_some() { "https" } else { "http" }
    }

    /// How a server that is no emulator sees its connections.
    pub fn server_side(&self) -> impl Fn(TcpStream) -> Box<dyn Stream> + Clone + Send + 'static {
        let config = self.certificate.as_ref().map(Certificate::server_config);
        move |tcp| match &config {
            None => Box::new(tcp),
            Some(config) => {
                let tls = ServerConnection::new(Arc::clone(config)).expect("TLS");
                Box::new(StreamOwned::new(tls, tcp))
            }
        }
    }

    /// Tells a client how to get to the servers.
    pub fn describe_to(&self, options: &mut BucketOptions) {
        if let Some(path) = self.ca_file() {
            options.set_ca_file(path).expect("a path");
        }
        if let Some(proxy) = &self.proxy {
            options.set_proxy(&proxy.url()).expect("a URL");
        }
    }

    /// Tells a program in C how to get to the servers.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let ca_file = self.ca_file().map(|path| ("CA_FILE", path.to_owned()));
        let proxy = self.proxy.as_ref().map(|proxy| ("PROXY", proxy.url()));
        ca_file.into_iter().chain(proxy).collect()
    }

    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// How many connections there are of which the client has not been told that the server has ended them.
    pub fn open_connections(&self) -> usize {
        self.proxy.as_ref().map_or(0, Proxy::open_connections)
    }

    fn ca_file(&self) -> Option<&str> {
        self.certificate.as_ref().map(|certificate| certificate.ca_file.path().to_str().expect("text"))
    }
}

impl Certificate {
    fn new() -> Certificate {
        let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let tls = Tls { cert_pem: certified.cert.pem(), key_pem: certified.signing_key.serialize_pem() };
        let ca_file = NamedTempFile::new().expect("a file");
        fs::write(&ca_file, &tls.cert_pem).expect("a file that can be written");
        Certificate { tls, ca_file }
    }

    fn server_config(&self) -> Arc<ServerConfig> {
        let certificate =
            CertificateDer::from_pem_slice(self.tls.cert_pem.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(self.tls.key_pem.as_bytes()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions of TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Arc::new(config.expect("a key that fits the certificate"))
    }
}

/// A connection, with TLS or without.
pub trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}
