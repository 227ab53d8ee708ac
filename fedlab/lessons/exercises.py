"""Exercises that check themselves: what a check is, and how it speaks to the learner.

A check judges *properties* of an answer and never contains the answer. It says one sentence, whatever the learner's
code does: nothing yet, wrong types, NaN, an exception, a loop without end.

    @exercise(answer="total", points=1, wrong={"the order": lambda values: values[0]})
    def check_total(answer):
        values = np.array([1.0, 2.0])
        one, other = as_number(answer(values)), as_number(answer(values[::-1]))
        require(close(one, other), "the order must not matter: {one:g} is not {other:g}.", one=one, other=other)
        return say("It is the same in any order.")

`check_total(total)` prints the sentence. Under nbgrader (autograde, validate) a wrong answer raises AssertionError with
the same sentence, so that it can be graded. `answer` is the name that the lesson asks for; `fedlab check` looks for it.

What an answer returns goes through one of these, which refuse strings, NaN and odd types in a sentence:

    as_number, as_array    numbers: arrays, lists, tuples, generators of them
    as_truth               True or False; 1 and 0 will do
    as_list                one thing for each party: a list, tuple, array or generator of anything

Hand arrays to an answer where the lesson says *numbers*: a learner may write `losses @ sizes` or loop over them. An
answer gets copies. If it turns out wrong, two causes are named instead of what came of them: it changed an array or a
list that it was given (noticed by itself), or it read an iterator twice (hand it `OnePass(values)`). A check that knows
of another such cause calls `suspect`.
"""

from __future__ import annotations

import functools
import inspect
import os
import reprlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fedlab.lessons.time_limit import Sink, TooLate, within
from fedlab.text import say

TIME_LIMIT = 5.0  # seconds for a whole check, unless it says otherwise
LONGEST = 100_000  # of a generator, which may have no end, no more is read
UNANSWERED = "Not answered yet."
ENDLESS = "your code was still running after {limit:g} seconds: is there a loop that never ends?"
RETURNED = "what your function returns"
OURS = str(Path(__file__).parent)

_suspects: ContextVar[list[str]] = ContextVar("_suspects")  # causes noticed while the present answer was judged


class NotYet(Exception):
    """The answer is not right yet; the text says why, in one sentence."""


@dataclass(frozen=True)
class Verdict:
    """What a check says about an answer."""

    mark: str  # ✓, ✗, or ○ for an answer that is not there yet
    sentence: str
    printed: str = ""  # by the learner's code
    hint: str = ""  # what to do in a notebook


def exercise(
    *, wrong: Mapping[str, Any], answer: str = "", points: int = 0, limit: float = TIME_LIMIT
) -> Callable[[Callable[[Any], str]], Any]:
    """Make a check out of a function that judges an answer: it raises `NotYet`, or returns what is right about it.

    wrong: known wrong answers by words that the sentence must then say; a test tries them all. answer, points: the name
    that the lesson asks for, and what it is worth. limit: seconds.
    """

    def decorate(judge: Callable[[Any], str]) -> Any:
        def verdict(find: Callable[[], Any]) -> Verdict:
            return _verdict(judge, find, limit)

        @functools.wraps(judge)
        def check(answer: Any) -> None:
            said = verdict(lambda: answer)
            sentence = f"{said.sentence} {said.hint}".rstrip()
            if said.mark != "✓" and graded():
                raise AssertionError(sentence)
            if said.printed:
                print(say("Your code printed: {text}", text=said.printed))
            print(said.mark, sentence)

        vars(check).update(wrong=wrong, answer=answer, points=points, limit=limit, verdict=verdict)
        return check

    return decorate


def graded() -> bool:
    """Whether nbgrader runs the notebook: to grade it, or to tell the learner what a grader would say."""
    return "NBGRADER_EXECUTION" in os.environ


def require(condition: Any, sentence: str, /, **parts: Any) -> None:
    """Say the sentence with its parts, as `say` does, unless the condition holds."""
    if not condition:
        raise NotYet(say(sentence, **parts))


def suspect(sentence: str, /, **parts: Any) -> None:
    """Remember a cause: if the answer turns out wrong, the learner is told this instead of what came of it."""
    _suspects.get([]).append(say(sentence, **parts))


class OnePass:
    """An iterator over values that can be read once, as a server gets its results; it notices who reads it again."""

    def __init__(self, values: Iterable[Any], what: str = "what your function is given"):
        self._rest, self._what, self._ended = iter(values), what, False

    def __iter__(self) -> OnePass:
        self._notice()
        return self

    def __next__(self) -> Any:
        self._notice()
        for value in self._rest:
            return value
        self._ended = True
        raise StopIteration

    def _notice(self) -> None:
        if self._ended:
            text = "{what} can be read only once, and the second time nothing is left: make a list of it first."
            suspect(text, what=say(self._what))


def as_array(value: Any, shape: tuple[int, ...], what: str = RETURNED) -> np.ndarray:
    """The value as finite numbers of this shape; `NotYet` if it is something else, strings of digits included.

    what: what the value is, for the sentence.
    """
    what = say(what)
    try:
        given = np.asarray(_listed(value))
        if given.dtype.kind not in "biufO" or any(isinstance(one, (str, bytes)) for one in given.flat):
            raise TypeError
        array = given.astype(float)
    except (TypeError, ValueError):
        raise NotYet(say("{what} must be numbers, but it is {value}.", what=what, value=_short(value))) from None
    if array.shape != shape:
        wanted = str(shape) if shape else say("none: one number")
        text = "{what} has the shape {got}, but it must have {shape}."
        raise NotYet(say(text, what=what, got=array.shape, shape=wanted))
    if not np.isfinite(array).all():
        odd = float(array[~np.isfinite(array)][0])
        raise NotYet(say("{what} must be finite numbers, but it holds {value}.", what=what, value=odd))
    return array


