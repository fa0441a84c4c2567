"""Data that the program writes piece by piece."""

from contextlib import suppress
from types import TracebackType

from ._call import Call
from ._handle import Exclusive
from ._library import CData, lib
from .errors import OssError
from .result import Result


class Writer(Exclusive):
    """Takes the data of one object. Leaving a `with` block finishes it, and `result` is how that went; leaving it by an exception
    gives it up. For one thread at a time."""

    def __init__(self, native: CData, call: Call, kept: object) -> None:
        super().__init__(native)
        # All calls are one to C, with the same limits and functions.
        self._call = call
        self._kept = kept
        self._is_ended = False
        #: Once it is finished.
        self.result: Result | None = None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Takes data, and says how much. It is sent in parts, whenever there is enough for one."""
        with self.alone() as native:
            given = self._call.lend_bytes(data)
            self._call.run(lib.oss_writer_write, native, given, len(given))
            return len(given)

    def finish(self) -> Result:
        """Makes the object of what was written, and runs the callback."""
        with self.alone() as native:
            self._is_ended = True
            self.result = self._call.run(lib.oss_writer_finish, native)
            return self.result

    def abort(self) -> Result:
        """Gives up what was written."""
        with self.alone() as native:
            self._is_ended = True
            return self._call.run(lib.oss_writer_abort, native)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self._is_ended:
                return
            if kind is None:
                self.finish()
                return
            if not issubclass(kind, Exception):
                # After Ctrl-C nobody waits for long: C then gives itself two seconds.
                lib.oss_cancel_fire(self._call.cancel)
            # The exception that is on its way says more.
            with suppress(OssError):
                self.abort()
        finally:
            self.close()
