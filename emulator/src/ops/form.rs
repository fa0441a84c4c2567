//! The fields of an HTML form, and its file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::headers::keeps_bytes;
use crate::errors::OssError;
use crate::text::text_of_bytes;

const FIELD_NAME_LIMIT: usize = 8 * 1024;
const FIELD_LIMIT: usize = 2 << 20;

#[derive(Debug)]
pub(super) struct Form {
    /// Those before the file, names lower-cased.
    pub fields: BTreeMap<String, String>,
    pub file: File,
}

#[derive(Debug)]
pub(super) struct File {
    pub name: String,
    pub content_type: Option<String>,
    pub data: Arc<Vec<u8>>,
}

impl Form {
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Form, OssError> {
        let mut fields = BTreeMap::new();
        let mut file: Option<File> = None;
        for part in parts(body, &boundary(content_type)?)? {
            let part = Part::parse(part)?;
            match part.name.as_str() {
                "file" if file.is_some() => return Err(wrong_number_of_files()),
                "file" => file = Some(part.into_file()),
                // The button that sends the form.
                "submit" if file.is_some() => {}
                _ if file.is_some() => return Err(malformed().ec("0006-00000103")),
                _ => {
                    let value = part.value()?;
                    if fields.insert(part.name, value).is_some() {
                        return Err(malformed().ec("0006-00000103"));
                    }
                }
            }
        }
        Ok(Form { fields, file: file.ok_or_else(wrong_number_of_files)? })
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

pub(super) fn wrong_number_of_files() -> OssError {
    OssError::new(
        400,
        "IncorrectNumberOfFilesInPOSTRequest",
        "POST requires exactly one file upload per request, after a key field.",
    )
}

fn malformed() -> OssError {
    OssError::new(
        400,
        "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.",
    )
}

fn boundary(content_type: &str) -> Result<String, OssError> {
    let is_form = content_type.to_ascii_lowercase().starts_with("multipart/form-data");
    let boundary = parameter(content_type, "boundary").filter(|boundary| is_form && !boundary.is_empty());
    boundary.ok_or_else(|| {
        OssError::new(
            400,
            "RequestIsNotMultiPartContent",
            "Bucket POST must be of the enclosure-type multipart/form-data.",
        )
    })
}

/// What stands between the boundaries.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, OssError> {
    // Every part but the first is introduced by a line end, which belongs to the delimiter.
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = match body.strip_prefix(&delimiter.as_bytes()[2..]) {
        Some(rest) => rest,
        None => split_at(body, delimiter.as_bytes()).ok_or_else(malformed)?.1,
    };
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let begun = rest.strip_prefix(b"\r\n").ok_or_else(malformed)?;
        let (part, after) = split_at(begun, delimiter.as_bytes()).ok_or_else(malformed)?;
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

struct Part<'a> {
    /// Lower-cased.
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
    content: &'a [u8],
}

impl<'a> Part<'a> {
    fn parse(part: &'a [u8]) -> Result<Part<'a>, OssError> {
        let (head, content) = match part.strip_prefix(b"\r\n") {
            Some(content) => (&b""[..], content),
            None => split_at(part, b"\r\n\r\n").ok_or_else(malformed)?,
        };
        let head = String::from_utf8_lossy(head);
        let header = |name: &str| {
            head.split("\r\n").find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let disposition = header("content-disposition").ok_or_else(malformed)?;
        let name = parameter(&disposition, "name").ok_or_else(malformed)?;
        if name.len() > FIELD_NAME_LIMIT {
            return Err(OssError::new(400, "FieldItemTooLong", "A field's name is too long."));
        }
        Ok(Part {
            name: name.to_ascii_lowercase(),
            file_name: parameter(&disposition, "filename"),
            content_type: header("content-type"),
            content,
        })
    }

    fn into_file(self) -> File {
        File {
            name: self.file_name.unwrap_or_default(),
            content_type: self.content_type,
            data: Arc::new(self.content.to_vec()),
        }
    }

    /// The value of a field. Only what is kept as a header may have bytes that are no text.
    fn value(&self) -> Result<String, OssError> {
        if self.content.len() > FIELD_LIMIT {
            return Err(OssError::new(400, "FieldItemTooLong", "A field's value is too long."));
        }
        if keeps_bytes(&self.name) {
            return Ok(text_of_bytes(self.content));
        }
        std::str::from_utf8(self.content).map(str::to_owned).map_err(|_| malformed())
    }
}

/// What is before and behind the first occurrence.
fn split_at<'a>(bytes: &'a [u8], delimiter: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let first = *delimiter.first()?;
    let mut from = 0;
    // Looking for the first byte first is fast enough for large files.
    while let Some(found) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + found;
        if bytes[at..].starts_with(delimiter) {
            return Some((&bytes[..at], &bytes[at + delimiter.len()..]));
        }
        from = at + 1;
    }
    None
}

/// A parameter of a header's value, such as `name="file"`. What stands in quotes may have a semicolon in it.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut quoted = false;
    let mut is_end = |character| {
        quoted ^= character == '"';
        character == ';' && !quoted
    };
    value.split(&mut is_end).skip(1).find_map(|part| {
        let (found, value) = part.split_once('=')?;
        found.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}
