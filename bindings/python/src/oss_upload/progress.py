"""How a call gets on."""

from collections.abc import Callable
from dataclasses import dataclass

from ._call import Call, current
from ._library import LENGTH_UNKNOWN, CData, ffi, lib


@dataclass(frozen=True)
class Progress:
    """How far a call is, in bytes."""

    #: How many there are, if that is known.
    total: int | None
    #: What the system has taken to send, with what OSS has accepted. It falls back when a request fails.
    sent: int
    #: What of that has been acknowledged on the network.
    acknowledged: int
    #: What OSS has said that it has, in whole parts. It only grows.
    accepted: int
    parts_done: int
    #: How many parts there are; 0 as long as that is not known.
    parts: int
    #: How many requests have come to their end.
    attempts: int
    #: Bytes a second in the last seconds.
    rate: int


#: Is told how a call gets on, at least four times a second. What it raises ends the call, and is raised by it.
ProgressFunction = Callable[[Progress], object]


def observe(call: Call, setter: Callable[..., int], options: CData, function: ProgressFunction | None) -> None:
    """Has a function told how the call gets on that the options are for."""
    if function is not None:
        setter(options, _tell, call.keep(ffi.new_handle(function)))


@ffi.callback("oss_progress_fn", error=1)
def _tell(function: CData, told: CData) -> int:
    observed, progress = ffi.from_handle(function), _progress(told)
    return current().attempt(lambda: observed(progress))


def _progress(told: CData) -> Progress:
    total = lib.oss_progress_total(told)
    return Progress(
        total=None if total == LENGTH_UNKNOWN else total,
        sent=lib.oss_progress_sent(told),
        acknowledged=lib.oss_progress_acknowledged(told),
        accepted=lib.oss_progress_accepted(told),
        parts_done=lib.oss_progress_parts_done(told),
        parts=lib.oss_progress_parts(told),
        attempts=lib.oss_progress_attempts(told),
        rate=lib.oss_progress_rate(told),
    )
