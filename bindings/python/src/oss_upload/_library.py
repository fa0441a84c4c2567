"""The C library: where it is found, and its declarations."""

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffi

# What C holds: mostly a handle, or a pointer to one.
CData = Any
AnyPath = str | os.PathLike[str]

_FOLDER = Path(__file__).parent
_NAME = "liboss_upload.so.0"


def _path() -> str:
    """The library that OSS_UPLOAD_LIBRARY names, or the one in this package, or else the one that the system's loader finds."""
    inside = _FOLDER / _NAME
    return os.environ.get("OSS_UPLOAD_LIBRARY") or (str(inside) if inside.exists() else _NAME)


def _load(ffi: cffi.FFI) -> Any:
    try:
        lib: Any = ffi.dlopen(_path())
    except OSError as error:
        raise ImportError(
            f"the library oss_upload cannot be loaded; OSS_UPLOAD_LIBRARY may name it: {error}"
        ) from error
    result = ffi.new("oss_result **")
    status = lib.oss_check_version(lib.OSS_UPLOAD_ABI, lib.OSS_UPLOAD_VERSION_NUMBER, result)
    message: Any = ffi.string(lib.oss_result_message(result[0]))
    lib.oss_result_free(result[0])
    if status != lib.OSS_STATUS_OK:
        raise ImportError(f"{_path()}: {message.decode(errors='replace')}")
    return lib


ffi = cffi.FFI()
ffi.cdef((_FOLDER / "oss_upload_ffi.h").read_text())
lib: Any = _load(ffi)

NULL: CData = ffi.NULL
#: The largest number that C takes.
LARGEST = 2**64 - 1
#: It is a macro in C.
LENGTH_UNKNOWN = 18446744073709551615
LARGEST_OF_32_BITS = 2**32 - 1


def owned(native: CData, free: Callable[[CData], None]) -> CData:
    """What is freed with the last reference to it, and not before.

    Of a cycle of references, the collector finalizes what it tracks in any order, so that it would be freed before a `__del__`
    that uses it. It refers to nothing that could refer to it again, so nobody needs to track it.
    """
    made = ffi.gc(native, free)
    if sys.implementation.name == "cpython":
        ctypes.pythonapi.PyObject_GC_UnTrack(ctypes.py_object(made))
    return made


def integer(value: int, what: str, largest: int = LARGEST) -> int:
    """A number as C takes it."""
    if not isinstance(value, int):
        raise TypeError(f"{what} is to be an int, not {type(value).__name__}")
    if not 0 <= value <= largest:
        raise ValueError(f"{what} cannot be {value}: it is 0 to {largest}")
    # C has its flags as numbers.
    return int(value)


def text(value: str, what: str) -> bytes:
    """A text as C takes it. One with a NUL would be a shorter one there. What it is not is said without showing it."""
    if not isinstance(value, str):
        raise TypeError(f"{what} is to be a str, not {type(value).__name__}")
    if "\0" in value:
        raise ValueError(f"{what} holds a NUL")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError(f"{what} holds half of a character, a surrogate")
    return value.encode()


def optional_text(value: str | None, what: str) -> CData:
    return NULL if value is None else text(value, what)


def path(value: AnyPath, what: str) -> bytes:
    """A path as C takes it."""
    try:
        encoded = os.fsencode(value)
    except TypeError:
        raise TypeError(f"{what} is to be a path, not {type(value).__name__}") from None
    if b"\0" in encoded:
        raise ValueError(f"{what} holds a NUL")
    return encoded


def optional_path(value: AnyPath | None, what: str) -> CData:
    return NULL if value is None else path(value, what)


def string(pointer: CData) -> str:
    """A text that C gives; empty for NULL."""
    if pointer == NULL:
        return ""
    given = ffi.string(pointer)
    return given.decode(errors="replace") if isinstance(given, bytes) else given


def string_of(made: CData) -> str:
    """A text that C has made, NULL or an oss_string."""
    return ffi.buffer(lib.oss_string_data(made), lib.oss_string_len(made))[:].decode() if made != NULL else ""


def version() -> str:
    """The version of the library."""
    return string(lib.oss_version())
