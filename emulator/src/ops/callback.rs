//! The callback of an upload: found and checked before anything is stored, made afterwards.

use super::context::Context;
use crate::callback::{self, Callback, Carried, Delivery, Value, Values};
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;

impl Context<'_> {
    pub(super) fn callback(&self) -> Result<Option<Callback>, OssError> {
        let headers = ["x-oss-callback", "x-oss-callback-var"].map(|name| self.header(name));
        let [callback, variables] = headers.each_ref().map(Option::as_deref);
        callback::parse(
            Carried { header: callback, parameter: self.meaning.parameter("callback") },
            Carried { header: variables, parameter: self.meaning.parameter("callback-var") },
            &self.shared.store.callback_policies(self.bucket()?)?,
        )
    }

    pub(super) fn refuse_private(&self, callback: Option<&Callback>) -> Result<(), OssError> {
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
                return Err(refuse("Private address is forbidden to callback.").ec("0007-00000008"));
            }
        }
        Ok(())
    }

    /// Runs the callback of an object that is stored, and makes the upload's reply of its outcome.
    pub(super) fn with_callback(
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
