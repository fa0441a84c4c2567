//! The requests and replies of a multipart upload.

use std::borrow::Cow;
use std::fmt::Write;

use percent_encoding::percent_decode_str;
use quick_xml::escape::escape;

use super::tree::{BadXml, Element, parse, root_name};

/// Highest part number.
pub(crate) const PART_NUMBER_MAX: u32 = 10_000;
/// Longest id, ETag and key that are believed, in bytes. OSS's own are shorter.
pub(crate) const ID_MAX: usize = 1024;

/// The body of CompleteMultipartUpload; or how long it would be at least, where there is no memory for it. Parts come in
/// ascending order; ETags with or without their quotes.
pub fn complete_request<'a>(parts: impl IntoIterator<Item = (u32, &'a str)>) -> Result<String, usize> {
    let mut body = String::from("<CompleteMultipartUpload>");
    for (number, etag) in parts {
        let etag = escape_etag(unquoted(etag));
        // What stands around them is shorter than that.
        body.try_reserve(etag.len() + 128).map_err(|_| body.len())?;
        // Writing to a string does not fail.
        let _ = write!(body, "<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>");
    }
    body.push_str("</CompleteMultipartUpload>");
    Ok(body)
}

/// ETags come from a server, and are nearly always plain.
fn escape_etag(etag: &str) -> Cow<'_, str> {
    if etag.bytes().all(|byte| byte.is_ascii_alphanumeric()) { Cow::Borrowed(etag) } else { escape(etag) }
}

/// An ETag without the quotes around it.
pub fn unquoted(etag: &str) -> &str {
    let etag = etag.trim_matches([' ', '\t', '\r', '\n']);
    etag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(etag)
}

/// Reads the reply to InitiateMultipartUpload for `key`: the upload's id, which is never empty.
pub fn parse_initiate(body: &[u8], key: &str) -> Result<String, BadXml> {
    let root = root_of(body, "InitiateMultipartUploadResult")?;
    check_key_of(&root, key)?;
    upload_id_of(&root)
}

/// A part that OSS has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPart {
    /// 1 to 10000.
    pub number: u32,
    /// Bytes.
    pub size: u64,
    /// Without quotes, never empty.
    pub etag: String,
    /// The part's CRC-64, if the reply has it.
    pub crc64: Option<u64>,
}

/// One page of ListParts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPage {
    /// In ascending order, no number twice.
    pub parts: Vec<ListedPart>,
    /// There are more pages.
    pub is_truncated: bool,
    /// Where the next page starts. Always there, and never before the last part, if the page is truncated.
    pub next_part_number_marker: Option<u32>,
}

/// Reads a page of ListParts, of this upload to this key.
pub fn parse_list_parts(body: &[u8], key: &str, upload_id: &str) -> Result<PartPage, BadXml> {
    let root = root_of(body, "ListPartsResult")?;
    check_key_of(&root, key)?;
    // A list that does not say of which upload is none, and must not pass for an upload without parts.
    if upload_id_of(&root)? != upload_id {
        return Err(BadXml::new("the list of another upload"));
    }
    let mut parts =
        root.children.iter().filter(|child| child.name == "Part").map(part).collect::<Result<Vec<_>, _>>()?;
    parts.sort_unstable_by_key(|part| part.number);
    if parts.windows(2).any(|pair| matches!(pair, [a, b] if a.number == b.number)) {
        return Err(BadXml::new("a part number twice"));
    }
    let last = parts.last().map(|part| part.number);
    let is_truncated = truth(&root, "IsTruncated")?;
    let next_part_number_marker = match root.value("NextPartNumberMarker")? {
        "" if is_truncated => last,
        "" => None,
        text => Some(number(text, "NextPartNumberMarker")?),
    };
    // Without progress a reader of pages would never come to an end.
    if is_truncated && next_part_number_marker.is_none_or(|marker| marker == 0 || Some(marker) < last) {
        return Err(BadXml::new("a truncated page that does not say where the next one starts"));
    }
    Ok(PartPage { parts, is_truncated, next_part_number_marker })
}

