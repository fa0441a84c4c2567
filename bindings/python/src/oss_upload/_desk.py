"""A call that can be left: by Ctrl-C, and at the end of the interpreter.

Python handles a signal on the main thread, between two steps of it. A main thread that is within C comes to that when the
call is over. And Python ends a thread that is within a function of the caller's when the interpreter ends, which must not be in
the middle of C. So another thread makes the call, and the one that wants it waits at a desk, where it can be interrupted. What
the call asks of the caller's functions, is done there: they run on the thread that wanted the call.

An interruption may come between any two steps of the main thread. So none of them does harm when it is done twice, but for
calling a function of the caller's: one that was begun is never called again.
"""

import _thread
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

# In seconds. A signal that comes right before a wait, or to another thread, does not end the wait, and is handled after it.
_LONGEST_WAIT = 0.05

Function = Callable[[], int]


class _Question:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.is_begun = False
        # Of a function that was interrupted.
        self.answer = 1
        # It takes one; more do no harm.
        self.answers: SimpleQueue[int] = SimpleQueue()
        self.is_answered = False


class Desk:
    """Where the thread that made it has a call done. `interrupted` is told what interrupted that."""

    def __init__(self, work: Callable[[], None], interrupted: Callable[[BaseException], None]) -> None:
        self._work = work
        self._interrupted = interrupted
        self._attendant = _thread.get_ident()
        # Nothing else comes to other threads than what rings the bell.
        self._patience = _LONGEST_WAIT if threading.current_thread() is threading.main_thread() else None
        # Who does the work: the first to put itself there.
        self._doer: dict[str, object] = {}
        self._is_done = False
        self._is_left = False
        self._is_closed = False
        self._question: _Question | None = None
        self._bell: SimpleQueue[None] = SimpleQueue()

    def attend(self) -> None:
        """Has the work done by another thread, and what that asks for by this one. Nobody does it any more when this is left."""
        try:
            self._start()
            self._serve()
        except BaseException as error:
            try:
                self._leave(error)
            finally:
                # Again, for another one may come at the very beginning.
                self._leave(error)
            raise

    def ask(self, function: Function) -> int:
        """Has the thread at the desk call a function, and waits for what it returns."""
        if _thread.get_ident() == self._attendant:
            return function()
        question = _Question(function)
        self._question = question
        if self._is_closed:
            return 1
        self._bell.put(None)
        return question.answers.get()

    def close(self) -> None:
        """Has nothing asked any more. The thread at the desk may be within a function that does not return; nobody waits for it."""
        self._is_left = self._is_closed = True
        question = self._question
        if question is not None:
            question.answers.put(1)

    def _start(self) -> None:
        try:
            _thread.start_new_thread(self._do, (object(),))
        except RuntimeError:
            # There are no more threads, as at the end of the interpreter.
            self._do(self)

    def _do(self, doer: object) -> None:
        if not self._is_done_by(doer):
            return
        try:
            self._work()
        finally:
            # It holds what the call was lent.
            self._work = _nothing
            self._is_done = True
            self._bell.put(None)

    def _is_done_by(self, doer: object) -> bool:
        return self._doer.setdefault("doer", doer) is doer

    def _serve(self) -> None:
        interruption: BaseException | None = None
        while not self._is_done:
            try:
                if interruption is not None:
                    self._interrupted(interruption)
                # This loop is within, for its way back may be interrupted too.
                while not self._is_done:
                    self._answer_or_wait()
            except BaseException as error:
                interruption = interruption or error
        if interruption is not None:
            self._interrupted(interruption)

    def _leave(self, error: BaseException) -> None:
        """Has the work end soon, for what came where `_serve` has no guard, and waits for that. It is not even begun if it was
        not before."""
        self._is_left = True
        while not self._is_done and not self._is_done_by(self):
            try:
                self._interrupted(error)
                while not self._is_done:
                    self._answer_or_wait()
            except BaseException:
                # The first one is on its way.
                pass

    def _answer_or_wait(self) -> None:
        question = self._question
        if question is None or question.is_answered:
            with suppress(Empty):
                self._bell.get(timeout=self._patience)
            return
        if not question.is_begun and not self._is_left:
            question.is_begun = True
            question.answer = question.function()
        question.answers.put(question.answer)
        question.is_answered = True


def _nothing() -> None:
    pass
