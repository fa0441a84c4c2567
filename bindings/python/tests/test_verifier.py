"""For the server that receives callbacks."""

import pytest
from conftest import AppServer, Emulator, Heard

from oss_upload import BadResponse, Bucket, Callback, NotAuthentic, Verifier
from oss_upload.verifier import _target


@pytest.fixture
def heard(bucket: Bucket, app: AppServer) -> Heard:
    bucket.put("key", b"hello", Callback(app.url + "?a=%2F", "object=${object}"))
    return app.heard[0]


def test_request_of_oss_is_believed_however_it_is_handed_over(emulator: Emulator, heard: Heard) -> None:
    in_asgi = [(name.lower().encode(), value.encode()) for name, value in heard.headers.items()]
    for verifier in (
        Verifier(public_key=emulator.public_key()),
        Verifier(key_prefixes=[emulator.endpoint + "/"], fetch_timeout=2, cache_time=60),
    ):
        verifier.verify("POST", heard.target, heard.headers, heard.body)
        verifier.verify("POST", "https://app.example.com" + heard.target, in_asgi, heard.body, timeout=5)
        verifier.verify(
            "POST", heard.target, {name.upper(): value for name, value in heard.headers.items()}, heard.body
        )


def test_forged_request_is_not_believed(emulator: Emulator, heard: Heard) -> None:
    verifier = Verifier(public_key=emulator.public_key())
    with pytest.raises(NotAuthentic):
        verifier.verify("POST", heard.target, heard.headers, heard.body + b"&size=1")
    with pytest.raises(NotAuthentic):
        verifier.verify("POST", heard.target + "&b", heard.headers, heard.body)
    with pytest.raises(NotAuthentic):
        verifier.verify("POST", heard.target, {}, heard.body)
    with pytest.raises(NotAuthentic):
        Verifier().verify("POST", heard.target, heard.headers, heard.body)
    with pytest.raises(ValueError, match="GET"):
        verifier.verify("GET", heard.target, heard.headers, heard.body)


def test_what_cannot_be_sent_is_not_authentic(emulator: Emulator, heard: Heard) -> None:
    receiver = Verifier(public_key=emulator.public_key())
    for name in ("authorization", "x-oss-pub-key-url", "x-oss-signature-version"):
        for value in ("a\0b", "\udc80", b"\0"):
            headers = [*heard.headers.items(), (name, value)]
            with pytest.raises(NotAuthentic):
                receiver.verify("POST", heard.target, headers, heard.body)
    for url in ("/a\0", "/\udc80", "http://[", ""):
        with pytest.raises(NotAuthentic):
            receiver.verify("POST", url, heard.headers, heard.body)


def test_target_of_a_url_is_what_the_request_line_has() -> None:
    for url, target in (
        ("/a%2F?b=//c", "/a%2F?b=//c"),
        ("//a/b", "//a/b"),
        ("https://app.example.com/a?b", "/a?b"),
        ("https://app.example.com?b=/c", "/?b=/c"),
        ("https://app.example.com", "/"),
        ("https://app.example.com/a?", "/a?"),
        ("https://app.example.com/a#b", "/a"),
    ):
        assert _target(url) == target


def test_what_could_not_be_found_out_is_not_called_forged(emulator: Emulator, heard: Heard) -> None:
    verifier = Verifier(public_key=emulator.public_key())
    with pytest.raises(BadResponse):
        verifier.verify("POST", heard.target, {**heard.headers, "x-oss-signature-version": "9"}, heard.body)


def test_setting_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError):
        Verifier(public_key="no key")
    with pytest.raises(ValueError):
        Verifier(key_prefixes=["nonsense"])
