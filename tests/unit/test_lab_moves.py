"""Facts about *run as I move*: each move of a control begins a run, and what earlier moves have begun goes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from fedlab import Experiment
from fedlab_widgets.runs import Runs
from fedlab_widgets.session import Session

SOFT = Experiment(examples=200, parties=2, model="softmax", rounds=2)


class Hand:
    """Drives the training when the test says so: between two moves nothing happens by itself."""

    def __init__(self, turn: Callable[[], bool], stop: Callable[[], None]):
        self.turn = turn

    def wake(self) -> None:
        pass

    def finish(self) -> None:
        while self.turn():
            pass


def following(experiment: Experiment = SOFT, **more: Any) -> Session:
    session = Session(experiment, driver=Hand, **more)
    session.follow_moves(True)
    return session


def runs(session: Session) -> list[tuple[int, bool, int]]:
    """Of each run its parties, whether it is pale, and how many rounds it has."""
    return [(run.experiment.parties, run.pale, run.done) for run in session.runs.all]


def test_each_move_begins_a_run_and_the_one_before_turns_pale() -> None:
    session = following()
    for parties in (3, 4):
        session.set("parties", parties)
        session.driver.finish()
    assert runs(session) == [(3, True, 2), (4, False, 2)]


def test_a_move_stops_the_run_that_the_move_before_began() -> None:
    """It had one round of two, and gets no other."""
    session = following()
    session.set("parties", 3)
    session.turn()
    session.set("parties", 4)
    session.driver.finish()
    assert runs(session) == [(3, True, 1), (4, False, 2)]


def test_a_run_that_was_left_before_its_first_round_goes_and_the_pale_one_stays() -> None:
    session = following()
    session.set("parties", 3)
    session.driver.finish()
    last = session.runs.all[0]
    for parties in (4, 5):
        last = session.runs.anew(SOFT.with_(parties=parties), last)
    assert runs(session) == [(3, True, 2), (5, False, 0)]


@pytest.mark.parametrize("turns", [0, 1, 2])
def test_thirty_moves_leave_two_runs_at_most_and_need_two_colours(turns: int) -> None:
    """Whether each run has no round when the next move comes, one, or both."""
    session = following()
    for parties in range(3, 33):
        session.set("parties", parties)
        assert [run.experiment.parties for run in session.training.waiting] == [parties]
        for _ in range(turns):
            session.turn()
        assert len(session.runs.all) <= 2
        assert sum(run.pale for run in session.runs.all) <= 1
        assert {run.number for run in session.runs.all} <= {0, 1}
    session.driver.finish()
    assert runs(session)[-1] == (32, False, 2)
    assert not session.training.busy


def test_thirty_moves_while_a_thread_trains_end_with_the_last_one() -> None:
    session = Session(SOFT)
    session.follow_moves(True)
    for parties in range(3, 33):
        session.set("parties", parties)
    session.wait()
    assert len(session.runs.all) <= 2
    assert runs(session)[-1] == (32, False, 2)
    session.close()


def test_the_runs_that_run_has_begun_stay() -> None:
    session = following()
    session.run()
    session.driver.finish()
    for parties in range(3, 8):
        session.set("parties", parties)
        session.driver.finish()
    assert runs(session) == [(2, False, 2), (6, True, 2), (7, False, 2)]


def test_a_move_does_not_cut_short_what_run_has_begun_and_says_that_it_waits() -> None:
    """Run's has one round of two when the moves come; of the moves' runs only the last is trained."""
    session = following()
    session.run()
    session.turn()
    for parties in (3, 4):
        session.set("parties", parties)
        assert not session.training.stopping
        assert "comes after it" in session.message.sentence
    assert [run.experiment.parties for run in session.training.due] == [2, 4]
    session.driver.finish()
    assert [(parties, done) for parties, _, done in runs(session)] == [(2, 2), (4, 2)]


def test_a_move_leaves_a_sweep_and_takes_only_the_place_of_another_move() -> None:
    session = following()
    session.sweep("seed", [1, 2])
    session.set("parties", 3)
    session.set("parties", 4)
    session.driver.finish()
    assert sorted((run.experiment.seed, run.experiment.parties, run.done) for run in session.runs.all) == [
        (0, 4, 2),
        (1, 2, 2),
        (2, 2, 2),
    ]


def test_run_takes_over_what_a_move_has_begun_and_trains_nothing_twice() -> None:
    session = following()
    session.set("parties", 3)
    session.driver.finish()
    passing = session.runs.all[0]
    session.run()
    assert session.runs.all == [passing]
    for parties in (4, 5, 6):
        session.set("parties", parties)
        session.driver.finish()
    assert runs(session) == [(3, False, 2), (5, True, 2), (6, False, 2)]


def test_run_takes_over_the_pale_one_too() -> None:
    session = following()
    for parties in (3, 4):
        session.set("parties", parties)
        session.driver.finish()
    session.follow_moves(False)
    session.set("parties", 3)
    session.run()
    assert runs(session) == [(3, False, 2), (4, False, 2)]


def test_a_move_back_shows_the_pale_run_again_instead_of_training_it_again() -> None:
    session = following()
    for parties in (3, 4, 3):
        session.set("parties", parties)
        session.driver.finish()
    assert runs(session) == [(3, False, 2), (4, True, 2)]


def test_more_rounds_continue_the_run() -> None:
    session = following()
    session.set("parties", 3)
    session.turn()
    session.set("rounds", 4)
    assert not session.training.stopping
    session.driver.finish()
    assert runs(session) == [(3, False, 4)]


def test_a_move_begins_nothing_when_the_lab_does_not_follow_any_more() -> None:
    session = following()
    session.follow_moves(False)
    session.set("parties", 3)
    assert session.runs.all == []
    assert not session.training.busy


def test_a_move_to_what_cannot_be_begins_nothing_and_what_trains_goes_on() -> None:
    session = following()
    session.set("parties", 3)
    session.turn()
    session.set("parties", 0)
    session.driver.finish()
    assert runs(session) == [(3, False, 2)]
    assert session.wanted.refusal
    assert session.message.sentence == ""  # the control says why, and nobody has clicked Run


def test_a_move_begins_nothing_before_the_prediction_is_made() -> None:
    session = following(prediction=SimpleNamespace(locks=True, on_answer=lambda act: None))
    session.set("parties", 3)
    assert session.runs.all == []


def test_a_link_or_reset_is_not_a_move() -> None:
    session = following()
    session.use(SOFT.with_(parties=5))
    session.reset()
    assert session.runs.all == []


def test_without_any_run_before_there_is_nothing_to_turn_pale() -> None:
    new = Runs().anew(SOFT, None)
    assert new.passing
    assert not new.pale
