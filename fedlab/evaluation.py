"""Accuracy and loss on the test examples."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np

from fedlab.datasets import Dataset

if TYPE_CHECKING:
    from fedlab.local_training import LocalTraining


def evaluate(
    training: LocalTraining,
    models: Sequence[np.ndarray],
    dataset: Dataset,
    pool: Executor,
    between_chunks: Callable[[], None] = lambda: None,
) -> tuple[float, float]:
    """Accuracy and mean cross-entropy (nats) on the test examples.

    models: (P,) each. Several models share the examples out among themselves, so the result is their mean, and few
    models cost about as much as one.
    """
    slices = -(-processors() // len(models))
    work = [
        (w, x, y)
        for first, w in enumerate(models)
        for x, y in zip(
            np.array_split(dataset.test_x[first :: len(models)], slices),
            np.array_split(dataset.test_y[first :: len(models)], slices),
            strict=True,
        )
        if len(y)
    ]
    logits = np.concatenate(list(pool.map(lambda job: training.logits_of(job[0], job[1], between_chunks), work)))
    labels = np.concatenate([y for _, _, y in work])
    return float((logits.argmax(axis=1) == labels).mean()), float(cross_entropy(logits, labels).mean())


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
