//! JSON that may hold secrets: whatever is read out of it is wiped afterwards, also where the rest of it is no JSON.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use zeroize::Zeroizing;

/// A document, or a part of one.
pub(super) struct Document(Value);

/// What there is in a document, as far as anybody asks for it.
enum Value {
    Text(Zeroizing<String>),
    Number(u64),
    List(Vec<Value>),
    Members(Vec<(String, Value)>),
    Other,
}

impl Document {
    /// `None` for what is no JSON.
    pub(super) fn parse(json: &[u8]) -> Option<Document> {
        serde_json::from_slice(json).ok().map(Document)
    }

    /// The text under the first of these names that has any.
    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        let texts = names.iter().filter_map(|name| self.0.get(name)?.as_text());
        texts.map(str::trim).find(|text| !text.is_empty())
    }

    /// The number under this name.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.0.get(name)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Takes out what is under this name.
    pub(super) fn take(&mut self, name: &str) -> Option<Document> {
        self.0.get_mut(name).map(Value::take).map(Document)
    }

    /// Takes out the element of this list that has this name.
    pub(super) fn take_named(&mut self, list: &str, name: &str) -> Option<Document> {
        let Value::List(elements) = self.0.get_mut(list)? else { return None };
        let is_named = |element: &&mut Value| element.get("name").and_then(Value::as_text) == Some(name);
        elements.iter_mut().find(is_named).map(Value::take).map(Document)
    }
}

impl Value {
    /// The member of this name; of several, the last.
    fn get(&self, name: &str) -> Option<&Value> {
        let Value::Members(members) = self else { return None };
        members.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        let Value::Members(members) = self else { return None };
        members.iter_mut().rev().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn take(&mut self) -> Value {
        std::mem::replace(self, Value::Other)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Zeroizing::new(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Value::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Value::Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_it_is_found_and_taken_out() {
        let json = br#"{"a": {"b": "x"}, "list": [1, {"name": "n", "c": [true, null, -1, 0.5]}, {"name": "o", "d": "y"}]}"#;
        let mut document = Document::parse(json).unwrap();
        let named = document.take_named("list", "o").unwrap();
        assert_eq!(named.text(&["d"]), Some("y"));
        assert!(document.take_named("list", "o").is_none() && document.take_named("a", "o").is_none());
        assert_eq!(document.take("a").unwrap().text(&["b"]), Some("x"));
        assert!(document.take("b").is_none());
        assert_eq!(Document::parse(br#"{"a": "x", "a": "y"}"#).unwrap().text(&["a"]), Some("y"));
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
