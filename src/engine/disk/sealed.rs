//! A document with what shows whether it is whole, and in which form it is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io;

#[derive(Serialize, Deserialize)]
struct Document<T> {
    record: T,
    sha256: String,
}

/// As much of a document as all forms have in common.
#[derive(Deserialize)]
struct Outline {
    record: Form,
}

#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// A record, which says in its field `format` of which form it is, as it stands on disk.
pub(crate) fn sealed<T: Serialize>(record: &T) -> io::Result<Vec<u8>> {
    let sha256 = checksum(record)?;
    Ok(serde_json::to_vec_pretty(&Document { record, sha256 })?)
}

/// Reads what stood on a disk, or says why it cannot be used.
pub(crate) fn unsealed<T: Serialize + DeserializeOwned>(text: &[u8], known_format: u32) -> Result<T, String> {
    let damaged = |error| format!("it is damaged: {error}");
    let Outline { record: Form { format } } = serde_json::from_slice(text).map_err(damaged)?;
    if format != known_format {
        return Err(format!("it has the form {format}, not {known_format}"));
    }
    let Document { record, sha256 } = serde_json::from_slice(text).map_err(damaged)?;
    match checksum(&record) {
        Ok(expected) if expected == sha256 => Ok(record),
        _ => Err("it is damaged: its checksum is wrong".to_owned()),
    }
}

fn checksum<T: Serialize>(record: &T) -> io::Result<String> {
    Ok(hex(&Sha256::digest(serde_json::to_vec(record)?)))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
