//! Which server is believed to be the one that was asked for.

use super::files;
use crate::transport::failure::{Cause, Failure};
use crate::transport::trust::Trust;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Believes a server that an authority stands behind, or whose very certificate the caller trusts.
#[derive(Debug)]
pub(super) struct Verifier {
    authorities: Arc<dyn ServerCertVerifier>,
    /// What is in the caller's files.
    own: Vec<CertificateDer<'static>>,
    pins: Vec<[u8; 32]>,
}

impl Verifier {
    pub(super) fn new(trust: &Trust, provider: Arc<CryptoProvider>) -> Result<Verifier, Failure> {
        let mut own = Vec::new();
        for (what, path) in [("CA file", &trust.ca_file), ("extra CA file", &trust.extra_ca_file)] {
            if let Some(path) = path {
                let authorities = files::authorities(what, path)?;
                files::make_room(&mut own, authorities.len())?;
                own.extend(authorities);
            }
        }
        let authorities = authorities(&own, trust.ca_file.is_none(), provider)?;
        Ok(Verifier { authorities, own, pins: trust.pins.clone() })
    }

    /// Whether the server's key is one that is expected.
    fn check_key(&self, certificate: &ParsedCertificate<'_>) -> Result<(), Error> {
        let key = Sha256::digest(certificate.subject_public_key_info()).into();
        match self.pins.is_empty() || self.pins.contains(&key) {
            true => Ok(()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }
}

/// Believes in these authorities, and in the system's if they are wanted. A system without any will do if there are others.
fn authorities(
    own: &[CertificateDer<'static>],
    with_the_systems: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Failure> {
    let systems = match with_the_systems {
        true => rustls_native_certs::load_native_certs().certs,
        false => Vec::new(),
    };
    let mut store = RootCertStore::empty();
    files::make_room(&mut store.roots, own.len() + systems.len())?;
    // A system's that make no sense are nobody's business; ours have been looked at.
    store.add_parsable_certificates(own.iter().cloned().chain(systems));
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build();
    Ok(verifier.map_err(|_| {
        let message = "this system has no root certificates; install them, or set a CA file";
        Failure::before(Cause::Tls, message)
    })?)
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let verdict =
            self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let verified = match verdict {
            // The validity period was checked before, the name was not.
            Err(Error::InvalidCertificate(error))
                if wants_an_authority(&error) && self.own.contains(end_entity) =>
            {
                verify_server_name(&certificate, server_name)?;
                ServerCertVerified::assertion()
            }
            verdict => verdict?,
        };
        self.check_key(&certificate)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether a certificate is refused only because no authority stands behind it.
fn wants_an_authority(error: &CertificateError) -> bool {
    matches!(error, CertificateError::UnknownIssuer) || is_an_authoritys(error)
}

/// Whether a server's certificate is refused for being marked as one that signs others.
pub(super) fn is_an_authoritys(error: &CertificateError) -> bool {
    let CertificateError::Other(other) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}
