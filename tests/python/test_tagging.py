"""Tags of objects: given with the upload in any of its forms, read, replaced and taken away."""

import base64
import hashlib
import hmac

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from conftest import oss2_bucket

TAGS = {"a b": "1+2=3", "名": "", "path": "x/y:z_."}


def header(tags):
    quote = oss2.compat.urlquote
    return {"x-oss-tagging": "&".join(f"{quote(key, '')}={quote(value, '')}" for key, value in tags.items())}


def tagging(tags):
    rules = oss2.models.TaggingRule()
    for key, value in tags.items():
        rules.add(key, value)
    return oss2.models.Tagging(rules)


def tags_of(bucket, key, **arguments):
    return dict(bucket.get_object_tagging(key, **arguments).tag_set.tagging_rule)


def tag(client, bucket, key, tags):
    tags = [oss_v2.Tag(key=name, value=value) for name, value in tags.items()]
    client.put_object_tagging(
        oss_v2.PutObjectTaggingRequest(
            bucket=bucket.bucket_name, key=key, tagging=oss_v2.Tagging(tag_set=oss_v2.TagSet(tags=tags))
        )
    )


def check(bucket, key):
    assert tags_of(bucket, key) == TAGS
    assert bucket.head_object(key).headers["x-oss-tagging-count"] == "3"
    assert bucket.get_object(key).headers["x-oss-tagging-count"] == "3"


def test_tags_come_with_each_kind_of_upload(emulator, bucket, prefix):
    bucket.put_object(prefix + "put", b"data", headers=header(TAGS))
    bucket.append_object(prefix + "append", 0, b"data", headers=header(TAGS))
    upload_id = bucket.init_multipart_upload(prefix + "parts", headers=header(TAGS)).upload_id
    part = oss2.models.PartInfo(1, bucket.upload_part(prefix + "parts", upload_id, 1, b"data").etag)
    bucket.complete_multipart_upload(prefix + "parts", upload_id, [part])
    for key in ("put", "append", "parts"):
        check(bucket, prefix + key)
    bucket.append_object(prefix + "append", 4, b"data", headers=header({"later": "none"}))
    check(bucket, prefix + "append")


def test_tags_come_with_a_form(emulator, prefix):
    policy = base64.b64encode(b'{"expiration":"2099-01-01T00:00:00.000Z","conditions":[["starts-with","$key",""]]}')
    signature = base64.b64encode(hmac.digest(emulator.access_key_secret.encode(), policy, hashlib.sha1))
    form = {"key": prefix + "form", "OSSAccessKeyId": emulator.access_key_id, "policy": policy, "Signature": signature}
    reply = requests.post(
        f"{emulator.endpoint}/{emulator.bucket}/", data={**form, **header(TAGS)}, files={"file": b"data"}, timeout=30
    )
    assert reply.status_code == 204, reply.text
    check(oss2_bucket(emulator, "v1"), prefix + "form")


def test_tags_are_replaced_and_taken_away_and_the_object_stays(emulator, bucket, client, prefix):
    key = prefix + "k"
    bucket.put_object(key, b"data", headers=header({"old": "1"}))
    before = bucket.head_object(key)
    tag(client, bucket, key, TAGS)
    check(bucket, key)
    found = client.get_object_tagging(oss_v2.GetObjectTaggingRequest(bucket=bucket.bucket_name, key=key))
    assert {one.key: one.value or "" for one in found.tag_set.tags} == TAGS
    assert bucket.delete_object_tagging(key).status == 204
    assert tags_of(bucket, key) == {}
    after = bucket.head_object(key)
    assert "x-oss-tagging-count" not in after.headers
    assert (after.etag, after.last_modified) == (before.etag, before.last_modified)


def test_tags_belong_to_a_version(emulator, version, prefix):
    bucket = oss2_bucket(emulator, version, bucket="tags-" + prefix.split("/")[1][:16])
    bucket.create_bucket()
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    first = bucket.put_object("k", b"first").versionid
    bucket.put_object("k", b"second")
    params = {"versionId": first}
    assert bucket.put_object_tagging("k", tagging(TAGS), params=params).versionid == first
    assert (tags_of(bucket, "k", params=params), tags_of(bucket, "k")) == (TAGS, {})
    marker = bucket.delete_object("k").versionid
    with pytest.raises(oss2.exceptions.NoSuchKey):
        bucket.get_object_tagging("k", params={"versionId": marker})


def test_tags_that_oss_would_not_store_are_refused(emulator, bucket, client, prefix):
    bucket.put_object(prefix + "k", b"data")
    for tags in (
        {str(number): "" for number in range(11)},
        {"k" * 129: ""},
        {"k": "v" * 257},
        {"k!": ""},
        {"k": "v!"},
    ):
        with pytest.raises(oss_v2.exceptions.OperationError) as refused:
            tag(client, bucket, prefix + "k", tags)
        assert refused.value.unwrap().code == "InvalidTag", tags
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.put_object(prefix + "none", b"", headers=header(tags))
        assert (refused.value.status, refused.value.code) == (400, "InvalidTag"), tags
    assert tags_of(bucket, prefix + "k") == {} and not bucket.object_exists(prefix + "none")
