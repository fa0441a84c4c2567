"""Lines for a log."""

import logging
from collections.abc import Callable

from ._call import current
from ._library import CData, ffi, lib, string

#: Is told a level of the module logging and a line, as the method `log` of a logger is. What it raises ends the call.
LogFunction = Callable[[int, str], object]

LEVELS: dict[int, int] = {
    lib.OSS_LOG_LEVEL_ERROR: logging.ERROR,
    lib.OSS_LOG_LEVEL_WARNING: logging.WARNING,
    lib.OSS_LOG_LEVEL_INFO: logging.INFO,
    lib.OSS_LOG_LEVEL_DEBUG: logging.DEBUG,
}


def level_of(level: int) -> int | None:
    """C's level for one of the module logging; `None` if no line of C's is as grave."""
    named = [ours for ours, theirs in LEVELS.items() if theirs >= level]
    return max(named, default=None)


@ffi.callback("oss_log_fn", error=1)
def tell(function: CData, level: int, line: CData) -> int:
    log, said = ffi.from_handle(function), string(line)
    return current().attempt(lambda: log(LEVELS.get(level, logging.INFO), said))
