"""Multipart uploads by both SDKs."""

import base64
import hashlib

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest

PART = 100 * 1024


def begin(bucket, key, count=3):
    """Starts an upload with some parts; the last is smaller."""
    upload_id = bucket.init_multipart_upload(key).upload_id
    data = [bytes([number]) * (PART if number < count else 7) for number in range(1, count + 1)]
    parts = []
    for number, part in enumerate(data, 1):
        result = bucket.upload_part(key, upload_id, number, part)
        parts.append(oss2.models.PartInfo(number, result.etag, len(part), part_crc=result.crc))
    return upload_id, parts, b"".join(data)


def test_parts_become_one_object(bucket, prefix):
    key = prefix + "multi é+"
    upload_id, parts, data = begin(bucket, key)
    result = bucket.complete_multipart_upload(key, upload_id, parts)
    assert result.etag.endswith("-3")
    assert bucket.get_object(key).read() == data
    assert bucket.head_object(key).object_type == "Multipart"
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.complete_multipart_upload(key, upload_id, parts)


def test_parts_are_listed_by_the_page(bucket, prefix):
    key = prefix + "parts"
    upload_id, parts, _ = begin(bucket, key, 5)
    page = bucket.list_parts(key, upload_id, max_parts=2)
    assert page.is_truncated and page.next_marker == "2"
    listed = list(oss2.PartIterator(bucket, key, upload_id, max_parts=2))
    assert [(p.part_number, p.etag, p.size) for p in listed] == [(p.part_number, p.etag, p.size) for p in parts]
    bucket.abort_multipart_upload(key, upload_id)


def test_an_upload_without_parts_lists_none(bucket, prefix):
    upload_id = bucket.init_multipart_upload(prefix + "empty").upload_id
    page = bucket.list_parts(prefix + "empty", upload_id)
    assert (page.parts, page.is_truncated) == ([], False)
    bucket.abort_multipart_upload(prefix + "empty", upload_id)


def test_v2_reads_the_checksums_of_listed_parts(client, bucket, server, prefix):
    key = prefix + "parts"
    upload_id, parts, _ = begin(bucket, key)
    listed = client.list_parts(oss_v2.ListPartsRequest(bucket=server.bucket, key=key, upload_id=upload_id))
    assert [int(part.hash_crc64) for part in listed.parts] == [part.part_crc for part in parts]
    client.abort_multipart_upload(
        oss_v2.AbortMultipartUploadRequest(bucket=server.bucket, key=key, upload_id=upload_id)
    )
    with pytest.raises(oss2.exceptions.NoSuchUpload):
        bucket.list_parts(key, upload_id)


def test_uploads_are_listed_by_the_page_and_by_the_folder(bucket, prefix):
    keys = [prefix + name for name in ["a b", "a b", "dir/1", "dir/2", "z+中"]]
    begun = sorted((key, bucket.init_multipart_upload(key).upload_id) for key in keys)
    listed = list(oss2.MultipartUploadIterator(bucket, prefix=prefix, max_uploads=2))
    assert [(upload.key, upload.upload_id) for upload in listed] == begun
    found = list(oss2.MultipartUploadIterator(bucket, prefix=prefix, delimiter="/", max_uploads=1))
    assert [upload.key for upload in found] == [keys[0], keys[0], prefix + "dir/", keys[4]]
    page = bucket.list_multipart_uploads(prefix=prefix)
    # Also where there is nothing more.
    assert (page.is_truncated, page.next_key_marker, page.next_upload_id_marker) == (False, *begun[-1])
    for key, upload_id in begun:
        bucket.abort_multipart_upload(key, upload_id)
    assert list(oss2.MultipartUploadIterator(bucket, prefix=prefix)) == []


def test_a_part_may_be_replaced(bucket, prefix):
    key = prefix + "again"
    upload_id = bucket.init_multipart_upload(key).upload_id
    old = bucket.upload_part(key, upload_id, 1, b"old").etag
    new = bucket.upload_part(key, upload_id, 1, b"new").etag
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.complete_multipart_upload(key, upload_id, [oss2.models.PartInfo(1, old)])
    assert (error.value.status, error.value.code) == (400, "InvalidPart")
    bucket.complete_multipart_upload(key, upload_id, [oss2.models.PartInfo(1, new)])
    assert bucket.get_object(key).read() == b"new"


