//! Buckets: making them, describing them.

use super::context::Context;
use super::xml::{self, Document};
use crate::auth::Caller;
use crate::clock::iso_date;
use crate::errors::OssError;
use crate::http::Reply;
use crate::operation::Operation;
use crate::store::{Acl, Settings};
use crate::text::xml_escape;

const ACL: &str = "x-oss-acl";

/// Who owns every bucket and object here.
pub(super) const OWNER: &str =
    "<Owner><ID>1000000000000001</ID><DisplayName>1000000000000001</DisplayName></Owner>";

pub(super) fn put_bucket(context: &Context, body: &[u8]) -> Result<Reply, OssError> {
    let bucket = context.bucket()?;
    let store = &context.shared.store;
    let acl = context.header(ACL).map(|name| acl_of(&name)).transpose()?;
    let wanted = Configuration::read(body, &context.shared.config.region)?;
    store.create_bucket(bucket, wanted.settings(context.now_ms()))?;
    wanted.check(bucket, &store.settings(bucket)?)?;
    // One that was there already may be given another ACL in this way.
    if let Some(acl) = acl {
        store.change_settings(bucket, |settings| settings.acl = acl)?;
    }
    Ok(Reply::new(200).with("Location", &format!("/{bucket}")))
}

/// What a document says of a bucket that is to be made.
#[derive(Default)]
struct Configuration {
    storage_class: Option<String>,
    redundancy: Option<String>,
}

impl Configuration {
    fn read(body: &[u8], region: &str) -> Result<Configuration, OssError> {
        const CLASSES: &[&str] = &["Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"];
        const STORAGE_CLASS: &str = "CreateBucketConfiguration/StorageClass";
        const REDUNDANCY: &str = "CreateBucketConfiguration/DataRedundancyType";
        const LOCATION: &str = "CreateBucketConfiguration/LocationConstraint";
        const KNOWN: &[&str] = &["CreateBucketConfiguration", STORAGE_CLASS, REDUNDANCY, LOCATION];
        let mut wanted = Configuration::default();
        let texts = if body.is_empty() { Vec::new() } else { xml::read(body, KNOWN, &[])? };
        for (path, text) in texts {
            match path {
                STORAGE_CLASS if CLASSES.contains(&text.as_str()) => wanted.storage_class = Some(text),
                REDUNDANCY if matches!(text.as_str(), "LRS" | "ZRS") => wanted.redundancy = Some(text),
                LOCATION if text == format!("oss-{region}") => {}
                LOCATION => {
                    let message = "The specified location-constraint is not valid.";
                    return Err(OssError::new(400, "InvalidLocationConstraint", message));
                }
                STORAGE_CLASS | REDUNDANCY => return Err(OssError::malformed_xml()),
                _ => {}
            }
        }
        Ok(wanted)
    }

    /// Those of a new bucket.
    fn settings(&self, now_ms: i64) -> Settings {
        let new = Settings::new(now_ms);
        Settings {
            storage_class: self.storage_class.clone().unwrap_or(new.storage_class),
            redundancy: self.redundancy.clone().unwrap_or(new.redundancy),
            ..new
        }
    }

    /// Refuses a bucket that is another one: it was there already, and cannot become what is wanted.
    fn check(&self, bucket: &str, settings: &Settings) -> Result<(), OssError> {
        let is_other =
            |wanted: &Option<String>, has: &str| wanted.as_deref().is_some_and(|wanted| wanted != has);
        let message = if is_other(&self.storage_class, &settings.storage_class) {
            "Cannot modify existing bucket's storage class."
        } else if is_other(&self.redundancy, &settings.redundancy) {
            "Bucket already exists can't modify data redundancy type."
        } else {
            return Ok(());
        };
        Err(OssError::new(409, "BucketAlreadyExists", message).detail("BucketName", bucket))
    }
}

fn acl_of(name: &str) -> Result<Acl, OssError> {
    Acl::of_name(name).ok_or_else(|| {
        OssError::argument(ACL, name, "no such bucket access control exists").ec("0015-00000204")
    })
}

pub(super) fn put_bucket_acl(context: &Context) -> Result<Reply, OssError> {
    let acl = acl_of(&context.header(ACL).unwrap_or_default())?;
    context.shared.store.change_settings(context.bucket()?, |settings| settings.acl = acl)?;
    Ok(Reply::new(200))
}

pub(super) fn get_bucket_acl(context: &Context) -> Result<Reply, OssError> {
    get_acl(context.shared.store.settings(context.bucket()?)?.acl.name())
}

impl Context<'_> {
    /// Whether a bucket that is not there is made for the request that names it.
    pub(super) fn makes_bucket(&self) -> bool {
        self.shared.config.auto_create_buckets
            && !matches!(self.meaning.operation, Operation::PutBucket | Operation::DeleteBucket)
    }

    /// Makes it, for whoever has an access key.
    pub(super) fn make_bucket(&self, caller: Caller) -> Result<(), OssError> {
        match &self.meaning.bucket {
            Some(bucket) if self.makes_bucket() && caller == Caller::Owner => {
                self.shared.store.create_bucket(bucket, Settings::new(self.now_ms()))
            }
            _ => Ok(()),
        }
    }

    /// Objects that are stored without a class have that of their bucket.
    pub(super) fn in_class_of_bucket(
        &self,
        mut headers: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, OssError> {
        const CLASS: &str = "x-oss-storage-class";
        let class = self.shared.store.settings(self.bucket()?)?.storage_class;
        if class != "Standard" && !headers.iter().any(|(name, _)| name == CLASS) {
            headers.push((CLASS.to_owned(), class));
        }
        Ok(headers)
    }
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
         <Name>{bucket}</Name><StorageClass>{}</StorageClass><DataRedundancyType>{}</DataRedundancyType>{OWNER}\
         <AccessControlList><Grant>{}</Grant></AccessControlList>{}</Bucket>",
        iso_date(settings.created_ms),
        settings.storage_class,
        settings.redundancy,
        settings.acl.name(),
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
