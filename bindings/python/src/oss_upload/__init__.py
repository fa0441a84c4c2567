"""Uploads to Alibaba Cloud OSS, and takes upload callbacks seriously.

OSS tells your application server about the upload, and the server's answer comes back to the uploader. A callback that failed is
told apart from an upload that failed, and after every call you can ask whether the object is stored.

    credentials = Credentials.from_environment()
    with Bucket("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials) as bucket:
        callback = Callback("http://app.example.com/uploaded", "object=${object}&user=${x:user}", variables={"x:user": "42"})
        try:
            result = bucket.upload("films/film.mp4", Path("/data/film.mp4"), callback)
            print(result.body)
        except CallbackFailed as error:  # Stored all the same: do not upload it again.
            tell_the_server(callback.render(error.result))
        except OssError as error:
            print(error.stored, error)

A value that cannot be is a ValueError, whether the package finds that or C does.

A function of the caller's runs on the thread that made the call; what it raises ends the call, and is raised by it. On the main
thread, Ctrl-C ends a call within a fifth of a second, as a `Cancel` does from anywhere. The call may have succeeded all the same:
what is raised has its `Result` as an attribute `oss_result`. Other threads go on during a call: in a coroutine, make it with
`asyncio.to_thread()`. When the interpreter ends, so do the calls of daemon threads.
"""

from ._library import version
from .attempt import Attempt, AttemptSum, Times
from .body import BinaryReader, Body, FileRange, Sized
from .bucket import Bucket, Upload, UploadList
from .bucket_options import Addressing, BucketOptions, SignatureVersion
from .callback import Callback, CallbackBody, Finding, Severity
from .cancel import Cancel
from .credentials import AccessKey, Credentials
from .errors import (
    BadResponse,
    CallbackError,
    CallbackFailed,
    CallbackUnknown,
    Cancelled,
    CheckpointBusy,
    CredentialsError,
    IntegrityError,
    InternalError,
    InvalidArgument,
    LocalIOError,
    NetworkError,
    NotAuthentic,
    OssError,
    OutOfMemory,
    ServiceError,
    SourceChanged,
    Timeout,
    TLSError,
)
from .form import PostForm, PostPolicy, post_object
from .multipart import Multipart, Part
from .options import Acl, CallbackDelivery, Encryption, PutOptions, StorageClass, UploadOptions
from .outbox import Outbox, Owed
from .presigned import Presigned, put_to_url
from .progress import Progress
from .rate import Rate
from .result import Result
from .status import Status, Stored
from .verifier import Verifier
from .writer import Writer

__all__ = [
    "AccessKey",
    "Acl",
    "Addressing",
    "Attempt",
    "AttemptSum",
    "BadResponse",
    "BinaryReader",
    "Body",
    "Bucket",
    "BucketOptions",
    "Callback",
    "CallbackBody",
    "CallbackDelivery",
    "CallbackError",
    "CallbackFailed",
    "CallbackUnknown",
    "Cancel",
    "Cancelled",
    "CheckpointBusy",
    "Credentials",
    "CredentialsError",
    "Encryption",
    "FileRange",
    "Finding",
    "IntegrityError",
    "InternalError",
    "InvalidArgument",
    "LocalIOError",
    "Multipart",
    "NetworkError",
    "NotAuthentic",
    "OssError",
    "OutOfMemory",
    "Outbox",
    "Owed",
    "Part",
    "PostForm",
    "PostPolicy",
    "Presigned",
    "Progress",
    "PutOptions",
    "Rate",
    "Result",
    "ServiceError",
    "Severity",
    "SignatureVersion",
    "Sized",
    "SourceChanged",
    "Status",
    "StorageClass",
    "Stored",
    "TLSError",
    "Timeout",
    "Times",
    "Upload",
    "UploadList",
    "UploadOptions",
    "Verifier",
    "Writer",
    "post_object",
    "put_to_url",
    "version",
]
