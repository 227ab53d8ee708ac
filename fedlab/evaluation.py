"""Accuracy and loss on the test examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset

if TYPE_CHECKING:
    from fedlab.engines import Engine


def judge(engine: Engine, models: Sequence[np.ndarray], dataset: Dataset) -> tuple[float, float]:
    """Accuracy and mean cross-entropy (nats) on the test examples.

    models: (P,) each. Several models share the examples out among themselves, so the result is their mean, and few
    models cost about as much as one.
    """
    slices = -(-engine.threads // len(models))
    asked = [
        (weights, part_x, part_y)
        for weights, x, y in shares(models, dataset)
        for part_x, part_y in zip(np.array_split(x, slices), np.array_split(y, slices), strict=True)
        if len(part_y)
    ]
    logits = np.concatenate(engine.logits([(weights, x) for weights, x, _ in asked], dataset.scale))
    labels = np.concatenate([y for _, _, y in asked])
    return float((logits.argmax(axis=1) == labels).mean()), float(cross_entropy(logits, labels).mean())


def shares(models: Sequence[np.ndarray], dataset: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each model (P,) the test examples x and labels y that it answers; models beyond the examples get none."""
    for first, weights in enumerate(models[: len(dataset.test_y)]):
        yield weights, dataset.test_x[first :: len(models)], dataset.test_y[first :: len(models)]


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) -log softmax(logits)[label] of each example, in nats. logits: (n, classes). labels: (n,)."""
    logits = logits.astype(np.float64)
    highest = logits.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # infinite logits: the caller says so in words
        log_sum = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    return log_sum - logits[np.arange(len(logits)), labels]
