"""Six faults that are easily made, each beside the few lines that are right, and a run small enough to try them in.

All that may be wrong is handed to `rounds`: where a local step goes, how models are averaged, and who trains in what.
With the right ones its weights are those of the kit's own engines, but for rounding. `fault_tests.py` has the tests
that find the faults; where each was found, and in which version, stands in lesson 12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fedlab.datasets import Dataset
from fedlab.engines.numpy import scaled
from fedlab.experiment import Experiment
from fedlab.prepare import prepare
from fedlab.randomness import Choice, generator, local_batches

Weights = np.ndarray  # (P,) all weights of a model, one behind the other
Direction = Callable[[Weights, int, Weights, Weights, float], Weights]
Average = Callable[[Sequence[Weights], Sequence[int]], Weights]
Training = Callable[[Callable[[], "Model"], Weights, Sequence["Party"]], list[Weights]]


# Where a local step goes. total: (P,) the slopes of a batch's examples, added up. size: how many examples these are.


def pulled(total: Weights, size: int, w: Weights, w_t: Weights, mu: float) -> Weights:
    """Right: the mean slope, and the slope of μ/2 ||w - w_t||²."""
    return total / size + mu * (w - w_t)


def pushed(total: Weights, size: int, w: Weights, w_t: Weights, mu: float) -> Weights:
    """The difference the wrong way round: a band that pushes."""
    return total / size + mu * (w_t - w)


def unsquared(total: Weights, size: int, w: Weights, w_t: Weights, mu: float) -> Weights:
    """The slope of μ/2 ||w - w_t||, without the square: it pulls with μ/2, however far away w is."""
    apart = w - w_t
    length = np.linalg.norm(apart)
    return total / size + mu / 2 * (apart / length if length else apart)


def divided(total: Weights, size: int, w: Weights, w_t: Weights, mu: float) -> Weights:
    """The whole sum is divided by the batch, and the pull with it."""
    return (total + mu * (w - w_t)) / size


# The server's average of the parties' models. sizes: n_k, how many examples each party has.


def averaged(models: Sequence[Weights], sizes: Sequence[int]) -> Weights:
    """Right: Σ n_k/n w_k."""
    n = sum(sizes)
    return np.sum([n_k / n * w_k for n_k, w_k in zip(sizes, models, strict=True)], axis=0)


def summed(models: Sequence[Weights], sizes: Sequence[int]) -> Weights:
    """Each half thinks that the other has weighted the models, and the shares add up to 1."""
    shares = [n_k / sum(sizes) for n_k in sizes]
    return np.sum(models, axis=0) / sum(shares)


def unweighted(models: Sequence[Weights], sizes: Sequence[int]) -> Weights:
    """Every party counts the same, whatever it has."""
    return np.mean(models, axis=0)


# Who trains in what. make(): a new `Model`. shared: (P,) the model that the round begins with.


@dataclass(frozen=True, eq=False)
class Party:
    """What a party brings to a round."""

    x: np.ndarray  # (n_k, features) float32
    y: np.ndarray  # (n_k,)
    batches: list[np.ndarray]  # positions of the examples of each local step


def a_model_each(make: Callable[[], Model], shared: Weights, parties: Sequence[Party]) -> list[Weights]:
    """Right: what a party trains in has never seen another party."""
    trained = []
    for party in parties:
        model = make()
        model.set_weights(shared)
        model.fit(party)
        trained.append(model.get_weights())
    return trained


def one_model_for_all(make: Callable[[], Model], shared: Weights, parties: Sequence[Party]) -> list[Weights]:
    """The weights are set back for each party, and the optimiser's momentum is not."""
    model = make()
    trained = []
    for party in parties:
        model.set_weights(shared)
        model.fit(party)
        trained.append(model.get_weights())
    return trained


class Model:
    """Softmax regression that is as much like a compiled Keras model as this needs: weights, and an optimiser."""

    def __init__(self, size: int, experiment: Experiment, mu: float = 0.0, direction: Direction = pulled):
        self.rate, self.momentum = experiment.learning_rate, experiment.momentum
        self.mu, self.direction = mu, direction
        self.w, self.velocity = np.zeros(size, np.float32), np.zeros(size, np.float32)

    def set_weights(self, w: Weights) -> None:
        self.w = w.copy()  # and no word about the velocity: as in Keras 3.15

    def get_weights(self) -> Weights:
        return self.w.copy()

    def fit(self, party: Party) -> None:
        """v <- ρ v + direction; w <- w - η v, for each batch."""
        w_t = self.w
        for batch in party.batches:
            total = slopes(self.w, party.x[batch], party.y[batch])
            step = self.direction(total, len(batch), self.w, w_t, self.mu)
            self.velocity = self.momentum * self.velocity + step
            self.w = self.w - self.rate * self.velocity


def slopes(w: Weights, x: np.ndarray, y: np.ndarray) -> Weights:
    """(P,) ∇ of the cross-entropy of softmax regression, added up over the examples x (n, features), y (n,)."""
    ones = np.column_stack([x, np.ones(len(x), np.float32)])  # the bias is the weight of an input that is always 1
    z = ones @ w.reshape(ones.shape[1], -1)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    return (ones.T @ p).ravel()


def rounds(
    experiment: Experiment,
    *,
    mu: float = 0.0,
    direction: Direction = pulled,
    average: Average = averaged,
    train: Training = a_model_each,
    backwards: bool = False,
) -> Iterator[tuple[Weights, list[Weights]]]:
    """Yield the shared model (P,) after each round, and the parties' models that it was made of.

    For softmax regression, and all parties in every round. backwards: the parties train in the opposite order.
    """
    prepared = prepare(experiment)
    held = [prepared.seen_by([k]) for k in range(experiment.parties)]
    sizes = [len(y) for _, y in held]
    shared, turns = prepared.first_weights(), slice(None, None, -1 if backwards else 1)
    for number in range(1, experiment.rounds + 1):
        parties = []
        for k, (x, y) in enumerate(held):
            order = generator(experiment.seed, Choice.BATCHES, number, k)
            width = len(y) if experiment.batch_size == "all" else int(experiment.batch_size)
            batches = local_batches(order, len(y), width, experiment.local_epochs)
            parties.append(Party(x.reshape(len(x), -1), y, batches))
        models = train(partial(Model, prepared.size, experiment, mu, direction), shared, parties[turns])[turns]
        shared = average(models, sizes)
        yield shared, models


def accuracy(w: Weights, dataset: Dataset) -> float:
    """The share of the test examples that these weights get right, 0 to 1."""
    x = scaled(dataset.test_x, dataset.scale)
    ones = np.column_stack([x, np.ones(len(x), np.float32)])
    return float(((ones @ w.reshape(ones.shape[1], -1)).argmax(axis=1) == dataset.test_y).mean())