fn part(element: &Element) -> Result<ListedPart, BadXml> {
    let part_number = number(element.value("PartNumber")?, "PartNumber")?;
    if !(1..=PART_NUMBER_MAX).contains(&part_number) {
        return Err(BadXml::new("a part number that OSS does not use"));
    }
    let etag = unquoted(element.value("ETag")?);
    if etag.is_empty() || etag.len() > ID_MAX {
        return Err(BadXml::new("a part without a usable ETag"));
    }
    let crc64 = match element.value("HashCrc64ecma")? {
        "" => None,
        text => Some(number(text, "HashCrc64ecma")?),
    };
    Ok(ListedPart {
        number: part_number,
        size: number(element.value("Size")?, "Size")?,
        etag: etag.to_owned(),
        crc64,
    })
}

/// Whether this is OSS's own reply to CompleteMultipartUpload, and no other body, such as the answer of an application
/// server.
pub fn is_complete_result(body: &[u8]) -> bool {
    complete_result(body).is_some()
}

/// Whether this is OSS's own reply to CompleteMultipartUpload for `key`.
pub fn completes(body: &[u8], key: &str) -> bool {
    complete_result(body).is_some_and(|root| check_key_of(&root, key).is_ok())
}

/// The reply to CompleteMultipartUpload, if all that it says of the object can be read.
fn complete_result(body: &[u8]) -> Option<Element> {
    // An application server's answer may have megabytes: no tree is built of what begins with another name.
    root_name(body).filter(|name| name == "CompleteMultipartUploadResult")?;
    let root = parse(body).ok()?;
    let key = decoded(&root, "Key", root.value("EncodingType").ok()?);
    let is_readable = ["Bucket", "ETag", "Location"].iter().all(|name| root.child(name).is_ok());
    (key.is_ok() && is_readable).then_some(root)
}

pub(super) fn root_of(body: &[u8], name: &str) -> Result<Element, BadXml> {
    let root = parse(body)?;
    if root.name == name { Ok(root) } else { Err(BadXml::new(format!("the root is not {name}"))) }
}

/// Refuses what is about another key. Without an encoding, XML does not carry every character of a key.
fn check_key_of(root: &Element, key: &str) -> Result<(), BadXml> {
    let encoding = root.value("EncodingType")?;
    let told = decoded(root, "Key", encoding)?;
    let is_carried = !encoding.is_empty() || !key.contains(|character: char| character.is_control());
    match told.is_empty() || !is_carried || told.trim() == key.trim() {
        true => Ok(()),
        false => Err(BadXml::new("it is about another key")),
    }
}

pub(super) fn upload_id_of(root: &Element) -> Result<String, BadXml> {
    let id = root.value("UploadId")?;
    if id.is_empty() || id.len() > ID_MAX || id.contains(|character: char| character.is_control()) {
        return Err(BadXml::new("no usable UploadId"));
    }
    Ok(id.to_owned())
}

/// A text of the child `name` in the encoding that the reply speaks of, blanks included.
pub(super) fn decoded(element: &Element, name: &str, encoding: &str) -> Result<String, BadXml> {
    let text = element.child(name)?.map_or("", |child| child.text.as_str());
    match encoding {
        "" => Ok(text.to_owned()),
        "url" => percent_decode_str(text)
            .decode_utf8()
            .map(Cow::into_owned)
            .map_err(|_| BadXml::new(format!("a {name} that is not UTF-8"))),
        _ => Err(BadXml::new("an EncodingType that is not url")),
    }
}

/// Whether the child `name` says true; false if it is not there.
pub(super) fn truth(root: &Element, name: &str) -> Result<bool, BadXml> {
    match root.value(name)? {
        "" => Ok(false),
        text if text.eq_ignore_ascii_case("false") => Ok(false),
        text if text.eq_ignore_ascii_case("true") => Ok(true),
        _ => Err(BadXml::new(format!("{name} is neither true nor false"))),
    }
}

