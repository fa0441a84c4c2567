"""Setting what C calls options, a callback, a policy."""

from collections.abc import Callable, Mapping
from typing import Any

from ._handle import Handle
from ._library import AnyPath, CData, ffi, integer, owned, path, string, text
from .status import Status


class Settings:
    """Something of C's while it is being set."""

    def __init__(self, native: CData, error: Callable[[CData], CData]) -> None:
        self.native = native
        self._error = error

    def set(self, setter: Callable[..., int], value: Any, what: str) -> None:
        """Sets a value; `None` leaves things as they are. One that breaks a rule is a ValueError that names it."""
        if value is not None:
            self.add(setter, (value, what))

    def set_path(self, setter: Callable[..., int], value: AnyPath | None, what: str) -> None:
        if value is not None:
            self.give(setter, path(value, what))

    def add(self, setter: Callable[..., int], *values: tuple[Any, str]) -> None:
        """Sets what takes several values, or is one of several. None of them can be `None`. Each comes with what it is."""
        function: CData = setter
        kinds = ffi.typeof(function).args[1:]
        self.give(setter, *(_to_c(value, what, kind) for (value, what), kind in zip(values, kinds, strict=True)))

    def add_all(self, setter: Callable[..., int], values: Mapping[str, str], what: str) -> None:
        for name, value in values.items():
            self.add(setter, (name, f"a name in {what}"), (value, f"a value in {what}"))

    def give(self, setter: Callable[..., int], *arguments: Any) -> None:
        """Sets what is as C takes it."""
        if setter(self.native, *arguments) != Status.OK:
            raise ValueError(string(self._error(self.native)))


def _to_c(value: Any, what: str, kind: CData) -> Any:
    if value is None:
        raise ValueError(f"{what} cannot be None")
    if kind.kind == "primitive":
        bits = 8 * ffi.sizeof(kind)
        return integer(value, what, 2**bits - 1 if kind.cname.startswith("u") else 2 ** (bits - 1) - 1)
    if kind.item.cname == "char":
        return text(value, what)
    if not isinstance(value, Handle):
        raise TypeError(f"{what} cannot be {type(value).__name__}")
    return value.native


def settings(new: Callable[[], CData], free: Callable[[CData], None], error: Callable[[CData], CData]) -> Settings:
    """Options with the defaults."""
    return Settings(owned(new(), free), error)
