"""Facts about the tour of a lab: it waits, ticks, comes back where one was, and nothing that breaks in it ends it."""

from __future__ import annotations

from typing import Any

import pytest

from fedlab import Experiment
from fedlab_widgets import Lab, TourStep
from fedlab_widgets.tour import Guide

SMALL = Experiment(parties=2, examples=50, model="softmax", rounds=1)
STEPS = [
    TourStep("control-parties", "Take three parties.", done=lambda lab: lab.experiment.parties == 3),
    TourStep(".fedlab-chart", "Look at the plot."),
    TourStep(".fedlab-run", "Press Run.", done=lambda lab: lab.histories),
]


class Walk:
    """A tour as the page sees it: its state, and the messages that the page sends."""

    def __init__(self, steps: list[TourStep]):
        self.lab = Lab(SMALL, tour=steps)
        self.tour = self.lab._tour

    @property
    def state(self) -> dict[str, Any]:
        self.tour.draw()  # what the painter does sooner or later
        return dict(self.tour.view.state)

    def tell(self, act: str, **values: Any) -> None:
        self.tour.view._handle_custom_msg({"do": act, **values}, [])


@pytest.fixture
def walk() -> Any:
    made = Walk(STEPS)
    yield made
    made.lab.close()


def test_a_stop_waits_until_it_is_done_and_is_then_ticked(walk: Walk) -> None:
    assert (walk.state["count"], walk.state["waits"], walk.state["next"]) == ("1 of 3", True, "Skip")
    walk.lab._session.set("parties", 3)
    assert (walk.state["done"], walk.state["waits"], walk.state["next"]) == ("Done.", False, "Next")
    assert walk.state["at"] == 0  # the learner reads as long as they like


def test_a_tick_stays_when_the_control_is_moved_back(walk: Walk) -> None:
    walk.lab._session.set("parties", 3)
    assert walk.state["done"]
    walk.lab._session.set("parties", 2)
    assert walk.state["done"]


def test_the_lab_draws_the_tour_when_a_control_moves(walk: Walk) -> None:
    walk.lab._session.set("parties", 3)
    walk.lab._painter.paint()
    assert walk.tour.view.state["done"]


def test_a_stop_without_a_test_waits_for_nothing_but_next(walk: Walk) -> None:
    walk.tell("go", to=1)
    assert (walk.state["waits"], walk.state["next"], walk.state["light"]) == (False, "Next", ".fedlab-chart")


def test_one_comes_back_to_where_one_left(walk: Walk) -> None:
    walk.tell("go", to=2)
    walk.tell("leave")
    assert not walk.state["open"]
    walk.tell("come")
    assert (walk.state["open"], walk.state["count"]) == (True, "3 of 3")


def test_what_was_done_while_one_was_away_counts(walk: Walk) -> None:
    walk.tell("leave")
    walk.lab._session.set("parties", 3)
    assert not walk.state["open"]
    walk.tell("come")
    assert walk.state["done"]


def test_a_run_ticks_the_last_stop_and_the_tour_ends_behind_it(walk: Walk) -> None:
    walk.tell("go", to=2)
    assert walk.state["waits"]
    walk.lab.run()
    assert (walk.state["done"], walk.state["next"]) == ("Done.", "Finish")
    walk.tell("go", to=3)
    assert not walk.state["open"]
    walk.tell("come")
    assert walk.state["count"] == "1 of 3"


def test_a_control_that_is_not_right_yet_is_nothing_done_and_no_error(walk: Walk) -> None:
    walk.lab._session.set("parties", "0")
    assert walk.state["waits"]
    assert walk.lab._session.message.sentence == ""


def test_an_error_in_a_stop_is_told_once_and_the_tour_goes_on() -> None:
    calls = []

    def broken(lab: Lab) -> bool:
        calls.append(lab)
        raise ZeroDivisionError("no such thing")

    walk = Walk([TourStep("follow", "Tick it.", done=broken), *STEPS])
    assert (walk.state["waits"], walk.state["next"]) == (False, "Next")
    assert "no such thing" in walk.lab._session.message.sentence
    assert len(calls) == 1
    assert walk.state["open"]
    assert len(calls) == 1
    walk.tell("go", to=1)
    assert walk.state["count"] == "2 of 4"
    walk.lab.close()


def test_a_lab_without_a_tour_has_no_room_for_one() -> None:
    lab = Lab(SMALL)
    assert not any(isinstance(child, Guide) for child in lab.view.children)
    lab.close()
