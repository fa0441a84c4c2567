"""URLs that one side signs and another uses: those of the official SDKs with the library's oss_put_to_url(), and those
of the library with an HTTP client that knows nothing of OSS.

The library is the program named by OSS_PRESIGNED_EXCHANGE, which is tests/c/presigned_exchange.c.
"""

import base64
import copy
import datetime
import json
import os
import subprocess
import types
import urllib.parse
from dataclasses import dataclass, field

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
from conftest import STS, oss2_bucket, v2_client, verify_callback

# Enough for a part, which is 100 KiB at least, and a rest.
DATA = bytes(range(256)) * 401
PART = 100 << 10
# Nothing that reads the answer as JSON and writes it again leaves it like this.
ANSWER = b' {"answer" : [1.0, "\xe5\x90\x8d", "\\u540d"]}\n\n'
TEMPLATE = "object=${object}&size=${size}&user=${x:user}"
USER = "4 2&/名"
CONTENT_TYPE = "text/x-special; charset=utf-8"
KEYS = ["plain", "dir/名字 a+b%2F?c&d=e#f;g", "a/./b/../c//d"]
LIFETIME_S = 600


@dataclass
class Signed:
    """A request to make, by whoever."""

    url: str
    headers: dict = field(default_factory=dict)
    method: str = "PUT"


@dataclass
class Outcome:
    status: str
    stored: bool
    http_status: int
    code: str
    etag: str
    content_type: str
    answer: bytes


def encode(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def settings(app):
    return encode({"callbackUrl": app.url + "/up?by=url", "callbackBody": TEMPLATE})


def variables():
    return encode({"x:user": USER})


class Library:
    """What the library signs, and what it says of its uploads."""

    def __init__(self, program, server, folder):
        self.program = program
        self.server = server
        self.folder = folder

    def run(self, *arguments, **environment):
        out = subprocess.run(
            [self.program, *arguments],
            env={name: value for name, value in environment.items() if value},
            capture_output=True,
            timeout=120,
        )
        assert out.returncode == 0, out.stderr.decode()
        # The last line says how many checks there were.
        return out.stdout.decode().splitlines()[:-1]

    def sign(self, version, verb, key, *arguments, app=None, credentials=None):
        server = self.server
        key_id, secret, token = credentials or (server.access_key_id, server.access_key_secret, "")
        method, url, *headers = self.run(
            verb,
            key,
            *arguments,
            OSS_ENDPOINT=server.endpoint,
            OSS_BUCKET=server.bucket,
            OSS_REGION=server.region,
            OSS_ACCESS_KEY_ID=key_id,
            OSS_ACCESS_KEY_SECRET=secret,
            OSS_SESSION_TOKEN=token,
            SIGNATURE_VERSION=version.removeprefix("v"),
            CALLBACK_URL=app and app.url + "/up?by=url",
            CALLBACK_BODY=TEMPLATE,
            CALLBACK_USER=USER,
        )
        return Signed(url, dict(line.split(": ", 1) for line in headers), method)

    def upload(self, signed):
        file, answer = self.folder / "data", self.folder / "answer"
        file.write_bytes(DATA)
        headers = [text for header in signed.headers.items() for text in header]
        status, stored, http_status, *texts = self.run("upload", signed.url, file, answer, *headers)
        return Outcome(status, stored == "1", int(http_status), *texts, answer.read_bytes())


@pytest.fixture
def library(server, tmp_path):
    program = os.environ.get("OSS_PRESIGNED_EXCHANGE")
    if not program:
        pytest.fail("set OSS_PRESIGNED_EXCHANGE to the path of the program presigned_exchange")
    return Library(program, server, tmp_path)


class Oss2:
    """Signs a callback in the query. The slash in a key can be written in two ways."""

    def __init__(self, server, version, slash_safe):
        self.server = server
        self.version = version
        self.slash_safe = slash_safe

    def sign(self, key, headers=None, app=None, credentials=()):
        params = {"callback": settings(app), "callback-var": variables()} if app else None
        bucket = oss2_bucket(self.server, self.version, *credentials)
        # Signing adds headers of its own, which are not for sending.
        given = dict(headers or {})
        url = bucket.sign_url("PUT", key, LIFETIME_S, given, params, slash_safe=self.slash_safe)
        return Signed(url, headers or {})


class V2:
    """Signs a callback as headers, which have to be sent along."""

    def __init__(self, server, version):
        self.server = server
        self.version = version

    def sign(self, key, headers=None, app=None, credentials=()):
        headers = headers or {}
        metadata = {n.removeprefix("x-oss-meta-"): v for n, v in headers.items() if n.startswith("x-oss-meta-")}
        request = oss_v2.PutObjectRequest(
            bucket=self.server.bucket,
            key=key,
            content_type=headers.get("Content-Type"),
            metadata=metadata or None,
            callback=settings(app) if app else None,
            callback_var=variables() if app else None,
        )
        client = v2_client(self.server, self.version, *credentials)
        signed = client.presign(request, expires=datetime.timedelta(seconds=LIFETIME_S))
        return Signed(signed.url, dict(signed.signed_headers))


@pytest.fixture(params=["oss2", "oss2-slash", "v2"])
def sdk(request, server, version):
    if request.param == "v2":
        return V2(server, version)
    return Oss2(server, version, request.param == "oss2-slash")


class Own:
    """The library as whoever signs."""

    def __init__(self, library, version):
        self.library = library
        self.version = version

    def sign(self, key, headers=None, app=None, credentials=None):
        texts = [text for header in (headers or {}).items() for text in header]
        return self.library.sign(self.version, "put", key, *texts, app=app, credentials=credentials)


def send(signed, data=None):
    """By a client that only knows what was signed."""
    return requests.request(signed.method, signed.url, headers=signed.headers, data=data, timeout=30)


def check_stored(server, key, headers):
    found = oss2_bucket(server, "v1").get_object(key)
    assert found.read() == DATA
    assert {name: found.headers.get(name) for name in headers} == headers


def check_callback(app, emulator, key):
    assert len(app.requests) == 1
    callback = app.requests[0]
    assert callback.target == "/up?by=url"
    assert callback.form() == {"object": key, "size": str(len(DATA)), "user": USER}
    verify_callback(callback, emulator)


HEADERS = {"Content-Type": CONTENT_TYPE, "x-oss-meta-author": "somebody", "x-oss-meta-a": "b  c"}


# Theirs, with the library.


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["bare", "headers"])
@pytest.mark.parametrize("name", KEYS[:2])
def test_the_library_uploads_to_the_urls_of_the_sdks(server, sdk, library, prefix, name, headers):
    key = prefix + name
    outcome = library.upload(sdk.sign(key, headers))
    assert (outcome.status, outcome.stored, outcome.http_status) == ("OK", True, 200)
    check_stored(server, key, headers)
    assert oss2_bucket(server, "v1").head_object(key).etag == outcome.etag


