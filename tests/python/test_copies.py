"""Copies: what they take from their source and what from the request, and when there is none."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
from conftest import oss2_bucket

METADATA = {"Content-Type": "text/x-source", "x-oss-meta-of": "source", "Cache-Control": "no-cache"}


@pytest.fixture
def source(emulator, bucket, prefix):
    """The key of an object to copy, which has all that an object can have."""
    headers = {**METADATA, "x-oss-tagging": "of=source", "x-oss-object-acl": "public-read", "x-oss-storage-class": "IA"}
    bucket.put_object(prefix + "源 a+b?c", b"source", headers=headers)
    return prefix + "源 a+b?c"


def test_a_copy_has_the_metadata_of_its_source_and_an_acl_and_a_class_of_its_own(emulator, bucket, source, prefix):
    copied = bucket.copy_object(bucket.bucket_name, source, prefix + "copy", headers={"x-oss-meta-of": "request"})
    head = bucket.head_object(prefix + "copy")
    assert head.etag == copied.etag == bucket.head_object(source).etag
    assert {name: head.headers[name] for name in METADATA} == METADATA
    assert head.headers["x-oss-tagging-count"] == "1"
    assert head.headers["x-oss-storage-class"] == "Standard"
    assert bucket.get_object_acl(prefix + "copy").acl == "default"
    assert bucket.get_object(prefix + "copy").read() == b"source"


def test_directives_replace_metadata_and_tags_each_for_itself(emulator, bucket, client, source, prefix):
    def copied(key, **directives):
        client.copy_object(
            oss_v2.CopyObjectRequest(
                bucket=bucket.bucket_name,
                key=prefix + key,
                source_key=source,
                metadata={"of": "request"},
                tagging="a=1&b=2",
                acl="private",
                storage_class="Archive",
                **directives,
            )
        )
        assert bucket.get_object_acl(prefix + key).acl == "private"
        head = bucket.head_object(prefix + key).headers
        assert head["x-oss-storage-class"] == "Archive"
        return head["x-oss-meta-of"], "Cache-Control" in head, head["x-oss-tagging-count"]

    assert copied("copied", metadata_directive="COPY", tagging_directive="Copy") == ("source", True, "1")
    assert copied("metadata", metadata_directive="REPLACE") == ("request", False, "1")
    assert copied("tags", tagging_directive="Replace") == ("source", True, "2")
    with pytest.raises(oss_v2.exceptions.OperationError) as refused:
        copied("none", metadata_directive="MERGE")
    assert refused.value.unwrap().code == "InvalidArgument"
    assert not bucket.object_exists(prefix + "none")


def test_a_copy_onto_itself_replaces_the_metadata(emulator, bucket, source):
    bucket.copy_object(bucket.bucket_name, source, source, headers={"x-oss-meta-new": "yes"})
    head = bucket.head_object(source).headers
    assert head["x-oss-meta-new"] == "yes" and "x-oss-meta-of" not in head


def test_a_copy_is_made_on_its_conditions_only(emulator, bucket, source, prefix):
    head = bucket.head_object(source)
    before, after = (
        oss2.utils.http_date(head.last_modified + seconds) for seconds in (-60, 60)
    )
    name = "x-oss-copy-source-if-"
    for condition, kept, broken, status in (
        ("match", head.etag, "other", 412),
        ("none-match", "other", head.etag, 304),
        ("unmodified-since", after, before, 412),
        ("modified-since", before, after, 304),
    ):
        bucket.copy_object(bucket.bucket_name, source, prefix + condition, headers={name + condition: kept})
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.copy_object(bucket.bucket_name, source, prefix + "none", headers={name + condition: broken})
        assert refused.value.status == status, condition
    assert not bucket.object_exists(prefix + "none")


def test_versions_are_copied_and_so_brought_back(emulator, version, prefix):
    bucket = oss2_bucket(emulator, version, bucket="copies-" + prefix.split("/")[1][:16])
    bucket.create_bucket()
    bucket.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    old = bucket.put_object("k", b"old", headers=METADATA).versionid
    new = bucket.put_object("k", b"new").versionid
    copied = bucket.copy_object(bucket.bucket_name, "k", "k", params={"versionId": old})
    assert copied.resp.headers["x-oss-copy-source-version-id"] == old
    assert copied.versionid not in (None, old, new)
    current = bucket.get_object("k")
    assert (current.read(), current.headers["x-oss-meta-of"]) == (b"old", "source")
    marker = bucket.delete_object("k").versionid
    for params in ({"versionId": marker}, None):
        with pytest.raises(oss2.exceptions.NoSuchKey):
            bucket.copy_object(bucket.bucket_name, "k", "copy", params=params)


def test_parts_are_copied_in_ranges(emulator, bucket, client, prefix):
    data = bytes(range(256)) * 800
    bucket.put_object(prefix + "source", data)
    upload_id = bucket.init_multipart_upload(prefix + "copy").upload_id
    first = bucket.upload_part_copy(
        bucket.bucket_name, prefix + "source", (0, 150_000), prefix + "copy", upload_id, 1
    )
    second = client.upload_part_copy(
        oss_v2.UploadPartCopyRequest(
            bucket=bucket.bucket_name,
            key=prefix + "copy",
            source_key=prefix + "source",
            upload_id=upload_id,
            part_number=2,
            source_range=f"bytes=150001-{len(data) - 1}",
            if_match=bucket.head_object(prefix + "source").etag,
        )
    )
    parts = [oss2.models.PartInfo(1, first.etag), oss2.models.PartInfo(2, second.etag.strip('"'))]
    bucket.complete_multipart_upload(prefix + "copy", upload_id, parts)
    assert bucket.get_object(prefix + "copy").read() == data
    assert bucket.head_object(prefix + "copy").object_type == "Multipart"


def test_the_copier_of_the_sdk_copies_in_parts(emulator, client, bucket, prefix):
    data = bytes(range(251)) * 2000
    bucket.put_object(prefix + "source", data, headers=METADATA)
    copier = client.copier(multipart_copy_threshold=1, part_size=200_000, disable_shallow_copy=True)
    copier.copy(
        oss_v2.CopyObjectRequest(
            bucket=bucket.bucket_name, key=prefix + "copy", source_bucket=bucket.bucket_name, source_key=prefix + "source"
        )
    )
    copy = bucket.get_object(prefix + "copy")
    assert copy.read() == data and copy.headers["x-oss-meta-of"] == "source"


def test_sources_that_mean_nothing_are_refused(emulator, bucket, prefix):
    bucket.put_object(prefix + "source", b"data")
    path = f"{bucket.bucket_name}/{prefix}source"
    for source, ec in (
        (path, "0042-00000301"),
        ("/" + bucket.bucket_name, "0042-00000301"),
        (f"/{path}?versionId=", "0016-00000305"),
        (f"/{path}?unknown=x", "0016-00000304"),
    ):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            bucket.put_object(prefix + "copy", b"", headers={"x-oss-copy-source": source})
        assert (refused.value.status, refused.value.ec) == (400, ec), source
