"""The checks of the exercises: solutions pass, known wrong answers do not, and nothing a learner writes breaks them."""

from __future__ import annotations

import ast
import importlib
import itertools
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
    assert capsys.readouterr().out.startswith(f"○ {exercises.UNANSWERED} Write your code in the cell above")


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


@pytest.mark.parametrize(
    "answer",
    [[1, 2], (1, 2), np.array([1, 2]), (n for n in (1, 2)), map(int, "12"), range(1, 3), {"a": 1, "b": 2}.values()],
    ids=["list", "tuple", "array", "generator", "map", "range", "values of a dict"],
)
def test_numbers_may_come_in_anything_that_has_an_order(answer: Any) -> None:
    assert exercises.as_array(answer, (2,)).tolist() == [1, 2]


def test_rows_may_be_generators_of_generators() -> None:
    rows = ((10 * row + column for column in range(3)) for row in range(2))
    assert exercises.as_array(rows, (2, 3)).tolist() == [[0, 1, 2], [10, 11, 12]]


@pytest.mark.parametrize("answer", [{"a": [1], "b": [2]}, {1, 2}, [{"a": 1}, 2]])
def test_numbers_without_an_order_are_refused_in_a_sentence(answer: Any) -> None:
    with pytest.raises(exercises.NotYet, match=r"must be numbers, but it is .* \((dict|set|list)\)"):
        exercises.as_array(answer, (2,))


def test_a_generator_without_end_is_the_wrong_shape_and_not_the_end_of_the_memory() -> None:
    with pytest.raises(exercises.NotYet, match="shape"):
        exercises.as_array(itertools.count(), (2,))


@pytest.mark.parametrize("kind", [bool, int, np.bool_, np.int64, np.array])
def test_truth_may_be_written_as_1_and_0(kind: Any) -> None:
    assert exercises.as_truth(kind(1)) is True
    assert exercises.as_truth(kind(0)) is False


@pytest.mark.parametrize("answer", ["True", "1", 2, -1, 1.0, None, [True], np.array([True]), float("nan")])
def test_what_only_looks_like_a_truth_is_none(answer: Any) -> None:
    with pytest.raises(exercises.NotYet, match="must be True or False"):
        exercises.as_truth(answer)


@pytest.mark.parametrize("answer", [[[0], [1, 2]], ([0], [1, 2]), ([0 + n] if n == 0 else [n, 2] for n in (0, 1))])
def test_one_thing_for_each_party_may_come_in_any_order_keeping_form(answer: Any) -> None:
    assert exercises.as_list(answer) == [[0], [1, 2]]
    assert [row.tolist() for row in exercises.as_list(np.eye(2))] == [[1, 0], [0, 1]]


@pytest.mark.parametrize("answer", [{0: [1]}, {1, 2}, "01", b"01", 7, None, np.array(3)])
def test_what_is_no_list_is_refused_in_a_sentence(answer: Any) -> None:
    with pytest.raises(exercises.NotYet, match="must be a list, but it is"):
        exercises.as_list(answer)


@exercises.exercise(wrong={})
def check_total(answer: Any) -> str:
    """A total of three numbers that the learner must not change; used below."""
    numbers, rows = np.ones(3), [[1, 2], [3, 4]]
    total = exercises.as_number(answer(numbers, rows))
    exercises.require(numbers.sum() == 3, "the check's own numbers have changed.")
    exercises.require(total == 3, "the total is 3.")
    return "It is 3."


def _in_place(numbers: np.ndarray, rows: list[list[int]]) -> float:
    numbers += 1
    return float(numbers.sum())


def _in_a_list(numbers: np.ndarray, rows: list[list[int]]) -> float:
    rows[1].sort(reverse=True)
    return 0.0


def _harmless(numbers: np.ndarray, rows: list[list[int]]) -> float:
    total = float(numbers.sum())
    numbers *= 0
    rows.clear()
    return total


