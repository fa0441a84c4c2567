//! TLS: always verified, in the way that a [`Trust`] says.

mod files;
mod verifier;
mod words;

pub(super) use words::in_words;

use crate::transport::failure::{Cause, Failure};
use crate::transport::trust::Trust;
use crate::wire::error_reply::escaped_path;
use rustls::client::WantsClientCert;
use rustls::crypto::ring;
use rustls::{AlertDescription, ClientConfig, ConfigBuilder, Error, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::Arc;
use verifier::Verifier;

/// The settings of connections with this trust, whose files are read now. They also hold the sessions to resume.
pub(super) fn config(trust: &Trust) -> Result<Arc<ClientConfig>, Failure> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(trust, Arc::clone(&provider))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::before(Cause::Tls, error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match &trust.client_certificate {
        Some((chain, key)) => showing(builder, chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Settings for what speaks no TLS: nothing is trusted and no root is looked for, so a machine without any still works.
pub(super) fn unused() -> Result<Arc<ClientConfig>, Failure> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::before(Cause::Tls, error.to_string()))?;
    Ok(Arc::new(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()))
}

/// What TLS has to say of an error, if it is one of its own.
pub(super) fn error_in<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    if let Some(found) = error.downcast_ref::<Error>() {
        return Some(found);
    }
    // An I/O error does not show the error that it wraps as its source.
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(inner) => error_in(inner),
        None => error.source().and_then(error_in),
    }
}

/// Whether the peer says that our certificate, or that there is none, is not good enough. In TLS 1.3 that comes when our side
/// has long gone on; but the peer takes nothing before it has accepted who we are.
pub(super) fn refuses_us(error: &Error) -> bool {
    matches!(
        error,
        Error::AlertReceived(
            AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::AccessDenied
                | AlertDescription::DecryptError
        )
    )
}

