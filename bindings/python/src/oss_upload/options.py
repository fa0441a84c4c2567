"""What an object is stored with, and how it is uploaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum

from ._call import Call
from ._library import NULL, AnyPath, CData, integer, lib, optional_text
from ._settings import Settings, settings
from .outbox import Outbox
from .progress import ProgressFunction, observe
from .rate import Rate


class Acl(IntEnum):
    """Who may read and write an object."""

    DEFAULT = lib.OSS_OBJECT_ACL_DEFAULT
    PRIVATE = lib.OSS_OBJECT_ACL_PRIVATE
    PUBLIC_READ = lib.OSS_OBJECT_ACL_PUBLIC_READ
    PUBLIC_READ_WRITE = lib.OSS_OBJECT_ACL_PUBLIC_READ_WRITE


class StorageClass(IntEnum):
    """How an object is stored."""

    STANDARD = lib.OSS_STORAGE_STANDARD
    IA = lib.OSS_STORAGE_IA
    ARCHIVE = lib.OSS_STORAGE_ARCHIVE
    COLD_ARCHIVE = lib.OSS_STORAGE_COLD_ARCHIVE
    DEEP_COLD_ARCHIVE = lib.OSS_STORAGE_DEEP_COLD_ARCHIVE


class Encryption(IntEnum):
    """How OSS encrypts an object."""

    AES256 = lib.OSS_ENCRYPTION_AES256
    KMS = lib.OSS_ENCRYPTION_KMS
    SM4 = lib.OSS_ENCRYPTION_SM4
    KMS_SM4 = lib.OSS_ENCRYPTION_KMS_SM4


class CallbackDelivery(IntEnum):
    """How often OSS may be asked for a callback when its replies are lost."""

    AT_MOST_ONCE = lib.OSS_CALLBACK_AT_MOST_ONCE
    AT_LEAST_ONCE = lib.OSS_CALLBACK_AT_LEAST_ONCE


@dataclass(frozen=True, kw_only=True)
class PutOptions:
    """What an object is stored with. What is `None` is left to the library and OSS."""

    #: Otherwise it is guessed from the key's ending.
    content_type: str | None = None
    cache_control: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    expires: str | None = None
    #: Any other headers of the request.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: By names without the "x-oss-meta-" before them.
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    acl: Acl | None = None
    storage_class: StorageClass | None = None
    encryption: Encryption | None = None
    #: A key of the key management service, for KMS and KMS_SM4.
    encryption_key_id: str | None = None
    #: Whether an object that is there stays as it is: the call then raises a ServiceError, "FileAlreadyExists".
    forbid_overwrite: bool = False
    #: What OSS shall take at the most, in bits a second.
    traffic_limit: int | None = None
    #: Whether a Content-MD5 is sent.
    content_md5: bool = False
    #: That of what is there before an append.
    previous_crc64: int | None = None
    callback_delivery: CallbackDelivery | None = None
    #: Whether 128 random bits are stored as metadata, so that an object is told from another writer's equal bytes.
    write_token: bool = False
    #: Where it is kept on disk that the callback is owed.
    outbox: Outbox | None = None
    rate: Rate | None = None
    progress: ProgressFunction | None = None


@dataclass(frozen=True, kw_only=True)
class UploadOptions(PutOptions):
    """The same, and how the data is cut into parts. What is `None` is left to the library."""

    #: In bytes.
    part_size: int | None = None
    #: From how many bytes on data is sent in parts.
    threshold: int | None = None
    #: How many parts are sent at a time.
    parallel: int | None = None
    #: How many bytes of data may be held in memory.
    memory_limit: int | None = None
    #: A folder of your own: the same call then goes on where an earlier one was stopped.
    checkpoint: AnyPath | None = None
    #: Whether the parts of an upload that failed are kept at OSS.
    keep_parts: bool = False
    #: How many bytes a second this upload may send.
    rate_limit: int | None = None


def lend_put_options(call: Call, options: PutOptions | None) -> CData:
    """The options as C takes them, for the time of a call."""
    if options is None:
        return NULL
    if isinstance(options, UploadOptions):
        _refuse_what_only_uploads_have(options)
    put = _put_settings(options)
    observe(call, lib.oss_put_options_set_progress, put.native, options.progress)
    return call.keep(put.native)


def lend_upload_options(call: Call, options: UploadOptions | None) -> CData:
    """The options as C takes them, for the time of a call."""
    if options is None:
        return NULL
    if not isinstance(options, UploadOptions):
        raise TypeError(f"options are to be UploadOptions, not {type(options).__name__}")
    upload = settings(lib.oss_upload_options_new, lib.oss_upload_options_free, lib.oss_upload_options_error)
    upload.give(lib.oss_upload_options_set_put_options, _put_settings(options).native)
    upload.set(lib.oss_upload_options_set_part_size, options.part_size, "part_size")
    upload.set(lib.oss_upload_options_set_threshold, options.threshold, "threshold")
    upload.set(lib.oss_upload_options_set_parallel, options.parallel, "parallel")
    upload.set(lib.oss_upload_options_set_memory_limit, options.memory_limit, "memory_limit")
    upload.set_path(lib.oss_upload_options_set_checkpoint, options.checkpoint, "checkpoint")
    upload.set(lib.oss_upload_options_set_keep_parts, options.keep_parts, "keep_parts")
    upload.set(lib.oss_upload_options_set_rate_limit, options.rate_limit, "rate_limit")
    observe(call, lib.oss_upload_options_set_progress, upload.native, options.progress)
    return call.keep(upload.native)


def _refuse_what_only_uploads_have(options: UploadOptions) -> None:
    """It would come to nothing."""
    inherited = {of_all.name for of_all in fields(PutOptions)}
    for own in fields(options):
        if own.name not in inherited and getattr(options, own.name) != own.default:
            raise ValueError(f"{own.name} is for Bucket.upload() and Bucket.writer(), and means nothing here")


def _put_settings(options: PutOptions) -> Settings:
    put = settings(lib.oss_put_options_new, lib.oss_put_options_free, lib.oss_put_options_error)
    put.set(lib.oss_put_options_set_content_type, options.content_type, "content_type")
    put.set(lib.oss_put_options_set_cache_control, options.cache_control, "cache_control")
    put.set(lib.oss_put_options_set_content_disposition, options.content_disposition, "content_disposition")
    put.set(lib.oss_put_options_set_content_encoding, options.content_encoding, "content_encoding")
    put.set(lib.oss_put_options_set_content_language, options.content_language, "content_language")
    put.set(lib.oss_put_options_set_expires, options.expires, "expires")
    put.add_all(lib.oss_put_options_set_header, options.headers, "headers")
    put.add_all(lib.oss_put_options_add_metadata, options.metadata, "metadata")
    put.add_all(lib.oss_put_options_add_tag, options.tags, "tags")
    put.set(lib.oss_put_options_set_acl, options.acl, "acl")
    put.set(lib.oss_put_options_set_storage_class, options.storage_class, "storage_class")
    if options.encryption is not None:
        key_id = optional_text(options.encryption_key_id, "encryption_key_id")
        put.give(lib.oss_put_options_set_encryption, integer(options.encryption, "encryption"), key_id)
    elif options.encryption_key_id is not None:
        raise ValueError("encryption_key_id is set, but encryption is not")
    put.set(lib.oss_put_options_set_forbid_overwrite, options.forbid_overwrite, "forbid_overwrite")
    put.set(lib.oss_put_options_set_traffic_limit, options.traffic_limit, "traffic_limit")
    put.set(lib.oss_put_options_set_content_md5, options.content_md5, "content_md5")
    put.set(lib.oss_put_options_set_previous_crc64, options.previous_crc64, "previous_crc64")
    put.set(lib.oss_put_options_set_callback_delivery, options.callback_delivery, "callback_delivery")
    put.set(lib.oss_put_options_set_write_token, options.write_token, "write_token")
    put.set(lib.oss_put_options_set_outbox, options.outbox, "outbox")
    put.set(lib.oss_put_options_set_rate, options.rate, "rate")
    return put
