"""Calls that are ended: by Ctrl-C, by a Cancel, by a time-out."""

import base64
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Emulator, SilentServer

from oss_upload import (
    Bucket,
    BucketOptions,
    Cancel,
    Cancelled,
    OssError,
    Progress,
    PutOptions,
    Result,
    Stored,
    Timeout,
    UploadOptions,
    Verifier,
    put_to_url,
)

# What is promised, and what a machine that is busy keeps to where it is not; in seconds.
PROMISED = 0.2
SOON = 2


class Clock:
    """The time from when something happened until a call was over."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0

    def start(self) -> None:
        self._began = time.monotonic()

    def time(self, call: Callable[[], object]) -> None:
        try:
            call()
        finally:
            self._ended = time.monotonic()

    def stopped(self) -> float:
        return self._ended - self._began


def silent_bucket(emulator: Emulator, silent: SilentServer) -> Bucket:
    return Bucket(silent.endpoint, "bucket", emulator.credentials())


@pytest.mark.parametrize("which", range(4))
def test_interrupt_ends_a_call_soon(emulator: Emulator, silent: SilentServer, which: int) -> None:
    bucket, clock = silent_bucket(emulator, silent), Clock()
    calls = [
        lambda: bucket.put("key", b"hello"),
        lambda: bucket.upload("key", iter([b"hello"])),
        lambda: bucket.stat("key"),
        lambda: put_to_url(silent.endpoint + "/bucket/key?Signature=x", b"hello"),
    ]

    def interrupt() -> None:
        clock.start()
        os.kill(os.getpid(), signal.SIGINT)

    silent.when_asked = interrupt
    with pytest.raises(KeyboardInterrupt) as raised:
        clock.time(calls[which])
    assert clock.stopped() < PROMISED
    assert isinstance(raised.value.__context__, Cancelled)


def test_interrupt_ends_a_function_that_waits(bucket: Bucket) -> None:
    """A function of the caller's runs on the main thread, so it is interrupted like any other."""
    clock = Clock()

    def pieces() -> Iterator[bytes]:
        yield b"hello"
        clock.start()
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(60)

    with pytest.raises(KeyboardInterrupt):
        clock.time(lambda: bucket.upload("key", pieces()))
    assert clock.stopped() < SOON


def test_several_interrupts_are_as_one(emulator: Emulator, silent: SilentServer) -> None:
    bucket = silent_bucket(emulator, silent)

    all_sent = threading.Event()

    def interrupt() -> None:
        for _ in range(50):
            os.kill(os.getpid(), signal.SIGINT)
        all_sent.set()

    silent.when_asked = interrupt
    with pytest.raises(KeyboardInterrupt):
        try:
            bucket.put("key", b"hello")
        finally:
            # Some may come when the call is over.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert all_sent.wait(10)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_interrupt_of_a_call_that_succeeds_tells_its_result(bucket: Bucket) -> None:
    def interrupt(told: Progress) -> None:
        if told.accepted == 5:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as raised:
        bucket.put("key", b"hello", options=PutOptions(progress=interrupt))
    result: Result = raised.value.oss_result  # type: ignore[attr-defined]
    assert result.stored == bucket.stat("key").stored == Stored.YES


def test_interrupted_upload_in_parts_is_cleaned_up_soon(emulator: Emulator, bucket: Bucket) -> None:
    clock = Clock()
    emulator.fail("slow_reply", delay_ms=5000, operation="AbortMultipartUpload")

    def upload() -> None:
        with bucket.begin_multipart("key"):
            clock.start()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clock.time(upload)
    assert clock.stopped() < 2 + SOON


def test_no_interrupt_is_lost_whenever_it_comes(bucket: Bucket) -> None:
    # A timer's signal strikes wherever the main thread is; one of another thread, only where that gives way to it.
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for round in range(1, 101):
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, round / 10_000)
                for _ in range(1000):
                    bucket.upload("key", [b"hello"])
    finally:
        signal.signal(signal.SIGALRM, before)


