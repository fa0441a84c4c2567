//! TLS settings: always verified, against the system's roots or against a file of the caller's.

use super::failure::{Cause, Failure};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;

/// Settings for an `http` endpoint: nothing is trusted and no root is looked for, so a machine without any still works.
pub(super) fn unused() -> Result<ClientConfig, Failure> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// Settings that trust the system's roots or, when `ca_file` names a PEM file, the certificates in it and no others.
pub(super) fn verified(ca_file: Option<&str>) -> Result<ClientConfig, Failure> {
    let Some(path) = ca_file else {
        let trusting_system = builder()?.with_platform_verifier();
        return Ok(trusting_system
            .map_err(|error| tls_failure(format!("no usable root certificates on this system: {error}")))?
            .with_no_client_auth());
    };
    // A named pipe would wait for somebody to write to it.
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return Err(tls_failure(format!("cannot read the CA file {path}: it is no regular file")));
    }
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| tls_failure(format!("cannot read the CA file {path}: {error}")))?;
    for certificate in certificates {
        let added = certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
        added.map_err(|error| tls_failure(format!("the CA file {path} is not usable: {error}")))?;
    }
    if roots.is_empty() {
        return Err(tls_failure(format!("the CA file {path} holds no certificate")));
    }
    Ok(builder()?.with_root_certificates(roots).with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Failure> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_failure(error.to_string()))
}

fn tls_failure(message: String) -> Failure {
    Failure { cause: Cause::Tls, wholly_sent: false, message }
}
