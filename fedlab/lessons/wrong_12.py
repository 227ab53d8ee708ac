"""Known wrong answers to the exercises of lesson 12; without arguments these are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fedlab.lessons import faults


def step(
    slope: Callable[[np.ndarray, int], Any] = lambda total, size: total / size,
    pull: Callable[[np.ndarray, np.ndarray, float], Any] = lambda w, w_t, mu: mu * (w - w_t),
) -> Callable[..., np.ndarray]:
    """Where a local step of FedProx goes, in which something is otherwise."""

    def direction(total: np.ndarray, size: int, w: np.ndarray, w_t: np.ndarray, mu: float) -> np.ndarray:
        return slope(total, size) + pull(w, w_t, mu)

    return direction


def term(
    tensor: Callable[[np.ndarray], Any] = lambda apart: np.square(apart).sum(),
    apart: Callable[[np.ndarray, np.ndarray], np.ndarray] = lambda w, w_t: w - w_t,
) -> Callable[..., float]:
    """The proximal term of a model that comes as a list of arrays, in which something is otherwise."""

    def proximal_loss(weights: Sequence[np.ndarray], sent: Sequence[np.ndarray], mu: float) -> float:
        return mu / 2 * sum(tensor(apart(w, w_t)) for w, w_t in zip(weights, sent, strict=True))

    return proximal_loss


def mean(
    share: Callable[[int, Sequence[int]], float] = lambda size, sizes: size / sum(sizes),
) -> Callable[..., np.ndarray]:
    """An average of models, in which shares are otherwise."""

    def average(models: Sequence[np.ndarray], sizes: Sequence[int]) -> np.ndarray:
        return np.sum([share(n_k, sizes) * np.asarray(w_k) for n_k, w_k in zip(sizes, models, strict=True)], axis=0)

    return average


def trained(
    each: bool = True,
    sends: Callable[[int], bool] = lambda number: True,
    fits: bool = True,
    gives: Callable[[Any], Any] = lambda model: model.get_weights(),
) -> Callable[..., list[Any]]:
    """Local training of all parties, in which something is otherwise."""

    def local_models(make: Callable[[], Any], shared: np.ndarray, parties: Sequence[Any]) -> list[Any]:
        model, models = make(), []
        for number, party in enumerate(parties):
            model = make() if each else model
            if sends(number):
                model.set_weights(shared)
            if fits:
                model.fit(party)
            models.append(gives(model))
        return models

    return local_models


def one_example(
    models: Sequence[Sequence[float]], sizes: Sequence[int], wanted: Sequence[float], exactly: bool = False
) -> Callable[..., bool]:
    """A test of an average that looks at one example; exactly: without room for rounding."""

    def is_right(average: Callable[..., Any]) -> bool:
        found = np.asarray(average([np.array(one) for one in models], list(sizes)))
        return bool((found == wanted).all() if exactly else np.allclose(found, wanted))

    return is_right


RIGHT_AVERAGES: dict[str, Callable[..., Any]] = {
    "the kit's": faults.averaged,
    "NumPy's with weights": lambda models, sizes: np.average(np.stack(models), axis=0, weights=sizes),
    "one that counts in single precision": lambda models, sizes: mean()(
        [np.asarray(one, np.float32) for one in models], sizes
    ).astype(np.float32),
}
WRONG_AVERAGES: dict[str, Callable[..., Any]] = {
    "the sum": faults.summed,
    "the plain mean": faults.unweighted,
    "the median": lambda models, sizes: np.median(np.stack(models), axis=0),
    "the largest party's model": lambda models, sizes: models[int(np.argmax(sizes))],
    "a mean by the squares of the sizes": mean(lambda size, sizes: size**2 / sum(one**2 for one in sizes)),
}
