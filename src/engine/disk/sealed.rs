//! A document with what shows whether it is whole, and in which form it is.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io;

/// A record, which says in its field `format` of which form it is, as it stands on disk.
pub(crate) fn sealed<T: Serialize>(record: &T) -> io::Result<Vec<u8>> {
    let record = serde_json::to_value(record)?;
    let sha256 = checksum(&record);
    Ok(serde_json::to_vec_pretty(&json!({ "record": record, "sha256": sha256 }))?)
}

/// Reads what stood on a disk, or says why it cannot be used.
pub(crate) fn unsealed<T: DeserializeOwned>(text: &[u8], known_format: u32) -> Result<T, String> {
    let damaged = |error| format!("it is damaged: {error}");
    let mut document: Value = serde_json::from_slice(text).map_err(damaged)?;
    let record = document.get_mut("record").map(Value::take).unwrap_or_default();
    match record.get("format").and_then(Value::as_u64) {
        Some(format) if format == u64::from(known_format) => {}
        Some(format) => return Err(format!("it has the form {format}, not {known_format}")),
        None => return Err("it is damaged: it does not say of which form it is".to_owned()),
    }
    if document.get("sha256").and_then(Value::as_str) != Some(&checksum(&record)) {
        return Err("it is damaged: its checksum is wrong".to_owned());
    }
    serde_json::from_value(record).map_err(damaged)
}

/// Of the record with its fields in order, however they stood.
fn checksum(record: &Value) -> String {
    hex(&Sha256::digest(record.to_string()))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
