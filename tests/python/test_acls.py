"""What buckets are made with, and what ACLs allow to whoever has no access key."""

import uuid

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from conftest import oss2_bucket


@pytest.fixture
def named(emulator, version):
    """A bucket of the test's own, which is not made yet."""
    return oss2_bucket(emulator, version, bucket="acls-" + uuid.uuid4().hex[:16])


def anonymous(bucket, emulator):
    return oss2.Bucket(oss2.AnonymousAuth(), emulator.endpoint, bucket.bucket_name)


def refusal(call, *arguments, **more):
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        call(*arguments, **more)
    assert (refused.value.status, refused.value.code) == (403, "AccessDenied")
    return refused.value.message


BY_BUCKET = "You have no right to access this object because of bucket acl."
BY_OBJECT = "You have no right to access this object."


def test_a_bucket_is_what_it_was_made_to_be(emulator, client, named):
    configuration = oss_v2.CreateBucketConfiguration(storage_class="IA", data_redundancy_type="ZRS")
    client.put_bucket(
        oss_v2.PutBucketRequest(
            bucket=named.bucket_name, acl="public-read", create_bucket_configuration=configuration
        )
    )
    info = named.get_bucket_info()
    assert (info.storage_class, info.data_redundancy_type, info.acl.grant) == ("IA", "ZRS", "public-read")
    assert named.get_bucket_acl().acl == "public-read"
    service = oss2.Service(named.auth, emulator.endpoint, region=emulator.region)
    listed = {found.name: found for found in oss2.BucketIterator(service)}
    assert listed[named.bucket_name].storage_class == "IA"
    named.put_object("k", b"data")
    named.put_object("archived", b"data", headers={"x-oss-storage-class": "Archive"})
    assert {found.key: found.storage_class for found in oss2.ObjectIterator(named)} == {"k": "IA", "archived": "Archive"}


def test_a_bucket_s_acl_is_changed(named):
    named.create_bucket()
    assert named.get_bucket_acl().acl == "private"
    named.put_bucket_acl("public-read-write")
    assert named.get_bucket_acl().acl == "public-read-write"
    named.create_bucket("public-read")
    assert named.get_bucket_acl().acl == "public-read"
    for call in (named.put_bucket_acl, named.create_bucket):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            call("default")
        assert (refused.value.status, refused.value.ec) == (400, "0015-00000204")
    assert named.get_bucket_acl().acl == "public-read"


def test_what_a_bucket_cannot_be_is_refused(client, named):
    for configuration in (
        oss_v2.CreateBucketConfiguration(storage_class="Cold"),
        oss_v2.CreateBucketConfiguration(data_redundancy_type="RAID"),
    ):
        with pytest.raises(oss_v2.exceptions.OperationError) as refused:
            client.put_bucket(
                oss_v2.PutBucketRequest(bucket=named.bucket_name, create_bucket_configuration=configuration)
            )
        assert refused.value.unwrap().code == "MalformedXML"
    with pytest.raises(oss2.exceptions.NoSuchBucket):
        named.get_bucket_info()


def test_anybody_reads_what_is_public(emulator, named):
    named.create_bucket()
    named.put_object("k", b"data")
    named.put_object("public", b"data", headers={"x-oss-object-acl": "public-read"})
    others = anonymous(named, emulator)
    assert refusal(others.get_object, "k") == BY_BUCKET
    assert others.get_object("public").read() == b"data"
    assert requests.head(f"{emulator.endpoint}/{named.bucket_name}/public", timeout=30).status_code == 200
    named.put_bucket_acl("public-read")
    named.put_object_acl("public", "private")
    assert others.get_object("k").read() == b"data"
    assert refusal(others.get_object, "public") == BY_OBJECT
    with pytest.raises(oss2.exceptions.NoSuchKey):
        others.get_object("none")
    for call, arguments in (
        (others.put_object, ("k", b"other")),
        (others.delete_object, ("k",)),
        (others.append_object, ("new", 0, b"data")),
        (others.init_multipart_upload, ("new",)),
    ):
        assert refusal(call, *arguments) == BY_BUCKET
    for call, arguments in (
        (others.list_objects, ()),
        (others.get_object_acl, ("k",)),
        (others.put_object_acl, ("k", "private")),
        (others.get_object_tagging, ("k",)),
        (others.delete_bucket, ()),
        (others.put_bucket_acl, ("private",)),
    ):
        assert refusal(call, *arguments) == "Anonymous access is forbidden for this operation."


