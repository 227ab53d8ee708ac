"""Tasks beside a lab: what their buttons set, and when they are ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fedlab import Experiment
from fedlab.algorithms import FedAvg
from fedlab_widgets import Lab, Task, kernel, predict

SMALL = Experiment(parties=2, examples=100, model="softmax", rounds=2)
SKEWED = SMALL.with_(partition="dirichlet", alpha=0.1)


@pytest.fixture(autouse=True)
def _as_a_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDLAB_CHECK", raising=False)
    monkeypatch.delenv("FEDLAB_PREDICT", raising=False)
    monkeypatch.setattr(kernel, "soon", lambda act: act())


@pytest.fixture
def labs() -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def make(*values: Any, **named: Any) -> Lab:
        made.append(Lab(*values, **named))
        return made[-1]

    yield make
    for lab in made:
        lab.close()


def ticks(lab: Lab) -> list[bool]:
    lab._painter.paint(lab._tasks)
    return ["✓" in text.value for text in lab._tasks._texts]


def button(lab: Lab, number: int) -> Any:
    return lab._tasks.view.children[number].children[1]


def test_a_button_sets_the_controls_says_what_it_set_and_runs_nothing(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL, tasks=[Task("Run it.", SMALL), Task("Give them other digits.", SKEWED.with_(rounds=3))])
    button(lab, 1).click()
    assert lab.experiment == SKEWED.with_(rounds=3)
    assert lab._session.message.sentence == "The controls are set: Dirichlet, α = 0.1, rounds = 3. Now press Run."
    assert not lab._session.message.problem
    assert lab.histories == []
    button(lab, 1).click()
    assert lab._session.message.sentence == "The controls are like this already. Press Run."


def test_a_task_is_ticked_when_all_rounds_of_its_experiment_are_done(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL, tasks=[Task("Run it.", SMALL), Task("Skew it.", SKEWED)])
    assert ticks(lab) == [False, False]
    lab.run(1)
    assert ticks(lab) == [False, False]
    lab.run(2)
    assert ticks(lab) == [True, False]
    assert "1 of 2 tasks done." in lab._tasks._status.value
    assert 'role="status"' in lab._tasks._status.value
    button(lab, 1).click()
    lab.run()
    assert ticks(lab) == [True, True]
    lab._session.reset()
    assert ticks(lab) == [False, False]


def test_a_task_may_say_itself_when_it_is_done(labs: Callable[..., Lab]) -> None:
    """Such as to continue a run with other settings, which is no experiment that could be set up."""
    lab = labs(SMALL, tasks=[Task("Continue it.", done=lambda runs: any(run.forked_at == 1 for run in runs))])
    lab.run()
    assert ticks(lab) == [False]
    lab._session.fork(lab._session.runs.all[0], 1)
    lab._session.wait()
    assert ticks(lab) == [True]
    assert len(lab._tasks.view.children[0].children) == 1  # there is nothing to press


def test_a_mistake_in_done_is_told_in_a_sentence_and_hides_no_other_task(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL, tasks=[Task("This.", done=lambda runs: runs[5]), Task("Run it.", SMALL)])
    lab.run()
    assert ticks(lab) == [False, True]
    assert lab._session.message.sentence == "IndexError: list index out of range"
    assert lab._session.message.problem


def test_a_task_that_nothing_can_tell_is_ticked_by_the_learner(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL, tasks=[Task("Look behind the accuracy.")])
    button(lab, 0).click()
    assert ticks(lab) == [True]
    button(lab, 0).click()
    assert ticks(lab) == [False]


def test_the_text_is_plain_but_for_bold_words(labs: Callable[..., Lab]) -> None:
    lab = labs(SMALL, tasks=[Task("**Press** <i>Run</i> if 2 * 3 < 7.", SMALL)])
    assert "<b>Press</b> &lt;i&gt;Run&lt;/i&gt; if 2 * 3 &lt; 7." in lab._tasks._texts[0].value


def test_two_labs_have_tasks_of_their_own(labs: Callable[..., Lab]) -> None:
    one, other = (labs(SMALL, tasks=[Task("Run it.", SMALL), Task("Skew it.", SKEWED)]) for _ in range(2))
    button(one, 1).click()
    one.run()
    assert (ticks(one), ticks(other)) == ([False, True], [False, False])
    assert other.experiment == SMALL


def test_a_task_may_be_about_a_kind_of_ones_own(labs: Callable[..., Lab]) -> None:
    class Mine(FedAvg):
        """FedAvg under a name of its own."""

    lab = labs(SMALL, tasks=[Task("Run mine.", SMALL.with_(algorithm=Mine()))])
    button(lab, 0).click()
    assert isinstance(lab.experiment.algorithm, Mine)
    assert Mine in lab._session.kinds["algorithm"]


def test_while_a_question_waits_the_controls_can_be_set_and_both_are_said(labs: Callable[..., Lab]) -> None:
    guess = predict("How many, with tasks?", unit="%", rounds=2, about=SMALL)
    lab = labs(SMALL, prediction=guess, tasks=[Task("Skew it.", SKEWED)])
    button(lab, 0).click()
    lab._painter.paint()
    assert lab.experiment == SKEWED
    assert "The controls are set: Dirichlet, α = 0.1." in lab._transport._message.value
    assert "Answer the question first" in lab._transport._message.value


def test_a_lab_without_tasks_shows_none(labs: Callable[..., Lab]) -> None:
    assert labs(SMALL)._tasks.view.children == ()
