"""The end of the interpreter, which nothing outlasts that is within C and may call a function from there.

Python ends a thread that is not the main one where it next needs the interpreter. Within a function that C has called that would
be in the middle of C, which does not survive it. So all calls are ended before, and none is made afterwards; but what the thread
that ends the interpreter has left to do, as in a `__del__`, it does itself.
"""

import atexit
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# In seconds.
_PAUSE = 0.005


class Running(Protocol):
    """What is within C."""

    def give_up(self) -> None:
        """Has it end soon, without any more functions of the caller's. Once may not be enough."""


# And the thread on which it is.
_running: dict[Running, threading.Thread] = {}
# The thread that ends the interpreter.
_last: int | None = None


def is_ending() -> bool:
    return _last is not None


@contextmanager
def within_c(running: Running) -> Iterator[None]:
    """For what is within C. It comes to nothing, and ends its thread, once the interpreter ends."""
    # First this and then the question, for the two are asked in the other order when it ends.
    _running[running] = threading.current_thread()
    try:
        if _last not in (None, threading.get_ident()):
            raise SystemExit
        yield
    finally:
        _running.pop(running, None)


def _of_others() -> list[Running]:
    """What is within C on other threads. An interrupt at the very edge of a call may leave it here when it has ended."""
    this = threading.current_thread()
    return [running for running, thread in _running.copy().items() if thread is not this and thread.is_alive()]


def _end() -> None:
    global _last
    _last = threading.get_ident()
    while running_still := _of_others():
        for running in running_still:
            running.give_up()
        time.sleep(_PAUSE)


atexit.register(_end)
# Other threads are not in the child.
os.register_at_fork(after_in_child=_running.clear)
