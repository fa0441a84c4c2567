//! The operations of OSS.

mod known;
mod table;

pub(crate) use known::is_condition;
pub(crate) use table::{Level, find, is_name, is_stored_header};

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// Of an object, or of a form with one.
    Data,
    /// Something small that says more than the request's head.
    Document,
    Nothing,
}

/// The operations of OSS that the emulator tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    PutBucket,
    DeleteBucket,
    GetBucketInfo,
    GetBucketLocation,
    GetBucketAcl,
    PutBucketAcl,
    PutBucketCallbackPolicy,
    GetBucketCallbackPolicy,
    DeleteBucketCallbackPolicy,
    PutBucketVersioning,
    GetBucketVersioning,
    ListObjects,
    ListObjectsV2,
    ListObjectVersions,
    ListLiveChannel,
    ListMultipartUploads,
    DeleteMultipleObjects,
    PostObject,
    OptionObject,
    PutObject,
    CopyObject,
    AppendObject,
    GetObject,
    HeadObject,
    GetObjectMeta,
    GetObjectAcl,
    PutObjectAcl,
    GetObjectTagging,
    PutObjectTagging,
    DeleteObjectTagging,
    DeleteObject,
    ProcessObject,
    InitiateMultipartUpload,
    UploadPart,
    UploadPartCopy,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    Unknown,
}

impl Operation {
    /// The name in OSS's documentation.
    pub fn name(self) -> &'static str {
        match self {
            Operation::ListBuckets => "ListBuckets",
            Operation::PutBucket => "PutBucket",
            Operation::DeleteBucket => "DeleteBucket",
            Operation::GetBucketInfo => "GetBucketInfo",
            Operation::GetBucketLocation => "GetBucketLocation",
            Operation::GetBucketAcl => "GetBucketAcl",
            Operation::PutBucketAcl => "PutBucketAcl",
            Operation::PutBucketCallbackPolicy => "PutBucketCallbackPolicy",
            Operation::GetBucketCallbackPolicy => "GetBucketCallbackPolicy",
            Operation::DeleteBucketCallbackPolicy => "DeleteBucketCallbackPolicy",
            Operation::PutBucketVersioning => "PutBucketVersioning",
            Operation::GetBucketVersioning => "GetBucketVersioning",
            Operation::ListObjects => "ListObjects",
            Operation::ListObjectsV2 => "ListObjectsV2",
            Operation::ListObjectVersions => "ListObjectVersions",
            Operation::ListLiveChannel => "ListLiveChannel",
            Operation::ListMultipartUploads => "ListMultipartUploads",
            Operation::DeleteMultipleObjects => "DeleteMultipleObjects",
            Operation::PostObject => "PostObject",
            Operation::OptionObject => "OptionObject",
            Operation::PutObject => "PutObject",
            Operation::CopyObject => "CopyObject",
            Operation::AppendObject => "AppendObject",
            Operation::GetObject => "GetObject",
            Operation::HeadObject => "HeadObject",
            Operation::GetObjectMeta => "GetObjectMeta",
            Operation::GetObjectAcl => "GetObjectAcl",
            Operation::PutObjectAcl => "PutObjectAcl",
            Operation::GetObjectTagging => "GetObjectTagging",
            Operation::PutObjectTagging => "PutObjectTagging",
            Operation::DeleteObjectTagging => "DeleteObjectTagging",
            Operation::DeleteObject => "DeleteObject",
            Operation::ProcessObject => "ProcessObject",
            Operation::InitiateMultipartUpload => "InitiateMultipartUpload",
            Operation::UploadPart => "UploadPart",
            Operation::UploadPartCopy => "UploadPartCopy",
            Operation::CompleteMultipartUpload => "CompleteMultipartUpload",
            Operation::AbortMultipartUpload => "AbortMultipartUpload",
            Operation::ListParts => "ListParts",
            Operation::Unknown => "Unknown",
        }
    }

    /// What it takes as the body of a request.
    pub fn body(self) -> Body {
        match self {
            Operation::PutObject
            | Operation::AppendObject
            | Operation::UploadPart
            | Operation::PostObject => Body::Data,
            Operation::PutBucket
            | Operation::PutBucketCallbackPolicy
            | Operation::PutBucketVersioning
            | Operation::DeleteMultipleObjects
            | Operation::PutObjectTagging
            | Operation::ProcessObject
            | Operation::CompleteMultipartUpload => Body::Document,
            _ => Body::Nothing,
        }
    }
}
