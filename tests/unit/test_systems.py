"""Devices that differ: who reports in time, and how long a round takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.costs import PACE
from fedlab.datasets import Dataset
from fedlab.systems import slow_parties

SETUP = {"parties": 10, "examples": 1_000, "model": "softmax", "local_epochs": 8, "batch_size": 10, "rounds": 3}
WHOLE = 8 * 10  # local steps of a party that finishes: 8 epochs of 100 examples in batches of 10


def rounds(blobs: Dataset, **settings: Any) -> list[Round]:
    return list(run(Experiment(**{**SETUP, **settings}), dataset=blobs))


def test_fedavg_drops_stragglers(blobs: Dataset) -> None:
    for one in rounds(blobs, stragglers=0.7):
        assert len(one.parties) == 3
        assert one.absent == 7
        assert {report.steps for report in one.parties} == {WHOLE}


@pytest.mark.parametrize("algorithm", ["fedprox", "fednova"])
def test_fedprox_and_fednova_keep_the_partial_work_of_stragglers(blobs: Dataset, algorithm: str) -> None:
    kept = rounds(blobs, stragglers=0.7, algorithm=algorithm)
    assert all(len(one.parties) == 10 and one.absent == 0 for one in kept)
    steps = np.array([[report.steps for report in one.parties] for one in kept])
    assert np.all((steps == WHOLE).sum(axis=1) >= 3)
    assert np.all(steps % 10 == 0)  # whole epochs of ten steps
    assert steps.min() >= 10
    assert steps.min() < WHOLE


def test_fedprox_with_mu_zero_and_stragglers_is_not_fedavg(blobs: Dataset) -> None:
    with_all, without = rounds(blobs, stragglers=0.7, algorithm="fedprox", mu=0.0), rounds(blobs, stragglers=0.7)
    assert with_all[0].state is not None
    assert without[0].state is not None
    assert not np.allclose(with_all[0].state.weights, without[0].state.weights, atol=1e-4)


@pytest.mark.parametrize("settings", [{"dropouts": 0.4}, {"dropouts": 0.4, "algorithm": "fedprox"}])
def test_dropouts_never_report_whatever_the_algorithm(blobs: Dataset, settings: dict[str, Any]) -> None:
    for one in rounds(blobs, **settings):
        assert len(one.parties) == 6
        assert one.bytes_down == 10 * 4 * 36  # all ten got the 8 x 4 + 4 weights, six sent theirs
        assert one.bytes_up == 6 * 4 * 36


def test_at_least_one_party_always_reports(blobs: Dataset) -> None:
    for one in rounds(blobs, stragglers=1.0, dropouts=1.0):
        assert len(one.parties) == 1


def test_who_straggles_changes_from_round_to_round_and_repeats_with_the_seed(blobs: Dataset) -> None:
    first, again = ([[r.party for r in one.parties] for one in rounds(blobs, stragglers=0.5)] for _ in range(2))
    assert first == again
    assert first[0] != first[1]


def test_the_clock_of_a_round_is_the_slowest_party_that_is_waited_for(blobs: Dataset) -> None:
    """100 examples at each party, 8 epochs: 800 / PACE seconds on a fast device, five times that on a slow one.

    The model's 36 weights of 32 bits travel down and up: 2 · 36 · 32 bits at 0.1 megabit a second.
    """
    travel, fast = 2 * 36 * 32 / 1e5, 800 / PACE
    assert rounds(blobs, bandwidth=0.1)[0].simulated_seconds == pytest.approx(travel + fast)
    slow = {"bandwidth": 0.1, "slow_parties": 0.2, "slowdown": 5.0}
    assert rounds(blobs, **slow)[0].simulated_seconds == pytest.approx(travel + 5 * fast)
    few = rounds(blobs, **{**slow, "participation": 0.3, "rounds": 10})
    slow_ones = slow_parties(Experiment(**{**SETUP, **slow}))
    assert len(slow_ones) == 2
    for one in few:
        waits = any(report.party in slow_ones for report in one.parties)
        assert one.simulated_seconds == pytest.approx(travel + (5 if waits else 1) * fast)


def test_scaffold_sends_twice_as_much(blobs: Dataset) -> None:
    (scaffold, *_), (fedavg, *_) = rounds(blobs, algorithm="scaffold"), rounds(blobs)
    assert (scaffold.bytes_up, scaffold.bytes_down) == (2 * fedavg.bytes_up, 2 * fedavg.bytes_down)


def test_who_is_away_is_never_asked_and_comes_and_goes_by_events(blobs: Dataset) -> None:
    """Party 9 comes after round 1; after round 2 the parties 0 and 1 leave."""
    steered = rounds(blobs, away=(9,), events=[(1, {"away": 0}), (2, {"away": (0, 1)})])
    assert [{report.party for report in one.parties} for one in steered] == [
        set(range(9)), set(range(10)), set(range(2, 10)),
    ]  # fmt: skip
    assert [one.absent for one in steered] == [0, 0, 0]


def test_without_the_others_a_federation_is_that_of_those_who_are_there(blobs: Dataset) -> None:
    """The mean is over their examples alone: with party 0 alone, every round is training at party 0."""
    alone, *_ = rounds(blobs, away=tuple(range(1, 10)))
    assert [report.party for report in alone.parties] == [0]
    everybody, *_ = rounds(blobs)
    assert alone.parties[0] == everybody.parties[0]
    assert alone.bytes_up == everybody.bytes_up / 10


def test_a_share_of_those_who_are_there_takes_part(blobs: Dataset) -> None:
    """C = 0.5 of the 6 that are left are 3."""
    for one in rounds(blobs, away=4, participation=0.5):
        assert len(one.parties) == 3


def test_at_least_one_party_must_be_there(is_one_sentence: Any) -> None:
    for everybody in (10, tuple(range(10))):
        with pytest.raises(ValueError, match="All parties are away") as caught:
            Experiment(parties=10, away=everybody)
        assert is_one_sentence(caught.value)
