"""Checks of lesson 01, six steps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from fedlab.lessons.exercises import as_array, as_number, as_truth, close, exercise, require
from fedlab.text import say


def _rng() -> np.random.Generator:
    return np.random.default_rng(1)


@exercise(
    answer="objective",
    points=1,
    wrong={
        "how many examples": lambda losses, sizes: np.mean(losses),
        "the same loss": lambda losses, sizes: np.dot(losses, sizes),
        "the same loss ": lambda losses, sizes: np.dot(losses, sizes) / len(sizes),
        "pooled": lambda losses, sizes: np.dot(losses, 1 / np.array(sizes)) / np.sum(1 / np.array(sizes)),
        "pooled ": lambda losses, sizes: np.dot(losses, np.sqrt(sizes)) / np.sum(np.sqrt(sizes)),
    },
)
def check_objective(objective: Callable[..., Any]) -> str:
    """objective(losses, sizes): F(w) from every party's mean loss F_k(w) and number of examples n_k."""
    for loss in (0.0, 2.5):
        same = as_number(objective(np.full(3, loss), np.array([5, 10, 100])))
        require(
            close(same, loss),
            "if all parties have the same loss {loss}, that is the objective, but yours is {yours:g}.",
            loss=loss,
            yours=same,
        )
    losses, sizes = np.array([1.0, 2.0]), np.array([100, 300])
    equal = as_number(objective(losses, np.array([200, 200])))
    require(not close(as_number(objective(losses, sizes)), equal), "it must matter how many examples a party has.")
    for count in (1, 2, 7):
        examples = [_rng().uniform(0, 3, size) for size in _rng().integers(1, 50, count)]
        pooled = np.concatenate(examples).mean()
        losses, sizes = np.array([own.mean() for own in examples]), np.array([len(own) for own in examples])
        yours = as_number(objective(losses, sizes))
        require(
            close(yours, pooled),
            "the objective is the mean loss of all examples, as if they were pooled: {pooled:.4f} for {parties} "
            "parties drawn at random, but yours is {yours:.4f}.",
            pooled=pooled,
            parties=count,
            yours=yours,
        )
    return say("It equals the mean loss of all the examples together, although nobody has put them together.")


@exercise(
    answer="average",
    points=2,
    wrong={
        "how many examples": lambda sizes, weights: np.mean(weights, axis=0),
        "shape": lambda sizes, weights: np.mean(weights),
        "equal models": lambda sizes, weights: np.dot(sizes, weights),
        "equal models ": lambda sizes, weights: np.dot(sizes, weights) / len(sizes),
        "twice the examples": lambda sizes, weights: np.dot(np.square(sizes), weights) / np.sum(np.square(sizes)),
        "order": lambda sizes, weights: weights[0] + (weights[-1] - weights[0]) * sizes[-1] / np.sum(sizes),
    },
)
def check_average(average: Callable[..., Any]) -> str:
    """average(sizes, weights): the server's new model from n_k, (K,), and the parties' weights, (K, P)."""
    rng = _rng()
    sizes, weights = np.array([100, 200, 700]), rng.normal(size=(3, 5))
    yours = as_array(average(sizes, weights), (5,))
    one = rng.normal(size=5)
    same = as_array(average(sizes, np.stack([one] * 3)), (5,))
    require(close(same, one), "the average of three equal models must be that model.")
    turned = as_array(average(sizes[::-1], weights[::-1]), (5,))
    require(close(turned, yours), "the order of the parties must not matter.")
    require(
        not close(as_array(average(np.array([700, 200, 100]), weights), (5,)), yours),
        "it must matter how many examples a party has: here every party counts the same.",
    )
    split = as_array(average(np.array([100, 200, 350, 350]), weights[[0, 1, 2, 2]]), (5,))
    require(close(split, yours), "two parties with one model must count like one party that has twice the examples.")
    more = as_array(average(sizes, 3 * weights + 1), (5,))
    require(close(more, 3 * yours + 1), "if all weights are scaled and shifted, so must be their average.")
    return say("Equal models stay as they are, the order does not matter, and every example counts the same.")


@exercise(
    answer="bytes_of_a_round",
    points=1,
    wrong={
        "both ways": lambda weights, parties: 4 * weights * parties,
        "every party": lambda weights, parties: 8 * weights,
        "every weight": lambda weights, parties: 8 * parties,
        "32 bits": lambda weights, parties: 2 * 32 * weights * parties,
        "32 bits ": lambda weights, parties: 2 * 8 * weights * parties,
        "bytes": lambda weights, parties: 2 * weights * parties,
        "both ways ": lambda weights, parties: 4 * weights * parties + 4 * weights,
    },
)
def check_bytes(bytes_of_a_round: Callable[..., Any]) -> str:
    """bytes_of_a_round(weights, parties): all that travels in one round."""
    yours = as_number(bytes_of_a_round(1_000, 5))
    require(as_number(bytes_of_a_round(2_000, 5)) > yours, "every weight travels: a model twice as big sends more.")
    ratio = as_number(bytes_of_a_round(1_000, 10)) / yours if yours else 0
    require(ratio > 1, "every party sends and receives: twice the parties send more.")
    require(close(ratio, 2), "each party's model travels both ways: down to it, and up from it.")
    a_weight = yours / (1_000 * 5)
    require(not close(a_weight, 4), "the model travels both ways, down and up.")
    require(a_weight > 4, "a weight of 32 bits is more than {yours:g} bytes.", yours=a_weight / 2)
    require(
        close(a_weight, 8),
        "a weight has 32 bits: how many bytes is that? Yours come to {yours:g} each way.",
        yours=a_weight / 2,
    )
    return say("With the 199,210 weights of the 2NN and 3 parties that is 4.8 MB a round.")


class _Model:
    """Stands for a Keras model: an object with weights."""

    def __init__(self, *weights: float):
        self.weights = list(weights)

    def get_weights(self) -> list[np.ndarray]:
        return [np.array(self.weights)]


def _same_weights(models: list[_Model]) -> bool:
    return any(one.weights == other.weights for one, other in combinations(models, 2))


@exercise(
    answer="shares_a_model",
    points=2,
    wrong={
        "equal weights": _same_weights,
        "not next to each other": lambda models: any(a is b for a, b in pairwise(models)),
        "the first": lambda models: any(models[0] is other for other in models[1:]),
        "different models": lambda models: True,
        "different models ": lambda models: len(models) > 1,
        "one model": lambda models: False,
        "all of them": lambda models: len(models) > 1 and all(models[0] is other for other in models),
    },
)
def check_shared(shares_a_model: Callable[..., Any]) -> str:
    """shares_a_model(models): whether two parties hold the same model object; models: one a party."""
    a, b, c, d = _Model(1.0), _Model(2.0), _Model(3.0), _Model(4.0)
    require(not as_truth(shares_a_model([a, b, c])), "three parties with three different models share none.")
    require(not as_truth(shares_a_model([a])), "one party alone shares its model with nobody.")
    require(as_truth(shares_a_model([a, a, a])), "three parties that were handed one model do share it.")
    require(as_truth(shares_a_model([a, a, b])), "it is enough that two parties share a model, not all of them.")
    require(as_truth(shares_a_model([b, a, a])), "two parties may share a model and the first have its own.")
    require(as_truth(shares_a_model([b, a, c, a])), "the two that share a model may be not next to each other.")
    require(
        not as_truth(shares_a_model([_Model(1.0), _Model(1.0)])),
        "two models with equal weights are still two: training one leaves the other alone.",
    )
    require(not as_truth(shares_a_model([d, c, b, a])), "four different models share none.")
    return say("You ask which object it is, not what is inside.")
