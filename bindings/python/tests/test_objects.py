"""What can be done with an object."""

import math

import pytest

from oss_upload import (
    Acl,
    Bucket,
    BucketOptions,
    Callback,
    Credentials,
    InvalidArgument,
    PostPolicy,
    PutOptions,
    Rate,
    ServiceError,
    Status,
    StorageClass,
    Stored,
    UploadOptions,
    Verifier,
)


def test_object_is_stored_with_what_was_set(bucket: Bucket) -> None:
    options = PutOptions(
        content_type="image/jpeg",
        cache_control="no-cache",
        metadata={"user": "42"},
        tags={"a": "b"},
        acl=Acl.PRIVATE,
        storage_class=StorageClass.IA,
        content_md5=True,
        rate=Rate(10_000_000),
    )
    put = bucket.put("dir/photo", b"hello", options=options)
    assert (put.status, put.stored, put.http_status, put.attempts) == (Status.OK, Stored.YES, 200, 1)
    assert put.crc64 is not None and put.etag and put.request_id

    found = bucket.stat("dir/photo")
    assert found.header("content-type") == "image/jpeg"
    assert found.header("Cache-Control") == "no-cache"
    assert found.header("x-oss-meta-user") == "42"
    assert found.header("x-oss-storage-class") == "IA"
    assert found.header("nothing") == ""
    assert found.crc64 == put.crc64


def test_result_tells_of_each_request(bucket: Bucket) -> None:
    result = bucket.put("told", b"hello")
    [attempt] = result.history
    assert (attempt.number, attempt.operation, attempt.status) == (1, "PutObject", Status.OK)
    assert attempt.request_id == result.request_id
    assert result.sum.attempts == 1
    assert result.sum.times.waiting > 0
    assert result.sum.bytes_sent > 5


def test_object_that_is_there_stays_as_it_is(bucket: Bucket) -> None:
    bucket.put("once", b"first")
    with pytest.raises(ServiceError) as raised:
        bucket.put("once", b"second", options=PutOptions(forbid_overwrite=True))
    assert raised.value.result.error_code == "FileAlreadyExists"
    assert raised.value.stored == Stored.NO


def test_appends_go_on_where_the_last_one_ended(bucket: Bucket) -> None:
    bucket.remove("log")
    first = bucket.append("log", 0, b"one ")
    assert first.crc64 is not None
    options = PutOptions(previous_crc64=first.crc64)
    assert bucket.append("log", first.next_position, b"two", options).next_position == 7


def test_object_that_was_removed_is_gone(bucket: Bucket) -> None:
    bucket.put("gone", b"")
    assert bucket.remove("gone").stored == Stored.NO
    with pytest.raises(ServiceError) as raised:
        bucket.stat("gone")
    assert raised.value.result.error_code == "NoSuchKey"


def test_broken_rule_is_a_value_error_that_names_it(bucket: Bucket) -> None:
    with pytest.raises(InvalidArgument, match="slash") as raised:
        bucket.put("/key", b"")
    assert isinstance(raised.value, ValueError)
    with pytest.raises(ValueError, match="NUL"):
        bucket.put("ke\0y", b"")
    with pytest.raises(ValueError, match="letters, digits and hyphens"):
        bucket.put("key", b"", options=PutOptions(metadata={"ä": ""}))


def test_value_that_cannot_be_is_a_value_error(bucket: Bucket) -> None:
    for options in (
        UploadOptions(part_size=-1),
        UploadOptions(parallel=2**32),
        UploadOptions(metadata={"a": None}),  # type: ignore[dict-item]
        UploadOptions(encryption_key_id="key"),
    ):
        with pytest.raises(ValueError):
            bucket.upload("key", b"", options=options)
    for timeout in (-1, math.inf, math.nan):
        with pytest.raises(ValueError):
            bucket.stat("key", timeout=timeout)
        with pytest.raises(ValueError):
            Bucket("http://127.0.0.1", "bucket", Credentials.anonymous(), BucketOptions(settling_time=timeout))
        with pytest.raises(ValueError):
            Verifier(cache_time=timeout)
    for call in (
        lambda: Rate(-1),
        lambda: Rate(1).set(2**64),
        lambda: bucket.append("key", -1, b""),
        lambda: bucket.list_uploads(limit=-1),
        lambda: bucket.presign_get("key", -1),
        lambda: bucket.sign_form(PostPolicy(key="a", length=(1, None)), 60),  # type: ignore[arg-type]
        lambda: Callback("http://app.example.com", "a", more_urls=[None]).encode(),  # type: ignore[list-item]
    ):
        with pytest.raises(ValueError):
            call()


def test_bucket_that_is_closed_says_so(bucket: Bucket) -> None:
    bucket.close()
    bucket.close()
    with pytest.raises(ValueError, match="the Bucket is closed"):
        bucket.stat("key")
