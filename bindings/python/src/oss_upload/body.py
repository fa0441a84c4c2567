"""What is uploaded."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard, Union, runtime_checkable

from ._call import Call, current
from ._library import LENGTH_UNKNOWN, NULL, CData, ffi, integer, lib, owned, path

_LARGEST_DESCRIPTOR = 2**31 - 1


@runtime_checkable
class BinaryReader(Protocol):
    """A file that was opened in binary mode, or anything else that gives bytes."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class FileRange:
    """A part of a file, or of an open descriptor, whose own position is neither used nor moved."""

    file: Union["os.PathLike[str]", int]
    offset: int
    length: int


@dataclass(frozen=True)
class Sized:
    """So many bytes of a file object, from where it stands, or of an iterable: for a single request, which has to know. What can be
    read only once may have up to 4 MiB there."""

    source: BinaryReader | Iterable[bytes]
    length: int


#: Bytes, also those of an array or the like; the path of a file, as a `pathlib.Path`; a part of a file; a file object, from where
#: it stands; or an iterable of bytes, which is iterated over again when the data has to be sent again, unless it is an iterator.
Body = Union[bytes, bytearray, memoryview, "os.PathLike[str]", FileRange, Sized, BinaryReader, Iterable[bytes]]


def lend_body(call: Call, body: Body) -> CData:
    """The body as C takes it, for the time of a call."""
    return owned(_made(call, body), lib.oss_body_free)


def _made(call: Call, body: Body) -> CData:
    if isinstance(body, os.PathLike):
        return lib.oss_body_from_file(path(body, "body"))
    if isinstance(body, FileRange):
        return _from_range(body)
    if isinstance(body, str):
        raise TypeError("a str is no body: encode it, or make a pathlib.Path of it")
    if isinstance(body, Sized):
        return _from_source(call, _source(body.source), integer(body.length, "length"))
    if not _is_file(body) and _is_bytes(body):
        data = call.lend_bytes(body)
        return lib.oss_body_from_bytes(data, len(data))
    return _from_source(call, _source(body), None)


def _is_file(body: object) -> TypeGuard[BinaryReader]:
    """Asked in this way, it also has an answer at the end of the interpreter."""
    return hasattr(body, "read")


def _is_bytes(body: object) -> TypeGuard[bytes | bytearray | memoryview]:
    """Whether it is something like bytes, of whatever kind, such as an array."""
    try:
        with memoryview(body):  # type: ignore[arg-type]
            return True
    except TypeError:
        return False


def _from_range(body: FileRange) -> CData:
    where = (integer(body.offset, "offset"), integer(body.length, "length"))
    if isinstance(body.file, int):
        return lib.oss_body_from_fd(integer(body.file, "file", _LARGEST_DESCRIPTOR), *where)
    return lib.oss_body_from_file_range(path(body.file, "file"), *where)


def _from_source(call: Call, source: "_Source", length: int | None) -> CData:
    length = source.length if length is None else length
    rewind = _rewind if source.can_rewind else NULL
    handle = call.keep(ffi.new_handle(source))
    return lib.oss_body_from_reader(_read, rewind, handle, LENGTH_UNKNOWN if length is None else length)


class _Source(Protocol):
    #: Unless it is not known.
    length: int | None
    can_rewind: bool

    def read(self, size: int) -> bytes: ...

    def rewind(self) -> None: ...


def _source(body: object) -> _Source:
    if _is_file(body):
        return _File(body)
    if isinstance(body, Iterable):
        return _Pieces(body)
    raise TypeError(f"{type(body).__name__} is no body")


class _File:
    def __init__(self, file: Any) -> None:
        self._file = file
        self.can_rewind = hasattr(file, "seekable") and file.seekable()
        self.length: int | None = None
        if self.can_rewind:
            self._start = file.tell()
            self.length = max(0, file.seek(0, os.SEEK_END) - self._start)
            file.seek(self._start)

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        if not isinstance(data, (bytes, bytearray)):
            raise TypeError(f"{self._file!r} gives no bytes, but {type(data).__name__}")
        return bytes(data)

    def rewind(self) -> None:
        self._file.seek(self._start)


class _Pieces:
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._iterator: Iterator[bytes] = iter(pieces)
        self._rest = memoryview(b"")
        self.can_rewind = self._iterator is not pieces
        self.length: int | None = None

    def read(self, size: int) -> bytes:
        while not self._rest:
            # The last piece is no longer held when its maker goes on, which may use its memory again.
            self._rest = memoryview(b"")
            try:
                piece = next(self._iterator)
            except StopIteration:
                return b""
            self._rest = memoryview(piece).cast("B")
            del piece
        given, self._rest = self._rest[:size], self._rest[size:]
        return given.tobytes()

    def rewind(self) -> None:
        self._iterator = iter(self._pieces)
        self._rest = memoryview(b"")


@ffi.callback("oss_read_fn", error=1)
def _read(source: CData, buffer: CData, capacity: int, got: CData) -> int:
    def take(data: bytes) -> None:
        if len(data) > capacity:
            raise ValueError(f"the reader gave {len(data)} bytes, where {capacity} were asked for")
        ffi.memmove(buffer, data, len(data))
        got[0] = len(data)

    reader = ffi.from_handle(source)
    return current().attempt(lambda: reader.read(capacity), take)


@ffi.callback("oss_rewind_fn", error=1)
def _rewind(source: CData) -> int:
    return current().attempt(ffi.from_handle(source).rewind)
