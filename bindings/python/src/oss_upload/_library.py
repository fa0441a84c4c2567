"""The C library: where it is found, and its declarations."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
LENGTH_UNKNOWN = 18446744073709551615


@contextmanager
def numbers_for_c() -> Iterator[None]:
    """One that is too large for C, or negative where it takes none, is a ValueError like others."""
    try:
        yield
    except OverflowError as error:
        raise ValueError(str(error)) from None


def text(value: str) -> bytes:
    """A text as C takes it. One with a NUL would be a shorter one there."""
    if "\0" in value:
        raise ValueError(f"{value!r} holds a NUL")
    return value.encode()


def optional_text(value: str | None) -> CData:
    return NULL if value is None else text(value)


def path(value: AnyPath) -> bytes:
    """A path as C takes it."""
    encoded = os.fsencode(value)
    if b"\0" in encoded:
        raise ValueError(f"{value!r} holds a NUL")
    return encoded


def optional_path(value: AnyPath | None) -> bytes | None:
    return None if value is None else path(value)


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
