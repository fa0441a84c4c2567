"""Ending calls from elsewhere."""

from ._library import CData, lib


class Cancel:
    """Ends the calls that it is given to, within a tenth of a second. Any thread may fire it, and a signal handler may.

    It stays fired: a call that it is given to afterwards ends at once. Only a function of the caller's is waited for, such as a
    reader; and up to two seconds more if parts are to be removed.
    """

    def __init__(self) -> None:
        self._fired = False
        # Of the calls that are going on. A set and no lock: a signal handler may come in the middle of anything.
        self._running: set[CData] = set()

    @property
    def has_fired(self) -> bool:
        return self._fired

    def fire(self) -> None:
        self._fired = True
        for native in self._running.copy():
            lib.oss_cancel_fire(native)

    def begin(self, native: CData) -> None:
        """A call begins that is ended by a cancel of C's."""
        self._running.add(native)
        if self._fired:
            lib.oss_cancel_fire(native)

    def end(self, native: CData) -> None:
        self._running.discard(native)
