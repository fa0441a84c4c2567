"""Upload callbacks: the application server is called, and its answer, or its failure, comes back to the uploader."""

import base64
import json

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from conftest import verify_callback

KEY = "examplefiles/exampleobject.txt"
BODY = "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}"
VARIABLES = {"x:my_var1": "my_val1", "x:my_var2": "my val&2/中"}


def encode(settings):
    return base64.b64encode(json.dumps(settings).encode()).decode()


def settings(app, **more):
    return {
        "callbackUrl": app.url,
        "callbackBody": "bucket=${bucket}&object=${object}",
        "callbackBodyType": "application/x-www-form-urlencoded",
        **more,
    }


def headers(app, **more):
    return {"x-oss-callback": encode(settings(app, **more)), "x-oss-callback-var": encode(VARIABLES)}


def error_of(text):
    import xml.etree.ElementTree as xml

    root = xml.fromstring(text)
    assert root.tag == "Error"
    return {child.tag: child.text for child in root}


def check_callback(app, emulator, form):
    assert len(app.requests) == 1
    callback = app.requests[0]
    assert callback.form() == form
    assert callback.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert callback.headers["User-Agent"] == "aliyun-oss-callback"
    assert callback.headers["x-oss-bucket"] == emulator.bucket
    assert callback.headers["x-oss-tag"] == "CALLBACK"
    verify_callback(callback, emulator)


def example(emulator):
    return {"bucket": emulator.bucket, "object": KEY}


def test_oss2_gets_the_answer_of_the_customers_example(app, emulator, bucket):
    result = bucket.put_object(KEY, "a" * 1024 * 1024, headers=headers(app))
    assert result.status == 200
    assert result.resp.read() == b'{"Status":"OK"}'
    assert result.resp.headers["Content-Type"] == "application/json"
    assert len(result.etag) == 32
    check_callback(app, emulator, example(emulator))


def test_variables_are_filled_in(app, emulator, bucket):
    bucket.put_object(KEY, b"data", headers=headers(app, callbackBody=BODY))
    expected = {**example(emulator), "one": "my_val1", "two": "my val&2/中"}
    check_callback(app, emulator, expected)


def test_the_callback_may_travel_in_the_query(app, emulator, version, bucket):
    params = {"callback": encode(settings(app, callbackBody=BODY)), "callback-var": encode(VARIABLES)}
    url = bucket.sign_url("PUT", KEY, 60, params=params, slash_safe=True)
    reply = requests.put(url, data=b"data", timeout=30)
    assert (reply.status_code, reply.content) == (200, b'{"Status":"OK"}')
    check_callback(app, emulator, {**example(emulator), "one": "my_val1", "two": "my val&2/中"})


def test_a_callback_in_header_and_query_is_refused(app, emulator, bucket, prefix):
    url = bucket.sign_url("PUT", prefix + "k", 60, params={"callback": encode(settings(app))}, headers=headers(app))
    reply = requests.put(url, data=b"data", headers=headers(app), timeout=30)
    assert reply.status_code == 400
    error = error_of(reply.text)
    assert (error["Code"], error["EC"]) == ("InvalidArgument", "0007-00000027")
    assert not bucket.object_exists(prefix + "k")


def test_v2_gets_the_answer(app, emulator, client):
    result = client.put_object(
        oss_v2.PutObjectRequest(
            bucket=emulator.bucket,
            key=KEY,
            body=b"data",
            callback=encode(settings(app)),
            callback_var=encode(VARIABLES),
        )
    )
    assert result.status_code == 200
    assert result.callback_result == '{"Status":"OK"}'
    check_callback(app, emulator, example(emulator))


def test_a_json_body_has_literals(app, emulator, bucket):
    template = '{"b":${bucket},"o":${object},"s":${size},"e":${etag},"v":${x:my_var2},"w":${imageInfo.width},"p":${operation}}'
    sent = headers(app, callbackBody=template, callbackBodyType="application/json")
    result = bucket.put_object(KEY, b"data", headers=sent)
    assert result.status == 200
    assert json.loads(app.requests[0].body) == {
        "b": emulator.bucket,
        "o": KEY,
        "s": 4,
        "e": result.etag,
        "v": "my val&2/中",
        "w": None,
        "p": "PutObject",
    }
    assert app.requests[0].headers["Content-Type"] == "application/json"
    verify_callback(app.requests[0], emulator)


def test_path_and_query_of_the_url_are_signed(app, emulator, bucket):
    bucket.put_object(KEY, b"data", headers=headers(app, callbackUrl=app.url + "/a%20b+c?d=%2F&e"))
    assert app.requests[0].target == "/a%20b+c?d=%2F&e"
    verify_callback(app.requests[0], emulator)


def test_the_signature_covers_the_body(app, emulator, bucket):
    import rsa

    bucket.put_object(KEY, b"data", headers=headers(app))
    app.requests[0].body += b"x"
    with pytest.raises(rsa.VerificationError):
        verify_callback(app.requests[0], emulator)


