"""What is held of C's, until it is closed."""

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
