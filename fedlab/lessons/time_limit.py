"""An end for what may never end: an answer with an endless loop is given up on, and what it prints is kept apart."""

from __future__ import annotations

import ctypes
import io
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

PRINTED = 1_000  # characters of the learner's own printing that are shown


class TooLate(Exception):
    """The work was not done in time. ended: whether it has been stopped."""

    def __init__(self, ended: bool):
        super().__init__()
        self.ended = ended


class Sink(io.StringIO):
    """Keeps the first characters that are printed and drops the others: a loop without end may print too."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, PRINTED - self.tell())])
        return len(text)


class _Stdout:
    """Standard output that keeps what one thread prints; what others print, such as a lab's, goes where it belongs."""

    def __init__(self, thread: threading.Thread, kept: Sink):
        self._thread, self._kept, self._others = thread, kept, sys.stdout

    def write(self, text: str) -> int:
        return (self._kept if threading.current_thread() is self._thread else self._others).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)


class _Stop(BaseException):
    """Thrown into a thread that is to end."""


def within(limit: float, work: Callable[[], str], printed: Sink) -> str:
    """Do the work on a thread and give up on it after `limit` seconds; works where there are no signals, too.

    printed: gets what the work prints. Raises what the work raises, or `TooLate`.
    """
    outcome: dict[str, Any] = {}

    def do() -> None:
        try:
            outcome["value"] = work()
        except BaseException as error:
            outcome["error"] = error

    thread = threading.Thread(target=do, daemon=True)
    with redirect_stdout(_Stdout(thread, printed)):
        thread.start()
        try:
            thread.join(limit)
            late = thread.is_alive()
        finally:
            for _ in range(20):  # an answer may catch every exception
                if thread.is_alive() and thread.ident is not None:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_Stop))
                    thread.join(0.05)
    if late:
        raise TooLate(ended=not thread.is_alive())
    if "error" in outcome:
        raise outcome["error"]
    return str(outcome["value"])