def test_the_next_url_is_tried(app, emulator, bucket):
    dead = "http://127.0.0.1:1"
    result = bucket.put_object(KEY, b"data", headers=headers(app, callbackUrl=dead + ";" + app.url))
    assert result.status == 200
    check_callback(app, emulator, example(emulator))


@pytest.mark.parametrize(
    "status, answer, message, ec",
    [
        (502, b"{}", "Error status : 502.", "0007-00000203"),
        (201, b"{}", "Error status : 201.", "0007-00000203"),
        (301, b"{}", "Error status : 301.", "0007-00000203"),
        (200, b"not json", "Response body is not valid json format.", "0007-00000205"),
        (200, b"\xef\xbb\xbf{}", "Response body is not valid json format.", "0007-00000205"),
        (200, b"", "Error Status : 400.User server return invalid conent-length value.", None),
    ],
)
def test_a_failed_callback_is_203_and_the_object_is_stored(app, bucket, prefix, status, answer, message, ec):
    app.status, app.answer = status, answer
    key = prefix + "stored"
    # This SDK takes a 203 for success.
    result = bucket.put_object(key, b"data", headers=headers(app))
    assert result.status == 203
    error = error_of(result.resp.read())
    assert (error["Code"], error["Message"], error.get("EC")) == ("CallbackFailed", message, ec)
    assert result.resp.headers["Content-Type"] == "application/xml"
    assert bucket.get_object(key).read() == b"data"
    assert bucket.head_object(key).etag == result.etag


def test_nobody_at_the_url_is_203(emulator, bucket, prefix):
    sent = {"x-oss-callback": encode({"callbackUrl": "http://127.0.0.1:1", "callbackBody": "a"})}
    result = bucket.put_object(prefix + "stored", b"data", headers=sent)
    assert result.status == 203
    assert "can not connect" in error_of(result.resp.read())["Message"]


def test_wrong_settings_are_refused_before_anything_is_stored(app, bucket, prefix):
    for value, ec in [
        ("***", "0007-00000002"),
        (base64.b64encode(b"{").decode(), "0007-00000003"),
        (encode(settings(app, callbackUrl="http://h:99999")), "0007-00000004"),
        (encode(settings(app, callbackHost=1)), "0007-00000009"),
        (encode(settings(app, callbackBody="$ {bucket}")), "0007-00000105"),
    ]:
        with pytest.raises(oss2.exceptions.ServerError) as error:
            bucket.put_object(prefix + "refused", b"data", headers={"x-oss-callback": value})
        assert (error.value.status, error.value.code, error.value.ec) == (400, "InvalidArgument", ec)
    assert not bucket.object_exists(prefix + "refused")
    assert app.requests == []


def test_complete_runs_the_callback_and_returns_its_answer(app, emulator, bucket):
    upload_id = bucket.init_multipart_upload(KEY).upload_id
    part = bucket.upload_part(KEY, upload_id, 1, b"data")
    sent = headers(app, callbackBody=BODY + "&size=${size}&op=${operation}&md5=${contentMd5}")
    result = bucket.complete_multipart_upload(KEY, upload_id, [oss2.models.PartInfo(1, part.etag)], headers=sent)
    assert (result.status, result.resp.read()) == (200, b'{"Status":"OK"}')
    assert result.etag.endswith("-1")
    expected = {**example(emulator), "one": "my_val1", "two": "my val&2/中"}
    expected.update(size="4", op="CompleteMultipartUpload", md5="")
    check_callback(app, emulator, expected)


def test_a_failed_callback_of_complete_is_203_too(app, bucket, prefix):
    app.status = 500
    key = prefix + "complete"
    upload_id = bucket.init_multipart_upload(key).upload_id
    part = bucket.upload_part(key, upload_id, 1, b"data")
    parts = [oss2.models.PartInfo(1, part.etag)]
    result = bucket.complete_multipart_upload(key, upload_id, parts, headers=headers(app))
    assert result.status == 203
    assert error_of(result.resp.read())["Code"] == "CallbackFailed"
    assert bucket.get_object(key).read() == b"data"


def trigger(app):
    """The process by which OSS calls for an object that is there."""
    return f"trigger/callback,callback_{encode(settings(app, callbackBody=BODY))},callback-var_{encode(VARIABLES)}"


def test_oss2_has_the_emulator_call_again(app, emulator, bucket):
    bucket.put_object(KEY, b"data")
    app.answer = b'{"status":"again"}'
    assert bucket.process_object(KEY, trigger(app)).process_status == "again"
    check_callback(app, emulator, {**example(emulator), "one": "my_val1", "two": "my val&2/中"})


