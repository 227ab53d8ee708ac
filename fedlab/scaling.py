"""Filling gaps and scaling columns with everybody's mean and spread, which the server computes without seeing a row.

    party k   for each column, over the cells that it has:   n_k,  s_k = Σ x,  q_k = Σ x²          goes up
    server    n = Σ n_k,  mean = Σ s_k / n,  sd = √(Σ q_k / n - mean²)                             comes back
    party k   an empty cell becomes the mean; then x <- (x - mean) / sd

That is the mean and the standard deviation of all rows in one place. The server needs the three sums over all parties
and nothing else, so they may travel under the masks of a secure sum. Sent plainly, they tell the server each party's
own means; a party of one row would send the row itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fedlab.datasets import Dataset


class Scale(NamedTuple):
    """What the server sends back: for each column everybody's mean and standard deviation, (d,) each."""

    mean: np.ndarray
    deviation: np.ndarray


def sums(x: np.ndarray) -> np.ndarray:
    """(3, d) what a party sends: how many cells of each column it has, their sum, and the sum of their squares."""
    known = np.isfinite(x)
    values = np.where(known, x, 0).astype(np.float64)
    return np.stack([known.sum(axis=0), values.sum(axis=0), np.square(values).sum(axis=0)])


def combined(sent: Iterable[np.ndarray]) -> Scale:
    """What the server makes of the parties' (3, d) sums. Where nobody has a cell, or all are equal, the spread is 1."""
    count, total, squares = np.sum(list(sent), axis=0)
    n = np.maximum(count, 1)
    mean = total / n
    variance = squares / n - mean**2
    flat = variance <= 1e-9 * np.maximum(squares / n, 1e-30)  # what rounding leaves of none
    return Scale(mean, np.where(flat, 1.0, np.sqrt(np.maximum(variance, 0))))


def applied(x: np.ndarray, scale: Scale) -> np.ndarray:
    """(N, d) float32: the rows as a party then sees them."""
    return ((np.where(np.isfinite(x), x, scale.mean) - scale.mean) / scale.deviation).astype(np.float32)


def scaled(dataset: Dataset, parties: list[np.ndarray]) -> Dataset:
    """A `raw` data set as its parties scale it; the same object if it is not raw.

    parties: who holds which rows. The test examples are scaled alike, and tell the server nothing.
    """
    if not dataset.raw:
        return dataset
    scale = combined(sums(dataset.train_x[own]) for own in parties)
    return replace(dataset, train_x=applied(dataset.train_x, scale), test_x=applied(dataset.test_x, scale), raw=False)
