//! Pins: the digests of public keys that a server may have.

use crate::wire::mistake::{Mistake, shown};
use base64::prelude::{BASE64_STANDARD, Engine};

/// Reads pins as curl writes them: `sha256//` and Base64 each, joined by semicolons. There are none in empty text.
pub fn parse_all(text: &str) -> Result<Vec<[u8; 32]>, Mistake> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    text.split(';').map(parse).collect()
}

fn parse(text: &str) -> Result<[u8; 32], Mistake> {
    let digest = text.strip_prefix("sha256//").and_then(|base64| BASE64_STANDARD.decode(base64).ok());
    digest.and_then(|digest| digest.try_into().ok()).ok_or_else(|| {
        Mistake::new(format!(
            "the public key pin {} is not \"sha256//\" and 32 bytes in Base64; several are joined by \";\"",
            shown(text)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTING: &str = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const ONES: &str = "sha256////////////////////////////////////////////8=";

    #[test]
    fn pins_are_read_as_curl_writes_them() {
        let counting: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(parse_all(COUNTING).unwrap(), [counting]);
        assert_eq!(parse_all(&format!("{COUNTING};{ONES}")).unwrap(), [counting, [0xff; 32]]);
        assert!(parse_all("").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_pin_is_refused_with_the_rule() {
        for wrong in [
            ";",
            "sha256//",
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "sha1//AAECAwQFBgcICQoLDA0ODxAREhM=",
            "sha256//AAECAwQFBgcICQoLDA0ODxAREhM=",
            "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=;",
            " sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "SHA256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ] {
            let mistake = parse_all(wrong).unwrap_err();
            assert!(mistake.message().contains("\"sha256//\" and 32 bytes in Base64"), "{wrong}: {mistake}");
        }
    }
}
