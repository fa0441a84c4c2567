"""What is held of C's, until it is closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

from ._library import CData

Self = TypeVar("Self", bound="Handle")


class Handle:
    """Something of C's. Leaving a `with` block closes it; a call that is going on then goes on to its end."""

    def __init__(self, native: CData) -> None:
        # C's own is freed with the last reference to this.
        self._native: CData | None = native

    @property
    def native(self) -> CData:
        if self._native is None:
            raise ValueError(f"the {type(self).__name__} is closed")
        return self._native

    def close(self) -> None:
        self._native = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Exclusive(Handle):
    """Something of C's that a call changes: nothing else can be done with it meanwhile, by another thread or by a function that
    the call calls."""

    def __init__(self, native: CData) -> None:
        super().__init__(native)
        # The first to put itself there, in one step.
        self._user: dict[str, object] = {}

    @property
    def native(self) -> CData:
        if self._user:
            raise RuntimeError(f"the {type(self).__name__} is in use")
        return super().native

    @contextmanager
    def alone(self) -> Iterator[CData]:
        """For a call that changes it."""
        native, me = self.native, object()
        try:
            if self._user.setdefault("user", me) is not me:
                raise RuntimeError(f"the {type(self).__name__} is in use")
            yield native
        finally:
            if self._user.get("user") is me:
                self._user.clear()