@pytest.mark.parametrize(("answer", "name"), [(_in_place, "numbers"), (_in_a_list, "rows")])
def test_a_wrong_answer_that_changes_what_it_is_given_is_told_that(
    answer: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_total(answer)
    assert f"✗ Not yet: your function changes {name} itself" in capsys.readouterr().out


def test_a_right_answer_may_change_its_copies(capsys: pytest.CaptureFixture[str]) -> None:
    check_total(_harmless)
    assert capsys.readouterr().out == "✓ Right. It is 3.\n"


def test_what_one_answer_did_is_not_held_against_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    check_total(_in_place)
    check_total(lambda numbers, rows: 4)
    assert capsys.readouterr().out.endswith("✗ Not yet: the total is 3.\n")


@exercises.exercise(wrong={})
def check_mean(answer: Any) -> str:
    """The mean of results that can be read once, as a server reads them; used below."""
    exercises.require(answer(exercises.OnePass([1.0, 2.0, 6.0], "results")) == 3, "the mean is 3.")
    return "It is 3."


@pytest.mark.parametrize(
    "answer",
    [
        lambda results: sum(results) / max(1, len(list(results))),
        lambda results: sum(results) / sum(1 for _ in results),
        lambda results: [value for value in results for _ in (0,)] and next(results),
    ],
)
def test_reading_an_iterator_twice_is_named_even_when_it_ends_in_an_exception(
    answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    check_mean(answer)
    assert "✗ Not yet: results can be read only once" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer",
    [
        lambda results: np.mean(list(results)),
        lambda results: (next(results) + sum(results)) / 3,
        lambda results: sum(map(sum, zip(results, strict=True))) / 3,
    ],
)
def test_reading_an_iterator_once_in_whatever_way_is_right(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check_mean(answer)
    assert capsys.readouterr().out == "✓ Right. It is 3.\n"


@pytest.mark.parametrize("answer", ["a word", 3, [1, 2]])
def test_an_answer_that_is_no_function_is_told_so(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    check_total(answer)
    assert "your answer must be a function, but it is" in capsys.readouterr().out


def test_a_function_with_other_arguments_is_shown_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    check_total(lambda numbers: 3)
    said = capsys.readouterr().out
    assert "keep the arguments that your function came with: now it has (numbers)" in said


def test_weighted_losses_may_be_written_as_arrays_or_as_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """Four ways to write Σ n_k/n F_k; the text says that both are arrays of numbers."""
    check = CHECKS["checks_01.check_objective"]
    check(lambda losses, sizes: losses @ sizes / sizes.sum())
    check(lambda losses, sizes: sum(loss * n for loss, n in zip(losses, sizes, strict=True)) / sum(sizes))
    check(lambda losses, sizes: sum(losses[k] * sizes[k] / sum(sizes) for k in range(len(losses))))
    check(lambda losses, sizes: np.average(losses, weights=sizes))
    assert capsys.readouterr().out.count("✓ Right. ") == 4


def test_whether_models_are_shared_may_be_answered_with_0_and_1(capsys: pytest.CaptureFixture[str]) -> None:
    CHECKS["checks_01.check_shared"](lambda models: int(len(set(map(id, models))) < len(models)))
    assert capsys.readouterr().out.startswith("✓ Right. ")


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
            "✗ {claim}: {number}, not this time.": "✗ {claim}: {number}, diesmal nicht.",
        }
    )
    try:
        check(lambda: 12)
        check(lambda: float("-inf"))
        claim("It ends above {goal:.0%}", 88.1, above=90, unit="%", goal=0.9)
    finally:
        speak(before)
    assert capsys.readouterr().out.splitlines() == [
        "✗ Noch nicht: 12 ist zu viel.",
        "✗ Noch nicht: die Schiefe muss endlich sein, nicht -inf.",
        "✗ Am Ende sind es mehr als 90%: 88.1 %, diesmal nicht.",
    ]


@pytest.mark.parametrize("path", sorted(Path(exercises.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_sentences_of_the_lessons_are_keys_with_all_their_parts(path: Path) -> None:
    """`require` and `claim` hand their sentence and its parts to `say`, so what holds for `say` holds for them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        named = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if isinstance(node, ast.Call) and named in ("require", "claim", "suspect"):
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
