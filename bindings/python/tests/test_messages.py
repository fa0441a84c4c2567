"""What is said of values that cannot be: what they are for, and the rule, but never the values."""

import array
import copy
import ctypes
import dataclasses
import pickle
from collections.abc import Callable

import pytest
from conftest import Emulator, stored

from oss_upload import (
    AccessKey,
    Bucket,
    BucketOptions,
    Callback,
    Credentials,
    FileRange,
    InvalidArgument,
    Presigned,
    PutOptions,
    Rate,
    Result,
    Sized,
    UploadOptions,
    put_to_url,
)

SECRET = "SECRET"
NOWHERE = "http://127.0.0.1:9"


def opened(**options: object) -> Bucket:
    return Bucket(NOWHERE, "bucket", Credentials.anonymous(), BucketOptions(**options))  # type: ignore[arg-type]


def url(end: str) -> str:
    return f"{NOWHERE}/{SECRET}{end}"


TEXTS: dict[str, Callable[[str], object]] = {
    "access_key_id": lambda end: Credentials(SECRET + end, "secret"),
    "access_key_secret": lambda end: Credentials("id", SECRET + end),
    "security_token": lambda end: Credentials("id", "secret", SECRET + end),
    "command": lambda end: Credentials.from_process(SECRET + end),
    "uri": lambda end: Credentials.from_uri(url(end)),
    "proxy": lambda end: opened(proxy=url(end)),
    "key": lambda end: opened().put(SECRET + end, b""),
    "url": lambda end: put_to_url(Presigned("PUT", url(end)), b""),
    "a value in headers": lambda end: put_to_url(Presigned("PUT", NOWHERE, {"name": SECRET + end}), b""),
    "a name in metadata": lambda end: opened().put("key", b"", options=PutOptions(metadata={SECRET + end: ""})),
    "a value in metadata": lambda end: opened().put("key", b"", options=PutOptions(metadata={"name": SECRET + end})),
    "a value in variables": lambda end: Callback(NOWHERE, "a", variables={"x:a": SECRET + end}).encode(),
    "a URL in more_urls": lambda end: Callback(NOWHERE, "a", more_urls=[url(end)]).encode(),
}


@pytest.mark.parametrize("what", TEXTS)
def test_text_that_cannot_be_is_named_and_not_shown(what: str) -> None:
    for end, rule in {"\0": "NUL", "\udcff": "surrogate"}.items():
        with pytest.raises(ValueError, match=f"^{what} .*{rule}") as raised:
            TEXTS[what](end)
        assert SECRET not in repr(raised.value) and raised.value.__context__ is None


def test_secret_that_a_function_gives_is_not_shown() -> None:
    credentials = Credentials.from_function(lambda: AccessKey("id", SECRET + "\0"))
    with pytest.raises(ValueError, match="^secret holds a NUL$"):
        Bucket(NOWHERE, "bucket", credentials).put("key", b"")


def test_what_may_hold_a_password_is_not_shown() -> None:
    callback = Callback(
        url(""), "object=${object}", more_urls=[url("")], headers={"Authorization": SECRET}, variables={"x:a": SECRET}
    )
    assert SECRET not in repr(callback) and "object=${object}" in repr(callback)
    assert SECRET not in repr(BucketOptions(proxy=url("")))
    assert SECRET not in repr(AccessKey("id", SECRET, SECRET))