/// A decimal number, with nothing but digits.
fn number<N: std::str::FromStr>(text: &str, what: &str) -> Result<N, BadXml> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadXml::new(format!("{what} is not a number")));
    }
    text.parse().map_err(|_| BadXml::new(format!("{what} is not a number or out of range")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(inside: &str) -> Result<PartPage, BadXml> {
        let body = format!("<ListPartsResult><UploadId>U</UploadId>{inside}</ListPartsResult>");
        parse_list_parts(body.as_bytes(), "k", "U")
    }

    fn part_xml(number: &str, size: &str, etag: &str, crc: &str) -> String {
        format!(
            "<Part><PartNumber>{number}</PartNumber><Size>{size}</Size><ETag>{etag}</ETag>\
             <HashCrc64ecma>{crc}</HashCrc64ecma></Part>"
        )
    }

    #[test]
    fn complete_request_quotes_and_escapes() {
        assert_eq!(complete_request([]).unwrap(), "<CompleteMultipartUpload></CompleteMultipartUpload>");
        let body = complete_request([(1, "\"AB\""), (7, "a\"<&>'b-2")]).unwrap();
        assert_eq!(
            body,
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"AB\"</ETag></Part>\
             <Part><PartNumber>7</PartNumber><ETag>\"a&quot;&lt;&amp;&gt;&apos;b-2\"</ETag></Part>\
             </CompleteMultipartUpload>"
        );
        let read_back = parse(body.as_bytes()).unwrap();
        assert_eq!(read_back.children[1].value("ETag").unwrap(), "\"a\"<&>'b-2\"");
    }

    #[test]
    fn only_a_pair_of_quotes_comes_off() {
        assert_eq!(unquoted(" \"a\" "), "a");
        assert_eq!(unquoted("\"a"), "\"a");
        assert_eq!(unquoted("\""), "\"");
        assert_eq!(unquoted("\"\""), "");
        assert_eq!(unquoted(""), "");
    }

    #[test]
    fn initiate_gives_one_usable_upload_id() {
        let reply = |inside: &str| {
            let body = format!(
                "<InitiateMultipartUploadResult xmlns='u'><Bucket>b</Bucket><Key>k</Key>{inside}\
                 </InitiateMultipartUploadResult>"
            );
            parse_initiate(body.as_bytes(), "k")
        };
        assert_eq!(reply("<UploadId> U </UploadId>").unwrap(), "U");
        for bad in [
            "",
            "<UploadId> </UploadId>",
            "<UploadId>a&#10;b</UploadId>",
            "<UploadId>U</UploadId><UploadId>V</UploadId>",
            &format!("<UploadId>{}</UploadId>", "U".repeat(ID_MAX + 1)),
        ] {
            assert!(reply(bad).is_err(), "{bad:.80}");
        }
        assert!(parse_initiate(b"<Other><UploadId>U</UploadId></Other>", "k").is_err());
    }

    #[test]
    fn parts_are_read_in_order() {
        let page = page(
            &(part_xml("3", "18446744073709551615", "E3", "")
                + &part_xml("1", "0", "\"E1\"", "18446744073709551615")),
        )
        .unwrap();
        assert_eq!(page.parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(page.parts[0].etag, "E1");
        assert_eq!(page.parts[0].crc64, Some(u64::MAX));
        assert_eq!(page.parts[1].size, u64::MAX);
        assert_eq!(page.parts[1].crc64, None);
        assert!(!page.is_truncated);
        assert_eq!(page.next_part_number_marker, None);
    }

    #[test]
    fn parts_that_make_no_sense_are_refused() {
        for bad in [
            part_xml("0", "1", "E", ""),
            part_xml("10001", "1", "E", ""),
            part_xml("-1", "1", "E", ""),
            part_xml("+1", "1", "E", ""),
            part_xml("", "1", "E", ""),
            part_xml("1", "", "E", ""),
            part_xml("1", "18446744073709551616", "E", ""),
            part_xml("1", "1", "", ""),
            part_xml("1", "1", "\"\"", ""),
            part_xml("1", "1", "E", "x"),
            part_xml("1", "1", "E", "") + &part_xml("1", "2", "F", ""),
            "<Part/>".to_owned(),
            "<IsTruncated>maybe</IsTruncated>".to_owned(),
        ] {
            assert!(page(&bad).is_err(), "{bad}");
        }
        assert!(parse_list_parts(b"<ListPartsResult/>", "k", "U").is_err());
    }

    #[test]
    fn what_is_about_something_else_is_refused() {
        let reply = |root: &str, inside: &str| format!("<{root}>{inside}<UploadId>U</UploadId></{root}>");
        let about = |inside: &str, key: &str| {
            let begun = reply("InitiateMultipartUploadResult", inside);
            let listed = reply("ListPartsResult", inside);
            let completed = reply("CompleteMultipartUploadResult", inside);
            let is_about = parse_initiate(begun.as_bytes(), key).is_ok();
            assert_eq!(parse_list_parts(listed.as_bytes(), key, "U").is_ok(), is_about, "{inside}");
            assert_eq!(completes(completed.as_bytes(), key), is_about, "{inside}");
            is_about
        };
        for (inside, key, is_about) in [
            ("", "k", true),
            ("<Key>k</Key>", "k", true),
            ("<Key>K</Key>", "k", false),
            ("<Key>\n  a b&amp;\n</Key>", "a b&", true),
            ("<Key>a%2Fb</Key>", "a%2Fb", true),
            ("<Key>a%2Fb</Key>", "a/b", false),
            ("<EncodingType>url</EncodingType><Key>a%2Fb</Key>", "a/b", true),
            ("<EncodingType>url</EncodingType><Key>a%0Db</Key>", "a\rb", true),
            ("<EncodingType>url</EncodingType><Key>a%0Ab</Key>", "a\rb", false),
            // A line end does not arrive as it was.
            ("<Key>a\nb</Key>", "a\rb", true),
            ("<EncodingType>rot13</EncodingType><Key>k</Key>", "k", false),
        ] {
            assert_eq!(about(inside, key), is_about, "{inside} {key:?}");
        }
        let listed = reply("ListPartsResult", "");
        assert!(parse_list_parts(listed.as_bytes(), "k", "V").is_err());
    }

    #[test]
    fn truncated_pages_lead_on() {
        let two = part_xml("1", "1", "E", "") + &part_xml("2", "1", "E", "");
        let truncated = |marker: &str| page(&format!("<IsTruncated>true</IsTruncated>{marker}{two}"));
        assert_eq!(truncated("").unwrap().next_part_number_marker, Some(2));
        let with = |number: u32| truncated(&format!("<NextPartNumberMarker>{number}</NextPartNumberMarker>"));
        assert_eq!(with(2).unwrap().next_part_number_marker, Some(2));
        assert!(with(1).is_err());
        assert!(page("<IsTruncated>true</IsTruncated>").is_err());
        assert!(
            page("<IsTruncated>true</IsTruncated><NextPartNumberMarker>0</NextPartNumberMarker>").is_err()
        );
        let end = page(&format!("<NextPartNumberMarker>0</NextPartNumberMarker>{two}")).unwrap();
        assert_eq!(end.next_part_number_marker, Some(0));
    }

    #[test]
    fn a_full_page_fits_the_limits() {
        let parts: String = (1..=1000).map(|i| part_xml(&i.to_string(), "1", "E", "7")).collect();
        assert_eq!(page(&parts).unwrap().parts.len(), 1000);
    }

    #[test]
    fn complete_is_told_from_other_bodies() {
        let body =
            b"<CompleteMultipartUploadResult><EncodingType>url</EncodingType><Location>http://b/k</Location>\
                     <Bucket>b</Bucket><Key>a%2Fb</Key><ETag>\"E-2\"</ETag></CompleteMultipartUploadResult>";
        assert!(is_complete_result(body));
        assert!(is_complete_result(b"<CompleteMultipartUploadResult/>"));
        for other in [&b"{\"Status\":\"OK\"}"[..], b"<Error><Code>X</Code></Error>", b"", &body[..40]] {
            assert!(!is_complete_result(other), "{}", String::from_utf8_lossy(other));
        }
    }

    #[test]
    fn complete_is_not_believed_when_it_makes_no_sense() {
        for bad in [
            "<Bucket/><Bucket/>",
            "<Key/><Key/>",
            "<ETag/><ETag/>",
            "<Location/><Location/>",
            "<EncodingType>rot13</EncodingType>",
            "<EncodingType>url</EncodingType><Key>%FF</Key>",
        ] {
            let body = format!("<CompleteMultipartUploadResult>{bad}</CompleteMultipartUploadResult>");
            assert!(!is_complete_result(body.as_bytes()), "{bad}");
        }
    }
}
