"""Objects: what goes in comes out, whatever the key is called and whichever SDK asks."""

import alibabacloud_oss_v2 as oss_v2
import crcmod
import oss2
import pytest

KEYS = [
    "plain.txt",
    "with space",
    "a+b",
    "100%",
    "already%2Fencoded",
    "中文/文件.txt",
    "emoji/🎉é",
    "a//b",
    "a/./b/../c",
    "question?x=1&y=2#z",
    "quotes'\"`<>|\\^{}[]",
    "trailing/",
    "tilde~star*bang!(paren)",
]

crc64 = crcmod.mkCrcFun(0x142F0E1EBA9EA3693, initCrc=0, xorOut=0xFFFFFFFFFFFFFFFF, rev=True)


@pytest.mark.parametrize("name", KEYS)
def test_oss2_reads_back_what_it_wrote_under_any_key(bucket, prefix, name):
    data = f"content of {name}".encode()
    put = bucket.put_object(prefix + name, data)
    assert put.status == 200
    assert put.crc == crc64(data)
    assert bucket.get_object(prefix + name).read() == data
    assert [found.key for found in oss2.ObjectIterator(bucket, prefix=prefix)] == [prefix + name]


# Before this SDK's signature is compared, its HTTP library has shortened dot segments.
@pytest.mark.parametrize("name", [key for key in KEYS if "/./" not in key])
def test_v2_reads_back_what_it_wrote_under_any_key(client, server, prefix, name):
    data = f"content of {name}".encode()
    key = prefix + name
    put = client.put_object(oss_v2.PutObjectRequest(bucket=server.bucket, key=key, body=data))
    assert put.status_code == 200
    assert put.hash_crc64 == str(crc64(data))
    got = client.get_object(oss_v2.GetObjectRequest(bucket=server.bucket, key=key))
    assert got.body.content == data


def test_v2_lists_objects_by_the_page(client, bucket, server, prefix):
    keys = sorted(prefix + name for name in ["a b", "dir/1", "dir/2", "z+%中"])
    for key in keys:
        bucket.put_object(key, b"")
    pages = client.list_objects_v2_paginator().iter_page(
        oss_v2.ListObjectsV2Request(bucket=server.bucket, prefix=prefix, max_keys=1)
    )
    assert [found.key for page in pages for found in page.contents or []] == keys


def test_v2_finds_owners_where_oss_names_them(client, bucket, server, prefix):
    bucket.put_object(prefix + "a", b"")
    common = {"bucket": server.bucket, "prefix": prefix}
    assert client.list_objects(oss_v2.ListObjectsRequest(**common)).contents[0].owner.id
    assert client.list_objects_v2(oss_v2.ListObjectsV2Request(**common)).contents[0].owner is None
    page = client.list_objects_v2(oss_v2.ListObjectsV2Request(fetch_owner=True, start_after=prefix, **common))
    assert [bool(found.owner.id) for found in page.contents] == [True]


def test_v2_deletes_several_and_is_told_nothing_if_it_wants_so(client, bucket, server, prefix):
    keys = [prefix + "a", prefix + "b"]
    objects = [oss_v2.DeleteObject(key=key) for key in keys]
    for quiet, told in ((False, keys), (True, [])):
        for key in keys:
            bucket.put_object(key, b"")
        request = oss_v2.DeleteMultipleObjectsRequest(bucket=server.bucket, objects=objects, quiet=quiet)
        deleted = client.delete_multiple_objects(request).deleted_objects or []
        assert [found.key for found in deleted] == told
        assert list(oss2.ObjectIterator(bucket, prefix=prefix)) == []


def test_the_key_on_the_wire_is_the_key_that_was_meant(emulator, bucket, prefix):
    for name in KEYS:
        bucket.put_object(prefix + name, b"")
    puts = [r["key"] for r in emulator.control("GET", "requests").json() if r["operation"] == "PutObject"]
    assert puts[-len(KEYS) :] == [prefix + name for name in KEYS]


