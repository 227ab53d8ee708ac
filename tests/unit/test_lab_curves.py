"""Facts about what the live chart is sent: each round once and alone, and all of them to a page that comes later."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fedlab import Experiment, Round
from fedlab_widgets.curves import Curves
from fedlab_widgets.runs import Run
from fedlab_widgets.session import Session


def learn(run: Run, rounds: int, best: float = 0.9) -> None:
    """So many more rounds, whose accuracies rise to `best`."""
    for _ in range(rounds):
        number = run.done + 1
        run.history.append(Round(number, best - 0.5 / number, 1 / number, 1 / number, (), 10**6, 10**6, 0.1, None))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages that charts send."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr("ipywidgets.Widget._send", lambda self, message, buffers=None: messages.append(message))
    return messages


def test_a_round_is_one_message_of_less_than_half_a_kilobyte(sent: list[dict[str, Any]]) -> None:
    """However many rounds and runs there are already."""
    session = Session(Experiment())
    curves, run = Curves(session), session.runs.begin(Experiment())
    for seed in range(1, 6):
        learn(session.runs.begin(Experiment(seed=seed)), 50)
    learn(run, 50)
    curves.draw()
    sent.clear()
    learn(run, 1)
    curves.draw()
    assert [message["method"] for message in sent] == ["custom"]
    assert sent[0]["content"]["append"]["at"] == 50
    assert sent[0]["content"]["append"]["loss"] == [pytest.approx(1 / 51, rel=1e-5)]
    assert len(json.dumps(sent[0])) < 500


def test_nothing_is_sent_when_nothing_has_changed(sent: list[dict[str, Any]]) -> None:
    session = Session(Experiment())
    curves = Curves(session)
    learn(session.runs.begin(Experiment()), 3)
    curves.draw()
    sent.clear()
    curves.draw()
    assert sent == []


def test_a_page_that_is_loaded_anew_gets_every_round() -> None:
    session = Session(Experiment())
    curves, run = Curves(session), session.runs.begin(Experiment())
    for _ in range(4):
        learn(run, 1)
        curves.draw()
    assert curves.view.get_state()["rounds"]["0"]["x"]["rounds"] == [1, 2, 3, 4]


def test_a_page_is_sent_what_it_missed(sent: list[dict[str, Any]]) -> None:
    session = Session(Experiment())
    curves = Curves(session)
    learn(session.runs.begin(Experiment()), 5)
    curves.draw()
    sent.clear()
    curves._complete({"0": 3})
    assert sent[0]["content"]["append"]["x"]["rounds"] == [4, 5]
    sent.clear()
    curves._complete({"0": 5})
    assert sent == []


def test_a_run_that_gets_the_number_of_one_that_went_begins_anew(sent: list[dict[str, Any]]) -> None:
    session = Session(Experiment())
    curves = Curves(session)
    learn(session.runs.begin(Experiment()), 3, best=0.9)
    curves.draw()
    session.runs.clear()
    learn(session.runs.begin(Experiment(seed=1)), 4, best=0.6)
    sent.clear()
    curves.draw()
    assert sent[0]["content"]["append"]["at"] == 0
    assert len(curves.view.rounds["0"]["accuracy"]) == 4


def test_megabytes_are_those_of_both_ways_added_up() -> None:
    """A million bytes up and a million down each round: 2, 4 and 6 MB."""
    session = Session(Experiment())
    curves = Curves(session)
    learn(session.runs.begin(Experiment()), 3)
    curves.draw()
    assert curves.view.rounds["0"]["x"]["bytes"] == [2, 4, 6]


def test_runs_that_differ_in_their_seed_only_are_a_group() -> None:
    session = Session(Experiment())
    curves = Curves(session)
    for one in (Experiment(seed=1), Experiment(seed=2), Experiment(parties=5)):
        learn(session.runs.begin(one), 1)
    curves.draw()
    first, second, other = (run["group"] for run in curves.view.state["runs"])
    assert first == second != other


def test_a_fork_is_marked_where_it_began() -> None:
    session = Session(Experiment())
    curves, run = Curves(session), session.runs.begin(Experiment())
    learn(run, 3)
    fork = session.runs._add(run.history.up_to(2, Experiment(parties=5)), (run, 2))
    learn(fork, 1)
    curves.draw()
    assert [(mark["run"], mark["round"]) for mark in curves.view.state["marks"]] == [(1, 2)]


def test_the_legend_hides_and_a_click_selects() -> None:
    session = Session(Experiment())
    curves, run = Curves(session), session.runs.begin(Experiment())
    learn(run, 3)
    curves._hide(0, False)
    assert not run.shown
    curves._hide(0, False)  # the second of two pages that show the same lab
    assert not run.shown
    curves._select(0, 2)
    assert (session.selected["run"], session.selected["round"]) == (run, 2)


def axes_of(curves: Curves) -> list[str]:
    return [axis["name"] for axis in curves.view.state["axes"]]


def test_epsilon_is_an_axis_as_long_as_a_run_is_shown_that_has_privacy() -> None:
    """And stays one while it is drawn against, whatever is hidden then."""
    session = Session(Experiment())
    curves, private = Curves(session), Experiment(privacy="dp")
    learn(session.runs.begin(Experiment()), 2)
    curves.draw()
    assert "epsilon" not in axes_of(curves)
    run = session.runs.begin(private)
    learn(run, 2)
    curves.draw()
    assert axes_of(curves)[-1] == "epsilon"
    session.hide(run)
    curves.draw()
    assert "epsilon" not in axes_of(curves)
    session.select(x="epsilon")
    curves.draw()
    assert axes_of(curves)[-1] == "epsilon"


def test_a_round_without_a_promise_has_no_epsilon_on_the_page_and_others_have_theirs() -> None:
    session = Session(Experiment())
    curves = Curves(session)
    run = session.runs.begin(Experiment(privacy="dp"))
    for number, epsilon in enumerate((1.25, None), 1):
        run.history.append(Round(number, 0.5, 1.0, 1.0, (), 1, 1, 0.1, None, epsilon=epsilon))
    curves.draw()
    assert curves.view.rounds[str(run.number)]["x"]["epsilon"] == [1.25, None]
    axis = curves.view.state["axes"][-1]
    assert axis["log"]
    assert "nothing is promised without noise" in axis["left"]
