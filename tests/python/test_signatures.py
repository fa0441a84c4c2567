"""Who may upload: signatures that are right pass, all others do not."""

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from conftest import STS, oss2_bucket, v2_client


def refusal_by_oss2(bucket):
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.put_object("refused", b"data")
    return error.value.status, error.value.code


def refusal_by_v2(client, server):
    with pytest.raises(oss_v2.exceptions.OperationError) as error:
        client.put_object(oss_v2.PutObjectRequest(bucket=server.bucket, key="refused", body=b"data"))
    error = error.value.unwrap()
    return error.status_code, error.code


def test_a_wrong_secret_is_refused(server, version):
    expected = (403, "SignatureDoesNotMatch")
    assert refusal_by_oss2(oss2_bucket(server, version, access_key_secret="wrong")) == expected
    assert refusal_by_v2(v2_client(server, version, access_key_secret="wrong"), server) == expected


def test_an_unknown_key_is_refused(server, version):
    expected = (403, "InvalidAccessKeyId")
    assert refusal_by_oss2(oss2_bucket(server, version, access_key_id="nobody")) == expected
    assert refusal_by_v2(v2_client(server, version, access_key_id="nobody"), server) == expected


def test_a_missing_bucket_is_named(server, version):
    bucket = oss2_bucket(server, version, bucket="there-is-no-such-bucket-here")
    assert refusal_by_oss2(bucket) == (404, "NoSuchBucket")


def test_a_missing_bucket_is_named_whoever_asks(server, version):
    bucket = oss2_bucket(server, version, access_key_id="nobody", bucket="there-is-no-such-bucket-here")
    assert refusal_by_oss2(bucket) == (404, "NoSuchBucket")


def test_a_request_without_signature_is_refused(emulator):
    reply = requests.put(f"{emulator.endpoint}/{emulator.bucket}/k", data=b"data", timeout=30)
    assert reply.status_code == 403
    assert "<Code>AccessDenied</Code>" in reply.text


def test_the_refusal_shows_what_the_server_signed(emulator):
    bucket = oss2_bucket(emulator, "v4", access_key_secret="wrong")
    with pytest.raises(oss2.exceptions.SignatureDoesNotMatch) as error:
        bucket.put_object("refused", b"data")
    details = error.value.details
    assert details["StringToSign"].startswith("OSS4-HMAC-SHA256\n")
    assert details["CanonicalRequest"].startswith(f"PUT\n/{emulator.bucket}/refused\n")
    assert error.value.ec == "0002-00000040"


def test_temporary_credentials_pass_with_their_token(emulator, version, prefix):
    bucket = oss2_bucket(emulator, version, *STS)
    assert bucket.put_object(prefix + "sts", b"data").status == 200
    assert bucket.get_object(prefix + "sts").read() == b"data"


def test_v2_passes_with_its_token(emulator, prefix):
    # By V1 this SDK sends the token in a header that OSS does not know.
    client = v2_client(emulator, "v4", *STS)
    request = oss_v2.PutObjectRequest(bucket=emulator.bucket, key=prefix + "sts", body=b"data")
    assert client.put_object(request).status_code == 200


def test_temporary_credentials_with_a_wrong_token_are_refused(emulator, version):
    bucket = oss2_bucket(emulator, version, STS[0], STS[1], "wrong")
    assert refusal_by_oss2(bucket) == (403, "InvalidSecurityToken")


def test_temporary_credentials_without_token_are_refused(emulator, version):
    bucket = oss2_bucket(emulator, version, STS[0], STS[1])
    assert refusal_by_oss2(bucket) == (403, "InvalidAccessKeyId")


def test_a_wrong_region_is_refused(emulator):
    bucket = oss2_bucket(emulator, "v4")
    bucket.region = "cn-beijing"
    with pytest.raises(oss2.exceptions.ServerError) as error:
        bucket.put_object("refused", b"data")
    assert error.value.ec == "0002-00000226"
