//! The body of a form: what comes before the file, and what comes after it.

use super::post_form::PostForm;
use super::source::Reading;
use crate::transport::{Reply, Source, SourceFailure};
use bytes::Bytes;
use std::ops::RangeInclusive;

/// The fields of a form as they are sent, around a file that is not here.
pub(super) struct FormData {
    head: Bytes,
    tail: Bytes,
    boundary: String,
    asks_for: Option<RangeInclusive<u16>>,
}

impl FormData {
    /// The boundary is made up: nobody who made the file can have known it.
    pub(super) fn new(form: &PostForm, file_name: &str, content_type: &str) -> FormData {
        let boundary = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        FormData::with_boundary(boundary, form, file_name, content_type)
    }

    fn with_boundary(boundary: String, form: &PostForm, file_name: &str, content_type: &str) -> FormData {
        let mut head = String::new();
        for (name, value) in &form.fields {
            let name = quotable(name);
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        let file_name = quotable(file_name);
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        ));
        let tail = format!("\r\n--{boundary}--\r\n");
        FormData { head: head.into(), tail: tail.into(), boundary, asks_for: asks_for(form) }
    }

    /// Whether this is the answer that the form asks for in place of the usual ones.
    pub(super) fn is_answered_by(&self, reply: &Reply) -> bool {
        let asked_for = self.asks_for.as_ref().is_some_and(|range| range.contains(&reply.status));
        asked_for && reply.wholly_sent && reply.headers.contains_key("x-oss-request-id")
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// The size of the whole, around a file of this size.
    pub(super) fn size_around(&self, file: u64) -> u64 {
        file.saturating_add((self.head.len() + self.tail.len()) as u64)
    }

    /// The whole, around the file that is being read.
    pub(super) fn around<'a, 'b>(&self, file: &'a mut Reading<'b>) -> Framed<'a, 'b> {
        let rest = file.size();
        let size = self.size_around(rest);
        Framed { size, head: self.head.clone(), file, rest, tail: self.tail.clone() }
    }
}

/// The statuses that a form asks for, if it does. Which one a redirect has is not documented.
fn asks_for(form: &PostForm) -> Option<RangeInclusive<u16>> {
    if form.field("success_action_redirect").is_some() {
        return Some(300..=399);
    }
    (form.field("success_action_status") == Some("201")).then_some(201..=201)
}

/// As browsers write what would end a quoted name.
fn quotable(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A form that is being sent.
pub(super) struct Framed<'a, 'b> {
    size: u64,
    head: Bytes,
    file: &'a mut Reading<'b>,
    /// How much of the file is still to be read.
    rest: u64,
    tail: Bytes,
}

impl Source for Framed<'_, '_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn next(&mut self, limit: usize) -> Result<Bytes, SourceFailure> {
        if !self.head.is_empty() {
            return Ok(self.head.split_to(limit.min(self.head.len())));
        }
        if self.rest > 0 {
            let frame = self.file.next(limit)?;
            self.rest = self.rest.saturating_sub(frame.len() as u64);
            return Ok(frame);
        }
        Ok(self.tail.split_to(limit.min(self.tail.len())))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::engine::Body;
    use serde_json::Value;

    fn form(fields: Vec<(String, String)>) -> PostForm {
        PostForm { url: String::new(), fields, expires: None }
    }

    fn read(form: &FormData, file: &[u8], limit: usize) -> Vec<u8> {
        let body = Body::Bytes(file);
        let mut reading = body.reading();
        let mut framed = form.around(&mut reading);
        let mut all = Vec::new();
        while (all.len() as u64) < framed.size() {
            let frame = framed.next(limit).unwrap();
            assert!((1..=limit).contains(&frame.len()));
            all.extend_from_slice(&frame);
        }
        assert_eq!(all.len() as u64, form.size_around(file.len() as u64));
        assert!(reading.is_whole());
        all
    }

    #[test]
    fn form_is_framed_like_the_published_example() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/post_policy_v1.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let example = &vectors["form_body_example"];
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let fields: Vec<(String, String)> = example["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| (text(&pair[0]), text(&pair[1])))
            .collect();
        let form = FormData::with_boundary(text(&example["boundary"]), &form(fields), "a.txt", "text/plain");
        assert_eq!(form.content_type(), text(&example["content_type_header"]));
        for limit in [1, 7, 10_000] {
            assert_eq!(read(&form, b"hello", limit), text(&example["body"]).as_bytes());
        }
    }

    #[test]
    fn file_without_content_is_framed_too() {
        let form = FormData::with_boundary("b".to_owned(), &form(vec![]), "\"x\r\n", "a/b");
        let expected = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%22x%0D%0A\"\r\n\
                        Content-Type: a/b\r\n\r\n\r\n--b--\r\n";
        assert_eq!(read(&form, b"", 1000), expected.as_bytes());
    }
}
