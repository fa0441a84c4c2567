"""Uploads in parts, and data that is written piece by piece."""

import os
import threading

import pytest
from conftest import AppServer, Emulator

from oss_upload import (
    Bucket,
    Callback,
    CallbackFailed,
    Cancelled,
    OssError,
    Part,
    PutOptions,
    ServiceError,
    Stored,
    UploadOptions,
)

FIRST = os.urandom(100 * 1024)
LAST = b"last"


def open_uploads(bucket: Bucket, key: str) -> list[str]:
    return [upload.upload_id for upload in bucket.list_uploads(key)]


def test_parts_are_uploaded_by_several_threads_and_make_an_object(bucket: Bucket, app: AppServer) -> None:
    with bucket.begin_multipart("parts", PutOptions(metadata={"a": "b"})) as multipart:
        assert open_uploads(bucket, "parts") == [multipart.upload_id]
        threads = [
            threading.Thread(target=multipart.upload_part, args=(number, data))
            for number, data in ((1, FIRST), (2, LAST))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [(part.number, part.size) for part in multipart.parts()] == [(1, len(FIRST)), (2, len(LAST))]
        result = multipart.complete(Callback(app.url, "size=${size}"))
    assert result.body == app.answer
    assert app.heard[0].body == b"size=%d" % (len(FIRST) + len(LAST))
    assert bucket.stat("parts").header("x-oss-meta-a") == "b"


def test_upload_that_is_left_by_an_exception_is_aborted(bucket: Bucket) -> None:
    with pytest.raises(KeyError):
        with bucket.begin_multipart("left") as multipart:
            multipart.upload_part(1, FIRST)
            raise KeyError
    assert open_uploads(bucket, "left") == []


def test_failed_callback_of_a_completion_is_not_hidden_by_an_abort(bucket: Bucket, app: AppServer) -> None:
    app.status = 500
    with pytest.raises(CallbackFailed) as raised:
        with bucket.begin_multipart("stored") as multipart:
            multipart.upload_part(1, FIRST)
            multipart.complete(Callback(app.url, "size=${size}"))
    assert raised.value.stored == Stored.YES
    assert bucket.stat("stored").stored == Stored.YES


def test_completion_whose_replies_are_lost_is_not_aborted(emulator: Emulator, bucket: Bucket, app: AppServer) -> None:
    with pytest.raises(OssError) as raised:
        with bucket.begin_multipart("lost") as multipart:
            multipart.upload_part(1, FIRST)
            emulator.fail("close_without_reply")
            multipart.complete(Callback(app.url, "size=${size}"))
    assert raised.value.stored != Stored.NO
    assert not isinstance(raised.value, ServiceError)


def test_exception_after_the_completion_is_not_hidden_by_an_abort(bucket: Bucket) -> None:
    with pytest.raises(KeyError):
        with bucket.begin_multipart("complete") as multipart:
            multipart.upload_part(1, FIRST)
            multipart.complete()
            raise KeyError
    with pytest.raises(KeyError):
        with bucket.begin_multipart("aborted") as multipart:
            multipart.abort()
            raise KeyError


def test_completion_that_was_refused_is_aborted(bucket: Bucket) -> None:
    with pytest.raises(ServiceError):
        with bucket.begin_multipart("refused") as multipart:
            multipart.upload_part(1, FIRST)
            multipart.complete(parts=[Part(2, '"none"')])
    assert open_uploads(bucket, "refused") == []


def test_upload_can_be_taken_up_again(bucket: Bucket) -> None:
    with bucket.begin_multipart("again") as multipart:
        first = multipart.upload_part(1, FIRST)
        multipart.upload_part(2, LAST)
    with bucket.reopen_multipart("again", multipart_id(bucket, "again")) as multipart:
        multipart.complete(parts=[Part(1, first.etag)])
    assert bucket.stat("again").header("content-length") == str(len(FIRST))
    with bucket.begin_multipart("again") as multipart:
        multipart.upload_part(1, LAST)
        assert multipart.complete_with_all().stored == Stored.YES


def test_list_says_whether_there_are_more(bucket: Bucket) -> None:
    for _ in range(2):
        bucket.begin_multipart("listed")
    assert bucket.list_uploads("listed", limit=1).is_truncated
    both = bucket.list_uploads("listed")
    assert len(both) == 2 and not both.is_truncated
    assert all(upload.key == "listed" and upload.initiated for upload in both)


def multipart_id(bucket: Bucket, key: str) -> str:
    [upload_id] = open_uploads(bucket, key)
    return upload_id


def test_writer_makes_an_object_of_what_was_written(bucket: Bucket, app: AppServer) -> None:
    options = UploadOptions(part_size=100 * 1024, content_type="text/plain")
    with bucket.writer("written", Callback(app.url, "size=${size}"), options) as writer:
        assert writer.write(FIRST) == len(FIRST)
        writer.write(memoryview(FIRST)[1:])
        writer.write(bytearray(LAST))
    assert writer.result is not None and writer.result.body == app.answer
    assert app.heard[0].body == b"size=%d" % (2 * len(FIRST) - 1 + len(LAST))
    assert bucket.stat("written").header("content-type") == "text/plain"


def test_writer_that_is_left_by_an_exception_makes_nothing(bucket: Bucket) -> None:
    with pytest.raises(KeyError):
        with bucket.writer("unwritten", options=UploadOptions(part_size=100 * 1024, threshold=0)) as writer:
            writer.write(FIRST)
            raise KeyError
    assert open_uploads(bucket, "unwritten") == []
    with pytest.raises(ServiceError):
        bucket.stat("unwritten")


def test_failed_callback_of_a_writer_is_an_exception(bucket: Bucket, app: AppServer) -> None:
    app.status = 500
    with pytest.raises(CallbackFailed):
        with bucket.writer("written", Callback(app.url, "size=${size}")) as writer:
            writer.write(b"data")


def test_writer_that_has_ended_is_not_finished_again(bucket: Bucket, app: AppServer) -> None:
    with bucket.writer("given-up") as writer:
        writer.write(b"data")
        writer.abort()
    assert writer.result is None
    with pytest.raises(ServiceError):
        bucket.stat("given-up")
    app.status = 500
    with bucket.writer("written", Callback(app.url, "size=${size}")) as writer:
        writer.write(b"data")
        with pytest.raises(CallbackFailed):
            writer.finish()
    assert len(app.heard) == 1


def test_writer_that_is_left_by_an_interrupt_makes_nothing(bucket: Bucket) -> None:
    with pytest.raises(KeyboardInterrupt):
        with bucket.writer("unwritten", options=UploadOptions(part_size=100 * 1024, threshold=0)) as writer:
            writer.write(FIRST * 4)
            raise KeyboardInterrupt
    assert open_uploads(bucket, "unwritten") == []


def test_writer_takes_nothing_while_it_is_sending(bucket: Bucket) -> None:
    def write_more(_: object) -> None:
        writer.write(b"more")

    options = UploadOptions(part_size=100 * 1024, threshold=0, progress=write_more)
    with pytest.raises(RuntimeError, match="the Writer is in use"):
        with bucket.writer("unwritten", options=options) as writer:
            writer.write(FIRST * 3)


def test_what_progress_raises_ends_a_writer(emulator: Emulator, bucket: Bucket) -> None:
    def fail(_: object) -> None:
        raise KeyError

    options = UploadOptions(part_size=100 * 1024, threshold=0, progress=fail)
    with pytest.raises(KeyError) as raised:
        with bucket.writer("unwritten", options=options) as writer:
            writer.write(FIRST * 3)
    assert isinstance(raised.value.__context__, Cancelled)
