//! A small tree of elements, read with limits.

use std::fmt;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Largest document that is read, in bytes.
pub(crate) const BODY_MAX: usize = 4 << 20;
/// Deepest nesting; OSS needs three levels.
const DEPTH_MAX: usize = 16;
/// Most elements; a full page of parts has some seven thousand.
const ELEMENTS_MAX: usize = 20_000;
/// Longest element name, in bytes.
const NAME_MAX: usize = 128;

const NO_MEMORY: &str = "there is no memory for it";

/// Why a document could not be read. The text names the fault and never repeats content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadXml(String);

impl BadXml {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// There was none for what is in it.
    pub(super) fn no_memory() -> Self {
        Self::new(NO_MEMORY)
    }

    /// Whether nothing is wrong but that there was no memory for it.
    pub fn is_for_want_of_memory(&self) -> bool {
        self.0 == NO_MEMORY
    }
}

impl fmt::Display for BadXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unreadable XML: {}", self.0)
    }
}

impl std::error::Error for BadXml {}

impl From<quick_xml::Error> for BadXml {
    fn from(_: quick_xml::Error) -> Self {
        // The parser's own text may quote the document.
        Self::new("not well-formed")
    }
}

impl From<quick_xml::encoding::EncodingError> for BadXml {
    fn from(_: quick_xml::encoding::EncodingError) -> Self {
        Self::new("not UTF-8")
    }
}

/// An element: its name without prefix, the text directly in it, and its children. Attributes are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The local name.
    pub name: String,
    /// The text directly inside, references resolved, blanks kept.
    pub text: String,
    /// The elements inside, in order.
    pub children: Vec<Element>,
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Result<Self, BadXml> {
        Ok(Self { name: local_name(start)?, text: String::new(), children: Vec::new() })
    }

    /// The child of this name, if there is one; two are a fault, since nobody could say which one counts.
    pub fn child(&self, name: &str) -> Result<Option<&Element>, BadXml> {
        let mut found = self.children.iter().filter(|child| child.name == name);
        match (found.next(), found.next()) {
            (_, Some(_)) => Err(BadXml::new(format!("two {name} elements"))),
            (only, None) => Ok(only),
        }
    }

    /// The text of a child without the blanks around it; empty if there is no such child.
    pub fn value(&self, name: &str) -> Result<&str, BadXml> {
        Ok(self.child(name)?.map_or("", |child| child.text.trim_matches(BLANKS)))
    }
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads a whole document. A document type is refused, and so is anything but blanks and comments after the root.
pub fn parse(body: &[u8]) -> Result<Element, BadXml> {
    let mut reader = reader(body)?;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event()?;
        let closed = match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                elements += 1;
                if elements > ELEMENTS_MAX {
                    return Err(BadXml::new("too many elements"));
                }
                if open.len() >= DEPTH_MAX {
                    return Err(BadXml::new("nested too deeply"));
                }
                if root.is_some() {
                    return Err(BadXml::new("two roots"));
                }
                let element = Element::new(start)?;
                if matches!(event, Event::Empty(_)) {
                    Some(element)
                } else {
                    open.push(element);
                    None
                }
            }
            Event::End(_) => open.pop(),
            Event::Text(text) => {
                add_text(&mut open, &text.xml10_content()?)?;
                None
            }
            Event::CData(text) => {
                add_text(&mut open, &text.xml10_content()?)?;
                None
            }
            Event::GeneralRef(reference) => {
                let mut buffer = [0; 4];
                add_text(&mut open, resolve(&reference)?.encode_utf8(&mut buffer))?;
                None
            }
            Event::DocType(_) => return Err(BadXml::new("a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
            Event::Eof => break,
        };
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => {
                    parent.children.try_reserve(1).map_err(|_| BadXml::no_memory())?;
                    parent.children.push(element);
                }
                None => root = Some(element),
            }
        }
    }
    if !open.is_empty() {
        return Err(BadXml::new("it ends before its last element does"));
    }
    root.ok_or_else(|| BadXml::new("no element"))
}

/// The local name of the root element, read without looking at the rest.
pub fn root_name(body: &[u8]) -> Option<String> {
    let mut reader = reader(body).ok()?;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => return local_name(&start).ok(),
            Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            _ => return None,
        }
    }
}

fn reader(body: &[u8]) -> Result<Reader<&[u8]>, BadXml> {
    if body.len() > BODY_MAX {
        return Err(BadXml::new("too long"));
    }
    Ok(Reader::from_reader(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)))
}

fn local_name(start: &BytesStart<'_>) -> Result<String, BadXml> {
    let name = start.local_name();
    let name = name.as_ref();
    if name.is_empty() || name.len() > NAME_MAX {
        return Err(BadXml::new("an element name that is empty or too long"));
    }
    std::str::from_utf8(name).map(str::to_owned).map_err(|_| BadXml::new("not UTF-8"))
}