def test_the_callback_of_an_sdk_s_url_runs_and_its_answer_comes_back(emulator, sdk, library, app, prefix):
    app.answer = ANSWER
    outcome = library.upload(sdk.sign(prefix + "k", HEADERS, app))
    assert (outcome.status, outcome.stored, outcome.http_status) == ("OK", True, 200)
    assert (outcome.answer, outcome.content_type) == (ANSWER, "application/json")
    check_callback(app, emulator, prefix + "k")
    check_stored(emulator, prefix + "k", HEADERS)


def test_the_failed_callback_of_an_sdk_s_url_is_told_from_failure(emulator, sdk, library, app, prefix):
    app.status = 500
    outcome = library.upload(sdk.sign(prefix + "k", app=app))
    assert (outcome.status, outcome.stored, outcome.http_status) == ("CALLBACK_FAILED", True, 203)
    assert outcome.code == "CallbackFailed"
    assert b"<Code>CallbackFailed</Code>" in outcome.answer
    check_callback(app, emulator, prefix + "k")
    check_stored(emulator, prefix + "k", {})


def test_the_urls_that_sdks_sign_with_a_token_can_be_used(emulator, sdk, library, app, prefix):
    app.answer = ANSWER
    outcome = library.upload(sdk.sign(prefix + "k", app=app, credentials=STS))
    assert (outcome.status, outcome.answer) == ("OK", ANSWER)
    check_callback(app, emulator, prefix + "k")


