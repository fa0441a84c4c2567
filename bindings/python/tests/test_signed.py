"""URLs and forms that others upload with."""

from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from conftest import AppServer

from oss_upload import (
    Bucket,
    Callback,
    PostForm,
    PostPolicy,
    Presigned,
    PutOptions,
    ServiceError,
    post_object,
    put_to_url,
)


def send(presigned: Presigned, body: bytes | None) -> bytes:
    """As anybody can, with no header but those that have to be there."""
    url = urlsplit(presigned.url)
    connection = HTTPConnection(url.netloc, timeout=30)
    connection.request(presigned.method, f"{url.path}?{url.query}", body, dict(presigned.headers))
    reply = connection.getresponse()
    answer = reply.read()
    connection.close()
    assert reply.status == 200, answer
    return answer


def test_url_uploads_with_its_callback_and_headers(bucket: Bucket, app: AppServer) -> None:
    callback = Callback(app.url, "object=${object}")
    presigned = bucket.presign_put("given", 60, callback, PutOptions(content_type="text/plain"))
    assert presigned.method == "PUT" and presigned.headers
    assert presigned.expires is not None
    assert timedelta() < presigned.expires - datetime.now(timezone.utc) <= timedelta(seconds=60)
    assert send(presigned, b"hello") == app.answer
    assert put_to_url(presigned, b"hello").body == app.answer
    assert bucket.stat("given").header("content-type") == "text/plain"
    assert send(bucket.presign_get("given", 60), None) == b"hello"
    assert presigned.url not in repr(presigned)


def test_url_alone_uploads(bucket: Bucket) -> None:
    put_to_url(bucket.presign_put("alone", 60).url, b"hello")
    with pytest.raises(ServiceError):
        put_to_url(bucket.presign_put("alone", 60).url + "0", b"hello")


def test_parts_and_their_completion_can_be_signed(bucket: Bucket, app: AppServer) -> None:
    with bucket.begin_multipart("parts") as multipart:
        send(bucket.presign_upload_part("parts", multipart.upload_id, 1, 60), b"hello")
        complete = bucket.presign_complete_multipart("parts", multipart.upload_id, 60, Callback(app.url, "o=${object}"))
        assert complete.method == "POST"
        [part] = multipart.parts()
        listed = f"<Part><PartNumber>1</PartNumber><ETag>{part.etag}</ETag></Part>"
        body = complete.body or f"<CompleteMultipartUpload>{listed}</CompleteMultipartUpload>".encode()
        assert send(complete, body) == app.answer


def test_call_for_an_object_that_is_there_can_be_signed(bucket: Bucket, app: AppServer) -> None:
    bucket.put("there", b"")
    presigned = bucket.presign_trigger_callback("there", Callback(app.url, "o=${object}"), 60)
    assert send(presigned, presigned.body) == app.answer


def test_form_uploads_what_its_policy_allows(bucket: Bucket, app: AppServer) -> None:
    policy = PostPolicy(
        key_prefix="inbox/",
        length=(1, 10),
        fields={"success_action_status": "200"},
        field_prefixes={"x-oss-meta-kind": "a"},
    )
    form = bucket.sign_form(policy, 60, Callback(app.url, "o=${object}&u=${x:user}", variables={"x:user": "1"}))
    assert form.expires is not None and "x:user" in form.fields

    def filled(key: str) -> PostForm:
        return PostForm(form.url, {**form.fields, "key": key, "x-oss-meta-kind": "ab"})

    assert post_object(filled("inbox/a"), b"hello").body == app.answer
    assert app.heard[0].body == b"o=inbox%2Fa&u=1"
    with pytest.raises(ServiceError):
        post_object(filled("elsewhere/a"), b"hello")
    with pytest.raises(ServiceError):
        post_object(filled("inbox/a"), b"longer than ten")


def test_policy_that_says_nothing_of_the_key_is_refused(bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="key"):
        bucket.sign_form(PostPolicy(), 60)
    assert bucket.sign_form(PostPolicy(key="k", content_type="text/plain", any_callback=True), 60).fields["key"] == "k"
