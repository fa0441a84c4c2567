"""What is uploaded."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Union, runtime_checkable

from ._call import Call, current
from ._library import LENGTH_UNKNOWN, NULL, CData, ffi, lib, numbers_for_c, path


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
    """So many bytes of a file object, from where it stands, or of an iterable: for a single request, which has to know."""

    source: BinaryReader | Iterable[bytes]
    length: int


#: Bytes; the path of a file, as a `pathlib.Path`; a part of a file; a file object, from where it stands; or an iterable of bytes,
#: which is iterated over again when the data has to be sent again, unless it is an iterator.
Body = Union[bytes, bytearray, memoryview, "os.PathLike[str]", FileRange, Sized, BinaryReader, Iterable[bytes]]


def lend_body(call: Call, body: Body) -> CData:
    """The body as C takes it, for the time of a call."""
    with numbers_for_c():
        return ffi.gc(_made(call, body), lib.oss_body_free)


def _made(call: Call, body: Body) -> CData:
    if isinstance(body, (bytes, bytearray, memoryview)):
        data = call.lend_bytes(body)
        return lib.oss_body_from_bytes(data, len(data))
    if isinstance(body, os.PathLike):
        return lib.oss_body_from_file(path(body))
    if isinstance(body, FileRange):
        if isinstance(body.file, int):
            return lib.oss_body_from_fd(body.file, body.offset, body.length)
        return lib.oss_body_from_file_range(path(body.file), body.offset, body.length)
    if isinstance(body, str):
        raise TypeError("a str is no body: encode it, or make a pathlib.Path of it")
    if isinstance(body, Sized):
        return _from_source(call, _source(body.source), body.length)
    return _from_source(call, _source(body), None)


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


def _source(body: BinaryReader | Iterable[bytes]) -> _Source:
    return _File(body) if isinstance(body, BinaryReader) else _Pieces(body)


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
    def read() -> None:
        data = ffi.from_handle(source).read(capacity)
        if len(data) > capacity:
            raise ValueError(f"the reader gave {len(data)} bytes, where {capacity} were asked for")
        ffi.memmove(buffer, data, len(data))
        got[0] = len(data)

    return current().attempt(read)


@ffi.callback("oss_rewind_fn", error=1)
def _rewind(source: CData) -> int:
    return current().attempt(lambda: ffi.from_handle(source).rewind())
