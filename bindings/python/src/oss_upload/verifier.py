"""For the server that receives callbacks."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from ._call import Call, milliseconds, milliseconds_or_none
from ._handle import Handle
from ._library import NULL, AnyPath, CData, lib, optional_text, owned, text
from ._settings import Settings
from .cancel import Cancel

#: A mapping, or pairs of names and values as ASGI has them. Upper and lower case are the same.
Headers = Mapping[str, str] | Iterable[tuple[str | bytes, str | bytes]]

_SIGNED_BY = ("authorization", "x-oss-pub-key-url", "x-oss-signature-version")


class Verifier(Handle):
    """Says whether callback requests come from OSS. Keep it: it remembers the service's key. Any number of threads may use it.

    By default it believes the key that the service publishes at its official place, and fetches it when it is first needed.
    """

    def __init__(
        self,
        *,
        public_key: str | None = None,
        key_prefixes: Sequence[str] = (),
        fetch_timeout: float | None = None,
        cache_time: float | None = None,
        ca_file: AnyPath | None = None,
    ) -> None:
        """With a public key in PEM form, nothing is fetched. Key prefixes are what the URL of a key must begin with, in the
        place of the official ones. A key that was fetched is kept for the cache time, a day by default."""
        super().__init__(owned(lib.oss_callback_verifier_new(), lib.oss_callback_verifier_free))
        made = Settings(self.native, lib.oss_callback_verifier_error)
        made.set(lib.oss_callback_verifier_set_public_key, public_key, "public_key")
        for prefix in key_prefixes:
            made.add(lib.oss_callback_verifier_add_key_prefix, (prefix, "a prefix in key_prefixes"))
        if fetch_timeout is not None:
            made.give(lib.oss_callback_verifier_set_fetch_timeout_ms, milliseconds(fetch_timeout, "fetch_timeout"))
        if cache_time is not None:
            cache_time_s = round(milliseconds_or_none(cache_time, "cache_time") / 1000)
            made.give(lib.oss_callback_verifier_set_cache_time_s, cache_time_s)
        made.set_path(lib.oss_callback_verifier_set_ca_file, ca_file, "ca_file")

    def verify(
        self,
        method: str,
        url: str,
        headers: Headers,
        body: bytes,
        *,
        timeout: float | None = None,
        cancel: Cancel | None = None,
    ) -> None:
        """Returns if a request comes from OSS, and raises `NotAuthentic` if it does not. With any other `OssError` that could
        not be found out: do not believe the request, and answer 503.

        The URL is that of the request line, or a whole one, with nothing decoded; the body is the raw one. OSS signs no method, so
        that a signature would be as good for any other: one that is not POST is a ValueError.
        """
        if method != "POST":
            raise ValueError(f"a callback is a POST and no {method}")
        call = Call(timeout, cancel)
        limits = (call.deadline_ms, call.cancel)
        limited = call.make(
            lib.oss_callback_verifier_with_limits, self.native, *limits, free=lib.oss_callback_verifier_free
        )
        call.run(lib.oss_callback_verify_request, limited, *_request(call, url, body, _by_name(headers)))


def _request(call: Call, url: str, body: bytes, headers: dict[str, str]) -> list[CData]:
    """What the C function is told of a request."""
    data = call.lend_bytes(body)
    try:
        signed = [optional_text(headers.get(name), name) for name in _SIGNED_BY]
        return [text(_target(url), "url"), data, len(data), *signed]
    except ValueError:
        # OSS sends nothing that cannot be given to C. Without its headers, the request is not believed.
        return [b"/", data, len(data), NULL, NULL, NULL]


def _target(url: str) -> str:
    """Path and query."""
    if url.startswith("/"):
        return url
    host = urlsplit(url).netloc
    target = url.partition("://")[2].removeprefix(host).partition("#")[0]
    return target if target.startswith("/") else "/" + target


def _by_name(headers: Headers) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {_word(name).lower(): _word(value) for name, value in pairs}


def _word(word: str | bytes) -> str:
    return word if isinstance(word, str) else word.decode("latin-1")
