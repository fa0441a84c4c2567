//! The operations of OSS.

mod access;
mod archive;
mod bucket;
mod callback;
mod callback_policy;
mod conditions;
mod context;
mod copy;
mod delete_objects;
mod encryption;
mod form;
mod form_policy;
mod form_signature;
mod headers;
mod listing;
mod multipart;
mod object;
mod post_object;
mod process_object;
mod range;
mod request;
mod service;
mod tagging;
mod versioning;
mod xml;

pub(crate) use context::Context;

use crate::auth;
use crate::callback::Callback;
use crate::cors;
use crate::errors::OssError;
use crate::host::is_endpoint_of_oss;
use crate::http::{Framing, Reply};
use crate::meaning::Meaning;
use crate::operation::{Body, Operation};

/// The largest document that is no object: lists of parts, lists of keys.
const DOCUMENT_LIMIT: u64 = 4 << 20;

/// What was found out before the body is read.
pub(crate) struct Prepared {
    callback: Option<Callback>,
    pub body_limit: u64,
}

impl Context<'_> {
    /// Everything that can be refused without the body: the signature, the names, the settings of the callback.
    pub fn prepare(&self, framing: Framing) -> Result<Prepared, OssError> {
        let Context { shared, meaning, .. } = self;
        let operation = meaning.operation;
        if meaning.key.is_some() {
            self.bucket()?;
        }
        self.refuse_path_style()?;
        self.refuse_repeated_headers()?;
        // Whose request it is matters only where there is something to ask for.
        if !self.makes_bucket() && !matches!(operation, Operation::PutBucket | Operation::Unknown) {
            self.check_bucket()?;
        }
        // A form carries its signature in its fields, and a browser that asks beforehand has none.
        let caller = match operation {
            Operation::PostObject | Operation::OptionObject => None,
            _ => Some(auth::authenticate(&shared.config, &shared.keys, &shared.clock, self.head, meaning)?),
        };
        let is_left_out = operation == Operation::ProcessObject && !shared.config.trigger;
        if operation == Operation::Unknown || is_left_out {
            return Err(self.unknown_operation());
        }
        if meaning.key.is_some() {
            self.key()?;
        }
        if let Some(caller) = caller {
            self.make_bucket(caller)?;
            self.authorize(caller)?;
        }
        let carries_data = operation.body() == Body::Data;
        if carries_data {
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
            body_limit: if carries_data { shared.config.object_size_limit } else { DOCUMENT_LIMIT },
        })
    }

    fn check_bucket(&self) -> Result<(), OssError> {
        match &self.meaning.bucket {
            Some(bucket) if !self.shared.store.has_bucket(bucket) => Err(OssError::no_such_bucket(bucket)),
            _ => Ok(()),
        }
    }

    /// At the endpoints of OSS a bucket is in the host.
    fn refuse_path_style(&self) -> Result<(), OssError> {
        let Meaning { bucket, path_style, host, .. } = self.meaning;
        if bucket.is_some() && *path_style && is_endpoint_of_oss(host) {
            return Err(OssError::new(
                403,
                "SecondLevelDomainForbidden",
                "The bucket you are attempting to access must be addressed using OSS third level domain.",
            ));
        }
        Ok(())
    }

    fn unknown_operation(&self) -> OssError {
        match self.head.method.as_str() {
            "GET" | "PUT" | "POST" | "DELETE" | "HEAD" => {
                let reason = self.meaning.unknown.as_deref();
                OssError::not_implemented(reason.unwrap_or("The emulator does not have this operation."))
            }
            method => OssError::new(
                405,
                "MethodNotAllowed",
                "The specified method is not allowed against this resource.",
            )
            .detail("Method", method),
        }
    }

    /// Does the work.
    pub fn perform(&self, prepared: &Prepared, body: Vec<u8>) -> Result<Reply, OssError> {
        let callback = prepared.callback.as_ref();
        self.check_body(&body)?;
        match self.meaning.operation {
            Operation::ListBuckets => service::list_buckets(self),
            Operation::PutBucket => bucket::put_bucket(self, &body),
            Operation::DeleteBucket => bucket::delete_bucket(self),
            Operation::GetBucketInfo => bucket::get_bucket_info(self),
            Operation::GetBucketLocation => bucket::get_bucket_location(self),
            Operation::GetBucketAcl => bucket::get_bucket_acl(self),
            Operation::PutBucketAcl => bucket::put_bucket_acl(self),
            Operation::PutBucketCallbackPolicy => callback_policy::put(self, &body),
            Operation::GetBucketCallbackPolicy => callback_policy::get(self),
            Operation::DeleteBucketCallbackPolicy => callback_policy::delete(self),
            Operation::PutBucketVersioning => versioning::put_bucket_versioning(self, &body),
            Operation::GetBucketVersioning => versioning::get_bucket_versioning(self),
            Operation::ListObjects => listing::list_objects(self),
            Operation::ListObjectsV2 => listing::list_objects_v2(self),
            Operation::ListObjectVersions => versioning::list_object_versions(self),
            Operation::ListLiveChannel => listing::list_live_channel(self),
            Operation::DeleteMultipleObjects => delete_objects::delete_multiple_objects(self, &body),
            Operation::PostObject => post_object::post_object(self, body),
            Operation::OptionObject => cors::preflight(&self.shared.config.cors_origins, self.head),
            Operation::PutObject => object::put_object(self, callback, body),
            Operation::AppendObject => object::append_object(self, &body),
            Operation::GetObject => object::get_object(self),
            Operation::HeadObject => object::head_object(self),
            Operation::GetObjectMeta => object::get_object_meta(self),
            Operation::GetObjectAcl => object::get_object_acl(self),
            Operation::PutObjectAcl => object::put_object_acl(self),
            Operation::GetObjectTagging => tagging::get(self),
            Operation::PutObjectTagging => tagging::put(self, &body),
            Operation::DeleteObjectTagging => tagging::delete(self),
            Operation::DeleteObject => delete_objects::delete_object(self),
            Operation::InitiateMultipartUpload => multipart::initiate(self),
            Operation::UploadPart => multipart::upload_part(self, body),
            Operation::CompleteMultipartUpload => multipart::complete(self, callback, &body),
            Operation::AbortMultipartUpload => multipart::abort(self),
            Operation::ListParts => multipart::list_parts(self),
            Operation::ListMultipartUploads => multipart::list_uploads(self),
            Operation::CopyObject => copy::copy_object(self),
            Operation::ProcessObject => process_object::process_object(self, &body),
            Operation::UploadPartCopy => copy::upload_part_copy(self),
            Operation::Unknown => Err(self.unknown_operation()),
        }
    }
}
