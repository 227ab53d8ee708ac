"""Accuracy and loss on the test examples."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
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
        (weights, part_x, part_y)
        for weights, x, y in shares(models, dataset)
        for part_x, part_y in zip(np.array_split(x, slices), np.array_split(y, slices), strict=True)
        if len(part_y)
    ]
    logits = np.concatenate(list(pool.map(lambda job: training.logits_of(job[0], job[1], between_chunks), work)))
    labels = np.concatenate([y for _, _, y in work])
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


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
