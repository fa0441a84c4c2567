//! The operations of OSS.

mod bucket;
mod callback_policy;
mod headers;
mod multipart;
mod object;
mod post_object;
mod xml;

use std::net::IpAddr;

use crate::auth;
use crate::callback::{self, Callback, Carried, Delivery, Value, Values};
use crate::cors;
use crate::errors::OssError;
use crate::http::{Framing, Head, Reply};
use crate::object::Properties;
use crate::operation::{Meaning, Operation};
use crate::shared::Shared;

/// The largest document that is no object: lists of parts, lists of keys.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// One request, while it is being answered.
pub(crate) struct Context<'a> {
    pub shared: &'a Shared,
    pub head: &'a Head,
    pub meaning: &'a Meaning,
    pub request_id: &'a str,
    pub client: IpAddr,
}

/// What was found out before the body is read.
pub(crate) struct Prepared {
    callback: Option<Callback>,
    pub body_limit: u64,
}

impl<'a> Context<'a> {
    fn header(&self, name: &str) -> Option<String> {
        self.head.headers.get(name).map(|value| value.into_owned())
    }

    fn bucket(&self) -> Result<&'a str, OssError> {
        self.meaning
            .bucket
            .as_deref()
            .ok_or_else(|| OssError::new(400, "InvalidBucketName", "The bucket name is missing."))
    }

    fn key(&self) -> Result<&'a str, OssError> {
        match self.meaning.key.as_deref() {
            Some(key) => {
                check_key(key, self.meaning.key_is_not_utf8)?;
                Ok(key)
            }
            None => check_key("", false).map(|()| ""),
        }
    }

    fn now_ms(&self) -> i64 {
        self.shared.clock.now_ms()
    }

    /// Whether names in lists are to be percent-encoded.
    fn url_encoding(&self) -> Result<bool, OssError> {
        match self.meaning.parameter("encoding-type") {
            None | Some("") => Ok(false),
            Some("url") => Ok(true),
            Some(other) => Err(OssError::argument(
                "encoding-type",
                other,
                "Invalid Encoding Method specified in Request.",
            )),
        }
    }

    /// Everything that can be refused without the body: the signature, the names, the settings of the callback.
    pub fn prepare(&self, framing: Framing) -> Result<Prepared, OssError> {
        let Context { shared, meaning, .. } = self;
        let operation = meaning.operation;
        // A form carries its signature in its fields, and a browser that asks beforehand has none.
        if !matches!(operation, Operation::PostObject | Operation::OptionObject) {
            auth::authenticate(&shared.config, &shared.clock, self.head, meaning)?;
        }
        if operation == Operation::Unknown {
            return Err(self.unknown_operation());
        }
        if let Some(bucket) = &meaning.bucket {
            if shared.config.auto_create_buckets && operation != Operation::DeleteBucket {
                shared.store.create_bucket(bucket, self.now_ms())?;
            }
            let exists = shared.store.bucket_created_ms(bucket).is_some();
            if !exists && operation != Operation::PutBucket {
                return Err(OssError::no_such_bucket(bucket));
            }
        }
        if meaning.key.is_some() {
            self.key()?;
        }
        if operation.carries_data() {
            match framing {
                Framing::None => {
                    return Err(OssError::new(
                        411,
                        "MissingContentLength",
                        "You must provide the Content-Length HTTP header.",
                    ));
                }
                Framing::Length(length) if length > shared.config.object_size_limit => {
                    return Err(OssError::entity_too_large(shared.config.object_size_limit));
                }
                Framing::Length(_) | Framing::Chunked => {}
            }
        }
        let callback = match operation {
            Operation::PutObject | Operation::CompleteMultipartUpload => {
                let callback = self.callback()?;
                self.refuse_private(callback.as_ref())?;
                callback
            }
            _ => None,
        };
        Ok(Prepared {
            callback,
            body_limit: if operation.carries_data() {
                shared.config.object_size_limit
            } else {
                DOCUMENT_LIMIT
            },
        })
    }

    fn callback(&self) -> Result<Option<Callback>, OssError> {
        let headers = ["x-oss-callback", "x-oss-callback-var"].map(|name| self.header(name));
        let [callback, variables] = headers.each_ref().map(Option::as_deref);
        callback::parse(
            Carried { header: callback, parameter: self.meaning.parameter("callback") },
            Carried { header: variables, parameter: self.meaning.parameter("callback-var") },
            &self.shared.store.callback_policies(self.bucket()?)?,
        )
    }

    fn unknown_operation(&self) -> OssError {
        match self.head.method.as_str() {
            "GET" | "PUT" | "POST" | "DELETE" | "HEAD" => {
                OssError::not_implemented("The emulator does not have this operation.")
            }
            method => OssError::new(
                405,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            )
            .detail("Method", method),
        }
    }

    fn refuse_private(&self, callback: Option<&Callback>) -> Result<(), OssError> {
        let Some(callback) = callback.filter(|_| self.shared.config.forbid_private_callback) else {
            return Ok(());
        };
        for url in &callback.urls {
            let found = callback::addresses(url);
            let refuse = |message: &str| OssError::argument("callbackUrl", &url.authority, message);
            if found.is_empty() {
                return Err(refuse("Can not get ip by this host."));
            }
            if found.iter().any(|address| callback::is_private(&address.ip())) {
                return Err(refuse("Private address is forbidden to callback."));
            }
        }
        Ok(())
    }

    /// Does the work.
    pub fn perform(&self, prepared: &Prepared, body: Vec<u8>) -> Result<Reply, OssError> {
        let callback = prepared.callback.as_ref();
        match self.meaning.operation {
            Operation::ListBuckets => bucket::list_buckets(self),
            Operation::PutBucket => bucket::put_bucket(self),
            Operation::DeleteBucket => bucket::delete_bucket(self),
            Operation::GetBucketInfo => bucket::get_bucket_info(self),
            Operation::GetBucketLocation => bucket::get_bucket_location(self),
            Operation::GetBucketAcl => bucket::get_acl("private"),
            Operation::PutBucketCallbackPolicy => callback_policy::put(self, &body),
            Operation::GetBucketCallbackPolicy => callback_policy::get(self),
            Operation::DeleteBucketCallbackPolicy => callback_policy::delete(self),
            Operation::ListObjects => bucket::list_objects(self),
            Operation::ListObjectsV2 => bucket::list_objects_v2(self),
            Operation::ListObjectVersions => bucket::list_object_versions(self),
            Operation::ListLiveChannel => bucket::list_live_channel(self),
            Operation::DeleteMultipleObjects => bucket::delete_multiple_objects(self, &body),
            Operation::PostObject => post_object::post_object(self, body),
            Operation::OptionObject => cors::preflight(&self.shared.config.cors_origins, self.head),
            Operation::PutObject => object::put_object(self, callback, body),
            Operation::AppendObject => object::append_object(self, &body),
            Operation::GetObject => object::get_object(self),
            Operation::HeadObject => object::head_object(self),
            Operation::GetObjectMeta => object::get_object_meta(self),
            Operation::GetObjectAcl => object::get_object_acl(self),
            Operation::PutObjectAcl => object::put_object_acl(self),
            Operation::DeleteObject => object::delete_object(self),
            Operation::InitiateMultipartUpload => multipart::initiate(self),
            Operation::UploadPart => multipart::upload_part(self, body),
            Operation::CompleteMultipartUpload => multipart::complete(self, callback, &body),
            Operation::AbortMultipartUpload => multipart::abort(self),
            Operation::ListParts => multipart::list_parts(self),
            Operation::ListMultipartUploads => multipart::list_uploads(self),
            Operation::CopyObject => object::copy_object(self),
            Operation::UploadPartCopy | Operation::Unknown => Err(self.unknown_operation()),
        }
    }

    /// Runs the callback of an object that is stored, and makes the upload's reply of its outcome.
    fn with_callback(
        &self,
        stored: Reply,
        callback: Option<&Callback>,
        key: &str,
        properties: &Properties,
        data: &[u8],
    ) -> Result<Reply, OssError> {
        let Some(callback) = callback else {
            return Ok(stored);
        };
        let bucket = self.bucket()?;
        let config = &self.shared.config;
        let delivery = Delivery {
            values: self.system_variables(bucket, key, properties, data),
            bucket,
            request_id: self.request_id,
            requester: "1000000000000001",
            public_key_url: format!("{}/-/callback_pub_key.pem", self.shared.endpoint()),
            now_ms: self.now_ms(),
            timeout: config.callback_timeout,
            answer_limit: config.callback_answer_limit,
            key: &self.shared.signing_key,
            sockets: &self.shared.connections,
        };
        match callback::deliver(callback, &delivery) {
            Ok(answer) => {
                let mut reply = stored;
                reply.remove("Content-Type");
                if let Some(content_type) = &answer.content_type {
                    reply.set("Content-Type", content_type);
                }
                reply.body = answer.body;
                Ok(reply)
            }
            Err(failure) => {
                let mut error = OssError::new(203, "CallbackFailed", failure.message);
                error.ec = failure.ec;
                let mut reply = error.reply(self.request_id, &self.meaning.host, false);
                for (name, value) in &stored.headers {
                    if !name.eq_ignore_ascii_case("Content-Type") {
                        reply.set(name, value);
                    }
                }
                Ok(reply)
            }
        }
    }

    fn system_variables(&self, bucket: &str, key: &str, properties: &Properties, data: &[u8]) -> Values {
        let text = |text: &str| Value::Text(text.to_owned());
        let image = imagesize::blob_size(data).ok();
        let side = |side: Option<usize>| side.map_or(Value::Absent, |pixels| Value::Number(pixels as u64));
        let format = image.and_then(|_| imagesize::image_type(data).ok());
        let md5 = properties.content_md5.as_deref().unwrap_or_default();
        Values::from([
            ("bucket", text(bucket)),
            ("object", text(key)),
            ("etag", text(&properties.etag)),
            ("size", Value::Number(properties.size)),
            ("mimeType", text(properties.content_type())),
            ("imageInfo.height", side(image.map(|image| image.height))),
            ("imageInfo.width", side(image.map(|image| image.width))),
            ("imageInfo.format", format.map_or(Value::Absent, |format| text(image_format(format)))),
            ("crc64", text(&properties.crc64.to_string())),
            ("contentMd5", text(md5)),
            ("vpcId", text("")),
            ("clientIp", text(&self.client.to_string())),
            ("reqId", text(self.request_id)),
            ("operation", text(self.meaning.operation.name())),
        ])
    }
}