OTHERS: dict[str, Callable[[], object]] = {
    "key .*str, not bytes": lambda: opened().put(b"key", b""),  # type: ignore[arg-type]
    "key .*str, not NoneType": lambda: opened().stat(None),  # type: ignore[arg-type]
    "region .*str, not int": lambda: opened(region=5),
    "max_attempts cannot be -1": lambda: opened(max_attempts=-1),
    "max_attempts .*int, not str": lambda: opened(max_attempts="3"),
    "ca_file .*path, not int": lambda: opened(ca_file=5),
    "rate cannot be int": lambda: opened(rate=5),
    "stall_timeout cannot be -1": lambda: opened(stall_timeout=-1),
    "timeout cannot be 1e[+]300": lambda: opened().stat("key", timeout=1e300),
    "timeout .*seconds, not str": lambda: opened().stat("key", timeout="5"),  # type: ignore[arg-type]
    "part_size cannot be -1": lambda: opened().upload("key", b"", options=UploadOptions(part_size=-1)),
    "parallel cannot be 4294967296": lambda: opened().upload("key", b"", options=UploadOptions(parallel=2**32)),
    "a value in metadata .*None": lambda: opened().put("k", b"", options=PutOptions(metadata={"a": None})),  # type: ignore[dict-item]
    "position cannot be -1": lambda: opened().append("key", -1, b""),
    "limit cannot be -1": lambda: opened().list_uploads(limit=-1),
    "lifetime cannot be -1": lambda: opened().presign_get("key", -1),
    "length cannot be -1": lambda: opened().put("key", Sized([b""], -1)),
    "offset cannot be -1": lambda: opened().put("key", FileRange(0, -1, 1)),
    "bytes_per_second cannot be -1": lambda: Rate(-1),
    "int is no body": lambda: opened().put("key", 5),  # type: ignore[arg-type]
    "options .*UploadOptions, not PutOptions": lambda: opened().upload("key", b"", options=PutOptions()),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("message", OTHERS)
def test_what_cannot_be_is_named(message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        OTHERS[message]()


def test_option_that_only_an_upload_has_is_refused_elsewhere(bucket: Bucket) -> None:
    for name, value in {"checkpoint": "folder", "part_size": 2**20, "keep_parts": True, "rate_limit": 1}.items():
        options = UploadOptions(**{name: value})  # type: ignore[arg-type]
        calls: list[Callable[[], object]] = [
            lambda options=options: bucket.put("key", b"", options=options),  # type: ignore[misc]
            lambda options=options: bucket.begin_multipart("key", options),  # type: ignore[misc]
        ]
        for call in calls:
            with pytest.raises(ValueError, match=f"^{name} "):
                call()
    bucket.put("key", b"", options=UploadOptions(content_type="text/plain"))


def test_everything_like_bytes_is_a_body(bucket: Bucket) -> None:
    for body in (array.array("H", [0x4141]), (ctypes.c_char * 2)(b"A", b"A"), memoryview(b"AA")):
        bucket.put("like", body)  # type: ignore[arg-type]
        assert stored(bucket, "like") == b"AA"
        bucket.upload("like", body)  # type: ignore[arg-type]
        assert stored(bucket, "like") == b"AA"
    with pytest.raises(ValueError, match="in one piece"):
        bucket.put("like", memoryview(b"A_A_")[::2])


def test_what_can_be_read_once_may_be_so_long(bucket: Bucket) -> None:
    pieces = (bytes(1024) for _ in range(5 * 1024))
    with pytest.raises(InvalidArgument, match="a managed upload, .* takes any number"):
        bucket.put("long", Sized(pieces, 5 * 1024**2))
    with pytest.raises(InvalidArgument, match="length of its data; a managed upload, .* does not"):
        bucket.put("long", [b""])


def test_result_can_be_copied(emulator: Emulator) -> None:
    result: Result = emulator.open().put("key", b"")
    for copied in (copy.copy(result), copy.deepcopy(result), copy.deepcopy([result])[0]):
        assert copied == result and copied.header("x-oss-request-id") == result.request_id
    assert dataclasses.asdict(result)["request_id"] == result.request_id
    assert pickle.loads(pickle.dumps(result)) == result


def test_exception_that_takes_no_attributes_is_raised_as_it_is(bucket: Bucket) -> None:
    class Odd(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            raise TypeError

    def fail(_: object) -> None:
        raise Odd

    with pytest.raises(Odd):
        bucket.put("key", b"", options=PutOptions(progress=fail))


def test_function_may_make_a_call_of_its_own(bucket: Bucket) -> None:
    bucket.put("outer", b"outer", options=PutOptions(progress=lambda _: bucket.put("inner", b"inner")))
    assert stored(bucket, "inner") == b"inner"
