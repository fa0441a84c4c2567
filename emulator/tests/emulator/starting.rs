//! What cannot be, said so that one knows what to change.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

use crate::support::start;
use oss_emulator::{Config, Emulator, Tls};

fn refusal(config: Config) -> String {
    Emulator::start(config).map(drop).unwrap_err().to_string()
}

#[test]
fn an_emulator_that_cannot_start_says_what_failed() {
    let taken = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listen = taken.local_addr().unwrap();
    let message = refusal(Config { listen, ..Config::default() });
    assert!(message.contains(&listen.to_string()), "{message}");

    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    for (cert_pem, key_pem, wrong) in [
        ("nonsense", key.as_str(), "certificate"),
        (&cert, "nonsense", "private key"),
        (&cert, &rcgen::KeyPair::generate().unwrap().serialize_pem(), "private key"),
    ] {
        let tls = Tls { cert_pem: cert_pem.to_owned(), key_pem: key_pem.to_owned() };
        let message = refusal(Config { tls: Some(tls), ..Config::default() });
        assert!(message.contains(wrong), "{message}");
    }

    let data = PathBuf::from("/proc/no-such-folder");
    let message = refusal(Config { data: Some(data), ..Config::default() });
    assert!(message.contains("/proc/no-such-folder"), "{message}");
}

#[test]
fn objects_have_keys_that_oss_can_have() {
    let emulator = start();
    for (key, rule) in
        [("", "empty"), ("/x", "slash"), ("\\x", "backslash"), (&"k".repeat(1024), "1023 bytes")]
    {
        let error = emulator.try_put_object("test-bucket", key, b"").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(rule), "{error}");
    }
    assert_eq!(emulator.keys("test-bucket"), [""; 0]);
}
