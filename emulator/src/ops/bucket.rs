//! Buckets: making them, describing them, listing what they hold.

use super::context::Context;
use super::multipart::common_prefix;
use super::xml::{self, Document};
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::object::Properties;
use crate::text::{hex_upper, percent_encode, xml_escape};

const OWNER: &str = "<Owner><ID>1000000000000001</ID><DisplayName>1000000000000001</DisplayName></Owner>";

pub(super) fn list_buckets(context: &Context) -> Result<Reply, OssError> {
    let region = &context.shared.config.region;
    let prefix = context.meaning.parameter("prefix").unwrap_or_default();
    let marker = context.meaning.parameter("marker").unwrap_or_default();
    let max = context.meaning.number("max-keys")?.unwrap_or(100);
    let mut buckets = context
        .shared
        .store
        .bucket_names()
        .into_iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.as_str() > marker);
    let max = usize::try_from(max).unwrap_or(1000).clamp(1, 1000);
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
    let created_ms =
        context.shared.store.bucket_created_ms(bucket).ok_or_else(|| OssError::no_such_bucket(bucket))?;
    let document = Document::new("BucketInfo").raw(&format!(
        "<Bucket><CreationDate>{}</CreationDate><ExtranetEndpoint>oss-{region}.aliyuncs.com</ExtranetEndpoint>\
         <IntranetEndpoint>oss-{region}-internal.aliyuncs.com</IntranetEndpoint><Location>oss-{region}</Location>\
         <Name>{bucket}</Name><StorageClass>Standard</StorageClass><DataRedundancyType>LRS</DataRedundancyType>{OWNER}\
         <AccessControlList><Grant>private</Grant></AccessControlList></Bucket>",
        iso_date(created_ms)
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

/// A page of a listing.
struct Page {
    objects: Vec<(String, Properties)>,
    prefixes: Vec<String>,
    truncated: bool,
    /// The last key that the page covers.
    last: String,
}

fn page(context: &Context, marker: &str, max: usize) -> Result<Page, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let (prefix, delimiter) = (parameter("prefix"), parameter("delimiter"));
    let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), truncated: false, last: String::new() };
    for (key, properties) in context.shared.store.objects(context.bucket()?)? {
        if !key.starts_with(prefix) || (!marker.is_empty() && key.as_str() <= marker) {
            continue;
        }
        let common = common_prefix(&key, prefix, delimiter);
        if let Some(common) = common
            && (page.prefixes.last().is_some_and(|last| last == common) || marker == common)
        {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == max {
            page.truncated = true;
            break;
        }
        match common {
            Some(common) => {
                page.last = common.to_owned();
                page.prefixes.push(common.to_owned());
            }
            None => {
                page.last = key.clone();
                page.objects.push((key, properties));
            }
        }
    }
    Ok(page)
}

fn max_keys(context: &Context) -> Result<usize, OssError> {
    let max = context.meaning.number("max-keys")?.unwrap_or(100);
    usize::try_from(max).ok().filter(|max| (1..=1000).contains(max)).ok_or_else(|| {
        OssError::argument("max-keys", &max.to_string(), "max-keys must be between 1 and 1000.")
    })
}

fn push_page(document: &mut Document, page: &Page, url: bool, element: &str) {
    for (key, properties) in &page.objects {
        let storage_class = properties.header("x-oss-storage-class").unwrap_or("Standard");
        let version = [("VersionId", "null"), ("IsLatest", "true")];
        let modified = iso_date(properties.modified_ms);
        let (key, size) = (encoded(key, url), properties.size.to_string());
        let etag = format!("\"{}\"", properties.etag);
        let mut children = vec![("Key", key.as_str())];
        if element == "Version" {
            children.extend(version);
        }
        children.extend([
            ("LastModified", modified.as_str()),
            ("ETag", &etag),
            ("Type", properties.kind.name()),
            ("Size", &size),
            ("StorageClass", storage_class),
        ]);
        document.push_group(element, &children);
    }
    for prefix in &page.prefixes {
        document.push_group("CommonPrefixes", &[("Prefix", &encoded(prefix, url))]);
    }
}

