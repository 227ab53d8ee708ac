"""What each party has earned in a round: its Shapley value, from the updates that were kept, without training again.

The value of a coalition S is how good the shared model would be had only S sent anything new:

    v(S) = score(w_t + Σ_{k in S} n_k/n (w_k - w_t)),   n over all that reported;   v({}) = score(w_t)
    φ_k  = Σ_{S without k} |S|! (m - |S| - 1)! / m! (v(S + k) - v(S))

The φ_k add up to v(all) - v({}); parties that change every coalition alike earn the same; who sends w_t back earns 0.
Up to `MOST_EXACT` parties all coalitions are tried, 2^m averages; beyond, orders are drawn, and each party
earns what it adds on average when it comes in. Leaving one out, v(all) - v(all but k), is cheaper, and two parties that
hold the same both earn nothing by it.

Sources: Shapley 1953; Song, Tong and Wei 2019 (one round from kept updates, "Profit allocation for federated
learning"); Ghorbani and Zou 2019 (arXiv 1904.02868; drawn orders).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from math import factorial

import numpy as np

from fedlab.algorithms import FedAvg
from fedlab.datasets import Dataset
from fedlab.engines import engine_for
from fedlab.evaluation import judge
from fedlab.experiment import Experiment
from fedlab.messages import Upload
from fedlab.prepare import prepare

MOST_EXACT = 10  # parties
ORDERS = 100  # that are drawn where there are more
Value = Callable[[tuple[int, ...]], float]  # of a coalition, by its members' numbers in ascending order


def shapley(parties: int, value: Value, orders: int = ORDERS, seed: int = 0) -> np.ndarray:
    """(m,) each party's Shapley value; exact up to `MOST_EXACT` parties, from so many drawn orders beyond."""
    value = cache(value)
    earned = np.zeros(parties)
    if parties > MOST_EXACT:
        rng = np.random.default_rng(seed)
        for _ in range(orders):
            there: tuple[int, ...] = ()
            for party in rng.permutation(parties).tolist():
                more = tuple(sorted((*there, party)))
                earned[party] += (value(more) - value(there)) / orders
                there = more
        return earned
    for size in range(parties):
        weight = factorial(size) * factorial(parties - size - 1) / factorial(parties)
        for there in combinations(range(parties), size):
            for party in set(range(parties)) - set(there):
                earned[party] += weight * (value(tuple(sorted((*there, party)))) - value(there))
    return earned


def leave_one_out(parties: int, value: Value) -> np.ndarray:
    """(m,) what would be missing without each party: v(all) - v(all but k)."""
    everyone = tuple(range(parties))
    whole = value(everyone)
    return np.array([whole - value(everyone[:k] + everyone[k + 1 :]) for k in everyone])


def value_of_round(
    began: np.ndarray, updates: Sequence[np.ndarray], counts: Sequence[float], score: Callable[[np.ndarray], float]
) -> Value:
    """v of a round. began: (P,) w_t. updates: (P,) w_k - w_t each. counts: n_k, what each counts in the mean.

    score: of a model (P,), more is better: the accuracy on examples that nobody trained on or, finer, minus the loss.
    """
    shares = np.asarray(counts, float) / np.sum(counts)

    def value(there: tuple[int, ...]) -> float:
        moved = sum((shares[party] * updates[party] for party in there), np.zeros(len(began)))
        return score((began + moved).astype(np.float32))

    return value


def earned(
    experiment: Experiment, began: np.ndarray, uploads: Sequence[Upload], dataset: Dataset | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What each upload of a round has earned in test loss (nats less): Shapley values and leave-one-out, (m,) each.

    began: (P,) the shared model before it. uploads: from `run(on_upload=...)`, one a party. What counts is what was
    sent, lies too, where that is an update and can be read; otherwise how far the party's own model went.
    """
    prepared = prepare(experiment, dataset)
    data = prepared.dataset
    with engine_for(prepared).open() as engine:
        value = value_of_round(
            began,
            [_update(experiment, began, upload) for upload in uploads],
            [upload.examples for upload in uploads],
            lambda weights: -judge(engine, [weights], data)[1],
        )
        value = cache(value)
        return shapley(len(uploads), value), leave_one_out(len(uploads), value)


def _update(experiment: Experiment, began: np.ndarray, upload: Upload) -> np.ndarray:
    """(P,) what a party has sent of w_k - w_t, or would have."""
    sends_it = type(experiment.algorithm).report is FedAvg.report and experiment.secure_sum.name == "none"
    if sends_it and upload.message[0].shape == began.shape and upload.message[0].dtype.kind == "f":
        return upload.message[0]
    return upload.weights - began
