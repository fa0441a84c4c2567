//! The error replies of OSS.

use crate::http::Reply;
use crate::text::{base64_encode, xml_escape};

/// A refusal in OSS's own terms: an HTTP status, a `Code`, and what else the error body shows.
#[derive(Debug, Clone)]
pub(crate) struct OssError {
    pub status: u16,
    pub code: String,
    pub message: String,
    /// The stable number of the cause, where it is known.
    pub ec: Option<&'static str>,
    /// Further elements of the body, such as `ArgumentName`.
    pub details: Vec<(&'static str, String)>,
    /// Headers that the reply carries besides the usual ones.
    pub headers: Vec<(&'static str, String)>,
}

impl OssError {
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> OssError {
        OssError {
            status,
            code: code.into(),
            message: message.into(),
            ec: None,
            details: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub fn ec(mut self, ec: &'static str) -> OssError {
        self.ec = Some(ec);
        self
    }

    pub fn detail(mut self, name: &'static str, value: impl Into<String>) -> OssError {
        self.details.push((name, value.into()));
        self
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> OssError {
        self.headers.push((name, value.into()));
        self
    }

    pub fn invalid_argument(message: impl Into<String>) -> OssError {
        OssError::new(400, "InvalidArgument", message)
    }

    /// An `InvalidArgument` that names the argument, as OSS does.
    pub fn argument(name: &str, value: &str, message: impl Into<String>) -> OssError {
        OssError::invalid_argument(message).detail("ArgumentName", name).detail("ArgumentValue", value)
    }

    pub fn access_denied(message: impl Into<String>) -> OssError {
        OssError::new(403, "AccessDenied", message)
    }

    pub fn no_such_bucket(bucket: &str) -> OssError {
        OssError::new(404, "NoSuchBucket", "The specified bucket does not exist.")
            .ec("0015-00000101")
            .detail("BucketName", bucket)
    }

    pub fn no_such_key(key: &str) -> OssError {
        OssError::new(404, "NoSuchKey", "The specified key does not exist.")
            .ec("0026-00000001")
            .detail("Key", key)
    }

    pub fn no_such_version(key: &str, version_id: &str) -> OssError {
        OssError::new(404, "NoSuchVersion", "The specified version does not exist.")
            .detail("Key", key)
            .detail("VersionId", version_id)
    }

    /// For whoever wants what only objects have.
    pub fn is_delete_marker(version_id: &str) -> OssError {
        OssError::new(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
            .ec("0017-00000002")
            .header("x-oss-delete-marker", "true")
            .header("x-oss-version-id", version_id)
    }

    pub fn no_such_upload(upload_id: &str) -> OssError {
        OssError::new(
            404,
            "NoSuchUpload",
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        )
        .ec("0042-00000002")
        .detail("UploadId", upload_id)
    }

    pub fn malformed_xml() -> OssError {
        OssError::new(
            400,
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema.",
        )
    }

    pub fn not_implemented(message: impl Into<String>) -> OssError {
        OssError::new(501, "NotImplemented", message)
    }

    pub fn file_already_exists() -> OssError {
        OssError::new(
            409,
            "FileAlreadyExists",
            "The object you specified already exists and can not be overwritten.",
        )
    }

    pub fn entity_too_large(limit: u64) -> OssError {
        OssError::new(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size.")
            .detail("MaxSizeAllowed", limit.to_string())
    }

    pub fn request_timeout() -> OssError {
        OssError::new(
            400,
            "RequestTimeout",
            "Your socket connection to the server was not read from or written to within the timeout period.",
        )
    }

    pub fn malformed_request(message: impl Into<String>) -> OssError {
        OssError::new(400, "InvalidRequest", message)
    }

    /// A failure of the emulator's own, such as a full disk.
    pub fn internal(message: impl Into<String>) -> OssError {
        OssError::new(500, "InternalError", message)
    }

    /// The body as OSS writes it.
    pub fn xml(&self, request_id: &str, host_id: &str) -> String {
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>\n");
        let mut element = |name: &str, value: &str| {
            xml.push_str(&format!("  <{name}>{}</{name}>\n", xml_escape(value)));
        };
        element("Code", &self.code);
        element("Message", &self.message);
        element("RequestId", request_id);
        element("HostId", host_id);
        for (name, value) in &self.details {
            element(name, value);
        }
        if let Some(ec) = self.ec {
            element("EC", ec);
            element("RecommendDoc", &format!("https://api.aliyun.com/troubleshoot?q={ec}"));
        }
        xml.push_str("</Error>\n");
        xml
    }

    /// The reply, without the headers that every reply has. A reply to HEAD has no body, so the XML goes into a header.
    pub fn reply(&self, request_id: &str, host_id: &str, to_head: bool) -> Reply {
        let xml = self.xml(request_id, host_id);
        let mut reply = Reply::new(self.status);
        for (name, value) in &self.headers {
            reply.set(name, value);
        }
        if let Some(ec) = self.ec {
            reply.set("x-oss-ec", ec);
        }
        if to_head {
            reply.set("x-oss-err", &base64_encode(xml.as_bytes()));
            reply
        } else {
            reply.body("application/xml", xml.into_bytes())
        }
    }
}
