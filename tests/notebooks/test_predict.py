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


def _history(*accuracies: float, experiment: Experiment = EXPERIMENT) -> History:
    rounds = [Round(number, one, 1.0, 1.0, (), 0, 0, 0.0, None) for number, one in enumerate(accuracies, 1)]
    return History(experiment, rounds)


def _said(guess: Prediction) -> str:
    return str(guess._said.value)


def _type(guess: Prediction, text: str) -> None:
    guess._input.value = text
    guess._button.click()


def test_a_lab_does_not_run_before_the_question_is_answered() -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
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
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    guess._input.value = "85"
    guess._input._handle_custom_msg({"event": "submit"}, [])
    assert guess.answer == 85


@pytest.mark.parametrize(("name", "value"), [("FEDLAB_PREDICT", "0"), ("FEDLAB_CHECK", "1")])
def test_two_switches_let_a_lab_run_unanswered(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    assert guess.locks
    monkeypatch.setenv(name, value)
    assert not guess.locks


@pytest.mark.parametrize("text", ["", "many", "-1", "101", "nan", "inf"])
def test_a_number_that_is_none_is_asked_for_again(text: str) -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    _type(guess, text)
    assert guess.answer is None
    assert "a number from 0 to 100" in _said(guess)


@pytest.mark.parametrize(("text", "number"), [("85", 85.0), ("85 %", 85.0), ("8,5", 8.5), ("0", 0.0)])
def test_numbers_are_understood_as_people_write_them(text: str, number: float) -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    _type(guess, text)
    assert guess.answer == number


def test_the_answer_outlives_running_the_cell_again() -> None:
    _type(predict("How many?", unit="%"), "85")
    again = predict("How many?", unit="%")
    assert again.answer == 85
    assert not again.locks
    assert predict("How few?", unit="%").answer is None


def test_an_answer_is_known_to_every_copy_of_the_question_that_is_still_there() -> None:
    """A lab asks what its cell, run again, asks anew: whoever answers one of the two has answered both."""
    in_a_lab, again = (
        predict("How many?", unit="%", rounds=2, about=EXPERIMENT),
        predict("How many?", unit="%", rounds=2, about=EXPERIMENT),
    )
    _type(again, "85")
    assert in_a_lab.answer == 85
    assert not in_a_lab.locks


def test_the_accuracy_asked_for_is_that_after_so_many_rounds() -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    _type(guess, "50")
    guess.follow([_history(0.5)])
    assert "It is" not in _said(guess)
    guess.follow([_history(0.5), _history(0.6, 0.7, 0.8)])
    assert "You predicted 50 %. It is 70 %." in _said(guess)


def test_runs_of_other_settings_and_forks_do_not_answer_a_question() -> None:
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    _type(guess, "50")
    other = _history(0.9, 0.9, experiment=EXPERIMENT.with_(seed=1))
    fork = _history(0.9, 0.9).up_to(1, EXPERIMENT)
    fork.append(_history(0.9, 0.9).rounds[1])
    guess.follow([other, fork])
    assert "It is" not in _said(guess)
    guess.follow([other, fork, _history(0.6, 0.7, experiment=EXPERIMENT.with_(rounds=30))])
    assert "You predicted 50 %. It is 70 %." in _said(guess)


def test_a_truth_gets_the_runs_that_count_only() -> None:
    got: list[list[History]] = []
    guess = predict("Which?", ["this"], truth=got.append, about=EXPERIMENT)
    own = _history(0.5)
    guess.follow([_history(0.5, experiment=EXPERIMENT.with_(seed=1)), own])
    assert got == [[own]]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("74", "You predicted 74 %. It is 70 %. Too many."),
        ("66", "You predicted 66 %. It is 70 %. Too few."),
        ("73", "You predicted 73 %. It is 70 %: you were close."),
        ("70", "You predicted 70 %, and so it is."),
    ],
)
def test_a_number_that_is_off_by_more_than_three_is_explained(answer: str, told: str) -> None:
    guess = predict("How many?", unit="%", rounds=1, about=EXPERIMENT, why={"more": "Too many.", "less": "Too few."})
    _type(guess, answer)
    guess.follow([_history(0.7)])
    assert told in _said(guess)


def test_a_wrong_choice_is_explained_and_a_right_one_is_not() -> None:
    why = {"this": "This drifts."}
    for answer, told in (
        ("this", "It is “that”. This drifts."),
        ("that", "and so it is.</p>"),
        ("third", "“that”.</p>"),
    ):
        _kept.clear()
        guess = predict("Which?", ["this", "that", "third"], truth=lambda histories: "that", why=why)
        _type(guess, answer)
        guess.follow([])
        assert told in _said(guess)


