"""What application servers are yet to hear of."""

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone

from ._call import Call, milliseconds_or_none
from ._handle import Exclusive, Handle
from ._library import NULL, AnyPath, ffi, lib, path, string
from ._log import LogFunction, tell
from .callback import lend_values
from .status import Stored

# Of what a timedelta can hold, a century.
_LONGEST_MS = 100 * 365 * 24 * 3600 * 1000


class Outbox(Handle):
    """A folder in which it is kept that application servers are yet to hear of uploads. Any number of processes may use it at once.

    An upload with a callback and `PutOptions.outbox` has a record there before the request goes out that may run the callback; it
    goes when the application server's answer has come. `Bucket.deliver()` makes up for what stays. Iterating gives what is owed,
    the oldest first; nobody else can take up what was given until the loop goes on.
    """

    def __init__(self, folder: AnyPath, log: LogFunction | None = None) -> None:
        super().__init__(Call().make(lib.oss_outbox_open, path(folder, "folder"), free=lib.oss_outbox_free))
        # Wherever the program goes.
        self._folder = os.path.abspath(os.fspath(folder))
        self._log = log
        if log is not None:
            self._log_handle = ffi.new_handle(log)
            lib.oss_outbox_set_log(self.native, tell, self._log_handle)

    def __iter__(self) -> "Iterator[Owed]":
        self.native  # noqa: B018
        return self._walk()

    def _walk(self) -> "Iterator[Owed]":
        # Each walk has a place of its own.
        with Outbox(self._folder, self._log) as walk:
            while (owed := walk._next()) is not None:
                with owed:
                    yield owed

    def _next(self) -> "Owed | None":
        native = Call().make(lib.oss_outbox_next, self.native, free=lib.oss_owed_free)
        return None if native == NULL else Owed(native)


class Owed(Exclusive):
    """A callback that is owed: a record that nobody else can take up meanwhile. `Bucket.settle()` makes up for it."""

    @property
    def url(self) -> str:
        """That of the object, without a query."""
        return string(lib.oss_owed_url(self.native))

    @property
    def bucket(self) -> str:
        """The bucket's name; empty for an upload to a URL or by a form."""
        return string(lib.oss_owed_bucket(self.native))

    @property
    def key(self) -> str:
        """That of the object; empty for an upload to a URL."""
        return string(lib.oss_owed_key(self.native))

    @property
    def upload_id(self) -> str:
        """That of the upload in parts that made the object; empty if it was none."""
        return string(lib.oss_owed_upload_id(self.native))

    @property
    def etag(self) -> str:
        """That of the object; empty as long as OSS has not said it."""
        return string(lib.oss_owed_etag(self.native))

    @property
    def content_type(self) -> str:
        return string(lib.oss_owed_content_type(self.native))

    @property
    def message(self) -> str:
        """How the call, or the last try to make up for it, ended."""
        return string(lib.oss_owed_message(self.native))

    @property
    def size(self) -> int | None:
        """That of the object, if it is known."""
        size = ffi.new("uint64_t *")
        return size[0] if lib.oss_owed_size(self.native, size) else None

    @property
    def crc64(self) -> int | None:
        """That of the object, if it is known."""
        crc64 = ffi.new("uint64_t *")
        return crc64[0] if lib.oss_owed_crc64(self.native, crc64) else None

    @property
    def stored(self) -> Stored:
        """Whether the object was stored when it was last known: YES or UNKNOWN."""
        return Stored(lib.oss_owed_stored(self.native))

    @property
    def since(self) -> datetime:
        """When the upload began, by the clock of the machine that made it."""
        return datetime.fromtimestamp(lib.oss_owed_since_ms(self.native) / 1000, timezone.utc)

    @property
    def tries(self) -> int:
        """How often it was tried to make up for it."""
        tries: int = lib.oss_owed_tries(self.native)
        return tries

    @property
    def due_in(self) -> timedelta:
        """When it is to be tried next."""
        milliseconds: int = lib.oss_owed_due_in_ms(self.native)
        return timedelta(milliseconds=min(milliseconds, _LONGEST_MS))

    def render(self, values: Mapping[str, str] | None = None) -> str:
        """The body that OSS would send, as `Callback.render()` makes it."""
        call = Call()
        [body] = call.make_strings(lib.oss_owed_render, self.native, lend_values(call, values))
        return body

    def done(self) -> None:
        """Takes the record away: the program told its server by itself, or has given it up."""
        with self.alone() as native:
            Call().do(lib.oss_owed_done, native)

    def postpone(self, seconds: float) -> None:
        """Puts off the next try of `Bucket.deliver()`."""
        with self.alone() as native:
            Call().do(lib.oss_owed_postpone, native, milliseconds_or_none(seconds, "seconds"))
