//! PEM files with certificates and keys. What is wrong with one is said in words, with what it is for and its path.

use crate::transport::failure::{Cause, Failure};
use crate::wire::error_reply::escaped_path;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// All authorities of a system take a tenth of this.
const LARGEST: u64 = 4 << 20;
/// No certificate or key is longer, and what reads one takes so much memory for it.
const LARGEST_SECTION: usize = 64 << 10;

/// The certificates in a file, at least one.
pub(super) fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let pem = read(what, path)?;
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        make_room(&mut certificates, 1)?;
        certificates.push(certificate.map_err(|_| damaged(what, path))?);
    }
    match certificates.is_empty() {
        true => Err(unusable(format!("there is no PEM certificate in the {what} {}", escaped_path(path)))),
        false => Ok(certificates),
    }
}

/// The certificates in a file of authorities, at least one.
pub(super) fn authorities(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let certificates = certificates(what, path)?;
    let usable = certificates.iter().all(|certificate| webpki::anchor_from_trusted_cert(certificate).is_ok());
    if usable { Ok(certificates) } else { Err(damaged(what, path)) }
}

/// The first private key in a file.
pub(super) fn private_key(what: &str, path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    let pem = read(what, path)?;
    let path = escaped_path(path);
    PrivateKeyDer::from_pem_slice(&pem).map_err(|error| {
        unusable(match error {
            _ if says_encrypted(&pem) => {
                format!("the {what} {path} is encrypted; only a key without a password can be used")
            }
            Error::NoItemsFound => format!("there is no PEM private key in the {what} {path}"),
            _ => format!("the private key in the {what} {path} is damaged"),
        })
    })
}

/// A file of certificates that are none.
pub(super) fn damaged(what: &str, path: &Path) -> Failure {
    unusable(format!("a certificate in the {what} {} is damaged", escaped_path(path)))
}

/// Sees to room for so many more in a list, which large files make a large one.
pub(super) fn make_room<T>(list: &mut Vec<T>, more: usize) -> Result<(), Failure> {
    let no_room = |_| Failure::before(Cause::NoMemory, "there is no memory for all the certificates");
    list.try_reserve(more).map_err(no_room)
}

fn unusable(message: String) -> Failure {
    Failure::before(Cause::Tls, message)
}

/// Both forms of encrypted keys have this word in a line before the key.
fn says_encrypted(pem: &[u8]) -> bool {
    let word = b"ENCRYPTED";
    pem.windows(word.len()).any(|piece| piece == word)
}

fn read(what: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    let name = escaped_path(path);
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => unusable(format!("the {what} {name} does not exist")),
        io::ErrorKind::OutOfMemory => {
            Failure::before(Cause::NoMemory, format!("there is no memory for the {what} {name}"))
        }
        _ => unusable(format!("cannot read the {what} {name}: {error}")),
    };
    // A named pipe would wait for somebody to write to it; to a regular file the flag makes no difference.
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(unreadable)?;
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(unusable(format!("the {what} {name} is not a regular file")));
    }
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > LARGEST {
        return Err(unusable(format!("the {what} {name} is larger than {LARGEST} bytes")));
    }
    if has_larger_section(&content) {
        let message = format!("a section of the {what} {name} does not end within {LARGEST_SECTION} bytes");
        return Err(unusable(message));
    }
    Ok(content)
}

