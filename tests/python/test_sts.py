"""Temporary keys of the token service, which the official client asks for at a host of its own."""

import json
import urllib.parse

import alibabacloud_oss_v2 as oss_v2
import pytest
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest
from conftest import oss2_bucket, v2_client
from oss2.exceptions import ServerError


def assume_role(server, access_key_secret=None, method="POST", **parameters):
    client = AcsClient(server.access_key_id, access_key_secret or server.access_key_secret, server.region)
    host = urllib.parse.urlsplit(server.endpoint).netloc
    request = CommonRequest(domain=host, version="2015-04-01", action_name="AssumeRole", product="Sts")
    request.set_protocol_type("http")
    request.set_method(method)
    request.set_accept_format("json")
    for name, value in {"RoleArn": "acs:ram::1234567890:role/uploads", "RoleSessionName": "a@b", **parameters}.items():
        request.add_query_param(name, value)
    return json.loads(client.do_action_with_exception(request))


def refusal(server, **parameters):
    with pytest.raises(ServerException) as refused:
        assume_role(server, **parameters)
    return refused.value.get_http_status(), refused.value.get_error_code()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_key_of_an_assumed_role_uploads_with_its_token_only(emulator, version, method, prefix):
    granted = assume_role(emulator, method=method)
    assert granted["AssumedRoleUser"]["Arn"] == "acs:ram::1234567890:role/uploads/a@b"
    key = granted["Credentials"]
    assert key["AccessKeyId"].startswith("STS.")
    credentials = (key["AccessKeyId"], key["AccessKeySecret"])
    bucket = oss2_bucket(emulator, version, *credentials, token=key["SecurityToken"])
    bucket.put_object(prefix + "k", b"data")
    # By V1, this SDK sends the token under a name of its own, unsigned.
    if version == "v4":
        client = v2_client(emulator, version, *credentials, token=key["SecurityToken"])
        read = client.get_object(oss_v2.GetObjectRequest(bucket=emulator.bucket, key=prefix + "k"))
        assert read.body.content == b"data"
    with pytest.raises(ServerError) as refused:
        oss2_bucket(emulator, version, *credentials).put_object(prefix + "k", b"data")
    assert refused.value.code == "InvalidAccessKeyId"


def test_what_sts_refuses_is_refused(emulator):
    assert refusal(emulator, access_key_secret="wrong") == (400, "SignatureDoesNotMatch")
    assert refusal(emulator, RoleArn="role") == (400, "InvalidParameter.RoleArn")
    assert refusal(emulator, RoleSessionName="a b") == (400, "InvalidParameter.RoleSessionName")
    for seconds in (899, 43201, "long"):
        assert refusal(emulator, DurationSeconds=seconds) == (400, "InvalidParameter.DurationSeconds")


def test_what_the_emulator_does_not_know_is_not_ignored(emulator):
    policy = json.dumps({"Version": "1", "Statement": []})
    assert refusal(emulator, Policy=policy) == (501, "NotImplemented")
    assert refusal(emulator, SourceIdentity="me") == (501, "NotImplemented")
