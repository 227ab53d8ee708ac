"""The federation at work: who takes part, falls silent, is late or lies on the page is who did in the run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fedlab import Experiment, run
from fedlab.prepare import prepare
from fedlab.stages.attack import SignFlip
from fedlab.stages.compression import TopK
from fedlab_widgets import Lab
from fedlab_widgets.federation import Federation
from fedlab_widgets.session import Session
from fedlab_widgets.whose_turn import whose_turn

SMALL = Experiment(parties=10, examples=300, model="softmax", rounds=3, participation=0.6, seed=5)
UNEVEN = SMALL.with_(stragglers=0.5, dropouts=0.34, local_epochs=5)


@pytest.mark.parametrize("algorithm", ["fedavg", "fedprox", "central", "alone"])
def test_whose_turn_it_is_said_before_training_is_whose_work_counts_in_it(algorithm: str) -> None:
    experiment = UNEVEN.with_(algorithm=algorithm)
    prepared = prepare(experiment)
    for one in run(experiment):
        turn = whose_turn(prepared, one.number)
        assert [report.party for report in one.parties] == list(turn.epochs)
        assert one.absent == len(turn.chosen) - len(turn.epochs)
        for report in one.parties:
            batches = -(-report.examples // 32)
            assert report.steps == turn.epochs[report.party] * batches


def test_of_six_parties_half_are_late_a_third_fall_silent_and_fedavg_waits_for_none() -> None:
    """0.5 · 6 = 3 stragglers and 0.34 · 6 = 2 that fall silent, who may be the same: FedAvg drops both."""
    turn = whose_turn(prepare(UNEVEN), 1)
    assert len(turn.chosen) == 6
    assert len(turn.silent) == 2
    assert {turn.mark(party) for party in turn.late} == {"cnl"}
    assert {turn.mark(party) for party in turn.silent} == {"cns"}
    assert set(turn.epochs) == set(turn.chosen) - turn.late - turn.silent
    keeps = whose_turn(prepare(UNEVEN.with_(algorithm="fedprox")), 1)
    assert {keeps.mark(party) for party in keeps.late} == {"cl"}


def test_liars_lie_from_their_round_on() -> None:
    prepared = prepare(SMALL.with_(participation=1.0, attack=SignFlip(attackers=3, attack_from=2)))
    assert len(whose_turn(prepared, 1).liars) == 0
    assert len(whose_turn(prepared, 2).liars) == 3


@pytest.fixture
def lab() -> Iterator[Lab]:
    lab = Lab(UNEVEN)
    lab._parties._switch.value = "the federation"
    yield lab
    lab.close()


def test_a_round_is_told_in_less_than_a_kilobyte(lab: Lab) -> None:
    lab.run()
    assert 100 < len(json.dumps(lab._parties.federation.view.round)) < 1000
    crowd = Lab(UNEVEN.with_(parties=200, examples=600, participation=1.0))
    crowd._parties._switch.value = "the federation"
    crowd.run(1)
    told = crowd._parties.federation.view.round
    crowd.close()
    assert len(told["drawn"]) == 30
    assert len(json.dumps(told)) < 1000


def test_after_a_run_its_newest_round_is_shown_with_what_it_sent(lab: Lab) -> None:
    """A softmax model of 7,850 weights has 31.4 kB, and FedAvg sends it whole both ways."""
    lab.run()
    told = lab._parties.federation.view.round
    assert (told["number"], told["done"]) == (3, 3)
    assert told["thick"] == [1, 1]
    assert told["values"]["up"] == "31.4 kB"
    lab._session.select(round=2)
    lab._painter.paint()
    assert lab._parties.federation.view.round["number"] == 2
    lab._parties.federation.view._handle_custom_msg({"do": "round", "at": 1}, [])
    lab._painter.paint()
    assert lab._parties.federation.view.round["number"] == 1
    assert lab._parties.federation.view.round["pace"] == "still"


def test_step_plays_its_round_slowly(lab: Lab) -> None:
    paces = set()
    lab._parties.federation.view.observe(lambda change: paces.add(change["new"]["pace"]), "round")
    lab._session.step()
    lab._session.wait()
    lab._painter.paint()
    assert "slow" in paces


def test_what_is_not_in_sight_is_sent_nothing(lab: Lab) -> None:
    lab._parties._switch.value = "who holds what"
    before = lab._parties.federation.view.round
    lab.run()
    assert lab._parties.federation.view.round is before
    lab._parties._switch.value = "the federation"
    assert lab._parties.federation.view.round["done"] == 3


def test_compression_makes_the_lines_up_thinner() -> None:
    """Top 1 % of the weights, each with its place: a small share of the model."""
    session = Session(SMALL.with_(compression=TopK(topk_share=0.01)))
    view = Federation(session)
    view.in_sight = True
    session.run()
    session.wait()
    view.draw()
    down, up = view.view.round["thick"]
    assert down == 1
    assert up < 0.05
    assert "coded" in view.view.state["ways"]
    view.close()
    session.close()


def test_where_nothing_travels_nobody_is_said_to_send() -> None:
    for algorithm in ("central", "alone"):
        session = Session(SMALL.with_(algorithm=algorithm))
        view = Federation(session)
        view.in_sight = True
        view.draw()
        assert "Nothing is sent." in view.view.state["steps"]["first"]
        assert view.view.state["legend"] == []
        view.close()
        session.close()
