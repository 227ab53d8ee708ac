"""The checks of the exercises: solutions pass, known wrong answers do not, and nothing a learner writes breaks them."""

from __future__ import annotations

import ast
import importlib
import string
import threading
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fedlab.lessons import claim, exercises
from fedlab.text import speak

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


def test_what_others_print_meanwhile_is_not_the_learners(capsys: pytest.CaptureFixture[str]) -> None:
    """A lab that trains beside the check prints too; its words go where they always go."""
    beside, done = threading.Event(), threading.Event()

    @exercises.exercise(wrong={})
    def check(answer: Any) -> str:
        return f"You gave {answer()}."

    def answer() -> int:
        print("on my way")
        beside.set()
        assert done.wait(60)
        return 3

    def other() -> None:
        assert beside.wait(60)
        print("Round 7 is done.")
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    check(answer)
    thread.join()
    assert capsys.readouterr().out == "Round 7 is done.\nYour code printed: on my way\n✓ Right. You gave 3.\n"


@pytest.mark.parametrize("answer", ["24", b"24", ["24"], np.array("24"), np.array(["24"], dtype=object), 24j])
def test_what_only_looks_like_a_number_is_none(answer: Any) -> None:
    for shape in ((), (1,)):
        with pytest.raises(exercises.NotYet, match="must be numbers"):
            exercises.as_array(answer, shape)


@pytest.mark.parametrize("answer", [24, 24.0, np.float32(24), Fraction(24), np.array(24)])
def test_numbers_of_all_kinds_are_numbers(answer: Any) -> None:
    assert exercises.as_number(answer) == 24


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


def test_another_language_says_what_is_wrong_with_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """The sentence, the frame around it, and what the value is called, each from the catalogue."""

    @exercises.exercise(wrong={})
    def check(answer: Any) -> str:
        exercises.require(answer() < 10, "{yours:g} is too large.", yours=answer())
        exercises.as_number(answer(), "the skew")
        return ""

    before = speak(
        {
            "Not yet: {reason}": "Noch nicht: {reason}",
            "{yours:g} is too large.": "{yours:g} ist zu viel.",
            "the skew": "die Schiefe",
            "{what} must be finite numbers, but it holds {value}.": "{what} muss endlich sein, nicht {value}.",
            "It ends above {goal:.0%}": "Am Ende sind es mehr als {goal:.0%}",
            "{claim}: not this time.": "{claim}: diesmal nicht.",
        }
    )
    try:
        check(lambda: 12)
        check(lambda: float("-inf"))
        claim("It ends above {goal:.0%}", False, goal=0.9)
    finally:
        speak(before)
    assert capsys.readouterr().out.splitlines() == [
        "✗ Noch nicht: 12 ist zu viel.",
        "✗ Noch nicht: die Schiefe muss endlich sein, nicht -inf.",
        "✗ Am Ende sind es mehr als 90%: diesmal nicht.",
    ]


@pytest.mark.parametrize("path", sorted(Path(exercises.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_sentences_of_the_lessons_are_keys_with_all_their_parts(path: Path) -> None:
    """`require` and `claim` hand their sentence and its parts to `say`, so what holds for `say` holds for them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if isinstance(node, ast.Call) and named in ("require", "claim"):
            sentence = node.args[1 if named == "require" else 0]
            if isinstance(sentence, ast.Name):  # a key that another function hands on
                continue
            assert isinstance(sentence, ast.Constant), f"line {node.lineno}"
            holes = {hole for _, hole, _, _ in string.Formatter().parse(str(sentence.value)) if hole}
            assert holes == {word.arg for word in node.keywords}, f"line {node.lineno}"


@pytest.mark.parametrize("module", MODULES)
def test_each_check_knows_wrong_answers(module: str) -> None:
    ours = {name: check for name, check in CHECKS.items() if name.startswith(module)}
    assert ours
    for name, check in ours.items():
        assert len(check.wrong) >= 2, name
