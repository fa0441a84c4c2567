"""What each request of a call came to."""

from collections.abc import Callable
from dataclasses import dataclass

from ._library import CData, lib, string
from .status import Status


@dataclass(frozen=True)
class Times:
    """What attempts spent their time on, in seconds. But for `pausing`, which was before, it is all of their time."""

    #: How long the call did nothing before.
    pausing: float
    #: Finding the addresses of the host, or of the proxy.
    resolving: float
    #: Reaching one of them, and a proxy's tunnel.
    connecting: float
    #: Handshakes.
    tls: float
    #: Signing, and handing the request to the system, waits for the data and for a rate limit included.
    sending: float
    #: Until the head of the reply was there.
    waiting: float
    #: The rest of the reply.
    receiving: float


@dataclass(frozen=True)
class Attempt:
    """A request of a call."""

    #: Counts the requests of the call, from 1.
    number: int
    #: What it asked for, such as "PutObject".
    operation: str
    #: The part's number, or 0.
    part_number: int
    status: Status
    #: That of the reply; 0 without one.
    http_status: int
    request_id: str
    #: OSS's name for what was wrong.
    error_code: str
    #: Where its connection led; empty when none was made.
    address: str
    #: Why it was sent again what it sent; empty when it was sent for the first time.
    reason: str
    #: Whether its connection was used before.
    is_reused: bool
    #: Whether it is one of those that `BucketOptions.max_attempts` limits.
    is_counted: bool
    times: Times
    bytes_sent: int
    #: What of that is known to have arrived.
    bytes_acknowledged: int


@dataclass(frozen=True)
class AttemptSum:
    """What all attempts of a call came to together."""

    attempts: int
    times: Times
    bytes_sent: int
    bytes_acknowledged: int


def attempts_of(result: CData) -> tuple[Attempt, ...]:
    return tuple(_attempt(result, index) for index in range(lib.oss_result_attempt_count(result)))


def sum_of(result: CData) -> AttemptSum:
    return AttemptSum(
        attempts=lib.oss_result_sum_attempts(result),
        times=_times(lambda phase: lib.oss_result_sum_us(result, phase)),
        bytes_sent=lib.oss_result_sum_bytes_sent(result),
        bytes_acknowledged=lib.oss_result_sum_bytes_acknowledged(result),
    )


def _attempt(result: CData, index: int) -> Attempt:
    return Attempt(
        number=lib.oss_result_attempt_number(result, index),
        operation=string(lib.oss_result_attempt_operation(result, index)),
        part_number=lib.oss_result_attempt_part_number(result, index),
        status=Status(lib.oss_result_attempt_status(result, index)),
        http_status=lib.oss_result_attempt_http_status(result, index),
        request_id=string(lib.oss_result_attempt_request_id(result, index)),
        error_code=string(lib.oss_result_attempt_error_code(result, index)),
        address=string(lib.oss_result_attempt_address(result, index)),
        reason=string(lib.oss_result_attempt_reason(result, index)),
        is_reused=bool(lib.oss_result_attempt_is_reused(result, index)),
        is_counted=bool(lib.oss_result_attempt_is_counted(result, index)),
        times=_times(lambda phase: lib.oss_result_attempt_us(result, index, phase)),
        bytes_sent=lib.oss_result_attempt_bytes_sent(result, index),
        bytes_acknowledged=lib.oss_result_attempt_bytes_acknowledged(result, index),
    )


def _times(microseconds: Callable[[int], int]) -> Times:
    return Times(
        pausing=microseconds(lib.OSS_PHASE_PAUSING) / 1e6,
        resolving=microseconds(lib.OSS_PHASE_RESOLVING) / 1e6,
        connecting=microseconds(lib.OSS_PHASE_CONNECTING) / 1e6,
        tls=microseconds(lib.OSS_PHASE_TLS) / 1e6,
        sending=microseconds(lib.OSS_PHASE_SENDING) / 1e6,
        waiting=microseconds(lib.OSS_PHASE_WAITING) / 1e6,
        receiving=microseconds(lib.OSS_PHASE_RECEIVING) / 1e6,
    )
