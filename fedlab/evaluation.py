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
    asked = list(shares(models, dataset))
    logits = np.concatenate(logits_of(engine, [(weights, x) for weights, x, _ in asked], dataset.scale))
    labels = np.concatenate([y for _, _, y in asked])
    return float((logits.argmax(axis=1) == labels).mean()), float(cross_entropy(logits, labels).mean())


def judge_auc(engine: Engine, models: Sequence[np.ndarray], dataset: Dataset) -> float | None:
    """The `auc` on the test examples; None where accuracy is the data set's measure. models: as for `judge`."""
    if dataset.measure != "auc":
        return None
    asked = list(shares(models, dataset))
    logits = np.concatenate(logits_of(engine, [(weights, x) for weights, x, _ in asked], dataset.scale))
    return auc(logits[:, 1] - logits[:, 0], np.concatenate([y for _, _, y in asked]))


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """How often an example of label 1 scores higher than one of label 0, ties counting half: .5 is guessing, 1 is best.

    scores, labels: (n,). NaN where one of the labels is missing. It is the area under the receiver operating
    characteristic. Source: Hanley and McNeil 1982 (Radiology 143).
    """
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]  # from 1; equal scores share the mean of theirs
    ill = labels == 1
    positive, negative = int(ill.sum()), int((~ill).sum())
    if not positive or not negative:
        return float("nan")
    return float((ranks[ill].sum() - positive * (positive + 1) / 2) / (positive * negative))


def logits_of(engine: Engine, asked: Sequence[tuple[np.ndarray, np.ndarray]], scale: float) -> list[np.ndarray]:
    """The logits (n, classes) for each pair of a model's weights (P,) and examples x (n, ...).

    Few pairs are cut up, so that all threads of the engine, which must be open, have something to do.
    """
    slices = -(-engine.threads // len(asked))
    parts = [(weights, part) for weights, x in asked for part in np.array_split(x, slices) if len(part)]
    ends = np.cumsum([len(x) for _, x in asked])
    return np.split(np.concatenate(engine.logits(parts, scale)), ends[:-1])


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
