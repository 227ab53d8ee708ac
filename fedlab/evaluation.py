"""Accuracy and loss on the test examples."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset

if TYPE_CHECKING:
    from fedlab.local_training import LocalTraining


def evaluate(
    training: LocalTraining, models: Sequence[np.ndarray], dataset: Dataset, pool: Executor
) -> tuple[float, float]:
    """Accuracy and mean cross-entropy (nats) on the test examples.

    models: (P,) each. Several models share the examples out among themselves, so the result is their mean, and it costs
    about as much as that of one.
    """
    parts = len(models) * -(-processors() // len(models))
    own = [np.arange(first, len(dataset.test_y), parts) for first in range(parts)]
    work = [(models[place % len(models)], part) for place, part in enumerate(own) if len(part)]
    logits = np.empty((len(dataset.test_y), training.model.output_shape[1]), np.float32)
    for (_, part), answers in zip(
        work, pool.map(lambda job: training.logits_of(job[0], dataset.test_x[job[1]]), work), strict=True
    ):
        logits[part] = answers
    right = logits.argmax(axis=1) == dataset.test_y
    return float(right.mean()), float(cross_entropy(logits, dataset.test_y).mean())


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) -log softmax(logits)[label] of each example, in nats. logits: (n, classes). labels: (n,)."""
    logits = logits.astype(np.float64)
    highest = logits.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # infinite logits: the caller says so in words
        log_sum = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
    return log_sum - logits[np.arange(len(logits)), labels]


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
