"""One call of C's: what it is lent, what the caller's functions do meanwhile, and how it ends."""

import threading
from collections.abc import Callable
from typing import Any

from ._desk import Desk
from ._library import CData, ffi, lib
from .cancel import Cancel
from .errors import error_of
from .result import Result, read_result
from .status import Status

# The call that a thread is within.
_here = threading.local()


def milliseconds(seconds: float) -> int:
    """A time as C takes it. However short, it is not 0, which stands for none."""
    if seconds < 0:
        raise ValueError(f"a time cannot be {seconds} s")
    return max(1, round(seconds * 1000))


class Call:
    """A call, with those that make what it needs."""

    def __init__(self, timeout: float | None = None, cancel: Cancel | None = None) -> None:
        self.deadline_ms = 0 if timeout is None else milliseconds(timeout)
        self.cancel = ffi.gc(lib.oss_cancel_new(), lib.oss_cancel_free)
        self._cancel_of_the_caller = cancel or Cancel()
        self._desk: Desk | None = None
        self._kept: list[CData] = []
        self._bytes: list[CData] = []
        self._result = ffi.new("oss_result **")
        self._raised: BaseException | None = None
        self._why_no_key: BaseException | None = None

    def keep(self, value: CData) -> CData:
        """Keeps what C is lent, until the call is over."""
        self._kept.append(value)
        return value

    def lend_bytes(self, data: bytes | bytearray | memoryview) -> CData:
        """Lends the bytes themselves, until a call that may wait is over."""
        lent = ffi.from_buffer(data)
        self._bytes.append(lent)
        return lent

    def make(self, function: CData, *arguments: Any, free: Callable[[CData], None]) -> CData:
        """Calls a function that makes something, and waits for nothing."""
        made = ffi.new(ffi.typeof(function).args[-2])
        self.do(function, *arguments, made)
        return ffi.gc(made[0], free)

    def do(self, function: Callable[..., int], *arguments: Any) -> Result:
        """Calls a function that waits for nothing."""
        self._enter(function, *arguments)
        return self._conclude()

    def run(self, function: Callable[..., int], *arguments: Any) -> Result:
        """Calls a function that may wait. On the main thread, Ctrl-C ends it."""
        if threading.current_thread() is threading.main_thread():
            self._desk = Desk(lambda: self._enter(function, *arguments), self._interrupt)
            self._desk.attend()
            self._desk = None
        else:
            self._enter(function, *arguments)
        for lent in self._bytes:
            ffi.release(lent)
        self._bytes.clear()
        return self._conclude()

    def _enter(self, function: Callable[..., int], *arguments: Any) -> None:
        outer, _here.call = getattr(_here, "call", None), self
        self._cancel_of_the_caller.begin(self.cancel)
        try:
            function(*arguments, self._result)
        except BaseException as error:  # Something cannot be given to C.
            self._raised = error
        finally:
            self._cancel_of_the_caller.end(self.cancel)
            _here.call = outer

    def _conclude(self) -> Result:
        made, self._result[0] = self._result[0], ffi.NULL
        if made == ffi.NULL:
            self._raise()
        result = read_result(made)
        try:
            if result.status != Status.OK:
                self._raised = self._raised or self._why_no_key
                raise error_of(result)
        finally:
            self._why_no_key = None
            # It has the other one for its context.
            self._raise()
        return result

    def _raise(self) -> None:
        """Raises what a function of the caller's raised, or what interrupted the call."""
        raised, self._raised = self._raised, None
        try:
            if raised is not None:
                raise raised
        finally:
            # It holds this frame, with all that was lent, as long as it is held itself.
            del raised

    def attempt(self, function: Callable[[], None]) -> int:
        """Calls a function of the caller's. What it raises does not pass through C, and is raised when the call is over."""
        return self._ask(function, self._fail)

    def attempt_to_get_a_key(self, function: Callable[[], None]) -> int:
        """The same; but what it raises is raised only if the call cannot do without a new key."""
        return self._ask(function, self._do_without)

    def _ask(self, function: Callable[[], None], failed: Callable[[Exception], None]) -> int:
        def guarded() -> int:
            try:
                function()
                return 0
            except Exception as error:
                failed(error)
            except BaseException as interruption:
                self._interrupt(interruption)
            return 1

        return guarded() if self._desk is None else self._desk.ask(guarded)

    def _fail(self, error: Exception) -> None:
        self._raised = self._raised or error

    def _do_without(self, error: Exception) -> None:
        self._why_no_key = error

    def _interrupt(self, interruption: BaseException) -> None:
        if not isinstance(self._raised, (KeyboardInterrupt, SystemExit)):
            self._raised = interruption
        lib.oss_cancel_fire(self.cancel)


def current() -> Call:
    """The call that this thread is within: only then does C call a function of the caller's."""
    call: Call = _here.call
    return call
