"""The desk of calls on the main thread, under signals that come between any two of its steps."""

import random
import signal
import threading
from collections.abc import Iterator

import pytest

from oss_upload._desk import Desk

CALLS = 500
QUESTIONS = 100


class Alarm(BaseException):
    pass


class Alarms:
    """Some that follow each other, the first soon."""

    def __init__(self) -> None:
        self._left = 0

    def expect(self, count: int) -> None:
        self._left = count

    def set(self, count: int) -> None:
        self.expect(count)
        signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 3e-3))

    def ring(self, *_: object) -> None:
        if self._left > 0:
            self._left -= 1
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-6, 1e-3))
            raise Alarm


@pytest.fixture
def alarms() -> Iterator[Alarms]:
    alarms = Alarms()
    before = signal.signal(signal.SIGALRM, alarms.ring)
    yield alarms
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


class Work:
    """Asks many questions, and notes what becomes of them, and whether it still goes on."""

    def __init__(self) -> None:
        self.is_going_on = False
        self.times_asked = [0] * QUESTIONS
        self.answers: list[int] = []
        self.interruptions: list[BaseException] = []
        self.desk = Desk(self.do, self.interruptions.append)

    def do(self) -> None:
        self.is_going_on = True
        for number in range(QUESTIONS):
            self.answers.append(self.desk.ask(lambda number=number: self.answer(number)))  # type: ignore[misc]
        self.is_going_on = False

    def answer(self, number: int) -> int:
        self.times_asked[number] += 1
        return 0


def interrupted_work(alarms: Alarms, count: int) -> Work:
    work = Work()
    try:
        try:
            alarms.set(count)
            work.desk.attend()
        finally:
            alarms.expect(0)
    except Alarm as alarm:
        work.interruptions.append(alarm)
    return work


@pytest.mark.parametrize("count", [1, 2])
def test_function_is_called_once_at_the_most_whatever_interrupts(alarms: Alarms, count: int) -> None:
    interrupted = 0
    for _ in range(CALLS):
        work = interrupted_work(alarms, count)
        assert not work.is_going_on, "the desk was left while the work went on"
        assert max(work.times_asked) <= 1, "a function was called again"
        interrupted += bool(work.interruptions)
        if not work.interruptions:
            assert work.answers == [0] * QUESTIONS
    assert interrupted > CALLS // 10


def test_signal_that_does_not_end_a_wait_interrupts_soon(alarms: Alarms) -> None:
    told = threading.Event()
    was_told: list[bool] = []

    def work() -> None:
        alarms.expect(1)
        # It comes to this thread, so that the one at the desk goes on waiting.
        signal.pthread_kill(threading.get_ident(), signal.SIGALRM)
        was_told.append(told.wait(2))

    Desk(work, lambda _: told.set()).attend()
    assert was_told == [True]


def test_work_that_was_interrupted_before_it_began_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise MemoryError

    work = Work()
    monkeypatch.setattr("_thread.start_new_thread", fail)
    with pytest.raises(MemoryError):
        work.desk.attend()
    assert work.answers == [] and work.interruptions == []


def test_work_is_done_here_where_there_are_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    work = Work()
    monkeypatch.setattr("_thread.start_new_thread", fail)
    work.desk.attend()
    assert work.answers == [0] * QUESTIONS


def test_desk_that_is_left_refuses_what_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    began = threading.Event()

    def serve() -> None:
        began.set()
        raise Alarm

    monkeypatch.setattr(work.desk, "_serve", serve)
    with pytest.raises(Alarm):
        work.desk.attend()
    assert began.is_set() and not work.is_going_on
    assert set(work.answers) <= {1} and sum(work.times_asked) == 0
