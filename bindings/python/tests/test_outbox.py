"""Callbacks that are owed."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from conftest import AppServer, Emulator

from oss_upload import Bucket, Callback, CallbackFailed, LocalIOError, Outbox, Progress, PutOptions, Stored


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox") as outbox:
        yield outbox


def owe(bucket: Bucket, outbox: Outbox, app: AppServer, key: str = "key") -> None:
    app.status = 500
    with pytest.raises(CallbackFailed):
        bucket.put(key, b"hello", Callback(app.url, "object=${object}"), PutOptions(outbox=outbox))
    app.status = 200


def test_callback_that_failed_is_owed_and_made_up_for(bucket: Bucket, outbox: Outbox, app: AppServer) -> None:
    owe(bucket, outbox, app)
    [owed] = outbox
    with pytest.raises(ValueError, match="closed"):
        owed.key  # noqa: B018
    for owed in outbox:
        assert (owed.key, owed.bucket, owed.size, owed.tries, owed.stored) == ("key", bucket.name, 5, 0, Stored.YES)
        assert owed.url.endswith("/key") and owed.etag and owed.crc64 is not None and owed.message
        assert owed.upload_id == "" and owed.content_type
        assert abs(owed.since - datetime.now(timezone.utc)) < timedelta(minutes=1)
        assert owed.due_in == timedelta()
        assert owed.render() == "object=key"
        assert bucket.settle(owed).body == app.answer
    assert list(outbox) == []


def test_what_is_due_is_delivered(bucket: Bucket, outbox: Outbox, app: AppServer) -> None:
    for key in ("a", "b", "c"):
        owe(bucket, outbox, app, key)
    for owed in outbox:
        if owed.key == "c":
            owed.postpone(3600)
            assert owed.due_in > timedelta(minutes=59)
    told: list[Progress] = []
    result = bucket.deliver(outbox, parallel=1, progress=told.append)
    assert (result.delivered, result.owed) == (2, 1)
    assert told[-1].accepted == 2


def test_failed_delivery_stays_owed(bucket: Bucket, outbox: Outbox, app: AppServer) -> None:
    owe(bucket, outbox, app)
    app.status = 500
    with pytest.raises(CallbackFailed) as raised:
        bucket.deliver(outbox)
    assert raised.value.result.owed == 1
    assert [owed.tries for owed in outbox] == [1]


def test_record_can_be_taken_away(bucket: Bucket, outbox: Outbox, app: AppServer) -> None:
    owe(bucket, outbox, app)
    for owed in outbox:
        owed.done()
    assert list(outbox) == []


def test_what_is_no_record_is_told(tmp_path: Path, bucket: Bucket, app: AppServer) -> None:
    lines: list[str] = []
    with Outbox(tmp_path, log=lambda _, line: lines.append(line)) as outbox:
        owe(bucket, outbox, app)
        [record] = [path for path in tmp_path.iterdir() if path.is_file() and path.stat().st_size]
        record.write_bytes(b"nonsense")
        assert list(outbox) == []
    assert any(record.name in line for line in lines)


def test_folder_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(LocalIOError):
        Outbox(file)


def test_outbox_stays_where_it_was_opened(
    bucket: Bucket, tmp_path: Path, app: AppServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Outbox("outbox") as outbox:
        owe(bucket, outbox, app)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert [owed.key for owed in outbox] == ["key"]


def test_outbox_that_is_closed_gives_nothing(outbox: Outbox) -> None:
    outbox.close()
    with pytest.raises(ValueError, match="the Outbox is closed"):
        iter(outbox)


def test_record_is_left_alone_while_it_is_settled(emulator: Emulator, outbox: Outbox, app: AppServer) -> None:
    def look(*_: object) -> None:
        seen.append(owed.key)

    seen: list[str] = []
    owe(emulator.open(), outbox, app)
    bucket = emulator.open(log=look, log_level=logging.DEBUG)
    for owed in outbox:
        with pytest.raises(RuntimeError, match="the Owed is in use"):
            bucket.settle(owed)
        assert owed.key == "key"
    assert seen == []
