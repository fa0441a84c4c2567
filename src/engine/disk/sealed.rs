//! A document with what shows whether it is whole, and in which form it is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};

/// What stands before a record.
const BEFORE: &str = "{\"record\":";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    record: &'a RawValue,
    sha256: String,
}

/// As much of a record as all forms have in common.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// A record, which says in its field `format` of which form it is, as it stands on disk.
pub(crate) fn sealed<T: Serialize>(record: &T) -> io::Result<Vec<u8>> {
    let mut text = Text(Vec::new());
    text.write_all(BEFORE.as_bytes())?;
    serde_json::to_writer(&mut text, record)?;
    let sha256 = checksum(text.0.get(BEFORE.len()..).unwrap_or_default());
    write!(text, ",\"sha256\":\"{sha256}\"}}")?;
    Ok(text.0)
}

/// Reads what stood on a disk, or says why it cannot be used.
pub(crate) fn unsealed<T: DeserializeOwned>(text: &[u8], known_format: u32) -> Result<T, String> {
    let damaged = |error| format!("it is damaged: {error}");
    let text = str::from_utf8(text).map_err(|_| "it is damaged: it is no text")?;
    let Document { record, sha256 } = serde_json::from_str(text).map_err(damaged)?;
    let Form { format } = serde_json::from_str(record.get()).map_err(damaged)?;
    if format != known_format {
        return Err(format!("it has the form {format}, not {known_format}"));
    }
    if checksum(record.get().as_bytes()) != sha256 {
        return Err("it is damaged: its checksum is wrong".to_owned());
    }
    serde_json::from_str(record.get()).map_err(damaged)
}

fn checksum(record: &[u8]) -> String {
    hex(&Sha256::digest(record))
}

/// Text for which there may be no memory.
struct Text(Vec<u8>);

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_reserve(bytes.len()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
