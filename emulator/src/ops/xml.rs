//! XML documents: writing replies, reading requests.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

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

/// An element that has not ended yet.
struct Open {
    path: &'static str,
    text: String,
    /// The elements in it so far.
    children: Vec<&'static str>,
}

/// The texts of a request's document: paths of local names, such as `Delete/Object/Key`, with their values, in the order in
/// which the elements end. All paths are among the known ones, so that a document cannot be deeper than these, nor need
/// memory for its own names. Only the repeated ones can be there more than once in the same element, and where elements
/// can be there is no text beside them.
pub(super) fn read(
    body: &[u8],
    known: &[&'static str],
    repeated: &[&str],
) -> Result<Vec<(&'static str, String)>, Unreadable> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|_| Unreadable::Malformed)?;
        // The document is over where nothing is open any more.
        let is_within = found.is_empty() || !open.is_empty();
        match event {
            Event::Start(start) if is_within => {
                let path = enter(&start, &mut open, known, repeated)?;
                open.push(Open { path, text: String::new(), children: Vec::new() });
            }
            Event::Empty(empty) if is_within => {
                found.push((enter(&empty, &mut open, known, repeated)?, String::new()));
            }
            Event::Text(text) => append(&mut open, &text.decode().map_err(|_| Unreadable::Malformed)?)?,
            Event::CData(text) => append(&mut open, &text.decode().map_err(|_| Unreadable::Malformed)?)?,
            Event::GeneralRef(reference) => append(&mut open, &referred(&reference)?)?,
            Event::End(_) => {
                let ended = open.pop().ok_or(Unreadable::Malformed)?;
                if has_elements(ended.path, known) && !is_blank(&ended.text) {
                    return Err(Unreadable::Malformed);
                }
                found.push((ended.path, ended.text));
            }
            Event::Eof if open.is_empty() && !found.is_empty() => return Ok(found),
            Event::Decl(_) | Event::DocType(_) if open.is_empty() && found.is_empty() => {}
            Event::Comment(_) | Event::PI(_) => {}
            Event::Start(_) | Event::Empty(_) | Event::Decl(_) | Event::DocType(_) | Event::Eof => {
                return Err(Unreadable::Malformed);
            }
        }
    }
}

/// The path of an element that begins inside of the open ones, if it may be there.
fn enter(
    element: &BytesStart,
    open: &mut [Open],
    known: &[&'static str],
    repeated: &[&str],
) -> Result<&'static str, Unreadable> {
    if element.attributes().any(|attribute| attribute.is_err()) {
        return Err(Unreadable::Malformed);
    }
    let name = element.local_name();
    let name = String::from_utf8_lossy(name.as_ref());
    let Some(parent) = open.last_mut() else {
        return known.iter().copied().find(|path| *path == name).ok_or(Unreadable::OtherRoot);
    };
    let path = format!("{}/{name}", parent.path);
    let Some(path) = known.iter().copied().find(|other| *other == path) else {
        return Err(Unreadable::Unknown(path));
    };
    if parent.children.contains(&path) && !repeated.contains(&path) {
        return Err(Unreadable::Malformed);
    }
    parent.children.push(path);
    Ok(path)
}

fn has_elements(path: &str, known: &[&str]) -> bool {
    known.iter().any(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
}

fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Outside of the root there is no text.
fn append(open: &mut [Open], more: &str) -> Result<(), Unreadable> {
    match open.last_mut() {
        Some(open) => open.text.push_str(more),
        None if is_blank(more) => {}
        None => return Err(Unreadable::Malformed),
    }
    Ok(())
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
        read(xml.as_bytes(), &["A", "A/B", "A/C", "A/D", "A/D/E"], &["A/C"])
    }

    #[test]
    fn texts_are_found_with_their_paths_whatever_the_namespace() {
        let xml = "<?xml version=\"1.0\"?><o:A xmlns:o='x'><o:B>1 &lt;&#50;<![CDATA[&]]></o:B><C/></o:A>";
        let expected = [("A/B", "1 <2&"), ("A/C", ""), ("A", "")];
        assert_eq!(texts(xml).unwrap(), expected.map(|(path, text)| (path, text.to_owned())));
    }

    #[test]
    fn broken_documents_are_refused() {
        for xml in ["", "text", "<A>", "<A></B>", "<A>&nonsense;</A>", "<A", "<A><B></A></B>", "</A>"] {
            assert_eq!(texts(xml), Err(Unreadable::Malformed), "{xml:?}");
        }
    }

    #[test]
    fn a_document_says_everything_once() {
        for xml in [
            "<A/><A/>",
            "<A></A><A/>",
            "<A/><?xml version=\"1.0\"?>",
            "<A/>text",
            "text<A/>",
            "<A/>&amp;",
            "<A/><![CDATA[x]]>",
            "<A>text<B/></A>",
            "<A><B/>text</A>",
            "<A>text</A>",
            "<A><D>&#65;</D></A>",
            "<A><B/><B/></A>",
            "<A><B>1</B><C/><B>2</B></A>",
            "<A><D/><D/></A>",
            "<A b=c d/>",
            "<A><B b='1' b='2'/></A>",
            "<A><!-- a -- b --></A>",
        ] {
            assert_eq!(texts(xml), Err(Unreadable::Malformed), "{xml}");
        }
        for xml in [
            " <!DOCTYPE A><!-- c --><A xmlns='x' y=\"z\"> <C/>\r\n<C/>\t<D><E>e</E></D><B> </B></A>\n<?p?>",
            "<A><C>1</C><B/><C>2</C></A>",
        ] {
            assert!(texts(xml).is_ok(), "{xml}");
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