def test_an_explanation_of_an_answer_that_nobody_can_give_is_refused() -> None:
    with pytest.raises(ValueError, match="'most' is no answer that why could explain: it must be one of more, less"):
        predict("How many?", unit="%", why={"most": "…"})


def test_a_question_about_rounds_says_of_which_run() -> None:
    with pytest.raises(ValueError, match="give about"):
        predict("How many?", unit="%", rounds=2)


def test_the_next_question_is_asked_when_the_outcome_is_known_and_judged_the_same_way() -> None:
    skewed = EXPERIMENT.with_(partition="dirichlet", alpha=0.1)
    then = predict("And now?", unit="%", rounds=1, about=skewed, why="It is harder.")
    guess = predict("How many?", unit="%", rounds=1, about=EXPERIMENT, then=then)
    _type(guess, "50")
    locked = [guess.locks]
    assert then.view not in guess.view.children
    guess.follow([_history(0.5)])
    assert guess.view.children[-1] is then.view
    assert guess.in_lab.children[-1] is then.in_lab
    locked.append(guess.locks)
    _type(then, "50")
    locked.append(guess.locks)
    assert locked == [False, True, False]
    guess.follow([_history(0.5), _history(0.3, experiment=skewed)])
    assert "You predicted 50 %, and so it is." in _said(guess)
    assert "You predicted 50 %. It is 30 %. It is harder." in _said(then)
    assert len([one for one in guess.view.children if one is then.view]) == 1


def test_a_lab_waits_for_the_next_question_too() -> None:
    then = predict("And the loss?", ["up", "down"], truth=lambda histories: "down")
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT, then=then)
    lab = Lab(EXPERIMENT, prediction=guess)
    _type(guess, "85")
    lab.run()
    lab._painter.paint()
    assert lab._session.locked
    assert lab._transport._run.disabled
    _type(then, "up")
    lab._painter.paint()
    assert not lab._transport._run.disabled
    assert "You predicted “up”. It is “down”." in _said(then)
    lab.close()


def test_a_comparison_in_a_cell_asks_the_next_question_below(capsys: pytest.CaptureFixture[str]) -> None:
    guess = predict("How many?", unit="MB", why="Both ways.", then=predict("And with ten?", unit="MB"))
    _type(guess, "20")
    assert "Now read on and see." in _said(guess)
    guess.compare(47.8)
    out = capsys.readouterr().out
    assert out == "You predicted 20 MB. It is 47.8 MB. Both ways.\nPredict. And with ten?\n"


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


def test_a_comparison_waits_for_the_answer_and_gives_nothing_away(capsys: pytest.CaptureFixture[str]) -> None:
    """With *Run All* the cell that compares is done before the learner has answered."""
    then = predict("And with ten?", unit="MB")
    guess = predict("How many?", unit="MB", why="Both ways.", then=then)
    guess.compare(47.8)
    out = capsys.readouterr().out
    assert "○ Not answered yet" in out
    assert "47.8" not in out + str(guess._below.children[0].value)
    _type(guess, "20")
    assert guess._below.children == (guess._said, then.view)
    assert "You predicted 20 MB. It is 47.8 MB. Both ways." in _said(guess)


def test_without_an_answer_the_result_is_told_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody has to answer."""
    monkeypatch.setenv("FEDLAB_PREDICT", "0")
    predict("How many?", unit="MB").compare(47.8)
    assert capsys.readouterr().out == "It is 47.8 MB. You made no prediction.\n"


def test_only_an_answered_percentage_is_drawn() -> None:
    ax = Figure().subplots()
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    guess.draw(ax)
    assert not ax.lines
    _type(guess, "85")
    guess.draw(ax)
    assert np.array_equal(ax.lines[0].get_ydata(), [0.85, 0.85])
    assert [text.get_text() for text in ax.texts] == ["you predicted 85 %"]


@pytest.mark.parametrize(
    ("curve", "place"),
    [([0.5, 0.9], ("left", "bottom")), ([0.75, 0.5], ("right", "bottom")), ([0.2, 0.7], ("left", "top"))],
)
def test_the_label_of_a_prediction_stands_where_no_curve_runs(curve: list[float], place: tuple[str, str]) -> None:
    """A line at 0.7 and one straight curve: one that rises passes the line at the right, one that falls at the left.

    Where the line is the highest of all there is, there is no room above it.
    """
    ax = Figure().subplots()
    ax.plot([0, 10], curve)
    guess = predict("How many?", unit="%", rounds=2, about=EXPERIMENT)
    _type(guess, "70")
    guess.draw(ax)
    (label,) = ax.texts
    assert (label.get_horizontalalignment(), label.get_verticalalignment()) == place
    assert label.get_bbox_patch() is not None


def test_a_page_without_a_kernel_shows_the_question() -> None:
    assert repr(predict("Which?", ["this", "that"])) == "Predict. Which?\n  - this\n  - that"
