//! A document with what shows whether it is whole, and in which form it is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write};

/// What a record says, while it is read, that there is no memory for: of its errors no more than the text gets here.
pub(crate) const NO_MEMORY: &str = "out of memory";
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

/// Reads what stood on a disk. What cannot be used is invalid data, and why is said; for want of memory it is left unread.
pub(crate) fn unsealed<T: DeserializeOwned>(text: &[u8], known_format: u32) -> io::Result<T> {
    let text = str::from_utf8(text).map_err(|_| unusable("it is damaged: it is no text".to_owned()))?;
    let Document { record, sha256 } = serde_json::from_str(text).map_err(unreadable)?;
    let Form { format } = serde_json::from_str(record.get()).map_err(unreadable)?;
    if format != known_format {
        return Err(unusable(format!("it has the form {format}, not {known_format}")));
    }
    if checksum(record.get().as_bytes()) != sha256 {
        return Err(unusable("it is damaged: its checksum is wrong".to_owned()));
    }
    serde_json::from_str(record.get()).map_err(unreadable)
}

fn unusable(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn unreadable(error: serde_json::Error) -> io::Error {
    match error.to_string() {
        why if why.starts_with(NO_MEMORY) => io::ErrorKind::OutOfMemory.into(),
        why => unusable(format!("it is damaged: {why}")),
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde::Deserializer;
    use serde::de::{Error, IgnoredAny};

    #[derive(Serialize)]
    struct Plain {
        format: u32,
    }

    /// A record for which there is no memory.
    #[derive(Debug)]
    struct Large;

    impl<'de> Deserialize<'de> for Large {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Large, D::Error> {
            IgnoredAny::deserialize(deserializer)?;
            Err(D::Error::custom(NO_MEMORY))
        }
    }

    #[test]
    fn record_that_there_is_no_memory_for_is_not_taken_for_a_damaged_one() {
        let text = sealed(&Plain { format: 1 }).unwrap();
        let kind = |text: &[u8], format| unsealed::<Large>(text, format).unwrap_err().kind();
        assert_eq!(kind(&text, 1), io::ErrorKind::OutOfMemory);
        assert_eq!(kind(&text, 2), io::ErrorKind::InvalidData);
        assert_eq!(kind(&text[1..], 1), io::ErrorKind::InvalidData);
    }
}