def test_a_header_that_was_signed_beyond_need_is_sent(emulator, library, prefix):
    headers = {"zulu": "time", "Content-Type": CONTENT_TYPE}
    bucket = oss2_bucket(emulator, "v4")
    url = bucket.sign_url("PUT", prefix + "k", LIFETIME_S, dict(headers), additional_headers={"zulu"})
    assert library.upload(Signed(url, headers)).status == "OK"
    outcome = library.upload(Signed(url, {**headers, "zulu": "other"}))
    assert (outcome.status, outcome.code) == ("SERVICE", "SignatureDoesNotMatch")


def test_a_url_that_expired_is_refused(emulator, library, version, app, prefix, monkeypatch):
    import oss2.auth

    past = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2 * LIFETIME_S)
    with monkeypatch.context() as clock:
        clock.setattr(oss2.auth, "time", types.SimpleNamespace(time=past.timestamp))
        clock.setattr(oss2.auth, "datetime", types.SimpleNamespace(utcnow=lambda: past))
        signed = Oss2(emulator, version, True).sign(prefix + "k", app=app)
    outcome = library.upload(signed)
    assert (outcome.status, outcome.stored, outcome.code) == ("SERVICE", False, "AccessDenied")
    assert app.requests == []


# The library's, with a plain client.


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["bare", "headers"])
@pytest.mark.parametrize("name", KEYS)
def test_a_plain_client_uploads_to_and_downloads_from_the_urls_of_the_library(
    server, library, version, prefix, name, headers
):
    key = prefix + name
    put = Own(library, version).sign(key, headers)
    assert sorted(put.headers) == sorted(name.lower() for name in headers)
    reply = send(put, DATA)
    assert (reply.status_code, reply.content) == (200, b"")
    got = send(library.sign(version, "get", key))
    assert (got.status_code, got.content) == (200, DATA)
    assert {name: got.headers.get(name) for name in headers} == headers


def test_a_plain_client_gets_the_answer_to_the_callback_of_a_url(emulator, library, version, app, prefix):
    app.answer = ANSWER
    reply = send(Own(library, version).sign(prefix + "k", HEADERS, app), DATA)
    assert (reply.status_code, reply.content) == (200, ANSWER)
    assert reply.headers["Content-Type"] == "application/json"
    check_callback(app, emulator, prefix + "k")
    check_stored(emulator, prefix + "k", HEADERS)


def test_a_plain_client_sees_that_the_callback_of_a_url_failed(emulator, library, version, app, prefix):
    app.status = 500
    reply = send(Own(library, version).sign(prefix + "k", app=app), DATA)
    assert reply.status_code == 203
    assert b"<Code>CallbackFailed</Code>" in reply.content
    check_callback(app, emulator, prefix + "k")
    check_stored(emulator, prefix + "k", {})


def test_a_plain_client_uses_the_urls_that_were_signed_with_a_token(emulator, library, version, app, prefix):
    app.answer = ANSWER
    reply = send(Own(library, version).sign(prefix + "k", app=app, credentials=STS), DATA)
    assert (reply.status_code, reply.content) == (200, ANSWER)
    check_callback(app, emulator, prefix + "k")


@pytest.mark.parametrize("status", [200, 500])
def test_a_plain_client_uploads_in_parts(emulator, library, version, app, prefix, status):
    app.answer, app.status = ANSWER, status
    key = prefix + KEYS[1]
    upload_id = oss2_bucket(emulator, version).init_multipart_upload(key).upload_id
    parts = ""
    for number, data in enumerate([DATA[:PART], DATA[PART:]], 1):
        reply = send(library.sign(version, "part", key, upload_id, str(number)), data)
        assert (reply.status_code, reply.content) == (200, b"")
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{reply.headers['ETag']}</ETag></Part>"
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    complete = library.sign(version, "complete", key, upload_id, app=app)
    assert (complete.method, complete.headers) == ("POST", {})
    reply = send(complete, document.encode())
    if status == 200:
        assert (reply.status_code, reply.content) == (200, ANSWER)
    else:
        assert reply.status_code == 203
    check_callback(app, emulator, key)
    check_stored(emulator, key, {})


# Neither side's, once somebody had their hands on it.