def test_oss2_finds_the_headers_that_it_stored(bucket, prefix):
    key = prefix + "headers"
    headers = {
        "Content-Type": "text/x-test",
        "Cache-Control": "no-cache",
        "Content-Disposition": 'attachment; filename="a b.txt"',
        "Content-Encoding": "identity",
        "Content-Language": "tlh",
        "Expires": "Wed, 21 Oct 2037 07:28:00 GMT",
        "x-oss-meta-author": "someone",
        "x-oss-meta-a-1": "a  b",
        "x-oss-storage-class": "IA",
    }
    put = bucket.put_object(key, b"hello", headers=headers)
    assert put.etag == "5D41402ABC4B2A76B9719D911017C592"
    for found in (bucket.head_object(key).headers, bucket.get_object(key).headers):
        assert {name: found.get(name) for name in headers} == headers
    head = bucket.head_object(key)
    assert (head.content_length, head.etag) == (5, put.etag)
    assert head.server_crc == crc64(b"hello")
    assert head.object_type == "Normal"


def test_v2_finds_the_metadata_that_it_stored(client, server, prefix):
    key = prefix + "metadata"
    client.put_object(
        oss_v2.PutObjectRequest(
            bucket=server.bucket, key=key, body=b"hello", content_type="text/x-test", metadata={"author": "someone"}
        )
    )
    head = client.head_object(oss_v2.HeadObjectRequest(bucket=server.bucket, key=key))
    assert (head.content_length, head.content_type) == (5, "text/x-test")
    assert head.metadata == {"author": "someone"}
    assert head.hash_crc64 == str(crc64(b"hello"))


def test_a_missing_object_is_named_as_missing(bucket, client, server, prefix):
    with pytest.raises(oss2.exceptions.NoSuchKey) as error:
        bucket.get_object(prefix + "none")
    assert error.value.ec == "0026-00000001"
    # The reply to HEAD has no body, so this is read from a header.
    with pytest.raises(oss2.exceptions.NotFound):
        bucket.head_object(prefix + "none")
    with pytest.raises(oss_v2.exceptions.OperationError) as error:
        client.head_object(oss_v2.HeadObjectRequest(bucket=server.bucket, key=prefix + "none"))
    assert error.value.unwrap().code == "NoSuchKey"


def test_delete_removes_and_may_be_repeated(bucket, prefix):
    bucket.put_object(prefix + "gone", b"x")
    assert bucket.delete_object(prefix + "gone").status == 204
    assert not bucket.object_exists(prefix + "gone")
    assert bucket.delete_object(prefix + "gone").status == 204


def test_ranges_are_served(bucket, prefix):
    bucket.put_object(prefix + "range", b"0123456789")
    assert bucket.get_object(prefix + "range", byte_range=(2, 4)).read() == b"234"
    assert bucket.get_object(prefix + "range", byte_range=(None, 3)).read() == b"789"
    # What does not lie within the object counts only as the standard has it.
    assert bucket.get_object(prefix + "range", byte_range=(8, 20)).read() == b"0123456789"
    standard = {"x-oss-range-behavior": "standard"}
    assert bucket.get_object(prefix + "range", byte_range=(8, 20), headers=standard).read() == b"89"
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.get_object(prefix + "range", byte_range=(10, 20), headers=standard)
    assert (error.value.status, error.value.code) == (416, "InvalidRange")


def test_conditions_are_kept(bucket, client, server, prefix):
    key = prefix + "condition"
    etag = bucket.put_object(key, b"data").etag
    modified = bucket.get_object(key).headers["Last-Modified"]
    bucket.get_object(key, headers={"If-Match": etag, "If-Unmodified-Since": modified})
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.get_object(key, headers={"If-Modified-Since": modified})
    with pytest.raises(oss2.exceptions.NotModified):
        bucket.head_object(key, headers={"If-None-Match": etag})
    request = oss_v2.GetObjectRequest(
        bucket=server.bucket, key=key, if_unmodified_since="Sat, 01 Jan 2000 00:00:00 GMT"
    )
    with pytest.raises(oss_v2.exceptions.OperationError) as error:
        client.get_object(request)
    assert (error.value.unwrap().status_code, error.value.unwrap().code) == (412, "PreconditionFailed")


def test_encryption_is_told_of(bucket, prefix):
    name = "x-oss-server-side-encryption"
    put = bucket.put_object(prefix + "encrypted", b"data", headers={name: "AES256"})
    assert put.headers[name] == bucket.head_object(prefix + "encrypted").headers[name] == "AES256"


