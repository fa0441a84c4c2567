"""Versions of objects: made, read, listed, deleted, and brought back, by both SDKs."""

import base64
import json
import uuid

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from conftest import oss2_bucket, v2_client


@pytest.fixture
def bucket(emulator, version):
    bucket = oss2_bucket(emulator, version, bucket="versions-" + uuid.uuid4().hex[:16])
    bucket.create_bucket()
    return bucket


@pytest.fixture
def client(emulator, version):
    return v2_client(emulator, version)


def set_versioning(bucket, status):
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig(status))


def listed(bucket, **parameters):
    page = bucket.list_object_versions(**parameters)
    versions = [(found.key, found.versionid, found.is_latest) for found in page.versions]
    return versions, [(found.key, found.versionid, found.is_latest) for found in page.delete_marker], page


def test_a_bucket_says_whether_it_keeps_versions(bucket, client):
    name = bucket.bucket_name

    def said():
        status = client.get_bucket_versioning(oss_v2.GetBucketVersioningRequest(bucket=name)).version_status
        assert bucket.get_bucket_info().versioning_status == status
        return status

    assert said() is None
    for status in ("Enabled", "Suspended", "Enabled"):
        configuration = oss_v2.VersioningConfiguration(status=status)
        client.put_bucket_versioning(
            oss_v2.PutBucketVersioningRequest(bucket=name, versioning_configuration=configuration)
        )
        assert said() == status
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        set_versioning(bucket, "Off")
    assert refused.value.code == "MalformedXML"


def test_nothing_says_a_version_where_there_are_none(bucket):
    assert bucket.put_object("k", b"1").versionid is None
    assert bucket.head_object("k").versionid is None
    assert bucket.delete_object("k").versionid is None
    assert listed(bucket)[:2] == ([], [])


def test_what_is_replaced_or_deleted_can_still_be_read(bucket, client):
    set_versioning(bucket, "Enabled")
    first = bucket.put_object("k", b"first").versionid
    second = client.put_object(oss_v2.PutObjectRequest(bucket=bucket.bucket_name, key="k", body=b"second")).version_id
    assert first != second
    deleted = bucket.delete_object("k")
    assert deleted.delete_marker
    with pytest.raises(oss2.exceptions.NoSuchKey) as gone:
        bucket.get_object("k")
    assert gone.value.headers["x-oss-delete-marker"] == "true"
    assert gone.value.headers["x-oss-version-id"] == deleted.versionid
    for version_id, data in ((first, b"first"), (second, b"second")):
        read = bucket.get_object("k", params={"versionId": version_id})
        assert (read.read(), read.versionid) == (data, version_id)
        head = client.head_object(oss_v2.HeadObjectRequest(bucket=bucket.bucket_name, key="k", version_id=version_id))
        assert (head.content_length, head.version_id) == (len(data), version_id)
    assert listed(bucket)[:2] == ([("k", second, False), ("k", first, False)], [("k", deleted.versionid, True)])


def test_a_version_is_deleted_for_good_and_the_one_before_comes_back(bucket):
    set_versioning(bucket, "Enabled")
    first = bucket.put_object("k", b"first").versionid
    marker = bucket.delete_object("k").versionid
    removed = bucket.delete_object("k", params={"versionId": marker})
    assert (removed.delete_marker, removed.versionid) == (True, marker)
    assert bucket.get_object("k").read() == b"first"
    removed = bucket.delete_object("k", params={"versionId": first})
    assert (removed.delete_marker, removed.versionid) == (None, first)
    assert listed(bucket)[:2] == ([], [])
    # Nothing is left, which is all that a deletion promises.
    assert bucket.delete_object("k", params={"versionId": first}).status == 204


def test_versions_that_are_not_there_and_marks_are_refused(bucket):
    set_versioning(bucket, "Enabled")
    bucket.put_object("k", b"data")
    marker = bucket.delete_object("k").versionid
    for version_id, status, code in ((marker, 405, "MethodNotAllowed"), ("other", 404, "NoSuchVersion")):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.get_object("k", params={"versionId": version_id})
        assert (refused.value.status, refused.value.code) == (status, code)


def test_without_versioning_the_version_without_an_id_is_replaced(bucket):
    bucket.put_object("k", b"before")
    set_versioning(bucket, "Enabled")
    kept = bucket.put_object("k", b"kept").versionid
    set_versioning(bucket, "Suspended")
    assert bucket.put_object("k", b"after").versionid == "null"
    assert bucket.get_object("k", params={"versionId": "null"}).read() == b"after"
    assert listed(bucket)[0] == [("k", "null", True), ("k", kept, False)]
    deleted = bucket.delete_object("k")
    assert (deleted.delete_marker, deleted.versionid) == (True, "null")
    assert listed(bucket)[:2] == ([("k", kept, False)], [("k", "null", True)])


