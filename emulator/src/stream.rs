//! A connection's bytes, with TLS or without.

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::config::Tls;

pub(crate) struct Stream {
    tcp: Arc<TcpStream>,
    tls: Option<Box<ServerConnection>>,
}

impl Stream {
    pub fn new(tcp: Arc<TcpStream>, tls: Option<&Arc<ServerConfig>>) -> io::Result<Stream> {
        let tls = match tls {
            None => None,
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Some(Box::new(connection))
            }
        };
        Ok(Stream { tcp, tls })
    }

    /// Makes closing the connection a reset.
    pub fn reset_on_close(&self) {
        let _ = socket2::SockRef::from(&*self.tcp).set_linger(Some(Duration::ZERO));
    }

    /// Tells the peer that nothing more is coming.
    pub fn finish_sending(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            let _ = tls.complete_io(&mut &*self.tcp);
        }
        let _ = self.tcp.shutdown(Shutdown::Write);
    }

    /// Bounds how long one read may wait.
    pub fn set_read_timeout(&self, time: Option<Duration>) {
        let _ = self.tcp.set_read_timeout(time);
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut tcp = &*self.tcp;
        match &mut self.tls {
            None => tcp.read(out),
            Some(tls) => match rustls::Stream::new(&mut **tls, &mut tcp).read(out) {
                // The peer left without saying so, as many do.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            },
        }
    }
}

impl Write for Stream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let mut tcp = &*self.tcp;
        match &mut self.tls {
            None => tcp.write(data),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut tcp).write(data),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut tcp = &*self.tcp;
        match &mut self.tls {
            None => tcp.flush(),
            Some(tls) => rustls::Stream::new(&mut **tls, &mut tcp).flush(),
        }
    }
}

/// Reads a certificate chain and its key.
pub(crate) fn tls_config(tls: &Tls) -> io::Result<Arc<ServerConfig>> {
    let certificates = CertificateDer::pem_slice_iter(tls.cert_pem.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable("the certificate", error))?;
    let key = PrivateKeyDer::from_pem_slice(tls.key_pem.as_bytes())
        .map_err(|error| unusable("the certificate's private key", error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| unusable("the certificate with its private key", error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn unusable(what: &str, error: impl Display) -> io::Error {
    io::Error::other(format!("{what} cannot be used: {error}"))
}
