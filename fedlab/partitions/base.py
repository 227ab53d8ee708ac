"""What a partition is: a rule that hands every party some of the training examples."""

from __future__ import annotations

from heapq import heapify, heapreplace
from typing import ClassVar

import numpy as np

from fedlab.settings import Kind


class Partition(Kind):
    """A rule that says which party holds which examples."""

    reads_owners: ClassVar[bool] = False  # True: `assign` is given whose each example is, in place of its label

    def assign(self, labels: np.ndarray, parties: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Split the examples 0 .. len(labels) - 1 among the parties.

        labels: (n,) the label of each example. Returns one array of example numbers a party: together they hold every
        example exactly once, and none is empty (`parties` is at most n).
        """
        raise NotImplementedError


def even_sizes(examples: int, parties: int) -> np.ndarray:
    """(parties,) sizes that add up to `examples` and differ by at most one."""
    return np.diff(np.linspace(0, examples, parties + 1).round().astype(int))


def nobody_empty(held: list[np.ndarray]) -> list[np.ndarray]:
    """The same parties, each one that holds nothing given an example of the largest."""
    held = list(held)
    largest_first = [(-len(own), party) for party, own in enumerate(held)]
    heapify(largest_first)
    for party in [party for party, own in enumerate(held) if len(own) == 0]:
        size, largest = largest_first[0]
        held[party], held[largest] = held[largest][-1:], held[largest][:-1]
        heapreplace(largest_first, (size + 1, largest))
    return held


def label_counts(parties: list[np.ndarray], labels: np.ndarray, classes: int) -> np.ndarray:
    """(parties, classes): how many examples of each label each party holds; what the heat map shows."""
    whose = np.repeat(np.arange(len(parties)), [len(own) for own in parties])
    cells = whose * classes + labels[np.concatenate(parties)]
    return np.bincount(cells, minlength=len(parties) * classes).reshape(len(parties), classes)


def label_skew(counts: np.ndarray) -> float:
    """How much the parties' labels differ, as one number: their mean Jensen-Shannon distance to everybody's labels.

    counts: (K, classes) from `label_counts`. With q_k party k's label distribution, p that of all examples together and
    m = (q_k + p)/2, the distance is √(KL(q_k || m)/2 + KL(p || m)/2) with logarithms to base 2. The result is the plain
    mean over the parties. It is 0 when all parties hold the labels in the same proportions, and below 1: where each
    knows a single one of ten equally frequent labels it is 0.87, with two labels each 0.78. The fewer examples IID
    parties hold, the further they are from 0, by chance.

    Source: Lin 1991 (IEEE Transactions on Information Theory 37); the root makes it a metric (Endres, Schindelin 2003).
    """
    p = counts.sum(axis=0) / counts.sum()
    q = counts / counts.sum(axis=1, keepdims=True)
    m = (q + p) / 2

    def divergence(of: np.ndarray) -> np.ndarray:
        return (of * np.log2(np.where(of > 0, of / np.where(m > 0, m, 1), 1))).sum(axis=1)

    squares = (divergence(q) + divergence(np.broadcast_to(p, q.shape))) / 2
    return float(np.sqrt(squares.clip(min=0)).mean())
