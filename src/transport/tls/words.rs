//! What went wrong with TLS, in words.

use super::verifier::is_an_authoritys;
use crate::wire::date::http_date;
use crate::wire::error_reply::one_line;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

/// Names of a certificate that a message repeats.
const NAMES_SHOWN: usize = 4;
/// The longest name of a host.
const NAME_MAX: usize = 255;

/// One line for a human. `host` is how to call the server.
pub(in crate::transport) fn in_words(error: &Error, host: &str) -> String {
    match error {
        Error::InvalidCertificate(error) => about_certificate(error, host),
        Error::AlertReceived(alert) => about_alert(*alert, host),
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
        ) => {
            format!(
                "{host} does not speak TLS on this port; should the endpoint begin with http:// instead of https://?"
            )
        }
        Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13) => too_old(host),
        error => format!("TLS with {host} failed: {}", spaced(error)),
    }
}

fn about_certificate(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "a certificate of {host} expired on {}; the clock of this machine says {}",
            date(not_after),
            date(time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "a certificate of {host} is not valid yet: only from {} on; the clock of this machine says {}",
            date(not_before),
            date(time)
        ),
        CertificateError::NotValidForNameContext { presented, .. } => {
            format!("the certificate of {host} is not valid for this name{}", names(presented))
        }
        CertificateError::UnknownIssuer => format!(
            "the certificate of {host} is not signed by any authority that is trusted here; set a CA file if it is a \
             private one"
        ),
        CertificateError::ApplicationVerificationFailure => {
            format!("the public key of {host} is none of those that are pinned")
        }
        CertificateError::BadEncoding => format!("a certificate of {host} is damaged"),
        CertificateError::BadSignature => format!(
            "a signature of {host}, or of the authority behind it, is wrong; the CA file may hold an older authority of \
             the same name"
        ),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            format!("a certificate of {host} is signed in a way that is not accepted, as with SHA-1")
        }
        error if is_an_authoritys(error) => format!(
            "{host} shows the certificate of an authority, which is accepted only if this very certificate is in the CA \
             file"
        ),
        // It would show the form of what it wraps.
        CertificateError::Other(error) => unacceptable(host, error),
        error => unacceptable(host, error),
    }
}

fn unacceptable(host: &str, error: impl ToString) -> String {
    format!("the certificate of {host} cannot be accepted: {}", spaced(error))
}

fn about_alert(alert: AlertDescription, host: &str) -> String {
    match alert {
        AlertDescription::ProtocolVersion => too_old(host),
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => format!(
            "{host} refused the TLS handshake: it has no cipher in common with us, or wants a client certificate"
        ),
        AlertDescription::CertificateRequired => {
            format!("{host} wants a client certificate, and none was shown")
        }
        AlertDescription::UnknownCA => {
            format!("{host} does not know the authority that signed the client certificate")
        }
        AlertDescription::CertificateExpired => {
            format!("{host} refused the client certificate because it has expired")
        }
        AlertDescription::CertificateRevoked => {
            format!("{host} refused the client certificate because it was revoked")
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => {
            format!("{host} refused the client certificate, or that none was shown")
        }
        AlertDescription::UnrecognisedName => format!("{host} says that it is not known by this name"),
        AlertDescription::NoApplicationProtocol => format!("{host} does not speak HTTP/1.1"),
        AlertDescription::InternalError => {
            format!("{host} ended the TLS connection because of an internal error")
        }
        alert => {
            let name = alert.as_str().map_or_else(|| u8::from(alert).to_string(), spaced);
            format!("{host} ended the TLS connection with the alert {name}")
        }
    }
}

fn too_old(host: &str) -> String {
    format!("{host} speaks neither TLS 1.2 nor TLS 1.3")
}

/// The names that a certificate is valid for, which rustls gives like `DnsName("a.example")`.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "; it has no subject alternative name, and no other is looked at".to_owned();
    }
    let bare = |name: &String| {
        let inside =
            name.split_once('(').map_or(name.as_str(), |(_, inside)| inside.trim_matches(['"', ')']));
        one_line(inside, NAME_MAX)
    };
    let shown: Vec<String> = presented.iter().take(NAMES_SHOWN).map(bare).collect();
    let more = if presented.len() > NAMES_SHOWN { " and others" } else { "" };
    format!(" but for {}{more}", shown.join(", "))
}

