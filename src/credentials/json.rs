//! JSON that may hold secrets: whatever is read out of it is wiped afterwards.

use serde_json::Value;
use zeroize::Zeroize;

/// A document, or a part of one.
pub(super) struct Document(Value);

impl Document {
    /// `None` for what is no JSON.
    pub(super) fn parse(json: &[u8]) -> Option<Document> {
        serde_json::from_slice(json).ok().map(Document)
    }

    /// The text under the first of these names that has any.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        let texts = names.iter().filter_map(|name| self.0.get(name)?.as_str());
        texts.map(str::trim).find(|text| !text.is_empty())
    }

    /// The number under this name.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    /// Takes out what is under this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Document> {
        self.0.get_mut(name).map(Value::take).map(Document)
    }

    /// Takes out the element of this list that has this name.
    pub(super) fn take_named(&mut self, list: &str, name: &str) -> Option<Document> {
        let mut elements = self.0.get_mut(list)?.as_array_mut()?.iter_mut();
        let element = elements.find(|element| element.get("name").and_then(Value::as_str) == Some(name))?;
        Some(Document(element.take()))
    }
}

impl Drop for Document {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wiped_is_empty_at_every_depth() {
        let mut value = serde_json::json!({"a": "secret", "b": [{"c": "secret"}, "secret"], "d": 1});
        wipe(&mut value);
        assert_eq!(value, serde_json::json!({"a": "", "b": [{"c": ""}, ""], "d": 1}));
    }

    #[test]
    fn empty_text_is_none_and_the_first_name_that_has_some_counts() {
        let document = Document::parse(br#"{"a": " ", "b": " x ", "c": 7}"#).unwrap();
        assert_eq!(document.text(&["a", "b"]), Some("x"));
        assert_eq!(document.text(&["c", "d"]), None);
        assert_eq!(document.number("c"), Some(7));
        assert!(Document::parse(b"{").is_none());
        assert!(Document::parse(b"[]").unwrap().text(&["a"]).is_none());
    }
}