fn image_format(format: imagesize::ImageType) -> &'static str {
    match format {
        imagesize::ImageType::Bmp => "bmp",
        imagesize::ImageType::Gif => "gif",
        imagesize::ImageType::Jpeg => "jpg",
        imagesize::ImageType::Png => "png",
        imagesize::ImageType::Webp => "webp",
        _ => "",
    }
}

/// Refuses keys that OSS refuses.
fn check_key(key: &str, not_utf8: bool) -> Result<(), OssError> {
    let refuse = |ec: &'static str| {
        OssError::new(400, "InvalidObjectName", "The specified object is not valid.")
            .ec(ec)
            .detail("ObjectName", key)
    };
    if key.is_empty() {
        return Err(refuse("0016-00000001"));
    }
    if not_utf8 || key.len() > 1023 {
        return Err(refuse("0016-00000002"));
    }
    if key.starts_with(['/', '\\']) {
        return Err(refuse("0016-00000005"));
    }
    Ok(())
}

/// The headers of a reply to something that was stored.
fn stored_reply(etag: &str, crc64: u64, content_md5: Option<&str>) -> Reply {
    let mut reply =
        Reply::new(200).with("ETag", &format!("\"{etag}\"")).with("x-oss-hash-crc64ecma", &crc64.to_string());
    if let Some(md5) = content_md5 {
        reply.set("Content-MD5", md5);
    }
    reply
}