def as_number(value: Any, what: str = RETURNED) -> float:
    """The value as one finite number; `NotYet` if it is something else."""
    return float(as_array(value, (), what))


def as_truth(value: Any, what: str = RETURNED) -> bool:
    """The value as True or False, which may be written 1 or 0; `NotYet` if it is something else."""
    plain = value.item() if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 else value
    if not isinstance(plain, int) or plain not in (0, 1):
        raise NotYet(say("{what} must be True or False, but it is {value}.", what=say(what), value=_short(value)))
    return bool(plain)


def as_list(value: Any, what: str = RETURNED) -> list[Any]:
    """The value as a list, whatever is in it; `NotYet` if it is a dict, a set, a string or no list at all."""
    listed = _listed(value)
    if isinstance(listed, np.ndarray) and listed.ndim:
        listed = list(listed)
    if not isinstance(listed, Sequence) or isinstance(listed, (str, bytes)):
        raise NotYet(say("{what} must be a list, but it is {value}.", what=say(what), value=_short(value)))
    return list(listed)


def close(one: Any, other: Any) -> bool:
    """Whether two arrays are equal but for rounding."""
    return bool(np.allclose(one, other, rtol=1e-5, atol=1e-7))


def _listed(value: Any) -> Any:
    """Generators and their like as lists, wherever they are in lists, tuples and generators."""
    iterates = isinstance(value, (Iterator, ValuesView, list, tuple))
    return [_listed(one) for one in islice(value, LONGEST)] if iterates else value


def _verdict(judge: Callable[[Any], str], find: Callable[[], Any], limit: float) -> Verdict:
    printed, suspects = Sink(), list[str]()
    answer: Any = None

    def work() -> str:
        nonlocal answer
        _suspects.set(suspects)
        answer = find()
        if answer is None or answer is ...:
            raise NotImplementedError
        return judge(_guarded(answer))

    mark, reason, hint = "✗", "", ""
    try:
        mark, sentence = "✓", say("Right. {praise}", praise=within(limit, work, printed))
    except NotImplementedError:
        mark, sentence = "○", say(UNANSWERED)
        hint = say("Write your code in the cell above and run it, then run this cell again.")
    except NotYet as error:
        reason = str(error)
    except TooLate as late:
        reason = say(ENDLESS, limit=limit)
        hint = "" if late.ended else say("It cannot be stopped: restart the kernel.")
    except (Exception, SystemExit) as error:
        reason = _about(error)
        if isinstance(error, TypeError) and answer is not None and not callable(answer):
            reason = say("your answer must be a function, but it is {value}.", value=_short(answer))
    if mark == "✗":
        sentence = say("Not yet: {reason}", reason=next(iter(suspects), reason))
    return Verdict(mark, sentence, printed.getvalue().strip(), hint)


def _guarded(answer: Any) -> Any:
    """A learner's function that gets copies of arrays and lists, and must return something; anything else as it is."""
    if not callable(answer) or isinstance(answer, type):
        return answer

    def call(*arguments: Any, **named: Any) -> Any:
        names = _parameters(answer, arguments, named)
        copies = _copy(arguments)
        value = answer(*copies, **_copy(named))
        for name, given, left in zip(names, arguments, copies, strict=False):
            if not _same(given, left):
                text = "your function changes {name} itself, which it was only given: work on a copy, as .copy() makes."
                suspect(text, name=name)
        require(value is not None, "your function returns nothing: does it end with return?")
        return value

    return call


def _parameters(answer: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> list[str]:
    """The names of a function's parameters; `NotYet` if it does not take these arguments."""
    try:
        signature = inspect.signature(answer)
        signature.bind(*arguments, **named)
    except ValueError:  # some functions of NumPy's do not tell theirs
        return []
    except TypeError as error:
        text = "keep the arguments that your function came with: now it has {signature}, and the check finds {error}."
        raise NotYet(say(text, signature=signature, error=error)) from None
    return list(signature.parameters)


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(one) for one in value)
    return {name: _copy(one) for name, one in value.items()} if isinstance(value, dict) else value


def _same(one: Any, other: Any) -> bool:
    """Whether a value and its copy are still equal; what is not copied is the same anyway."""
    if isinstance(one, np.ndarray):
        return one.shape == other.shape and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(_same, one.values(), other.values()))
    return one is other or bool(one == other)


def _about(error: BaseException) -> str:
    """An exception in one sentence, with the learner's line if it came from there."""
    text = f"{type(error).__name__}: {error}".strip().rstrip(":").partition("\n")[0]
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(OURS)]
    theirs = [frame for frame in frames if not frame.filename.startswith((sys.prefix, sys.base_prefix))]
    if theirs and theirs[-1].line:
        return say("your code stopped with {error} in the line: {line}", error=text, line=theirs[-1].line)
    if theirs or isinstance(error, SystemExit):
        return say("your code stopped with {error}.", error=text)
    return say("the check can do nothing with your answer ({error}).", error=text)


def _short(value: Any) -> str:
    try:
        return f"{reprlib.repr(value)} ({type(value).__name__})" if not isinstance(value, float) else str(value)
    except Exception:
        return say("a {kind}", kind=type(value).__name__)
