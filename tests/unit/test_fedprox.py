"""FedProx: the proximal term of Li et al. (2020), and the three ways in which well-known codes get it wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fedlab import Experiment, run
from fedlab.algorithms import FedAvg, FedProx
from fedlab.datasets import Dataset
from fedlab.federation import first_state, hold, prepare
from fedlab.randomness import Choice, generator, local_batches

MU = 0.5


class Unsquared(FedAvg):
    """Adds μ/2 ||w - w_t||, forgetting the square: the pull has length μ/2 however far w is."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        away = weights - global_weights
        if isinstance(away, np.ndarray):
            return gradient + MU / 2 * away / (1e-12 + np.linalg.norm(away))
        import tensorflow as tf

        return gradient + MU / 2 * away / (1e-12 + tf.norm(away))


class WithoutTheHalf(FedAvg):
    """Adds μ ||w - w_t||²: the pull is twice too strong."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + 2 * MU * (weights - global_weights)


class DividedByTheBatch(FedAvg):
    """Takes the mean over the batch (of 20) of the loss and of the proximal term: the pull is 20 times too weak."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + MU * (weights - global_weights) / 20


class FromTheLastStep(FedAvg):
    """Measures from where the step begins instead of where the round began: no pull at all."""

    def local_gradient(self, gradient: Any, weights: Any, global_weights: Any, correction: Any) -> Any:
        return gradient + MU * (weights - weights)


WRONG: list[type[FedAvg]] = [Unsquared, WithoutTheHalf, DividedByTheBatch, FromTheLastStep]
for kind in WRONG:
    kind.name = kind.title = kind.__name__


