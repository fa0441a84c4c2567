"""A rate that calls share."""

from ._handle import Handle
from ._library import integer, lib, owned


class Rate(Handle):
    """So many bytes a second over all calls whose options name it; 0 for as many as there can be."""

    def __init__(self, bytes_per_second: int) -> None:
        rate = integer(bytes_per_second, "bytes_per_second")
        super().__init__(owned(lib.oss_rate_new(rate), lib.oss_rate_free))

    def set(self, bytes_per_second: int) -> None:
        """Changes it, for calls that are going on too. Any thread may."""
        lib.oss_rate_set(self.native, integer(bytes_per_second, "bytes_per_second"))
