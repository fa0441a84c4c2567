"""An upload in parts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ._call import Call, take
from ._handle import Handle
from ._library import LARGEST_OF_32_BITS, CData, ffi, integer, lib, string
from ._settings import settings
from .body import Body, lend_body
from .callback import Callback, lend_callback
from .cancel import Cancel
from .errors import OssError, result_of
from .result import Result
from .status import Stored

# In seconds.
_TIME_TO_CLEAN_UP = 2.0


@dataclass(frozen=True)
class Part:
    """A part that OSS has."""

    number: int
    etag: str
    size: int = 0
    crc64: int | None = None


class Multipart(Handle):
    """An upload in parts, of which any number of threads may upload at once. A `with` block that is left by an exception aborts it,
    unless its object may be stored; otherwise, one that is not completed keeps its parts at OSS, where they cost money."""

    def __init__(self, native: CData, timeout: float | None, kept: object) -> None:
        super().__init__(native)
        self._timeout = timeout
        self._kept = kept
        self._may_be_completed = False

    @property
    def upload_id(self) -> str:
        return string(lib.oss_multipart_upload_id(self.native))

    def upload_part(
        self, number: int, body: Body, *, timeout: float | None = None, cancel: Cancel | None = None
    ) -> Result:
        """Uploads a part: 1 to 10000, and at least 100 KiB but for the last one."""
        call = self._call(timeout, cancel)
        which = integer(number, "number", LARGEST_OF_32_BITS)
        return self._run(call, lib.oss_upload_part_body, which, lend_body(call, body))

    def parts(self, *, timeout: float | None = None, cancel: Cancel | None = None) -> list[Part]:
        """The parts that OSS has."""
        call = self._call(timeout, cancel)
        parts = take("oss_part_list **", lambda made: self._run(call, lib.oss_list_parts, made), lib.oss_part_list_free)
        return [_part(parts, index) for index in range(lib.oss_part_list_count(parts))]

    def complete(
        self,
        callback: Callback | None = None,
        parts: Sequence[Part] | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Makes the object: of these parts, or else of all that were uploaded with this, or were there when it was reopened."""
        call = self._call(timeout, cancel)
        notify = lend_callback(call, callback)
        if parts is None:
            return self._complete(call, lib.oss_complete_multipart, notify)
        listed = settings(lib.oss_part_list_new, lib.oss_part_list_free, lib.oss_part_list_error)
        for part in parts:
            listed.add(lib.oss_part_list_add, (part.number, "number"), (part.etag, "etag"))
        return self._complete(call, lib.oss_complete_multipart_with_parts, listed.native, notify)

    def complete_with_all(
        self,
        callback: Callback | None = None,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> Result:
        """Makes the object of all parts that OSS has, whoever uploaded them."""
        call = self._call(timeout, cancel)
        return self._complete(call, lib.oss_complete_multipart_with_all, lend_callback(call, callback))

    def abort(self, *, timeout: float | None = None, cancel: Cancel | None = None) -> Result:
        """Gives the upload up, and has OSS remove its parts."""
        return self._run(self._call(timeout, cancel), lib.oss_abort_multipart)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if kind is not None and not self._may_be_completed:
                # The exception that is on its way says more; and after Ctrl-C nobody waits for long.
                with suppress(OssError):
                    self.abort(timeout=None if issubclass(kind, Exception) else _TIME_TO_CLEAN_UP)
        finally:
            self.close()

    def _complete(self, call: Call, function: Callable[..., int], *arguments: Any) -> Result:
        self._may_be_completed = True
        try:
            return self._run(call, function, *arguments)
        except BaseException as error:
            result = result_of(error)
            if result is not None:
                self._may_be_completed = result.stored != Stored.NO
            raise

    def _call(self, timeout: float | None, cancel: Cancel | None) -> Call:
        return Call(self._timeout if timeout is None else timeout, cancel)

    def _run(self, call: Call, function: Callable[..., int], *arguments: Any) -> Result:
        limits = (call.deadline_ms, call.cancel)
        limited = call.make(lib.oss_multipart_with_limits, self.native, *limits, free=lib.oss_multipart_free)
        return call.run(function, limited, *arguments)


def _part(parts: CData, index: int) -> Part:
    crc64 = ffi.new("uint64_t *")
    has_crc64 = lib.oss_part_list_crc64(parts, index, crc64)
    return Part(
        number=lib.oss_part_list_number(parts, index),
        etag=string(lib.oss_part_list_etag(parts, index)),
        size=lib.oss_part_list_size(parts, index),
        crc64=crc64[0] if has_crc64 else None,
    )
