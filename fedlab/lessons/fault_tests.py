"""The tests that find the six faults of `faults.py`, and what a learner sees of each fault in a run on MNIST.

A test gets a function and fails, with an AssertionError, if that has the fault. None of them needs data, or the right
function to compare with: each says one thing that must hold whatever the numbers are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

from fedlab.experiment import Experiment
from fedlab.federation import run
from fedlab.lessons import faults
from fedlab.prepare import prepare
from fedlab.text import say

w_t = np.array([0.5, -1.0, 2.0])  # the shared model of these tests
away = np.array([0.3, 0.1, -0.2])
still = np.zeros(3)  # a slope that wants nothing


def test_fedprox_with_large_mu_stays_near_the_shared_model(direction: faults.Direction) -> None:
    reached = {}
    for mu in (0.0, 10.0):
        w = w_t
        for _ in range(20):
            w = w - 0.05 * direction(8 * away, 8, w, w_t, mu)
        reached[mu] = np.linalg.norm(w - w_t)
    assert reached[10.0] < reached[0.0] / 2


def test_twice_as_far_away_is_pulled_twice_as_hard(direction: faults.Direction) -> None:
    once = direction(still, 8, w_t + away, w_t, 1.0)
    twice = direction(still, 8, w_t + 2 * away, w_t, 1.0)
    assert np.allclose(twice, 2 * once)


def test_the_pull_does_not_depend_on_the_batch(direction: faults.Direction) -> None:
    small = direction(still, 1, w_t + away, w_t, 1.0)
    large = direction(still, 32, w_t + away, w_t, 1.0)
    assert np.allclose(small, large)


def test_the_average_of_equal_models_is_that_model(average: faults.Average) -> None:
    assert np.allclose(average([w_t, w_t, w_t], [100, 200, 300]), w_t)


def test_a_party_with_three_times_the_examples_counts_three_times(average: faults.Average) -> None:
    assert np.allclose(average([w_t, w_t + 4], [100, 300]), w_t + 3)


def test_the_order_of_the_parties_does_not_matter(train: faults.Training) -> None:
    rng = np.random.default_rng(12)
    make = partial(faults.Model, 6, Experiment(momentum=0.9, learning_rate=0.1))
    first, second = (
        faults.Party(rng.normal(size=(6, 2)), rng.integers(0, 2, 6), [np.arange(3), np.arange(3, 6)]) for _ in range(2)
    )
    shared = np.zeros(6)
    assert np.allclose(train(make, shared, [first, second]), train(make, shared, [second, first])[::-1])


class Fault(NamedTuple):
    """A fault beside what is right, and the test that tells them apart."""

    title: str
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    test: Callable[[Any], None]
    part: str  # which part of `faults.rounds` it is
    settings: dict[str, Any]  # of the run in which a learner sees it, beside those of `SEEN_IN`


SEEN_IN = Experiment(
    parties=3, examples=3_000, partition="quantity", model="softmax", local_epochs=5, batch_size=32,
    learning_rate=0.05, rounds=3,
)  # fmt: skip
BAND = {"algorithm": "fedprox", "mu": 0.1}
ROLLING = {"momentum": 0.9, "learning_rate": 0.01}

FAULTS = (
    Fault("a proximal term that pushes", faults.pushed, faults.pulled,
          test_fedprox_with_large_mu_stays_near_the_shared_model, "direction", BAND),
    Fault("a sum for a mean", faults.summed, faults.averaged,
          test_the_average_of_equal_models_is_that_model, "average", {}),
    Fault("a norm without its square", faults.unsquared, faults.pulled,
          test_twice_as_far_away_is_pulled_twice_as_hard, "direction", BAND),
    Fault("an average without weights", faults.unweighted, faults.averaged,
          test_a_party_with_three_times_the_examples_counts_three_times, "average", {}),
    Fault("a proximal term divided by the batch", faults.divided, faults.pulled,
          test_the_pull_does_not_depend_on_the_batch, "direction", BAND),
    Fault("one model for all parties", faults.one_model_for_all, faults.a_model_each,
          test_the_order_of_the_parties_does_not_matter, "train", ROLLING),
)  # fmt: skip


def is_green(test: Callable[[Any], None], function: Callable[..., Any]) -> bool:
    """Whether the function passes the test."""
    try:
        test(function)
    except AssertionError:
        return False
    return True


def verdicts() -> list[dict[str, str]]:
    """A row for each fault: its test, and what colour that has on the wrong and on the right function."""
    colours = {True: say("green"), False: say("red")}
    return [
        {
            say("fault"): say(fault.title),
            say("test"): fault.test.__name__.removeprefix("test_").replace("_", " "),
            say("wrong"): colours[is_green(fault.test, fault.wrong)],
            say("right"): colours[is_green(fault.test, fault.right)],
        }
        for fault in FAULTS
    ]


class Symptom(NamedTuple):
    """What a learner sees: the kit's runs beside ones that have the fault, with the same batches."""

    kit: list[float]  # accuracy after the last round in percent, for each seed
    faulty: list[float]  # the same with the fault
    difference: float  # from the kit, after the first round with the first seed: the largest of any weight
    without: float  # the same for what is right in place of the fault: rounding

    @property
    def ahead(self) -> int:
        """With how many seeds the accuracy is higher with the fault."""
        return sum(faulty > kit for kit, faulty in zip(self.kit, self.faulty, strict=True))


def symptom(fault: Fault, seeds: Sequence[int] = (0, 1, 2)) -> Symptom:
    """Run the kit, and the fault in its place, once for each seed."""
    found = Symptom([], [], np.inf, np.inf)
    for seed in seeds:
        experiment = SEEN_IN.with_(seed=seed, **fault.settings)
        mu = getattr(experiment.algorithm, "mu", 0.0)
        kit, data = by_the_kit(experiment), experiment.data()
        parts: dict[str, dict[str, Any]] = {"wrong": {fault.part: fault.wrong}, "right": {fault.part: fault.right}}
        wrong = [w for w, _ in faults.rounds(experiment, mu=mu, **parts["wrong"])]
        found.kit.append(100 * faults.accuracy(kit[-1], data))
        found.faulty.append(100 * faults.accuracy(wrong[-1], data))
        if seed == seeds[0]:
            right, _ = next(faults.rounds(experiment, mu=mu, **parts["right"]))
            found = found._replace(difference=largest(wrong[0] - kit[0]), without=largest(right - kit[0]))
    return found


@cache
def by_the_kit(experiment: Experiment) -> list[np.ndarray]:
    """The shared model (P,) after each round, as the kit trains it."""
    return [one.state.weights for one in run(experiment) if one.state]


def largest(difference: np.ndarray) -> float:
    """The largest difference of any weight."""
    return float(np.abs(difference).max())


def distances(direction: faults.Direction, strengths: Sequence[float]) -> list[float]:
    """How far the parties are from the shared model after one round, ||w_k - w_t||, their mean, for each μ."""
    experiment = SEEN_IN.with_(rounds=1)
    w_0 = prepare(experiment).first_weights()
    return [
        float(np.mean([np.linalg.norm(w_k - w_0) for w_k in models]))
        for mu in strengths
        for _, models in faults.rounds(experiment, mu=mu, direction=direction)
    ]
