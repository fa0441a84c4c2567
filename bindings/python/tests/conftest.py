"""An emulator, a bucket of it, and an application server that hears the callbacks."""

import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from oss_upload import Bucket, BucketOptions, Credentials

# What is started in the background ignores it, and nothing would interrupt a call.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Emulator:
    """The program that OSS_EMULATOR names."""

    endpoint: str
    bucket: str
    access_key_id: str
    access_key_secret: str
    region: str

    def credentials(self) -> Credentials:
        return Credentials(self.access_key_id, self.access_key_secret)

    def open(self, credentials: Credentials | None = None, **options: Any) -> Bucket:
        settings = BucketOptions(**{"region": self.region, **options})
        return Bucket(self.endpoint, self.bucket, credentials or self.credentials(), settings)

    def fail(self, action: str, **members: object) -> None:
        """Makes a fault."""
        self._control("POST", "faults", json.dumps({"action": action, **members}).encode())

    def forget_faults(self) -> None:
        self._control("DELETE", "faults")

    def public_key(self) -> str:
        return self._control("GET", "callback_pub_key.pem").decode()

    def _control(self, method: str, path: str, data: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"{self.endpoint}/-/{path}", data, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            answer: bytes = reply.read()
            return answer


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    # It ends when its standard input closes, however this process ends.
    command = [os.environ["OSS_EMULATOR"], "--print-json", "--exit-with-stdin", "--callback-timeout", "2000"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        hello = json.loads(process.stdout.readline())
        yield Emulator(
            hello["endpoint"],
            hello["buckets"][0],
            hello["access_key_id"],
            hello["access_key_secret"],
            hello["region"],
        )
        process.stdin.close()
        assert process.wait(timeout=30) == 0


@pytest.fixture
def emulator(running_emulator: Emulator) -> Iterator[Emulator]:
    yield running_emulator
    running_emulator.forget_faults()


@pytest.fixture
def bucket(emulator: Emulator) -> Iterator[Bucket]:
    with emulator.open() as bucket:
        yield bucket


def stored(bucket: Bucket, key: str) -> bytes:
    """What an object holds."""
    with urllib.request.urlopen(bucket.presign_get(key, 60).url) as reply:
        data: bytes = reply.read()
        return data


@dataclass
class Heard:
    """A callback request."""

    target: str
    headers: dict[str, str]
    body: bytes


class AppServer:
    """Hears callbacks, and answers with `status` and `answer`."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.status = 200
        self.answer = b'{"heard":true}'
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.heard.append(Heard(self.path, dict(self.headers.items()), body))
                self.send_response(app.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(app.answer)))
                self.end_headers()
                self.wfile.write(app.answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/uploaded"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def app() -> Iterator[AppServer]:
    app = AppServer()
    yield app
    app.close()


class SilentServer:
    """Takes a request, does what it is told to then, and never answers."""

    def __init__(self) -> None:
        self.when_asked: Callable[[], object] = lambda: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                connection.recv(1)
            except OSError:
                return
            self.when_asked()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    yield server
    server.close()
