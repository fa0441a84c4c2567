//! The list of uploads in parts.

use super::multipart::{ID_MAX, decoded, root_of, truth, upload_id_of};
use super::tree::{BadXml, Element};

/// An upload that is neither completed nor aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedUpload {
    /// The key that it will make, decoded.
    pub key: String,
    /// Its id, never empty.
    pub upload_id: String,
    /// When it was begun: ISO 8601, as the reply writes it; may be empty.
    pub initiated: String,
}

/// One page of ListMultipartUploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPage {
    /// As OSS orders them, by their keys.
    pub uploads: Vec<ListedUpload>,
    /// There are more pages.
    pub is_truncated: bool,
    /// Where the next page starts: the key marker, decoded, and the upload id marker.
    pub next: (String, String),
}

/// Reads a page of ListMultipartUploads.
pub fn parse_list_uploads(body: &[u8]) -> Result<UploadPage, BadXml> {
    let root = root_of(body, "ListMultipartUploadsResult")?;
    let encoding = root.value("EncodingType")?;
    let upload = |element: &Element| -> Result<ListedUpload, BadXml> {
        Ok(ListedUpload {
            key: short(decoded(element, "Key", encoding)?, "Key")?,
            upload_id: upload_id_of(element)?,
            initiated: short(element.value("Initiated")?.to_owned(), "Initiated")?,
        })
    };
    let mut uploads = Vec::new();
    uploads.try_reserve_exact(root.children.len()).map_err(|_| BadXml::no_memory())?;
    for child in root.children.iter().filter(|child| child.name == "Upload") {
        uploads.push(upload(child)?);
    }
    Ok(UploadPage {
        uploads,
        is_truncated: truth(&root, "IsTruncated")?,
        next: (
            short(decoded(&root, "NextKeyMarker", encoding)?, "NextKeyMarker")?,
            short(root.value("NextUploadIdMarker")?.to_owned(), "NextUploadIdMarker")?,
        ),
    })
}

/// A text that is as short as OSS's own are, and has no more room than it needs: it may be kept for long.
fn short(mut text: String, name: &str) -> Result<String, BadXml> {
    if text.len() > ID_MAX {
        return Err(BadXml::new(format!("a {name} of more than {ID_MAX} bytes")));
    }
    text.shrink_to_fit();
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(inside: &str) -> Result<UploadPage, BadXml> {
        parse_list_uploads(
            format!("<ListMultipartUploadsResult>{inside}</ListMultipartUploadsResult>").as_bytes(),
        )
    }

    #[test]
    fn keys_are_decoded_when_told() {
        let upload =
            "<NextKeyMarker>a%2Bb</NextKeyMarker><Upload><Key>a%2Bb</Key><UploadId>U</UploadId></Upload>";
        let plain = page(upload).unwrap();
        assert_eq!((plain.uploads[0].key.as_str(), plain.next.0.as_str()), ("a%2Bb", "a%2Bb"));
        let encoded = page(&format!("<EncodingType>url</EncodingType>{upload}")).unwrap();
        assert_eq!((encoded.uploads[0].key.as_str(), encoded.next.0.as_str()), ("a+b", "a+b"));
        assert!(!encoded.is_truncated);
    }

    #[test]
    fn lists_that_make_no_sense_are_refused() {
        assert!(page("<Upload><Key>a</Key></Upload>").is_err());
        assert!(
            page("<EncodingType>url</EncodingType><Upload><Key>%FF</Key><UploadId>U</UploadId></Upload>")
                .is_err()
        );
        assert!(page("<IsTruncated>maybe</IsTruncated>").is_err());
        assert!(parse_list_uploads(b"<ListPartsResult/>").is_err());
        assert_eq!(page("").unwrap().uploads, []);
    }

    #[test]
    fn what_is_longer_than_anything_of_oss_is_refused() {
        let upload = |key: &str, id: &str, initiated: &str| {
            page(&format!(
                "<EncodingType>url</EncodingType><Upload><Key>{key}</Key><UploadId>{id}</UploadId>\
                 <Initiated>{initiated}</Initiated></Upload>"
            ))
        };
        let (longest, too_long) = ("x".repeat(ID_MAX), "x".repeat(ID_MAX + 1));
        // A key counts as it is, not as it is written.
        let encoded = "%E5%90%8D".repeat(ID_MAX / 3);
        for (key, id, initiated) in [(longest.as_str(), "U", ""), (&encoded, &longest, &longest)] {
            assert!(upload(key, id, initiated).is_ok());
        }
        for (key, id, initiated) in
            [(too_long.as_str(), "U", ""), ("k", &too_long, ""), ("k", "U", &too_long)]
        {
            assert!(upload(key, id, initiated).is_err());
        }
        for name in ["NextKeyMarker", "NextUploadIdMarker"] {
            assert!(page(&format!("<{name}>{longest}</{name}>")).is_ok());
            assert!(page(&format!("<{name}>{too_long}</{name}>")).is_err());
        }
    }
}