/// Whether more is taken for a section than one may have, the line that begins it included. It goes on until it ends under the
/// name that it was given last: a second beginning ends nothing, nor does the end of something else.
fn has_larger_section(pem: &[u8]) -> bool {
    let mut begun: Option<&[u8]> = None;
    let mut length = 0;
    for line in pem.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if let Some(name) = line.strip_prefix(b"-----BEGIN ") {
            begun = Some(name.trim_ascii_end());
        } else if let Some(name) = line.strip_prefix(b"-----END ")
            && begun.is_some_and(|begun| name.starts_with(begun))
        {
            begun = None;
            length = 0;
        }
        if begun.is_some() {
            length += line.len();
        }
        if length > LARGEST_SECTION {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::CertifiedKey;
    use std::fs;
    use std::process::Command;
    use tempfile::TempDir;

    fn pem() -> (String, String) {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["oss.example".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    /// What is said about a file with this content, with the file's path left out.
    fn complaint<T>(load: fn(&str, &Path) -> Result<T, Failure>, content: &str) -> String {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.pem");
        fs::write(&path, content).unwrap();
        complaint_about(load, &path)
    }

    fn complaint_about<T>(load: fn(&str, &Path) -> Result<T, Failure>, path: &Path) -> String {
        let failure = load("CA file", path).err().unwrap();
        assert_eq!(failure.cause, Cause::Tls);
        let message = failure.message;
        let path = path.to_str().unwrap();
        assert!(message.contains(path), "{message}");
        message.replace(path, "PATH")
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = TempDir::new().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for (path, expected) in [
            (folder.path().join("missing"), "the CA file PATH does not exist"),
            (folder.path().to_owned(), "the CA file PATH is not a regular file"),
            (pipe, "the CA file PATH is not a regular file"),
        ] {
            assert_eq!(complaint_about(certificates, &path), expected);
            assert_eq!(complaint_about(authorities, &path), expected);
            assert_eq!(complaint_about(private_key, &path), expected);
        }
        let huge = folder.path().join("huge");
        // A terabyte that takes no room.
        File::create(&huge).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(complaint_about(certificates, &huge), "the CA file PATH is larger than 4194304 bytes");
        let below_a_file = Path::new("/dev/null/a.pem");
        assert!(complaint_about(certificates, below_a_file).starts_with("cannot read the CA file PATH: "));
    }

    #[test]
    fn file_without_a_certificate_is_refused() {
        let (certificate, key) = pem();
        let none = "there is no PEM certificate in the CA file PATH";
        let damaged = "a certificate in the CA file PATH is damaged";
        for (content, expected) in [
            ("", none),
            ("junk\n", none),
            (&key, none),
            (&certificate.replace("-----END", "-----"), damaged),
            (&certificate.replacen("MII", "***", 1), damaged),
            (&certificate.replacen("MII", "AAA", 1), damaged),
        ] {
            assert_eq!(complaint(authorities, content), expected, "{content}");
        }
    }

    #[test]
    fn section_without_an_end_is_refused_and_what_stands_between_sections_is_not_looked_at() {
        let (certificate, key) = pem();
        let padding = format!("{}\n", "A".repeat(64)).repeat(LARGEST_SECTION / 64);
        for good in
            [format!("{padding}{padding}{certificate}"), format!("{certificate}{padding}{padding}{key}")]
        {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("a.pem");
            fs::write(&path, good).unwrap();
            assert_eq!(certificates("CA file", &path).unwrap().len(), 1);
        }
        let expected = "a section of the CA file PATH does not end within 65536 bytes";
        let begin = "-----BEGIN CERTIFICATE-----\n";
        let half = &padding[..padding.len() / 2];
        for endless in [
            format!("{begin}{padding}A\n"),
            // It ends only where something of the same name does, and nowhere by beginning again.
            format!("{begin}-----END NOTHING-----\n{padding}A\n"),
            format!("{begin}{half}-----END PRIVATE-----\n{half}-----END CERTIFICATE-----\n"),
            format!("{begin}{half}{begin}{half}-----END CERTIFICATE-----\n"),
            format!("-----BEGIN {}-----\n", padding.replace('\n', "")),
        ] {
            let endless = format!("{certificate}{endless}");
            assert_eq!(complaint(certificates, &endless), expected);
            assert_eq!(complaint(private_key, &endless.replace("CERTIFICATE", "PRIVATE KEY")), expected);
        }
    }

    #[test]
    fn all_certificates_of_a_file_are_read() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.pem");
        let ((one, key), (other, _)) = (pem(), pem());
        fs::write(&path, format!("Subject: one\n{one}\n{key}\r\n{other}")).unwrap();
        assert_eq!(authorities("CA file", &path).unwrap().len(), 2);
        assert!(private_key("CA file", &path).is_ok());
    }

    #[test]
    fn file_without_a_usable_key_is_refused() {
        let (certificate, key) = pem();
        let encrypted = "the CA file PATH is encrypted; only a key without a password can be used";
        for (content, expected) in [
            (certificate.as_str(), "there is no PEM private key in the CA file PATH"),
            (&key.replace("-----END", "-----"), "the private key in the CA file PATH is damaged"),
            (&key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"), encrypted),
            (&key.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM"), encrypted),
        ] {
            assert_eq!(complaint(private_key, content), expected, "{content}");
        }
    }
}
