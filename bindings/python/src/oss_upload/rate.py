"""A rate that calls share."""

from ._handle import Handle
from ._library import ffi, lib, numbers_for_c


class Rate(Handle):
    """So many bytes a second over all calls whose options name it; 0 for as many as there can be."""

    def __init__(self, bytes_per_second: int) -> None:
        with numbers_for_c():
            super().__init__(ffi.gc(lib.oss_rate_new(bytes_per_second), lib.oss_rate_free))

    def set(self, bytes_per_second: int) -> None:
        """Changes it, for calls that are going on too. Any thread may."""
        with numbers_for_c():
            lib.oss_rate_set(self.native, bytes_per_second)
