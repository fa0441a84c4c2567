"""Functions of the caller's, which a call calls."""

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from conftest import AppServer, Emulator

from oss_upload import (
    AccessKey,
    Bucket,
    Callback,
    CallbackFailed,
    Cancelled,
    Credentials,
    CredentialsError,
    LocalIOError,
    OssError,
    Progress,
    PutOptions,
    Result,
    ServiceError,
    Status,
    Stored,
    UploadOptions,
)


class Mine(Exception):
    pass


def fail(*_: object) -> None:
    raise Mine


def no_key() -> AccessKey:
    raise Mine


def failing_pieces() -> Iterator[bytes]:
    yield b"first"
    raise Mine


def calls(emulator: Emulator) -> list[tuple[Callable[[], object], type[OssError]]]:
    """Calls with a function that fails, and what they are without its exception."""
    bucket = emulator.open()
    logging_one = emulator.open(log=fail, log_level=logging.DEBUG)
    without_key = emulator.open(Credentials.from_function(no_key))
    return [
        (lambda: bucket.upload("key", failing_pieces()), LocalIOError),
        (lambda: bucket.put("key", b"", options=PutOptions(progress=fail)), Cancelled),
        (lambda: bucket.upload("key", b"data", options=UploadOptions(progress=fail)), Cancelled),
        (lambda: logging_one.put("key", b""), Cancelled),
        (lambda: without_key.put("key", b""), CredentialsError),
    ]


@pytest.mark.parametrize("which", range(5))
def test_what_a_function_raises_reaches_the_caller(emulator: Emulator, which: int) -> None:
    call, otherwise = calls(emulator)[which]
    raised: list[BaseException] = []

    def catch() -> None:
        try:
            call()
        except Mine as error:
            raised.append(error)

    catch()
    on_a_thread = threading.Thread(target=catch)
    on_a_thread.start()
    on_a_thread.join()
    assert len(raised) == 2
    for error in raised:
        assert isinstance(error.__context__, otherwise)
        assert error.__context__.result.message


def test_functions_run_on_the_thread_that_made_the_call(emulator: Emulator) -> None:
    threads: set[int] = set()

    def key() -> AccessKey:
        threads.add(threading.get_ident())
        return AccessKey(emulator.access_key_id, emulator.access_key_secret)

    def pieces() -> Iterator[bytes]:
        threads.add(threading.get_ident())
        yield b"data"

    def note(*_: object) -> None:
        threads.add(threading.get_ident())

    def upload() -> int:
        threads.clear()
        bucket = emulator.open(Credentials.from_function(key), log=note)
        bucket.upload("key", pieces(), options=UploadOptions(progress=note))
        return threading.get_ident()

    assert threads == {upload()}
    thread = threading.Thread(target=lambda: made.append(upload()))
    made: list[int] = []
    thread.start()
    thread.join()
    assert threads == set(made)


def test_key_is_asked_for_once_a_life(emulator: Emulator) -> None:
    asked: list[None] = []

    def key() -> AccessKey:
        asked.append(None)
        expires = datetime.now(timezone.utc) + timedelta(hours=1)
        return AccessKey(emulator.access_key_id, emulator.access_key_secret, expires=expires)

    with emulator.open(Credentials.from_function(key)) as bucket:
        bucket.put("key", b"")
        bucket.put("key", b"")
    assert len(asked) == 1


def test_key_that_does_not_come_again_hides_no_other_failure(emulator: Emulator) -> None:
    asked: list[None] = []

    def key() -> AccessKey:
        asked.append(None)
        if len(asked) == 1:
            expires = datetime.now(timezone.utc) + timedelta(hours=1)
            return AccessKey(emulator.access_key_id, emulator.access_key_secret, expires=expires)
        raise Mine

    emulator.fail("status", status=403, code="InvalidAccessKeyId")
    with pytest.raises(ServiceError) as raised:
        emulator.open(Credentials.from_function(key)).put("key", b"")
    assert raised.value.result.error_code == "InvalidAccessKeyId"
    assert len(asked) == 2


def test_key_that_is_about_to_expire_hides_no_failed_callback(emulator: Emulator, app: AppServer) -> None:
    asked: list[None] = []
    app.status = 500

    def key() -> AccessKey:
        asked.append(None)
        if len(asked) == 1:
            expires = datetime.now(timezone.utc) + timedelta(seconds=5)
            return AccessKey(emulator.access_key_id, emulator.access_key_secret, expires=expires)
        raise Mine

    bucket = emulator.open(Credentials.from_function(key))
    # It is asked for anew in the last fifth of its life.
    while len(asked) < 2:
        with pytest.raises(CallbackFailed) as raised:
            bucket.put("key", b"", Callback(app.url, "object=${object}"))
        assert raised.value.stored == Stored.YES


def test_exception_of_a_function_tells_how_the_call_ended(bucket: Bucket) -> None:
    with pytest.raises(Mine) as raised:
        bucket.upload("key", failing_pieces())
    result: Result = raised.value.oss_result  # type: ignore[attr-defined]
    assert result.status == Status.LOCAL_IO and result.stored == Stored.NO


def test_progress_is_told_to_the_end(bucket: Bucket) -> None:
    told: list[Progress] = []
    bucket.upload("key", b"x" * 300_000, options=UploadOptions(progress=told.append, part_size=100 * 1024, threshold=0))
    assert told[-1].total == told[-1].accepted == 300_000
    assert told[-1].parts == told[-1].parts_done == 3


def test_log_has_lines_with_levels(emulator: Emulator) -> None:
    lines: list[tuple[int, str]] = []
    bucket = emulator.open(log=lambda level, line: lines.append((level, line)), log_level=logging.INFO)
    bucket.put("key", b"")
    emulator.fail("status", status=503, code="ServiceUnavailable")
    bucket.put("key", b"")
    levels = [level for level, _ in lines]
    assert logging.INFO in levels and logging.WARNING in levels and logging.DEBUG not in levels
    assert all(emulator.access_key_secret not in line for _, line in lines)


def test_log_of_the_standard_library_is_one(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    emulator.open(log=logging.getLogger("oss").log).put("100%s", b"")
    assert "PutObject" in caplog.text and '"100%s"' in caplog.text


def test_log_of_nothing_but_the_gravest_has_no_lines(emulator: Emulator) -> None:
    lines: list[str] = []
    bucket = emulator.open(log=lambda _, line: lines.append(line), log_level=logging.CRITICAL)
    with pytest.raises(OssError):
        bucket.stat("nothing")
    emulator.fail("status", status=503, code="ServiceUnavailable")
    bucket.put("key", b"")
    assert lines == []
