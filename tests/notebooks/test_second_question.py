"""A question that a lab is told of beside its own: answered before or after the run, it gets its outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fedlab import Experiment
from fedlab_widgets import Lab, predict
from fedlab_widgets.predict import Prediction

SMALL = Experiment(parties=3, examples=300, model="softmax", rounds=1)


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab(SMALL)
    yield lab
    lab.close()


def asked(question: str) -> Prediction:
    return predict(question, ["yes", "no"], truth=lambda runs: "yes" if runs and len(runs[0]) else None)


def test_answered_after_the_run_it_is_told_at_once(lab: Lab) -> None:
    question = asked("Has it run (asked first, answered last)?")
    lab.tell(question)
    lab.run()
    question.answer_with("no")
    assert "You predicted “no”. It is “yes”." in question._said.value


def test_answered_before_the_run_it_waits_for_it(lab: Lab) -> None:
    question = asked("Has it run (asked and answered first)?")
    lab.tell(question)
    question.answer_with("no")
    assert "It is" not in question._said.value
    lab.run()
    assert "You predicted “no”. It is “yes”." in question._said.value


def test_an_answer_after_the_comparison_is_told_its_outcome_beside_the_question() -> None:
    """With *Run All* the cell that compares is done before the learner has answered."""
    question = predict("Which (answered last)?", ["this", "that"], why="Because.")
    question.compare("this")
    question.answer_with("that")
    assert "You predicted “that”. It is “this”. Because." in question._said.value
