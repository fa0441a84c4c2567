//! The service: which buckets it has.

use super::bucket::OWNER;
use super::context::Context;
use super::listing::max_keys;
use super::xml::Document;
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::store::Settings;

pub(super) fn list_buckets(context: &Context) -> Result<Reply, OssError> {
    let region = &context.shared.config.region;
    let prefix = context.meaning.parameter("prefix").unwrap_or_default();
    let marker = context.meaning.parameter("marker").unwrap_or_default();
    let max = max_keys(context)?;
    let mut buckets = context
        .shared
        .store
        .buckets()
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.as_str() > marker);
    let page: Vec<(String, Settings)> = buckets.by_ref().take(max).collect();
    let truncated = buckets.next().is_some();
    let mut list = String::new();
    for (name, settings) in &page {
        list.push_str(&format!(
            "<Bucket><CreationDate>{}</CreationDate><ExtranetEndpoint>oss-{region}.aliyuncs.com</ExtranetEndpoint>\
             <IntranetEndpoint>oss-{region}-internal.aliyuncs.com</IntranetEndpoint><Location>oss-{region}</Location>\
             <Name>{name}</Name><Region>{region}</Region><StorageClass>{}</StorageClass></Bucket>",
            iso_date(settings.created_ms),
            settings.storage_class
        ));
    }
    let mut document = Document::new("ListAllMyBucketsResult")
        .raw(OWNER)
        .text("Prefix", prefix)
        .text("Marker", marker)
        .text("MaxKeys", &max.to_string())
        .text("IsTruncated", &truncated.to_string());
    if let (true, Some((last, _))) = (truncated, page.last()) {
        document.push("NextMarker", last);
    }
    let document = document.raw(&format!("<Buckets>{list}</Buckets>"));
    Ok(Reply::xml(200, document.finish()))
}
