"""What goes on, and what is left to do, when the interpreter ends."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
from conftest import Emulator, stored

from oss_upload import Bucket, Rate, Sized

_BEGINNING = """
import logging, queue, sys, threading
from oss_upload import Bucket, BucketOptions, Credentials, PutOptions

def bucket(**options):
    endpoint, name, key_id, key_secret, region = sys.argv[1:]
    return Bucket(endpoint, name, Credentials(key_id, key_secret), BucketOptions(region=region, **options))

began = threading.Event()

def note(*_):
    began.set()

def endless():
    while True:
        began.set()
        yield bytes(1000)

def waiting():
    began.set()
    yield queue.Queue().get()

def forever(call):
    while True:
        call()

def key():
    began.set()
    queue.Queue().get()
"""

_WHILE_A_THREAD_GOES_ON = {
    "a reader": "bucket().upload('key', endless())",
    "a reader that waits": "bucket().upload('key', waiting())",
    "a key that does not come": "Bucket(*sys.argv[1:3], Credentials.from_function(key)).put('key', b'')",
    "progress": "one = bucket(); forever(lambda: one.put('key', bytes(1000), options=PutOptions(progress=note)))",
    "a log": "one = bucket(log=note, log_level=logging.DEBUG); forever(lambda: one.put('key', b''))",
    "no function": "one = bucket(); began.set(); forever(lambda: one.put('key', b''))",
}

_LEFT_TO_DO = {
    "in a generator": """
def lines():
    with bucket().writer("left") as writer:
        try:
            while True:
                writer.write((yield) or b"")
        finally:
            print(writer.finish().status.name, flush=True)

going_on = lines()
next(going_on)
going_on.send(b"data")
""",
    "in a finalizer": """
class Lines:
    def __init__(self):
        self.bucket = bucket(log=note)

    def __del__(self):
        print(self.bucket.upload("left", iter([b"da", b"ta"])).status.name, flush=True)

lines = Lines()
""",
    "at exit, after everything else": """
import atexit
# Functions run in the reverse order: this is what one does that was there before the package.
import oss_upload._ending as ending
atexit.unregister(ending._end)
one = bucket()
atexit.register(lambda: print(one.upload("left", iter([b"da", b"ta"])).status.name, flush=True))
atexit.register(ending._end)
""",
}


def run(emulator: Emulator, program: str) -> subprocess.CompletedProcess[str]:
    where = (emulator.endpoint, emulator.bucket, emulator.access_key_id, emulator.access_key_secret, emulator.region)
    command = [sys.executable, "-c", _BEGINNING + program, *where]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("what", _WHILE_A_THREAD_GOES_ON)
def test_it_ends_while_a_thread_is_within_a_call(emulator: Emulator, what: str) -> None:
    call = f"def work():\n    {_WHILE_A_THREAD_GOES_ON[what]}\n"
    start = "for _ in range(4): threading.Thread(target=work, daemon=True).start()\n"
    end = "assert began.wait(30)\n"
    ended = run(emulator, call + start + end)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("what", _LEFT_TO_DO)
def test_what_is_left_to_do_is_done(emulator: Emulator, bucket: Bucket, what: str) -> None:
    ended = run(emulator, _LEFT_TO_DO[what])
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "OK\n", "")
    assert stored(bucket, "left") == b"data"
    bucket.remove("left")


def test_function_that_went_on_too_long_touches_nothing(emulator: Emulator) -> None:
    program = """
import atexit
import oss_upload._ending as ending

def pieces():
    began.set()
    over.get()
    yield b"late"

def work():
    try:
        bucket().upload("key", pieces())
    finally:
        ended.set()

over, ended = queue.Queue(), threading.Event()
threading.Thread(target=work, daemon=True).start()
assert began.wait(30)
ending._end()
over.put(None)
assert ended.wait(30)
"""
    ended = run(emulator, program)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_an_interrupt_left_at_the_edge_of_a_call_holds_nothing_up(emulator: Emulator) -> None:
    program = """
import oss_upload._ending as ending

class Left:
    def give_up(self):
        pass

def leave():
    ending._running[Left()] = threading.current_thread()

leave()
thread = threading.Thread(target=leave)
thread.start()
thread.join()
"""
    ended = run(emulator, program)
    assert (ended.returncode, ended.stderr) == (0, "")


class Last:
    """Uses what it has when nothing else does any more; a cycle of references has the collector find that out."""

    def __init__(self, said: list[object], *what: object) -> None:
        self.said, self.what, self.me = said, what, self

    def __del__(self) -> None:
        self.said.append(self.do())

    def do(self) -> object:
        raise NotImplementedError


class PutsLast(Last):
    def do(self) -> object:
        [bucket] = self.what
        assert isinstance(bucket, Bucket)
        return bucket.put("last", Sized(iter([b"data"]), 4)).status.name


class FinishesLast(Last):
    def do(self) -> object:
        [writer] = self.what
        writer.write(b"data")  # type: ignore[attr-defined]
        return writer.finish().status.name  # type: ignore[attr-defined]


class LooksLast(Last):
    def do(self) -> object:
        result, rate = self.what
        rate.set(5)  # type: ignore[attr-defined]
        return result.header("x-oss-request-id") == result.request_id and "OK"  # type: ignore[attr-defined]


def finalized(emulator: Emulator, said: list[object]) -> Iterator[None]:
    PutsLast(said, emulator.open())
    yield
    FinishesLast(said, emulator.open().writer("last"))
    yield
    LooksLast(said, emulator.open().put("last", b""), Rate(5))
    yield


def test_what_is_in_a_cycle_can_be_used_to_its_end(emulator: Emulator) -> None:
    said: list[object] = []
    for count, _ in enumerate(finalized(emulator, said), 1):
        gc.collect()
        assert said == ["OK"] * count
