"""Messages of made-up parties, for facts about aggregation rules."""

from __future__ import annotations

import numpy as np

from fedlab.messages import Upload
from fedlab.stages import Aggregation


def uploads(points: np.ndarray, sizes: list[int] | None = None) -> list[Upload]:
    """One a party: a row of points as one message of two arrays."""
    sizes = sizes or [10] * len(points)
    return [
        Upload(k, sizes[k], tuple(np.split(point.astype(np.float32), [1])), {}, np.zeros(0), None)  # type: ignore[arg-type]
        for k, point in enumerate(points)
    ]


def combined(rule: Aggregation, points: np.ndarray, sizes: list[int] | None = None) -> np.ndarray:
    return np.concatenate(rule.combine(iter(uploads(points, sizes))))


def crowd(seed: int, honest: int, size: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 1, (honest, size))
