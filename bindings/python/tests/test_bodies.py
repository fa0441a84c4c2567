"""What can be uploaded."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Emulator, stored

from oss_upload import Body, Bucket, FileRange, InvalidArgument, LocalIOError, Sized, Stored

DATA = os.urandom(300_000)


class Again:
    """Pieces that can be iterated over any number of times."""

    def __iter__(self) -> Iterator[bytes]:
        return (DATA[at : at + 70_000] for at in range(0, len(DATA), 70_000))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.write_bytes(DATA)
    return path


def bodies(file: Path) -> list[Body]:
    inside = io.BytesIO(b"before" + DATA)
    inside.seek(6)
    longer = file.with_name("longer")
    longer.write_bytes(b"before" + DATA + b"after")
    return [
        DATA,
        bytearray(DATA),
        memoryview(DATA),
        file,
        FileRange(longer, 6, len(DATA)),
        file.open("rb"),
        inside,
        Sized(Again(), len(DATA)),
        Sized(iter(Again()), len(DATA)),
    ]


@pytest.mark.parametrize("which", range(9))
def test_everything_can_be_put_and_is_sent_again(emulator: Emulator, bucket: Bucket, file: Path, which: int) -> None:
    emulator.fail("status", status=503, code="ServiceUnavailable")
    result = bucket.put("body", bodies(file)[which])
    assert result.attempts == 2
    assert stored(bucket, "body") == DATA


def test_descriptor_can_be_put(bucket: Bucket, file: Path) -> None:
    with file.open("rb") as opened:
        bucket.put("descriptor", FileRange(opened.fileno(), 10, 20))
        assert opened.tell() == 0
    assert stored(bucket, "descriptor") == DATA[10:30]


def test_iterable_of_unknown_length_can_be_uploaded(bucket: Bucket) -> None:
    bucket.upload("pieces", iter(Again()))
    assert stored(bucket, "pieces") == DATA
    bucket.upload("pieces", [])
    assert stored(bucket, "pieces") == b""
    with pytest.raises(InvalidArgument, match="length"):
        bucket.put("pieces", iter(Again()))


def test_pieces_can_share_their_memory(bucket: Bucket) -> None:
    def pieces() -> Iterator[bytearray]:
        memory = bytearray()
        for at in range(0, len(DATA), 70_000):
            # That would be a BufferError as long as somebody held it.
            memory.clear()
            memory += DATA[at : at + 70_000]
            yield memory

    bucket.upload("pieces", pieces())  # type: ignore[arg-type]
    assert stored(bucket, "pieces") == DATA


def test_pieces_can_have_items_of_any_size(bucket: Bucket) -> None:
    bucket.upload("items", [memoryview(DATA).cast("I")])  # type: ignore[list-item]
    assert stored(bucket, "items") == DATA


def test_none_is_no_end_of_pieces(bucket: Bucket) -> None:
    with pytest.raises(TypeError, match="NoneType"):
        bucket.upload("pieces", [b"first", None, b"last"])  # type: ignore[list-item]


def test_length_that_cannot_be_is_a_value_error(bucket: Bucket, file: Path) -> None:
    for body in (FileRange(file, -1, 5), FileRange(file, 0, 2**64), Sized([b""], -1)):
        with pytest.raises(ValueError):
            bucket.put("key", body)


def test_name_of_a_file_need_not_be_utf_8(bucket: Bucket, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/" + "文件".encode("gbk")
    with open(name, "wb") as file:
        file.write(DATA)
    bucket.put("named", Path(os.fsdecode(name)))
    assert stored(bucket, "named") == DATA


def test_nothing_else_is_a_body(bucket: Bucket) -> None:
    with pytest.raises(TypeError, match="str"):
        bucket.put("text", "text")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no bytes, but str"):
        bucket.put("text", io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        bucket.put("number", 5)  # type: ignore[arg-type]


def test_file_that_is_not_there_is_an_os_error(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised:
        bucket.put("missing", tmp_path / "missing")
    assert isinstance(raised.value, LocalIOError)
    assert raised.value.stored == Stored.NO
