"""Facts about steering a run of the lab: what changes is in its link and its code, and both give the same curve."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, History, run
from fedlab.roles import KINDS
from fedlab_widgets import steering
from fedlab_widgets.card import Card
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session
from fedlab_widgets.show_code import code_of

SMALL = Experiment(parties=3, examples=300, model="softmax", rounds=10)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(SMALL)
    yield session
    session.close()


@pytest.fixture
def done(session: Session) -> Run:
    """A run of ten rounds that is over."""
    session.run()
    session.wait()
    return session.runs.all[0]


def move(session: Session, name: str, value: Any) -> None:
    """Set a control, as the page does: of a menu to a class."""
    session.set(name, KINDS[name][value] if name in KINDS else value)


def models(history: Any) -> list[np.ndarray]:
    return [one.state.weights for one in history]


def same(one: Any, other: Any) -> bool:
    return len(list(one)) == len(list(other)) and all(map(np.array_equal, models(one), models(other)))


def steer_while_it_trains(session: Session, **changes: Any) -> Run:
    """Begin 40 rounds, hold the run, steer it, and let it go to its end."""
    session.set("rounds", 40)
    session.run()
    while not session.runs.all or session.runs.all[0].done < 2:
        time.sleep(0.001)
    session.pause()
    for name, value in changes.items():
        move(session, name, value)
    steering.steer(session)
    session.pause()
    session.wait()
    return session.runs.all[0]


def test_a_run_that_is_steered_while_it_trains_is_one_curve_and_its_link_gives_it_again(session: Session) -> None:
    steered = steer_while_it_trains(session, aggregation="median", learning_rate=0.02)
    assert session.runs.all == [steered]
    assert steered.done == 40
    (event,) = steered.experiment.events
    assert event.after >= 3
    assert dict(event.changes) == {"aggregation": "median", "learning_rate": 0.02}
    assert same(steered.history, list(run(Experiment.from_link(steered.experiment.link()))))


def test_its_code_gives_the_same_curve(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    steered = steer_while_it_trains(session, learning_rate=0.02)
    program: dict[str, Any] = {}
    exec(code_of(steered), program)
    assert same(program["history"], steered.history)


def test_its_saved_file_gives_the_same_curve(session: Session) -> None:
    steered = steer_while_it_trains(session, learning_rate=0.02)
    again = History.from_json(steered.history.to_json())
    assert again.column("test_accuracy") == steered.history.column("test_accuracy")
    assert same(steered.history, list(run(again.experiment)))


def test_from_an_earlier_round_a_second_curve_begins_that_shares_the_rounds_before(session: Session, done: Run) -> None:
    session.select(run=done, round=4)
    session.set("learning_rate", 0.01)
    steering.steer(session)
    session.wait()
    branch = session.runs.all[1]
    assert done.done == branch.done == 10
    assert models(branch.history)[:4] == models(done.history)[:4]
    assert not np.array_equal(models(branch.history)[4], models(done.history)[4])
    assert same(branch.history, list(run(Experiment.from_link(branch.experiment.link()))))


def test_from_its_last_round_a_run_goes_on_for_as_many_rounds_again(session: Session, done: Run) -> None:
    session.set("learning_rate", 0.01)
    steering.steer(session)
    session.wait()
    assert session.runs.all[1].done == 20
    assert done.done == 10


def test_steering_again_begins_with_what_holds_now(session: Session, done: Run) -> None:
    session.select(run=done, round=4)
    session.set("learning_rate", 0.01)
    steering.steer(session)
    session.wait()
    session.select(run=session.runs.all[1], round=7)
    session.set("momentum", 0.5)
    steering.steer(session)
    session.wait()
    events = session.runs.all[2].experiment.events
    assert [(event.after, dict(event.changes)) for event in events] == [
        (4, {"learning_rate": 0.01}), (7, {"momentum": 0.5}),
    ]  # fmt: skip


def test_from_before_an_event_it_is_left_out(session: Session, done: Run) -> None:
    session.select(run=done, round=6)
    session.set("learning_rate", 0.01)
    steering.steer(session)
    session.wait()
    session.select(run=session.runs.all[1], round=3)
    session.set("learning_rate", 0.1)
    session.set("momentum", 0.5)
    steering.steer(session)
    session.wait()
    assert [event.after for event in session.runs.all[2].experiment.events] == [3]


def test_after_steering_the_controls_have_not_moved_and_moving_one_does(session: Session, done: Run) -> None:
    moved = []
    session.set("learning_rate", 0.01)
    moved.append(session.moved)
    steering.steer(session)
    moved.append(session.moved)
    session.wait()
    moved.append(session.moved)
    session.set("learning_rate", 0.02)
    moved.append(session.moved)
    assert moved == [True, False, False, True]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("seed", 7, "keeps its seed, which is 0"),
        ("parties", 5, "keeps its parties, which is 3"),
        ("learning_rate", 0.1, "Nothing differs"),
    ],
)
def test_what_cannot_be_steered_gets_one_sentence_and_nothing_is_lost(
    session: Session, done: Run, name: str, value: Any, says: str, is_one_sentence: Callable[[object], bool]
) -> None:
    session.set(name, value)
    steering.steer(session)
    assert says in session.message.sentence
    assert is_one_sentence(session.message.sentence)
    assert session.runs.all == [done]
    assert done.done == 10


def test_thirty_random_steps_by_hand_leave_a_run_that_repeats_from_its_link(session: Session) -> None:
    rng = np.random.default_rng(3)
    session.set("rounds", 400)
    session.run()
    moves: list[tuple[str, list[Any]]] = [
        ("learning_rate", [0.01, 0.05, 0.2]), ("momentum", [0.0, 0.5]), ("aggregation", ["mean", "median"]),
        ("local_epochs", [1, 2]), ("partition", ["iid", "dirichlet"]), ("algorithm", ["fedavg", "fedprox"]),
    ]  # fmt: skip
    for _ in range(30):
        name, values = moves[rng.integers(len(moves))]
        move(session, name, values[rng.integers(len(values))])
        steering.steer(session)
        time.sleep(0.01)
    session.stop()
    session.wait()
    (steered,) = session.runs.all
    assert len(steered.experiment.events) > 5
    again = run(Experiment.from_link(steered.experiment.link()).with_(rounds=steered.done))
    assert same(steered.history, list(again))


def test_a_party_turned_bad_by_a_click_lies_from_the_next_round_on_and_good_again_it_does_not(
    session: Session, done: Run
) -> None:
    session.select(run=done, round=4)
    steering.change_party(session, steering.turned, 2)
    session.wait()
    bad = session.runs.all[1]
    assert dict(bad.experiment.events[0].changes) == {
        "attack": "sign_flip", "attack_strength": 5.0, "attackers": "#2",
    }  # fmt: skip
    assert bad.history.rounds[-1].test_loss > done.history.rounds[-1].test_loss
    session.select(run=bad, round=6)
    steering.change_party(session, steering.turned, 2)
    session.wait()
    assert dict(session.runs.all[2].experiment.events[1].changes) == {"attack": "none"}


def test_a_party_leaves_and_comes_back_by_a_click(session: Session, done: Run) -> None:
    session.select(run=done, round=2)
    steering.change_party(session, steering.moved, 0)
    session.wait()
    session.select(run=session.runs.all[1], round=5)
    steering.change_party(session, steering.moved, 0)
    session.wait()
    there = [{report.party for report in one.parties} for one in session.runs.all[2].history]
    assert there == [{0, 1, 2}] * 2 + [{1, 2}] * 3 + [{0, 1, 2}] * 5


def test_before_there_is_a_run_a_click_changes_what_the_next_one_begins_with(session: Session) -> None:
    steering.change_party(session, steering.turned, 1)
    steering.change_party(session, steering.moved, 0)
    assert session.experiment.attack.attackers == "#1"  # type: ignore[attr-defined]
    assert session.experiment.away == "#0"


def test_the_last_party_cannot_leave(session: Session, is_one_sentence: Callable[[object], bool]) -> None:
    for party in (0, 1, 2):
        steering.change_party(session, steering.moved, party)
    assert "All parties are away" in session.message.sentence
    assert is_one_sentence(session.message.sentence)
    assert session.experiment.away == "#0,#1"


def test_a_card_offers_what_its_party_can_do_now(session: Session) -> None:
    card = Card(session)
    card.draw()
    assert [one["text"] for one in card.view.state["acts"]] == ["Turns bad", "Leaves"]
    steering.change_party(session, steering.turned, 0)
    steering.change_party(session, steering.moved, 0)
    card.draw()
    assert [one["text"] for one in card.view.state["acts"]] == ["Turns good", "Comes back"]
    session.select(party=1)
    card.draw()
    assert [one["text"] for one in card.view.state["acts"]] == ["Turns bad", "Leaves"]
    card.close()


def test_two_parties_turned_bad_within_one_round_both_lie(session: Session) -> None:
    """The second click finds the first one's change, although its round has not begun."""
    session.set("rounds", 40)
    session.run()
    while not session.runs.all or session.runs.all[0].done < 2:
        time.sleep(0.001)
    session.pause()
    steering.change_party(session, steering.turned, 1)
    steering.change_party(session, steering.turned, 2)
    steering.change_party(session, steering.moved, 0)
    session.stop()
    session.wait()
    changes = {name: value for event in session.runs.all[0].experiment.events for name, value in event.changes}
    assert changes["attackers"] == "#1,#2"
    assert changes["away"] == "#0"
