"""What a call that did not succeed raises."""

from .result import Result
from .status import Status, Stored


class OssError(Exception):
    """A call did not succeed. Its result says all there is to know, and `stored` whether the object is stored."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.message)
        self.result = result

    def __reduce__(self) -> tuple[type["OssError"], tuple[Result]]:
        """It can be pickled, as what comes from another process is."""
        return type(self), (self.result,)

    @property
    def stored(self) -> Stored:
        return self.result.stored


class InvalidArgument(OssError, ValueError):
    """An argument breaks a rule, which the message names. Nothing was sent."""


class LocalIOError(OssError, OSError):
    """The data could not be read, or a checkpoint or an outbox not be read or written."""


class SourceChanged(OssError):
    """The file no longer had the bytes that were sent: upload it again when it is at rest."""


class Cancelled(OssError):
    """A `Cancel` was fired."""


class CredentialsError(OssError):
    """There is no access key to sign with. Nothing was sent."""


class CheckpointBusy(OssError):
    """Another call is using the checkpoint. Nothing was sent."""


class OutOfMemory(OssError, MemoryError):
    """There is no memory for what has to be held."""


class NetworkError(OssError):
    """No connection could be made, or it broke, in every attempt."""


class Timeout(OssError, TimeoutError):
    """A time-out ended the call."""


class TLSError(OssError):
    """There is no TLS with the server; the message says why."""


class ServiceError(OssError):
    """OSS refused: `result.error_code` is its word for that."""


class IntegrityError(OssError):
    """What OSS has is not what was sent, by its CRC-64."""


class BadResponse(OssError):
    """The reply makes no sense, or is not OSS's."""


class CallbackError(OssError):
    """The object is stored, but its callback failed, or what became of it is not known. Do not upload it again."""


class CallbackFailed(CallbackError):
    """The object is stored, but the application server did not answer as it should; `result.body` says why.

    Tell that server by other means: `Callback.render()` makes the body that it should have got.
    """


class CallbackUnknown(CallbackError):
    """The object is stored, but what became of the callback is not known. Ask the application server whether it knows."""


class NotAuthentic(OssError):
    """A callback request does not come from OSS."""


class InternalError(OssError):
    """A defect of the library."""


_BY_STATUS = {
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.LOCAL_IO: LocalIOError,
    Status.SOURCE_CHANGED: SourceChanged,
    Status.CANCELLED: Cancelled,
    Status.CREDENTIALS: CredentialsError,
    Status.CHECKPOINT_BUSY: CheckpointBusy,
    Status.OUT_OF_MEMORY: OutOfMemory,
    Status.NETWORK: NetworkError,
    Status.TIMEOUT: Timeout,
    Status.TLS: TLSError,
    Status.SERVICE: ServiceError,
    Status.INTEGRITY: IntegrityError,
    Status.BAD_RESPONSE: BadResponse,
    Status.CALLBACK_FAILED: CallbackFailed,
    Status.CALLBACK_UNKNOWN: CallbackUnknown,
    Status.NOT_AUTHENTIC: NotAuthentic,
    Status.INTERNAL: InternalError,
}


def error_of(result: Result) -> OssError:
    return _BY_STATUS[result.status](result)


def result_of(raised: BaseException) -> Result | None:
    """How the call ended that raised this, whoever made the exception."""
    result: Result | None = raised.result if isinstance(raised, OssError) else getattr(raised, "oss_result", None)
    return result
