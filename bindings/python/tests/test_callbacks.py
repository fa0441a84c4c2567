"""Callbacks, and how they end."""

import pytest
from conftest import AppServer, Emulator

from oss_upload import (
    Bucket,
    Callback,
    CallbackBody,
    CallbackError,
    CallbackFailed,
    CallbackUnknown,
    InvalidArgument,
    Severity,
    Stored,
)


def test_answer_of_the_application_server_comes_back(bucket: Bucket, app: AppServer) -> None:
    app.answer = b'{"\xff":1}'
    callback = Callback(app.url, "object=${object}&user=${x:user}", variables={"x:user": "4 2"})
    result = bucket.put("dir/photo.jpg", b"hello", callback)
    assert result.body == app.answer
    assert result.content_type == "application/json"
    assert [heard.body for heard in app.heard] == [b"object=dir%2Fphoto.jpg&user=4%202"]


def test_body_can_be_json_and_tell_each_upload_from_others(bucket: Bucket, app: AppServer) -> None:
    template = '{"key":${object},"id":${x:id}}'
    callback = Callback(app.url, template, body_type=CallbackBody.JSON, delivery_variable="x:id")
    bucket.put("a", b"", callback)
    bucket.put("a", b"", callback)
    first, second = (heard.body for heard in app.heard)
    assert first.startswith(b'{"key":"a","id":"') and first != second


def test_failed_callback_is_an_exception_of_its_own(bucket: Bucket, app: AppServer) -> None:
    app.status = 500
    callback = Callback(app.url, "object=${object}&size=${size}")
    with pytest.raises(CallbackFailed) as raised:
        bucket.put("key", b"hello", callback)
    assert isinstance(raised.value, CallbackError)
    assert raised.value.stored == Stored.YES
    assert raised.value.result.http_status == 203
    assert callback.render(raised.value.result) == "object=key&size=5"
    assert len(app.heard) == 1


def test_callback_whose_reply_was_lost_is_unknown(emulator: Emulator, bucket: Bucket, app: AppServer) -> None:
    emulator.fail("close_without_reply")
    with pytest.raises(CallbackUnknown) as raised:
        bucket.put("key", b"hello", Callback(app.url, "object=${object}"))
    assert raised.value.stored == Stored.YES
    assert len(app.heard) == 1


def test_oss_can_be_asked_to_call_again(bucket: Bucket, app: AppServer) -> None:
    bucket.put("key", b"hello")
    assert bucket.trigger_callback("key", Callback(app.url, "object=${object}")).body == app.answer


def test_mistakes_are_found_beforehand(bucket: Bucket) -> None:
    callback = Callback("https://app.example.com/uploaded", "object=${object}&user=${x:user}")
    for findings in (callback.check(), bucket.check_callback(callback)):
        assert "https-without-sni" in {finding.rule for finding in findings}
        assert all(finding.message for finding in findings)
        assert {finding.severity for finding in findings} <= set(Severity)
    with pytest.raises(InvalidArgument):
        Callback("", "object=${object}").check()


def test_callback_can_be_sent_by_other_means() -> None:
    encoded, variables = Callback("http://app.example.com", "o=${object}", variables={"x:a": "b"}).encode()
    assert encoded.startswith("eyJ") and variables.startswith("eyJ")
    assert Callback("http://app.example.com", "o=${object}").encode()[1] == ""
    assert Callback(policy="named").encode()[0].startswith("eyJ")


def test_body_can_be_rendered_from_values() -> None:
    callback = Callback("http://app.example.com", "w=${imageInfo.width}&s=${size}")
    assert callback.render(values={"imageInfo.width": "640", "size": "1"}) == "w=640&s=1"