def test_anybody_writes_where_anybody_may(emulator, named):
    named.create_bucket("public-read-write")
    others = anonymous(named, emulator)
    others.put_object("k", b"data")
    upload_id = others.init_multipart_upload("parts").upload_id
    part = oss2.models.PartInfo(1, others.upload_part("parts", upload_id, 1, b"data").etag)
    others.complete_multipart_upload("parts", upload_id, [part])
    others.copy_object(named.bucket_name, "k", "copy")
    others.delete_object("k")
    reply = requests.post(
        f"{emulator.endpoint}/{named.bucket_name}/", data={"key": "form"}, files={"file": b"data"}, timeout=30
    )
    assert reply.status_code == 204
    assert [found.key for found in oss2.ObjectIterator(named)] == ["copy", "form", "parts"]
    named.put_object("mine", b"mine", headers={"x-oss-object-acl": "public-read"})
    assert refusal(others.put_object, "mine", b"theirs") == BY_OBJECT
    named.put_object("secret", b"secret", headers={"x-oss-object-acl": "private"})
    assert refusal(others.copy_object, named.bucket_name, "secret", "copy") == BY_OBJECT


def test_a_form_without_a_signature_is_refused_elsewhere(emulator, prefix):
    reply = requests.post(
        f"{emulator.endpoint}/{emulator.bucket}/", data={"key": prefix + "form"}, files={"file": b"data"}, timeout=30
    )
    assert reply.status_code == 403 and BY_BUCKET in reply.text


def test_acls_belong_to_versions(emulator, named):
    named.create_bucket()
    named.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    first = named.put_object("k", b"first", headers={"x-oss-object-acl": "public-read"}).versionid
    named.put_object("k", b"second")
    others = anonymous(named, emulator)
    assert others.get_object("k", params={"versionId": first}).read() == b"first"
    assert refusal(others.get_object, "k") == BY_BUCKET


def test_whoever_has_no_key_gives_no_acl_and_removes_no_version(emulator, named):
    named.create_bucket("public-read-write")
    named.put_bucket_versioning(oss2.models.BucketVersioningConfig("Enabled"))
    first = named.put_object("k", b"first").versionid
    others = anonymous(named, emulator)
    upload_id = others.init_multipart_upload("parts").upload_id
    acl = {"x-oss-object-acl": "private"}
    for call, arguments, more in (
        (others.put_object, ("k", b"other"), {"headers": acl}),
        (others.copy_object, (named.bucket_name, "k", "k"), {"headers": acl}),
        (others.append_object, ("new", 0, b"data"), {"headers": acl}),
        (others.init_multipart_upload, ("new",), {"headers": acl}),
        (others.complete_multipart_upload, ("parts", upload_id, []), {"headers": acl}),
        (others.delete_object, ("k",), {"params": {"versionId": first}}),
    ):
        assert refusal(call, *arguments, **more) == "Anonymous access is forbidden for this operation."
    reply = requests.post(
        f"{emulator.endpoint}/{named.bucket_name}/",
        data={"key": "form", **acl},
        files={"file": b"data"},
        timeout=30,
    )
    assert reply.status_code == 403
    assert [found.key for found in oss2.ObjectIterator(named)] == ["k"]
    assert named.get_object("k").versionid == first


def test_whoever_has_no_access_key_has_no_say_in_a_reply_s_headers(emulator, named):
    named.create_bucket("public-read")
    named.put_object("k", b"data")
    assert anonymous(named, emulator).get_object("k").read() == b"data"
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        anonymous(named, emulator).get_object("k", params={"response-content-type": "text/x"})
    assert (refused.value.status, refused.value.code) == (400, "InvalidRequest")
