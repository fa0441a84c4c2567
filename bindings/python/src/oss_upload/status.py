"""How a call ended."""

from enum import IntEnum

from ._library import lib


class Status(IntEnum):
    """How a call ended. Each but OK has an exception of its own, which says more."""

    OK = lib.OSS_STATUS_OK
    INVALID_ARGUMENT = lib.OSS_STATUS_INVALID_ARGUMENT
    LOCAL_IO = lib.OSS_STATUS_LOCAL_IO
    SOURCE_CHANGED = lib.OSS_STATUS_SOURCE_CHANGED
    CANCELLED = lib.OSS_STATUS_CANCELLED
    CREDENTIALS = lib.OSS_STATUS_CREDENTIALS
    CHECKPOINT_BUSY = lib.OSS_STATUS_CHECKPOINT_BUSY
    OUT_OF_MEMORY = lib.OSS_STATUS_OUT_OF_MEMORY
    NETWORK = lib.OSS_STATUS_NETWORK
    TIMEOUT = lib.OSS_STATUS_TIMEOUT
    TLS = lib.OSS_STATUS_TLS
    SERVICE = lib.OSS_STATUS_SERVICE
    INTEGRITY = lib.OSS_STATUS_INTEGRITY
    BAD_RESPONSE = lib.OSS_STATUS_BAD_RESPONSE
    CALLBACK_FAILED = lib.OSS_STATUS_CALLBACK_FAILED
    CALLBACK_UNKNOWN = lib.OSS_STATUS_CALLBACK_UNKNOWN
    NOT_AUTHENTIC = lib.OSS_STATUS_NOT_AUTHENTIC
    INTERNAL = lib.OSS_STATUS_INTERNAL

    @classmethod
    def _missing_(cls, value: object) -> "Status":
        # One that a later library has; its message tells.
        return cls.INTERNAL


class Stored(IntEnum):
    """Whether the object is stored. YES and NO are said where something proves it, UNKNOWN is the rest."""

    NO = lib.OSS_STORED_NO
    YES = lib.OSS_STORED_YES
    UNKNOWN = lib.OSS_STORED_UNKNOWN
