"""Every algorithm on both engines against `textbook.py`, which tells it once more from its paper."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, Round, run
from fedlab.algorithms import ALGORITHMS
from fedlab.datasets import Dataset
from tests.unit.textbook import TOLD, Lopsided, tell

# Parties of 33 to 168 examples with other labels: unequal n_k, unequal steps, short last batches.
SETUP: dict[str, Any] = {
    "parties": 5,
    "examples": 503,
    "partition": Lopsided(),
    "model": "softmax",
    "rounds": 10,
    "local_epochs": 2,
    "batch_size": 16,
    "learning_rate": 0.05,
    "seed": 3,
}
CASES: dict[str, dict[str, Any]] = {
    "all take part": {},
    "some take part": {"participation": 0.5},
    "stragglers and dropouts": {"stragglers": 0.4, "dropouts": 0.2, "local_epochs": 3, "learning_rate": 0.02},
    "momentum and participation": {"momentum": 0.8, "participation": 0.6, "learning_rate": 0.01},
    "one batch": {"batch_size": "all", "learning_rate": 0.2},
}


def experiment(algorithm: str, **changes: Any) -> Experiment:
    fixed = ALGORITHMS[algorithm].fixes
    return Experiment(algorithm=algorithm, **{k: v for k, v in {**SETUP, **changes}.items() if k not in fixed})


def models(one: Round, algorithm: str) -> list[np.ndarray]:
    assert one.state is not None
    judged = ALGORITHMS[algorithm]().judged(one.state.weights, [own.get("algorithm") for own in one.state.parties])
    return [one.state.weights, *judged] if algorithm == "ditto" else judged


def test_every_algorithm_has_a_textbook_twin() -> None:
    assert TOLD.keys() == ALGORITHMS.keys()


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_both_engines_do_what_the_paper_says(blobs: Dataset, engine: str, algorithm: str, case: str) -> None:
    """To 1e-6 after a round and to 1e-5 over ten: what float32 leaves of sums that the textbook makes in float64."""
    plan = experiment(algorithm, **CASES[case])
    ours, theirs = list(run(plan, dataset=blobs, engine=engine)), tell(plan, blobs)
    assert len(ours) == len(theirs) == 10
    for one, expected in zip(ours, theirs, strict=True):
        tolerance = 1e-6 if one.number == 1 else 1e-5
        np.testing.assert_allclose(models(one, algorithm), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("case", [case for case in CASES if case != "one batch"])
def test_the_twins_are_far_enough_apart_to_be_told_from_each_other(blobs: Dataset, case: str) -> None:
    """Ten times what is allowed to an engine. (In one batch an epoch all step alike, and FedNova is FedAvg.)"""
    last = {name: np.mean(tell(experiment(name, **CASES[case]), blobs)[-1], axis=0) for name in TOLD}
    for one, other in combinations(TOLD, 2):
        assert np.abs(last[one] - last[other]).max() > 1e-4, (one, other)