def test_small_parts_are_refused_except_the_last(bucket, prefix):
    key = prefix + "small"
    upload_id = bucket.init_multipart_upload(key).upload_id
    parts = [
        oss2.models.PartInfo(number, bucket.upload_part(key, upload_id, number, b"x").etag) for number in (1, 2)
    ]
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.complete_multipart_upload(key, upload_id, parts)
    assert (error.value.code, error.value.ec) == ("EntityTooSmall", "0042-00000213")
    bucket.abort_multipart_upload(key, upload_id)


def test_parts_in_sequence_have_an_md5_of_the_whole(bucket, prefix):
    key = prefix + "sequential"
    upload_id = bucket.init_multipart_upload(key, params={"sequential": ""}).upload_id
    data = [b"a" * PART, b"b"]
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.upload_part(key, upload_id, 2, data[1])
    assert (error.value.status, error.value.code) == (400, "PartNotSequential")
    parts = [
        oss2.models.PartInfo(number, bucket.upload_part(key, upload_id, number, part).etag)
        for number, part in enumerate(data, 1)
    ]
    md5 = base64.b64encode(hashlib.md5(b"".join(data)).digest()).decode()
    completed = bucket.complete_multipart_upload(key, upload_id, parts)
    assert completed.headers["Content-MD5"] == bucket.head_object(key).headers["Content-MD5"] == md5
    upload_id, parts, _ = begin(bucket, key)
    bucket.complete_multipart_upload(key, upload_id, parts)
    assert "Content-MD5" not in bucket.head_object(key).headers


def test_an_upload_without_parts_makes_an_empty_object(bucket, prefix):
    key = prefix + "nothing"
    bucket.complete_multipart_upload(key, bucket.init_multipart_upload(key).upload_id, [])
    assert bucket.get_object(key).read() == b""


def test_all_parts_are_taken_on_request(bucket, prefix):
    key = prefix + "all"
    upload_id, _, data = begin(bucket, key)
    bucket.complete_multipart_upload(key, upload_id, None, headers={"x-oss-complete-all": "yes"})
    assert bucket.get_object(key).read() == data


@pytest.mark.parametrize("number", [0, 10001])
def test_part_numbers_have_limits(bucket, prefix, number):
    upload_id = bucket.init_multipart_upload(prefix + "n").upload_id
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.upload_part(prefix + "n", upload_id, number, b"x")
    assert (error.value.status, error.value.code) == (400, "InvalidArgument")
    bucket.abort_multipart_upload(prefix + "n", upload_id)


def test_oss2_resumes_an_upload_that_broke(emulator, bucket, prefix, tmp_path):
    file = tmp_path / "file.bin"
    file.write_bytes(b"0123456789abcdef" * (5 * PART // 16))
    key = prefix + "resumed"

    def upload():
        store = oss2.ResumableStore(root=str(tmp_path / "records"))
        oss2.resumable_upload(
            bucket, key, str(file), store=store, multipart_threshold=PART, part_size=PART, num_threads=1
        )

    emulator.control("POST", "faults", json={"action": "reset_after_body_bytes", "bytes": 1000, "part_number": 3})
    with pytest.raises(oss2.exceptions.RequestError):
        upload()
    upload()
    assert bucket.get_object(key).read() == file.read_bytes()
    sent = [
        request["target"].split("partNumber=")[1].split("&")[0]
        for request in emulator.control("GET", "requests").json()
        if request["key"] == key and request["operation"] == "UploadPart"
    ]
    assert sent == ["1", "2", "3", "3", "4", "5"]


def test_v2_uploads_parts_side_by_side(client, bucket, server, prefix, tmp_path):
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(range(256)) * 4 * 1024)
    result = client.uploader(part_size=PART, parallel_num=3).upload_file(
        oss_v2.PutObjectRequest(bucket=server.bucket, key=prefix + "many"), str(file)
    )
    assert result.status_code == 200
    assert bucket.get_object(prefix + "many").read() == file.read_bytes()
