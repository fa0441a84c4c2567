"""A call that the main thread makes, and that Ctrl-C ends.

Python handles a signal on the main thread, between two steps of it. A main thread that is within C comes to that when the
call is over. So another thread makes the call, and the main thread waits at a desk, where it can be interrupted. What the call
asks of the caller's functions, the main thread does there: they run on the thread that made the call, as everywhere.
"""

import _thread
from collections.abc import Callable
from queue import SimpleQueue

Function = Callable[[], int]


class _Question:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.answers: SimpleQueue[int] = SimpleQueue()
        self.is_answered = False


class Desk:
    """Where the thread that made it has a call done. `interrupted` is told what interrupted that."""

    def __init__(self, work: Callable[[], None], interrupted: Callable[[BaseException], None]) -> None:
        self._work = work
        self._interrupted = interrupted
        self._attendant = _thread.get_ident()
        self._begun = _thread.allocate_lock()
        self._is_done = False
        self._question: _Question | None = None
        self._bell: SimpleQueue[None] = SimpleQueue()

    def attend(self) -> None:
        """Has the work done by another thread, and what that asks for by this one."""
        interruption: BaseException | None = None
        while not self._is_done:
            # An interruption may come between any two steps. So none of them does harm when it is done twice.
            try:
                if interruption is not None:
                    self._interrupted(interruption)
                if not self._begun.locked():
                    self._start()
                self._answer_or_wait()
            except BaseException as error:
                interruption = interruption or error
        if interruption is not None:
            self._interrupted(interruption)

    def ask(self, function: Function) -> int:
        """Has the thread at the desk call a function, and waits for what it returns."""
        if _thread.get_ident() == self._attendant:
            return function()
        question = _Question(function)
        self._question = question
        self._bell.put(None)
        return question.answers.get()

    def _start(self) -> None:
        try:
            _thread.start_new_thread(self._do, ())
        except RuntimeError:
            # There are no more threads, as at the end of the interpreter.
            self._do()

    def _do(self) -> None:
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._work()
        finally:
            self._is_done = True
            self._bell.put(None)

    def _answer_or_wait(self) -> None:
        question = self._question
        if question is None or question.is_answered:
            self._bell.get()
        else:
            question.answers.put(question.function())
            question.is_answered = True
