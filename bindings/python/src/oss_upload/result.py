"""All there is to know about a call."""

from dataclasses import dataclass, field
from typing import Any

from ._library import CData, ffi, lib, string, text
from .attempt import Attempt, AttemptSum, attempts_of, sum_of
from .status import Status, Stored


@dataclass(frozen=True)
class Result:
    """All there is to know about a call, whether it succeeded or not."""

    status: Status
    #: Whether the call stored the object; after `Bucket.stat()` and `Bucket.remove()`, whether it is there. A part makes no object.
    stored: Stored
    #: One line for a human, without secrets.
    message: str
    #: That of the last reply; 0 when there was none.
    http_status: int
    #: What OSS knows the request by, for its support.
    request_id: str
    #: OSS's name for the error, such as "SignatureDoesNotMatch".
    error_code: str
    #: OSS's number for the cause of the error. Show it, but do not branch on it.
    ec: str
    #: That of the object or part, without quotes.
    etag: str
    version_id: str
    #: The CRC-64 that OSS computed of the object or part, if it sent one.
    crc64: int | None
    #: Where the next append goes on.
    next_position: int
    #: The body of the reply, byte for byte: with a callback the application server's answer, after a failure OSS's error document.
    body: bytes = field(repr=False)
    content_type: str
    #: How often the request was tried.
    attempts: int
    #: What each request came to; of very many, the first 8 and the last 24.
    history: tuple[Attempt, ...] = field(repr=False)
    #: What all of them came to together.
    sum: AttemptSum = field(repr=False)
    #: How many earlier requests of the call may have run the callback too.
    callback_repeats: int
    #: How many callbacks `Bucket.deliver()` made up for.
    delivered: int
    #: How many callbacks are still owed after `Bucket.deliver()`.
    owed: int
    #: An upload in parts that has come to no end: its parts are still at OSS, where they cost money, or one that was not answered
    #: may arrive within a minute after the others were removed.
    upload_id: str

    @property
    def native(self) -> CData:
        native = self.__dict__.get("_native")
        if native is None:
            raise ValueError("a result that was pickled has neither headers nor what bodies are rendered from")
        return native

    def __getstate__(self) -> dict[str, Any]:
        """What can be pickled: all but what C holds."""
        return {name: value for name, value in self.__dict__.items() if name != "_native"}

    def __copy__(self) -> "Result":
        return self

    def __deepcopy__(self, _: object) -> "Result":
        """Nothing of it can change."""
        return self

    def header(self, name: str) -> str:
        """A header of the reply, by its name in any case; empty if there is none."""
        return string(lib.oss_result_header(self.native, text(name, "name")))


def read_result(native: CData) -> Result:
    """The result that C has made."""
    crc64 = ffi.new("uint64_t *")
    length = ffi.new("size_t *")
    has_crc64 = lib.oss_result_crc64(native, crc64)
    body = lib.oss_result_body(native, length)
    result = Result(
        status=Status(lib.oss_result_status(native)),
        stored=Stored(lib.oss_result_stored(native)),
        message=string(lib.oss_result_message(native)),
        http_status=lib.oss_result_http_status(native),
        request_id=string(lib.oss_result_request_id(native)),
        error_code=string(lib.oss_result_error_code(native)),
        ec=string(lib.oss_result_ec(native)),
        etag=string(lib.oss_result_etag(native)),
        version_id=string(lib.oss_result_version_id(native)),
        crc64=crc64[0] if has_crc64 else None,
        next_position=lib.oss_result_next_position(native),
        body=bytes(ffi.buffer(body, length[0])) if length[0] else b"",
        content_type=string(lib.oss_result_content_type(native)),
        attempts=lib.oss_result_attempts(native),
        history=attempts_of(native),
        sum=sum_of(native),
        callback_repeats=lib.oss_result_callback_repeats(native),
        delivered=lib.oss_result_delivered(native),
        owed=lib.oss_result_owed(native),
        upload_id=string(lib.oss_result_upload_id(native)),
    )
    # It is no field, for C's own can be neither copied nor pickled.
    result.__dict__["_native"] = native
    return result