def test_v2_has_the_emulator_call_again_and_leaves_the_process_out_of_its_v1_signature(app, emulator, version, client):
    client.put_object(oss_v2.PutObjectRequest(bucket=emulator.bucket, key=KEY, body=b"data"))
    app.answer = b'{"status":"again"}'
    request = oss_v2.ProcessObjectRequest(bucket=emulator.bucket, key=KEY, process=trigger(app))
    if version == "v1":
        with pytest.raises(oss_v2.exceptions.OperationError) as error:
            client.process_object(request)
        assert error.value.unwrap().code == "SignatureDoesNotMatch"
        return
    assert client.process_object(request).process_status == "again"
    check_callback(app, emulator, {**example(emulator), "one": "my_val1", "two": "my val&2/中"})


def test_what_cannot_be_called_again_for_is_refused(app, emulator, bucket, prefix):
    bucket.put_object(KEY, b"data")
    for key, process, status, code in [
        (prefix + "absent", trigger(app), 404, "NoSuchKey"),
        (KEY, "trigger/callback,callback_,callback-var_", 400, "InvalidArgument"),
        (KEY, "trigger/callback,callback_***,callback-var_", 400, "InvalidArgument"),
        (KEY, "image/resize,w_100", 501, "NotImplemented"),
    ]:
        with pytest.raises(oss2.exceptions.ServerError) as error:
            bucket.process_object(key, process)
        assert (error.value.status, error.value.code) == (status, code)
    assert app.requests == []


@pytest.fixture
def policies(app, bucket):
    """Callbacks that oss2 stored on the bucket, without variables and with."""
    info = oss2.models.CallbackPolicyInfo
    stored = [
        info("plain", encode(settings(app))),
        info("名 2", encode(settings(app, callbackBody=BODY)), encode(VARIABLES)),
    ]
    assert bucket.put_bucket_callback_policy(stored).status == 200
    yield stored
    assert bucket.delete_bucket_callback_policy().status == 204


def test_oss2_finds_the_callback_policies_that_it_stored(policies, bucket):
    found = bucket.get_bucket_callback_policy()
    assert found.status == 200
    found = [(policy.policy_name, policy.callback, policy.callback_var or None) for policy in found.callback_policies]
    assert found == [(policy.policy_name, policy.callback, policy.callback_var) for policy in policies]


def test_a_bucket_without_callback_policies_says_so(emulator, bucket):
    for nothing in (None, [None]):
        assert bucket.put_bucket_callback_policy(nothing).status == 200
        with pytest.raises(oss2.exceptions.ServerError) as error:
            bucket.get_bucket_callback_policy()
        assert (error.value.status, error.value.code) == (404, "BucketCallbackPolicyNotExist")
    assert bucket.delete_bucket_callback_policy().status == 204


def test_a_callback_policy_is_a_callback(app, emulator, bucket, policies):
    result = bucket.put_object(KEY, b"data", headers={"x-oss-callback": encode({"callbackPolicy": "plain"})})
    assert (result.status, result.resp.read()) == (200, b'{"Status":"OK"}')
    check_callback(app, emulator, example(emulator))


def test_a_callback_policy_brings_its_variables(app, emulator, bucket, policies):
    bucket.put_object(KEY, b"data", headers={"x-oss-callback": encode({"callbackPolicy": "名 2"})})
    check_callback(app, emulator, {**example(emulator), "one": "my_val1", "two": "my val&2/中"})


def test_variables_of_the_request_are_joined_with_those_of_the_policy(app, emulator, bucket, policies):
    params = {"callback": encode({"callbackPolicy": "名 2"}), "callback-var": encode({"x:my_var1": "own"})}
    reply = requests.put(bucket.sign_url("PUT", KEY, 60, params=params), data=b"data", timeout=30)
    assert (reply.status_code, reply.content) == (200, b'{"Status":"OK"}')
    check_callback(app, emulator, {**example(emulator), "one": "own", "two": "my val&2/中"})


def test_complete_knows_callback_policies_too(app, emulator, bucket, policies):
    upload_id = bucket.init_multipart_upload(KEY).upload_id
    part = bucket.upload_part(KEY, upload_id, 1, b"data")
    parts = [oss2.models.PartInfo(1, part.etag)]
    sent = {"x-oss-callback": encode({"callbackPolicy": "plain"})}
    result = bucket.complete_multipart_upload(KEY, upload_id, parts, headers=sent)
    assert (result.status, result.resp.read()) == (200, b'{"Status":"OK"}')
    check_callback(app, emulator, example(emulator))


def test_an_unknown_callback_policy_is_refused(app, bucket, prefix, policies):
    for wrong in ({"callbackPolicy": "other"}, {"callbackPolicy": ""}, {"callbackPolicy": 1}):
        with pytest.raises(oss2.exceptions.ServerError) as error:
            bucket.put_object(prefix + "refused", b"data", headers={"x-oss-callback": encode(wrong)})
        assert (error.value.status, error.value.code) == (400, "InvalidArgument")
    assert not bucket.object_exists(prefix + "refused")
    assert app.requests == []