def test_any_signal_handler_that_raises_ends_a_call(emulator: Emulator, silent: SilentServer) -> None:
    class Alarm(Exception):
        pass

    def ring(*_: object) -> None:
        raise Alarm

    before = signal.signal(signal.SIGUSR1, ring)
    silent.when_asked = lambda: os.kill(os.getpid(), signal.SIGUSR1)
    with pytest.raises(Alarm):
        silent_bucket(emulator, silent).put("key", b"hello")
    signal.signal(signal.SIGUSR1, before)


def test_interrupted_upload_goes_on_from_its_checkpoint(bucket: Bucket, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(os.urandom(400 * 1024))
    settings = {
        "checkpoint": tmp_path / "checkpoints",
        "part_size": 100 * 1024,
        "threshold": 0,
        "parallel": 1,
        "keep_parts": True,
    }

    def interrupt(accepted: int) -> None:
        if accepted > 0:
            os.kill(os.getpid(), signal.SIGINT)

    options = UploadOptions(**settings, progress=lambda told: interrupt(told.accepted))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt) as raised:
        bucket.upload("resumed", file, options=options)
    assert isinstance(raised.value.__context__, OssError)

    options = UploadOptions(**settings)  # type: ignore[arg-type]
    result = bucket.upload("resumed", file, options=options)
    parts = [attempt for attempt in result.history if attempt.operation == "UploadPart"]
    assert len(parts) < 4


@pytest.mark.parametrize("on_the_main_thread", [True, False])
def test_cancel_ends_what_it_was_given_to(emulator: Emulator, silent: SilentServer, on_the_main_thread: bool) -> None:
    bucket, cancel, clock = silent_bucket(emulator, silent), Cancel(), Clock()
    ended: list[OssError] = []

    def fire() -> None:
        clock.start()
        cancel.fire()

    def put() -> None:
        with pytest.raises(Cancelled) as raised:
            clock.time(lambda: bucket.put("key", b"hello", cancel=cancel))
        ended.append(raised.value)

    silent.when_asked = fire
    if on_the_main_thread:
        put()
    else:
        thread = threading.Thread(target=put)
        thread.start()
        thread.join()
    assert clock.stopped() < SOON
    assert ended[0].stored == Stored.UNKNOWN
    assert cancel.has_fired
    with pytest.raises(Cancelled) as raised:
        bucket.put("key", b"hello", cancel=cancel)
    assert raised.value.stored == Stored.NO


def test_timeout_ends_a_call(emulator: Emulator, silent: SilentServer) -> None:
    with pytest.raises(Timeout) as raised:
        silent_bucket(emulator, silent).stat("key", timeout=0.1)
    assert isinstance(raised.value, TimeoutError)
    bucket = Bucket(silent.endpoint, "bucket", emulator.credentials(), BucketOptions(timeout=0.1))
    with pytest.raises(Timeout):
        bucket.put("key", b"hello", options=PutOptions())
    with pytest.raises(Timeout):
        put_to_url(silent.endpoint + "/bucket/key?Signature=x", b"hello", BucketOptions(timeout=0.1))
    with pytest.raises(ValueError, match="-1"):
        bucket.stat("key", timeout=-1)


def test_key_that_does_not_come_is_not_waited_for(silent: SilentServer) -> None:
    verifier = Verifier(key_prefixes=[silent.endpoint + "/"])
    cancel = Cancel()
    silent.when_asked = cancel.fire

    headers = {
        "Authorization": base64.b64encode(bytes(64)).decode(),
        "x-oss-pub-key-url": base64.b64encode(f"{silent.endpoint}/key.pem".encode()).decode(),
    }
    with pytest.raises(Cancelled):
        verifier.verify("POST", "/uploaded", headers, b"body", cancel=cancel)