def with_parameter(signed, name, change):
    """With another value for a parameter of the query, or without it if `change` gives None."""
    parts = urllib.parse.urlsplit(signed.url)
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    assert name in query
    query[name] = change(query[name])
    query = {name: value for name, value in query.items() if value is not None}
    signed.url = parts._replace(query=urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="")).geturl()


def with_callback(signed, name, value):
    """With another callback, or without it, wherever it travels."""
    if "x-oss-" + name in signed.headers:
        signed.headers["x-oss-" + name] = value
        signed.headers = {name: value for name, value in signed.headers.items() if value is not None}
    else:
        with_parameter(signed, name, lambda _: value)


def header(signed, wanted):
    return next(name for name in signed.headers if name.lower() == wanted)


def signature(signed):
    return next(name for name in ("Signature", "x-oss-signature") if f"{name}=" in signed.url)


def other_signature(text):
    """Base64 and hexadecimal know both digits."""
    return ("1" if text[0] != "1" else "2") + text[1:]


def expiry(signed):
    return "Expires" if "Expires=" in signed.url else "x-oss-expires"


ELSEWHERE = encode({"callbackUrl": "http://127.0.0.1:1/", "callbackBody": "object=${object}"})
TAMPERINGS = {
    "signature": lambda signed: with_parameter(signed, signature(signed), other_signature),
    "expiry": lambda signed: with_parameter(signed, expiry(signed), lambda text: str(int(text) + 1)),
    "key": lambda signed: setattr(signed, "url", signed.url.replace("target-key", "targeT-key")),
    "bucket": lambda signed: setattr(signed, "url", signed.url.replace("/test-bucket", "/other-bucket")),
    "callback": lambda signed: with_callback(signed, "callback", ELSEWHERE),
    "no callback": lambda signed: with_callback(signed, "callback", None),
    "variables": lambda signed: with_callback(signed, "callback-var", encode({"x:user": "43"})),
    "no variables": lambda signed: with_callback(signed, "callback-var", None),
    "content type": lambda signed: signed.headers.update({header(signed, "content-type"): "text/html"}),
    "no content type": lambda signed: signed.headers.pop(header(signed, "content-type")),
    "metadata": lambda signed: signed.headers.update({header(signed, "x-oss-meta-a"): "b c"}),
    "no metadata": lambda signed: signed.headers.pop(header(signed, "x-oss-meta-a")),
    "more metadata": lambda signed: signed.headers.update({"x-oss-meta-more": "1"}),
    "acl": lambda signed: signed.headers.update({"x-oss-object-acl": "public-read-write"}),
}


@pytest.fixture
def other_bucket(emulator):
    """There, so that it is the signature that keeps strangers out of it."""
    bucket = oss2_bucket(emulator, "v1", bucket="other-bucket")
    bucket.create_bucket()
    return bucket


def tampered(signed, name):
    changed = copy.deepcopy(signed)
    TAMPERINGS[name](changed)
    assert changed != signed
    return changed


def check_nothing_came_of_it(app, prefix, *buckets):
    assert app.requests == []
    assert not any(bucket.object_exists(prefix + key) for bucket in buckets for key in ("target-key", "targeT-key"))


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_in_an_sdk_s_url_is_refused(emulator, sdk, library, app, prefix, other_bucket, name):
    signed = sdk.sign(prefix + "target-key", HEADERS, app)
    outcome = library.upload(tampered(signed, name))
    assert (outcome.status, outcome.stored, outcome.http_status) == ("SERVICE", False, 403)
    assert outcome.code == "SignatureDoesNotMatch"
    check_nothing_came_of_it(app, prefix, oss2_bucket(emulator, "v1"), other_bucket)
    # It was the change: what was signed is good.
    assert library.upload(signed).status == "OK"


@pytest.mark.parametrize("name", TAMPERINGS)
def test_what_was_changed_in_a_url_of_the_library_is_refused(
    emulator, library, version, app, prefix, other_bucket, name
):
    signed = Own(library, version).sign(prefix + "target-key", HEADERS, app)
    reply = send(tampered(signed, name), DATA)
    assert reply.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in reply.text
    check_nothing_came_of_it(app, prefix, oss2_bucket(emulator, "v1"), other_bucket)
    assert send(signed, DATA).status_code == 200