/// Settings that show a client certificate.
fn showing(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    chain_file: &Path,
    key_file: &Path,
) -> Result<ClientConfig, Failure> {
    let chain = files::certificates("client certificate file", chain_file)?;
    let key = files::private_key("client key file", key_file)?;
    let unusable = |message: String| Failure::before(Cause::Tls, message);
    builder.with_client_auth_cert(chain, key).map_err(|error| match error {
        Error::InconsistentKeys(_) => {
            let (key_file, chain_file) = (escaped_path(key_file), escaped_path(chain_file));
            unusable(format!("the key in {key_file} does not belong to the first certificate in {chain_file}"))
        }
        Error::InvalidCertificate(_) => files::damaged("client certificate file", chain_file),
        _ => unusable(format!(
            "the key in the client key file {} is none that can be used: RSA with 2048 bits or more, ECDSA on P-256 or \
             P-384, or Ed25519",
            escaped_path(key_file)
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
    };
    use rsa::RsaPrivateKey;
    use rsa::pkcs1::EncodeRsaPrivateKey;
    use rsa::pkcs8::{EncodePrivateKey, LineEnding};
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::server::WebPkiClientVerifier;
    use rustls::sign::{CertifiedKey, SingleCertAndKey};
    use rustls::version::{TLS12, TLS13};
    use rustls::{ClientConnection, Connection, HandshakeKind, ProtocolVersion, RootCertStore};
    use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
    use sha2::{Digest, Sha256};
    use std::path::PathBuf;
    use tempfile::NamedTempFile;

    const HOST: &str = "oss.example";
    const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

    /// A certificate and its key.
    struct Identity {
        certificate: CertificateDer<'static>,
        key: KeyPair,
    }

    /// What `openssl req -x509` makes unless told otherwise: signed by itself, and marked as an authority.
    fn self_signed() -> Identity {
        self_signed_with(authority_params())
    }

    fn self_signed_with(params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        Identity { certificate: params.self_signed(&key).unwrap().der().clone(), key }
    }

    fn authority_params() -> CertificateParams {
        let mut params = CertificateParams::new([HOST.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    }

    fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = authority_params();
        params.distinguished_name.push(DnType::CommonName, name);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn signed_by(issuer: &Issuer<'_, KeyPair>) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([HOST.to_owned()]).unwrap().signed_by(&key, issuer).unwrap();
        Identity { certificate: certificate.der().clone(), key }
    }

    fn pin(key: &KeyPair) -> [u8; 32] {
        let pem = key.public_key_pem();
        let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        Sha256::digest(BASE64_STANDARD.decode(base64).unwrap()).into()
    }

    fn pem(kind: &str, der: &[u8]) -> String {
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", BASE64_STANDARD.encode(der))
    }

    fn file(content: &str) -> NamedTempFile {
        let file = NamedTempFile::new().unwrap();
        std::fs::write(&file, content).unwrap();
        file
    }

    fn path(file: &NamedTempFile) -> PathBuf {
        file.path().to_owned()
    }

    fn trusting_with(certificate: &CertificateDer<'_>, pins: Vec<[u8; 32]>) -> Arc<ClientConfig> {
        let file = file(&pem("CERTIFICATE", certificate));
        config(&Trust { ca_file: Some(path(&file)), pins, ..Trust::default() }).unwrap()
    }

    fn trusting(certificate: &CertificateDer<'_>) -> Arc<ClientConfig> {
        trusting_with(certificate, Vec::new())
    }

    fn trusting_also(certificate: &CertificateDer<'_>) -> Arc<ClientConfig> {
        let file = file(&pem("CERTIFICATE", certificate));
        config(&Trust { extra_ca_file: Some(path(&file)), ..Trust::default() }).unwrap()
    }

    /// A server that shows this certificate and signs with this key.
    fn server(certificate: &CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
        server_speaking(&VERSIONS, certificate, key)
    }

    fn server_speaking(
        versions: &[&'static SupportedProtocolVersion],
        certificate: &CertificateDer<'static>,
        key: &KeyPair,
    ) -> ServerConfig {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        // Not checked to belong together.
        let shown = CertifiedKey::new(vec![certificate.clone()], key);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// A server that wants a client certificate of this authority.
    fn demanding_server(authority: &CertificateDer<'static>, own: &Identity) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![own.certificate.clone()], key)
            .unwrap()
    }

    /// Everything that one end has to say, said to the other.
    fn pass(from: &mut Connection, to: &mut Connection) -> Result<(), Error> {
        let mut bytes = Vec::new();
        while from.wants_write() {
            from.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            to.read_tls(&mut rest).unwrap();
            to.process_new_packets()?;
        }
        Ok(())
    }

    /// The client's end and the server's after the handshake, or why the client gave up.
    fn connect_to(
        host: &str,
        client: &Arc<ClientConfig>,
        server: ServerConfig,
    ) -> Result<(Connection, Connection), String> {
        let name = host.to_owned().try_into().unwrap();
        let mut client = Connection::from(ClientConnection::new(Arc::clone(client), name).unwrap());
        let mut server = Connection::from(ServerConnection::new(Arc::new(server)).unwrap());
        while client.wants_write() || server.wants_write() {
            // What the server does not like it says itself.
            let _ = pass(&mut client, &mut server);
            pass(&mut server, &mut client).map_err(|error| in_words(&error, host))?;
        }
        Ok((client, server))
    }

    fn connect(client: &Arc<ClientConfig>, own: &Identity) -> Result<(Connection, Connection), String> {
        connect_to(HOST, client, server(&own.certificate, &own.key))
    }

    fn refused(result: Result<(Connection, Connection), String>) -> String {
        result.err().unwrap()
    }

    #[test]
    fn both_versions_are_spoken_with_http_1_1_inside() {
        let own = self_signed();
        for (version, expected) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
            let server = server_speaking(&[version], &own.certificate, &own.key);
            let (client, _) = connect_to(HOST, &trusting(&own.certificate), server).unwrap();
            assert_eq!(client.protocol_version(), Some(expected));
            assert_eq!(client.alpn_protocol(), Some(&b"http/1.1"[..]));
        }
    }

    #[test]
    fn sessions_are_resumed() {
        let own = self_signed();
        let client = trusting(&own.certificate);
        let server = server(&own.certificate, &own.key);
        let (first, _) = connect_to(HOST, &client, server.clone()).unwrap();
        assert_eq!(first.handshake_kind(), Some(HandshakeKind::Full));
        let (second, _) = connect_to(HOST, &client, server).unwrap();
        assert_eq!(second.handshake_kind(), Some(HandshakeKind::Resumed));
    }

    #[test]
    fn server_that_a_trusted_authority_signed_is_accepted() {
        let authority = authority("our own");
        let own = signed_by(&authority);
        connect(&trusting(authority.der()), &own).unwrap();
        connect(&trusting_also(authority.der()), &own).unwrap();
        let message = refused(connect(&trusting(&self_signed().certificate), &own));
        assert!(message.contains("not signed by any authority that is trusted here"), "{message}");
    }

    #[test]
    fn both_files_are_trusted_together() {
        let (one, other) = (authority("one"), authority("other"));
        let (one_file, other_file) = (file(&one.pem()), file(&other.pem()));
        let (ca_file, extra_ca_file) = (Some(path(&one_file)), Some(path(&other_file)));
        let client = config(&Trust { ca_file, extra_ca_file, ..Trust::default() }).unwrap();
        connect(&client, &signed_by(&one)).unwrap();
        connect(&client, &signed_by(&other)).unwrap();
    }

    #[test]
    fn very_certificate_that_is_trusted_is_accepted() {
        let marked_as_authority = self_signed();
        let unmarked = self_signed_with(CertificateParams::new([HOST.to_owned()]).unwrap());
        let signed_by_a_stranger = signed_by(&authority("a stranger"));
        for own in [marked_as_authority, unmarked, signed_by_a_stranger] {
            connect(&trusting(&own.certificate), &own).unwrap();
            connect(&trusting_also(&own.certificate), &own).unwrap();
        }
    }

    #[test]
    fn another_certificate_of_the_same_name_is_refused() {
        let message = refused(connect(&trusting(&self_signed().certificate), &self_signed()));
        assert!(message.contains("only if this very certificate is in the CA file"), "{message}");
        let key = KeyPair::generate().unwrap();
        let [trusted, other] = [2, 3].map(|serial| {
            let mut params = authority_params();
            params.serial_number = Some(serial.into());
            params.self_signed(&key).unwrap().der().clone()
        });
        refused(connect(&trusting(&trusted), &Identity { certificate: other, key }));
    }

    #[test]
    fn trusted_certificate_is_refused_for_another_host() {
        let own = self_signed();
        let server = server(&own.certificate, &own.key);
        let message = refused(connect_to("else.example", &trusting(&own.certificate), server));
        let expected = "the certificate of else.example is not valid for this name but for oss.example";
        assert_eq!(message, expected);
    }

    #[test]
    fn trusted_certificate_is_refused_outside_its_time() {
        let mut expired = authority_params();
        expired.not_before = date_time_ymd(2000, 1, 1);
        expired.not_after = date_time_ymd(2001, 1, 1);
        let mut early = authority_params();
        early.not_before = date_time_ymd(2200, 1, 1);
        early.not_after = date_time_ymd(2201, 1, 1);
        for (params, part) in [
            (expired, "expired on Mon, 01 Jan 2001 00:00:00 GMT; the clock of this machine says "),
            (
                early,
                "is not valid yet: only from Wed, 01 Jan 2200 00:00:00 GMT on; the clock of this machine says ",
            ),
        ] {
            let own = self_signed_with(params);
            let message = refused(connect(&trusting(&own.certificate), &own));
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn trusted_certificate_is_refused_from_a_server_without_its_key() {
        let own = self_signed();
        for version in VERSIONS {
            let server = server_speaking(&[version], &own.certificate, &KeyPair::generate().unwrap());
            let message = refused(connect_to(HOST, &trusting(&own.certificate), server));
            assert!(message.contains("signature"), "{message}");
        }
    }

    #[test]
    fn server_must_have_one_of_the_pinned_keys() {
        let own = self_signed();
        let other = pin(&KeyPair::generate().unwrap());
        for accepted in [vec![pin(&own.key)], vec![other, pin(&own.key)]] {
            connect(&trusting_with(&own.certificate, accepted), &own).unwrap();
        }
        let message = refused(connect(&trusting_with(&own.certificate, vec![other]), &own));
        assert_eq!(message, "the public key of oss.example is none of those that are pinned");
        let authority = authority("our own");
        let signed = signed_by(&authority);
        connect(&trusting_with(authority.der(), vec![pin(&signed.key)]), &signed).unwrap();
        refused(connect(&trusting_with(authority.der(), vec![pin(authority.key())]), &signed));
    }

    #[test]
    fn pinned_key_does_not_replace_trust() {
        let own = self_signed();
        let client = trusting_with(&self_signed().certificate, vec![pin(&own.key)]);
        refused(connect(&client, &own));
    }

    /// A certificate of the authority's, and its key in all forms of a PEM file.
    fn elliptic_client(authority: &Issuer<'_, KeyPair>) -> (CertificateDer<'static>, Vec<String>) {
        let own = signed_by(authority);
        let pkcs8 = own.key.serialize_der();
        // What the SEC1 form consists of stands behind the kind of key and a header.
        let sec1 = &pkcs8[29..];
        (own.certificate, vec![pem("PRIVATE KEY", &pkcs8), pem("EC PRIVATE KEY", sec1)])
    }

    fn rsa_client(authority: &Issuer<'_, KeyPair>) -> (CertificateDer<'static>, Vec<String>) {
        let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
        let pkcs8 = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
        let pkcs1 = key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string();
        let pair = KeyPair::from_pem(&pkcs8).unwrap();
        let params = CertificateParams::new([]).unwrap();
        (params.signed_by(&pair, authority).unwrap().der().clone(), vec![pkcs8, pkcs1])
    }

    #[test]
    fn client_certificate_is_shown() {
        let authority = authority("our own");
        let own = self_signed();
        let ca_file = file(&pem("CERTIFICATE", &own.certificate));
        for (certificate, keys) in [elliptic_client(&authority), rsa_client(&authority)] {
            let chain_file = file(&(pem("CERTIFICATE", &certificate) + &authority.pem()));
            for key in keys {
                let key_file = file(&key);
                let client_certificate = Some((path(&chain_file), path(&key_file)));
                let trust = Trust { ca_file: Some(path(&ca_file)), client_certificate, ..Trust::default() };
                let server = demanding_server(authority.der(), &own);
                let (_, server) = connect_to(HOST, &config(&trust).unwrap(), server).unwrap();
                assert_eq!(
                    server.peer_certificates().unwrap()[..],
                    [certificate.clone(), authority.der().clone()]
                );
            }
        }
    }

    #[test]
    fn server_that_wants_another_client_says_so() {
        let own = self_signed();
        let stranger = signed_by(&authority("a stranger"));
        let ca_file = file(&pem("CERTIFICATE", &own.certificate));
        let certificate = file(&pem("CERTIFICATE", &stranger.certificate));
        let key = file(&stranger.key.serialize_pem());
        for (client_certificate, expected) in [
            (None, "oss.example wants a client certificate, and none was shown"),
            (
                Some((path(&certificate), path(&key))),
                "oss.example does not know the authority that signed the client certificate",
            ),
        ] {
            let trust = Trust { ca_file: Some(path(&ca_file)), client_certificate, ..Trust::default() };
            let server = demanding_server(authority("our own").der(), &own);
            assert_eq!(refused(connect_to(HOST, &config(&trust).unwrap(), server)), expected);
        }
    }

    #[test]
    fn client_key_must_belong_to_the_certificate() {
        let one = self_signed();
        let certificate = file(&pem("CERTIFICATE", &one.certificate));
        let weak_key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 1024).unwrap();
        for (key, part) in [
            (self_signed().key.serialize_pem(), "does not belong to the first certificate in"),
            (weak_key.to_pkcs1_pem(LineEnding::LF).unwrap().to_string(), "RSA with 2048 bits or more"),
        ] {
            let key = file(&key);
            let client_certificate = Some((path(&certificate), path(&key)));
            let trust =
                Trust { extra_ca_file: Some(path(&certificate)), client_certificate, ..Trust::default() };
            let failure = config(&trust).err().unwrap();
            assert_eq!(failure.cause, Cause::Tls);
            assert!(
                failure.message.contains(part) && failure.message.contains(&escaped_path(key.path())),
                "{}",
                failure.message
            );
        }
    }

    #[test]
    fn files_of_a_trust_are_read_under_their_names() {
        let missing = || Some(PathBuf::from("/nonexistent/a.pem"));
        let own = self_signed();
        let certificate = file(&pem("CERTIFICATE", &own.certificate));
        let trusted = Trust { ca_file: Some(path(&certificate)), ..Trust::default() };
        for (trust, what) in [
            (Trust { ca_file: missing(), ..Trust::default() }, "CA file"),
            (Trust { extra_ca_file: missing(), ..Trust::default() }, "extra CA file"),
            (
                Trust { client_certificate: missing().zip(missing()), ..trusted.clone() },
                "client certificate file",
            ),
            (
                Trust { client_certificate: Some(path(&certificate)).zip(missing()), ..trusted.clone() },
                "client key file",
            ),
        ] {
            let message = config(&trust).err().unwrap().message;
            assert_eq!(message, format!("the {what} /nonexistent/a.pem does not exist"));
        }
    }
}
