//! The body of a form: what comes before the file, and what comes after it.

use crate::engine::source::Frame;

/// The fields of a form as they are sent, around a file that is not here.
pub(super) struct FormData {
    pub(super) frame: Frame,
    boundary: String,
}

impl FormData {
    /// The boundary is made up: nobody who made the file can have known it.
    pub(super) fn new(fields: &[(String, String)], file_name: &str, content_type: &str) -> FormData {
        let boundary = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
        FormData::with_boundary(boundary, fields, file_name, content_type)
    }

    fn with_boundary(
        boundary: String,
        fields: &[(String, String)],
        file_name: &str,
        content_type: &str,
    ) -> FormData {
        let mut head = String::new();
        for (name, value) in fields {
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
        FormData { frame: Frame { head: head.into(), tail: tail.into() }, boundary }
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }
}

/// As browsers write what would end a quoted name.
fn quotable(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::engine::Body;
    use crate::transport::Source;
    use serde_json::Value;

    fn read(form: &FormData, file: &[u8], limit: usize) -> Vec<u8> {
        let body = Body::Bytes(file);
        let mut reading = body.reading();
        let mut framed = form.frame.around(&mut reading);
        let mut all = Vec::new();
        while (all.len() as u64) < framed.size() {
            let frame = framed.next(limit).unwrap();
            assert!((1..=limit).contains(&frame.len()));
            all.extend_from_slice(&frame);
        }
        assert_eq!(all.len() as u64, form.frame.size_around(file.len() as u64));
        assert!(reading.content().is_some());
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
        let form = FormData::with_boundary(text(&example["boundary"]), &fields, "a.txt", "text/plain");
        assert_eq!(form.content_type(), text(&example["content_type_header"]));
        for limit in [1, 7, 10_000] {
            assert_eq!(read(&form, b"hello", limit), text(&example["body"]).as_bytes());
        }
    }

    #[test]
    fn file_without_content_is_framed_too() {
        let form = FormData::with_boundary("b".to_owned(), &[], "\"x\r\n", "a/b");
        let expected = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%22x%0D%0A\"\r\n\
                        Content-Type: a/b\r\n\r\n\r\n--b--\r\n";
        assert_eq!(read(&form, b"", 1000), expected.as_bytes());
    }
}
