//! The list of uploads in parts.

use super::multipart::{decoded, root_of, truth, upload_id_of};
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
    let upload = |element: &Element| {
        Ok(ListedUpload {
            key: decoded(element, "Key", encoding)?,
            upload_id: upload_id_of(element)?,
            initiated: element.value("Initiated")?.to_owned(),
        })
    };
    let uploads = root.children.iter().filter(|child| child.name == "Upload").map(upload);
    Ok(UploadPage {
        uploads: uploads.collect::<Result<_, BadXml>>()?,
        is_truncated: truth(&root, "IsTruncated")?,
        next: (decoded(&root, "NextKeyMarker", encoding)?, root.value("NextUploadIdMarker")?.to_owned()),
    })
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
}
