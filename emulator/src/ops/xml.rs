//! XML documents: writing replies, reading requests.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::errors::OssError;
use crate::text::xml_escape;

/// A reply's document, without a namespace, as the service sends it.
pub(super) struct Document {
    root: &'static str,
    inner: String,
}

impl Document {
    pub fn new(root: &'static str) -> Document {
        Document { root, inner: String::new() }
    }

    pub fn text(mut self, name: &str, value: &str) -> Document {
        self.push(name, value);
        self
    }

    pub fn push(&mut self, name: &str, value: &str) {
        let value = xml_escape(value);
        self.inner.push_str(&format!("<{name}>{value}</{name}>"));
    }

    /// An element with elements in it.
    pub fn push_group(&mut self, name: &str, children: &[(&str, &str)]) {
        self.inner.push_str(&format!("<{name}>"));
        for (child, value) in children {
            self.push(child, value);
        }
        self.inner.push_str(&format!("</{name}>"));
    }

    /// An element with elements of all kinds in it.
    pub fn push_document(&mut self, element: Document) {
        let Document { root, inner } = element;
        self.inner.push_str(&format!("<{root}>{inner}</{root}>"));
    }

    /// Text that is XML already.
    pub fn raw(mut self, xml: &str) -> Document {
        self.inner.push_str(xml);
        self
    }

    pub fn finish(self) -> String {
        let Document { root, inner } = self;
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>{inner}</{root}>")
    }
}

/// The texts of a request's document: paths of local names, such as `["Delete", "Object", "Key"]`, with their values,
/// in the order in which the elements end.
pub(super) fn read(body: &[u8]) -> Result<Vec<(Vec<String>, String)>, OssError> {
    const DEPTH_LIMIT: usize = 16;
    let malformed = |_| OssError::malformed_xml();
    let mut reader = Reader::from_reader(body);
    let mut path: Vec<String> = Vec::new();
    let mut texts = vec![String::new()];
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(malformed)? {
            Event::Start(start) => {
                if path.len() >= DEPTH_LIMIT {
                    return Err(OssError::malformed_xml());
                }
                let name = start.local_name();
                path.push(String::from_utf8_lossy(name.as_ref()).into_owned());
                texts.push(String::new());
            }
            Event::Empty(empty) => {
                let name = empty.local_name();
                path.push(String::from_utf8_lossy(name.as_ref()).into_owned());
                found.push((path.clone(), String::new()));
                path.pop();
            }
            Event::Text(text) => {
                let text = text.decode().map_err(|_| OssError::malformed_xml())?;
                append(&mut texts, &text);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| OssError::malformed_xml())?;
                append(&mut texts, &text);
            }
            Event::GeneralRef(reference) => {
                let text = match reference.resolve_char_ref().map_err(malformed)? {
                    Some(character) => character.to_string(),
                    None => {
                        let name = reference.decode().map_err(|_| OssError::malformed_xml())?;
                        quick_xml::escape::resolve_predefined_entity(&name)
                            .ok_or_else(OssError::malformed_xml)?
                            .to_owned()
                    }
                };
                append(&mut texts, &text);
            }
            Event::End(_) => {
                let text = texts.pop().unwrap_or_default();
                found.push((path.clone(), text));
                path.pop();
            }
            Event::Eof if path.is_empty() && !found.is_empty() => return Ok(found),
            Event::Eof => return Err(OssError::malformed_xml()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn append(texts: &mut [String], text: &str) {
    if let Some(last) = texts.last_mut() {
        last.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(xml: &str) -> Result<Vec<(String, String)>, String> {
        let found = read(xml.as_bytes()).map_err(|error| error.code)?;
        let joined = found.into_iter().map(|(path, text)| (path.join("/"), text));
        Ok(joined.collect())
    }

    #[test]
    fn texts_are_found_with_their_paths_whatever_the_namespace() {
        let xml = "<?xml version=\"1.0\"?><o:A xmlns:o='x'><o:B>1 &lt;&#50;<![CDATA[&]]></o:B><C/></o:A>";
        let expected = [("A/B", "1 <2&"), ("A/C", ""), ("A", "")];
        let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(paths(xml).unwrap(), expected);
    }

    #[test]
    fn broken_documents_are_refused() {
        let deep = "<a>".repeat(100);
        for xml in ["", "text", "<a>", "<a></b>", "<a>&nonsense;</a>", "<a", deep.as_str()] {
            assert_eq!(paths(xml), Err("MalformedXML".to_owned()), "{xml:?}");
        }
    }
}