fn encoded(text: &str, url: bool) -> String {
    if url { percent_encode(text) } else { text.to_owned() }
}

/// What all listings repeat of the request.
fn listing(context: &Context, root: &'static str, max: usize, url: bool) -> Result<Document, OssError> {
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let mut document = Document::new(root)
        .text("Name", context.bucket()?)
        .text("Prefix", &encoded(parameter("prefix"), url))
        .text("MaxKeys", &max.to_string())
        .text("Delimiter", &encoded(parameter("delimiter"), url));
    if url {
        document.push("EncodingType", "url");
    }
    Ok(document)
}

pub(super) fn list_objects(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let marker = context.meaning.parameter("marker").unwrap_or_default();
    let page = page(context, marker, max)?;
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("Marker", &encoded(marker, url))
        .text("IsTruncated", &page.truncated.to_string());
    if page.truncated {
        document.push("NextMarker", &encoded(&page.last, url));
    }
    push_page(&mut document, &page, url, "Contents");
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn list_objects_v2(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let parameter = |name: &str| context.meaning.parameter(name).unwrap_or_default();
    let token = parameter("continuation-token");
    let after = parameter("start-after");
    let marker = match token {
        "" => after.to_owned(),
        token => marker_of_token(token).ok_or_else(|| {
            OssError::argument("continuation-token", token, "The continuation token is not valid.")
        })?,
    };
    let page = page(context, &marker, max)?;
    let count = page.objects.len() + page.prefixes.len();
    let mut document = listing(context, "ListBucketResult", max, url)?
        .text("StartAfter", &encoded(after, url))
        .text("ContinuationToken", token)
        .text("IsTruncated", &page.truncated.to_string())
        .text("KeyCount", &count.to_string());
    if page.truncated {
        document.push("NextContinuationToken", &hex_upper(page.last.as_bytes()));
    }
    push_page(&mut document, &page, url, "Contents");
    Ok(Reply::xml(200, document.finish()))
}

/// A token is the last key in hexadecimal, which no encoding of a listing changes.
fn marker_of_token(token: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = token.chars().map(|digit| digit.to_digit(16)).collect();
    let bytes = digits?
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect::<Option<Vec<u8>>>();
    String::from_utf8(bytes?).ok()
}

/// Buckets here have no versions, so that every object is the latest and only one.
pub(super) fn list_object_versions(context: &Context) -> Result<Reply, OssError> {
    let (max, url) = (max_keys(context)?, context.url_encoding()?);
    let marker = context.meaning.parameter("key-marker").unwrap_or_default();
    let page = page(context, marker, max)?;
    let mut document = listing(context, "ListVersionsResult", max, url)?
        .text("KeyMarker", &encoded(marker, url))
        .text("VersionIdMarker", "")
        .text("IsTruncated", &page.truncated.to_string());
    if page.truncated {
        document.push("NextKeyMarker", &encoded(&page.last, url));
        document.push("NextVersionIdMarker", "null");
    }
    push_page(&mut document, &page, url, "Version");
    Ok(Reply::xml(200, document.finish()))
}

pub(super) fn delete_multiple_objects(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    context.check_md5(body)?;
    let url = context.url_encoding()?;
    let texts = xml::read(body)?;
    let is = |path: &[String], wanted: &[&str]| path.iter().map(String::as_str).eq(wanted.iter().copied());
    let quiet = texts.iter().any(|(path, text)| is(path, &["Delete", "Quiet"]) && text.trim() == "true");
    let keys: Vec<&String> = texts
        .iter()
        .filter(|(path, _)| is(path, &["Delete", "Object", "Key"]))
        .map(|(_, text)| text)
        .collect();
    if keys.is_empty() || keys.len() > 1000 {
        return Err(OssError::malformed_xml());
    }
    let mut document = Document::new("DeleteResult");
    if url {
        document.push("EncodingType", "url");
    }
    for key in keys {
        context.shared.store.delete(bucket, key)?;
        if !quiet {
            document.push_group("Deleted", &[("Key", &encoded(key, url))]);
        }
    }
    Ok(Reply::xml(200, document.finish()))
}
