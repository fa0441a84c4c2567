"""Setting what C calls options, a callback, a policy."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from ._handle import Handle
from ._library import CData, ffi, numbers_for_c, path, string, text
from .status import Status


class Settings:
    """Something of C's while it is being set."""

    def __init__(self, native: CData, error: Callable[[CData], CData]) -> None:
        self.native = native
        self._error = error

    def set(self, setter: Callable[..., int], value: Any) -> None:
        """Sets a value; `None` leaves things as they are. One that breaks a rule is a ValueError that names it."""
        if value is not None:
            self.add(setter, value)

    def add(self, setter: Callable[..., int], *values: Any) -> None:
        """Sets what takes several values, or is one of several. None of them can be `None`."""
        if any(value is None for value in values):
            raise ValueError(f"None is no value, in {values!r}")
        with numbers_for_c():
            status = setter(self.native, *map(_to_c, values))
        if status != Status.OK:
            raise ValueError(string(self._error(self.native)))

    def add_all(self, setter: Callable[..., int], values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self.add(setter, name, value)


def _to_c(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, PathLike):
        return path(value)
    if isinstance(value, Handle):
        return value.native
    # C has its flags as numbers.
    return int(value) if isinstance(value, int) else value


def settings(new: Callable[[], CData], free: Callable[[CData], None], error: Callable[[CData], CData]) -> Settings:
    """Options with the defaults."""
    return Settings(ffi.gc(new(), free), error)
