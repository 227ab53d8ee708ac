"""The published tables ask for the papers' set-ups and judge what they find by the band, whichever way it goes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import published_tables
from fedlab import Experiment, Round
from fedlab.rounds import State


class FakeRuns:
    """In place of `run`: remembers what it was asked to run, and reaches 97 % in a round that the test chooses."""

    def __init__(self, reached: int):
        self.asked: list[Experiment] = []
        self.reached = reached

    def __call__(self, experiment: Experiment) -> Iterator[Round]:
        self.asked.append(experiment)
        weights = np.zeros(61 * 10, np.float32)  # softmax regression on 60 features
        for number in range(1, experiment.rounds + 1):
            accuracy = 0.97 if number >= self.reached else 0.9
            yield Round(number, accuracy, 0.0, 0.0, (), 0, 0, 0.0, State(number, weights))


@pytest.mark.parametrize(
    ("reached", "iid", "shards"), [(30, "OUTSIDE", "OUTSIDE"), (100, "inside", "OUTSIDE"), (400, "OUTSIDE", "inside")]
)
def test_mcmahans_cells_are_judged_by_0_35_to_1_6_times_the_paper(
    monkeypatch: pytest.MonkeyPatch, reached: int, iid: str, shards: str
) -> None:
    """87 rounds: 30.45 to 139. 664 rounds: 232.4 to 1,062. Never reached is outside, and said so.

    Five rounds after the first with 97 %, six of the last ten have it, and so has their median.
    """
    monkeypatch.setattr(published_tables, "run", FakeRuns(reached))
    rows = list(published_tables.mcmahan(full=False))
    assert [row["verdict"] for row in rows] == [iid, shards]
    assert rows[1]["ours, median of ten rounds"] == str(reached + 5)
    if reached == 400:
        assert rows[0]["ours"] == "not within 139"


def test_the_full_mcmahan_table_has_its_four_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = FakeRuns(100)
    monkeypatch.setattr(published_tables, "run", runs)
    assert len(list(published_tables.mcmahan(full=True))) == 4
    assert [(one.partition.name, one.participation, one.seed) for one in runs.asked] == [
        *(("iid", 0.1, seed) for seed in (0, 1, 2)),
        *(("shards", 0.1, seed) for seed in (0, 1, 2)),
        ("iid", 1.0, 0),
        ("shards", 1.0, 0),
    ]
    assert {(one.parties, one.examples, one.local_epochs, one.batch_size) for one in runs.asked} == {
        (100, 60_000, 1, 10)
    }


def test_the_full_niid_bench_table_has_its_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = FakeRuns(1)
    monkeypatch.setattr(published_tables, "run", runs)
    assert len(list(published_tables.niid_bench(full=True))) == 12
    assert len(runs.asked) == 36
    set_up = {(one.learning_rate, one.momentum, one.batch_size, one.local_epochs, one.rounds) for one in runs.asked}
    assert set_up == {(0.01, 0.9, 64, 10, 50)}


def test_a_model_of_zeros_has_the_loss_of_guessing_in_fedproxs_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """ln 10 = 2.303 whatever the examples, and no spread; equal is neither steadier nor lower."""
    runs = FakeRuns(1)
    monkeypatch.setattr(published_tables, "run", runs)
    rows = list(published_tables.fedprox(full=False))
    assert len(runs.asked) == 12
    for row in rows:
        assert row["loss, seeds 0, 1, 2"] == "2.303, 2.303, 2.303"
        assert row["spread, seeds 0, 1, 2"] == "0.0000, 0.0000, 0.0000"
    assert rows[1]["verdict"] == "μ = 1 against FedAvg: steadier in 0 of 3, lower loss in 0 of 3"
    assert {(one.stragglers, one.local_epochs, one.batch_size, one.learning_rate) for one in runs.asked} == {
        (0.9, 20, 10, 0.01)
    }
    assert all(round(one.participation * one.parties) == 10 for one in runs.asked)