fn date(time: &UnixTime) -> String {
    http_date(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// A text with the identifiers in it, like `DecryptError`, taken apart.
fn spaced(text: impl ToString) -> String {
    let mut spaced = String::new();
    for character in text.to_string().chars() {
        if character.is_ascii_uppercase() && spaced.ends_with(|c: char| c.is_ascii_lowercase()) {
            spaced.push(' ');
            spaced.push(character.to_ascii_lowercase());
        } else {
            spaced.push(character);
        }
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::OtherError;
    use rustls::pki_types::ServerName;
    use std::sync::Arc;
    use std::time::Duration;

    fn said(error: impl Into<Error>) -> String {
        in_words(&error.into(), "oss.example")
    }

    fn misnamed(names: &[&str]) -> String {
        let expected = ServerName::try_from("oss.example").unwrap();
        let presented = names.iter().map(|&name| name.to_owned()).collect();
        said(CertificateError::NotValidForNameContext { expected, presented })
    }

    #[test]
    fn everything_is_said_in_words_of_one_line() {
        let certificates = [
            CertificateError::BadEncoding,
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::NotValidForName,
            CertificateError::UnknownIssuer,
            CertificateError::BadSignature,
            CertificateError::Revoked,
            CertificateError::UnhandledCriticalExtension,
            CertificateError::InvalidPurpose,
            CertificateError::ApplicationVerificationFailure,
            CertificateError::Other(OtherError(Arc::new(webpki::Error::CaUsedAsEndEntity))),
            CertificateError::Other(OtherError(Arc::new(webpki::Error::UnsupportedCriticalExtension))),
        ];
        let others = [
            PeerIncompatible::ServerDoesNotSupportTls12Or13.into(),
            PeerIncompatible::NullCompressionRequired.into(),
            InvalidMessage::MissingKeyExchange.into(),
            Error::DecryptError,
        ];
        let alerts = (0..=u8::MAX).map(|number| Error::AlertReceived(number.into()));
        for error in certificates.into_iter().map(Error::from).chain(others).chain(alerts) {
            let message = said(error);
            assert!(message.contains("oss.example"), "{message}");
            let identifier = message.as_bytes().windows(2).any(|pair| {
                let [first, second] = [pair[0], pair[1]];
                first.is_ascii_lowercase() && (second.is_ascii_uppercase() || second == b'(')
            });
            assert!(!identifier && message.lines().count() == 1, "{message}");
        }
    }

    #[test]
    fn server_that_speaks_no_tls_is_told_from_one_with_a_bad_certificate() {
        for error in [InvalidMessage::InvalidContentType, InvalidMessage::UnknownProtocolVersion] {
            assert_eq!(
                said(error),
                "oss.example does not speak TLS on this port; should the endpoint begin with http:// instead of https://?"
            );
        }
    }

    #[test]
    fn clock_is_named_where_time_matters() {
        let time = UnixTime::since_unix_epoch(Duration::from_secs(1_703_980_799));
        let not_after = UnixTime::since_unix_epoch(Duration::from_secs(1_703_980_000));
        assert_eq!(
            said(CertificateError::ExpiredContext { time, not_after }),
            "a certificate of oss.example expired on Sat, 30 Dec 2023 23:46:40 GMT; the clock of this machine says Sat, \
             30 Dec 2023 23:59:59 GMT"
        );
    }

    #[test]
    fn names_of_a_certificate_are_repeated_as_far_as_they_help() {
        let common = "the certificate of oss.example is not valid for this name";
        let none = format!("{common}; it has no subject alternative name, and no other is looked at");
        assert_eq!(misnamed(&[]), none);
        let two = misnamed(&["DnsName(\"*.example\")", "IpAddress(::1)"]);
        assert_eq!(two, format!("{common} but for *.example, ::1"));
        let long = misnamed(&["a\nb", &"x".repeat(60_000)]);
        assert_eq!(long, format!("{common} but for a b, {}", "x".repeat(NAME_MAX)));
        let many = misnamed(&["a", "b", "c", "d", "e"]);
        assert_eq!(many, format!("{common} but for a, b, c, d and others"));
    }
}
