"""How a bucket, or a URL or form that was signed, is reached."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from ._call import Call, milliseconds, milliseconds_or_none
from ._library import AnyPath, CData, ffi, lib, path
from ._log import LogFunction, level_of, tell
from ._settings import Settings, settings
from .outbox import Outbox
from .rate import Rate


class SignatureVersion(IntEnum):
    """A way to sign a request."""

    V1 = lib.OSS_SIGNATURE_VERSION_V1
    V4 = lib.OSS_SIGNATURE_VERSION_V4


class Addressing(IntEnum):
    """Where a bucket's name stands in a URL."""

    AUTO = lib.OSS_ADDRESSING_AUTO
    VIRTUAL = lib.OSS_ADDRESSING_VIRTUAL
    PATH = lib.OSS_ADDRESSING_PATH
    CNAME = lib.OSS_ADDRESSING_CNAME


@dataclass(frozen=True, kw_only=True)
class BucketOptions:
    """How a bucket, or a URL or form that was signed, is reached. Times are in seconds; what is `None` is left to the library."""

    #: For V4 signatures, such as "cn-hangzhou"; most endpoints of aliyuncs.com tell it.
    region: str | None = None
    signature_version: SignatureVersion | None = None
    addressing: Addressing | None = None
    #: How long each call may take that has no time-out of its own.
    timeout: float | None = None
    connect_timeout: float | None = None
    #: How long a request may stand still.
    stall_timeout: float | None = None
    max_attempts: int | None = None
    #: How long an object is looked for when the reply to its upload was lost.
    settling_time: float | None = None
    #: Certificates to trust instead of the system's, in PEM form.
    ca_file: AnyPath | None = None
    #: Certificates to trust besides.
    added_ca_file: AnyPath | None = None
    #: A file with the certificate that is shown to the endpoint, and one with its key.
    client_certificate: tuple[AnyPath, AnyPath] | None = None
    #: The public keys that the endpoint may have, as curl takes them.
    public_key_pin: str | None = None
    #: Its URL may hold a password, and is not shown.
    proxy: str | None = field(default=None, repr=False)
    #: Whether HTTPS_PROXY and its like are asked for a proxy.
    proxy_from_environment: bool = False
    #: Where connections start from: an address of this machine, or the name of an interface.
    bind_address: str | None = None
    #: Addresses of hosts, which are then not looked up.
    resolve: Mapping[str, str] = field(default_factory=dict)
    user_agent: str | None = None
    rate: Rate | None = None
    #: Where it is kept on disk that a callback is owed, for what takes no `PutOptions`.
    outbox: Outbox | None = None
    #: Is told of each attempt, each connection and whatever goes wrong, such as `logging.getLogger("oss").log`.
    log: LogFunction | None = None
    #: Lines that matter less are left out.
    log_level: int = logging.INFO


def made_bucket_options(options: BucketOptions) -> tuple[CData, CData]:
    """The options as C takes them, and what has to be kept as long as they and a bucket made with them are used."""
    made = settings(lib.oss_bucket_options_new, lib.oss_bucket_options_free, lib.oss_bucket_options_error)
    made.set(lib.oss_bucket_options_set_region, options.region, "region")
    made.set(lib.oss_bucket_options_set_signature_version, options.signature_version, "signature_version")
    made.set(lib.oss_bucket_options_set_addressing, options.addressing, "addressing")
    made.set(
        lib.oss_bucket_options_set_connect_timeout_ms,
        _optional_milliseconds(options.connect_timeout, "connect_timeout"),
        "connect_timeout",
    )
    made.set(
        lib.oss_bucket_options_set_stall_timeout_ms,
        _optional_milliseconds(options.stall_timeout, "stall_timeout"),
        "stall_timeout",
    )
    made.set(lib.oss_bucket_options_set_max_attempts, options.max_attempts, "max_attempts")
    if options.settling_time is not None:
        # Zero stands for a single look.
        settling_time_ms = milliseconds_or_none(options.settling_time, "settling_time")
        made.give(lib.oss_bucket_options_set_settling_time_ms, settling_time_ms)
    made.set_path(lib.oss_bucket_options_set_ca_file, options.ca_file, "ca_file")
    made.set_path(lib.oss_bucket_options_add_ca_file, options.added_ca_file, "added_ca_file")
    if options.client_certificate is not None:
        files = (path(file, "client_certificate") for file in options.client_certificate)
        made.give(lib.oss_bucket_options_set_client_certificate, *files)
    made.set(lib.oss_bucket_options_set_public_key_pin, options.public_key_pin, "public_key_pin")
    made.set(lib.oss_bucket_options_set_proxy, options.proxy, "proxy")
    made.set(
        lib.oss_bucket_options_set_proxy_from_environment, options.proxy_from_environment, "proxy_from_environment"
    )
    made.set(lib.oss_bucket_options_set_bind_address, options.bind_address, "bind_address")
    made.add_all(lib.oss_bucket_options_set_resolve, options.resolve, "resolve")
    made.set(lib.oss_bucket_options_set_user_agent, options.user_agent, "user_agent")
    made.set(lib.oss_bucket_options_set_rate, options.rate, "rate")
    made.set(lib.oss_bucket_options_set_outbox, options.outbox, "outbox")
    level = level_of(options.log_level)
    log = None if options.log is None or level is None else ffi.new_handle(options.log)
    if log is not None:
        made.give(lib.oss_bucket_options_set_log, level, tell, log)
    return made.native, log


def lend_bucket_options(call: Call, options: BucketOptions | None) -> CData:
    """The same for a single call, with its limits."""
    options = options or BucketOptions()
    native, log = made_bucket_options(options)
    call.keep(log)
    limits = Settings(call.keep(native), lib.oss_bucket_options_error)
    limits.give(lib.oss_bucket_options_set_cancel, call.cancel)
    deadline_ms = call.deadline_ms or _optional_milliseconds(options.timeout, "timeout")
    limits.set(lib.oss_bucket_options_set_deadline_ms, deadline_ms, "deadline_ms")
    return native


def _optional_milliseconds(seconds: float | None, what: str) -> int | None:
    return None if seconds is None else milliseconds(seconds, what)