def test_overwriting_is_not_forbidden_where_nothing_is_lost(bucket):
    set_versioning(bucket, "Enabled")
    forbid = {"x-oss-forbid-overwrite": "true"}
    assert bucket.put_object("k", b"1", headers=forbid).versionid
    assert bucket.put_object("k", b"2", headers=forbid).versionid


def test_uploads_in_parts_make_versions_and_appends_make_none(bucket):
    set_versioning(bucket, "Enabled")
    bucket.put_object("parts", b"old")
    upload_id = bucket.init_multipart_upload("parts").upload_id
    part = oss2.models.PartInfo(1, bucket.upload_part("parts", upload_id, 1, b"new").etag)
    completed = bucket.complete_multipart_upload("parts", upload_id, [part])
    assert bucket.head_object("parts").versionid == completed.versionid
    assert [version[2] for version in listed(bucket, prefix="parts")[0]] == [True, False]
    assert bucket.append_object("appended", 0, b"1").versionid == "null"
    assert bucket.append_object("appended", 1, b"2").versionid == "null"
    assert listed(bucket, prefix="appended")[0] == [("appended", "null", True)]


def test_all_versions_are_listed_page_by_page(bucket, client):
    set_versioning(bucket, "Enabled")
    keys = ["a", "b", "d/1", "d/2", "e +&名"]
    for key in keys * 2:
        bucket.put_object(key, b"data")
    bucket.delete_object("b")
    whole, marks, _ = listed(bucket, max_keys=1000)
    assert [key for key, _, _ in whole] == [key for key in keys for _ in range(2)]
    paged, key_marker, version_marker = [], "", ""
    while True:
        versions, page_marks, page = listed(
            bucket, max_keys=1, key_marker=key_marker, versionid_marker=version_marker
        )
        assert len(versions) + len(page_marks) == 1
        paged += versions + page_marks
        if not page.is_truncated:
            break
        key_marker, version_marker = page.next_key_marker, page.next_versionid_marker
    assert sorted(paged) == sorted(whole + marks)

    request = oss_v2.ListObjectVersionsRequest(bucket=bucket.bucket_name, delimiter="/", max_keys=3)
    prefixes, keys_of_pages = [], []
    for page in client.list_object_versions_paginator().iter_page(request):
        prefixes += [prefix.prefix for prefix in page.common_prefixes or []]
        keys_of_pages += [version.key for version in page.version or []]
    assert (prefixes, keys_of_pages) == (["d/"], ["a", "a", "b", "b", "e +&名", "e +&名"])


def test_many_versions_are_deleted_at_once(bucket):
    set_versioning(bucket, "Enabled")
    first = bucket.put_object("k", b"first").versionid
    bucket.put_object("other", b"data")
    versions = oss2.models.BatchDeleteObjectVersionList(
        [oss2.models.BatchDeleteObjectVersion("k", first), oss2.models.BatchDeleteObjectVersion("other")]
    )
    deleted = {found.key: found for found in bucket.delete_object_versions(versions).delete_versions}
    assert (deleted["k"].versionid, deleted["k"].delete_marker) == (first, False)
    marker = deleted["other"].delete_marker_versionid
    assert deleted["other"].delete_marker and listed(bucket)[1] == [("other", marker, True)]


def test_an_acl_belongs_to_a_version(bucket):
    set_versioning(bucket, "Enabled")
    first = bucket.put_object("k", b"first").versionid
    bucket.put_object("k", b"second")
    bucket.put_object_acl("k", oss2.OBJECT_ACL_PUBLIC_READ, params={"versionId": first})
    assert bucket.get_object_acl("k", params={"versionId": first}).acl == "public-read"
    assert bucket.get_object_acl("k").acl == "default"


@pytest.mark.parametrize("status", [200, 502])
def test_callbacks_are_made_and_told_with_the_version(app, bucket, status):
    app.status = status
    set_versioning(bucket, "Enabled")
    settings = {"callbackUrl": app.url, "callbackBody": "object=${object}&etag=${etag}&operation=${operation}"}
    headers = {"x-oss-callback": base64.b64encode(json.dumps(settings).encode()).decode()}
    put = bucket.put_object("k", b"data", headers=headers)
    upload_id = bucket.init_multipart_upload("k").upload_id
    part = oss2.models.PartInfo(1, bucket.upload_part("k", upload_id, 1, b"parts").etag)
    completed = bucket.complete_multipart_upload("k", upload_id, [part], headers=headers)
    assert put.status == completed.status == (200 if status == 200 else 203)
    assert [version_id for _, version_id, _ in listed(bucket)[0]] == [completed.versionid, put.versionid]
    assert [(call.form()["operation"], call.form()["etag"]) for call in app.requests] == [
        ("PutObject", put.etag),
        ("CompleteMultipartUpload", completed.etag),
    ]
