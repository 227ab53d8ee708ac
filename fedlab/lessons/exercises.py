"""Exercises that check themselves: what a check is, and how it speaks to the learner.

A check judges *properties* of an answer and never contains the answer. It says one sentence, whatever the learner's
code does: nothing yet, wrong types, NaN, an exception, a loop without end.

    @exercise(wrong={"the order": lambda values: values[0]})
    def check_total(answer):
        one, other = as_number(answer([1, 2])), as_number(answer([2, 1]))
        require(one == other, "the order must not matter: {one:g} is not {other:g}.", one=one, other=other)
        return say("It is the same in any order.")

`check_total(total)` prints the sentence. Under nbgrader (autograde, validate) a wrong answer raises AssertionError with
the same sentence, so that it can be graded. `wrong` holds known wrong answers, each under words that the sentence about
it must say; a test tries them all.
"""

from __future__ import annotations

import ctypes
import functools
import io
import os
import reprlib
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from fedlab.text import say

TIME_LIMIT = 5.0  # seconds for a whole check, unless it says otherwise
PRINTED = 1_000  # characters of the learner's own printing that are shown
UNANSWERED = "Not answered yet: write your code in the cell above and run it, then run this cell again."
RETURNED = "what your function returns"
OURS = str(Path(__file__).parent)


class NotYet(Exception):
    """The answer is not right yet; the text says why, in one sentence."""


def exercise(wrong: Mapping[str, Any], limit: float = TIME_LIMIT) -> Callable[[Callable[[Any], str]], Any]:
    """Make a check out of a function that judges an answer: it raises `NotYet`, or returns what is right about it.

    wrong: known wrong answers by words that the sentence must then say. limit: seconds.
    """

    def decorate(judge: Callable[[Any], str]) -> Any:
        @functools.wraps(judge)
        def check(answer: Any) -> None:
            problem, praise = "", ""
            printed = _Sink()
            answered = answer is not None and answer is not ...
            try:
                if not answered:
                    raise NotImplementedError
                praise = _within(limit, lambda: judge(_guarded(answer)), printed)
            except NotImplementedError:
                answered, problem = False, say(UNANSWERED)
            except NotYet as error:
                problem = say("Not yet: {reason}", reason=error)
            except Exception as error:
                problem = say("Not yet: {reason}", reason=_about(error))
            if problem and graded():
                raise AssertionError(problem)
            if printed.getvalue():
                print(say("Your code printed: {text}", text=printed.getvalue().strip()))
            if problem:
                print("✗" if answered else "○", problem)
            else:
                print("✓", say("Right. {praise}", praise=praise))

        check.wrong = wrong  # type: ignore[attr-defined]
        return check

    return decorate


def graded() -> bool:
    """Whether nbgrader runs the notebook: to grade it, or to tell the learner what a grader would say."""
    return "NBGRADER_EXECUTION" in os.environ


def require(condition: Any, sentence: str, /, **parts: Any) -> None:
    """Say the sentence with its parts, as `say` does, unless the condition holds."""
    if not condition:
        raise NotYet(say(sentence, **parts))


def as_array(value: Any, shape: tuple[int, ...], what: str = RETURNED) -> np.ndarray:
    """The value as finite numbers of this shape; `NotYet` if it is something else, strings of digits included.

    what: what the value is, for the sentence.
    """
    what = say(what)
    try:
        given = np.asarray(value)
        if given.dtype.kind not in "biufO" or any(isinstance(one, (str, bytes)) for one in given.flat):
            raise TypeError
        array = given.astype(float)
    except (TypeError, ValueError):
        raise NotYet(say("{what} must be numbers, but it is {value}.", what=what, value=_short(value))) from None
    if array.shape != shape:
        raise NotYet(
            say("{what} has the shape {got}, but it must have {shape}.", what=what, got=array.shape, shape=shape)
        )
    if not np.isfinite(array).all():
        odd = float(array[~np.isfinite(array)][0])
        raise NotYet(say("{what} must be finite numbers, but it holds {value}.", what=what, value=odd))
    return array


def as_number(value: Any, what: str = RETURNED) -> float:
    """The value as one finite number; `NotYet` if it is something else."""
    return float(as_array(value, (), what))


def as_truth(value: Any, what: str = RETURNED) -> bool:
    """The value as True or False; `NotYet` if it is something else."""
    if not isinstance(value, (bool, np.bool_)):
        raise NotYet(say("{what} must be True or False, but it is {value}.", what=say(what), value=_short(value)))
    return bool(value)


def close(one: Any, other: Any) -> bool:
    """Whether two arrays are equal but for rounding."""
    return bool(np.allclose(one, other, rtol=1e-5, atol=1e-7))


def _guarded(answer: Any) -> Any:
    """A learner's function that gets copies of arrays and lists, and must return something; anything else as it is."""
    if not callable(answer) or isinstance(answer, type):
        return answer

    def call(*arguments: Any, **named: Any) -> Any:
        value = answer(*_copy(arguments), **_copy(named))
        require(value is not None, "your function returns nothing: does it end with return?")
        return value

    return call


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(one) for one in value)
    return {name: _copy(one) for name, one in value.items()} if isinstance(value, dict) else value


class _Sink(io.StringIO):
    """Keeps the first characters that are printed and drops the others: a loop without end may print too."""

    def write(self, text: str) -> int:
        super().write(text[: max(0, PRINTED - self.tell())])
        return len(text)


class _Stdout:
    """Standard output that keeps what one thread prints; what others print, such as a lab's, goes where it belongs."""

    def __init__(self, thread: threading.Thread, kept: _Sink):
        self._thread, self._kept, self._others = thread, kept, sys.stdout

    def write(self, text: str) -> int:
        return (self._kept if threading.current_thread() is self._thread else self._others).write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._others, name)


class _TooLong(BaseException):
    """Thrown into a thread that is to end."""


def _within(limit: float, work: Callable[[], str], printed: _Sink) -> str:
    """Do the work on a thread and give up on it after `limit` seconds; works where there are no signals, too.

    printed: gets what the work prints.
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
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_TooLong))
                    thread.join(0.05)
    if late:
        told = say("your code was still running after {limit:g} seconds: is there a loop that never ends?", limit=limit)
        raise NotYet(f"{told} {say('It cannot be stopped: restart the kernel.')}" if thread.is_alive() else told)
    if "error" in outcome:
        error = outcome["error"]
        raise error if isinstance(error, Exception) else NotYet(_stopped(type(error).__name__))
    return str(outcome["value"])


def _stopped(error: str, line: str | None = None) -> str:
    if line:
        return say("your code stopped with {error} in the line: {line}", error=error, line=line)
    return say("your code stopped with {error}.", error=error)


def _about(error: Exception) -> str:
    """An exception in one sentence, with the learner's line if it came from there."""
    text = f"{type(error).__name__}: {error}".strip().rstrip(":").partition("\n")[0]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(OURS)]
    theirs = [frame for frame in frames if not frame.filename.startswith((sys.prefix, sys.base_prefix))]
    if theirs:
        return _stopped(text, theirs[-1].line)
    return say("the check can do nothing with your answer ({error}).", error=text)


def _short(value: Any) -> str:
    try:
        return f"{reprlib.repr(value)} ({type(value).__name__})" if not isinstance(value, float) else str(value)
    except Exception:
        return say("a {kind}", kind=type(value).__name__)