def loss(w: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Mean cross-entropy of softmax regression, 8 features and 4 classes: log Σ exp(scores) - score of the label."""
    scores = x @ w[:-4].reshape(8, 4) + w[-4:]
    return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(y)), y]))


def slope(function: Callable[[np.ndarray], float], w: np.ndarray) -> np.ndarray:
    """The gradient by central differences, (f(w + h e_i) - f(w - h e_i)) / 2h for each i, in float64; h = 1e-5."""
    return np.array([(function(w + move) - function(w - move)) / 2e-5 for move in 1e-5 * np.eye(len(w))])


def objective(x: np.ndarray, y: np.ndarray, start: np.ndarray, mu: float) -> Callable[[np.ndarray], float]:
    """F(w) + μ/2 ||w - start||² as a function of w; F is the loss on (x, y)."""
    return lambda w: loss(w, x, y) + mu / 2 * float(np.sum((w - start) ** 2))


def fedprox_by_its_objective(experiment: Experiment, dataset: Dataset, mu: float) -> np.ndarray:
    """FedProx without a formula for any gradient: each step goes down the slope of F(w; b) + μ/2 ||w - w_t||²."""
    shared = first_state(prepare(experiment, dataset)).weights.astype(np.float64)
    for number in range(1, experiment.rounds + 1):
        models, sizes = [], []
        for party, own in enumerate(hold(experiment, dataset)):
            x, y, w = dataset.train_x[own].astype(np.float64), dataset.train_y[own], shared.copy()
            size = len(own) if experiment.batch_size == "all" else experiment.batch_size
            order = generator(experiment.seed, Choice.BATCHES, number, party)
            for b in local_batches(order, len(own), size, experiment.local_epochs):
                w = w - experiment.learning_rate * slope(objective(x[b], y[b], shared, mu), w)
            models.append(w)
            sizes.append(len(own))
        shared = np.average(models, axis=0, weights=sizes)
    return shared


def last_model(experiment: Experiment, dataset: Dataset, engine: str) -> np.ndarray:
    *_, last = run(experiment, dataset=dataset, engine=engine)
    assert last.state is not None
    return last.state.weights


@pytest.fixture
def skewed() -> Experiment:
    """3 parties of about 100 examples with different labels, batches of 20, steps long enough to drift apart."""
    return Experiment(
        parties=3,
        examples=302,
        partition="dirichlet",
        alpha=0.1,
        model="softmax",
        rounds=2,
        local_epochs=3,
        batch_size=20,
        learning_rate=0.2,
        seed=5,
    )


def test_the_local_gradient_is_the_slope_of_the_proximal_objective(blobs: Dataset) -> None:
    """local_gradient(∇F(w), w, w_t) against central differences of F(w) + μ/2 ||w - w_t||², far from w_t."""
    rng = np.random.default_rng(1)
    x, y = blobs.train_x[:50].astype(np.float64), blobs.train_y[:50]
    w, start = rng.normal(size=(2, 36))
    ours = FedProx(mu=MU).local_gradient(slope(lambda v: loss(v, x, y), w), w, start, None)
    theirs = slope(objective(x, y, start, MU), w)
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


@pytest.mark.parametrize("batch_size", [20, "all"])
def test_parties_go_down_the_proximal_objective(
    skewed: Experiment, blobs: Dataset, engine: str, batch_size: int | str
) -> None:
    """Pulled once a step, to the model that its round (of 2) began with, in a short last batch like in the others."""
    experiment = skewed.with_(algorithm="fedprox", mu=MU, batch_size=batch_size)
    theirs = fedprox_by_its_objective(experiment, blobs, MU)
    np.testing.assert_allclose(last_model(experiment, blobs, engine), theirs, atol=5e-6)


@pytest.mark.parametrize("batch_size", [300, 1_100])
def test_a_batch_that_goes_through_the_model_in_parts_is_pulled_once(
    blobs: Dataset, engine: str, batch_size: int
) -> None:
    """At most 256 examples go through a model at once on Keras, 1,024 on NumPy; the pull must not count the parts."""
    experiment = Experiment(
        parties=1,
        examples=1_300,
        algorithm="fedprox",
        mu=MU,
        model="softmax",
        rounds=2,
        local_epochs=2,
        batch_size=batch_size,
        learning_rate=0.5,
    )
    theirs = fedprox_by_its_objective(experiment, blobs, MU)
    np.testing.assert_allclose(last_model(experiment, blobs, engine), theirs, atol=5e-6)


@pytest.mark.parametrize("wrong", WRONG)
def test_the_known_wrong_versions_are_told_apart(
    skewed: Experiment, blobs: Dataset, engine: str, wrong: type[FedAvg]
) -> None:
    """Each misses the truth by more than 500 times what is allowed to ours."""
    truth = fedprox_by_its_objective(skewed, blobs, MU)
    assert np.abs(last_model(skewed.with_(algorithm=wrong()), blobs, engine) - truth).max() > 2.5e-3


@pytest.mark.parametrize("batch_size", [20, "all"])
@pytest.mark.parametrize("model", ["softmax", "2nn"])
def test_with_mu_zero_and_no_stragglers_it_is_fedavg(
    skewed: Experiment, blobs: Dataset, engine: str, model: str, batch_size: int | str
) -> None:
    """g + 0 (w - w_t) = g in floating point too, so on Keras it is FedAvg to the last bit.

    On NumPy FedAvg's step w - η g is rounded once, inside of one BLAS product, and FedProx's twice: 2^-24 = 6e-8 of a
    weight each time.
    """
    experiment = skewed.with_(batch_size=batch_size, model=model)
    rounds = [
        list(run(e, dataset=blobs, engine=engine)) for e in (experiment, experiment.with_(algorithm="fedprox", mu=0))
    ]
    for fedavg, fedprox in zip(*rounds, strict=True):
        assert fedavg.state is not None
        assert fedprox.state is not None
        if engine == "keras":
            assert np.array_equal(fedavg.state.weights, fedprox.state.weights)
            assert (fedavg.test_loss, fedavg.parties) == (fedprox.test_loss, fedprox.parties)
        np.testing.assert_allclose(fedavg.state.weights, fedprox.state.weights, rtol=0, atol=1e-6)


def test_a_larger_mu_keeps_parties_nearer_to_the_shared_model(skewed: Experiment, blobs: Dataset, engine: str) -> None:
    """The minimiser of F + μ/2 ||w - w_t||² comes nearer to w_t as μ grows; 30 epochs come near the minimiser."""
    distances = []
    for mu in (0.0, 0.1, 1.0, 4.0):
        experiment = skewed.with_(algorithm="fedprox", mu=mu, rounds=1, local_epochs=30)
        (first,) = run(experiment, dataset=blobs, engine=engine)
        distances.append([report.distance for report in first.parties])
    assert (np.diff(distances, axis=0) < 0).all()


def test_one_local_step_feels_no_pull(skewed: Experiment, blobs: Dataset, engine: str) -> None:
    """The first step begins at w_t, where w - w_t is 0: with E = 1 and B = ∞ every μ gives FedSGD."""
    experiment = skewed.with_(local_epochs=1, batch_size="all")
    fedprox = last_model(experiment.with_(algorithm="fedprox", mu=5.0), blobs, engine)
    np.testing.assert_allclose(fedprox, last_model(experiment, blobs, engine), rtol=0, atol=1e-7)