def test_overwriting_is_refused_on_request(bucket, prefix):
    bucket.put_object(prefix + "once", b"1", headers={"x-oss-forbid-overwrite": "true"})
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.put_object(prefix + "once", b"2", headers={"x-oss-forbid-overwrite": "true"})
    assert (error.value.status, error.value.code) == (409, "FileAlreadyExists")
    assert bucket.get_object(prefix + "once").read() == b"1"


def test_a_wrong_md5_is_refused(bucket, prefix):
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.put_object(prefix + "md5", b"1", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    assert (error.value.status, error.value.code) == (400, "InvalidDigest")
    assert not bucket.object_exists(prefix + "md5")


def test_files_are_uploaded(bucket, prefix, tmp_path):
    file = tmp_path / "file.bin"
    file.write_bytes(bytes(range(256)) * 1000)
    bucket.put_object_from_file(prefix + "file", str(file))
    assert bucket.get_object(prefix + "file").read() == file.read_bytes()


def test_a_body_of_unknown_length_is_taken_in_chunks(bucket, prefix):
    bucket.put_object(prefix + "chunked", iter([b"one", b"two", b"three"]))
    assert bucket.get_object(prefix + "chunked").read() == b"onetwothree"


def test_appending_goes_on_at_the_end_only(bucket, prefix):
    first = bucket.append_object(prefix + "log", 0, b"one", init_crc=0)
    assert first.next_position == 3
    second = bucket.append_object(prefix + "log", 3, b"two", init_crc=first.crc)
    assert (second.next_position, second.crc) == (6, crc64(b"onetwo"))
    with pytest.raises(oss2.exceptions.PositionNotEqualToLength) as error:
        bucket.append_object(prefix + "log", 3, b"two")
    assert error.value.next_position == 6
    bucket.put_object(prefix + "put", b"one")
    with pytest.raises(oss2.exceptions.ObjectNotAppendable):
        bucket.append_object(prefix + "put", 3, b"two")


@pytest.mark.parametrize("key", ["/leading", "\\leading", "k" * 1024])
def test_keys_that_oss_refuses_are_refused(emulator, bucket, key):
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.put_object(key, b"")
    assert (error.value.status, error.value.code) == (400, "InvalidObjectName")
    assert error.value.ec == ("0016-00000002" if len(key) > 1023 else "0016-00000005")


def test_a_damaged_crc_is_noticed_by_the_sdk(emulator, bucket, prefix):
    emulator.control("POST", "faults", json={"action": "wrong_crc", "operation": "PutObject"})
    with pytest.raises(oss2.exceptions.InconsistentError):
        bucket.put_object(prefix + "crc", b"data")
    bucket.put_object(prefix + "crc", b"data")


def test_the_sdk_repeats_what_failed_for_a_moment(emulator, version, prefix):
    from conftest import v2_client

    client = v2_client(emulator, version)
    emulator.control("POST", "faults", json={"action": "status", "status": 503, "operation": "PutObject"})
    request = oss_v2.PutObjectRequest(bucket=emulator.bucket, key=prefix + "busy", body=b"data")
    with pytest.raises(oss_v2.exceptions.OperationError) as error:
        client.put_object(request)
    assert error.value.unwrap().code == "ServiceUnavailable"
    assert client.put_object(request).status_code == 200


@pytest.mark.parametrize("sdk_version", ["v1", "v4"])
def test_presigned_urls_need_no_other_signature(emulator, sdk_version, prefix):
    import requests
    from conftest import oss2_bucket

    bucket = oss2_bucket(emulator, sdk_version)
    headers = {"Content-Type": "text/x-test", "x-oss-meta-a": "b"}
    url = bucket.sign_url("PUT", prefix + "a b+中", 60, slash_safe=True, headers=headers)
    assert requests.put(url, data=b"signed", headers=headers, timeout=30).status_code == 200
    assert requests.put(url, data=b"signed", timeout=30).status_code == 403
    url = bucket.sign_url("GET", prefix + "a b+中", 60)
    assert requests.get(url, timeout=30).content == b"signed"
    assert requests.get(url.replace("a%20b", "a%20c"), timeout=30).status_code == 403
