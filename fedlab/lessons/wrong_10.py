"""Known wrong answers to the exercises of lesson 10; without arguments these are right ones to differ from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def scale(
    mean: Callable[..., Any] = lambda n, s, q: s.sum() / n.sum(),
    deviation: Callable[..., Any] = lambda n, s, q, mean: np.sqrt(q.sum() / n.sum() - mean**2),
) -> Callable[..., Any]:
    """Everybody's mean and standard deviation, in which something is otherwise."""

    def mean_and_deviation(n: np.ndarray, s: np.ndarray, q: np.ndarray) -> Any:
        middle = mean(n, s, q)
        return middle, deviation(n, s, q, middle)

    return mean_and_deviation


def rank(
    pair: Callable[[float, float], float] = lambda bad, good: (bad > good) + (bad == good) / 2,
    share: Callable[[float, int, int], float] = lambda wins, bad, good: wins / (bad * good),
) -> Callable[..., float]:
    """The area, pair by pair, in which something is otherwise."""

    def area(scores: np.ndarray, labels: np.ndarray) -> float:
        bad, good = scores[labels == 1], scores[labels == 0]
        return float(share(sum(pair(one, other) for one in bad for other in good), len(bad), len(good)))

    return area


def personal(model: Callable[..., float] = lambda own, w, pull: (own + pull * w) / (1 + pull)) -> Callable[..., float]:
    """Ditto's model for a mean, in which something is otherwise. own: the party's own mean."""

    def personal_mean(values: np.ndarray, w: float, pull: float) -> float:
        return model(float(np.mean(values)), w, pull)

    return personal_mean


def voice(
    share: Callable[..., np.ndarray] = lambda losses, examples, q: examples * losses**q, norm: bool = True
) -> Callable[..., np.ndarray]:
    """Each party's say under q, in which something is otherwise."""

    def says(losses: np.ndarray, examples: np.ndarray, q: float) -> np.ndarray:
        raw = share(losses, examples, q)
        return raw / raw.sum() if norm else raw

    return says
