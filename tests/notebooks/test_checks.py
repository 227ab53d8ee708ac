"""The checks of the exercises: solutions pass, known wrong answers do not, and nothing a learner writes breaks them."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab.lessons import exercises

MODULES = sorted(path.stem for path in Path(exercises.__file__).parent.glob("checks_*.py"))
CHECKS: dict[str, Any] = {
    f"{module}.{name}": check
    for module in MODULES
    for name, check in vars(importlib.import_module(f"fedlab.lessons.{module}")).items()
    if hasattr(check, "wrong")
}
WRONG = [
    pytest.param(check, words.strip(), answer, id=f"{name}: {words}")
    for name, check in CHECKS.items()
    for words, answer in check.wrong.items()
]
EACH = pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))


def _raises(*arguments: Any, **named: Any) -> Any:
    raise ZeroDivisionError("a slip")


def _unanswered(*arguments: Any, **named: Any) -> Any:
    raise NotImplementedError


def _endless(*arguments: Any, **named: Any) -> Any:
    while True:
        try:
            print("still here")
        except Exception:
            continue


def _catches_everything(*arguments: Any, **named: Any) -> Any:
    for _ in range(3):
        try:
            while True:
                pass
        except BaseException:
            continue


def _leaves(*arguments: Any, **named: Any) -> Any:
    raise SystemExit


ODD = [0, "a word", float("nan"), [1, "two"], {}, object(), np.ones((2, 3, 4))]


@pytest.mark.parametrize(("check", "words", "answer"), WRONG)
def test_known_wrong_answers_are_rejected_with_the_reason(
    check: Any, words: str, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    check(answer)
    said = capsys.readouterr().out
    assert said.startswith("✗ Not yet: ")
    assert words in said


@EACH
def test_whatever_an_answer_returns_or_is_gets_one_sentence(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for value in ODD:
        for answer in (value, lambda *arguments, value=value, **named: value):
            check(answer)
            said = capsys.readouterr().out
            assert said.startswith("✗ Not yet: "), f"{value!r}: {said}"
            assert said.count("\n") == 1, said


@EACH
@pytest.mark.parametrize("answer", [None, ..., _unanswered])
def test_an_exercise_without_an_answer_is_no_mistake(
    check: Any, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    check(answer)
    assert capsys.readouterr().out == f"○ {exercises.UNANSWERED}\n"


@EACH
def test_an_exception_is_told_with_the_learners_line(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check(_raises)
    said = capsys.readouterr().out
    assert "ZeroDivisionError: a slip" in said
    assert 'raise ZeroDivisionError("a slip")' in said
    check(_leaves)
    assert "SystemExit" in capsys.readouterr().out


@EACH
def test_a_function_that_returns_nothing_is_told_so(check: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check(lambda *arguments, **named: None)
    assert "does it end with return" in capsys.readouterr().out


@pytest.mark.parametrize("answer", [_endless, _catches_everything])
def test_a_loop_without_end_is_ended(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    @exercises.exercise(wrong={}, limit=0.3)
    def check(answer: Any) -> str:
        answer()
        return "It came back."

    began = time.monotonic()
    check(answer)
    said = capsys.readouterr().out
    assert "a loop that never ends" in said
    assert "restart" not in said
    assert len(said) < 2_000
    assert time.monotonic() - began < 60  # it came back at all; how fast is the machine's business


def test_the_learners_own_printing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    @exercises.exercise(wrong={})
    def check(answer: Any) -> str:
        return f"You gave {answer()}."

    def answer() -> int:
        print("on my way")
        return 3

    check(answer)
    assert capsys.readouterr().out == "Your code printed: on my way\n✓ Right. You gave 3.\n"


def test_an_answer_cannot_change_what_it_is_given() -> None:
    @exercises.exercise(wrong={})
    def check(answer: Any) -> str:
        numbers = np.zeros(3)
        answer([numbers])
        exercises.require(numbers.sum() == 0, "changed")
        return ""

    def answer(lists: list[np.ndarray]) -> int:
        lists[0] += 1
        return 1

    check(answer)


def test_under_nbgrader_a_wrong_answer_raises_the_same_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    check = next(iter(CHECKS.values()))
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(AssertionError, match="Not answered yet"):
        check(_unanswered)
    with pytest.raises(AssertionError, match=r"Not yet: .*ZeroDivisionError"):
        check(_raises)


@pytest.mark.parametrize("module", MODULES)
def test_each_check_knows_wrong_answers(module: str) -> None:
    ours = {name: check for name, check in CHECKS.items() if name.startswith(module)}
    assert ours
    for name, check in ours.items():
        assert len(check.wrong) >= 2, name
