"""Requests that others can make without knowing a secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ._call import Call
from ._library import CData, ffi, lib, string, text
from .body import Body, lend_body
from .bucket_options import BucketOptions, lend_bucket_options
from .cancel import Cancel
from .result import Result


@dataclass(frozen=True)
class Presigned:
    """A request that others can make without knowing a secret. Whoever knows it can use it until it expires."""

    method: str
    url: str = field(repr=False)
    #: Have to be sent with the URL, exactly as they are.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Has to be sent with the URL, exactly as it is; empty where it is left to whoever uses the URL.
    body: bytes = b""
    #: Until when it is good, unless somebody else signed it.
    expires: datetime | None = None


def put_to_url(
    presigned: "Presigned | str",
    body: Body,
    options: BucketOptions | None = None,
    *,
    timeout: float | None = None,
    cancel: Cancel | None = None,
) -> Result:
    """Uploads an object to a URL that somebody signed. A callback in it and its answer are treated as everywhere."""
    call = Call(timeout, cancel)
    if isinstance(presigned, str):
        presigned = Presigned("PUT", presigned)
    native = call.make(lib.oss_presigned_new, text(presigned.url, "url"), free=lib.oss_presigned_free)
    for name, value in presigned.headers.items():
        call.do(
            lib.oss_presigned_add_header, native, text(name, "a name in headers"), text(value, "a value in headers")
        )
    return call.run(lib.oss_put_to_url, native, lend_body(call, body), lend_bucket_options(call, options))


def read_presigned(native: CData) -> Presigned:
    length = ffi.new("size_t *")
    body = lib.oss_presigned_body(native, length)
    headers = range(lib.oss_presigned_header_count(native))
    return Presigned(
        method=string(lib.oss_presigned_method(native)),
        url=string(lib.oss_presigned_url(native)),
        headers={
            string(lib.oss_presigned_header_name(native, index)): string(lib.oss_presigned_header_value(native, index))
            for index in headers
        },
        body=bytes(ffi.buffer(body, length[0])) if length[0] else b"",
        expires=datetime.fromtimestamp(lib.oss_presigned_expires(native), timezone.utc),
    )
