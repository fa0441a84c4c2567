"""What the emulator does not know it refuses, and does nothing else in its place."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest


def refused_by_v2(call):
    with pytest.raises(oss_v2.exceptions.OperationError) as error:
        call()
    error = error.value.unwrap()
    assert (error.status_code, error.code) == (501, "NotImplemented")


def refused_by_oss2(call):
    with pytest.raises(oss2.exceptions.ServerError) as error:
        call()
    assert (error.value.status, error.value.code) == (501, "NotImplemented")


def test_a_setting_of_a_bucket_is_not_taken_for_the_bucket(emulator, client):
    name = {"bucket": "bucket-of-settings"}
    client.put_bucket(oss_v2.PutBucketRequest(**name))
    refused_by_v2(lambda: client.delete_bucket_overwrite_config(oss_v2.models.DeleteBucketOverwriteConfigRequest(**name)))
    assert client.list_objects_v2(oss_v2.ListObjectsV2Request(**name)).key_count == 0
    client.delete_bucket(oss_v2.DeleteBucketRequest(**name))


def test_a_setting_of_an_object_is_not_taken_for_the_object(emulator, client, bucket, prefix):
    key = prefix + "kept"
    bucket.put_object(key, b"data")
    retention = oss_v2.models.object_worm.Retention(mode="COMPLIANCE", retain_until_date="2030-01-01T00:00:00.000Z")
    refused_by_v2(
        lambda: client.put_object_retention(
            oss_v2.models.PutObjectRetentionRequest(bucket=emulator.bucket, key=key, retention=retention)
        )
    )
    refused_by_oss2(lambda: bucket.put_symlink(key, key))
    assert bucket.get_object(key).read() == b"data"


def test_a_process_is_not_left_out(emulator, bucket, prefix):
    bucket.put_object(prefix + "image", b"no image")
    refused_by_oss2(lambda: bucket.get_object(prefix + "image", process="image/resize,w_100"))
