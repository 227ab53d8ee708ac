"""Predict, then run: the answer is asked, kept, drawn and compared; until then the lab does not run."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from fedlab import Experiment, History, Round
from fedlab_widgets import Lab, kernel, predict
from fedlab_widgets.predict import Prediction, _kept

EXPERIMENT = Experiment(parties=2, examples=100, model="softmax", rounds=2)


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    _kept.clear()
    monkeypatch.delenv("FEDLAB_PREDICT", raising=False)
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)


def _history(*accuracies: float) -> History:
    rounds = [Round(number, one, 1.0, 1.0, (), 0, 0, 0.0, None) for number, one in enumerate(accuracies, 1)]
    return History(EXPERIMENT, rounds)


def _said(guess: Prediction) -> str:
    return str(guess._said.value)


def _type(guess: Prediction, text: str) -> None:
    guess._input.value = text
    guess._button.click()


def test_a_lab_does_not_run_before_the_question_is_answered() -> None:
    guess = predict("How many?", unit="%", rounds=2)
    lab = Lab(EXPERIMENT, prediction=guess)
    lab._session.run()
    lab._session.step()
    assert lab.histories == []
    _type(guess, "85")
    lab._session.run()
    lab._session.wait()
    assert len(lab.histories[0]) == 2
    lab._painter.paint()
    assert f"It is {100 * lab.histories[0].rounds[1].test_accuracy:.3g} %" in _said(guess)
    lab.close()
    assert guess._button.comm is not None  # the question's own cell still shows it


def test_enter_gives_the_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """`submit` is what ipywidgets sends when Enter is pressed in a box."""
    monkeypatch.setattr(kernel, "soon", lambda act: act())
    guess = predict("How many?", unit="%", rounds=2)
    guess._input.value = "85"
    guess._input._handle_custom_msg({"event": "submit"}, [])
    assert guess.answer == 85


@pytest.mark.parametrize(("name", "value"), [("FEDLAB_PREDICT", "0"), ("FEDLAB_CHECK", "1")])
def test_two_switches_let_a_lab_run_unanswered(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guess = predict("How many?", unit="%", rounds=2)
    assert guess.locks
    monkeypatch.setenv(name, value)
    assert not guess.locks


@pytest.mark.parametrize("text", ["", "many", "-1", "101", "nan", "inf"])
def test_a_number_that_is_none_is_asked_for_again(text: str) -> None:
    guess = predict("How many?", unit="%", rounds=2)
    _type(guess, text)
    assert guess.answer is None
    assert "a number from 0 to 100" in _said(guess)


@pytest.mark.parametrize(("text", "number"), [("85", 85.0), ("85 %", 85.0), ("8,5", 8.5), ("0", 0.0)])
def test_numbers_are_understood_as_people_write_them(text: str, number: float) -> None:
    guess = predict("How many?", unit="%", rounds=2)
    _type(guess, text)
    assert guess.answer == number


def test_the_answer_outlives_running_the_cell_again() -> None:
    _type(predict("How many?", unit="%"), "85")
    again = predict("How many?", unit="%")
    assert again.answer == 85
    assert not again.locks
    assert predict("How few?", unit="%").answer is None


def test_the_accuracy_asked_for_is_that_after_so_many_rounds() -> None:
    guess = predict("How many?", unit="%", rounds=2)
    _type(guess, "50")
    guess.follow([_history(0.5)])
    assert "It is" not in _said(guess)
    guess.follow([_history(0.5), _history(0.6, 0.7, 0.8)])
    assert "You predicted 50 %. It is 70 %." in _said(guess)


def test_a_choice_is_compared_with_what_the_runs_say() -> None:
    guess = predict("Which?", ["this", "that"], truth=lambda histories: "that" if histories else None)
    guess._button.click()
    assert guess.answer is None
    assert "Choose an answer first" in _said(guess)
    _type(guess, "that")
    guess.follow([])
    assert "You predict “that”" in _said(guess)
    guess.follow([_history(0.5)])
    assert "You predicted “that”, and so it is." in _said(guess)


def test_without_an_answer_the_result_is_told_alone(capsys: pytest.CaptureFixture[str]) -> None:
    predict("How many?", unit="MB").compare(47.8)
    assert capsys.readouterr().out == "It is 47.8 MB. You made no prediction.\n"


def test_only_an_answered_percentage_is_drawn() -> None:
    ax = Figure().subplots()
    guess = predict("How many?", unit="%", rounds=2)
    guess.draw(ax)
    assert not ax.lines
    _type(guess, "85")
    guess.draw(ax)
    assert np.array_equal(ax.lines[0].get_ydata(), [0.85, 0.85])
    assert [text.get_text() for text in ax.texts] == ["you predicted 85 %"]


def test_a_page_without_a_kernel_shows_the_question() -> None:
    assert repr(predict("Which?", ["this", "that"])) == "Predict. Which?\n  - this\n  - that"
