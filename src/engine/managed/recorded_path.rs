//! A path as a record has it. The record is text, and a path need not be.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use serde::{Deserialize, Deserializer, Serializer};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Stands before a path that is no text, and is in none; its other bytes are then percent-encoded.
const NO_TEXT: char = '\0';
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

pub(super) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    match path.to_str() {
        Some(text) => serializer.serialize_str(text),
        None => {
            let encoded = percent_encode(path.as_os_str().as_bytes(), ENCODED);
            serializer.serialize_str(&format!("{NO_TEXT}{encoded}"))
        }
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(match text.strip_prefix(NO_TEXT) {
        Some(encoded) => OsString::from_vec(percent_decode_str(encoded).collect()).into(),
        None => text.into(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde::Serialize;
    use std::ffi::OsStr;

    #[derive(Serialize, Deserialize)]
    struct Recorded(#[serde(with = "super")] PathBuf);

    fn recorded(path: &[u8]) -> String {
        serde_json::to_string(&Recorded(Path::new(OsStr::from_bytes(path)).to_owned())).unwrap()
    }

    fn read(text: &str) -> Vec<u8> {
        let Recorded(path) = serde_json::from_str(text).unwrap();
        path.into_os_string().into_vec()
    }

    #[test]
    fn path_is_read_as_it_was_whatever_its_bytes() {
        for path in
            [&b"/data/film.mp4"[..], "/100 % ü\n".as_bytes(), b"/data/\xb1\xa8 100%\n", b"\xff", b"%ff"]
        {
            assert_eq!(read(&recorded(path)), path, "{}", recorded(path));
        }
    }

    #[test]
    fn path_that_is_text_stands_there_as_it_is() {
        assert_eq!(recorded(b"/100%/film.mp4"), r#""/100%/film.mp4""#);
        assert_eq!(recorded(b"/data/\xb1\xa8.txt"), r#""\u0000/data/%B1%A8.txt""#);
    }
}
