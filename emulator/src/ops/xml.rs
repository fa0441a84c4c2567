//! XML documents: writing replies, reading requests.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

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

/// Why a request's document is not one that the emulator takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is no XML.
    Malformed,
    /// It is of another kind.
    OtherRoot,
    /// It says something that would be passed over.
    Unknown(String),
}

impl From<Unreadable> for OssError {
    fn from(unreadable: Unreadable) -> OssError {
        match unreadable {
            Unreadable::Malformed | Unreadable::OtherRoot => OssError::malformed_xml(),
            Unreadable::Unknown(path) => {
                OssError::not_implemented(format!("The emulator does not know {path}."))
            }
        }
    }
}

/// The texts of a request's document: paths of local names, such as `Delete/Object/Key`, with their values, in the order in
/// which the elements end. All paths are among the known ones, so that a document cannot be deeper than these, nor need
/// memory for its own names.
pub(super) fn read(body: &[u8], known: &[&'static str]) -> Result<Vec<(&'static str, String)>, Unreadable> {
    let mut reader = Reader::from_reader(body);
    let mut open: Vec<(&'static str, String)> = Vec::new();
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(|_| Unreadable::Malformed)? {
            Event::Start(start) => {
                open.push((path_of(start.local_name().as_ref(), &open, known)?, String::new()));
            }
            Event::Empty(empty) => {
                found.push((path_of(empty.local_name().as_ref(), &open, known)?, String::new()));
            }
            Event::Text(text) => append(&mut open, &text.decode().map_err(|_| Unreadable::Malformed)?),
            Event::CData(text) => append(&mut open, &text.decode().map_err(|_| Unreadable::Malformed)?),
            Event::GeneralRef(reference) => append(&mut open, &referred(&reference)?),
            Event::End(_) => found.extend(open.pop()),
            Event::Eof if open.is_empty() && !found.is_empty() => return Ok(found),
            Event::Eof => return Err(Unreadable::Malformed),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Which of the known paths an element has that begins inside of the open ones.
fn path_of(
    name: &[u8],
    open: &[(&'static str, String)],
    known: &[&'static str],
) -> Result<&'static str, Unreadable> {
    let name = String::from_utf8_lossy(name);
    let path = match open.last() {
        None => name.into_owned(),
        Some((parent, _)) => format!("{parent}/{name}"),
    };
    let is_root = open.is_empty();
    known.iter().copied().find(|other| *other == path).ok_or(match is_root {
        true => Unreadable::OtherRoot,
        false => Unreadable::Unknown(path),
    })
}

fn append(open: &mut [(&'static str, String)], more: &str) {
    if let Some((_, text)) = open.last_mut() {
        text.push_str(more);
    }
}

/// The text that a reference such as `&lt;` stands for.
fn referred(reference: &BytesRef) -> Result<String, Unreadable> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| Unreadable::Malformed)? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(|_| Unreadable::Malformed)?;
    resolve_predefined_entity(&name).map(str::to_owned).ok_or(Unreadable::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(xml: &str) -> Result<Vec<(&'static str, String)>, Unreadable> {
        read(xml.as_bytes(), &["A", "A/B", "A/C", "A/D", "A/D/E"])
    }

    #[test]
    fn texts_are_found_with_their_paths_whatever_the_namespace() {
        let xml = "<?xml version=\"1.0\"?><o:A xmlns:o='x'><o:B>1 &lt;&#50;<![CDATA[&]]></o:B><C/></o:A>";
        let expected = [("A/B", "1 <2&"), ("A/C", ""), ("A", "")];
        assert_eq!(texts(xml).unwrap(), expected.map(|(path, text)| (path, text.to_owned())));
    }

    #[test]
    fn broken_documents_are_refused() {
        for xml in ["", "text", "<A>", "<A></B>", "<A>&nonsense;</A>", "<A", "<A><B></A></B>"] {
            assert_eq!(texts(xml), Err(Unreadable::Malformed), "{xml:?}");
        }
    }

    #[test]
    fn other_documents_are_refused_where_they_begin_to_be_others() {
        let unknown = |path: &str| Err(Unreadable::Unknown(path.to_owned()));
        assert_eq!(texts("<B/>"), Err(Unreadable::OtherRoot));
        assert_eq!(texts("<A><E/></A>"), unknown("A/E"));
        assert_eq!(texts(&"<A>".repeat(1_000_000)), unknown("A/A"));
        assert_eq!(texts("<A><D><E><E/>"), unknown("A/D/E/E"));
    }
}
