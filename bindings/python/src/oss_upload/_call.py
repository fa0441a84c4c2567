"""One call of C's: what it is lent, what the caller's functions do meanwhile, and how it ends."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from ._desk import Desk
from ._ending import is_ending, within_c
from ._library import LARGEST, CData, ffi, lib, owned, string_of
from .cancel import Cancel
from .errors import error_of
from .result import Result, read_result
from .status import Status

Value = TypeVar("Value")

# The call that a thread is within.
_here = threading.local()


def milliseconds(seconds: float, what: str) -> int:
    """A time as C takes it. However short, it is not 0, which stands for none."""
    return max(1, milliseconds_or_none(seconds, what))


def milliseconds_or_none(seconds: float, what: str) -> int:
    """A time as C takes it, where it can be none."""
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"{what} is to be a number of seconds, not {type(seconds).__name__}")
    if not 0 <= seconds <= LARGEST / 1000:
        raise ValueError(f"{what} cannot be {seconds} s")
    return min(LARGEST, round(seconds * 1000))


def take(kind: Any, make: Callable[[CData], object], free: Callable[[CData], None]) -> CData:
    """What C makes, and puts where it is told to. It is freed, too, if an exception comes after that."""
    made = ffi.new(kind)
    try:
        make(made)
    except BaseException:
        free(made[0])
        raise
    return owned(made[0], free)


def tell_result(raised: BaseException, result: Result | None) -> None:
    """Adds to what ended a call how that ended."""
    if result is not None:
        # Some exceptions take none.
        with suppress(Exception):
            setattr(raised, "oss_result", result)  # noqa: B010


class Call:
    """A call, with those that make what it needs."""

    def __init__(self, timeout: float | None = None, cancel: Cancel | None = None) -> None:
        self.deadline_ms = 0 if timeout is None else milliseconds(timeout, "timeout")
        self.cancel = owned(lib.oss_cancel_new(), lib.oss_cancel_free)
        self._cancel_of_the_caller = cancel or Cancel()
        self._desk: Desk | None = None
        self._kept: list[CData] = []
        self._bytes: list[CData] = []
        self._result: Result | None = None
        self._raised: BaseException | None = None
        self._why_no_key: BaseException | None = None

    def keep(self, value: CData) -> CData:
        """Keeps what C is lent, until the call is over."""
        self._kept.append(value)
        return value

    def lend_bytes(self, data: bytes | bytearray | memoryview) -> CData:
        """Lends the bytes themselves, until a call that may wait is over."""
        try:
            lent = ffi.from_buffer(data)
        except BufferError:
            raise ValueError("the bytes of a body are to be in one piece") from None
        self._bytes.append(lent)
        return lent

    def make(self, function: CData, *arguments: Any, free: Callable[[CData], None]) -> CData:
        """Calls a function that makes something, and waits for nothing."""
        return take(ffi.typeof(function).args[-2], lambda made: self.do(function, *arguments, made), free)

    def make_strings(self, function: Callable[..., int], *arguments: Any, count: int = 1) -> list[str]:
        """The same for a function that makes texts."""
        made = [ffi.new("oss_string **") for _ in range(count)]
        try:
            self.do(function, *arguments, *made)
            return [string_of(one[0]) for one in made]
        finally:
            for one in made:
                lib.oss_string_free(one[0])

    def do(self, function: Callable[..., int], *arguments: Any) -> Result:
        """Calls a function that waits for nothing."""
        self._forget()
        self._enter(function, *arguments)
        return self._conclude()

    def run(self, function: Callable[..., int], *arguments: Any) -> Result:
        """Calls a function that may wait. On the main thread, Ctrl-C ends it."""
        self._forget()
        # At the end of the interpreter there are no more threads to do it.
        self._desk = None if is_ending() else Desk(lambda: self._enter(function, *arguments), self._interrupt)
        try:
            if self._desk is None:
                self._enter(function, *arguments)
            else:
                self._attend(self._desk)
            return self._conclude()
        except BaseException as raised:
            tell_result(raised, self._result)
            raise
        finally:
            # C no longer uses what it was lent.
            self._desk = None
            while self._bytes:
                ffi.release(self._bytes.pop())

    def _attend(self, desk: Desk) -> None:
        try:
            desk.attend()
        except BaseException:
            # What interrupted a call that was made is raised with how that ended.
            if self._result is None or self._raised is None:
                raise

    def _forget(self) -> None:
        """What the last call came to."""
        self._result = self._raised = self._why_no_key = None

    def _enter(self, function: Callable[..., int], *arguments: Any) -> None:
        outer = getattr(_here, "call", None)
        try:
            _here.call = self
            self._cancel_of_the_caller.begin(self.cancel)
            with within_c(self):
                made = take("oss_result **", lambda result: function(*arguments, result), lib.oss_result_free)
            self._result = read_result(made)
        except BaseException as error:  # Something cannot be given to C.
            self._fail(error)
        finally:
            self._cancel_of_the_caller.end(self.cancel)
            _here.call = outer

    def _conclude(self) -> Result:
        result, raised = self._result, self._raised
        try:
            if result is None:
                raise raised or MemoryError("there is no memory for a result")
            if result.status == Status.CREDENTIALS:
                raised = raised or self._why_no_key
            try:
                if result.status != Status.OK:
                    raise error_of(result)
            finally:
                if raised is not None:
                    # It has the other one for its context.
                    raise raised
            return result
        finally:
            # They hold this frame, with all that was lent, as long as they are held themselves.
            del raised
            self._raised = self._why_no_key = None

    def give_up(self) -> None:
        """The interpreter ends, and this with it."""
        self._interrupt(SystemExit())
        desk = self._desk
        if desk is not None:
            desk.close()

    def attempt(self, function: Callable[[], Value], use: Callable[[Value], object] = lambda _: None) -> int:
        """Calls a function of the caller's, and then uses what it returns. What it raises does not pass through C, and is raised
        when the call is over.

        Memory of C's is touched by `use` alone: the function may go on when C does no longer wait for it.
        """
        return self._ask(function, use, self._fail)

    def attempt_to_get_a_key(self, function: Callable[[], Value], use: Callable[[Value], object]) -> int:
        """The same; but what it raises is raised only if the call cannot do without a new key."""
        return self._ask(function, use, self._do_without)

    def _ask(
        self, function: Callable[[], Value], use: Callable[[Value], object], failed: Callable[[Exception], None]
    ) -> int:
        values: list[Value] = []

        def guarded(step: Callable[[], object]) -> int:
            try:
                try:
                    step()
                    return 0
                except Exception as error:
                    failed(error)
            except BaseException as interruption:
                self._interrupt(interruption)
            return 1

        def called() -> int:
            return guarded(lambda: values.append(function()))

        answer = called() if self._desk is None else self._desk.ask(called)
        return answer or guarded(lambda: use(values[0]))

    def _fail(self, error: BaseException) -> None:
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
