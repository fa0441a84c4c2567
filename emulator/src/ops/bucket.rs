//! Buckets: making them, describing them.

use super::context::Context;
use super::listing::max_keys;
use super::xml::Document;
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::text::xml_escape;

/// Who owns every bucket and object here.
pub(super) const OWNER: &str =
    "<Owner><ID>1000000000000001</ID><DisplayName>1000000000000001</DisplayName></Owner>";

pub(super) fn list_buckets(context: &Context) -> Result<Reply, OssError> {
    let region = &context.shared.config.region;
    let prefix = context.meaning.parameter("prefix").unwrap_or_default();
    let marker = context.meaning.parameter("marker").unwrap_or_default();
    let max = max_keys(context)?;
    let mut buckets = context
        .shared
        .store
        .bucket_names()
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.as_str() > marker);
    let page: Vec<(String, i64)> = buckets.by_ref().take(max).collect();
    let truncated = buckets.next().is_some();
    let mut list = String::new();
    for (name, created_ms) in &page {
        list.push_str(&format!(
            "<Bucket><CreationDate>{}</CreationDate><ExtranetEndpoint>oss-{region}.aliyuncs.com</ExtranetEndpoint>\
             <IntranetEndpoint>oss-{region}-internal.aliyuncs.com</IntranetEndpoint><Location>oss-{region}</Location>\
             <Name>{name}</Name><Region>{region}</Region><StorageClass>Standard</StorageClass></Bucket>",
            iso_date(*created_ms)
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

pub(super) fn put_bucket(context: &Context) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    context.shared.store.create_bucket(bucket, context.now_ms())?;
    Ok(Reply::new(200).with("Location", &format!("/{bucket}")))
}

pub(super) fn delete_bucket(context: &Context) -> Result<Reply, OssError> {
    context.shared.store.delete_bucket(context.bucket()?)?;
    Ok(Reply::new(204))
}

pub(super) fn get_bucket_info(context: &Context) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    let region = &context.shared.config.region;
    let settings = context.shared.store.settings(bucket)?;
    let versioning = settings.versioning.name().map(|name| format!("<Versioning>{name}</Versioning>"));
    let document = Document::new("BucketInfo").raw(&format!(
        "<Bucket><CreationDate>{}</CreationDate><ExtranetEndpoint>oss-{region}.aliyuncs.com</ExtranetEndpoint>\
         <IntranetEndpoint>oss-{region}-internal.aliyuncs.com</IntranetEndpoint><Location>oss-{region}</Location>\
         <Name>{bucket}</Name><StorageClass>Standard</StorageClass><DataRedundancyType>LRS</DataRedundancyType>{OWNER}\
         <AccessControlList><Grant>private</Grant></AccessControlList>{}</Bucket>",
        iso_date(settings.created_ms),
        versioning.unwrap_or_default()
    ));
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn get_bucket_location(context: &Context) -> Result<Reply, OssError> {
    let region = xml_escape(&context.shared.config.region);
    let document = Document::new("LocationConstraint").raw(&format!("oss-{region}"));
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn get_acl(grant: &str) -> Result<Reply, OssError> {
    let document = Document::new("AccessControlPolicy")
        .raw(&format!("{OWNER}<AccessControlList><Grant>{}</Grant></AccessControlList>", xml_escape(grant)));
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn list_live_channel(context: &Context) -> Result<Reply, OssError> {
    context.bucket()?;
    let document = Document::new("ListLiveChannelResult")
        .text("Prefix", "")
        .text("Marker", "")
        .text("MaxKeys", "100")
        .text("IsTruncated", "false")
        .text("NextMarker", "");
    Ok(Reply::xml(200, document.finish()))
}