fn add_text(open: &mut [Element], text: &str) -> Result<(), BadXml> {
    match open.last_mut() {
        Some(element) => {
            element.text.try_reserve(text.len()).map_err(|_| BadXml::no_memory())?;
            element.text.push_str(text);
        }
        None if text.chars().all(|character| BLANKS.contains(&character)) => {}
        None => return Err(BadXml::new("text outside the root")),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<char, BadXml> {
    if let Some(character) = reference.resolve_char_ref()? {
        return Ok(character);
    }
    match reference.decode()?.as_ref() {
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "gt" => Ok('>'),
        "lt" => Ok('<'),
        "quot" => Ok('"'),
        _ => Err(BadXml::new("an entity that XML does not define")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(body: &[u8]) -> String {
        parse(body).unwrap_err().to_string()
    }

    #[test]
    fn text_is_put_together_from_all_its_forms() {
        let root = parse(b"\xef\xbb\xbf<?xml version='1.0'?><!-- c --><p:A xmlns:p='u' q='1'> x &lt;&#x4e2d;&amp;<![CDATA[<&]]>y\r\n<B/>z</p:A>\n<!-- d -->").unwrap();
        assert_eq!(root.name, "A");
        assert_eq!(root.text, " x <中&<&y\nz");
        assert_eq!(root.children.len(), 1);
        assert_eq!(root.children[0].name, "B");
    }

    #[test]
    fn values_are_trimmed_and_doubles_refused() {
        let root = parse(b"<A><B>\n b \n</B><C/><C/></A>").unwrap();
        assert_eq!(root.value("B").unwrap(), "b");
        assert_eq!(root.value("Missing").unwrap(), "");
        assert_eq!(root.value("C").unwrap_err().to_string(), "unreadable XML: two C elements");
    }

    #[test]
    fn what_is_not_one_whole_document_is_refused() {
        for (body, part) in [
            (&b""[..], "no element"),
            (b"   ", "no element"),
            (b"text", "outside"),
            (b"<A>", "ends before"),
            (b"<A><B></A>", "well-formed"),
            (b"</A>", "well-formed"),
            (b"<A></A><B/>", "two roots"),
            (b"<A/>x", "outside"),
            (b"<A/>&#65;", "outside"),
            (b"<A>&unknown;</A>", "entity"),
            (b"<A>&#0;</A>", "well-formed"),
            (b"<A>&#x110000;</A>", "well-formed"),
            (b"<A>a & b</A>", "well-formed"),
            (b"<A>\xff</A>", "UTF-8"),
            (b"<\xff/>", "UTF-8"),
            (b"<!DOCTYPE A [<!ENTITY x \"y\">]><A>&x;</A>", "document type"),
            (b"<A", "well-formed"),
            (b"<A><![CDATA[x</A>", "well-formed"),
            (b"\x00\x01\x02", "outside"),
        ] {
            assert!(reason(body).contains(part), "{:?}: {}", String::from_utf8_lossy(body), reason(body));
        }
    }

    #[test]
    fn limits_hold() {
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(parse(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(reason(nested(DEPTH_MAX + 1).as_bytes()).contains("deeply"));
        assert!(reason("<a>".repeat(1_000_000).as_bytes()).contains("deeply"));
        let many = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count));
        assert!(parse(many(ELEMENTS_MAX - 1).as_bytes()).is_ok());
        assert!(reason(many(ELEMENTS_MAX).as_bytes()).contains("too many"));
        assert!(reason(&vec![b' '; BODY_MAX + 1]).contains("too long"));
        let long_name = format!("<{}/>", "n".repeat(NAME_MAX + 1));
        assert!(reason(long_name.as_bytes()).contains("name"));
    }

    #[test]
    fn every_cut_and_every_flipped_byte_ends_quietly() {
        let whole =
            b"<?xml version=\"1.0\"?><!--c--><R xmlns=\"u\"><A b='c'>t&amp;&#65;</A><![CDATA[x]]><E/></R>";
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "cut at {end}");
            root_name(&whole[..end]);
        }
        for at in 0..whole.len() {
            for byte in 0..=u8::MAX {
                let mut bent = whole.to_vec();
                bent[at] = byte;
                if let Ok(root) = parse(&bent) {
                    assert!(!root.name.is_empty());
                }
                root_name(&bent);
            }
        }
    }

    #[test]
    fn the_root_is_named_even_when_the_rest_is_broken() {
        assert_eq!(root_name(b"<?xml version='1.0'?>\n<x:Error><Code>").as_deref(), Some("Error"));
        assert_eq!(root_name(b"<Error/>").as_deref(), Some("Error"));
        for junk in [&b""[..], b"{\"a\":1}", b"x<Error/>", b"<!DOCTYPE x><Error/>", b"<Err"] {
            assert_eq!(root_name(junk), None, "{:?}", String::from_utf8_lossy(junk));
        }
    }
}
