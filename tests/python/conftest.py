"""The server under test, the application server for callbacks, and clients of both official Python SDKs.

The server is the emulator (the program named by OSS_EMULATOR), or a real bucket if OSS_TEST_ENDPOINT,
OSS_TEST_BUCKET, OSS_TEST_ACCESS_KEY_ID and OSS_TEST_ACCESS_KEY_SECRET are set (OSS_TEST_REGION too, for V4). Tests that
need the emulator are skipped on a real bucket.
"""

import base64
import http.server
import json
import os
import subprocess
import threading
import urllib.parse
import uuid
from dataclasses import dataclass

import alibabacloud_oss_v2 as oss_v2
import oss2
import pytest
import requests
import rsa

STS = ("sts-access-key-id", "sts-access-key-secret", "sts+token/with=odd&chars")


@dataclass
class Server:
    endpoint: str
    bucket: str
    access_key_id: str
    access_key_secret: str
    region: str
    emulated: bool

    def control(self, method, path, **arguments):
        reply = requests.request(method, self.endpoint + "/-/" + path, timeout=30, **arguments)
        reply.raise_for_status()
        return reply


@pytest.fixture(scope="session")
def server():
    if os.environ.get("OSS_TEST_ENDPOINT"):
        yield Server(
            os.environ["OSS_TEST_ENDPOINT"],
            os.environ["OSS_TEST_BUCKET"],
            os.environ["OSS_TEST_ACCESS_KEY_ID"],
            os.environ["OSS_TEST_ACCESS_KEY_SECRET"],
            os.environ.get("OSS_TEST_REGION", ""),
            False,
        )
        return
    program = os.environ.get("OSS_EMULATOR")
    if not program:
        pytest.fail("set OSS_EMULATOR to the path of the program oss-emulator")
    # The emulator ends when this process does, however that happens: its standard input closes.
    process = subprocess.Popen(
        [program, "--print-json", "--exit-with-stdin", "--callback-timeout", "2000", "--credential", ":".join(STS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line, "the emulator did not start"
    hello = json.loads(line)
    yield Server(
        hello["endpoint"],
        hello["buckets"][0],
        hello["access_key_id"],
        hello["access_key_secret"],
        hello["region"],
        True,
    )
    process.stdin.close()
    assert process.wait(timeout=30) == 0


@pytest.fixture
def emulator(server):
    """The server, if it is the emulator; without faults afterwards."""
    if not server.emulated:
        pytest.skip("needs the emulator")
    yield server
    server.control("DELETE", "faults")


@dataclass
class Callback:
    method: str
    target: str
    headers: dict
    body: bytes

    def form(self):
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


class AppServer:
    """Receives callbacks, and answers with `status` and `answer`."""

    def __init__(self):
        self.requests = []
        self.status = 200
        self.answer = b'{"Status":"OK"}'
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.requests.append(Callback("POST", self.path, dict(self.headers.items()), body))
                self.send_response(app.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(app.answer)))
                self.end_headers()
                self.wfile.write(app.answer)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        # It ends within that many seconds of being told to.
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def app(emulator):
    app = AppServer()
    yield app
    app.close()


def verify_callback(callback, emulator):
    """Checks a callback's signature as an application server does; raises if it is wrong."""
    url = base64.b64decode(callback.headers["x-oss-pub-key-url"]).decode()
    assert url.startswith(emulator.endpoint + "/"), url
    key = rsa.PublicKey.load_pkcs1_openssl_pem(requests.get(url, timeout=30).content)
    path, question, query = callback.target.partition("?")
    signed = urllib.parse.unquote_to_bytes(path) + (question + query).encode() + b"\n" + callback.body
    digest = rsa.verify(signed, base64.b64decode(callback.headers["Authorization"]), key)
    assert digest == "MD5"


@pytest.fixture
def prefix(server):
    """A prefix of keys for one test. On a real bucket what is under it is removed afterwards."""
    prefix = f"oss-upload-test/{uuid.uuid4().hex}/"
    yield prefix
    if not server.emulated:
        bucket = oss2_bucket(server, "v1")
        for found in oss2.ObjectIterator(bucket, prefix=prefix):
            bucket.delete_object(found.key)


def oss2_bucket(server, version, access_key_id=None, access_key_secret=None, token=None, bucket=None):
    """A bucket of the SDK oss2, which signs by V1 or V4."""
    key = (access_key_id or server.access_key_id, access_key_secret or server.access_key_secret)
    region = server.region or None
    if token:
        provider = oss2.credentials.StaticCredentialsProvider(*key, token)
        auth = oss2.ProviderAuthV4(provider) if version == "v4" else oss2.ProviderAuth(provider)
    else:
        auth = oss2.AuthV4(*key) if version == "v4" else oss2.Auth(*key)
    return oss2.Bucket(auth, server.endpoint, bucket or server.bucket, region=region, enable_crc=True)


def v2_client(server, version, access_key_id=None, access_key_secret=None, token=None):
    """A client of the SDK alibabacloud-oss-v2, which signs by V1 or V4."""
    config = oss_v2.config.load_default()
    config.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(
        access_key_id or server.access_key_id, access_key_secret or server.access_key_secret, token
    )
    config.region = server.region or "cn-hangzhou"
    config.endpoint = server.endpoint
    config.signature_version = version
    config.retry_max_attempts = 1
    return oss_v2.Client(config)


@pytest.fixture(params=["v1", "v4"])
def version(request, server):
    if request.param == "v4" and not server.region:
        pytest.skip("V4 needs OSS_TEST_REGION")
    return request.param


@pytest.fixture
def bucket(server, version):
    return oss2_bucket(server, version)


@pytest.fixture
def client(server, version):
    return v2_client(server, version)
